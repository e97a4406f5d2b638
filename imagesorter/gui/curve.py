"""Small drawings of figures: a curve that grows, and shares with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from imagesorter.gui import text, theme

_MOST_POINTS = 4000
"""Of a curve; beyond, every other point goes."""


class CurveView(QWidget):
    """A curve of shares (0 to 1) over steps.

    Args:
        title: what is drawn, for the heading and for screen readers.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._points: list[tuple[float, float]] = []
        self.setMinimumSize(200, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tell()

    @property
    def points(self) -> list[tuple[float, float]]:
        """(step, value) as drawn."""
        return list(self._points)

    def restart(self, title: str) -> None:
        """An empty curve."""
        self._title, self._points = title, []
        self._tell()

    def add(self, step: float, value: float) -> None:
        """Append a point."""
        self._points.append((step, value))
        if len(self._points) > _MOST_POINTS:
            del self._points[1::2]
        self._tell()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(480, 220)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        left, line = metrics.horizontalAdvance("100 %") + 10, metrics.height()
        area = QRectF(left, line + 10, self.width() - left - 6, self.height() - line - 20)
        faint = theme.faint(self.palette())
        painter.setPen(faint)
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._title)
        low, high = self._range()
        self._paint_grid(painter, area, low, high)
        if self._points:
            self._paint_curve(painter, area, low, high)
        painter.end()

    def _paint_grid(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        quiet = QPen(self.palette().color(QPalette.ColorRole.Midlight), 1)
        line = painter.fontMetrics().height()
        for k in range(3):
            share = low + (high - low) * k / 2
            y = area.bottom() - area.height() * k / 2
            painter.setPen(quiet)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.faint(self.palette()))
            label = QRectF(0, y - line / 2, area.left() - 8, line)
            painter.drawText(
                label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text.percent(share)
            )

    def _paint_curve(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        first, last = self._points[0][0], self._points[-1][0]
        span = max(last - first, 1e-9)
        drawn = [
            QPointF(
                area.left() + area.width() * min((step - first) / span, 1.0),
                area.bottom() - area.height() * (value - low) / (high - low),
            )
            for step, value in self._points
        ]
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(
            QPen(accent, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.drawPolyline(QPolygonF(drawn))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(drawn[-1], 4, 4)

    def _range(self) -> tuple[float, float]:
        """A range in tenths that holds all values, at least two tenths high."""
        values = [value for _, value in self._points]
        low = math.floor(min(values, default=0.5) * 10) / 10
        high = min(1.0, max(math.ceil(max(values, default=1.0) * 10) / 10, low + 0.2))
        return min(low, high - 0.2), high

    def _tell(self) -> None:
        now = f", now {text.percent(self._points[-1][1])}" if self._points else ""
        self.setAccessibleName(f"{self._title}{now}")
        self.update()


@dataclass(frozen=True, slots=True)
class Bar:
    """A share in [0, 1] with its interval, drawn as a dot on a band."""

    label: str
    value: float
    low: float
    high: float
    strong: bool = True


class BarView(QWidget):
    """Shares below each other on one axis from 0 to 100 %, a mark at chance (50 %)."""

    _LINE, _CLOSE = 34, 24

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._bars: list[Bar] = []
        self._line = self._LINE
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_bars([])

    @property
    def bars(self) -> list[Bar]:
        return list(self._bars)

    def set_bars(self, bars: list[Bar]) -> None:
        self._bars = list(bars)
        told = [f"{b.label} {text.percent(b.value)}, {text.interval(b.low, b.high)}" for b in bars]
        self.setAccessibleName(f"{self._title}: {'; '.join(told) or 'not known yet'}")
        self.updateGeometry()
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Lines close to each other."""
        self._line = self._CLOSE if compact else self._LINE
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(300, self._line * max(1, len(self._bars)) + 18)

    minimumSizeHint = sizeHint  # noqa: N815

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, faint = painter.fontMetrics(), theme.faint(self.palette())
        labels = max((metrics.horizontalAdvance(b.label) for b in self._bars), default=0)
        figures = metrics.horizontalAdvance("100 %")
        left, right = labels + 16 if labels else 8, self.width() - figures - 14
        bottom = self._line * max(1, len(self._bars))
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1, Qt.PenStyle.DashLine))
        middle = (left + right) / 2
        painter.drawLine(QPointF(middle, 2), QPointF(middle, bottom - 2))
        painter.setPen(faint)
        for share, flag in (
            (0.0, Qt.AlignmentFlag.AlignLeft),
            (0.5, Qt.AlignmentFlag.AlignHCenter),
            (1.0, Qt.AlignmentFlag.AlignRight),
        ):
            name = "chance" if share == 0.5 else text.percent(share)
            painter.drawText(QRectF(left, bottom, right - left, 18), flag, name)
        for k, bar in enumerate(self._bars):
            self._paint_bar(painter, bar, (k + 0.5) * self._line, left, right)
        painter.end()

    def _paint_bar(self, painter: QPainter, bar: Bar, y: float, left: float, right: float) -> None:
        palette = self.palette()
        strong, faint = palette.color(QPalette.ColorRole.Text), theme.faint(palette)
        accent = palette.color(QPalette.ColorRole.Highlight) if bar.strong else faint
        painter.setPen(strong if bar.strong else faint)
        row = QRectF(0, y - 12, left - 12, 24)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, bar.label)
        row = QRectF(right, y - 12, self.width() - right, 24)
        painter.drawText(
            row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text.percent(bar.value)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
        painter.drawRoundedRect(QRectF(left, y - 3, right - left, 6), 3, 3)
        band = accent.toRgb()
        band.setAlphaF(0.55 if theme.is_dark(palette) else 0.38)
        painter.setBrush(band)
        width = right - left
        painter.drawRoundedRect(
            QRectF(left + width * bar.low, y - 6, max(4.0, width * (bar.high - bar.low)), 12), 6, 6
        )
        painter.setBrush(strong)  # on either band it stands out as much as text on its ground
        painter.drawEllipse(QPointF(left + width * bar.value, y), 5, 5)
