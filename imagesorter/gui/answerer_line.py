"""The line under the query that says which ranker made the order, and how far to trust it."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from imagesorter.events import Answered
from imagesorter.gui import text
from imagesorter.gui.elided import ElidedLabel


class AnswererLine(ElidedLabel):
    """Not there until something is sorted; faint, for it is no message that asks for anything."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.clear()

    def tell(self, answered: Answered) -> None:
        """Say who answers a query."""
        self.set_words(text.printable(answered.text))
        self.show()

    def clear(self) -> None:
        self.set_words("")
        self.hide()
