"""Files that are there whole or not at all, wherever writing stops."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 beside the file, then put it in its place: stopped before, the old one stays as it was.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
