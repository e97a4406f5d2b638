"""The SQLite file of the index: schema, migrations, transactions, damage.

Everything in it can be computed again. So a damaged file is set aside and a new one begun, and a
file of a newer version of the application is left alone and another one used beside it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from imagesorter.connections import Connections
from imagesorter.errors import StorageError
from imagesorter.sqlite import (
    begin,
    connect,
    connect_unwritable,
    is_busy,
    is_full,
    migrate,
    primary_code,
    transaction,
    while_busy,
)

logger = logging.getLogger(__name__)

BUSY_SECONDS = 30.0

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE content (
            key BLOB PRIMARY KEY, width INTEGER NOT NULL, height INTEGER NOT NULL, warning TEXT NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE file (
            path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, key BLOB NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX file_by_key ON file (key)",
        """CREATE TABLE model (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, count INTEGER NOT NULL, width INTEGER NOT NULL,
            UNIQUE (name, count, width)
        )""",
        """CREATE TABLE segment (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, model INTEGER NOT NULL,
            capacity INTEGER NOT NULL, filled INTEGER NOT NULL, last_used INTEGER NOT NULL
        )""",
        """CREATE TABLE token (
            key BLOB NOT NULL, model INTEGER NOT NULL, segment INTEGER NOT NULL, slot INTEGER NOT NULL,
            PRIMARY KEY (key, model)
        ) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX token_by_slot ON token (segment, slot)",
    ),
    ("ALTER TABLE file ADD COLUMN ctime_ns INTEGER",),
)
"""Step k leads from schema version k to k + 1; a step that was released is never changed.

content: a picture by its content key. file: where it was seen last, with the size and times that
tell whether it has changed (ctime_ns is NULL where nothing is known of it); paths are the bytes of the
file system. model: a token set. segment: one file of tokens; its first `filled` slots are taken.
token: the slot of a content's tokens.
"""


class Database:
    """Connections to the index, for any number of threads and processes at a time.

    Attributes:
        path: the file in use.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS, *, unwritable: bool = False) -> None:
        """Open or begin the file, bringing an older schema up to date.

        Args:
            path: its folder is created where missing.
            busy_seconds: how long a transaction waits for another process to end its own.
            unwritable: where the disk is full or the folder cannot be written, read what there is, or
                nothing; each `write` tries again.

        Raises:
            StorageError: the folder cannot be written, or another process does not let go.
        """
        self.path = path
        self._busy_seconds = busy_seconds
        self._connections = Connections(
            self._connect, "the index", self._connect_unwritable if unwritable else None, lambda: self.path
        )
        self._connections.open(self._open)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from.

        Raises:
            StorageError: whatever SQLite or the disk refuses.
        """
        with self._translated(), self._connections.use() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other process shares; rolled back where the body raises.

        Raises:
            StorageError: whatever SQLite or the disk refuses; nothing was changed then.
        """
        with self._translated():
            self._connections.need_writable(self._open_again)
            self._connections.require_same()
            with self._connections.use() as connection, transaction(connection):
                yield connection

    @property
    def is_same(self) -> bool:
        """Whether the file is still the one that was opened."""
        return self._connections.is_same

    def compact(self) -> None:
        """Give free pages back to the disk, unless another process is reading just now."""
        try:
            with closing(self._connect(busy_seconds=0)) as connection:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            logger.info("the index was not compacted: %s", error)

    def close(self) -> None:
        """Close the file. Calls under way in other threads end first; later ones raise StorageError."""
        self._connections.close()

    def _open(self) -> None:
        """Make the file ready, or another one where it is of a newer version."""
        with self._translated():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._prepare() > len(MIGRATIONS):
                newer, self.path = self.path, self.path.with_stem(f"{self.path.stem}-{len(MIGRATIONS)}")
                logger.warning("%s is of a newer version; %s is used instead", newer, self.path)
                self._prepare()

    def _open_again(self) -> None:
        """Write from now on, to the file that was read so far and to no other, as its ids are known."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if while_busy(self._migrate, self._busy_seconds) > len(MIGRATIONS):
            raise sqlite3.OperationalError("it is of a newer version of Imagesorter")

    def _connect_unwritable(self) -> sqlite3.Connection:
        return connect_unwritable(self.path, _is_current, lambda empty: migrate(empty, MIGRATIONS))

    def _connect(self, busy_seconds: float | None = None) -> sqlite3.Connection:
        seconds = self._busy_seconds if busy_seconds is None else busy_seconds
        return connect(self.path, seconds, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000;")

    def _prepare(self) -> int:
        """Make the file ready, a fresh one where it is damaged; returns its version."""
        return begin(self.path, self._migrate, self._busy_seconds)[0]

    def _migrate(self) -> int:
        """Check the file and bring its schema up to date; returns its version.

        Raises:
            sqlite3.DatabaseError: the file is damaged, among others.
        """
        with closing(self._connect()) as connection:
            return migrate(connection, MIGRATIONS)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"{self.path.parent}: {_advice(error, self.path.parent)}.") from error


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold rows."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _is_current(connection: sqlite3.Connection) -> bool:
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) == len(MIGRATIONS)


def _advice(error: sqlite3.Error | OSError, folder: Path) -> str:
    """What is wrong with the index, and the remedy."""
    code = primary_code(error)
    if is_full(error, folder):
        return "the disk is full, so the index cannot grow; free some space and try again"
    if is_busy(error):
        return "another program is holding the index; close it and try again"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "the index is damaged; restart the application, which will rebuild it"
    reason = getattr(error, "strerror", None) or error
    return f"the index cannot be used ({reason}); check that its folder is writable"
