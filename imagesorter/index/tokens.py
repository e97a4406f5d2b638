"""Image tokens by model and content key: rows that say where each record lies, in segment files.

A segment is only ever appended to, under the write lock of the database, and dropped as a whole,
the least recently used first. A record becomes visible when the transaction that names its slot is
committed; where that never happens, the next writer writes over it. A slot that was once visible is
never written again, so readers need no lock, in this process or another.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import StorageError
from imagesorter.index.database import Database
from imagesorter.index.segments import HEADER_BYTES, SegmentFiles, pack, record_type, unpack
from imagesorter.sqlite import select_among

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 16_000_000
"""A segment grows to about this size: 2,200 images of 28×128 tokens, or 100 of 100×768."""

_RECORD = f"({HEADER_BYTES} + 2 * count * width)"
_SIZE = f"filled * {_RECORD}"


@dataclass(frozen=True, slots=True)
class TokenSet:
    """All tokens of one model: `count` tokens of `width` numbers an image. Without `id`, none are stored."""

    id: int | None
    count: int
    width: int

    @property
    def record(self) -> np.dtype[Any]:
        """Layout of a record on disk."""
        return record_type(self.count, self.width)


class _Segment(NamedTuple):
    id: int
    name: str
    capacity: int


class TokenStore:
    """Tokens of any number of models, shared by any number of threads and processes.

    Attributes:
        segment_bytes: size to which a segment grows that is begun from now on.
    """

    def __init__(self, database: Database, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Take up what is stored, and remove what a killed process left behind, best effort.

        Args:
            database: of the rows.
            folder: of the segment files; belongs to this database alone; created when needed.
            segment_bytes: see above.
        """
        self._database = database
        self._files = SegmentFiles(folder)
        self.segment_bytes = segment_bytes
        self._sets: dict[str, TokenSet] = {}
        try:
            self.tidy()
        except StorageError as error:
            logger.info("leftovers stay for now: %s", error)

    def tidy(self) -> None:
        """Remove files that no row names, as a killed or failed writer leaves them, and rows whose file
        is gone or cut short.

        Raises:
            StorageError: the database cannot be used.
        """
        with self._database.write() as connection:
            rows = connection.execute(
                f"SELECT segment.name, segment.id, capacity * {_RECORD} "
                "FROM segment JOIN model ON model.id = segment.model"
            ).fetchall()
            whole = {name for name, _, size in rows if self._files.is_whole(name, size)}
            self._drop_rows(connection, [segment for name, segment, _ in rows if name not in whole])
            self._files.drop(self._files.names() - whole)

    def register(self, model: str, shape: tuple[int, int]) -> None:
        """Make a model known, with the (T, D) shape of its tokens: needed before any use of it.

        Tokens stored earlier under the same name in another shape are not seen.

        Raises:
            StorageError: the database cannot be read. That a new model cannot be written is told by `write`.
        """
        with self._database.read() as connection:
            known = _model_id(connection, model, shape)
        if known is None:
            try:
                with self._database.write() as connection:
                    known = _add_model(connection, model, shape)
            except StorageError as error:
                logger.info("the model is not noted yet: %s", error)
                known = None
        self._sets[model] = TokenSet(known, *shape)

    def token_set(self, model: str) -> TokenSet:
        """The registered token set of a model.

        Raises:
            KeyError: the model was not registered.
        """
        return self._sets[model]

    def write(
        self, connection: sqlite3.Connection, model: str, keys: Sequence[bytes], tokens: NDArray[np.float16]
    ) -> set[int]:
        """Append records; keys that are there already are passed over.

        Args:
            connection: within `Database.write`.
            model: a registered model.
            keys: n content keys.
            tokens: (n, T, D).

        Returns:
            Ids of the segments written to.

        Raises:
            OSError: the disk is full, among others. The caller rolls back.
            ValueError: the tokens have not the shape that the model was registered with.
        """
        token_set = self.token_set(model)
        if tokens.shape != (len(keys), token_set.count, token_set.width):
            raise ValueError(f"tokens of shape {tokens.shape} for {len(keys)} contents and {token_set}")
        if token_set.id is None:  # not kept: this transaction may yet be rolled back
            shape = token_set.count, token_set.width
            token_set = replace(token_set, id=_add_model(connection, model, shape))
        present = self._present(connection, token_set, keys)
        rows = {key: row for row, key in enumerate(keys) if key not in present}
        new_keys = list(rows)
        records = pack(new_keys, tokens[list(rows.values())])
        written: set[int] = set()
        start = 0
        while start < len(records):
            segment, first = self._open_segment(connection, token_set)
            end = min(start + segment.capacity - first, len(records))
            self._files.append(segment.name, records[start:end], first)
            connection.execute(
                "UPDATE segment SET filled = ?, last_used = ? WHERE id = ?",
                (first + end - start, _now(), segment.id),
            )
            connection.executemany(
                "INSERT INTO token (key, model, segment, slot) VALUES (?, ?, ?, ?)",
                [(new_keys[k], token_set.id, segment.id, first + k - start) for k in range(start, end)],
            )
            written.add(segment.id)
            start = end
        return written

    def read(
        self, model: str, keys: Sequence[bytes]
    ) -> tuple[NDArray[np.float16], NDArray[np.bool_], set[int]]:
        """Read the tokens of n contents.

        Returns:
            tokens: (n, T, D); zero where not found.
            found: (n,), whether the tokens are there and whole.
            segments: ids of those read from.

        Raises:
            StorageError: the database cannot be used.
        """
        token_set = self.token_set(model)
        rows_of: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            rows_of.setdefault(key, []).append(row)
        slots: dict[_Segment, list[tuple[int, int]]] = {}
        with self._database.read() as connection:
            query = (
                "SELECT key, slot, segment.id, name, capacity "
                "FROM token JOIN segment ON segment.id = token.segment WHERE token.model = ? AND key"
            )
            for key, slot, *segment in select_among(connection, query, list(rows_of), token_set.id):
                pairs = slots.setdefault(_Segment(*segment), [])
                pairs += [(slot, row) for row in rows_of[key]]
        tokens = np.zeros((len(keys), token_set.count, token_set.width), np.float16)
        found = np.zeros(len(keys), np.bool_)
        torn: list[tuple[bytes, int | None, int]] = []
        for segment, pairs in slots.items():
            places_here = np.array(sorted(pairs), np.int64)  # in the order of the file
            keys_here = [keys[row] for row in places_here[:, 1]]
            whole = self._read_segment(segment, token_set, places_here, keys_here, tokens)
            found[places_here[:, 1]] = whole
            torn += [(keys_here[k], token_set.id, segment.id) for k in np.flatnonzero(~whole)]
        if torn:
            self._forget(torn)
        return tokens, found, {segment.id for segment in slots}

    def touch(self, segments: Collection[int]) -> None:
        """Mark segments as used now, and let go of files that another process dropped.

        Raises:
            StorageError: the database cannot be written.
        """
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE segment SET last_used = ? WHERE id = ?", [(_now(), segment) for segment in segments]
            )
            names = {name for (name,) in connection.execute("SELECT name FROM segment")}
        self._files.release(names)

    def stored_bytes(self, connection: sqlite3.Connection) -> int:
        """Bytes of all records on disk."""
        query = f"SELECT COALESCE(SUM({_SIZE}), 0) FROM segment JOIN model ON model.id = segment.model"
        return int(connection.execute(query).fetchone()[0])

    def evict(
        self, connection: sqlite3.Connection, excess: int, keep: Collection[int]
    ) -> tuple[list[str], list[bytes]]:
        """Drop the rows of least recently used segments until `excess` bytes are free.

        Args:
            connection: within `Database.write`.
            excess: bytes.
            keep: ids of segments that stay.

        Returns:
            Names of the segments, for `remove_files` after the commit; the keys that they held.
        """
        query = (
            f"SELECT segment.id, segment.name, {_SIZE} FROM segment JOIN model ON model.id = segment.model "
            "ORDER BY last_used, segment.id"
        )
        doomed: dict[int, str] = {}
        for segment, name, size in connection.execute(query):
            if excess <= 0:
                break
            if segment not in keep:
                doomed[segment] = name
                excess -= size
        return list(doomed.values()), self._drop_rows(connection, doomed)

    def remove_files(self, names: Collection[str]) -> None:
        """Remove the files of evicted segments."""
        self._files.drop(names)

    def _read_segment(
        self,
        segment: _Segment,
        token_set: TokenSet,
        places: NDArray[np.int64],
        keys: Sequence[bytes],
        tokens: NDArray[np.float16],
    ) -> NDArray[np.bool_]:
        """Fill `tokens` from one segment; `places` is (n, 2): slot, row. Returns which were whole."""
        records = self._files.map(segment.name, token_set.record, segment.capacity)
        if records is None:
            return np.zeros(len(places), np.bool_)
        found, whole = unpack(records, places[:, 0], keys)
        tokens[places[whole, 1]] = found[whole]
        return whole

    def _present(
        self, connection: sqlite3.Connection, token_set: TokenSet, keys: Sequence[bytes]
    ) -> set[bytes]:
        query = "SELECT key FROM token WHERE model = ? AND key"
        return {key for (key,) in select_among(connection, query, keys, token_set.id)}

    def _open_segment(self, connection: sqlite3.Connection, token_set: TokenSet) -> tuple[_Segment, int]:
        """A segment with room, and its first free slot."""
        open_ones = connection.execute(
            "SELECT id, name, capacity, filled FROM segment WHERE model = ? AND filled < capacity",
            (token_set.id,),
        )
        for *segment, filled in open_ones.fetchall():
            _, name, capacity = segment
            if self._files.is_whole(name, capacity * token_set.record.itemsize):
                return _Segment(*segment), filled
        capacity = max(self.segment_bytes // token_set.record.itemsize, 1)
        name = self._files.begin(capacity * token_set.record.itemsize)
        cursor = connection.execute(
            "INSERT INTO segment (name, model, capacity, filled, last_used) VALUES (?, ?, ?, 0, ?)",
            (name, token_set.id, capacity, _now()),
        )
        assert cursor.lastrowid is not None
        return _Segment(cursor.lastrowid, name, capacity), 0

    def _forget(self, torn: Sequence[tuple[bytes, int | None, int]]) -> None:
        """Delete the rows of damaged records, so that they are written anew. Best effort."""
        logger.warning("%d damaged or lost token records will be made anew", len(torn))
        try:
            with self._database.write() as connection:
                connection.executemany("DELETE FROM token WHERE (key, model, segment) = (?, ?, ?)", torn)
        except StorageError as error:
            logger.info("their rows stay for now: %s", error)

    def _drop_rows(self, connection: sqlite3.Connection, segments: Collection[int]) -> list[bytes]:
        """Delete segments and their tokens; returns the keys that they held."""
        keys: list[bytes] = []
        for segment in segments:
            rows = connection.execute("SELECT key FROM token WHERE segment = ?", (segment,))
            keys += [key for (key,) in rows]
            connection.execute("DELETE FROM token WHERE segment = ?", (segment,))
            connection.execute("DELETE FROM segment WHERE id = ?", (segment,))
        return keys


def _model_id(connection: sqlite3.Connection, model: str, shape: tuple[int, int]) -> int | None:
    query = "SELECT id FROM model WHERE (name, count, width) = (?, ?, ?)"
    row = connection.execute(query, (model, *shape)).fetchone()
    return int(row[0]) if row else None


def _add_model(connection: sqlite3.Connection, model: str, shape: tuple[int, int]) -> int | None:
    """The id of a model, new where it has none."""
    insert = "INSERT OR IGNORE INTO model (name, count, width) VALUES (?, ?, ?)"
    connection.execute(insert, (model, *shape))
    return _model_id(connection, model, shape)


def _now() -> int:
    return int(time.time())
