"""The kept versions of an attribute, any of which can be brought back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from imagesorter.answers import Version
from imagesorter.gui import text

_NUMBER = Qt.ItemDataRole.UserRole

_METHODS = {"ridge": "a line through the scores", "head": "the score head", "layers": "the last layers"}


class VersionsDialog(QDialog):
    """Signals:
    revert_wanted: number of a version, None for the order before anything was taught.
    """

    revert_wanted = Signal(object)

    def __init__(self, attribute: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Versions")
        self.resize(720, 320)
        note = QLabel(f"Versions of “{text.named(attribute)}”. None is ever lost.", wordWrap=True)
        note.setTextFormat(Qt.TextFormat.PlainText)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setObjectName("rows")
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setAccessibleName("Versions")
        self.list.setHeaderLabels(["Version", "Made", "Pairs", "Held-out pairs right", ""])
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.list.header()
        header.setStretchLastSection(True)
        for section, width in ((0, 70), (1, 180), (2, 60), (3, 150)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
            self.list.setColumnWidth(section, width)
        self.list.currentItemChanged.connect(lambda *_: self._enable())
        self.list.itemActivated.connect(lambda *_: self._bring_back())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.back = buttons.addButton("Bring back", QDialogButtonBox.ButtonRole.ActionRole)
        self.back.setToolTip("Make the chosen version the order in use")
        self.back.clicked.connect(self._bring_back)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(note)
        column.addWidget(self.list)
        column.addWidget(buttons)
        self._enable()

    def set_versions(self, versions: Sequence[Version]) -> None:
        """The oldest first; shown with the latest on top, and below all what was before any teaching."""
        self.list.clear()
        for version in reversed(versions):
            self.list.addTopLevelItem(self._item(version))
        untaught = QTreeWidgetItem(["\N{EN DASH}", "before anything was taught"])
        untaught.setFirstColumnSpanned(False)
        untaught.setData(0, _NUMBER, None)
        if versions and not any(version.current for version in versions):
            untaught.setText(4, "in use")
        if versions:
            self.list.addTopLevelItem(untaught)
        self._enable()

    def _item(self, version: Version) -> QTreeWidgetItem:
        made = QDateTime.fromSecsSinceEpoch(int(version.made))
        right = f"{text.percent(version.before.mean)} → {text.share(version.after)}"
        state = ["in use"] if version.current else []
        if version.imported:
            state.append("imported")
        if not version.fits:
            state.append("for another model")
        item = QTreeWidgetItem(
            [
                f"{version.number:,}",
                QLocale().toString(made, QLocale.FormatType.ShortFormat),
                f"{version.pairs:,}",
                right,
                ", ".join(state),
            ]
        )
        item.setToolTip(0, f"Taught {_METHODS[version.method]}" if version.method in _METHODS else "")
        item.setToolTip(4, "" if version.fits else "It was made for a model that is not here.")
        item.setData(0, _NUMBER, version.number)
        return item

    def _enable(self) -> None:
        item = self.list.currentItem()
        self.back.setEnabled(item is not None and "in use" not in item.text(4))

    def _bring_back(self) -> None:
        item = self.list.currentItem()
        if item is not None and self.back.isEnabled():
            self.revert_wanted.emit(item.data(0, _NUMBER))
