"""Two photographs side by side, at equal size, zoomed and moved together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QWidget

from imagesorter.gui import text
from imagesorter.gui.photo_pane import PhotoPane
from imagesorter.gui.pictures import PictureLoader

MOST_ZOOM = 16.0
MOST_PIXELS = 2560
"""Longest side decoded, device pixels: six photographs are in memory at a time."""

_STEP = 1.5
"""Of the keys + and −."""


class PairView(QWidget):
    """Loads a pair in the background, and those that come after it ahead of time.

    Signals:
        shown: both photographs are on screen.
        failed: (path, reason), one of the two cannot be shown.
    """

    shown = Signal()
    failed = Signal(object, str)

    def __init__(self, pictures: PictureLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._paths: tuple[Path, Path] | None = None
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

    @property
    def paths(self) -> tuple[Path, Path] | None:
        """What is shown, or on its way."""
        return self._paths

    @property
    def ready(self) -> bool:
        """Whether both photographs are on screen."""
        return self.left.shows_picture and self.right.shows_picture

    @property
    def zoom(self) -> float:
        """1: the photographs whole."""
        return self._zoom

    @property
    def centre(self) -> QPointF:
        """Which part is in sight, see `PhotoPane.set_view`."""
        return self._centre

    def show_pair(self, left: Path, right: Path, upcoming: Sequence[Path] = ()) -> None:
        """Show two photographs, whole, at once where they are in memory.

        Args:
            upcoming: decoded afterwards, so that they are there when they are wanted.
        """
        self._paths = left, right
        self.reset_zoom()
        for pane, path in self._panes():
            pane.wait(text.printable(path.name))
        for path in dict.fromkeys(self._paths):
            image = self._pictures.image(path)
            if image is not None:
                self._on_loaded(path, image)
        self.prefetch(upcoming)

    def prefetch(self, upcoming: Sequence[Path]) -> None:
        """Name what is likely to be shown next."""
        screen = self.screen().size() * self.devicePixelRatioF()
        side = min(MOST_PIXELS, max(screen.width(), screen.height()))
        self._pictures.request(list(dict.fromkeys([*(self._paths or ()), *upcoming])), side)

    def clear(self) -> None:
        """Show nothing, and forget what was decoded."""
        self._paths = None
        self._pictures.reset()
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
        moved = self._centre + by
        self._set_view(self._zoom, QPointF(min(max(moved.x(), 0.0), 1.0), min(max(moved.y(), 0.0), 1.0)))

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

    # Loading.

    def _panes(self) -> list[tuple[PhotoPane, Path]]:
        return [] if self._paths is None else list(zip((self.left, self.right), self._paths, strict=True))

    def _on_loaded(self, path: Path, image: QImage) -> None:
        theirs = [pane for pane, shown in self._panes() if shown == path]
        for pane in theirs:
            pane.show_picture(image)
        if theirs and self.ready:
            self.shown.emit()

    def _on_failed(self, path: Path, reason: str) -> None:
        theirs = [pane for pane, shown in self._panes() if shown == path]
        for pane in theirs:
            pane.fail(reason)
        if theirs:
            self.failed.emit(path, reason)
