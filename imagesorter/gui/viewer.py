"""One image, large, on a dark ground, over the whole window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from imagesorter.gui import every_pixel, framing, signs, text, viewer_caption
from imagesorter.gui.every_pixel import EveryPixel
from imagesorter.gui.image_model import ImageModel, Role
from imagesorter.gui.pictures import PictureLoader
from imagesorter.gui.thumbnails import ThumbnailCache
from imagesorter.gui.viewer_buttons import ViewerButtons

if TYPE_CHECKING:
    from imagesorter.engine import Engine

GROUND = QColor("#141416")
BRIGHT = QColor("#f2f2f4")
FAINT = QColor("#a6a6ad")
CAPTION = 52
"""Height of the line below the image, logical pixels."""
TOLD = 4000
"""Milliseconds for which a message stands over the photograph."""
ENLARGED = 2
"""A small image fills the window only up to this scale."""


class Viewer(QWidget):
    """Moves through the rows of an `ImageModel`; follows the image shown when the order changes.

    Signals:
        row_changed: the row now shown.
        closed: the user has gone back to the grid.
    """

    row_changed = Signal(int)
    closed = Signal()

    def __init__(self, model: ImageModel, thumbnails: ThumbnailCache, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._thumbnails = model, thumbnails
        self.pictures = PictureLoader(self)
        # One at a time: a single one may take half a gigabyte.
        self.details = PictureLoader(self, kept=1, threads=1)
        self._every_pixel = EveryPixel(self.details, self)
        self._window = parent
        self._file_id: int | None = None
        self._failure = ""
        self._scaled = QPixmap()
        self._image = QImage()
        self._whole_pixels = False
        self._centre = framing.MIDDLE
        self._dragged_from: QPointF | None = None
        self._told = ""
        self._telling = QTimer(self, singleShot=True, interval=TOLD)
        self._telling.timeout.connect(lambda: self.tell(""))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Photograph shown large")
        self.hide()

        self._buttons = ViewerButtons(self, BRIGHT, self.leave, self.step)
        self.pictures.loaded.connect(self._on_loaded)
        self.pictures.failed.connect(self._on_failed)
        self._every_pixel.changed.connect(self._on_every_pixel)
        model.reordered.connect(self._on_reordered)
        model.dataChanged.connect(self._on_changed)
        model.modelReset.connect(self.leave)

    @property
    def row(self) -> int | None:
        """The row shown, None while closed."""
        return None if self._file_id is None else self._model.row(self._file_id)

    @property
    def failure(self) -> str:
        """Why the image cannot be shown, "" where it can."""
        return self._failure

    @property
    def shows_picture(self) -> bool:
        """Whether the decoded image is on screen, not only its thumbnail."""
        return not self._scaled.isNull()

    @property
    def sign(self) -> str:
        """What is said about the pixels on screen, "" where nothing has to be."""
        return self._every_pixel.sign if self._whole_pixels and self.shows_picture else ""

    @property
    def note(self) -> str:
        """What stands over the photograph: a message for a moment, else the sign."""
        return self._told or self.sign

    def tell(self, message: str) -> None:
        """Say something for a moment, since the line at the bottom of the window is covered."""
        self._told = text.line(message) if self.isVisible() else ""
        if self._told:
            self._telling.start()
        self.update()

    @property
    def caption(self) -> str:
        """The file's name, and how many pixels it has where every one is shown."""
        return self._name() + (self._every_pixel.caption if self._whole_pixels else "")

    def set_engine(self, engine: Engine) -> None:
        self.pictures.set_engine(engine)
        self.details.set_engine(engine)

    def close_loaders(self) -> None:
        """Start nothing more and wait for what is running."""
        self.pictures.close()
        self.details.close()

    def show_row(self, row: int) -> None:
        """Open, or move to, a row. 100 % stays, and the part in sight: a series can be compared."""
        self._file_id = self._model.file_id(row)
        self._forget_picture()
        if self.isHidden():
            self.setGeometry(self._window.rect())
            self.raise_()
            self.show()
            self.setFocus()
        rows = [r for r in (row, row + 1, row - 1, row + 2) if 0 <= r < self._model.rowCount()]
        screen = self.screen().size() * self.devicePixelRatioF()
        self.pictures.request([self._model.path(r) for r in rows], max(screen.width(), screen.height()))
        self._buttons.show_ways(row, self._model.rowCount())
        self._tell_known_failure()
        image = self.pictures.image(self._model.path(row))
        if image is not None:
            self._show_picture(self._model.path(row), image)
        self.row_changed.emit(row)
        self.update()

    def step(self, by: int) -> None:
        """Move along the rank."""
        row = self.row
        if row is not None and 0 <= row + by < self._model.rowCount():
            self.show_row(row + by)

    def leave(self) -> None:
        """Back to the grid."""
        if self.isVisible() or self._file_id is not None:
            self._file_id = None
            self._whole_pixels, self._centre, self._told = False, framing.MIDDLE, ""
            self._forget_picture()
            self.pictures.reset()
            self.hide()
            self.closed.emit()

    def toggle_whole_pixels(self, at: QPointF | None = None) -> None:
        """Between fitting the window and one pixel of the screen for each pixel of the file.

        Args:
            at: the point at which the picture stays where it is, the middle where None or beside it.
        """
        row = self.row
        if row is None or not self.shows_picture:
            self._whole_pixels = False
            return
        before = self._target()
        self._whole_pixels = not self._whole_pixels
        self._ask_for_pixels(self._model.path(row))
        self._keep(at if at is not None and before.contains(at) else before.center(), before)

    def _ask_for_pixels(self, path: Path) -> None:
        if self._whole_pixels:
            self._every_pixel.ask(path, self._image, self.pictures.whole(path))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = self._model.rowCount() - 1
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Space | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.leave()
            case Qt.Key.Key_Right | Qt.Key.Key_Down | Qt.Key.Key_PageDown:
                self.step(1)
            case Qt.Key.Key_Left | Qt.Key.Key_Up | Qt.Key.Key_PageUp | Qt.Key.Key_Backspace:
                self.step(-1)
            case Qt.Key.Key_Home:
                self.show_row(0)
            case Qt.Key.Key_End:
                self.show_row(last)
            case Qt.Key.Key_Z:
                self.toggle_whole_pixels(QPointF(self.mapFromGlobal(QCursor.pos())))
            case _:
                super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if abs(event.angleDelta().y()) >= 60:
            self.step(-1 if event.angleDelta().y() > 0 else 1)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.toggle_whole_pixels(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragged_from = event.position()
            self._show_grip()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._whole_pixels and self._dragged_from is not None and self.shows_picture:
            moved = event.position() - self._dragged_from
            self._dragged_from = event.position()
            by = framing.pan(moved, self._size(), QRectF(self._area()))
            self._centre = framing.inside(self._centre + by)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        self._show_grip()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._buttons.place(self._area())
        self._fit()

    def event(self, event: QEvent) -> bool:
        # Shortcuts of the window must not take the keys that move through the images.
        if event.type() is QEvent.Type.ShortcutOverride and event.key() in (  # type: ignore[attr-defined]
            Qt.Key.Key_Escape,
            Qt.Key.Key_Space,
            Qt.Key.Key_Z,
        ):
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), GROUND)
        if self._file_id is None:
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = self._area()
        if self._failure:
            title = f"{text.shortened(self._name(), 60)} cannot be shown"
            signs.failure(painter, QRectF(area), title, self._failure, BRIGHT, FAINT)
        elif self.shows_picture:
            self._paint_picture(painter, area)
        else:
            signs.stand_in(painter, area, self._thumbnails.get(self._file_id), FAINT)
        if self.note:
            signs.pill(painter, QRectF(area), self.note)
        self._paint_caption(painter)
        painter.end()

    def _paint_picture(self, painter: QPainter, area: QRect) -> None:
        target = self._target()
        if not self._whole_pixels:
            painter.drawPixmap(target.topLeft().toPoint(), self._scaled)
            return
        painter.setClipRect(area)
        if self._every_pixel.image.isNull():
            painter.drawImage(target, self._image, QRectF(self._image.rect()))
        else:
            every_pixel.paint(painter, self._every_pixel.image, target, QRectF(area))
        painter.setClipping(False)

    def _paint_caption(self, painter: QPainter) -> None:
        row = self.row
        assert row is not None
        line = QRectF(24, self.height() - CAPTION, self.width() - 48, CAPTION)
        place, facts = viewer_caption.place(self._model, row), viewer_caption.facts(self._model, row)
        signs.caption(painter, line, place, self.caption, facts, BRIGHT, FAINT)

    def _area(self) -> QRect:
        """Where the image goes."""
        return self.rect().adjusted(60, 20, -60, -CAPTION)

    def _name(self) -> str:
        return "" if self.row is None else text.printable(self._model.path(self.row).name)

    def _size(self) -> QSizeF:
        """Of the picture as it is shown, logical pixels."""
        if self._whole_pixels:
            return QSizeF(self._every_pixel.size) / self.devicePixelRatioF()
        return self._scaled.deviceIndependentSize()

    def _target(self) -> QRectF:
        """Where the whole picture lies."""
        centre = self._centre if self._whole_pixels else framing.MIDDLE
        return framing.place(self._size(), QRectF(self._area()), centre)

    def _keep(self, point: QPointF, before: QRectF) -> None:
        """Leave at a point what lay there, after the size has changed."""
        self._centre = framing.centre_at(point, before, self._size(), QRectF(self._area()))
        self._show_grip()
        self.update()

    def _show_grip(self) -> None:
        """The pointer tells where the picture can be dragged."""
        over = framing.slack(self._size(), QRectF(self._area()))
        if not (self._whole_pixels and self.shows_picture) or over.isNull():
            self.unsetCursor()
        elif self._dragged_from is None:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _forget_picture(self) -> None:
        self._every_pixel.forget()
        self._failure, self._image, self._scaled = "", QImage(), QPixmap()
        self._show_grip()

    def _show_picture(self, path: Path, image: QImage) -> None:
        self._failure, self._image = "", image
        self._ask_for_pixels(path)
        self._fit()

    def _fit(self) -> None:
        """Scale once for the size of the window, not at every painting."""
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        target = framing.fitted(self._image.size(), self._area().size() * ratio)
        most = self._image.size() * ENLARGED * ratio
        image = self._image.scaled(
            target.boundedTo(most),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        self._scaled = QPixmap.fromImage(image)
        self._scaled.setDevicePixelRatio(ratio)
        self._show_grip()
        self.update()

    def _on_loaded(self, path: Path, image: QImage) -> None:
        row = self.row
        if row is not None and self._model.path(row) == path:
            self._show_picture(path, image)

    def _on_every_pixel(self, expected: QSize) -> None:
        self.update()
        if self._whole_pixels and expected != self._every_pixel.size:
            # Where the picture had to be reduced, it is smaller than it was thought to be.
            area = QRectF(self._area())
            before = framing.place(QSizeF(expected) / self.devicePixelRatioF(), area, self._centre)
            self._keep(area.center(), before)

    def _on_changed(self) -> None:
        self._tell_known_failure()
        self.update()  # it may have been marked

    def _tell_known_failure(self) -> None:
        """What reading the folder has found out already need not be waited for. The file is tried all the
        same: it may have been mended since."""
        row = self.row
        if row is not None and not self.shows_picture and not self._failure:
            self._failure = self._model.index(row).data(Role.UNREADABLE)
            self.update()

    def _on_failed(self, path: Path, reason: str) -> None:
        row = self.row
        if row is not None and self._model.path(row) == path:
            self._failure = reason
            self.update()

    def _on_reordered(self) -> None:
        row = self.row
        if row is not None:
            self._buttons.show_ways(row, self._model.rowCount())
            self.update()
