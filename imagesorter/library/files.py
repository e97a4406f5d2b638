"""An image file as the scan, or whoever read it, saw it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NO_TIME = -(2**63)
"""Time of change of what was read while it changed: no file ever has it."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file in one state.

    Attributes:
        path: absolute, as the user sees it: links are not resolved.
        size: bytes.
        mtime_ns: time of last change, nanoseconds since the epoch; or NO_TIME.
    """

    path: Path
    size: int
    mtime_ns: int

    def has_changed(self) -> bool:
        """Whether another file is in its place now; not where there is none."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns)
