"""The list of files, links and folders that could not be read."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QMenu,
    QMessageBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagesorter.events import Unreadable
from imagesorter.gui import desktop, text

_TITLE = "What could not be read"
"""Not only files: links that lead nowhere, and folders, are listed too."""

_PATH = Qt.ItemDataRole.UserRole
_FILE, _REASON, _FOLDER = 0, 1, 2
_PADDING = 8
"""At either side of a cell's text, in pixels; no less than there is."""
_TALLEST = 10_000

_Index = QModelIndex | QPersistentModelIndex


class _Wrapped(QStyledItemDelegate):
    """A cell whose text is wrapped, in a column of a tree."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        option.features |= QStyleOptionViewItem.ViewItemFeature.WrapText

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        line = super().sizeHint(option, index)
        width = cast(QTreeWidget, option.widget).columnWidth(index.column()) - 2 * _PADDING
        room = QRect(0, 0, width, _TALLEST)
        wrapped = option.fontMetrics.boundingRect(room, Qt.TextFlag.TextWordWrap, index.data())
        return QSize(line.width(), line.height() - option.fontMetrics.height() + wrapped.height())


class UnreadableDialog(QDialog):
    """File, reason, folder; grows while files are being read. No file is listed twice.

    Reasons are wrapped, because what can be done stands at their end.

    Signals:
        again_wanted: the files are to be tried again.
    """

    again_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[Path, QTreeWidgetItem] = {}
        self._places = 0
        self.setWindowTitle(_TITLE)
        self.resize(900, 440)
        note = QLabel("All of these are left out of the order. None has been changed.", wordWrap=True)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setItemDelegateForColumn(_REASON, _Wrapped(self.list))
        self.list.setAlternatingRowColors(True)
        self.list.setHeaderLabels(["File", "Reason", "Folder"])
        self.list.setObjectName("rows")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.setAccessibleName(_TITLE)
        header = self.list.header()
        header.resizeSection(_FILE, 220)
        header.resizeSection(_REASON, 430)
        header.setSectionResizeMode(_FOLDER, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(self.list.scheduleDelayedItemsLayout)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy list", QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy.setAutoDefault(False)
        copy.clicked.connect(self.copy)
        self.again = buttons.addButton("Try again", QDialogButtonBox.ButtonRole.ActionRole)
        self.again.setToolTip("Reads the folder again (F5): files may have been repaired or deleted since")
        self.again.setAutoDefault(False)
        self.again.setEnabled(False)
        self.again.clicked.connect(self.again_wanted)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(note)
        column.addWidget(self.list)
        column.addWidget(buttons)

    def add(self, event: Unreadable) -> None:
        """List a file. Each order tells again of those that an earlier one could not read."""
        reason = text.sentence(event.reason)
        known = self._items.get(event.path)
        if known is not None:
            known.setText(_REASON, reason)
            known.setToolTip(_REASON, reason)
            return
        self._places += event.file_id is None
        item = self._items[event.path] = QTreeWidgetItem(
            [
                text.printable(event.path.name or str(event.path)),
                reason,
                text.printable(str(event.path.parent)),
            ]
        )
        item.setData(_FILE, _PATH, event.path)
        for column in (_FILE, _REASON, _FOLDER):
            item.setToolTip(column, item.text(column))
        self.list.addTopLevelItem(item)
        self.again.setEnabled(True)

    def counts(self) -> tuple[int, int]:
        """Images, and links or folders that count as none because they cannot be looked into."""
        return len(self._items) - self._places, self._places

    def reset(self) -> None:
        self._items.clear()
        self._places = 0
        self.list.clear()
        self.again.setEnabled(False)

    def copy(self) -> None:
        """Selected lines, or all of them, as text: path, tab, reason."""
        every = (self.list.topLevelItem(k) for k in range(self.list.topLevelItemCount()))
        items = self.list.selectedItems() or [item for item in every if item is not None]
        lines = [f"{desktop.written(item.data(_FILE, _PATH))}\t{item.text(_REASON)}" for item in items]
        QApplication.clipboard().setText("\n".join(lines))

    def _show(self, path: Path) -> None:
        if wrong := desktop.failure(desktop.show_in_file_manager, path):
            box = QMessageBox(QMessageBox.Icon.Warning, "Not shown", wrong, parent=self)
            box.setTextFormat(Qt.TextFormat.PlainText)
            box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            box.open()

    def _show_menu(self, point: QPoint) -> None:
        item = self.list.itemAt(point)
        if item is None:
            return
        path = item.data(_FILE, _PATH)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show in file manager", lambda: self._show(path))
        menu.addAction("Copy path", lambda: desktop.copy_paths([path]))
        menu.addAction("Copy path and reason", self.copy)
        menu.popup(self.list.viewport().mapToGlobal(point))
