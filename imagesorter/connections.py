"""Connections to one of the application's SQLite files, for many threads."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from imagesorter.errors import StorageError
from imagesorter.sqlite import is_busy

logger = logging.getLogger(__name__)


class Connections:
    """Connections to one file, each used by one thread at a time and kept for the next.

    Args:
        connect: opens a connection, which must allow use from several threads.
        what: the file's name in messages, such as "the index".
        connect_unwritable: opens one to read from, where the file cannot be written; None where then nothing
            is to be done at all.
        path: tells that of the file, where it must stay the same: what is known by its ids would mean
            something else in another one, and what is written to one that was deleted is lost.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        what: str,
        connect_unwritable: Callable[[], sqlite3.Connection] | None = None,
        path: Callable[[], Path] | None = None,
    ) -> None:
        self._connect = connect
        self._what = what
        self._connect_unwritable = connect_unwritable
        self._unwritable = False
        self._path = path
        self._file: tuple[int, int] | None = None
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._generation = 0
        self._closed = False

    def open(self, begin: Callable[[], object]) -> None:
        """Begin the file, or see to it that it is only read where it cannot be written.

        Raises:
            StorageError: what `begin` raises where there is no other way.
        """
        try:
            begin()
        except StorageError as error:
            if self._connect_unwritable is None or is_busy(error.__cause__):
                raise
            logger.info("nothing is stored: %s", error)
            self._unwritable = True

    def need_writable(self, begin: Callable[[], object]) -> None:
        """Try to begin once more a file that could not be written so far. Raises what `begin` raises."""
        if self._unwritable:
            begin()
            self._unwritable = False
            self.drop_idle()

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """An idle connection or a new one; not kept where the body raises.

        Raises:
            StorageError: after `close`, or where a new one would be to another file.
        """
        with self._lock:
            self.require_open()
            if not self._idle:
                self.require_same()
            generation = self._generation
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect_as_possible()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, generation)

    def require_same(self) -> None:
        """Before anything is written. Raises StorageError where the file was deleted or replaced."""
        if not self.is_same:
            assert self._path is not None
            raise StorageError(
                f"{self._path()} was deleted or replaced while it was in use, so nothing more is stored "
                "there. Start Imagesorter again."
            )

    @property
    def is_same(self) -> bool:
        """Whether the file is the one that was opened, as far as that is to be known."""
        with self._lock:
            if self._path is None or self._unwritable:
                return True
            try:
                found = self._path().stat()
            except OSError:
                now = None
            else:
                now = found.st_dev, found.st_ino
            self._file = self._file or now
            return now == self._file

    def require_open(self) -> None:
        """Raises StorageError after `close`."""
        with self._lock:
            if self._closed:
                raise StorageError(f"{self._what} is closed")

    def drop_idle(self) -> None:
        """Close the connections that nobody uses just now, and each of the others when it comes back."""
        with self._lock:
            self._generation += 1
            self._file = None
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Calls under way in other threads end first; later ones raise StorageError."""
        with self._lock:
            self._closed = True
        self.drop_idle()

    def _connect_as_possible(self) -> sqlite3.Connection:
        if self._unwritable and self._connect_unwritable is not None:
            return self._connect_unwritable()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection, generation: int) -> None:
        with self._lock:
            if generation == self._generation:
                self._idle.append(connection)
                return
        connection.close()
