"""Reading images into the index: threads decode while the caller's thread runs the model."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import StorageError
from imagesorter.index.pool import WorkerPool
from imagesorter.index.reader import Duplicate, Encoder, Failed, FileReader, Job, Readout
from imagesorter.index.store import ImageIndex
from imagesorter.library.files import ImageFile
from imagesorter.library.thumbnails import ThumbnailStore

logger = logging.getLogger(__name__)

_FIRST_BATCH = 4
_BATCH_SECONDS = 0.5
"""The model is given no more at once than takes it about this long, so that cancelling is prompt."""

_FLUSH_SECONDS = 0.5
"""No image waits longer than this for its batch to fill."""

_IDLE_SECONDS = 0.1
_STORED_PER_BATCH = 256
_MAX_WORKERS = 16
_HANGING_SECONDS = 120.0
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class IndexedBatch:
    """Images whose tokens and thumbnails are there now.

    Attributes:
        file_ids: n ids.
        keys: their n content keys.
        tokens: (n, T, D).
        warnings: n sentences, "" where all was well.
    """

    file_ids: tuple[int, ...]
    keys: tuple[bytes, ...]
    tokens: NDArray[np.float16]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotStored:
    """Results are not stored from here on. `reason` is for the user. Comes at most once."""

    reason: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing new for a tenth of a second: a chance to stop."""


def index_images(
    files: Sequence[tuple[int, ImageFile]],
    encoder: Encoder,
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    *,
    workers: int | None = None,
) -> Iterator[IndexedBatch | Failed | NotStored | Idle]:
    """Read image files, each content once, and store tokens, thumbnails and rows batch by batch.

    A file whose content has tokens already (it was moved, renamed or copied) is not given to the
    model. Results come as they are ready, in no fixed order; each file ends in exactly one
    IndexedBatch or Failed. Failures are not remembered: their cause may lie outside the file (a
    permission, a missing package), so each run tries again.

    Closing the generator stops it at once: what was yielded is stored, the rest is dropped.

    Args:
        files: (file id, file).
        encoder: the model; its `encode` is called in the caller's thread.
        index: stores rows and tokens.
        thumbnails: stores thumbnails.
        workers: threads that read and decode; one for each core where None.

    Raises:
        StorageError: the index cannot be used from the start. Later such errors (disk full) become a
            NotStored, and the images are still yielded.
        Exception: whatever `encode` raises; what was done before is stored.
    """
    index.register(encoder.id, encoder.token_shape)
    if not files:
        return
    run = _Run(files, encoder, index, thumbnails, workers or _cores())
    try:
        yield from run.events()
    finally:
        run.close()


