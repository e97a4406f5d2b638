"""The commands `train --pairs` and `rankers`: teaching without a window, and what came of it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter import wording
from imagesorter.answers import Estimate, TaughtAttribute, Version
from imagesorter.arguments import NOT_BETTER, OK, UNREADABLE, Parser, count, place, require
from imagesorter.errors import ImagesorterError
from imagesorter.events import Candidate, Event, Finished, Notice, Unreadable
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.terminal import one_line, shown, tell
from imagesorter.writing import check_destinations

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.rankers import Rankers

_HYPHEN = "A name that begins with a hyphen comes after --, and options before that"


def add_pairs_options(train: argparse._ArgumentGroup) -> None:
    """Add to `train` what teaching by pairs needs."""
    train.add_argument("paths", nargs="*", default=[], type=place, metavar="FOLDER",
                       help="folders or photographs to teach with, besides those of the file")  # fmt: skip
    train.add_argument("--attribute", metavar="NAME",
                       help="needed: your own word for what the winners have more of")  # fmt: skip
    train.add_argument("--start", metavar="QUERY",
                       help='order to start from, such as "sharper"; "" for none '
                       "(default: that of NAME where the model has learned it)")  # fmt: skip
    train.add_argument("--recursive", action="store_true", help="read subfolders too")


def add_rankers(commands: argparse._SubParsersAction[Parser]) -> list[Parser]:
    """Add the command `rankers`; returns its parsers."""
    rankers = commands.add_parser(
        "rankers", help="list, show, export, import, remove or revert what was taught"
    )
    rankers.description = "What was taught here or imported: attributes by name, each with its kept versions."
    actions = rankers.add_subparsers(required=True, metavar="ACTION")
    parsers: list[Parser] = []

    def action(name: str, told: str, *, named: bool = True) -> Parser:
        parser = actions.add_parser(name, help=told, description=told.capitalize() + ".")
        if named:
            parser.add_argument(
                "name", metavar="NAME", help="the attribute, in any spelling of case and spaces"
            )
            parser.hyphenated("name", f"{_HYPHEN}: {parser.prog}")
        parser.set_defaults(run=_rankers, action=name)
        parsers.append(parser)
        return parser

    action("list", "list all attributes that were taught or imported", named=False)
    action("show", "show the versions of an attribute, and their share of held-out pairs right")
    export = action("export", "write an attribute's version in use as a ranker pack, a file to share")
    export.add_argument("file", type=place, metavar="FILE", help="to write, such as keepers.ranker")
    export.add_argument(
        "--labels", action="store_true", help="include answers and ratings (no paths, no images)"
    )
    export.add_argument("--licence", default="", metavar="TEXT", help="licence under which it may be used")
    bring = action("import", "install a ranker pack as a version of its attribute, and use it", named=False)
    bring.add_argument("file", type=place, metavar="FILE", help="the pack")
    action("remove", "forget an attribute with its answers and versions")
    revert = action("revert", "bring a version back; every version stays")
    revert.add_argument("version", type=count, nargs="?", metavar="NUMBER",
                        help="of `rankers show`; left out, the order before anything was taught")  # fmt: skip
    return parsers


def train_pairs(options: argparse.Namespace, home: Home) -> int:
    """Take in labels, fit, and keep a candidate that is better.

    Returns:
        0 kept; 1 not better: nothing was kept, the figures say why; 1 also where an order was kept, but some
        photographs could not be read.

    Raises:
        ImagesorterError: wrong use, or files that cannot be used.
    """
    from imagesorter.engine import Engine
    from imagesorter.ranking.query import QUOTES
    from imagesorter.training.pairs.label_csv import files_there, read_rows

    if options.attribute is None:
        raise ImagesorterError("--pairs needs the name of what is taught: add --attribute NAME.")
    if QUOTES.search(options.attribute):
        raise ImagesorterError(
            "--attribute: leave out the quotation marks in the name; in a query they set a text apart."
        )
    for path in options.paths:
        require(path)
    there = files_there(options.pairs, read_rows(options.pairs, options.paths))
    engine = Engine(home, Settings.load(home.config))
    try:
        with closing(_training(engine, options, [*options.paths, *there])) as events:  # before the engine
            told = [event for event in shown(events) if isinstance(event, Candidate | Unreadable)]
        (candidate,) = [event for event in told if isinstance(event, Candidate)]
        print(_figures(candidate))
        if not candidate.better:
            print("Not kept.")
            return NOT_BETTER
        return OK if len(told) == 1 else UNREADABLE
    finally:
        engine.close()


def _training(engine: Engine, options: argparse.Namespace, roots: list[Path]) -> Generator[Event, None, None]:
    yield from engine.open(roots, recursive=options.recursive, include_hidden=False)
    if options.device:
        yield from engine.load_model(device=options.device)
    known = engine.rankers.names()
    teaching = engine.teach(options.attribute, options.start)
    try:
        yield from teaching.prepare()
        yield from teaching.import_csv(options.pairs, options.paths)
        standing = teaching.standing()
        if not standing.pairs:
            missing = f"{wording.count(standing.missing, 'label')} of photographs that were not opened. "
            raise ImagesorterError(
                f"{options.pairs}: “{teaching.attribute}” has no labels to learn from. "
                f"{missing if standing.missing else ''}A pair needs two different photographs, and so do "
                "ratings: add a line."
            )
        for event in teaching.fit():
            if isinstance(event, Candidate) and event.better:
                there = {version.number for version in teaching.versions()}
                if (number := teaching.keep().number) in there:
                    same = f"Version {number} is the same order from the same answers"
                    yield Notice(f"{same}: it is in use again, and no new one was added.", "info")
            elif isinstance(event, Finished) and event.unreadable:
                left = wording.count(event.unreadable, "label")
                remedy = "Name the folders of the former, too"
                if not options.recursive:
                    remedy += ", and --recursive to read their subfolders"
                yield Notice(
                    f"{left} left out: of photographs that were not opened, or of one and the same. {remedy}."
                )
            yield event
    except BaseException:
        if teaching.attribute not in known:
            teaching.abandon()
        raise


def _figures(candidate: Candidate) -> str:
    return "\n".join(
        (
            f"attribute   {one_line(candidate.attribute)}",
            f"pairs       {candidate.pairs:,}",
            f"method      {candidate.method}",
            f"before      {_share(candidate.before)} of {candidate.after.pairs} in the right order",
            f"after       {_share(candidate.after)}",
            one_line(candidate.verdict),
        )
    )


def _share(estimate: Estimate) -> str:
    return f"{100 * estimate.mean:.1f} % ({100 * estimate.low:.1f} to {100 * estimate.high:.1f} %)"


def _of_any(estimate: Estimate) -> str:
    """A share that stands among others, which need not be of such pairs."""
    return f"{_share(estimate)}{estimate.unlike_others}"


def _rankers(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.engine import Engine

    engine = Engine(home, Settings.load(home.config))
    rankers = engine.rankers
    try:
        for _ in shown(rankers.losses()):
            pass
        match options.action:
            case "list":
                for attribute in (listed := rankers.list()):
                    print(_line(attribute, len(rankers.versions(attribute.name))))
                if not listed:
                    tell("nothing was taught or imported yet.")
            case "show":
                for version in (versions := rankers.versions(options.name)):
                    print(_version(version))
                if not versions:
                    tell("nothing was kept of it yet.")
            case _:
                print(_changed(rankers, options))
    finally:
        engine.close()
    return OK


def _changed(rankers: Rankers, options: argparse.Namespace) -> str:
    """Do what was asked for with a ranker; one line of what was done."""
    if options.action == "import":
        found = rankers.install(options.file)
        what = "installed" if found.new else "here already"
        came = f"; labels in it: {found.labels:,}, known already: {found.known:,}" if found.labels else ""
        was = found.earlier
        instead = f", in the place of version {was.number} ({_of_any(was.after)})" if was else ""
        return f"{what}: “{one_line(found.attribute.name)}”, {_in_use(found.attribute)}{instead}{came}"
    attribute = rankers.find(options.name)
    name, kept = one_line(attribute.name), len(rankers.versions(options.name))
    match options.action:
        case "export":
            check_destinations([options.file])
            told = rankers.export(options.name, options.file, labels=options.labels, licence=options.licence)
            assert attribute.version is not None
            what = f"version {attribute.version.number} of “{name}”"
            return f"written: {one_line(options.file)}, {what} (labels included: {told:,})"
        case "remove":
            left = ", ".join(f"“{one_line(each)}”" for each in rankers.starting_from(options.name))
            rankers.remove(options.name)
            start = f"; it was the start of {left}: name another with --start" if left else ""
            return f"removed: “{name}” (labels: {attribute.answers:,}, versions: {kept:,}){start}"
        case _:
            rankers.revert(options.name, options.version)
            return f"reverted: “{name}”, {_in_use(rankers.find(options.name))}; versions kept: {kept:,}"


def _in_use(attribute: TaughtAttribute) -> str:
    if attribute.version is None:
        return "no version is in use any more"
    after = attribute.version.after
    return f"version {attribute.version.number} is in use: {_share(after)} of {after.pairs} right"


def _line(attribute: TaughtAttribute, kept: int) -> str:
    """Args: `kept` versions there are."""
    name = one_line(attribute.name)
    labels = wording.count(attribute.answers, "label")
    if attribute.version is None:
        return f"{name}\t{labels}\t{'no version in use' if kept else 'nothing kept'}"
    stranger = "" if attribute.version.fits else "\tfor a model that is not here"
    return (
        f"{name}\t{labels}\tversion {attribute.version.number}\t{_of_any(attribute.version.after)}{stranger}"
    )


def _version(version: Version) -> str:
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(version.made))
    imported = f"imported from {one_line(version.source)}" if version.source else "imported"
    marks = ["in use"] * version.current + [imported] * version.imported
    marks += ["for a model that is not here"] * (not version.fits)
    return (
        f"{version.number}\t{made}\t{version.method}\t{wording.count(version.pairs, 'pair')}"
        f"\tbefore {_share(version.before)}\tafter {_of_any(version.after)}\t{', '.join(marks)}"
    )
