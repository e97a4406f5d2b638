"""What was learned: by how much it is better, the folder before and after, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from imagesorter.answers import CONFIDENCE
from imagesorter.events import Candidate, FilesFound, Ranked
from imagesorter.gui import icons, text, theme
from imagesorter.gui.curve import Bar, BarView
from imagesorter.gui.image_grid import ImageGrid
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.moves_strip import MovesStrip
from imagesorter.gui.notice_view import lay_in_the_middle
from imagesorter.gui.thumbnails import ThumbnailLoader

if TYPE_CHECKING:
    from imagesorter.engine import Engine

LOW = 420
"""Logical pixels of height below which the figures stand close together, and the orders before the moves."""

TILE = 104
"""Width of a thumbnail in the two orders, logical pixels."""

_LEAST = 150
"""Height of an order, logical pixels: a row of thumbnails."""

_NOTE = "Share of {pairs}, which it did not learn from, that it puts in your order."
_BAND = f" The band holds the true share in {text.percent(CONFIDENCE)} of cases."

_BUDGET = 48 * 2**20
"""Bytes of thumbnails for each of the two orders."""


class _Order(QWidget):
    """One of the two orders, under its heading."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.heading = QLabel(heading)
        font = self.heading.font()
        font.setWeight(font.Weight.DemiBold)
        self.heading.setFont(font)
        self.images = ImageModel(self)
        self.thumbnails = ThumbnailLoader(self, budget=_BUDGET)
        self.grid = ImageGrid(self.images, self.thumbnails, movable=False)
        self.grid.set_tile_size(TILE)
        self.grid.setMinimumHeight(_LEAST)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.grid.setAccessibleName(f"Photographs in the order {heading.lower()}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.grid, 1)

    def show_order(
        self, paths: Sequence[Path], ranked: Ranked | None, before: Mapping[int, int] | None = None
    ) -> None:
        """`ranked`: None where nothing puts them in an order. `before`: earlier ranks by file id, to tell how
        far each photograph has moved."""
        self.images.reset()
        self.thumbnails.reset()
        self.images.add(FilesFound(0, tuple(paths)))
        if ranked is not None:
            self.images.set_order(ranked)
        if ranked is not None and before is not None:
            now = zip(ranked.file_ids.tolist(), ranked.ranks.tolist(), strict=True)
            self.images.set_notes({i: _moved(before[i] - rank) for i, rank in now if i in before})
        self.grid.go_to_top()

    def clear(self) -> None:
        self.images.reset()
        self.thumbnails.reset()


class ResultView(QWidget):
    """Shows a `Candidate`.

    Signals:
        kept, discarded: a button was pressed.
    """

    kept = Signal()
    discarded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._better = self._known = True
        self._symbol = QLabel()
        self.title = QLabel(wordWrap=True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_font(self.title, 20, heavy=True)
        self.verdict = QLabel(wordWrap=True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.bars = BarView("Held-out pairs in your order")
        self.bars.setMaximumWidth(540)
        self.note = _soft()
        self.note.setContentsMargins(0, 0, 0, 8)
        self.strip_thumbnails = ThumbnailLoader(self, budget=_BUDGET)
        self.moves_heading = QLabel("Biggest moves")
        font = self.moves_heading.font()
        font.setWeight(font.Weight.DemiBold)
        self.moves_heading.setFont(font)
        self.strip = MovesStrip(self.strip_thumbnails)
        self.before, self.after = _Order("Before"), _Order("After")
        self.keep = QPushButton("Keep it")
        self.keep.setObjectName("primary")
        self.keep.setToolTip(
            "Make it the order of this attribute, as a new version; every version can be brought back"
        )
        self.keep.clicked.connect(self.kept)
        self.discard = QPushButton("Discard")
        self.discard.setObjectName("secondary")
        self.discard.clicked.connect(self.discarded)

        self._moves = QWidget()
        moves = QVBoxLayout(self._moves)
        moves.setContentsMargins(0, 0, 0, 8)
        moves.setSpacing(6)
        moves.addWidget(self.moves_heading)
        moves.addWidget(self.strip)
        self._orders = QWidget()
        orders = QHBoxLayout(self._orders)
        orders.setContentsMargins(0, 0, 0, 0)
        orders.setSpacing(16)
        orders.addWidget(self.before)
        orders.addWidget(self.after)
        self._pages = QStackedWidget()
        self._offered, self._refused = self._make_offered(), self._make_refused()
        self._pages.addWidget(self._offered)
        self._pages.addWidget(self._refused)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)
        self._place()
        self._loaders = (self.strip_thumbnails, self.before.thumbnails, self.after.thumbnails)

    def _make_offered(self) -> QWidget:
        """The page of a better order: what it is, and what it does to the folder."""
        self._head = QHBoxLayout()
        self._head.setContentsMargins(16, 2, 16, 2)
        self._head.setSpacing(10)
        self._head.addWidget(self.keep)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(16, 4, 16, 8)
        self._column.setSpacing(6)
        self._column.addWidget(self._moves)
        self._column.addWidget(self._orders, 1)
        self._column.addStretch(0)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setObjectName("page")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self._head)
        outer.addWidget(scroll, 1)
        return page

    def _make_refused(self) -> QWidget:
        """The page of one that is not better: a few words in the middle, for there is nothing to be shown."""
        inner = QWidget(maximumWidth=560)
        self._middle = QVBoxLayout(inner)
        self._middle.setSpacing(10)
        page = QWidget()
        lay_in_the_middle(inner, page)
        return page

    def _place(self) -> None:
        """Move what both pages show to the one that is shown."""
        centre = Qt.AlignmentFlag.AlignCenter
        if self._better:
            self._head.insertWidget(0, self._symbol)
            self._head.insertWidget(1, self.title, 1)
            self._head.addWidget(self.discard)
            self.setTabOrder(self.keep, self.discard)
            for place, widget in enumerate((self.verdict, self.bars, self.note)):
                self._column.insertWidget(place, widget)
        else:
            for widget in (self._symbol, self.title, self.verdict, self.bars, self.note):
                self._middle.addWidget(widget)
            self._middle.addWidget(self.discard, 0, centre)
        beginning = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for label in (self._symbol, self.title, self.verdict, self.note):
            label.setAlignment(beginning if self._better else centre)
        self.bars.setVisible(self._known)
        for widget in (self.title, self.verdict, self.discard):
            widget.show()  # now, for one of them may be given the focus
        self._pages.setCurrentWidget(self._offered if self._better else self._refused)
        self._fit()

    def set_engine(self, engine: Engine) -> None:
        for loader in self._loaders:
            loader.set_engine(engine)

    def close_loaders(self) -> None:
        for loader in self._loaders:
            loader.close()

    def show_candidate(self, candidate: Candidate, paths: Sequence[Path]) -> None:
        """`paths`: by file id."""
        self._better = candidate.better
        pairs = text.count(candidate.pairs, "pair")
        if not candidate.better:
            title = "Not better yet"
        elif candidate.after.mean > candidate.before.mean:
            title = f"{'Better' if candidate.surely else 'Probably better'} after {pairs}"
        else:  # it learned from more answers than the version in use
            title = f"Learned from {pairs}"
        self.title.setText(title)
        self.verdict.setText(candidate.verdict)
        note = _NOTE.format(pairs=candidate.after.pairs) + ("" if candidate.after.of_marks else _BAND)
        self.note.setText(note)
        self.bars.setToolTip(note)
        self.bars.set_bars(
            [
                Bar(
                    "Before", candidate.before.mean, candidate.before.low, candidate.before.high, strong=False
                ),
                Bar("After", candidate.after.mean, candidate.after.low, candidate.after.high),
            ]
        )
        self._known = candidate.known
        self.strip_thumbnails.reset()
        names = [text.printable(paths[move.file_id].name) for move in candidate.moves]
        self.strip.set_moves(candidate.moves, names)
        self._moves.setVisible(bool(candidate.moves))
        self._place()
        if candidate.better:  # what is not offered is not shown off either
            before = candidate.order_before
            ranks = dict(zip(before.file_ids.tolist(), before.ranks.tolist(), strict=True))
            ordered = len(set(ranks.values())) > 1
            self.before.heading.setText("Before" if ordered else "Before: no order")
            self.before.show_order(paths, before if ordered else None)
            self.after.show_order(paths, candidate.order_after, ranks if ordered else None)
        self.keep.setVisible(candidate.better)
        self.discard.setText("Discard" if candidate.better else "Go on choosing")
        self.discard.setObjectName("secondary" if candidate.better else "primary")
        self.discard.setToolTip(
            "Forget what was learned; your answers stay"
            if candidate.better
            else "The order stays as it was; your answers stay too"
        )
        self.discard.style().polish(self.discard)
        (self.keep if candidate.better else self.discard).setFocus()
        self._colour()

    def clear(self) -> None:
        """Let go of thumbnails and orders."""
        self.strip.set_moves((), ())
        self.strip_thumbnails.reset()
        self.before.clear()
        self.after.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_loaders"):
            self._colour()

    def _fit(self) -> None:
        """What was learned shows in the two orders: where there is little room, they come before the rest."""
        low = self.height() < LOW
        self.note.setVisible(self._known and not low)
        self.bars.set_compact(low)
        self._symbol.setVisible(self._better or not low)
        first, second = (self._orders, self._moves) if low else (self._moves, self._orders)
        if self._column.indexOf(first) > self._column.indexOf(second):
            self._column.insertWidget(self._column.indexOf(second), first)
            self._column.setStretchFactor(self._orders, 1)

    def _colour(self) -> None:
        accent = theme.severity(self.palette(), "info" if self._better else "warning")
        name, side = ("done", 24) if self._better else ("info", 56)
        self._symbol.setPixmap(icons.pixmap(name, accent, side, self.devicePixelRatioF()))


def _moved(up: int) -> str:
    """`▲ 12`, `▼ 3`, or a sign that it stayed."""
    if not up:
        return "="
    return f"{'▲' if up > 0 else '▼'} {abs(up):,}"


def _soft(words: str = "") -> QLabel:
    label = QLabel(words, wordWrap=True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label
