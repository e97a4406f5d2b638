"""The list of files that could not be read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagesorter.events import Unreadable
from imagesorter.gui import desktop, text

_PATH = Qt.ItemDataRole.UserRole


class UnreadableDialog(QDialog):
    """File, reason, folder; grows while files are being read. No file is listed twice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[Path, QTreeWidgetItem] = {}
        self.setWindowTitle("Files that could not be read")
        self.resize(900, 440)
        note = QLabel("These files are left out of the order. They have not been changed.", wordWrap=True)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        self.list.setHeaderLabels(["File", "Reason", "Folder"])
        self.list.setObjectName("rows")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.setAccessibleName("Files that could not be read")
        header = self.list.header()
        header.resizeSection(0, 220)
        header.resizeSection(1, 430)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy list", QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy.setAutoDefault(False)
        copy.clicked.connect(self.copy)
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
            known.setText(1, reason)
            known.setToolTip(1, reason)
            return
        item = self._items[event.path] = QTreeWidgetItem(
            [
                text.printable(event.path.name or str(event.path)),
                reason,
                text.printable(str(event.path.parent)),
            ]
        )
        item.setData(0, _PATH, str(event.path))
        for column in range(3):
            item.setToolTip(column, item.text(column))
        self.list.addTopLevelItem(item)

    def count(self) -> int:
        return len(self._items)

    def reset(self) -> None:
        self._items.clear()
        self.list.clear()

    def copy(self) -> None:
        """Selected lines, or all of them, as text: path, tab, reason."""
        every = (self.list.topLevelItem(k) for k in range(self.list.topLevelItemCount()))
        items = self.list.selectedItems() or [item for item in every if item is not None]
        lines = [f"{item.data(0, _PATH)}\t{item.text(1)}" for item in items]
        QApplication.clipboard().setText("\n".join(lines))

    def _show_menu(self, point: QPoint) -> None:
        item = self.list.itemAt(point)
        if item is None:
            return
        path = Path(item.data(0, _PATH))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show in file manager", lambda: desktop.show_in_file_manager(path))
        menu.addAction("Copy path", lambda: desktop.copy_paths([path]))
        menu.addAction("Copy path and reason", self.copy)
        menu.popup(self.list.viewport().mapToGlobal(point))
