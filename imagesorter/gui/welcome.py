"""What stands in place of the grid while there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from imagesorter.events import Unreadable
from imagesorter.gui import icons, text, theme

_HIGH = 330
"""Logical pixels of height from which there is room for the symbol."""


class Welcome(QScrollArea):
    """Says what to do, or why there are no images; offers the two ways to choose some.

    Signals:
        folder_wanted, photos_wanted: a button was pressed.
    """

    folder_wanted = Signal()
    photos_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbol = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._symbol.setPixmap(icons.pixmap("imagesorter", QColor(), 96, self.devicePixelRatioF()))
        self.title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        theme.set_font(self.title, 24, heavy=True)
        self.explanation = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        theme.set_font(self.explanation, 14)
        self.explanation.setTextFormat(Qt.TextFormat.PlainText)
        self.explanation.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.explanation.setMinimumWidth(280)
        self.folder = QPushButton("Choose folder…")
        self.folder.setObjectName("primary")
        self.folder.clicked.connect(self.folder_wanted)
        self.photos = QPushButton("Choose photos…")
        self.photos.setObjectName("secondary")
        self.photos.clicked.connect(self.photos_wanted)

        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addStretch()
        row.addWidget(self.folder)
        row.addWidget(self.photos)
        row.addStretch()
        inner = QWidget(maximumWidth=560)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(inner)
        column.setSpacing(0)
        self._symbol.setContentsMargins(0, 0, 0, 20)
        for widget, space in (
            (self._symbol, 0),
            (self.title, 10),
            (self.explanation, 24),
            (self._buttons, 0),
        ):
            column.addWidget(widget)
            column.addSpacing(space)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(inner, 10)
        across.addStretch(1)
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        page.setAutoFillBackground(True)
        outer = QVBoxLayout(page)
        outer.setContentsMargins(9, 4, 9, 4)
        outer.addStretch(4)
        outer.addLayout(across)
        outer.addStretch(5)
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its buttons have it
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.invite()

    def invite(self) -> None:
        """Before anything was opened."""
        self._say(
            "Drop a folder of photographs here",
            "Then type what to sort by: more colorful, sharper, less noise, darkest first … "
            "Everything stays on this computer, and no photograph is changed.",
        )

    def wait(self, place: str) -> None:
        """While a folder is being looked through."""
        self._say("Looking for photographs …", place, buttons=False)

    def no_images(
        self, place: str, passed_over: int, unreadable: Sequence[Unreadable], *, recursive: bool
    ) -> None:
        """There were none in a place, which is named once where itself it could not be read."""
        failed = [text.named(str(event.path)) for event in unreadable]
        parts = [] if failed == [place] else [f"Looked in {place}."]
        if passed_over == 1:
            parts.append("There is one file, but it does not have the name of an image.")
        elif passed_over:
            parts.append(f"There are {passed_over:,} files, but none has the name of an image.")
        if len(unreadable) == 1:
            parts.append(f"{text.named(str(unreadable[0].path))}: {text.message(unreadable[0].reason)}.")
        elif unreadable:
            parts.append(f"{len(unreadable):,} places could not be read; they are listed below.")
        parts.append(
            "Choose another folder." if recursive else "Choose another folder, or include subfolders."
        )
        self._say("No photographs found", " ".join(parts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._symbol.setVisible(self.height() >= _HIGH)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(640, 420)

    def _say(self, title: str, explanation: str, *, buttons: bool = True) -> None:
        self.title.setText(title)
        self.explanation.setText(explanation)
        self._buttons.setVisible(buttons)
