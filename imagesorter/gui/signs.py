"""What is written over a photograph, or in its place."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap, QTextOption

from imagesorter.gui import framing, icons, text

_COLUMN = 520
"""Longest line of a reason, logical pixels; a longer one is hard to follow."""


def failure(painter: QPainter, area: QRectF, title: str, reason: str, bright: QColor, faint: QColor) -> None:
    """In the place of a photograph that cannot be shown."""
    middle, side = area.center(), 40
    width = min(_COLUMN, area.width() - 32)
    ratio = painter.device().devicePixelRatioF()
    icon = icons.pixmap("warning", faint, side, ratio)
    painter.drawPixmap(QPointF(middle.x() - side / 2, middle.y() - side - 24), icon)
    room = QRectF(middle.x() - width / 2, middle.y() - 12, width, area.bottom() - middle.y())
    wrapped = QTextOption(Qt.AlignmentFlag.AlignHCenter)
    wrapped.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)  # file names may have no spaces
    painter.setPen(bright)
    words = painter.boundingRect(room, title, wrapped)
    painter.drawText(room, title, wrapped)
    painter.setPen(faint)
    painter.drawText(room.adjusted(0, words.height() + 6, 0, 0), text.sentence(reason), wrapped)


def stand_in(painter: QPainter, area: QRect, thumbnail: QPixmap | None, faint: QColor) -> None:
    """The thumbnail, enlarged, until the photograph is there."""
    if thumbnail is None:
        painter.setPen(faint)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "Loading …")
        return
    target = QRect(area.topLeft(), framing.fitted(thumbnail.size(), area.size()))
    target.moveCenter(area.center())
    painter.drawPixmap(target, thumbnail)


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


def caption(
    painter: QPainter, line: QRectF, left: str, middle: str, right: str, bright: QColor, faint: QColor
) -> None:
    """One line below a photograph; what stands in the middle gives way to both sides."""
    vertically = Qt.AlignmentFlag.AlignVCenter
    painter.save()
    painter.setPen(faint)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight | vertically, right)
    side = painter.fontMetrics().horizontalAdvance(right)
    plain = painter.font()
    heavy = QFont(plain)
    heavy.setWeight(QFont.Weight.DemiBold)
    painter.setFont(heavy)
    painter.setPen(bright)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | vertically, left)
    side = max(side, painter.fontMetrics().horizontalAdvance(left)) + 20
    painter.setFont(plain)
    room = line.adjusted(side, 0, -side, 0)
    words = painter.fontMetrics().elidedText(middle, Qt.TextElideMode.ElideMiddle, int(room.width()))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
    painter.restore()
