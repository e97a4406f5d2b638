"""The Train tab. Says what will be here."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from imagesorter.gui import icons

_STEPS = (
    (
        "1",
        "Name an attribute",
        "Your own word for it: “keepers”, “feels like autumn”, “sharp where it matters”.",
    ),
    (
        "2",
        "Choose between two",
        "Two photographs side by side; pick the one that has more of it. A few dozen do.",
    ),
    (
        "3",
        "Keep it if it is better",
        "Tested on pairs it has not seen, compared with before, and undone in one step.",
    ),
)


class TrainPage(QWidget):
    """An outlook on teaching by pairs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self._symbol = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        title = QLabel("Teach it your own taste", alignment=Qt.AlignmentFlag.AlignCenter)
        font = title.font()
        font.setPixelSize(24)
        font.setWeight(font.Weight.DemiBold)
        title.setFont(font)
        coming = self._soft("Teaching by choosing between pairs of photographs comes in a later version.")
        coming.setAlignment(Qt.AlignmentFlag.AlignCenter)

        steps = QWidget(maximumWidth=520)
        rows = QVBoxLayout(steps)
        rows.setSpacing(18)
        for number, name, explanation in _STEPS:
            rows.addLayout(self._step(number, name, explanation))
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(steps, 10)
        across.addStretch(1)

        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 32, 24)
        outer.addStretch(4)
        outer.addWidget(self._symbol)
        outer.addSpacing(14)
        outer.addWidget(title)
        outer.addSpacing(8)
        outer.addWidget(coming)
        outer.addSpacing(28)
        outer.addLayout(across)
        outer.addStretch(5)
        self._colour()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_symbol"):
            self._colour()

    def _step(self, number: str, name: str, explanation: str) -> QHBoxLayout:
        disc = QLabel(number, alignment=Qt.AlignmentFlag.AlignCenter)
        disc.setObjectName("disc")
        disc.setFixedSize(30, 30)
        heading = QLabel(name)
        font = heading.font()
        font.setPixelSize(15)
        font.setWeight(font.Weight.DemiBold)
        heading.setFont(font)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(heading)
        words.addWidget(self._soft(explanation))
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(disc, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        return row

    def _soft(self, words: str) -> QLabel:
        label = QLabel(words, wordWrap=True)
        font = label.font()
        font.setPixelSize(14)
        label.setFont(font)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        return label

    def _colour(self) -> None:
        self._symbol.setPixmap(
            icons.pixmap("pairs", self.palette().highlight().color(), 64, self.devicePixelRatioF())
        )
