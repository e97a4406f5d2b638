"""A label of one line that gives up its end, not the window's width."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from imagesorter.gui import text

_FEWEST = 8
"""Letters of a name below which nobody would know it."""


class ElidedLabel(QLabel):
    """Shows as much of its text as has room; all of it as the tool tip."""

    def __init__(self, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = self._name = self._more = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_words(words)

    @property
    def words(self) -> str:
        """The whole text."""
        return self._words

    def set_words(self, words: str, name: str = "", more: str = "") -> None:
        """Show what is printable of a text. A name that is part of it gives up its middle, before the text
        gives up its end. What there is to say `more` is in the tool tip only."""
        self._words, self._name, self._more = text.line(words), text.printable(name), text.message(more)
        self.setAccessibleName(self._words)
        self.setText(self._words)  # how much of it has room is known once the layout has seen it
        self.setToolTip(self._more)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(40, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self.fontMetrics().horizontalAdvance(self._words) + 4, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._elide()
        super().paintEvent(event)

    def _elide(self) -> None:
        metrics, words = self.fontMetrics(), self._words
        if self._name and (over := metrics.horizontalAdvance(words) - self.width()) > 0:
            room = max(metrics.horizontalAdvance(self._name) - over, metrics.horizontalAdvance("m") * _FEWEST)
            name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
            words = words.replace(self._name, name, 1)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, self.width())
        if shown != self.text():
            self.setText(shown)
            cut = self._words if shown != self._words else ""
            self.setToolTip("\n".join(filter(None, (cut, self._more))))