def _cores() -> int:
    """Cores this process may use, up to a bound: beyond it, the disk and the model limit."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, _MAX_WORKERS)


class _Run:
    """State of one call of `index_images`."""

    def __init__(
        self,
        files: Sequence[tuple[int, ImageFile]],
        encoder: Encoder,
        index: ImageIndex,
        thumbnails: ThumbnailStore,
        workers: int,
    ) -> None:
        self._encoder = encoder
        self._index = index
        self._thumbnails = thumbnails
        self._files = iter(files)
        self._again: deque[Job] = deque()
        self._duplicates: dict[bytes, list[Job]] = {}
        self._new: list[Readout] = []
        self._stored: list[Readout] = []
        self._first_came = 0.0
        self._batch_size = min(_FIRST_BATCH, encoder.batch_size)
        self._look_ahead = encoder.batch_size + 2 * workers
        self._stores = [self._store_tokens, self._store_thumbnails]
        self._reader = FileReader(encoder, index, thumbnails)
        self._pool = WorkerPool(self._reader.read, min(workers, len(files)))

    def events(self) -> Iterator[IndexedBatch | Failed | NotStored | Idle]:
        """All that happens, until every file has ended in a batch or a failure."""
        last = time.monotonic()
        while self._feed() or self._new or self._stored:
            for event in self._advance():
                yield event
                last = time.monotonic()
            if time.monotonic() - last >= _IDLE_SECONDS:
                yield Idle()
                last = time.monotonic()

    def close(self) -> None:
        """Stop the threads."""
        self._reader.close()
        self._pool.close(_CLOSE_SECONDS)

    def _feed(self) -> bool:
        """Keep the threads busy, no further ahead than needed; whether any job is unfinished."""
        while self._pool.unfinished + len(self._new) < self._look_ahead:
            if self._again:
                self._pool.submit(self._again.popleft())
            elif (entry := next(self._files, None)) is not None:
                self._pool.submit(Job(*entry))
            else:
                break
        return self._pool.unfinished > 0

    def _advance(self) -> Iterator[IndexedBatch | Failed | NotStored]:
        """Take one result, if one comes, and finish the batch if it is due."""
        result = self._pool.take(_IDLE_SECONDS) if self._pool.unfinished else None
        match result:
            case Readout():
                if not (self._new or self._stored):
                    self._first_came = time.monotonic()
                (self._stored if result.pixels is None else self._new).append(result)
            case Duplicate():
                self._duplicates.setdefault(result.key, []).append(result.job)
                self._requeue()
            case Failed():
                yield result
                self._requeue()
        yield from self._give_up()
        if self._is_due():
            yield from self._finish_batch()

    def _is_due(self) -> bool:
        if not (self._new or self._stored):
            return False
        return (
            len(self._new) >= self._batch_size
            or len(self._stored) >= _STORED_PER_BATCH
            or not self._pool.unfinished
            or time.monotonic() - self._first_came >= _FLUSH_SECONDS
        )

    def _requeue(self) -> None:
        """Read a duplicate after all where the job that had its content has ended."""
        for key in [key for key in self._duplicates if not self._reader.is_claimed(key)]:
            self._again.extend(self._duplicates.pop(key))

    def _give_up(self) -> Iterator[Failed]:
        """A decoder that a damaged file sends round in circles, or a disk that is out of reach, costs its
        thread, not the run."""
        for job in self._pool.give_up(_HANGING_SECONDS):
            same = [self._duplicates.pop(key, []) for key in self._reader.give_up(job)]
            for hanging in (job, *chain.from_iterable(same)):
                reason = (
                    f"reading was given up after {_HANGING_SECONDS:.0f} seconds without progress; the file "
                    "may be damaged, or its disk out of reach"
                )
                yield Failed(hanging.file_id, hanging.file.path, reason)

    def _finish_batch(self) -> Iterator[IndexedBatch | NotStored]:
        """Run the model on what has gathered, store it, and yield it."""
        new, self._new = self._new[: self._batch_size], self._new[self._batch_size :]
        stored, self._stored = self._stored, []
        self._feed()  # the threads go on while the model runs
        encoded = self._encode(new)
        failed: list[StorageError] = []
        for store in tuple(self._stores):  # each by itself: where one fails, the other still saves time
            try:
                store(new, stored, encoded)
            except StorageError as error:
                logger.warning("results are not stored any more: %s", error)
                self._stores.remove(store)
                failed.append(error)
        if failed:  # mostly both for one reason
            yield NotStored(str(failed[0]))
        yield self._batch(new, stored, encoded)

    def _encode(self, new: Sequence[Readout]) -> NDArray[np.float16]:
        if not new:
            return np.zeros((0, *self._encoder.token_shape), np.float16)
        start = time.monotonic()
        pixels = np.stack([read.pixels for read in new if read.pixels is not None])
        encoded = self._encoder.encode(pixels)
        per_image = (time.monotonic() - start) / len(new)
        wanted = max(int(_BATCH_SECONDS / max(per_image, 1e-6)), 1)
        self._batch_size = min(wanted, 2 * self._batch_size, self._encoder.batch_size)
        return encoded

    def _store_thumbnails(
        self, new: Sequence[Readout], stored: Sequence[Readout], _: NDArray[np.float16]
    ) -> None:
        self._thumbnails.put_many(
            [(read.content.key, read.thumbnail) for read in (*new, *stored) if read.thumbnail is not None]
        )

    def _store_tokens(
        self, new: Sequence[Readout], stored: Sequence[Readout], encoded: NDArray[np.float16]
    ) -> None:
        reads = [*new, *stored]
        files = [(job.file, read.content) for read in reads for job in self._jobs_of(read)]
        self._index.add(self._encoder.id, files, [read.content.key for read in new], encoded)

    def _jobs_of(self, read: Readout) -> list[Job]:
        """All files of this run that hold a content."""
        return [read.job, *self._duplicates.get(read.content.key, [])]

    def _batch(
        self, new: Sequence[Readout], stored: Sequence[Readout], encoded: NDArray[np.float16]
    ) -> IndexedBatch:
        reads = [*new, *stored]
        tokens = np.concatenate([encoded, *(read.tokens[None] for read in stored if read.tokens is not None)])
        pairs = [(row, job) for row, read in enumerate(reads) for job in self._jobs_of(read)]
        keys = [read.content.key for read in reads]
        for key in keys:
            self._duplicates.pop(key, None)
        self._reader.release(keys)
        return IndexedBatch(
            file_ids=tuple(job.file_id for _, job in pairs),
            keys=tuple(keys[row] for row, _ in pairs),
            tokens=tokens[[row for row, _ in pairs]],
            warnings=tuple(reads[row].content.warning for row, _ in pairs),
        )
