"""How one image looks in the grid: thumbnail, rank, score, name."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from imagesorter.gui import framing, text, theme
from imagesorter.gui.image_model import Index, Role
from imagesorter.gui.thumbnails import ThumbnailCache

PADDING = 8
GAP = 6
RADIUS = 6


class TileDelegate(QStyledItemDelegate):
    """Paints tiles from what is in memory; never reads a file.

    Attributes:
        side: width and height of the thumbnail's ground in logical pixels.
    """

    def __init__(self, thumbnails: ThumbnailCache, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self.side = 180
        self.set_font(parent.font())

    def set_font(self, font: QFont) -> None:
        """Take over the window's font."""
        self._font, self._rank_font = QFont(font), QFont(font)
        self._rank_font.setWeight(QFont.Weight.DemiBold)
        self._line = QFontMetrics(font).height()

    def cell(self) -> QSize:
        """Smallest size of a tile with its padding."""
        return QSize(self.side + 2 * PADDING, self.side + 2 * PADDING + GAP + 2 * self._line + 2)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return self.cell()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        palette: QPalette = option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        frame = QRect(0, 0, self.side + 2 * PADDING, option.rect.height() - 2)
        frame.moveTopLeft(option.rect.topLeft())
        frame.translate((option.rect.width() - frame.width()) // 2, 0)
        if selected:
            painter.setPen(QPen(palette.highlight(), 1.5))
            painter.setBrush(theme.tint(palette, 0.18))
            painter.drawRoundedRect(QRectF(frame).adjusted(1, 1, -1, -1), RADIUS + 3, RADIUS + 3)
        elif option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(palette.highlight(), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(frame).adjusted(1, 1, -1, -1), RADIUS + 3, RADIUS + 3)
        ground = QRect(frame.left() + PADDING, frame.top() + PADDING, self.side, self.side)
        self._paint_image(painter, palette, ground, index)
        self._paint_caption(painter, palette, ground, index, selected)

    def _paint_image(self, painter: QPainter, palette: QPalette, ground: QRect, index: Index) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.ground(palette))
        painter.drawRoundedRect(ground, RADIUS, RADIUS)
        pixmap = self._thumbnails.get(index.data(Role.FILE_ID))
        if pixmap is not None:
            self._paint_pixmap(painter, ground, pixmap)
        elif index.data(Role.UNREADABLE):
            _paint_cross(painter, palette, ground)
        else:
            _paint_waiting(painter, palette, ground)
        if index.data(Role.MOVED):
            painter.setPen(QPen(palette.highlight(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(ground).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        if index.data(Role.WARNING):
            _paint_warning(painter, ground)
        if mark := index.data(Role.MARK):
            painter.setFont(self._rank_font)
            _paint_mark(painter, ground, mark)

    def _paint_pixmap(self, painter: QPainter, ground: QRect, pixmap: QPixmap) -> None:
        target = QRect(ground.topLeft(), framing.fitted(pixmap.size(), ground.size()))
        target.moveCenter(ground.center())
        if min(target.width(), target.height()) <= self.side - 2 * RADIUS:
            painter.drawPixmap(target, pixmap)
            return
        # Only an image that is about square reaches into the corners.
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(ground), RADIUS, RADIUS)
        painter.save()
        painter.setClipPath(clip)
        painter.drawPixmap(target, pixmap)
        painter.restore()

    def _paint_caption(
        self, painter: QPainter, palette: QPalette, ground: QRect, index: Index, selected: bool
    ) -> None:
        line = QRect(ground.left(), ground.bottom() + 1 + GAP, ground.width(), self._line)
        rank, score = index.data(Role.RANK), index.data(Role.SCORE)
        strong = palette.color(QPalette.ColorRole.Text)
        faint = strong if selected else theme.faint(palette)
        if rank is not None and score is not None:
            painter.setFont(self._rank_font)
            painter.setPen(strong)
            written = f"{'=' if index.data(Role.TIED) else ''}{rank:,}"
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, written)
            painter.setFont(self._font)
            former = index.data(Role.FORMER_RANK)
            painter.setPen(faint if former is None else palette.color(QPalette.ColorRole.Link))
            told = index.data(Role.NOTE) or text.score(score) if former is None else text.moved(former, rank)
            metrics = painter.fontMetrics()
            if former is not None and metrics.horizontalAdvance(f"{written}  {told}") > line.width():
                told = "moved"
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, told)
        else:
            painter.setFont(self._font)
            painter.setPen(faint)
            state = "not readable" if index.data(Role.UNREADABLE) else "\N{EN DASH}"
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, state)
        line.translate(0, self._line + 2)
        painter.setFont(self._font)
        painter.setPen(faint)
        name = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)


def _paint_waiting(painter: QPainter, palette: QPalette, ground: QRect) -> None:
    """A picture that has not been read: a faint frame with hills."""
    unit = min(36.0, ground.width() * 0.22)
    box = QRectF(0, 0, unit * 1.3, unit)
    box.moveCenter(QPointF(ground.center()))
    painter.setPen(QPen(theme.fainter(palette), max(1.2, unit / 22)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    hills = [(0.12, 0.8), (0.4, 0.42), (0.58, 0.66), (0.7, 0.54), (0.88, 0.8)]
    painter.drawPolyline(
        QPolygonF([QPointF(box.x() + x * box.width(), box.y() + y * unit) for x, y in hills])
    )
    painter.drawEllipse(
        QPointF(box.x() + 0.74 * box.width(), box.y() + 0.28 * unit), unit * 0.07, unit * 0.07
    )


def _paint_cross(painter: QPainter, palette: QPalette, ground: QRect) -> None:
    """A file that could not be read."""
    arm = min(14.0, ground.width() * 0.1)
    middle = QRectF(ground).center()
    painter.setPen(QPen(theme.fainter(palette), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(middle - QPointF(arm, arm), middle + QPointF(arm, arm))
    painter.drawLine(middle - QPointF(arm, -arm), middle + QPointF(arm, -arm))


def _paint_mark(painter: QPainter, ground: QRect, mark: str) -> None:
    """What the user has said of it, in the upper left corner, legible on any photograph."""
    metrics = painter.fontMetrics()
    size = QSize(metrics.horizontalAdvance(mark) + 14, metrics.height() + 4)
    box = QRectF(ground.topLeft() + QPoint(6, 6), size)
    painter.setPen(QColor(255, 255, 255, 40))
    painter.setBrush(QColor(20, 20, 22, 215))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setPen(QColor("#f2f2f4"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark)


def _paint_warning(painter: QPainter, ground: QRect) -> None:
    """A triangle with a mark, in the upper right corner."""
    box = QRectF(ground.right() - 25, ground.top() + 6, 20, 18)
    painter.setPen(QPen(QColor(0, 0, 0, 120), 1))
    painter.setBrush(theme.WARNING)
    path = QPainterPath(QPointF(box.center().x(), box.top()))
    path.lineTo(box.bottomRight())
    path.lineTo(box.bottomLeft())
    path.closeSubpath()
    painter.drawPath(path)
    painter.setPen(QPen(QColor(30, 20, 0), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(box.center().x(), box.top() + 6.5), QPointF(box.center().x(), box.top() + 11))
    painter.drawPoint(QPointF(box.center().x(), box.top() + 14.5))
