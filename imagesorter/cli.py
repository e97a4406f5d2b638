"""The command line: `imagesorter [FOLDER…]` opens the window, `imagesorter COMMAND …` works without one."""

from __future__ import annotations

import argparse
import difflib
import errno
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter import __version__, logs
from imagesorter.arguments import (
    CANCELLED,
    DEVICES,
    OK,
    UNREADABLE,
    WRONG_USE,
    Parser,
    count,
    named,
    place,
    require,
)
from imagesorter.errors import ExportError, ImagesorterError
from imagesorter.events import Answered, Indexed, Notice, Opened, Progress, Ranked, Unreadable
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.terminal import Interrupt, as_argument, drop, interruptible, prepare_streams, tell
from imagesorter.writing import check_destinations, check_folder

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.events import Event

COMMANDS = {
    "rank": "order photographs without a window",
    "models": "list, download, import, verify and remove models",
    "rankers": "list, show, export, import, remove or revert what was taught",
    "train": "teach an attribute by pairs, or train a model on labelled photographs",
    "evaluate": "compare a model's scores with labels",
    "bench": "compare methods on labelled photographs",
    "doctor": "print versions, device, paths, cache, and test all of it",
    "recipe": "train the bundled model again",
}

logger = logging.getLogger(__name__)

_DESCRIPTION = """Sort photographs by any attribute you can type.

Without a command the window opens, with the folders or photographs that are named.
"""


def run(arguments: Sequence[str]) -> int:
    """Parse a command line and carry it out.

    Returns:
        0 done, 1 some files could not be read, 2 wrong use, 130 cancelled, or else 128 and the number of the
        signal that ended it.
    """
    prepare_streams()
    home = Home.default()
    if arguments and arguments[0] in COMMANDS:
        options = _parser().parse_args(arguments)
    else:
        options = _window_parser().parse_args(arguments)
    logs.set_up(home.logs, verbose=options.verbose)
    interrupt = Interrupt()
    try:
        if options.run is not _doctor:  # which tells it among the rest
            home.require()
        with interruptible(interrupt, ending=options.run is not _window):  # Qt's loop would not see them
            code: int = options.run(options, home)
            sys.stdout.flush()
    except ImagesorterError as error:
        tell(str(error))
        if options.run is _window and not sys.stderr.isatty():
            _show(error)
        return WRONG_USE
    except KeyboardInterrupt:
        tell("cancelled; what was read is kept.", before="\n")  # behind what the terminal shows of Ctrl-C
        return interrupt.exit_code
    except BrokenPipeError:
        drop(sys.stdout)  # the reader (`head`) has what it wanted
        return OK
    except OSError as error:
        if interrupt.came:
            return interrupt.exit_code
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        logger.exception("no space left")
        if error.filename is None:
            drop(sys.stdout)  # it was the output
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        tell(f"{place}{error.strerror}. Free some space, or write elsewhere.")
        return WRONG_USE
    return interrupt.exit_code if code == CANCELLED else code


