"""The SQLite file of what the user taught: labels, and the rankers that came of them.

It lies in the user's data folder, not in the cache: nothing in it can be computed again. Every
commit is on disk before the call returns (WAL with `synchronous = FULL`), so neither a killed
process nor a power cut loses an answer.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from imagesorter.connections import Connections
from imagesorter.errors import StorageError
from imagesorter.sqlite import (
    begin,
    connect,
    is_busy,
    is_damage,
    is_full,
    migrate,
    primary_code,
    transaction,
)
from imagesorter.sqlite_copy import copy_in_memory

logger = logging.getLogger(__name__)

FILE_NAME = "teaching.sqlite"

_BUSY_SECONDS = 10.0

_NO_ACCESS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE attribute (
            id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            start TEXT, made REAL NOT NULL
        )""",
        """CREATE TABLE answer (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            attribute INTEGER NOT NULL REFERENCES attribute (id) ON DELETE CASCADE,
            "left" BLOB NOT NULL, "right" BLOB NOT NULL, answer TEXT NOT NULL, source TEXT NOT NULL,
            action INTEGER NOT NULL, at REAL NOT NULL
        )""",
        "CREATE INDEX answer_by_attribute ON answer (attribute, action)",
        """CREATE TABLE rating (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            attribute INTEGER NOT NULL REFERENCES attribute (id) ON DELETE CASCADE,
            photograph BLOB NOT NULL, value REAL NOT NULL, scale TEXT NOT NULL,
            action INTEGER NOT NULL, at REAL NOT NULL
        )""",
        "CREATE INDEX rating_by_attribute ON rating (attribute, action)",
        "CREATE TABLE photograph (key BLOB PRIMARY KEY, path BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE version (
            attribute INTEGER NOT NULL REFERENCES attribute (id) ON DELETE CASCADE,
            number INTEGER NOT NULL, made REAL NOT NULL, base TEXT NOT NULL, facts TEXT NOT NULL,
            weights BLOB NOT NULL, current INTEGER NOT NULL, PRIMARY KEY (attribute, number)
        )""",
    ),
)
"""Step k leads from schema version k to k + 1; a step that was released is never changed.

attribute: `key` is its folded name, `start` the query that its teaching starts from, NULL for
nothing. answer: photographs by content key. `action` counts what the user did, so that undo takes
back one of these however many rows it made. rating: a value on a scale. photograph: where a
content was seen last. version: a kept ranker; `facts` is JSON.
"""


class _Writing(threading.local):
    """The transaction that a thread is in, if any, and what follows it."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None
        self.afterwards: list[Callable[[], object]] = []


class TeachingStore:
    """Connections to the file, for any number of threads and processes at a time.

    Where the disk is full or the file or its folder cannot be written, what is there is read all the same,
    for each `read` anew until there is another way; each `write` tries again.

    Attributes:
        damaged: the file that was damaged and set aside on opening, until somebody was told; else None.
    """

    def __init__(self, folder: Path) -> None:
        """Open or begin the file.

        A damaged file is renamed to `teaching.sqlite.damaged` (`….damaged-2`, … where there is one),
        kept for repair, and a new one begun.

        Args:
            folder: created where missing.

        Raises:
            StorageError: the file can be neither begun nor read, or is of a newer application.
        """
        self._path = folder / FILE_NAME
        self._connections = Connections(self._connect, "what was taught", path=lambda: self._path)
        self._begun = False
        self._writing = _Writing()
        self.damaged: Path | None = None
        with self._translated("what you taught cannot be opened"):
            try:
                self._begin()
            except (sqlite3.Error, OSError) as error:
                self._copy(error).close()
                logger.info("%s is only read: %s", self._path, error)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from. Raises StorageError."""
        with self._translated("what you taught cannot be read"), self._to_read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction, on disk when the block ends; rolled back where the body raises. A block within
        another one of the same thread is part of that one's.

        Raises:
            StorageError: nothing was changed.
        """
        here = self._writing
        if here.connection is not None:
            yield here.connection
            return
        with self._translated("what you teach cannot be stored"):
            self._begin()
            self._connections.require_same()
            with self._connections.use() as here.connection:
                try:
                    with transaction(here.connection):
                        yield here.connection
                    afterwards = here.afterwards
                finally:
                    here.connection, here.afterwards = None, []
        for then in afterwards:
            then()

    def once_stored(self, then: Callable[[], object]) -> None:
        """Within `write`: what to do when its transaction is on disk; not done where it is rolled back."""
        self._writing.afterwards.append(then)

    def close(self) -> None:
        """Release the file. Later calls raise StorageError."""
        self._connections.close()

    @contextmanager
    def _to_read(self) -> Iterator[sqlite3.Connection]:
        """A connection to the file, or to a copy where nothing can be written beside it."""
        with ExitStack() as stack:
            try:
                self._begin()
                connection = stack.enter_context(self._connections.use())
            except (sqlite3.Error, OSError) as error:
                connection = stack.enter_context(closing(self._copy(error)))
            yield connection

    def _begin(self) -> None:
        """Make the file ready, unless it is."""
        self._connections.require_open()
        if not self._begun:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            aside = begin(self._path, self._migrate, _BUSY_SECONDS, keep=True)[1]
            self.damaged = aside or self.damaged
            self._begun = True

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, _BUSY_SECONDS, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")

    def _copy(self, why: sqlite3.Error | OSError) -> sqlite3.Connection:
        """A copy of the file, which takes no changes.

        Args:
            why: the file is not opened; raised where there can be no copy, either.
        """
        if is_busy(why) or is_damage(why):
            raise why
        try:
            copy = copy_in_memory(self._path, _BUSY_SECONDS)
            try:
                self._bring_up(copy)
                copy.execute("PRAGMA query_only = ON")
            except BaseException:
                copy.close()
                raise
        except (sqlite3.Error, OSError) as error:
            logger.info("%s cannot be copied: %s", self._path, error)
            raise why from None
        return copy

    def _migrate(self) -> None:
        with closing(self._connect()) as connection:
            self._bring_up(connection)

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        version = migrate(connection, MIGRATIONS)
        if version > len(MIGRATIONS):
            raise StorageError(
                f"{self._path} was written by a newer version of Imagesorter: install that version again."
            )

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """Args: `what` it means where something fails, a clause."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_FOREIGNKEY":
                raise StorageError(
                    "This attribute was removed by another window or command, so nothing more can be stored "
                    "for it. Name it again to begin anew."
                ) from error
            raise StorageError(
                f"{self._path}: {what} ({error}). {self._remedy(error)}, then try again."
            ) from error

    def _remedy(self, error: sqlite3.Error | OSError) -> str:
        """SQLite's own words seldom tell of one."""
        if is_busy(error):
            return "Another program holds the file: close it"
        if is_full(error, self._path.parent):
            return "Free some disk space"
        if isinstance(error, OSError) or primary_code(error) in _NO_ACCESS:
            return "See to it that this is a file, and that you may read and write it and its folder"
        return "Free some disk space, or make the folder writable"
