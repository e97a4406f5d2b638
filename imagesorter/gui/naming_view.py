"""Where teaching begins: name an attribute, or go on with one that was taught before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagesorter.answers import TaughtAttribute
from imagesorter.gui import icons, text, theme
from imagesorter.gui.completion import QUOTES

_HIGH = 500
"""Logical pixels of height from which there is room for the symbol."""

_STEPS = (
    (
        "1",
        "Name an attribute",
        "Your own word for it: “keepers”, “feels like autumn”, “sharp where it matters”.",
    ),
    (
        "2",
        "Choose between two",
        "Two photographs side by side; pick the one that has more of it. A few dozen will do.",
    ),
    (
        "3",
        "Keep it if it is better",
        "Tested on pairs it has not seen, compared with before; can be undone in one step.",
    ),
)


_SORT, _EXPORT = "Show the order in the Sort tab", "Save the order as one file to share"
_NOT_KEPT = "Nothing was kept yet: go on teaching, learn, and keep what is better"
_NOT_IN_USE = "No version is in use: bring one back with Versions…"


class NamingView(QScrollArea):
    """Signals:
    named: (attribute, start); see `Engine.teach`.
    chosen: the name of an attribute to go on with.
    sort_wanted: a query.
    versions_wanted, export_wanted, remove_wanted: the name of an attribute.
    import_wanted: a ranker pack is to be imported.
    """

    named = Signal(str, object)
    chosen = Signal(str)
    sort_wanted = Signal(str)
    versions_wanted = Signal(str)
    export_wanted = Signal(str)
    remove_wanted = Signal(str)
    import_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rankers: Sequence[TaughtAttribute] = ()
        self._left = ""
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._symbol = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        title = QLabel("Teach it your own taste", alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        theme.set_font(title, 24, heavy=True)
        self.edit = QLineEdit(placeholderText="Name an attribute: keepers, feels like autumn …")
        self.edit.setObjectName("query")
        self.edit.setMaxLength(100)
        self.edit.setAccessibleName("Name of the attribute to teach")
        self.edit.setTextMargins(8, 0, 0, 0)
        self.edit.returnPressed.connect(self._submit)
        self.edit.textEdited.connect(lambda: self.show_error(""))
        self.button = QPushButton("Teach")
        self.button.setObjectName("primary")
        self.button.setToolTip("Choose between pairs of photographs (Enter)")
        self.button.clicked.connect(self._submit)
        self.error = QLabel(wordWrap=True)
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setAccessibleName("What is wrong with the name")
        self.error.hide()
        self.start = QComboBox()
        self.start.setAccessibleName("Order to start from")
        self.start.view().setAccessibleName("Orders to start from")
        self.start.setToolTip("What is learned has to be better than this order")
        self.start.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.start.setMinimumContentsLength(26)

        inner = QWidget()
        inner.setBackgroundRole(QPalette.ColorRole.Base)
        inner.setAutoFillBackground(True)
        middle = QWidget(maximumWidth=640)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._symbol.setContentsMargins(0, 0, 0, 10)
        column.addWidget(self._symbol)
        column.addWidget(title)
        column.addSpacing(18)
        named = QHBoxLayout()
        named.setSpacing(8)
        named.addWidget(self.edit, 1)
        named.addWidget(self.button)
        column.addLayout(named)
        column.addSpacing(4)
        column.addWidget(self.error)
        column.addSpacing(6)
        begins = QHBoxLayout()
        begins.setSpacing(8)
        begins.addWidget(_soft("Start from", wrap=False))
        begins.addWidget(self.start)
        begins.addStretch(1)
        column.addLayout(begins)
        column.addSpacing(26)
        self._steps = self._make_steps()
        self._taught = self._make_taught()
        column.addWidget(self._steps)
        column.addWidget(self._taught)
        column.addSpacing(18)
        self.import_button = self._link("Import a ranker pack…", "Import an order that somebody has taught")
        self.import_button.clicked.connect(self.import_wanted)
        column.addWidget(self.import_button, 0, Qt.AlignmentFlag.AlignHCenter)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(middle, 20)
        across.addStretch(1)
        outer = QVBoxLayout(inner)
        outer.setContentsMargins(32, 20, 32, 20)
        outer.addStretch(4)
        outer.addLayout(across)
        outer.addStretch(5)
        self.setWidget(inner)
        self.setFocusProxy(self.edit)
        self.set_starts("")
        self.set_rankers(())
        self._colour()

    def select(self, name: str) -> None:
        """Choose an attribute, where it is listed or as soon as it is: the one that was just left."""
        self._left = "" if self._choose(name) else name

    def set_rankers(self, rankers: Iterable[TaughtAttribute]) -> None:
        """What was taught before, the latest first. The chosen one stays, else the first is chosen: what the
        buttons below would do is then never in doubt."""
        selected = self._selected()
        self._rankers = tuple(rankers)[::-1]
        self.tree.clear()
        for ranker in self._rankers:
            version = ranker.version
            state = f"version {version.number}" if version else "none" if ranker.kept else "not kept yet"
            right = text.share(version.after) if version else ""
            item = QTreeWidgetItem([text.printable(ranker.name), f"{ranker.answers:,}", state, right])
            item.setToolTip(0, text.printable(ranker.name))
            item.setToolTip(1, text.listed(given(ranker)))
            for column in (1, 3):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.tree.addTopLevelItem(item)
        if self._choose(self._left):
            self._left = ""
        elif (selected is None or not self._choose(selected.name)) and self._rankers:
            self._choose(self._rankers[0].name)
        rows = min(max(len(self._rankers), 1), 6)
        self.tree.setFixedHeight(
            self.tree.header().sizeHint().height() + max(self.tree.sizeHintForRow(0), 20) * rows + 4
        )
        self._taught.setVisible(bool(self._rankers))
        self._steps.setVisible(not self._rankers)
        self._enable()

    def set_starts(self, query: str) -> None:
        """Orders to start from; `query`: what the Sort tab shows, "" for nothing."""
        chosen = self.start.currentData()
        self.start.clear()
        self.start.addItem("What the model knows by this name", None)
        self.start.addItem("Nothing", "")
        queries = [query, *(r.query for r in self._rankers if r.version)]
        for other in dict.fromkeys(q for q in queries if q):
            self.start.addItem(f"The order by “{text.named(other)}”", other)
        self.start.setCurrentIndex(max(0, self.start.findData(chosen)) if chosen is not None else 0)

    def show_error(self, message: str) -> None:
        self.error.setText(message)
        self.error.setVisible(bool(message))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._symbol.setVisible(self.height() >= _HIGH)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "tree"):
            self._colour()

    def _make_steps(self) -> QWidget:
        steps = QWidget()
        rows = QVBoxLayout(steps)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(16)
        for number, name, explanation in _STEPS:
            disc = QLabel(number, alignment=Qt.AlignmentFlag.AlignCenter)
            disc.setObjectName("disc")
            disc.setFixedSize(30, 30)
            heading = QLabel(name)
            theme.set_font(heading, 15, heavy=True)
            words = QVBoxLayout()
            words.setSpacing(2)
            words.addWidget(heading)
            words.addWidget(_soft(explanation))
            row = QHBoxLayout()
            row.setSpacing(14)
            row.addWidget(disc, 0, Qt.AlignmentFlag.AlignTop)
            row.addLayout(words, 1)
            rows.addLayout(row)
        return steps

    def _make_taught(self) -> QWidget:
        taught = QWidget()
        heading = QLabel("What you have taught")
        theme.set_font(heading, 15, heavy=True)
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setObjectName("rows")
        self.tree.setAccessibleName("Attributes that were taught")
        self.tree.setHeaderLabels(["Attribute", "Answers", "In use", "Pairs right"])
        self.tree.headerItem().setToolTip(1, "Answers to pairs, marks and ratings")
        self.tree.headerItem().setToolTip(3, "Share of held-out pairs that it put in your order")
        for section in (1, 3):
            self.tree.headerItem().setTextAlignment(
                section, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for section, width in ((1, 70), (2, 110), (3, 84)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
            self.tree.setColumnWidth(section, width)
        self.tree.itemActivated.connect(lambda *_: self._with(self.chosen.emit))
        self.tree.currentItemChanged.connect(lambda *_: self._enable())
        self.go_on = QPushButton("Go on teaching")
        self.go_on.setObjectName("answer")
        self.go_on.clicked.connect(lambda: self._with(self.chosen.emit))
        self.sort = self._link("Sort by it", _SORT)
        self.sort.clicked.connect(self._sort)
        self.versions = self._link("Versions…", "Bring back an earlier version")
        self.versions.clicked.connect(lambda: self._with(self.versions_wanted.emit))
        self.export = self._link("Export…", _EXPORT)
        self.export.clicked.connect(lambda: self._with(self.export_wanted.emit))
        self.remove = self._link("Forget…", "Delete its answers and versions")
        self.remove.clicked.connect(lambda: self._with(self.remove_wanted.emit))
        actions = QHBoxLayout()
        actions.setSpacing(10)
        actions.addWidget(self.go_on)
        actions.addStretch(1)
        for button in (self.sort, self.versions, self.export, self.remove):
            actions.addWidget(button)
        column = QVBoxLayout(taught)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading)
        column.addWidget(self.tree)
        column.addLayout(actions)
        return taught

    def _link(self, title: str, tip: str) -> QPushButton:
        button = QPushButton(title)
        button.setObjectName("link")
        button.setToolTip(tip)
        return button

    def _selected(self) -> TaughtAttribute | None:
        item = self.tree.currentItem()
        row = self.tree.indexOfTopLevelItem(item) if item is not None else -1
        return self._rankers[row] if 0 <= row < len(self._rankers) else None

    def _choose(self, name: str) -> bool:
        """Whether it is listed."""
        row = next((row for row, ranker in enumerate(self._rankers) if ranker.name == name), None)
        if row is not None:
            self.tree.setCurrentItem(self.tree.topLevelItem(row))  # type: ignore[arg-type]
        return row is not None

    def _with(self, wanted: Callable[[str], object]) -> None:
        ranker = self._selected()
        if ranker is not None:
            wanted(ranker.name)

    def _sort(self) -> None:
        ranker = self._selected()
        if ranker is not None:
            self.sort_wanted.emit(ranker.query)

    def _enable(self) -> None:
        ranker = self._selected()
        kept = ranker is not None and ranker.version is not None
        for button in (self.go_on, self.remove, self.versions):
            button.setEnabled(ranker is not None)
        why_not = _NOT_IN_USE if ranker is not None and ranker.kept else _NOT_KEPT
        for button, tip in ((self.sort, _SORT), (self.export, _EXPORT)):
            button.setEnabled(kept)
            button.setToolTip(tip if kept or ranker is None else why_not)

    def _submit(self) -> None:
        name = " ".join(self.edit.text().split())  # as pasted from elsewhere, with tabs
        if not any(c.isprintable() for c in name):
            self.show_error("Type a name first, for example: keepers")
            self.edit.setFocus()
            return
        if any(mark in name for mark in QUOTES):
            self.show_error("Leave out the quotation marks: in a query they set a text apart.")
            self.edit.setFocus()
            return
        self.show_error("")
        self.named.emit(name, self.start.currentData())

    def _colour(self) -> None:
        accent, ratio = self.palette().highlight().color(), self.devicePixelRatioF()
        self._symbol.setPixmap(icons.pixmap("pairs", accent, 56, ratio))
        self.error.setStyleSheet(f"color: {theme.error(self.palette()).name()}")


def given(ranker: TaughtAttribute) -> list[str]:
    """What was said of an attribute, by kind, each with its number."""
    answers = ranker.answers - ranker.cannot_tell - ranker.marks - ranker.ratings
    kinds = (
        (answers, text.count(answers, "answer")),
        (ranker.cannot_tell, f"{ranker.cannot_tell:,} “cannot tell”"),
        (ranker.marks, text.count(ranker.marks, "mark")),
        (ranker.ratings, text.count(ranker.ratings, "rating")),
    )
    return [words for number, words in kinds if number]


def _soft(words: str, *, wrap: bool = True) -> QLabel:
    label = QLabel(words, wordWrap=wrap)
    theme.set_font(label, 14)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label
