"""Files that are there whole or not at all, wherever writing stops."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_TEMPORARY = re.compile(r"\.imagesorter-[0-9a-f]{16}\.tmp")

_LEFT_SECONDS = 3600.0
"""A temporary file that nobody has written to for so long is nobody's any more."""


def write_whole(path: Path, write: Callable[[BinaryIO], object], *, private: bool = False) -> None:
    """Write a file so that its name holds the whole old or the whole new content at any moment.

    Args:
        path: where it is a link, that is replaced and not what it points to. What was there passes on its
            permissions, and its owner where that is allowed.
        write: is given the open file.
        private: the file is for its owner alone, whatever was there.

    Raises:
        OSError: nothing was written; what was there before is untouched.
    """
    before: os.stat_result | None = None
    if not private:
        with suppress(FileNotFoundError):
            before = path.stat()
    # created like any new file, under the process's mask, or as private as it shall be in the end
    mode = 0o600 if private else 0o666 if before is None else before.st_mode & 0o777 | 0o600
    temporary = temporary_beside(path)
    temporary.touch(mode, exist_ok=False)
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name without its content
        if before is not None:
            _adopt(temporary, before)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)
    _sweep(path.parent)


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """`write_whole` of a text in UTF-8, whose line ends stay as they are."""
    write_whole(path, lambda file: file.write(text.encode("utf-8")), private=private)


def temporary_beside(path: Path) -> Path:
    """A name that nothing has yet, for a file that is renamed or removed soon; where it is left, a later
    `write_whole` in its folder removes it."""
    return path.with_name(f".imagesorter-{secrets.token_hex(8)}.tmp")


def _sweep(folder: Path) -> None:
    """Remove what was left in a folder by a process that was killed while it wrote."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not _TEMPORARY.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_SECONDS:
                Path(entry.path).unlink(missing_ok=True)


def _adopt(temporary: Path, before: os.stat_result) -> None:
    """Give a new file the permissions of the one it replaces, and its owner where that is allowed."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(before.st_mode & 0o777)


def _sync_folder(folder: Path) -> None:
    """Have the new name outlive a power cut, on systems where a folder can be opened for that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