def _window_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="imagesorter",
        description=_DESCRIPTION,
        epilog="commands (`imagesorter COMMAND --help` tells you more):\n" + _summary(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common(parser)
    parser.add_argument("paths", nargs="*", type=place, metavar="FOLDER", help="folder or photograph to open")
    parser.set_defaults(run=_window)
    return parser


def _summary() -> str:
    """A line for each command."""
    return "\n".join(f"  {name:<10}{told}" for name, told in COMMANDS.items())


def _parser() -> argparse.ArgumentParser:
    # not for the window, which opens sooner without
    from imagesorter import training_commands
    from imagesorter.cli_bench import add_bench
    from imagesorter.cli_models import add_actions
    from imagesorter.cli_teach import add_rankers

    parser = Parser(prog="imagesorter")
    commands = parser.add_subparsers(required=True)

    rank = commands.add_parser("rank", help="order photographs without a window")
    rank.description = "Order photographs and print them, best first."
    rank.hyphenated("query", f"A query that begins with a hyphen comes last, after --: {rank.prog} [OPTIONS]")
    rank.add_argument("paths", nargs="+", type=place, metavar="FOLDER", help="folders, photographs, or both")
    rank.add_argument("query", metavar="QUERY", help='what to order by, such as "more colorful"')
    rank.add_argument("--csv", type=place, metavar="FILE", help="write the order as CSV")
    rank.add_argument("--json", type=place, metavar="FILE", help="write the order as JSON")
    rank.add_argument("--top", type=count, metavar="N", help="only the first N, on screen and in files")
    rank.add_argument("--recursive", action="store_true", help="read subfolders too")
    rank.add_argument("--hidden", action="store_true", help="read hidden files and folders too")
    rank.add_argument("--model", type=named, metavar="NAME", help="model to use instead of the chosen one")
    rank.add_argument("--device", choices=DEVICES, help="processor to use instead of the best")
    rank.set_defaults(run=_rank)

    models = commands.add_parser("models", help="list, download, import, verify and remove models")
    models.description = (
        "Models that can order photographs: those that are here, and those that can be downloaded."
    )
    actions = models.add_subparsers(required=True, metavar="ACTION")
    imported = actions.add_parser(
        "import", help="make a model from a checkpoint, a head, or an OpenCLIP folder"
    )
    imported.description = (
        "Copy a file or folder that you have to the models here, converted if need be; its tensors tell "
        "what it is. No code in it is run, and the file is not needed afterwards."
    )
    imported.add_argument("file", type=place, metavar="FILE",
                          help="the authors' checkpoint, a linear head, or an OpenCLIP folder")  # fmt: skip
    imported.add_argument("--name", required=True, metavar="NAME", help="what to call the new model")
    imported.add_argument("--on", type=named, metavar="MODEL",
                          help="OpenCLIP model here for a head (default: the one it fits)")  # fmt: skip
    imported.set_defaults(run=_import_model)
    stocked = add_actions(actions)

    doctor = commands.add_parser("doctor", help="print versions, device, paths, cache, and test all of it")
    doctor.description = (
        "Print versions, processors, folders and what the cache holds, load the chosen model, and have a few "
        "drawn pictures read, stored and ordered. Exit code 1 if a line begins with FAILED; that line "
        "says what to do."
    )
    doctor.set_defaults(run=_doctor)

    recipe = commands.add_parser("recipe", help="train the bundled model again")
    recipe.description = (
        "Train the bundled model from a folder of photographs. Continues where it was stopped."
    )
    recipe.add_argument("--data", type=place, required=True, help="folder of photographs")
    recipe.add_argument("--work", type=place, required=True, help="folder for prepared data and checkpoints")
    recipe.add_argument("--out", type=place, help="model folder to write (default: WORK/pocket)")
    recipe.add_argument("--steps", type=count, help="optimiser steps of the last part")
    recipe.add_argument("--image-steps", type=count, help="the same of the part on images alone")
    recipe.add_argument("--branch-steps", type=count, help="the same of each branch of the image tower")
    recipe.add_argument("--series", type=count, help="graded series to prepare")
    recipe.add_argument("--seed", type=int, default=1)
    instead = recipe.add_mutually_exclusive_group()
    instead.add_argument(
        "--start",
        type=place,
        help="checkpoint or model folder to begin with; only the last part is trained, and --image-steps",
    )
    for flag, part, what in (
        ("--branches", "branches", "train the branches of the model in --out again, count, and judge it"),
        ("--count", "count", "fit the counters of the model in --out again, and judge it"),
        ("--evaluate", "judge", "judge the model in --out again"),
    ):
        instead.add_argument(flag, action="store_const", dest="begin", const=part, help=f"only {what}")
    instead.add_argument(
        "--mean", type=place, nargs="+", default=(), help="write the mean of these model folders' weights"
    )
    recipe.add_argument(
        "--beside", type=place, nargs="+", default=(), help="model folders of other seeds: print the spread"
    )
    recipe.set_defaults(run=_recipe, begin="train")

    rankers = add_rankers(commands)
    for command in (
        rank, imported, *stocked, *rankers, doctor, recipe, add_bench(commands),
        *training_commands.add(commands),
    ):  # fmt: skip
        _common(command)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="print the log to standard error")
    parser.add_argument("--version", action="version", version=f"imagesorter {__version__}")


def _window(options: argparse.Namespace, home: Home) -> int:
    for number, path in enumerate(options.paths):
        if number or path.name != os.fspath(path):
            require(path)
        else:
            _require_no_command(path)
    from imagesorter.gui.app import run as run_window

    return run_window(options.paths)


def _show(error: ImagesorterError) -> None:
    """Tell why there is no window: started from a desktop, nobody reads standard error."""
    from imagesorter.gui.failing import show

    show(str(error))


def _require_no_command(path: Path) -> None:
    """Tell a mistyped command from a place to open."""
    try:
        require(path)
    except ImagesorterError as error:
        word = os.fspath(path)
        likely = difflib.get_close_matches(word.casefold(), COMMANDS, n=1)
        if word in COMMANDS:
            told = f"the command comes first, options after it: imagesorter {word} …"
        elif likely:
            told = f"there is no command, folder or file “{word}”. Did you mean “{likely[0]}”?"
        else:
            told = f"there is no command, folder or file “{word}”. Commands: {', '.join(COMMANDS)}."
        raise ImagesorterError(told) from error


