"""A picture with each of its pixels on one of the screen's."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter


class WholePixels:
    """A picture, and which part of it a room shows that may be smaller. Lengths are device pixels.

    Args:
        room: what there is of the screen.
        share: of the picture's width and height, where a spot is,
        point: and where in the room it is to lie.
    """

    def __init__(self, picture: QImage, room: QSize, share: QPointF, point: QPointF) -> None:
        self._picture = picture

        def centre(length: int, room: int, share: float, point: float) -> float:
            return _within((share * length - point) / (length - room)) if length > room else 0.5

        # each way from 0 (left or top edges meet) to 1
        self._centre = QPointF(
            centre(picture.width(), room.width(), share.x(), point.x()),
            centre(picture.height(), room.height(), share.y(), point.y()),
        )

    def part(self, room: QSize) -> QRect:
        """The part that is shown; the whole picture, where that is less."""
        width = min(self._picture.width(), room.width())
        height = min(self._picture.height(), room.height())
        left = round((self._picture.width() - width) * self._centre.x())
        return QRect(left, round((self._picture.height() - height) * self._centre.y()), width, height)

    def drag(self, room: QSize, by: QPointF) -> None:
        """Move the picture as far as its edges allow."""

        def moved(length: int, room: int, centre: float, by: float) -> float:
            return _within(centre - by / (length - room)) if length > room else 0.5

        self._centre = QPointF(
            moved(self._picture.width(), room.width(), self._centre.x(), by.x()),
            moved(self._picture.height(), room.height(), self._centre.y(), by.y()),
        )

    def paint(self, painter: QPainter, area: QRect, ratio: float) -> None:
        """Paint it in the middle of an area in logical pixels, `ratio` of the screen's to one."""
        part = self.part(area.size() * ratio)
        target = QRectF(0, 0, part.width() / ratio, part.height() / ratio)
        target.moveCenter(QRectF(area).center())
        # between two of the screen's pixels, all would be smoothed
        target.moveTopLeft(QPointF((target.topLeft() * ratio).toPoint()) / ratio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(target, self._picture, QRectF(part))


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
