"""An image file as the scan, or whoever read it, saw it."""

from __future__ import annotations

import csv
import os
import sys
from dataclasses import dataclass
from pathlib import Path

NO_TIME = -(2**63)
"""Time of change of what was read while it changed: no file ever has it."""


def may_never_end(path: Path) -> bool:
    """Whether there is something that is not a file, such as a pipe or a device. Raises OSError."""
    return path.exists() and not path.is_file()


def why_not_read(error: OSError) -> str:
    """Reason and remedy in one line, for a file that the user named."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "there is no such file. Check the spelling."
        case PermissionError():
            return "there is no permission to read it. Change its permissions, or name a copy of it."
    return f"{error.strerror or error}. Try again, or name another file."


def why_no_csv(error: csv.Error, otherwise: str) -> str:
    """What is wrong with a line that `csv` cannot read, and the remedy, without a full stop."""
    if "field limit" not in str(error):
        return otherwise
    return f"a cell has more than {csv.field_size_limit():,} characters. Shorten it, or end its quotation"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file in one state.

    Attributes:
        path: absolute, as the user sees it: links are not resolved.
        size: bytes.
        mtime_ns: time of last change, nanoseconds since the epoch; or NO_TIME.
        ctime_ns: time of the last change of content, name or permissions, which no program can set back;
            None where it is not known, as on Windows.
    """

    path: Path
    size: int
    mtime_ns: int
    ctime_ns: int | None = None

    @classmethod
    def of(cls, path: Path, info: os.stat_result) -> ImageFile:
        """A file as the system describes it."""
        known = sys.platform != "win32"  # there it may be the time of creation, by Python's version
        return cls(path, info.st_size, info.st_mtime_ns, info.st_ctime_ns if known else None)

    def looks_like(self, other: ImageFile) -> bool:
        """Whether size and time of change are the same: a new permission or link makes no other picture."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)

    def has_changed(self) -> bool:
        """Whether another file is in its place now; not where there is none."""
        try:
            return ImageFile.of(self.path, self.path.stat()) != self
        except OSError:
            return False
