"""Whole images for the viewer, decoded off the window's thread, the neighbours ahead of time."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage

from imagesorter.errors import DecodeError, ImagesorterError

if TYPE_CHECKING:
    from imagesorter.engine import Engine

logger = logging.getLogger(__name__)

KEPT = 5
"""Decoded images kept: the one shown and two on each side."""


class _Decode(QRunnable):
    """Decodes one file."""

    def __init__(self, loader: PictureLoader, engine: Engine, generation: int, path: Path, side: int) -> None:
        super().__init__()
        self._loader, self._engine = loader, engine
        self._generation, self._path, self._side = generation, path, side

    def run(self) -> None:
        image, reason = QImage(), ""
        try:
            picture = self._engine.picture(self._path, self._side)
            rows = 3 * picture.width
            image = QImage(picture.rgb, picture.width, picture.height, rows, QImage.Format.Format_RGB888)
            # The conversion copies the pixels, which until then belong to `picture`.
            image = image.convertToFormat(QImage.Format.Format_RGB32)
        except DecodeError as error:
            reason = error.reason
        except ImagesorterError as error:
            reason = str(error)
        except Exception:
            logger.exception("picture %s", self._path)
            reason = "It could not be shown; the log file says more."
        self._loader.decoded.emit(self._generation, self._path, image, reason)


class PictureLoader(QObject):
    """Signals:
    loaded: (path, image); failed: (path, reason).
    decoded: internal; (generation, path, image, reason) from the pool's threads.

    Args:
        kept: number of decoded images in memory.
    """

    loaded = Signal(object, QImage)
    failed = Signal(object, str)
    decoded = Signal(int, object, QImage, str)

    def __init__(self, parent: QObject | None = None, *, kept: int = KEPT) -> None:
        super().__init__(parent)
        self._kept = kept
        self._engine: Engine | None = None
        self._generation = 0
        self._side = 0
        self._wanted: list[Path] = []
        self._running: set[Path] = set()
        self._images: OrderedDict[Path, QImage] = OrderedDict()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)
        self.decoded.connect(self._on_decoded, Qt.ConnectionType.QueuedConnection)

    def set_engine(self, engine: Engine) -> None:
        self._engine = engine
        self._start_next()

    def image(self, path: Path) -> QImage | None:
        """The decoded image where it is in memory."""
        return self._images.get(path)

    def request(self, paths: list[Path], side: int) -> None:
        """Replace what is wanted, the most wanted first; `side` in device pixels."""
        if side != self._side:
            self.reset()
            self._side = side
        for path in reversed(paths):
            if path in self._images:
                self._images.move_to_end(path)
        self._wanted = [p for p in reversed(paths) if p not in self._images and p not in self._running]
        self._start_next()

    def reset(self) -> None:
        """Forget all images; files may have changed."""
        self._generation += 1
        self._wanted, self._running = [], set()
        self._images.clear()

    def close(self) -> None:
        """Start nothing more and wait for what is running."""
        self._engine = None
        self.reset()
        self._pool.clear()
        self._pool.waitForDone()

    def _start_next(self) -> None:
        while self._engine is not None and self._wanted and len(self._running) < 2:
            path = self._wanted.pop()
            self._running.add(path)
            self._pool.start(_Decode(self, self._engine, self._generation, path, self._side))

    @Slot(int, object, QImage, str)
    def _on_decoded(self, generation: int, path: Path, image: QImage, reason: str) -> None:
        if generation != self._generation:
            return
        self._running.discard(path)
        if image.isNull():
            self.failed.emit(path, reason)
        else:
            self._images[path] = image
            while len(self._images) > self._kept:
                self._images.popitem(last=False)
            self.loaded.emit(path, image)
        self._start_next()
