"""Measure the application and print Markdown tables.

    python -m tests.benchmarks [--photos FOLDER] [--work FOLDER] [NAME …]

Run it in the root of a checkout, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.context import CHECKOUT, Context
from tests.benchmarks.report import Table

NAMES = (
    "startup", "event_loop", "indexing", "query", "teaching", "limits", "labelling", "quality", "kinds",
    "colors", "asking", "sums", "blur", "large", "published", "variants", "study", "towers", "downloads",
)  # fmt: skip
_DEFAULT_PHOTOS = CHECKOUT.parent / "shared" / "data"


def main() -> int:
    options = _parser().parse_args()
    if not options.photos.is_dir():
        print(
            f"There is no folder {options.photos}. Name a folder of photographs with --photos: JPEG files, "
            "some of at least 400 × 300 pixels. The quality of the bundled model is measured on the "
            "photographs that its training kept apart, so for that it has to be the folder of the recipe.",
            file=sys.stderr,
        )
        return 2
    options.work.mkdir(parents=True, exist_ok=True)
    context = Context(options.photos.resolve(), options.work.resolve(), options.scale)
    print(_machine(), flush=True)
    for name in options.names or NAMES:
        measure: Callable[[Context], Table] = importlib.import_module(f"tests.benchmarks.{name}").measure
        start = time.monotonic()
        print(f"\n{measure(context).markdown()}", flush=True)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure the application; prints Markdown tables."
    )
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME",
                        help=f"what to measure: {', '.join(NAMES)}; all where none is named")  # fmt: skip
    parser.add_argument("--photos", type=Path, default=_DEFAULT_PHOTOS, metavar="FOLDER",
                        help="folder of photographs, read only (default: ../shared/data)")  # fmt: skip
    parser.add_argument("--work", type=Path, metavar="FOLDER",
                        default=Path(tempfile.gettempdir()) / "imagesorter-benchmarks",
                        help="folder for prepared files, 5 GB free (default: %(default)s)")  # fmt: skip
    parser.add_argument("--scale", type=float, default=1.0,
                        help="part of the full sizes, to try the scripts; the bars hold for 1")  # fmt: skip
    return parser


def _name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"“{text}” is none of {', '.join(NAMES)}")
    return text


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "PySide6-Essentials", "pillow"))
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}, {packages}."
    )


if __name__ == "__main__":
    sys.exit(main())
