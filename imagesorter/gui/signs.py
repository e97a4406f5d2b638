"""What is written over a photograph, or in its place."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from imagesorter.gui import icons, text


def failure(painter: QPainter, area: QRectF, title: str, reason: str, bright: QColor, faint: QColor) -> None:
    """In the place of a photograph that cannot be shown."""
    middle, side = area.center(), 40
    margin = min(40.0, area.width() / 10)
    ratio = painter.device().devicePixelRatioF()
    icon = icons.pixmap("warning", faint, side, ratio)
    painter.drawPixmap(QPointF(middle.x() - side / 2, middle.y() - side - 24), icon)
    room = QRectF(
        area.left() + margin, middle.y() - 12, area.width() - 2 * margin, area.bottom() - middle.y()
    )
    flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
    flags |= int(Qt.TextFlag.TextWrapAnywhere)
    painter.setPen(bright)
    words = painter.boundingRect(room, flags, title)
    painter.drawText(room, flags, title)
    painter.setPen(faint)
    painter.drawText(room.adjusted(0, words.height() + 4, 0, 0), flags, text.sentence(reason))


def pill(painter: QPainter, area: QRectF, words: str) -> None:
    """A small note at the lower edge, legible on any photograph."""
    metrics = painter.fontMetrics()
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0, int(area.width()) - 64))
    width, height = metrics.horizontalAdvance(words) + 28, metrics.height() + 12
    box = QRectF(area.center().x() - width / 2, area.bottom() - height - 12, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(255, 255, 255, 40))
    painter.setBrush(QColor(20, 20, 22, 215))
    painter.drawRoundedRect(box, height / 2, height / 2)
    painter.setPen(QColor("#f2f2f4"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    painter.restore()
