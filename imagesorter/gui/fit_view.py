"""While the order is being fitted: how far it is, a curve that grows, and a way out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from imagesorter.events import CurvePoint, Progress
from imagesorter.gui import text, theme
from imagesorter.gui.amounts import show_on
from imagesorter.gui.curve import CurveView

_TITLES = {
    "pairs": "Held-out pairs in your order, over the number of pairs",
    "head": "Tried: held-out pairs in your order, over passes of the score head",
    "layers": "Tried: held-out pairs in your order, over passes of the last layers",
}

_NOTE = (
    "Share of held-out pairs, which it did not learn from, that it puts in your order. What is tried is "
    "adopted only if it is surely better, as it was after its best pass."
)


class FitView(QWidget):
    """Shows the events of a fit.

    Signals:
        cancelled: the button was pressed.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._method: str | None = None
        self.title = QLabel(wordWrap=True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_font(self.title, 20, heavy=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("progress")
        self.bar.setAccessibleName("Progress of learning")
        self.figures = QLabel("")
        self.figures.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.curve = CurveView(_TITLES["pairs"])
        self.curve.setMaximumHeight(320)
        self.curve.setMinimumHeight(80)
        self.curve.setToolTip(_NOTE)
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("secondary")
        self.cancel.setToolTip("Stop learning; your answers stay (Esc)")
        self.cancel.clicked.connect(self.cancelled)

        inner = QWidget(maximumWidth=720)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(self.title)
        column.addWidget(self.bar)
        column.addWidget(self.figures)
        column.addSpacing(4)
        column.addWidget(self.curve, 20)
        column.addSpacing(4)
        column.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        across = QHBoxLayout(self)
        across.setContentsMargins(24, 8, 24, 12)
        across.addStretch(1)
        across.addWidget(inner, 20)
        across.addStretch(1)

    def begin(self, attribute: str, pairs: int) -> None:
        """A fit has been asked for."""
        self._method = None
        name = text.named(attribute, 40)
        self.title.setText(f"Learning “{name}” from {text.count(pairs, 'pair')} …")
        self.bar.setRange(0, 0)
        self.figures.setText("Getting ready …")
        self.curve.restart(_TITLES["pairs"])

    def set_progress(self, progress: Progress) -> None:
        """How far it is; stages before the fit itself read photographs or load the model."""
        stage = {"model": "Loading the model …", "index": "Reading photographs …"}.get(progress.stage)
        parts = [stage] if stage else []
        show_on(self.bar, progress)
        if progress.total:
            parts.append(f"{text.percent(progress.done / progress.total)}")
        if progress.seconds_left is not None:
            parts.append(f"{text.duration(progress.seconds_left)} left")
        self.figures.setText("  ·  ".join(parts) or " ")

    def add_point(self, point: CurvePoint) -> None:
        """Draw a point; what is trained next begins a curve of its own."""
        if point.method != self._method:
            self._method = point.method
            self.curve.restart(_TITLES[point.method])
        self.curve.add(point.at, point.accuracy)
