"""How far the teaching has come, beside the pair or, in a small window, in one line below it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from imagesorter.answers import CONFIDENCE, Estimate, Standing, TaughtAttribute
from imagesorter.gui import icons, text, theme
from imagesorter.gui.curve import Bar, BarView
from imagesorter.gui.elided import ElidedLabel

WIDTH = 268


def accuracy(estimate: Estimate) -> str:
    """`78 % (66 to 88 %)`."""
    return f"{text.percent(estimate.mean)} ({text.interval(estimate.low, estimate.high)})"


_LEARN = "Learn the order from your answers; nothing is kept until you say so (Ctrl+Enter)"
_ALL_TIES = "All answers so far are ties, of which no order can be learned"


class StandingPanel(QWidget):
    """Shows a `Standing`.

    Signals:
        learn_wanted: the button was pressed.
    """

    learn_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._learned: int | None = None
        self.pairs = _large("0")
        self.pairs_told = _soft("pairs so far")
        self.bars = BarView("Held-out pairs in your order")
        self.accuracy = _soft()
        self.used = QLabel(wordWrap=True)
        self.used.setTextFormat(Qt.TextFormat.PlainText)
        self.used.setContentsMargins(0, 4, 0, 0)
        self.used.hide()
        self.consistency = _soft()
        self.missing = _soft()
        self.advice = QLabel(wordWrap=True)
        self.advice.setTextFormat(Qt.TextFormat.PlainText)
        self.advice.setAccessibleName("Advice")
        self._done = QLabel()
        self._done.hide()
        self.learn = QPushButton("Learn from these pairs")
        self.learn.setObjectName("primary")
        self.learn.clicked.connect(self.learn_wanted)
        self.line = ElidedLabel()
        self.line.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.learn_short = QPushButton("Learn")
        self.learn_short.setObjectName("primary")
        self.learn_short.setAccessibleName("Learn from these pairs")
        self.learn_short.clicked.connect(self.learn_wanted)

        self._column = QWidget()
        self._column.setFixedWidth(WIDTH)
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        count = QHBoxLayout()
        count.setSpacing(8)
        self.pairs_told.setContentsMargins(0, 0, 0, 4)
        count.addWidget(self.pairs, 0, Qt.AlignmentFlag.AlignBottom)
        count.addWidget(self.pairs_told, 1, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(count)
        column.addSpacing(14)
        column.addWidget(_heading("What your answers would achieve"))
        column.addSpacing(4)
        column.addWidget(self.bars)
        column.addWidget(self.accuracy)
        column.addWidget(self.used)
        column.addSpacing(14)
        column.addWidget(_heading("How consistent you are"))
        column.addSpacing(4)
        column.addWidget(self.consistency)
        column.addSpacing(14)
        column.addWidget(_heading("How many more"))
        column.addSpacing(4)
        advice = QHBoxLayout()
        advice.setSpacing(8)
        advice.addWidget(self._done, 0, Qt.AlignmentFlag.AlignTop)
        advice.addWidget(self.advice, 1)
        column.addLayout(advice)
        column.addSpacing(6)
        column.addWidget(self.missing)
        column.addStretch(1)
        column.addSpacing(12)
        column.addWidget(self.learn)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.line, 1)
        row.addWidget(self.learn_short)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._column)
        outer.addWidget(self._row)
        self.set_compact(False)
        self.set_standing(None)

    def set_compact(self, compact: bool) -> None:
        """One line instead of a column."""
        self._column.setVisible(not compact)
        self._row.setVisible(compact)

    def set_learned(self) -> None:
        """From the pairs shown all was learned that there is: the button waits for others."""
        self._learned = self._pairs
        self._weigh()

    def set_used(self, taught: TaughtAttribute | None) -> None:
        """Say which order is in use: the figure above is that of one that is not made yet."""
        version = taught.version if taught else None
        if version is not None:
            self.used.setText(f"In use: version {version.number:,}, {text.share(version.after)}")
        else:
            self.used.setText("In use: the order before anything was taught")
        self.used.setVisible(taught is not None and taught.kept > 0)
        self._tell_in_a_line()

    def set_standing(self, standing: Standing | None) -> None:
        """None: not known yet."""
        self._standing = standing
        pairs = self._pairs = standing.pairs if standing else 0
        if pairs != self._learned:
            self._learned = None
        self._weigh()
        self.pairs.setText(f"{pairs:,}")
        told = f"{'pair' if pairs == 1 else 'pairs'} so far"
        among = []
        if standing and standing.ratings:
            among.append(f"with those from {text.count(standing.ratings, 'rating')}")
        if standing and standing.ties:
            among.append(text.count(standing.ties, "tie"))
        told += f" ({', '.join(among)})" if among else ""
        if standing and standing.cannot_tell:
            told += f", beside {standing.cannot_tell:,} “cannot tell”"
        self.pairs_told.setText(told)
        self._show_accuracy(standing.accuracy if standing else None)
        self._show_consistency(standing)
        self.advice.setText(standing.advice if standing else "")
        self._done.setVisible(standing is not None and standing.may_stop)
        missing = standing.missing if standing else 0
        self.missing.setVisible(missing > 0)
        kept, each = text.count(missing, "label"), "it" if missing == 1 else "each"
        self.missing.setText(f"{kept} kept, but left out: {each} has a photograph that is not open now.")
        all_ties = standing is not None and 0 < pairs == standing.ties
        for button in (self.learn, self.learn_short):
            button.setEnabled(pairs > 0 and not all_ties)
            button.setToolTip(_ALL_TIES if all_ties else text.keys(_LEARN))
        self.learn.setText(f"Learn from {text.count(pairs, 'pair')}" if pairs else "Learn")
        self._tell_in_a_line()
        self._row.setToolTip(standing.advice if standing else "")
        self._colour()

    def _tell_in_a_line(self) -> None:
        standing = self._standing
        parts = [text.count(self._pairs, "pair")]
        if standing and standing.accuracy:
            parts.append(f"{accuracy(standing.accuracy)} in your order")
        if not self.used.isHidden():
            parts.append(self.used.text())
        if standing and standing.more_worth is not None:
            parts.append(
                "enough" if standing.may_stop else f"about {standing.more_worth:,} more are worth it"
            )
        elif standing and standing.advice:
            parts.append(standing.advice)
        self.line.set_words("  ·  ".join(parts))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_row"):
            self._colour()

    def _show_accuracy(self, estimate: Estimate | None) -> None:
        self.bars.setVisible(estimate is not None)
        if estimate is None:
            self.accuracy.setText("Not known yet. It takes a few pairs to tell.")
            self.accuracy.setToolTip("")
            return
        self.bars.set_bars([Bar("", estimate.mean, estimate.low, estimate.high)])
        likely = text.interval(estimate.low, estimate.high)
        self.accuracy.setText(f"of {estimate.pairs}, likely {likely}. A quick estimate: Learn tries more.")
        covers = f" The true share lies in this range in {text.percent(CONFIDENCE)} of cases."
        self.accuracy.setToolTip(
            f"Estimated on pairs that the order did not learn from.{'' if estimate.of_marks else covers}"
        )

    def _show_consistency(self, standing: Standing | None) -> None:
        if standing is None or standing.consistency is None:
            self.consistency.setText("Not known yet. A few pairs will be asked again, mirrored.")
            return
        asked = text.count(standing.asked_again, "pair")
        self.consistency.setText(
            f"{text.percent(standing.consistency.mean)} the same answer, {asked} asked twice"
        )

    def _weigh(self) -> None:
        """Offer to learn first of all, but where nothing was answered since."""
        for button in (self.learn, self.learn_short):
            button.setObjectName("primary" if self._learned is None else "secondary")
            button.style().polish(button)

    def _colour(self) -> None:
        accent = theme.severity(self.palette(), "info")
        self._done.setPixmap(icons.pixmap("done", accent, 18, self.devicePixelRatioF()))


def _large(words: str) -> QLabel:
    label = QLabel(words)
    theme.set_font(label, 30, heavy=True)
    return label


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    font = label.font()
    font.setWeight(font.Weight.DemiBold)
    label.setFont(font)
    return label


def _soft(words: str = "") -> QLabel:
    label = QLabel(words, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label
