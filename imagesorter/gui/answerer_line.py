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

    def tell(self, answered: Answered, typed: str) -> None:
        """Say who answers a query; which query, where another one is `typed` by now."""
        told = answered.text
        if typed != answered.query:
            told = f"“{text.shortened(answered.query)}”: {told[0].lower()}{told[1:]}"
        self.set_words(told)
        self.show()

    def clear(self) -> None:
        self.set_words("")
        self.hide()
