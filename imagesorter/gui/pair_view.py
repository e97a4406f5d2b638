"""Two photographs side by side, at equal size, zoomed and moved together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QPointF, QTimer, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from imagesorter.gui import framing, text
from imagesorter.gui.photo_pane import PhotoPane
from imagesorter.gui.pictures import PictureLoader
from imagesorter.gui.thumbnails import ThumbnailLoader

MOST_ZOOM = 16.0
MOST_PIXELS = 4096
"""Longest side decoded for a photograph that is zoomed, device pixels."""

_ROUNDED = 512
"""A photograph that is shown whole is decoded at the size of its pane, rounded up to a multiple of this,
which for a camera's JPEG file takes a fraction of the time."""

_STEP = 1.5
"""Of the keys + and −."""


_STAND_IN = 512
"""Longest side of a thumbnail as it is stored, device pixels."""

_HEAD_START = 40
"""Milliseconds for which thumbnails have the processor to themselves."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph of the list that is open."""

    file_id: int
    path: Path


class PairView(QWidget):
    """Loads a pair in the background, and those that come after it ahead of time. Until a photograph is
    decoded its thumbnail stands in; when it is zoomed its detail is loaded too.

    Args:
        pictures, details: loaders that nobody else uses, for whole photographs and for zoomed ones.

    Signals:
        shown: both photographs are on screen.
        failed: (path, reason), one of the two cannot be shown.
    """

    shown = Signal()
    failed = Signal(object, str)

    def __init__(
        self,
        pictures: PictureLoader,
        details: PictureLoader,
        thumbnails: ThumbnailLoader,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures, self._details, self._thumbnails = pictures, details, thumbnails
        self._photos: tuple[Photo, Photo] | None = None
        self._wanted: list[Photo] = []
        self._decoding = QTimer(self, singleShot=True, interval=_HEAD_START)
        self._decoding.timeout.connect(self._decode)
        self._zoom, self._centre = 1.0, QPointF(0.5, 0.5)
        self.left, self.right = PhotoPane("Left"), PhotoPane("Right")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for pane in (self.left, self.right):
            row.addWidget(pane, 1)
            pane.zoom_wanted.connect(lambda factor, at, pane=pane: self._zoom_at(factor, pane, at))
            pane.pan_wanted.connect(self.pan)
            pane.reset_wanted.connect(self.reset_zoom)
        pictures.loaded.connect(self._on_loaded)
        pictures.failed.connect(self._on_failed)
        details.loaded.connect(self._on_detail)
        thumbnails.loaded.connect(self._on_thumbnail)

    @property
    def photos(self) -> tuple[Photo, Photo] | None:
        """What is shown, or on its way."""
        return self._photos

    @property
    def ready(self) -> bool:
        """Whether both photographs are on screen, decoded."""
        return self.left.shows_picture and self.right.shows_picture

    @property
    def zoom(self) -> float:
        """1: the photographs whole."""
        return self._zoom

    @property
    def centre(self) -> QPointF:
        """Which part is in sight, see `PhotoPane.set_view`."""
        return self._centre

    def show_pair(self, left: Photo, right: Photo) -> None:
        """Show two photographs, whole, at once where they are in memory."""
        self._photos = left, right
        self.reset_zoom()
        for pane, photo in self._panes():
            pane.wait(text.printable(photo.path.name))
            self._on_thumbnail(photo.file_id)
        for path in dict.fromkeys((left.path, right.path)):
            image = self._pictures.image(path)
            if image is not None:
                self._on_loaded(path, image)
        self._wanted = [left, right]
        self._load()

    def expect(self, photos: Sequence[Photo]) -> None:
        """Load photographs after the pair that is shown, so that they are there when they are wanted."""
        self._wanted += photos
        self._load()

    def clear(self) -> None:
        """Show nothing, and forget what was decoded."""
        self._photos = None
        self._decoding.stop()
        self._pictures.reset()
        self._details.reset()
        self.left.clear()
        self.right.clear()

    def mark(self, chosen: Literal["left", "right"] | None) -> None:
        """Frame the side that was chosen."""
        self.left.set_chosen(chosen == "left")
        self.right.set_chosen(chosen == "right")

    # Zoom.

    def zoom_in(self) -> None:
        self._zoom_at(_STEP)

    def zoom_out(self) -> None:
        self._zoom_at(1 / _STEP)

    def reset_zoom(self) -> None:
        """Both photographs whole."""
        self._set_view(1.0, QPointF(0.5, 0.5))

    def pan(self, by: QPointF) -> None:
        """Move the part in sight of both."""
        self._set_view(self._zoom, framing.inside(self._centre + by))

    def _zoom_at(self, factor: float, pane: PhotoPane | None = None, at: QPointF | None = None) -> None:
        zoom = min(max(self._zoom * factor, 1.0), MOST_ZOOM)
        if abs(zoom - 1) < 0.01:
            self.reset_zoom()
        else:
            self._set_view(zoom, self._centre if pane is None or at is None else pane.centre_at(zoom, at))

    def _set_view(self, zoom: float, centre: QPointF) -> None:
        self._zoom, self._centre = zoom, centre
        self.left.set_view(zoom, centre)
        self.right.set_view(zoom, centre)
        if zoom > 1:
            self._details.request([photo.path for _, photo in self._panes()], MOST_PIXELS)

    # Loading.

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._photos is not None and not self._decoding.isActive():
            self._decoding.start()  # a pane that has grown shows more

    def _panes(self) -> list[tuple[PhotoPane, Photo]]:
        return [] if self._photos is None else list(zip((self.left, self.right), self._photos, strict=True))

    def _load(self) -> None:
        self._thumbnails.request(list(dict.fromkeys(photo.file_id for photo in self._wanted)), _STAND_IN)
        if not self._decoding.isActive():
            self._decoding.start()

    def _decode(self) -> None:
        pane = self.left.size() * self.devicePixelRatioF()
        side = -(-max(pane.width(), pane.height()) // _ROUNDED) * _ROUNDED
        paths = list(dict.fromkeys(photo.path for photo in self._wanted))
        self._pictures.request(paths, min(side, MOST_PIXELS))

    def _on_loaded(self, path: Path, image: QImage) -> None:
        theirs = [pane for pane, photo in self._panes() if photo.path == path]
        for pane in theirs:
            pane.show_picture(image)
        if theirs and self.ready:
            self.shown.emit()

    def _on_detail(self, path: Path, image: QImage) -> None:
        for pane, photo in self._panes():
            if photo.path == path and pane.shows_picture:
                pane.show_picture(image)

    def _on_thumbnail(self, file_id: int) -> None:
        pixmap = self._thumbnails.cache.get(file_id)
        for pane, photo in self._panes():
            if pixmap is not None and photo.file_id == file_id:
                pane.stand_in(pixmap)

    def _on_failed(self, path: Path, reason: str) -> None:
        theirs = [pane for pane, photo in self._panes() if photo.path == path]
        for pane in theirs:
            pane.fail(reason)
        if theirs:
            self.failed.emit(path, reason)
