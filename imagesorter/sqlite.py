"""What the application's SQLite files share: how they are opened, transactions, damage."""

from __future__ import annotations

import errno
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

_RETRY_SECONDS = 0.02
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_LEAST_FREE_BYTES = 1_000_000
"""A disk with less is taken for full where SQLite tells no more than that it failed."""

_VALUES_PER_QUERY = 5000
"""SQLite takes at most 32,766 values in one query."""


def connect(path: Path, busy_seconds: float, set_up: str) -> sqlite3.Connection:
    """A connection for any thread, without implicit transactions.

    Args:
        busy_seconds: to wait for another process.
        set_up: statements to run on it first, such as `PRAGMA synchronous = FULL;`. What is deleted is not
            overwritten, as some systems' SQLite would: on a full disk that needs the room it is to make.

    Raises:
        sqlite3.Error: the file cannot be opened, or is damaged; no connection stays open.
    """
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(f"PRAGMA secure_delete = OFF; {set_up}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_unwritable(
    path: Path, is_current: Callable[[sqlite3.Connection], bool], make: Callable[[sqlite3.Connection], object]
) -> sqlite3.Connection:
    """A connection to read from, where a file or what SQLite needs beside it cannot be written. It is to the
    file, if that can be read alone, else to an empty one in memory; it takes no changes.

    Args:
        is_current: whether the file's tables are those that are expected.
        make: makes these tables.
    """
    try:
        return _connect_immutable(path, is_current)
    except (sqlite3.Error, OSError) as error:
        logger.info("%s cannot be read either: %s", path, error)
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    make(connection)
    connection.execute("PRAGMA query_only = ON")
    return connection


def open_immutable(path: Path) -> sqlite3.Connection:
    """Read a file as it is, without a lock or a file beside it: changes of others may go unseen.

    Raises:
        sqlite3.OperationalError: there is a log beside it.
        OSError: whether there is one cannot be told.
    """
    for log in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-journal")):
        if log.exists() and log.stat().st_size:
            raise sqlite3.OperationalError("its log cannot be used")  # and it is not whole without
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )


def _connect_immutable(path: Path, is_current: Callable[[sqlite3.Connection], bool]) -> sqlite3.Connection:
    connection = open_immutable(path)
    try:
        if is_current(connection):
            return connection
        raise sqlite3.OperationalError("its tables are of another version")
    except BaseException:
        connection.close()
        raise


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: committed at the end, rolled back where the body raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class _DamagedError(sqlite3.DatabaseError):
    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> int:
    """Check a file's pages and bring its schema up to date.

    Args:
        migrations: the statements that lead from each version of the schema to the next.

    Returns:
        the version, which is their number, or more where a newer application wrote the file: then
        nothing was done.

    Raises:
        sqlite3.DatabaseError: the file is damaged, among others.
    """

    def version() -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    found = version()
    if found > len(migrations):
        return found
    if found and connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _DamagedError("its pages contradict each other")
    if found < len(migrations):
        with transaction(connection):  # another process may do the same just now
            for step in migrations[version() :]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(migrations)}")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    return len(migrations)


def select_among(
    connection: sqlite3.Connection, query: str, values: Sequence[bytes], *before: object
) -> Iterator[Any]:
    """Rows of a query for any number of values.

    Args:
        query: up to the column that is to have one of the values, as in `SELECT … WHERE key`.
        before: its other parameters.
    """
    for start in range(0, len(values), _VALUES_PER_QUERY):
        some = values[start : start + _VALUES_PER_QUERY]
        yield from connection.execute(f"{query} IN ({','.join('?' * len(some))})", (*before, *some))


def primary_code(error: BaseException | None) -> int:
    """SQLite's primary result code of an error, 0 where it has none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_damage(error: BaseException) -> bool:
    """Broken pages, no database at all, or (SQLITE_ERROR) tables that are not ours."""
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def is_full(error: Exception, folder: Path) -> bool:
    """There is no room left for a file of a folder. Often SQLite tells no more than that reading, writing or
    opening failed: then the disk is asked."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in _FULL:
        return True
    if code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return False
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE_BYTES
    except OSError:
        return False


def is_busy(error: BaseException | None) -> bool:
    """Another process holds the file."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def while_busy(work: Callable[[], T], seconds: float) -> T:
    """Try again while another process holds the file: SQLite does not wait where one is changing the
    journal mode. Raises what `work` raises, busy after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def begin(
    path: Path, prepare: Callable[[], T], seconds: float, *, keep: bool = False
) -> tuple[T, Path | None]:
    """Make a file ready for use. A damaged one is set aside and a new one begun, by one process where
    several find it.

    Args:
        prepare: opens the file, brings its schema up to date, and closes it.
        seconds: to wait for another process.
        keep: see `set_aside`.

    Returns:
        what `prepare` returns; the new name of the file that was set aside, else None.

    Raises:
        sqlite3.Error, OSError: neither could be done.
    """
    try:
        return while_busy(prepare, seconds), None
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    with _alone(path, seconds):
        try:
            return while_busy(prepare, seconds), None  # another process has begun the new one meanwhile
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            logger.warning("%s is damaged and set aside: %s", path, error)
        aside = set_aside(path, keep=keep)
        return while_busy(prepare, seconds), aside


@contextmanager
def _alone(path: Path, seconds: float) -> Iterator[None]:
    """One thread of one process at a time. The lock is that of an empty database beside the file: it
    holds on every system, and ends with its process."""
    with closing(connect(path.with_name(path.name + ".lock"), seconds, "")) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


def set_aside(path: Path, *, keep: bool = False) -> Path:
    """Rename a damaged file to `….damaged`, so that a new one can be begun.

    Args:
        keep: what cannot be made anew: no earlier file set aside is replaced (`….damaged-2`, …), and the
            write-ahead log, which may hold the last commits, goes along.

    Returns:
        its new name.

    Raises:
        OSError: the folder cannot be written.
    """
    aside = path.with_name(path.name + ".damaged")
    number = 1
    while keep and any(aside.with_name(aside.name + ending).exists() for ending in ("", "-wal")):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    # The log first: once the file is gone, another process may begin a new one, with a log of its own.
    if keep and (log := path.with_name(path.name + "-wal")).exists():
        log.replace(aside.with_name(aside.name + "-wal"))
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.replace(aside)
    return aside
