"""Asking: the pair, the buttons for its answers, and how far the teaching has come."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from imagesorter.answers import Answer, Pair, Standing
from imagesorter.gui.pair_view import PairView
from imagesorter.gui.standing_panel import StandingPanel

WIDE, HIGH = 900, 400
"""Logical pixels, across and down, from which the standing stands beside the pair."""

ANSWERS: tuple[tuple[Answer, str, str, str], ...] = (
    ("left", "←  Left", "The left one comes first", "← or 1"),
    ("tie", "↑  Tie", "Neither comes before the other", "↑ or T"),
    ("skip", "↓  Skip", "No answer; the pair may come again", "↓ or S"),
    ("cannot_tell", "Cannot tell", "No answer; the pair does not come again", "C"),
    ("right", "Right  →", "The right one comes first", "→ or 2"),
)
"""Answer, its button's text, what it means, and its keys."""

_KEYS: dict[Answer, tuple[str, ...]] = {
    "left": ("Left", "1"),
    "tie": ("Up", "T"),
    "skip": ("Down", "S"),
    "cannot_tell": ("C",),
    "right": ("Right", "2"),
}

MANY_SKIPS = 10
"""Pairs skipped one after the other from which it seems that something else would help."""

STUCK = "Many pairs skipped: another attribute, “Cannot tell”, or fewer photographs that look alike may help."

_CHOICES: tuple[Answer, ...] = ("left", "tie", "right")
"""Answers that compare the two."""


class LabelView(QWidget):
    """Args:
        undo: the button, which stands elsewhere; its keys are here.

    Signals:
        answered: an Answer.
        learn_wanted: a button or key was pressed.
        stuck: MANY_SKIPS pairs were skipped one after the other; told once.
    """

    answered = Signal(str)
    stuck = Signal()
    learn_wanted = Signal()

    def __init__(self, view: PairView, undo: QToolButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pair_view = view
        self.panel = StandingPanel()
        self.panel.learn_wanted.connect(self.learn_wanted)
        self.buttons: dict[str, QPushButton] = {}
        self.undo = undo
        self._skips = 0
        self.nothing = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._middle = QStackedWidget()
        self._middle.addWidget(view)
        self._middle.addWidget(self.nothing)

        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self._middle, 1)
        left.addLayout(self._answer_row())
        self._below = QVBoxLayout()
        self._below.setContentsMargins(0, 0, 0, 0)
        left.addLayout(self._below)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 0, 16, 12)
        self._row.setSpacing(20)
        self._row.addLayout(left, 1)
        self._row.addWidget(self.panel)
        self._compact = False
        self._set_keys()
        self.show_pair(None)

    def show_pair(
        self, pair: Pair | None, standing: Standing | None = None, *, waiting: bool = False
    ) -> None:
        """Enable what can be done with a pair; None: there is none (`waiting`: yet). `standing`: tells what
        can be learned then."""
        then = "Learn from them, or open more"
        if standing and 0 < standing.ties == standing.pairs:
            then = "All answers are ties, which teach no order: open more photographs"
        elif standing and standing.accuracy is None:
            then = "Open more photographs: these are too few to learn"
        self.nothing.setText(f"Every pair of these photographs has been answered. {then}.")
        if waiting:  # something else is taught
            self._skips = 0
        self._middle.setCurrentWidget(self.pair_view if pair is not None or waiting else self.nothing)
        for button in self.buttons.values():
            button.setEnabled(pair is not None)

    def allow_choice(self, allowed: bool) -> None:
        """Whether the two can be compared: not while one of them cannot be shown."""
        for answer in _CHOICES:
            self.buttons[answer].setEnabled(allowed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact = self.width() < WIDE or self.height() < HIGH
        if compact != self._compact:
            self._compact = compact
            (self._below if compact else self._row).addWidget(self.panel)
            self.panel.set_compact(compact)

    def _answer_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for answer, title, meaning, keys in ANSWERS:
            button = QPushButton(title)
            strong = answer in ("left", "right")
            button.setObjectName("choice" if strong else "answer")
            button.setToolTip(f"{meaning} ({keys})")
            button.setAccessibleName(f"{title.strip('←→↑↓ ')}: {meaning}")
            button.clicked.connect(lambda _=False, answer=answer: self._answer(answer))
            if strong:
                button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.buttons[answer] = button
            row.addWidget(button, 1 if strong else 0)
        return row

    def _answer(self, answer: Answer) -> None:
        self._skips = self._skips + 1 if answer == "skip" else 0
        self.answered.emit(answer)
        if self._skips == MANY_SKIPS:
            self.stuck.emit()

    def _set_keys(self) -> None:
        for answer, keys in _KEYS.items():
            for key in keys:
                self._key(key, self.buttons[answer].click)
        for key in ("Ctrl+Z", "Backspace"):
            self._key(key, self.undo.click, repeats=True)
        for key in ("+", "="):
            self._key(key, self.pair_view.zoom_in, repeats=True)
        self._key("-", self.pair_view.zoom_out, repeats=True)
        self._key("0", self.pair_view.reset_zoom)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            self._key(key, self.panel.learn.click)

    def _key(self, key: str, pressed: Callable[[], object], *, repeats: bool = False) -> None:
        """A held key answers once: the next pair has to be looked at first."""
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setAutoRepeat(repeats)
        shortcut.activated.connect(pressed)
