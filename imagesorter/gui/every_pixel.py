"""The file's own pixels of the one photograph that is looked at closely."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Signal
from PySide6.QtGui import QImage, QPainter

from imagesorter.gui import text
from imagesorter.gui.pictures import PictureLoader

EVERY_PIXEL = 1 << 16
"""A longest side that reduces no picture."""


class EveryPixel(QObject):
    """Loads them when they are asked for, and keeps those of one photograph only.

    Signals:
        changed: they have come, or it is known why not; the size that they were thought to have.
    """

    changed = Signal(QSize)

    def __init__(self, details: PictureLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._details = details
        self._path: Path | None = None
        self._whole = QSize()
        self._failure = ""
        self.image = QImage()
        """Null until they are there."""
        details.loaded.connect(self._on_loaded)
        details.failed.connect(self._on_failed)

    @property
    def size(self) -> QSize:
        """In device pixels, known before they are there."""
        return self._whole if self.image.isNull() else self.image.size()

    @property
    def sign(self) -> str:
        """What has to be said about them, "" where they are there."""
        if self._failure:
            return f"Not every pixel could be loaded: {self._failure}"
        if self.image.isNull():
            return "Loading every pixel …"
        whole, here = (size.width() * size.height() / 1e6 for size in (self._whole, self.image.size()))
        if self.image.size() == self._whole:
            return ""
        return f"Reduced to {here:,.0f} of {whole:,.0f} megapixels: all of them would take too much memory"

    @property
    def caption(self) -> str:
        """What may be said below them, "" where they are not all there."""
        return (
            ""
            if self.sign
            else f"  ·  100\N{NO-BREAK SPACE}%, {self.size.width():,} × {self.size.height():,}"
        )

    def ask(self, path: Path, image: QImage, whole: QSize) -> None:
        """Load them, unless `image`, which is on screen, has them all."""
        if path == self._path:
            return
        self.forget()
        self._path, self._whole = path, whole
        if image.size() == whole:
            self.image = image
        else:
            self._details.request([path], EVERY_PIXEL)

    def forget(self) -> None:
        """Another photograph is looked at."""
        if self._path is not None:
            self._path, self._failure, self.image = None, "", QImage()
            self._details.reset()

    def _on_loaded(self, path: Path, image: QImage) -> None:
        if path == self._path:
            expected = self.size
            self.image, self._whole = image, self._details.whole(path)
            self.changed.emit(expected)

    def _on_failed(self, path: Path, reason: str) -> None:
        if path == self._path:
            self._failure = text.sentence(reason)
            self.changed.emit(self.size)


def paint(painter: QPainter, image: QImage, target: QRectF, area: QRectF) -> None:
    """The part in sight, one pixel of the image for one of the screen.

    Only that part is touched, and no copy made for the screen: a large photograph scrolls like a small one.
    """
    ratio = painter.device().devicePixelRatioF()
    origin = (target.topLeft() * ratio).toPoint()
    room = QRectF(area.topLeft() * ratio, area.size() * ratio).toRect()
    seen = QRect(origin, image.size()).intersected(room)
    part = image.copy(seen.translated(-origin))
    part.setDevicePixelRatio(ratio)
    painter.drawImage(seen.topLeft().toPointF() / ratio, part)
