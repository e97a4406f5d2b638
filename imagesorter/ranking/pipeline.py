"""One pass over the opened images: read what the model has not read, score everything on the way."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagesorter.events import Event, Finished, Indexed, Notice, Progress, Stage, Unreadable
from imagesorter.index.pipeline import Idle, IndexedBatch, NotStored, index_images
from imagesorter.index.reader import Encoder, Failed
from imagesorter.index.store import ImageIndex, Known
from imagesorter.library.files import ImageFile
from imagesorter.library.thumbnails import ThumbnailStore
from imagesorter.ranking.order import LiveOrder
from imagesorter.ranking.query import Query
from imagesorter.ranking.scoring import Scorer, score

_LEAST_STEP, _FIRST_STEP, _STORED_PER_STEP = 16, 64, 1024
_STEP_SECONDS = 0.25
"""A model scores no more at once than takes it about this long, so that cancelling is prompt."""

_SNAPSHOT_SECONDS = 0.5
_NO_TOKENS = "the model can make nothing of this picture; the file may be damaged"


class RankingModel(Encoder, Scorer, Protocol):
    """A model that reads images and scores them."""

    @property
    def name(self) -> str:
        """Short name, for the `model` column."""
        ...


@dataclass
class Collection:
    """The opened images.

    Attributes:
        files: by file id.
        keys: content keys of the images read so far, by file id.
        failures: reasons of the images that could not be read, by file id; not tried again until
            the folder is opened anew.
    """

    files: list[ImageFile] = field(default_factory=list)
    keys: dict[int, bytes] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)


def run(
    collection: Collection,
    model: RankingModel,
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    query: Query | None,
) -> Iterator[Event]:
    """Read all images into the index; with a query, order them too.

    Images that are in the index come first and at once; the others are read, scored as they come,
    and fall into place. Closing the generator keeps what was read.

    Images to which the model gives no number have no place in this order; that is no fault of theirs,
    and the next query tries them again.

    Args:
        collection: gains content keys and failures.
        query: None reads only.

    Yields: Unreadable, Indexed, Progress("rank" | "index"), Ranked, Notice, Finished. The last Ranked
        is `complete`.

    Raises:
        StorageError: the index cannot be used.
    """
    yield from _Pass(collection, model, index, thumbnails, query).events()


class _Pass:
    def __init__(
        self,
        collection: Collection,
        model: RankingModel,
        index: ImageIndex,
        thumbnails: ThumbnailStore,
        query: Query | None,
    ) -> None:
        self._collection = collection
        self._model = model
        self._index = index
        self._thumbnails = thumbnails
        self._query = query
        self._order = LiveOrder()
        self._without_score = 0
        self._shown = time.monotonic()

    def events(self) -> Iterator[Event]:
        files, failures = self._collection.files, self._collection.failures
        for file_id, reason in failures.items():
            yield Unreadable(file_id, files[file_id].path, reason)
        self._index.register(self._model.id, self._model.token_shape)
        known = self._index.lookup(files, self._model.id)
        unread = yield from self._stored(known)
        if unread:
            yield from self._read(unread)
        if self._without_score:
            yield self._left_out()
        if self._query is not None:
            yield self._snapshot(complete=True)
        yield Finished(len(files) - len(failures), len(failures))

    def _stored(self, known: Sequence[Known | None]) -> Generator[Event, None, list[int]]:
        """Images whose tokens are in the index; returns the ids of the others."""
        there: list[int] = []
        unread: list[int] = []
        for file_id, entry in enumerate(known):
            if file_id not in self._collection.failures:
                (there if entry is not None and entry.has_tokens else unread).append(file_id)
        pace = _Pace("rank", len(there))
        start, step = 0, _STORED_PER_STEP if self._query is None else _FIRST_STEP
        while start < len(there):
            began = time.monotonic()
            ids = np.array(there[start : start + step])
            start += step
            contents = [entry.content for i in ids if (entry := known[i]) is not None]
            keys = [content.key for content in contents]
            found = np.ones(len(ids), np.bool_)
            if self._query is not None:
                tokens, found = self._index.read_tokens(self._model.id, keys)
                unread.extend(ids[~found].tolist())
                yield from self._score(ids[found], tokens[found])
                seconds = max(time.monotonic() - began, 1e-6)
                step = min(max(int(step * _STEP_SECONDS / seconds), _LEAST_STEP), _STORED_PER_STEP)
            for i, key, kept in zip(ids.tolist(), keys, found, strict=True):
                if kept:
                    self._collection.keys[i] = key
            yield Indexed(
                tuple(ids[found].tolist()),
                tuple(c.warning for c, kept in zip(contents, found, strict=True) if kept),
            )
            if self._query is not None:
                yield pace.step(len(ids))
                yield from self._due_snapshot()
        return sorted(unread)

    def _read(self, unread: Sequence[int]) -> Iterator[Event]:
        """Images that the model has not read yet."""
        collection = self._collection
        pace = _Pace("index", len(collection.files), len(collection.files) - len(unread))
        yield pace.step(0)
        jobs = [(file_id, collection.files[file_id]) for file_id in unread]
        reading = index_images(jobs, self._model, self._index, self._thumbnails)
        try:
            for result in reading:
                match result:
                    case IndexedBatch():
                        collection.keys.update(zip(result.file_ids, result.keys, strict=True))
                        yield Indexed(result.file_ids, result.warnings)
                        if self._query is not None:
                            yield from self._score(np.array(result.file_ids, np.int64), result.tokens)
                        yield pace.step(len(result.file_ids))
                    case Failed():
                        yield self._fail(result.file_id, result.reason)
                        yield pace.step(1)
                    case NotStored():
                        yield Notice(
                            f"{result.reason.rstrip('.')}. The order is right, but these photographs will be "
                            "read again."
                        )
                    case Idle():
                        yield pace.step(0)
                yield from self._due_snapshot()
        finally:
            reading.close()  # type: ignore[attr-defined]
        if self._index.full:
            yield Notice(
                "The cache is full: some photographs will be read again next time. "
                "Raise the cache limit in the settings to keep them."
            )

    def _score(self, ids: NDArray[np.int64], tokens: NDArray[np.float16]) -> Iterator[Event]:
        assert self._query is not None
        scores = score(self._model, self._query, tokens)
        finite = np.isfinite(scores)
        self._order.add(ids[finite], scores[finite])
        sound = np.isfinite(tokens[~finite]).all(axis=(1, 2))
        self._without_score += int(sound.sum())
        for file_id in ids[~finite][~sound].tolist():
            yield self._fail(file_id, _NO_TOKENS)

    def _left_out(self) -> Notice:
        assert self._query is not None
        return Notice(
            f"Left out of this order: {self._without_score} of {len(self._collection.files)} photographs, "
            f"for which {self._model.name} gives no number under “{self._query.text}”. Use other words; if "
            "a taught or imported ranker answers, teach it again or bring back another version."
        )

    def _fail(self, file_id: int, reason: str) -> Unreadable:
        self._collection.failures[file_id] = reason
        return Unreadable(file_id, self._collection.files[file_id].path, reason)

    def _due_snapshot(self) -> Iterator[Event]:
        if (
            self._query is not None
            and len(self._order)
            and time.monotonic() - self._shown >= _SNAPSHOT_SECONDS
        ):
            yield self._snapshot(complete=False)

    def _snapshot(self, *, complete: bool) -> Event:
        assert self._query is not None
        self._shown = time.monotonic()
        return self._order.ranked(self._query.text, self._model.name, complete)


class _Pace:
    """Counts items of a stage; the rate is that of the last seconds, so that it follows a change of disk.

    Args:
        done: items of `total` that were finished before; they are no part of the rate.
    """

    _WINDOW = 8.0

    def __init__(self, stage: Stage, total: int, done: int = 0) -> None:
        self._stage = stage
        self._total = total
        self._done = done
        self._marks = [(time.monotonic(), done)]

    def step(self, count: int) -> Progress:
        now = time.monotonic()
        self._done += count
        if now - self._marks[-1][0] >= self._WINDOW / 8:
            self._marks = [*self._marks[-7:], (now, self._done)]
        since, done = self._marks[0]
        if self._done == done or now - since < 0.5:
            return Progress(self._stage, self._done, self._total)
        rate = (self._done - done) / (now - since)
        return Progress(self._stage, self._done, self._total, rate, (self._total - self._done) / rate)
