"""One photograph of a pair, in a frame that both share the zoom of."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from imagesorter.gui import framing, signs, text, theme

CAPTION = 26
"""Height of the line with the file's name, logical pixels."""

_NOTCH = 120
"""Eighths of a degree in one step of a common mouse wheel (Qt's unit)."""


class PhotoPane(QWidget):
    """Paints a photograph, fitted or zoomed; tells what the user does with wheel and mouse.

    Signals:
        zoom_wanted: (factor, point of the pane at which the photograph is to stay where it is).
        pan_wanted: by how much of the way from one edge of the photograph to the other.
        reset_wanted: a double click.
    """

    zoom_wanted = Signal(float, QPointF)
    pan_wanted = Signal(QPointF)
    reset_wanted = Signal()

    def __init__(self, side: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._name = self._failure = ""
        self._picture, self._fitted = QPixmap(), QPixmap()
        self._decoded = False
        self._zoom, self._centre = 1.0, QPointF(0.5, 0.5)
        self._dragged_from: QPointF | None = None
        self.chosen = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 80)
        self.setToolTip("Wheel or + and − zoom both, dragging moves both, a double click shows them whole")
        self.clear()

    @property
    def shows_picture(self) -> bool:
        """Whether the photograph is on screen, not only its thumbnail."""
        return self._decoded

    @property
    def shows_something(self) -> bool:
        """Whether the photograph or its thumbnail is on screen."""
        return not self._picture.isNull()

    @property
    def failure(self) -> str:
        """Why the photograph cannot be shown, "" where it can."""
        return self._failure

    @property
    def name(self) -> str:
        return self._name

    def clear(self) -> None:
        """Nothing to show."""
        self.wait("")

    def wait(self, name: str) -> None:
        """A photograph of that name is on its way."""
        self._name, self._failure, self.chosen, self._decoded = name, "", False, False
        self._picture = self._fitted = QPixmap()
        self._tell(f"{name}, loading" if name else "no photograph yet")

    def stand_in(self, thumbnail: QPixmap) -> None:
        """Show the thumbnail until the photograph is there."""
        if not self._decoded and not self._failure:
            self._picture = thumbnail
            self._fit()
            self.update()

    def show_picture(self, image: QImage) -> None:
        self._failure, self._decoded = "", True
        self._picture = QPixmap.fromImage(image)
        self._fit()
        self._tell(self._name)

    def fail(self, reason: str) -> None:
        """The photograph cannot be shown."""
        self._failure, self._decoded = reason, False
        self._picture = self._fitted = QPixmap()
        self._tell(f"{self._name} cannot be shown: {text.message(reason)}")

    def set_chosen(self, chosen: bool) -> None:
        """Frame it as the user's answer."""
        self.chosen = chosen
        self.update()

    def set_view(self, zoom: float, centre: QPointF) -> None:
        """Show a part.

        Args:
            zoom: from 1 (the whole photograph) up.
            centre: which part, each way from 0 (left or top edges meet) to 1 (right or bottom edges meet).
        """
        self._zoom, self._centre = zoom, centre
        self.setCursor(Qt.CursorShape.OpenHandCursor if zoom > 1 else Qt.CursorShape.ArrowCursor)
        self.update()

    def centre_at(self, zoom: float, point: QPointF) -> QPointF:
        """The centre that, at a new zoom, leaves under `point` what lies there now."""
        before = self._target()
        if before.isEmpty():
            return self._centre
        return framing.centre_at(point, before, self._fitted.deviceIndependentSize() * zoom, self._area())

    # Wheel, pinch and mouse.

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned:
            self.zoom_wanted.emit(1.25 ** (turned / _NOTCH), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture
        ):
            self.zoom_wanted.emit(1.0 + event.value(), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._zoom > 1:
            self._dragged_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None:
            return
        moved = event.position() - self._dragged_from
        self._dragged_from = event.position()
        size = self._fitted.deviceIndependentSize() * self._zoom
        self.pan_wanted.emit(framing.pan(moved, size, self._area()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        self.set_view(self._zoom, self._centre)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_wanted.emit()

    # Painting.

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = self._area()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.ground(self.palette()))
        painter.drawRoundedRect(area, 6, 6)
        if self._failure:
            self._paint_failure(painter, area)
        elif not self._picture.isNull():
            self._paint_picture(painter, area)
        elif self._name:
            painter.setPen(theme.faint(self.palette()))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "Loading …")
        if self.chosen:
            self._paint_choice(painter, area)
        self._paint_caption(painter)
        painter.end()

    def _paint_picture(self, painter: QPainter, area: QRectF) -> None:
        target = self._target()
        painter.save()
        painter.setClipRect(area)
        if self._zoom == 1:
            painter.drawPixmap(target.topLeft().toPoint(), self._fitted)
        else:
            painter.drawPixmap(target, self._picture, QRectF(self._picture.rect()))
        painter.restore()

    def _paint_choice(self, painter: QPainter, area: QRectF) -> None:
        pen = painter.pen()
        pen.setColor(self.palette().color(QPalette.ColorRole.Highlight))
        pen.setStyle(Qt.PenStyle.SolidLine)
        pen.setWidthF(4)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 5, 5)

    def _paint_failure(self, painter: QPainter, area: QRectF) -> None:
        bright = self.palette().color(QPalette.ColorRole.Text)
        faint = theme.faint(self.palette())
        signs.failure(painter, area, "This photograph cannot be shown", self._failure, bright, faint)

    def _paint_caption(self, painter: QPainter) -> None:
        line = QRectF(4, self.height() - CAPTION, self.width() - 8, CAPTION)
        painter.setPen(QColor(theme.faint(self.palette())))
        metrics = painter.fontMetrics()
        zoom = f"  ·  {self._zoom:.1f}×" if self._zoom > 1 else ""
        room = int(line.width()) - metrics.horizontalAdvance(zoom)
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, name + zoom)

    def _area(self) -> QRectF:
        """Where the photograph goes."""
        return QRectF(0, 0, self.width(), max(1, self.height() - CAPTION))

    def _target(self) -> QRectF:
        """Where the whole photograph lies, parts of it outside the pane while it is zoomed."""
        if self._picture.isNull():
            return QRectF()
        return framing.place(self._fitted.deviceIndependentSize() * self._zoom, self._area(), self._centre)

    def _fit(self) -> None:
        """Scale once for the size of the pane, not at every painting."""
        if self._picture.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = (self._area().size() * ratio).toSize()
        # A small photograph is enlarged like its thumbnail before it: neither side shall look the lesser.
        self._fitted = self._picture.scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        self._fitted.setDevicePixelRatio(ratio)

    def _tell(self, name: str) -> None:
        self.setAccessibleName(f"{self._side} photograph: {name}")
        self.update()
