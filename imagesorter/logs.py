"""Logging: a rotating file for bug reports; the terminal stays quiet unless asked."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path


class _LogFile(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A full disk is told by the work that needs it, not by a traceback for every line of the log."""


def set_up(folder: Path, *, verbose: bool = False) -> None:
    """Send the package's log to `folder/imagesorter.log` (1 MB, three kept).

    A folder that cannot be written is no reason not to start: the log then goes nowhere.

    Args:
        folder: created where missing.
        verbose: also print to standard error.
    """
    root = logging.getLogger("imagesorter")
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    root.addHandler(logging.NullHandler())
    logging.getLogger().addHandler(logging.NullHandler())  # or OpenCLIP's first word has all logs printed
    if verbose:
        root.addHandler(logging.StreamHandler(sys.stderr))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _LogFile(
            folder / "imagesorter.log",
            maxBytes=1_000_000,
            backupCount=3,
            encoding="utf-8",
            errors="backslashreplace",  # a file's name may be no text
        )
    except OSError as error:
        root.info("no log file: %s", error)
        return
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(file)
