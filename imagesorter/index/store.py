"""What is remembered of image files between runs: which picture each holds, and its tokens."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import StorageError
from imagesorter.index.database import Database, used_bytes
from imagesorter.index.tokens import SEGMENT_BYTES, TokenStore
from imagesorter.library.files import ImageFile
from imagesorter.sqlite import select_among

logger = logging.getLogger(__name__)

_State = tuple[int, int, int | None]
"""Size, and times of change in nanoseconds."""

_SEGMENTS_WITHIN_CAP = 16
"""Of a small index a segment is at most this part (1/n), so that trimming drops little at once."""


@dataclass(frozen=True, slots=True)
class Content:
    """A picture, wherever its file lies.

    Attributes:
        key: of the file's bytes.
        width: in pixels, orientation applied.
        height: likewise.
        warning: one sentence for the user where the picture is not whole, else "".
    """

    key: bytes
    width: int
    height: int
    warning: str


@dataclass(frozen=True, slots=True)
class Known:
    """An unchanged file whose content was read in an earlier run."""

    content: Content
    has_tokens: bool


class ImageIndex:
    """Files, contents and tokens, shared by any number of threads and processes.

    What the last `lookup` found and what was added since is the working set. It is never trimmed:
    where it alone fills the index, no more is added, because whatever were dropped for a new image
    would have to be read again for the next query.

    Attributes:
        full: whether images were left out for that reason since the last `lookup`.
    """

    def __init__(self, folder: Path, cap_bytes: int) -> None:
        """Open or begin the index, trimmed to its cap. Where the disk is full or the folder cannot be
        written, it answers from what is there, and `add` raises.

        Args:
            folder: created where missing.
            cap_bytes: size above which the least recently used tokens are dropped.

        Raises:
            StorageError: another process does not let go of the index.
        """
        self.cap_bytes = cap_bytes
        self.full = False
        self._database = Database(folder / "index.sqlite", unwritable=True)
        self._tokens = TokenStore(
            self._database,
            self._database.path.with_suffix(".tokens"),
            _segment_bytes(cap_bytes),
        )
        self._working_set: set[int] = set()
        self._lock = threading.Lock()
        self._trim()

    def limit(self, cap_bytes: int) -> None:
        """Take another cap, and trim to it where it is lower, best effort. Any thread."""
        lower, self.cap_bytes = cap_bytes < self.cap_bytes, cap_bytes
        self._tokens.segment_bytes = _segment_bytes(cap_bytes)
        if lower:
            self._trim()

    def register(self, model: str, shape: tuple[int, int]) -> None:
        """Make a model known, with the (T, D) shape of its tokens; needed before any use of its id.

        Raises:
            StorageError: the index cannot be used.
        """
        self._tokens.register(model, shape)

    def lookup(self, files: Sequence[ImageFile], model: str) -> list[Known | None]:
        """What is known of each file; None where it is new or has changed since.

        Call it once per run with all the files: it begins a new working set.

        Raises:
            StorageError: the index cannot be used.
        """
        paths = [os.fsencode(file.path) for file in files]
        rows: dict[bytes, tuple[_State, int | None, Content]] = {}
        model_id = self._tokens.token_set(model).id
        with self._database.read() as connection:
            query = (
                "SELECT path, size, mtime_ns, ctime_ns, segment, file.key, width, height, warning "
                "FROM file JOIN content USING (key) "
                "LEFT JOIN token ON token.key = file.key AND token.model = ? WHERE path"
            )
            for path, *state, segment, key, width, height, warning in select_among(
                connection, query, paths, model_id
            ):
                rows[path] = tuple(state), segment, Content(key, width, height, warning)
        known: list[Known | None] = []
        segments: set[int] = set()
        for file, path in zip(files, paths, strict=True):
            row = rows.get(path)
            if row is None or row[0] != _state(file):
                known.append(None)
                continue
            _, segment, content = row
            if segment is not None:
                segments.add(segment)
            known.append(Known(content, segment is not None))
        with self._lock:
            self._working_set = segments
            self.full = False
        self._touch(segments)
        return known

    def content(self, key: bytes) -> Content | None:
        """What is known of a content, None where it was never read.

        Raises:
            StorageError: the index cannot be used.
        """
        query = "SELECT key, width, height, warning FROM content WHERE key = ?"
        with self._database.read() as connection:
            row = connection.execute(query, (key,)).fetchone()
        return Content(*row) if row else None

    def read_tokens(self, model: str, keys: Sequence[bytes]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        """Tokens of n contents.

        Returns:
            tokens: (n, T, D); zero where not found.
            found: (n,). False where the tokens were never stored, were trimmed, or are damaged: such
                a file has to be read again, even where `lookup` said that it has tokens.

        Raises:
            StorageError: the index cannot be used.
        """
        tokens, found, segments = self._tokens.read(model, keys)
        with self._lock:
            self._working_set |= segments
        return tokens, found

    def add(
        self,
        model: str,
        files: Sequence[tuple[ImageFile, Content]],
        keys: Sequence[bytes],
        tokens: NDArray[np.float16],
    ) -> None:
        """Store files, their contents, and the tokens of new contents, all or nothing.

        Args:
            model: a registered model.
            files: each with its content.
            keys: n contents, among those of `files`, whose tokens are new.
            tokens: (n, T, D).

        Raises:
            StorageError: the disk is full, among others; what was stored before stays.
        """
        if not self._make_room(len(keys) * self._tokens.token_set(model).record.itemsize):
            logger.info("the index is full: %d images are not stored", len(keys))
            self.full = True
            return
        try:
            written = self._write(model, files, keys, tokens)
        except StorageError:
            with suppress(StorageError):
                self._tokens.tidy()
            raise
        with self._lock:
            self._working_set |= written

    def _write(
        self,
        model: str,
        files: Sequence[tuple[ImageFile, Content]],
        keys: Sequence[bytes],
        tokens: NDArray[np.float16],
    ) -> set[int]:
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO content (key, width, height, warning) VALUES (?, ?, ?, ?)",
                [(content.key, content.width, content.height, content.warning) for _, content in files],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO file (path, size, mtime_ns, ctime_ns, key) VALUES (?, ?, ?, ?, ?)",
                [(os.fsencode(file.path), *_state(file), content.key) for file, content in files],
            )
            return self._tokens.write(connection, model, keys, tokens)

    def usage(self) -> tuple[int, int]:
        """(contents that have tokens, bytes on disk). Any thread, while others write.

        Raises:
            StorageError: the index cannot be used.
        """
        with self._database.read() as connection:
            images = connection.execute("SELECT COUNT(DISTINCT key) FROM token").fetchone()[0]
            return images, self._stored_bytes(connection)

    def clear(self) -> None:
        """Forget everything, also while another process is using it: that one reads anew what it needs.

        Raises:
            StorageError: the index cannot be written.
        """
        with self._database.write() as connection:
            names, _ = self._tokens.evict(connection, self._tokens.stored_bytes(connection) + 1, keep=())
            for table in ("token", "file", "content"):
                connection.execute(f"DELETE FROM {table}")
        self._tokens.remove_files(names)
        self._database.compact()

    @property
    def is_same(self) -> bool:
        """Whether its file is still the one that was opened: the cache may be deleted at any time."""
        return self._database.is_same

    def close(self) -> None:
        """Release the files. Later calls raise StorageError."""
        self._database.close()

    def _stored_bytes(self, connection: sqlite3.Connection) -> int:
        return self._tokens.stored_bytes(connection) + used_bytes(connection)

    def _trim(self) -> None:
        """Keep to the cap, best effort."""
        try:
            self._make_room(0)
        except StorageError as error:
            logger.info("trimmed with the next image: %s", error)

    def _make_room(self, needed: int) -> bool:
        """Trim until `needed` more bytes fit; whether they do."""
        with self._database.read() as connection:
            excess = self._stored_bytes(connection) + needed - self.cap_bytes
        if excess <= 0:
            return True
        with self._database.write() as connection:
            with self._lock:
                keep = set(self._working_set)
            names, keys = self._tokens.evict(connection, excess, keep)
            bare = [(key,) for key in keys]
            no_tokens = "NOT EXISTS (SELECT 1 FROM token WHERE token.key = ?1)"
            for table in ("file", "content"):
                connection.executemany(f"DELETE FROM {table} WHERE key = ?1 AND {no_tokens}", bare)
            excess = self._stored_bytes(connection) + needed - self.cap_bytes
        self._tokens.remove_files(names)
        return excess <= 0

    def _touch(self, segments: set[int]) -> None:
        """Best effort: an index on a full disk can still be read."""
        try:
            self._tokens.touch(segments)
        except StorageError as error:
            logger.info("not marked as used: %s", error)


def _segment_bytes(cap_bytes: int) -> int:
    return min(SEGMENT_BYTES, cap_bytes // _SEGMENTS_WITHIN_CAP)


def _state(file: ImageFile) -> _State:
    """What tells whether a file has changed."""
    ctime_ns = None if file.ctime_ns is None else _as_stored(file.ctime_ns)
    return file.size, _as_stored(file.mtime_ns), ctime_ns


def _as_stored(time_ns: int) -> int:
    """SQLite's integers have 64 bits, which end in 2262: later times wrap round, so that they stay apart."""
    return (time_ns + 2**63) % 2**64 - 2**63
