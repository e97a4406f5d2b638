"""Thumbnails for the tiles in sight: read and scaled on two threads, kept within a budget of memory."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

if TYPE_CHECKING:
    from imagesorter.engine import Engine

logger = logging.getLogger(__name__)

THREADS = 2
BUDGET = 192 * 2**20
"""Bytes of pixmaps kept."""


class ThumbnailCache:
    """Pixmaps by file id, the least recently used dropped first.

    Args:
        budget: bytes that all of them together may take.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._bytes = 0
        self._entries: OrderedDict[int, tuple[QPixmap, int]] = OrderedDict()

    def get(self, file_id: int) -> QPixmap | None:
        """The pixmap, whatever the size it was scaled to."""
        entry = self._entries.get(file_id)
        if entry is None:
            return None
        self._entries.move_to_end(file_id)
        return entry[0]

    def side(self, file_id: int) -> int:
        """The side that the pixmap was scaled for, 0 where there is none."""
        entry = self._entries.get(file_id)
        return entry[1] if entry else 0

    def put(self, file_id: int, pixmap: QPixmap, side: int) -> None:
        """Keep a pixmap that was scaled to fit a square of `side` device pixels."""
        self.drop(file_id)
        self._entries[file_id] = (pixmap, side)
        self._bytes += _bytes(pixmap)
        while self._bytes > self._budget and len(self._entries) > 1:
            _, (oldest, _) = self._entries.popitem(last=False)
            self._bytes -= _bytes(oldest)

    def drop(self, file_id: int) -> None:
        entry = self._entries.pop(file_id, None)
        if entry is not None:
            self._bytes -= _bytes(entry[0])

    def clear(self) -> None:
        self._entries.clear()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Memory that the pixmaps take."""
        return self._bytes


def _bytes(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


class _Read(QRunnable):
    """Reads one thumbnail off the window's thread."""

    def __init__(
        self, loader: ThumbnailLoader, engine: Engine, generation: int, file_id: int, side: int
    ) -> None:
        super().__init__()
        self._loader, self._engine = loader, engine
        self._generation, self._file_id, self._side = generation, file_id, side

    def run(self) -> None:
        image = QImage()
        try:
            stored = self._engine.thumbnail(self._file_id)
            if stored is not None:
                # Named, or Qt asks every plugin: the one for SVG connects signals, with the interpreter's
                # lock held, and can wait for a mutex whose holder on the window's thread waits for that lock.
                # (PySide takes text here and refuses bytes, whatever its type stubs say.)
                image = _scaled(QImage.fromData(stored, "JPEG"), self._side)  # type: ignore[arg-type]
        except Exception:
            logger.exception("thumbnail of file %d", self._file_id)
        self._loader.image_read.emit(self._generation, self._file_id, self._side, image)


def _scaled(image: QImage, side: int) -> QImage:
    """Fit into a square of `side` device pixels; never enlarged."""
    if max(image.width(), image.height()) > side:
        image = image.scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return image.convertToFormat(QImage.Format.Format_RGB32)


class ThumbnailLoader(QObject):
    """Loads what is asked for last; what is no longer asked for is never started.

    Args:
        budget: bytes that the cache may take.

    Signals:
        loaded: the pixmap of this file id can be had from `cache`.
        image_read: internal; (generation, file id, side, image) from the pool's threads.
    """

    loaded = Signal(int)
    image_read = Signal(int, int, int, QImage)

    def __init__(self, parent: QObject | None = None, *, budget: int = BUDGET) -> None:
        super().__init__(parent)
        self.cache = ThumbnailCache(budget)
        self._engine: Engine | None = None
        self._generation = 0
        self._side = 0
        self._requested: frozenset[int] = frozenset()
        self._wanted: list[int] = []
        self._running: set[int] = set()
        self._absent: set[int] = set()
        self._again: set[int] = set()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self.image_read.connect(self._on_read, Qt.ConnectionType.QueuedConnection)

    def set_engine(self, engine: Engine) -> None:
        self._engine = engine
        self._start_next()

    def reset(self) -> None:
        """Forget all: file ids have a new meaning from now on."""
        self._generation += 1
        self._wanted = []
        self._running, self._absent, self._again = set(), set(), set()
        self.cache.clear()

    def request(self, file_ids: Sequence[int], side: int) -> None:
        """Replace what is wanted.

        Args:
            file_ids: the most wanted first.
            side: device pixels of the square that a thumbnail has to fill.
        """
        self._side = side
        self._requested = frozenset(file_ids)
        self._wanted = [
            i
            for i in reversed(file_ids)
            if i not in self._absent and i not in self._running and self.cache.side(i) != side
        ]
        self._start_next()

    def stored(self, file_ids: Iterable[int]) -> None:
        """These thumbnails have come into being."""
        for file_id in file_ids:
            self._absent.discard(file_id)
            if file_id in self._running:
                # It may have been looked for a moment too early.
                self._again.add(file_id)

    @property
    def busy(self) -> bool:
        """Whether thumbnails are wanted or on their way."""
        return bool(self._wanted or self._running)

    def close(self) -> None:
        """Start nothing more and wait for the two that may be running."""
        self._engine = None
        self._generation += 1
        self._pool.clear()
        self._pool.waitForDone()

    def _start_next(self) -> None:
        while self._engine is not None and self._wanted and len(self._running) < 2 * THREADS:
            file_id = self._wanted.pop()
            self._running.add(file_id)
            self._pool.start(_Read(self, self._engine, self._generation, file_id, self._side))

    @Slot(int, int, int, QImage)
    def _on_read(self, generation: int, file_id: int, side: int, image: QImage) -> None:
        if generation != self._generation:
            return
        self._running.discard(file_id)
        if image.isNull() and file_id in self._again:
            self._wanted.append(file_id)
        elif image.isNull():
            self._absent.add(file_id)
        else:
            self.cache.put(file_id, QPixmap.fromImage(image), side)
            self.loaded.emit(file_id)
            if side != self._side and file_id in self._requested:  # the tiles have another size by now
                self._wanted.append(file_id)
        self._again.discard(file_id)
        self._start_next()
