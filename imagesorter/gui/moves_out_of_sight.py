"""Taking back a drag in an order that is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from imagesorter.gui.image_model import ImageModel

if TYPE_CHECKING:
    from imagesorter.gui.teaching_state import Step
    from imagesorter.gui.train_page import TrainPage


class MovesOutOfSight(QObject):
    """What is taken back in the Train tab while the Sort tab shows another order, or none, is not to stand
    there as moved once the order that is taught is shown again."""

    def __init__(self, images: ImageModel, page: TrainPage) -> None:
        super().__init__(page)
        self._images, self._page = images, page
        page.teacher.pair_changed.connect(self._on_step)

    def _on_step(self, step: Step | None) -> None:
        if step is None or step.taken != "drag":
            return
        ranking = self._images.ranking
        if ranking is None or not self._is_taught(ranking.query):
            self._images.put_back_unseen(self._is_taught)

    def _is_taught(self, query: str) -> bool:
        return self._page.teacher.teaches(self._page.asked_by(query).attribute)
