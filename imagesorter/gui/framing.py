"""Where a photograph lies in the area that shows it, whole or in part."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt

MIDDLE = QPointF(0.5, 0.5)
"""Which part is in sight, each way from 0 (left or top edges meet) to 1 (right or bottom edges meet)."""


def fitted(size: QSize, room: QSize) -> QSize:
    """The largest size of the whole photograph that has room; no side vanishes, however long the other."""
    return size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))


def slack(size: QSizeF, area: QRectF) -> QSizeF:
    """By how much the photograph is larger than the area."""
    return QSizeF(max(0.0, size.width() - area.width()), max(0.0, size.height() - area.height()))


def place(size: QSizeF, area: QRectF, centre: QPointF) -> QRectF:
    """Where the whole photograph lies, parts of it outside the area where it is larger."""
    target = QRectF(QPointF(0, 0), size)
    target.moveCenter(area.center())
    over = slack(size, area)
    target.translate(over.width() * (0.5 - centre.x()), over.height() * (0.5 - centre.y()))
    return target


def centre_at(point: QPointF, before: QRectF, size: QSizeF, area: QRectF) -> QPointF:
    """The centre that, at a new size, leaves under `point` what lies there in `before`."""
    middle = area.center()

    def along(point: float, start: float, length: float, size: float, room: float, middle: float) -> float:
        over = size - room
        if over <= 0:
            return 0.5
        start = point - (point - start) / length * size
        return _clamped(0.5 - (start + size / 2 - middle) / over)

    return QPointF(
        along(point.x(), before.x(), before.width(), size.width(), area.width(), middle.x()),
        along(point.y(), before.y(), before.height(), size.height(), area.height(), middle.y()),
    )


def pan(moved: QPointF, size: QSizeF, area: QRectF) -> QPointF:
    """By how much the centre changes where the photograph is dragged that far."""
    over = slack(size, area)
    return QPointF(
        -moved.x() / over.width() if over.width() else 0.0,
        -moved.y() / over.height() if over.height() else 0.0,
    )


def inside(centre: QPointF) -> QPointF:
    """The nearest centre that shows no room beyond the edges."""
    return QPointF(_clamped(centre.x()), _clamped(centre.y()))


def _clamped(share: float) -> float:
    return min(max(share, 0.0), 1.0)
