"""Reading a SQLite file where what SQLite needs beside it cannot be written: the disk is full, or the folder
may only be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from imagesorter.sqlite import is_busy, is_damage, open_immutable


def copy_in_memory(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A copy of a file in memory as its last commit left it, empty where there is none yet.

    Processes that share a log need a file beside it. Nothing but the log is needed, and that only where there
    is one, by a connection that has the file for itself: for as long as it takes to copy it. A file that may
    not be locked is read as it is, unless it is not whole without its log.

    Args:
        busy_seconds: to wait for another process.

    Raises:
        sqlite3.Error, OSError: it cannot be read so, either.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        if _state(path) is not None:
            _fill(copy, path, busy_seconds)
    except BaseException:
        copy.close()
        raise
    return copy


def _fill(copy: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, busy_seconds, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            # takes the lock: `backup` would wait for it without end
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
            connection.backup(copy)
    except sqlite3.Error as error:
        if is_busy(error) or is_damage(error):
            raise
        _fill_unlocked(copy, path)


def _fill_unlocked(copy: sqlite3.Connection, path: Path) -> None:
    before = _state(path)
    with closing(open_immutable(path)) as connection:
        connection.backup(copy)
    if _state(path) != before:
        raise sqlite3.OperationalError("it was written meanwhile")


def _state(path: Path) -> tuple[int, int] | None:
    """What changes as a file is written; None where there is none, or nothing in it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_size, found.st_mtime_ns) if found.st_size else None
