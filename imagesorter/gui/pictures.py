"""Whole images for the viewer, decoded off the window's thread, the neighbours ahead of time."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRunnable, QSize, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPainter

from imagesorter.errors import DecodeError, ImagesorterError

if TYPE_CHECKING:
    from imagesorter.answers import Picture
    from imagesorter.engine import Engine

logger = logging.getLogger(__name__)

KEPT = 5
"""Decoded images kept: the one shown and two on each side."""

_FORMAT = QImage.Format.Format_RGB32

_STRIP = 64
"""Rows copied at once."""

_UNKNOWN = "It could not be shown; the log file says more."


class _Decode(QRunnable):
    """Decodes one file."""

    def __init__(self, loader: PictureLoader, engine: Engine, generation: int, path: Path, side: int) -> None:
        super().__init__()
        self._loader, self._engine = loader, engine
        self._generation, self._path, self._side = generation, path, side

    def run(self) -> None:
        if self._loader.generation != self._generation:
            return  # nobody waits for it any longer
        image, whole, reason = QImage(), QSize(), ""
        try:
            picture = self._engine.picture(self._path, self._side)
            whole = QSize(picture.whole_width, picture.whole_height)
            image = _qimage(picture)
        except DecodeError as error:
            reason = error.reason
        except ImagesorterError as error:
            reason = str(error)
        except MemoryError:
            reason = "There is not enough memory for this photograph; close other programs and try again."
        except Exception:
            logger.exception("picture %s", self._path)
        self._loader.decoded.emit(self._generation, self._path, image, whole, reason or _UNKNOWN)


def _qimage(picture: Picture) -> QImage:
    """By strips: Qt holds the interpreter's lock while it copies, and the window would wait for it."""
    made, pixels, row = (
        QImage(picture.width, picture.height, _FORMAT),
        memoryview(picture.rgb),
        3 * picture.width,
    )
    if made.isNull():
        raise MemoryError
    painter = QPainter(made)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    for top in range(0, picture.height, _STRIP):
        rows = min(_STRIP, picture.height - top)
        part = pixels[top * row : (top + rows) * row]
        painter.drawImage(0, top, QImage(part, picture.width, rows, row, QImage.Format.Format_RGB888))
    painter.end()
    return made


class PictureLoader(QObject):
    """Signals:
    loaded: (path, image); failed: (path, reason).
    decoded: internal; (generation, path, image, size in the file, reason) from the pool's threads.

    Args:
        kept: number of decoded images in memory.
        threads: number of images decoded at a time.
    """

    loaded = Signal(object, QImage)
    failed = Signal(object, str)
    decoded = Signal(int, object, QImage, QSize, str)

    def __init__(self, parent: QObject | None = None, *, kept: int = KEPT, threads: int = 2) -> None:
        super().__init__(parent)
        self._kept, self._threads = kept, threads
        self._engine: Engine | None = None
        self._generation = 0
        self._side = 0
        self._wanted: list[Path] = []
        self._running: set[Path] = set()
        self._images: OrderedDict[Path, QImage] = OrderedDict()
        self._wholes: dict[Path, QSize] = {}
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self.decoded.connect(self._on_decoded, Qt.ConnectionType.QueuedConnection)

    def set_engine(self, engine: Engine) -> None:
        self._engine = engine
        self._start_next()

    def image(self, path: Path) -> QImage | None:
        """The decoded image where it is in memory."""
        return self._images.get(path)

    def whole(self, path: Path) -> QSize:
        """The size in its file of an image that is in memory."""
        return self._wholes.get(path, QSize())

    @property
    def generation(self) -> int:
        """Counts how often all was forgotten."""
        return self._generation

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
        self._wholes.clear()

    def close(self) -> None:
        """Start nothing more and wait for what is running."""
        self._engine = None
        self.reset()
        self._pool.clear()
        self._pool.waitForDone()

    def _start_next(self) -> None:
        while self._engine is not None and self._wanted and len(self._running) < self._threads:
            path = self._wanted.pop()
            self._running.add(path)
            self._pool.start(_Decode(self, self._engine, self._generation, path, self._side))

    @Slot(int, object, QImage, QSize, str)
    def _on_decoded(self, generation: int, path: Path, image: QImage, whole: QSize, reason: str) -> None:
        if generation != self._generation:
            return
        self._running.discard(path)
        if image.isNull():
            self.failed.emit(path, reason)
        else:
            self._images[path], self._wholes[path] = image, whole
            while len(self._images) > self._kept:
                oldest, _ = self._images.popitem(last=False)
                del self._wholes[oldest]
            self.loaded.emit(path, image)
        self._start_next()