def _rank(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.engine import Engine
    from imagesorter.library.formats import is_image_name
    from imagesorter.terminal import ProgressLine, heeding

    for path in options.paths:
        require(path)
    path_like = set(options.query) & {os.sep, os.altsep} or is_image_name(options.query)
    if path_like and os.path.lexists(options.query):
        raise ImagesorterError(
            f"“{options.query}” is a folder or file, and the last argument is what to order by: add a query, "
            "such as “more colorful”."
        )
    check_destinations((options.csv, options.json))
    engine = Engine(home, Settings.load(home.config))
    line = ProgressLine(sys.stderr)
    ranking: Ranked | None = None
    files: Sequence[Path] = ()
    unreadable: dict[Path, str] = {}
    answered = ""
    try:
        for event in heeding(_rank_events(engine, options)):
            match event:
                case Opened():
                    files = engine.files  # once: it is a list of all
                case Progress():
                    line.show(event)
                case Notice(text):
                    line.tell(text)
                case Answered():
                    answered = event.text
                case Unreadable(_, path, reason):
                    unreadable[path] = reason
                case Indexed(file_ids, warnings):
                    for file_id, warning in zip(file_ids, warnings, strict=True):
                        if warning:
                            line.tell(f"{files[file_id]}: {warning}")
                case Ranked():
                    if answered and len(event.file_ids):  # nobody orders nothing
                        line.tell(answered)
                        answered = ""
                    ranking = event
        line.clear()
        for path, reason in unreadable.items():
            line.tell(f"not read: {path}: {reason}")
        if not files and not unreadable:
            places = ", ".join(map(str, options.paths))
            deeper = not options.recursive and any(path.is_dir() for path in options.paths)
            hint = " Subfolders are read with --recursive." if deeper else ""
            raise ImagesorterError(f"no photographs in {places}.{hint}")
        if ranking is not None:
            _write(ranking.first(options.top), files, options)
    finally:
        line.clear()
        engine.close()
    return UNREADABLE if unreadable else OK


def _write(ranking: Ranked, paths: Sequence[Path], options: argparse.Namespace) -> None:
    """Write the files that were asked for, and print the table whatever became of them.

    Raises:
        ExportError: a file could not be written; the others were, and the table was printed.
    """
    from imagesorter.ranking.export import write_csv, write_json
    from imagesorter.terminal import table

    failed: list[str] = []
    for write, destination in ((write_csv, options.csv), (write_json, options.json)):
        if destination:
            try:
                write(ranking, paths, destination)
            except ExportError as error:
                failed.append(str(error))
    try:
        table(ranking, paths, sys.stdout)
    except BrokenPipeError:
        if not failed:
            raise
        drop(sys.stdout)
    if failed:
        raise ExportError(" ".join(failed))


def _rank_events(engine: Engine, options: argparse.Namespace) -> Iterator[Event]:
    engine.check(options.query)
    yield from engine.open(options.paths, recursive=options.recursive, include_hidden=options.hidden)
    if engine.files:
        yield from engine.load_model(options.model, options.device)
        yield from engine.rank(options.query)


def _import_model(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.engine import Engine
    from imagesorter.terminal import ProgressLine, heeding

    engine = Engine(home, Settings.load(home.config))
    line = ProgressLine(sys.stderr)
    try:
        for event in heeding(engine.import_model(options.file, options.name, options.on)):
            if isinstance(event, Progress):
                line.show(event)
    except KeyboardInterrupt:
        line.clear()
        tell("cancelled; nothing was imported.")
        return CANCELLED
    finally:
        line.clear()
        engine.close()
    print(f"imported “{options.name}”; use it with: imagesorter rank … --model {as_argument(options.name)}")
    return OK


def _doctor(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.doctor import report

    sound = True
    for line, good in report(home, Settings.load(home.config)):
        print(line, flush=True)
        sound = sound and good
    return OK if sound else UNREADABLE


def _recipe(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.training.pocket.making import make

    if options.mean and options.out is None:
        raise ImagesorterError("Name the folder for the mean with --out.")
    for folder in filter(None, (options.work, options.out)):
        check_folder(folder)
    for line in make(
        options.data,
        options.work,
        options.out or options.work / "pocket",
        steps=options.steps,
        image_steps=options.image_steps,
        series=options.series,
        seed=options.seed,
        start=options.start,
        mean_of=options.mean,
        branch_steps=options.branch_steps,
        begin=options.begin,
        beside=options.beside,
    ):
        print(line, flush=True)
    return OK
