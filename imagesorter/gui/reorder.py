"""Dragging a photograph up or down in the order: what it passes on its way are comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from imagesorter.gui import framing

if TYPE_CHECKING:
    from imagesorter.gui.image_grid import ImageGrid

_EDGE = 40
"""Logical pixels from the upper and lower edge within which the grid scrolls."""

_GHOST = 96
"""Longest side of the picture under the mouse, logical pixels."""


class Reorder(QObject):
    """Watches the mouse over a grid. A drag that begins on a ranked photograph moves it; one that begins
    between photographs selects, as before.

    Signals:
        moved: (row, gap): the photograph of `row` was dropped before the row `gap`.
    """

    moved = Signal(int, int)

    def __init__(self, grid: ImageGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._pressed: tuple[QPoint, int] | None = None
        self._mouse = QPoint()
        self._row: int | None = None
        self._mark = _Mark(grid.viewport())
        self._ghost = _Ghost(grid.viewport())
        self._scroll = QTimer(self, interval=30)
        self._scroll.timeout.connect(self._scroll_on)
        grid.viewport().installEventFilter(self)
        grid.installEventFilter(self)

    @property
    def active(self) -> bool:
        """Whether a photograph is being dragged."""
        return self._row is not None

    def stop(self) -> None:
        """Let go without a move."""
        self._pressed = self._row = None
        self._scroll.stop()
        self._mark.hide()
        self._ghost.hide()
        self._grid.viewport().unsetCursor()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QKeyEvent):
            return self._on_key(event)
        if isinstance(event, QMouseEvent) and watched is self._grid.viewport():
            return self._on_mouse(event)
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        if not self.active or event.key() != Qt.Key.Key_Escape:
            return False
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()  # else the window takes it as "stop"
        elif event.type() is QEvent.Type.KeyPress:
            self.stop()
        return True

    def _on_mouse(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        match event.type():
            case QEvent.Type.MouseButtonPress if self.active:
                self.stop()  # another button: it lets go without a move
                return True
            case QEvent.Type.MouseButtonPress:
                row = self._grid.ranked_row_at(point)
                plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
                left = event.button() is Qt.MouseButton.LeftButton
                self._pressed = (point, row) if left and plain and row is not None else None
            case QEvent.Type.MouseMove if self._pressed is not None:
                if not event.buttons() & Qt.MouseButton.LeftButton:
                    self.stop()
                    return False
                start, row = self._pressed
                if not self.active and (point - start).manhattanLength() >= QApplication.startDragDistance():
                    self._begin(row)
                if self.active:
                    self._follow(point)
                return True
            case QEvent.Type.MouseButtonRelease if self._pressed is not None:
                row = self._row
                gap = self._grid.gap_at(point)
                self.stop()
                if row is not None and gap not in (row, row + 1):
                    self.moved.emit(row, gap)
        return False

    def _begin(self, row: int) -> None:
        self._row = row
        if len(self._grid.selected_rows()) > 1:  # what does not go along is not to look as if it did
            self._grid.setCurrentIndex(self._grid.model().index(row, 0))
        self._ghost.show_pixmap(self._grid.thumbnail(row))
        self._grid.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self._scroll.start()

    def _follow(self, point: QPoint) -> None:
        self._mouse = point
        self._ghost.move(point + QPoint(10, 10))
        self._mark.setGeometry(self._grid.gap_rect(self._grid.gap_at(point)))
        self._mark.show()
        self._mark.raise_()
        self._ghost.raise_()

    def _scroll_on(self) -> None:
        """Scroll while the mouse is near an edge."""
        bar, height = self._grid.verticalScrollBar(), self._grid.viewport().height()
        if self._mouse.y() < _EDGE:
            bar.setValue(bar.value() - 20)
        elif self._mouse.y() > height - _EDGE:
            bar.setValue(bar.value() + 20)
        else:
            return
        self._follow(self._mouse)


class _Mark(QWidget):
    """A bar where the photograph would go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Highlight))
        painter.drawRoundedRect(self.rect(), 2, 2)
        painter.end()


class _Ghost(QWidget):
    """The photograph under the mouse, let through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_pixmap(self, pixmap: QPixmap | None) -> None:
        if pixmap is None:
            return
        self._pixmap = pixmap
        self.resize(framing.fitted(pixmap.size(), QSize(_GHOST, _GHOST)))
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(0.8)
        painter.drawPixmap(QRect(QPoint(0, 0), self.size()), self._pixmap)
        painter.end()
