"""The line in which the attribute is typed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QStringListModel, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from imagesorter.gui import icons, text, theme
from imagesorter.gui.completion import CompletionDelegate, CompletionList, TermCompleter, beginning_first

PLACEHOLDER = "Type an attribute: more colorful, sharper, less noise …"


class QueryLine(QWidget):
    """Line edit with completion, the button beside it, and the message under it.

    Signals:
        submitted: the text, when the user wants the images sorted by it.
        emptied: Enter was pressed, or the button, and there is no text.
    """

    submitted = Signal(str)
    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit(placeholderText=PLACEHOLDER, clearButtonEnabled=True)
        self.edit.setObjectName("query")
        self.edit.setAccessibleName("Attribute to sort by")
        self.edit.setMaxLength(4000)
        self.edit.setAcceptDrops(False)
        self.edit.returnPressed.connect(self._submit)
        self.edit.textEdited.connect(self.clear_error)
        self.edit.textEdited.connect(self._complete)  # the line asks its completer afterwards
        self._lens = self.edit.addAction(
            icons.icon("search", theme.faint(self.palette())), QLineEdit.ActionPosition.LeadingPosition
        )

        self._history: list[str] = []
        self._known: list[str] = []
        self._words = QStringListModel(self)
        completer = TermCompleter(self._words, self)
        completer.setMaxVisibleItems(10)
        self._popup = popup = CompletionList()
        completer.setPopup(popup)
        popup.setItemDelegate(CompletionDelegate(popup))  # after the completer has given it its own
        self.edit.setCompleter(completer)

        self.button = QPushButton("Sort")
        self.button.setObjectName("primary")
        self.button.setToolTip(
            "Sort the photographs by this attribute (Enter). Empty: back to the folder's own order"
        )
        self.button.clicked.connect(self._submit)

        self.error = QLabel(wordWrap=True)
        self.error.hide()
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setAccessibleName("What is wrong with the query")
        self.error.setContentsMargins(12, 0, 0, 0)

        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.error)
        self.setFocusProxy(self.edit)
        self._colour()

    @property
    def text(self) -> str:
        return self.edit.text().strip()

    def set_history(self, queries: Iterable[str]) -> None:
        """Queries typed before, latest first: they come before what the model knows."""
        self._history = list(queries)
        self._complete()

    def set_known(self, attributes: Iterable[str]) -> None:
        """Queries that the model has learned."""
        self._known = list(attributes)
        self._complete()

    def ask(self, query: str) -> None:
        """As if it had been typed, and Enter pressed."""
        self.edit.setText(query)
        self._submit()

    def show_error(self, message: str) -> None:
        self.error.setText(text.message(message))
        self.error.setVisible(True)

    def clear_error(self) -> None:
        self.error.clear()
        self.error.setVisible(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "error"):
            self._colour()

    def _colour(self) -> None:
        self._lens.setIcon(icons.icon("search", theme.faint(self.palette())))
        self.error.setStyleSheet(f"color: {theme.error(self.palette()).name()}")

    def _complete(self) -> None:
        words = dict.fromkeys([*self._history, *self._known])
        self._words.setStringList(beginning_first(words, self.edit.text()))

    def _submit(self) -> None:
        self._popup.hide()
        self.clear_error()
        if self.text:
            self.submitted.emit(self.text)
        else:
            self.emptied.emit()

    def ask_for_words(self) -> None:
        """Say that something has to be typed, and let it be."""
        self.show_error("Type what to sort by, for example: more colorful")
        self.edit.setFocus()
