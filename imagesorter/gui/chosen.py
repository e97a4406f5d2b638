"""What is done with the photographs that are selected, or with the one that is shown large."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from imagesorter.gui import desktop, text
from imagesorter.gui.marking import Mark
from imagesorter.gui.sort_page import SortPage
from imagesorter.gui.viewer import Viewer


class Chosen(QObject):
    """Copies and marks them.

    Args:
        tell: says what was done, wherever the user looks.
    """

    def __init__(self, page: SortPage, viewer: Viewer, tell: Callable[[str], None]) -> None:
        super().__init__(page)
        self._page, self._viewer, self._tell = page, viewer, tell
        self._why_not = ""

    @property
    def rows(self) -> list[int]:
        """From the best down."""
        large = self._viewer.row
        return self._page.grid.selected_rows() if large is None else [large]

    def copy(self) -> None:
        """Copy them, to be pasted into a folder."""
        if rows := self.rows:
            desktop.copy_files([self._page.images.path(row) for row in rows])
            it = "it" if len(rows) == 1 else "them"
            self._tell(f"Copied {text.count(len(rows), 'photograph')}; paste {it} into a folder")

    def mark(self, kind: Mark) -> None:
        """Mark them, or take the mark off again."""
        self._page.banners.withdraw(self._why_not)
        if why_not := self._page.marking.toggle(self.rows, kind):
            self._why_not = why_not
            self._page.banners.add(why_not, "info")
            self._viewer.tell(why_not)
