"""Thumbnails, and where they are kept: one SQLite file, keyed by the content of the original."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from PIL import Image

from imagesorter.connections import Connections
from imagesorter.errors import StorageError
from imagesorter.sqlite import (
    begin,
    connect,
    connect_unwritable,
    is_damage,
    is_full,
    select_among,
    transaction,
)

logger = logging.getLogger(__name__)

LONGEST = 384
"""Longest side in pixels to which a picture is reduced for its thumbnail."""

KEPT_UP_TO = 512
"""A picture that comes no longer is kept as it is: reducing takes three times as long as the rest."""

_QUALITY = 80
_FILE_NAME = "thumbnails.sqlite"
_BUSY_SECONDS = 30.0
_HEADROOM = 0.05
"""Trimming makes this much more room than needed, so that it is seldom."""

_SET_UP = """
PRAGMA page_size = 8192;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS thumbnail (
    id INTEGER PRIMARY KEY,      -- grows with age: the lowest is the oldest
    key BLOB NOT NULL UNIQUE,
    jpeg BLOB NOT NULL
);
"""

_GIVE_BACK = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
"""As a script: it steps to the end, where `execute` would free one page only."""

_T = TypeVar("_T")


def make_thumbnail(image: Image.Image) -> bytes:
    """A JPEG file's bytes, longest side `LONGEST` pixels, or a little more, up to `KEPT_UP_TO`.

    Args:
        image: mode "RGB"; stays as it is.
    """
    if max(image.size) > KEPT_UP_TO:
        image = image.reduce(max(max(image.size) // LONGEST, 1))
    if max(image.size) > KEPT_UP_TO:
        image = image.copy()
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


class ThumbnailStore:
    """Thumbnails on disk, shared by any number of threads and processes.

    A damaged file is set aside as `thumbnails.sqlite.damaged` and a new one begun: all of it
    can be made again.
    """

    def __init__(self, folder: Path, cap_bytes: int, *, unwritable: bool = False) -> None:
        """Open or begin the store.

        Args:
            folder: created where missing.
            cap_bytes: size of the file above which the oldest thumbnails are dropped.
            unwritable: where the disk is full or the folder cannot be written, read what there is, or
                nothing; each `put_many` tries again.

        Raises:
            StorageError: the folder cannot be written, or another process does not let go.
        """
        self.cap_bytes = cap_bytes
        self._path = folder / _FILE_NAME
        self._connections = Connections(
            self._connect, "the thumbnail store", self._connect_unwritable if unwritable else None
        )
        self._connections.open(self._open)

    def limit(self, cap_bytes: int) -> None:
        """Take another cap, and trim to it where it is lower, best effort. Any thread."""
        lower, self.cap_bytes = cap_bytes < self.cap_bytes, cap_bytes

        def trim(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                self._trim(connection)
            connection.executescript(_GIVE_BACK)

        if lower:
            try:
                self._run(trim)
            except StorageError as error:
                logger.info("trimmed with the next thumbnail: %s", error)

    def get(self, key: bytes) -> bytes | None:
        """A thumbnail's JPEG bytes, None where there is none."""
        query = "SELECT jpeg FROM thumbnail WHERE key = ?"
        row = self._run(lambda connection: connection.execute(query, (key,)).fetchone())
        return row[0] if row else None

    def missing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Those of `keys` that have no thumbnail, in their order."""

        def present(connection: sqlite3.Connection) -> set[bytes]:
            return {key for (key,) in select_among(connection, "SELECT key FROM thumbnail WHERE key", keys)}

        found = self._run(present)
        return [key for key in keys if key not in found]

    def put_many(self, thumbnails: Iterable[tuple[bytes, bytes]]) -> None:
        """Store (content key, JPEG bytes) pairs in one transaction; a known key keeps what it has."""
        rows = list(thumbnails)
        self._connections.need_writable(self._open)

        def insert(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                connection.executemany("INSERT OR IGNORE INTO thumbnail (key, jpeg) VALUES (?, ?)", rows)
                self._trim(connection)

        self._run(insert)

    def usage(self) -> tuple[int, int]:
        """(number of thumbnails, bytes of the file)."""

        def measure(connection: sqlite3.Connection) -> tuple[int, int]:
            count = connection.execute("SELECT COUNT(*) FROM thumbnail").fetchone()[0]
            return count, _pragma(connection, "page_count") * _pragma(connection, "page_size")

        return self._run(measure)

    def clear(self) -> None:
        """Forget all thumbnails and give the space back."""
        self._connections.need_writable(self._open)

        def empty(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                connection.execute("DELETE FROM thumbnail")
            connection.executescript(_GIVE_BACK)

        self._run(empty)

    def close(self) -> None:
        """Close the file. Calls under way in other threads end first; later ones raise StorageError."""
        self._connections.close()

    def _trim(self, connection: sqlite3.Connection) -> None:
        """Drop the oldest until the pages in use fit under the cap."""
        page = _pragma(connection, "page_size")
        while True:
            used = (_pragma(connection, "page_count") - _pragma(connection, "freelist_count")) * page
            count = (
                connection.execute("SELECT COUNT(*) FROM thumbnail").fetchone()[0]
                if used > self.cap_bytes
                else 0
            )
            if not count:
                return
            excess = 1 - self.cap_bytes * (1 - _HEADROOM) / used
            connection.execute(
                "DELETE FROM thumbnail WHERE id IN (SELECT id FROM thumbnail ORDER BY id LIMIT ?)",
                (max(1, int(count * excess)),),
            )

    def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do some work on a connection of its own; with a damaged file, again on a new one."""
        with self._translated():
            try:
                with self._connections.use() as connection:
                    return work(connection)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
            self._connections.drop_idle()  # an open file cannot be renamed everywhere
            try:
                return self._begin(work)
            finally:
                self._connections.drop_idle()  # those opened meanwhile may be to the file that was renamed

    def _open(self) -> None:
        """Make folder and file ready."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self._path.parent}: the thumbnail folder cannot be made ({error.strerror})."
            ) from error
        with self._translated():
            self._begin(lambda _: None)

    def _begin(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Make the file ready and do some work on it, on a new file where this one is damaged."""

        def prepare() -> _T:
            with closing(self._connect()) as connection:
                connection.executescript(_SET_UP)
                return work(connection)

        return begin(self._path, prepare, _BUSY_SECONDS)[0]

    def _connect_unwritable(self) -> sqlite3.Connection:
        return connect_unwritable(self._path, _is_begun, lambda empty: empty.executescript(_SET_UP))

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, _BUSY_SECONDS, "PRAGMA synchronous = NORMAL;")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            remedy = "check that its folder is writable"
            if is_full(error, self._path.parent):
                reason, remedy = "the disk is full", "free some space and try again"
            raise StorageError(f"{self._path}: thumbnails cannot be stored ({reason}); {remedy}.") from error


def _is_begun(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'thumbnail'").fetchall())


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
