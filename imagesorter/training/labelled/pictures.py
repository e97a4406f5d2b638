"""Reading many photographs in threads, a bounded number ahead, each prepared for a model."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import DecodeError
from imagesorter.library.decode import read_image

Pixels = NDArray[np.uint8]
Prepare = Callable[[Image.Image], Pixels]
"""A picture of mode "RGB" and any size → (height, width, 3) of a model's input."""


class Reader:
    """Threads that decode and prepare; use as a context.

    Args:
        prepare: makes a model's input, in any thread.
        min_side: shorter side below which the input would lose detail.
        threads: None is one for each core.
    """

    def __init__(self, prepare: Prepare, min_side: int, threads: int | None = None) -> None:
        self._prepare = prepare
        self._min_side = min_side
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop what has not begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, path: Path) -> Future[Pixels]:
        """Read one photograph; the result raises DecodeError where it cannot be read."""
        return self._pool.submit(self._read, path)

    def each(self, paths: Sequence[Path]) -> Iterator[Pixels | DecodeError]:
        """Photographs in order, or why one could not be read; so few ahead that memory stays flat."""
        ahead: deque[Future[Pixels]] = deque()
        try:
            for path in paths:
                ahead.append(self.submit(path))
                if len(ahead) > 4 * self._threads:
                    yield outcome(ahead.popleft())
            while ahead:
                yield outcome(ahead.popleft())
        finally:
            for future in ahead:
                future.cancel()

    def _read(self, path: Path) -> Pixels:
        try:
            _, decoded = read_image(path, min_side=self._min_side)
        except DecodeError as error:
            if isinstance(error.__cause__, FileNotFoundError):  # labels name it: it may never have been there
                raise DecodeError(path, "there is no such file; correct the labels or --images") from error
            raise
        return self._prepare(decoded.on_grid)


def outcome(future: Future[Pixels]) -> Pixels | DecodeError:
    """The pixels, or the error that names the file."""
    try:
        return future.result()
    except DecodeError as error:
        return error
