"""The command `bench`: many methods of ordering, compared on one CSV of labels."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from imagesorter import labelled
from imagesorter.arguments import DEVICES, OK, UNREADABLE, count, named, place, require, share, share_or_file
from imagesorter.errors import ExportError
from imagesorter.events import Studied, Unreadable
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.terminal import shown
from imagesorter.training.study.options import (
    APART,
    BATCH,
    METHODS,
    SEEDS,
    STEPS,
    WIDTH,
    StudyOptions,
)
from imagesorter.training.study.report import FORMATS, text
from imagesorter.writing import check_folder

_STEM = 60
"""Characters: in UTF-8 at most 240 bytes, of the 255 that a name may have."""


def add_bench(commands: Any) -> argparse.ArgumentParser:
    """Add the command to the subparsers of a command line."""
    bench: argparse.ArgumentParser = commands.add_parser(
        "bench", help="compare methods on labelled photographs"
    )
    bench.description = (
        "Fit many methods to the same labels on one frozen model, and print how well each orders photographs "
        "that it did not see: mean ± deviation over the seeds. If it is stopped, what is finished is "
        "printed, and the same command continues."
    )
    bench.epilog = f"methods: {', '.join(METHODS)}"
    bench.add_argument("csv", type=place, metavar="LABELS",
                       help="CSV or TSV with the columns filepath, title, cname and value")  # fmt: skip
    bench.add_argument("--images", type=place, metavar="FOLDER",
                       help="folder that paths start from (default: that of the labels)")  # fmt: skip
    bench.add_argument("--backbone", type=named, metavar="NAME", default="pocket",
                       help="OpenCLIP model, its folder, or a model of yours (default: pocket)")  # fmt: skip
    bench.add_argument("--pretrained", type=named, metavar="TAG",
                       help="OpenCLIP's tag of weights (downloaded), or a file of weights")  # fmt: skip
    bench.add_argument("--test", type=share_or_file, default=APART, metavar="FILE|SHARE",
                       help=f"labels to judge by, or a share of the images (default: {APART})")  # fmt: skip
    bench.add_argument("--validation", type=share, default=APART, metavar="SHARE",
                       help="share of the other images to choose learning rate and weights by "
                       f"(default: {APART})")  # fmt: skip
    bench.add_argument("--methods", nargs="+", metavar="METHOD", default=tuple(METHODS),
                       help="some of the methods, see below (default: all)")  # fmt: skip
    bench.add_argument("--seeds", nargs="+", type=int, default=SEEDS, metavar="N",
                       help=f"each for a fit of its own (default: {' '.join(map(str, SEEDS))})")  # fmt: skip
    bench.add_argument("--steps", type=count, default=STEPS, metavar="N",
                       help=f"optimiser steps of a fit (default: {STEPS})")  # fmt: skip
    bench.add_argument("--batch", type=count, default=BATCH, metavar="N",
                       help=f"images in a step (default: {BATCH})")  # fmt: skip
    bench.add_argument("--width", type=count, default=WIDTH, metavar="N",
                       help=f"channels of the adapters (default: {WIDTH})")  # fmt: skip
    bench.add_argument("--format", choices=FORMATS, default="markdown", dest="form",
                       help="form of the printed tables (default: markdown)")  # fmt: skip
    bench.add_argument("--work", type=place, metavar="FOLDER",
                       help="folder to keep what is finished in (default: in the user's cache)")  # fmt: skip
    bench.add_argument("--device", choices=DEVICES, help="processor to use instead of the best")
    bench.set_defaults(run=_bench)
    return bench


def _bench(options: argparse.Namespace, home: Home) -> int:
    if options.images is not None:
        require(options.images)
    asked = StudyOptions(
        csv=options.csv,
        backbone=options.backbone,
        work=options.work or _work(options.csv, home),
        beside=options.work is None,  # nobody who changes a setting knows of that folder
        pretrained=options.pretrained,
        images=options.images,
        test=options.test,
        validation=options.validation,
        seeds=tuple(options.seeds),
        methods=tuple(options.methods),
        steps=options.steps,
        batch=options.batch,
        width=options.width,
        device=options.device,
    )
    check_folder(asked.work)
    from imagesorter.engine import Engine

    engine = Engine(home, Settings.load(home.config))
    unreadable = 0
    studied: list[Studied] = []
    try:
        for event in shown(labelled.study(engine, asked)):
            match event:
                case Unreadable():
                    unreadable += 1
                case Studied():
                    studied.append(event)
    finally:  # cancelled or failed, what is finished is told all the same
        engine.close()
        if studied:
            _print(text(studied, options.form))
    return UNREADABLE if unreadable else OK


def _work(labels: Path, home: Home) -> Path:
    """A folder for each file of labels, whose name begins it as far as a folder's name may be long."""
    place = hashlib.blake2b(os.fsencode(labels.absolute()), digest_size=4).hexdigest()
    return home.cache / "bench" / f"{labels.stem[:_STEM]}-{place}"


def _print(table: str) -> None:
    try:
        sys.stdout.write(table)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ExportError(f"the table cannot be written ({error.strerror}). Free some space.") from error
