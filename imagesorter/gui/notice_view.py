"""What stands in place of a pair while none can be shown, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from imagesorter.events import Progress
from imagesorter.gui import icons, text, theme
from imagesorter.gui.amounts import amount_of, show_on
from imagesorter.gui.teaching_state import State

_STAGES = {
    "model": "Loading the model …",
    "import": "Importing a model …",
    "index": "Reading photographs …",
    "labels": "Importing pairs or ratings …",
}


class NoticeView(QWidget):
    """Signals:
    folder_wanted, resume_wanted, stop_wanted: a button was pressed.
    """

    folder_wanted = Signal()
    resume_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self._symbol = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        theme.set_font(self.title, 20, heavy=True)
        self.explanation = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        theme.set_font(self.explanation, 14)
        self.explanation.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("progress")
        self.bar.setFixedWidth(260)
        self.bar.setAccessibleName("Progress")
        self.button = QPushButton()
        self.button.clicked.connect(self._pressed)
        self._wanted = self.folder_wanted

        inner = QWidget(maximumWidth=520)
        column = QVBoxLayout(inner)
        column.setSpacing(10)
        column.addWidget(self._symbol)
        column.addWidget(self.title)
        column.addWidget(self.explanation)
        column.addSpacing(4)
        column.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        lay_in_the_middle(inner, self)
        self._colour()
        self.show_state(State.CLOSED, 0)

    def show_state(self, state: State, images: int) -> None:
        """`images`: how many are open."""
        match state:
            case State.CLOSED:
                self._say(
                    "Open a folder of photographs",
                    "The pairs to choose between are made from the photographs that are open.",
                    "Choose folder…",
                    self.folder_wanted,
                )
            case State.TOO_FEW:
                self._say(
                    "Two different photographs are needed",
                    "A file and its copies count as one, and files that cannot be read do not count. Open a "
                    "folder with more photographs."
                    if images > 1
                    else "Open a folder with more photographs.",
                    "Choose folder…",
                    self.folder_wanted,
                )
            case State.SCANNING:
                self._say("Looking for photographs …", "", "", None)
            case State.PREPARING:
                self._say(
                    "Getting ready …",
                    "The model reads each photograph once; then the first pair appears.",
                    "Stop",
                    self.stop_wanted,
                )
            case State.IMPORTING:
                self._say("Importing pairs or ratings …", "", "Cancel", self.stop_wanted)
            case _:
                self._say(
                    "Not ready yet",
                    "The model has still to read photographs. Your answers are kept.",
                    "Go on",
                    self.resume_wanted,
                )
        busy = state in (State.SCANNING, State.PREPARING, State.IMPORTING)
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)

    def set_progress(self, progress: Progress) -> None:
        """How far the present stage is."""
        if not self.bar.isVisibleTo(self):
            return
        self.title.setText(_STAGES.get(progress.stage, "Getting ready …"))
        show_on(self.bar, progress)
        if progress.total:
            figures = [amount_of(progress)]
            if progress.seconds_left is not None:
                figures.append(f"{text.duration(progress.seconds_left)} left")
            self.explanation.setText("  ·  ".join(figures))

    def take_focus(self) -> None:
        """Let the keys reach the button; where there is none, let nothing else have them."""
        (self if self.button.isHidden() else self.button).setFocus()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "button"):
            self._colour()

    def _say(self, title: str, explanation: str, button: str, wanted: object) -> None:
        self.title.setText(title)
        self.explanation.setText(explanation)
        self.button.setVisible(bool(button))
        self.button.setText(button)
        primary = wanted in (self.folder_wanted, self.resume_wanted)
        self.button.setObjectName("primary" if primary else "secondary")
        self.button.style().polish(self.button)
        if wanted is not None:
            self._wanted = wanted  # type: ignore[assignment]

    def _pressed(self) -> None:
        self._wanted.emit()

    def _colour(self) -> None:
        accent = self.palette().highlight().color()
        self._symbol.setPixmap(icons.pixmap("pairs", accent, 56, self.devicePixelRatioF()))


def lay_in_the_middle(column: QWidget, page: QWidget) -> None:
    """Put a column with a greatest width a little above the middle of an empty page."""
    across = QHBoxLayout()
    across.addStretch(1)
    across.addWidget(column, 10)
    across.addStretch(1)
    outer = QVBoxLayout(page)
    outer.addStretch(4)
    outer.addLayout(across)
    outer.addStretch(5)
