"""Taking back a drag in an order that is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from imagesorter.gui.image_model import ImageModel
    from imagesorter.gui.train_page import TrainPage


class MovesOutOfSight(QObject):
    """Does nothing any more: `BetweenTabs` takes a drag back in whichever order it was made."""

    def __init__(self, _images: ImageModel, page: TrainPage) -> None:
        super().__init__(page)
