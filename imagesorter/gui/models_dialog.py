"""The Models dialog: what is here, what can be had, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagesorter.gui import theme
from imagesorter.gui.banner import BannerArea
from imagesorter.gui.drop import accept_as_copy, local_paths
from imagesorter.gui.elided import ElidedLabel
from imagesorter.gui.model_import import is_checkpoint
from imagesorter.gui.model_states import Row, rows_of

if TYPE_CHECKING:
    from imagesorter.answers import StockItem
    from imagesorter.gui.downloads import Downloads

_NAME = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ModelsDialog(QDialog):
    """Shows the models, and says what the user wants done with one.

    Args:
        downloads: what is being downloaded or checked.

    Signals:
        wanted: (what, name): "get", "cancel", "use", "import", "verify" or "remove".
        import_wanted: a file is to be chosen.
        dropped: list of files that were dropped.
    """

    wanted = Signal(str, str)
    import_wanted = Signal()
    dropped = Signal(object)

    def __init__(self, downloads: Downloads, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.setAcceptDrops(True)
        self.setMinimumSize(560, 460)
        self.resize(760, 620)
        self._downloads = downloads
        self._rows: dict[str, Row] = {}
        self._items: Sequence[StockItem] = ()
        self._in_use = ""
        self._verdicts: dict[str, str] = {}
        self.banners = BannerArea(self)
        self.list = _list()
        self.list.currentItemChanged.connect(lambda *_: self._show_current())
        self.list.itemDoubleClicked.connect(lambda *_: self._activate("get", "use"))
        self.title = ElidedLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.good_for = QLabel(wordWrap=True)
        self.facts = QLabel(wordWrap=True)
        for label in (self.good_for, self.facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("progress")
        self.bar.setAccessibleName("Progress")
        self.figures = QLabel()
        self.figures.setMinimumHeight(self.figures.fontMetrics().lineSpacing())
        self.primary = self._button("Get")
        self.verify = self._button("Check")
        self.verify.setToolTip("Compare the files with their checksums")
        self.remove = self._button("Remove…")
        self.primary.clicked.connect(lambda: self._activate())
        self.verify.clicked.connect(lambda: self._want("verify"))
        self.remove.clicked.connect(lambda: self._want("remove"))
        self.from_file = self._button("Import a file…")
        self.from_file.setToolTip("A checkpoint or head on this computer; it can also be dropped here")
        self.from_file.clicked.connect(self.import_wanted)
        close = self._button("Close")
        close.clicked.connect(self.close)
        described = QWidget()
        described.setMinimumHeight(5 * self.fontMetrics().lineSpacing())
        about = QVBoxLayout(described)
        about.setContentsMargins(0, 0, 0, 0)
        about.setSpacing(6)
        for label in (self.title, self.good_for, self.facts):
            about.addWidget(label)
        about.addStretch(1)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addWidget(self.bar, 1)
        actions.addWidget(self.figures)
        actions.addStretch(1)
        for button in (self.remove, self.verify, self.primary):
            actions.addWidget(button)
        bottom = QHBoxLayout()
        bottom.addWidget(self.from_file)
        bottom.addStretch(1)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(self.banners)
        column.addWidget(self.list, 1)
        column.addWidget(described)
        column.addLayout(actions)
        column.addSpacing(4)
        column.addLayout(bottom)
        self._colour()
        self._show_current()
        downloads.changed.connect(self.refresh)

    def set_items(self, items: Sequence[StockItem], in_use: str) -> None:
        """What there is. The chosen row stays."""
        self._items, self._in_use = items, in_use
        chosen = self._name()
        self._rows = {row.name: row for row in rows_of(items, in_use, self._downloads)}
        self.list.clear()
        group = ""
        for row in self._rows.values():
            if row.group != group:
                group = row.group
                self._add_heading(group)
            item = QTreeWidgetItem(self.list)
            item.setData(0, _NAME, row.name)
            self._fill(item, row)
        self.select(chosen if chosen in self._rows else next(iter(self._rows), ""))

    def rows(self) -> dict[str, Row]:
        """What is shown, by name."""
        return dict(self._rows)

    def refresh(self) -> None:
        """Show how far everything is."""
        self._rows = {row.name: row for row in rows_of(self._items, self._in_use, self._downloads)}
        for item in self._all():
            if (row := self._rows.get(item.data(0, _NAME))) is not None:
                self._fill(item, row)
        self._show_current()

    def set_verdict(self, name: str, verdict: str) -> None:
        """What a check has found; shown with the model."""
        self._verdicts[name] = verdict
        self._show_current()

    def select(self, name: str) -> None:
        """Choose the row of a model."""
        for item in self._all():
            if item.data(0, _NAME) == name:
                self.list.setCurrentItem(item)
        self._show_current()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "primary"):
            self._colour()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(map(is_checkpoint, local_paths(event.mimeData()))):
            accept_as_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        files: list[Path] = [path for path in local_paths(event.mimeData()) if is_checkpoint(path)]
        if files:
            accept_as_copy(event)
            self.dropped.emit(files)

    def _button(self, name: str) -> QPushButton:
        button = QPushButton(name)
        button.setAutoDefault(False)
        return button

    def _add_heading(self, group: str) -> None:
        heading = QTreeWidgetItem(self.list, [group])
        heading.setFlags(Qt.ItemFlag.NoItemFlags)  # so that the arrow keys pass over it
        heading.setForeground(0, self.palette().text())
        heading.setFirstColumnSpanned(True)
        font = heading.font(0)
        font.setBold(True)
        heading.setFont(0, font)

    def _fill(self, item: QTreeWidgetItem, row: Row) -> None:
        for column, words in enumerate((row.title, row.size, row.memory, row.state)):
            if item.text(column) != words:
                item.setText(column, words)
        item.setToolTip(0, row.title)
        for column in (1, 2):
            item.setTextAlignment(column, _RIGHT)

    def _all(self) -> list[QTreeWidgetItem]:
        """Rows of models; the others are headings."""
        return [item for item in _children(self.list.invisibleRootItem()) if item.data(0, _NAME)]

    def _name(self) -> str:
        item = self.list.currentItem()
        return item.data(0, _NAME) or "" if item is not None else ""

    def _show_current(self) -> None:
        row = self._rows.get(self._name())
        for widget in (self.primary, self.verify, self.remove):
            widget.setEnabled(row is not None)
        if row is None:
            return
        self.title.set_words(row.title)
        self.good_for.setText(row.good_for)
        self.facts.setText("  ·  ".join(filter(None, (row.facts, self._verdicts.get(row.name, "")))))
        self.primary.setText(row.action_name)
        self.primary.setVisible(bool(row.action_name))
        self.from_file.setVisible(row.action != "import")  # one such button is enough
        self.primary.setEnabled(bool(row.action))
        self.primary.setDefault(True)
        self.primary.setToolTip(row.hint)
        self.verify.setVisible(row.can_verify)
        self.remove.setVisible(bool(row.remove_name))
        self.remove.setText(row.remove_name)
        self.bar.setVisible(row.share is not None)
        self.figures.setText(row.figures or row.hint)
        if row.share is not None:
            self.bar.setRange(0, 0 if row.share < 0 else 1000)
            self.bar.setValue(round(1000 * row.share))

    def _activate(self, *only: str) -> None:
        """Do what the first button does; where some are named, one of these only."""
        row = self._rows.get(self._name())
        if row is not None and row.action and (row.action in only or not only):
            self.wanted.emit(row.action, row.name)

    def _want(self, what: str) -> None:
        if name := self._name():
            self.wanted.emit(what, name)

    def _colour(self) -> None:
        for item in _children(self.list.invisibleRootItem()):
            if not item.data(0, _NAME):
                item.setForeground(0, self.palette().text())
        for label in (self.facts, self.figures):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), theme.faint(self.palette()))
            label.setPalette(palette)


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for k in range(item.childCount()) if (child := item.child(k)) is not None]


def _list() -> QTreeWidget:
    made = QTreeWidget()
    made.setObjectName("rows")
    made.setRootIsDecorated(False)
    made.setIndentation(0)
    made.setUniformRowHeights(True)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setAccessibleName("Models")
    made.setHeaderLabels(["Model", "Size", "Memory", "State"])
    made.setTextElideMode(Qt.TextElideMode.ElideRight)
    header = made.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for section, width in ((1, 90), (2, 90), (3, 160)):
        header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
        made.setColumnWidth(section, width)
    for section in (1, 2):
        made.headerItem().setTextAlignment(section, _RIGHT)
    return made
