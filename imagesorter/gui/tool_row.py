"""The row of tools above the photographs of the Sort tab."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from imagesorter.gui import icons, text, theme
from imagesorter.gui.elided import ElidedLabel
from imagesorter.settings import Settings

TILE_SIZES = range(96, 385)
"""Width of a tile in logical pixels; thumbnails are stored at 384 to 512."""


class ToolRow(QWidget):
    """What to open, how many photographs there are, how large they are shown, and what to do with the order.

    Args:
        settings: what the tools show at first.

    Signals:
        folder_wanted, photos_wanted, teach_wanted, export_wanted: a button was pressed.
        recursive_changed: whether subfolders are wanted, too, as the user has switched it.
        tile_size_changed: in logical pixels.
    """

    folder_wanted = Signal()
    photos_wanted = Signal()
    teach_wanted = Signal()
    export_wanted = Signal()
    recursive_changed = Signal(bool)
    tile_size_changed = Signal(int)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_button = _tool("Open", "Choose what to sort")
        menu = QMenu(self.open_button)
        menu.addAction("Folder…", self.folder_wanted.emit)
        menu.addAction("Photos…", self.photos_wanted.emit)
        self.open_button.setMenu(menu)
        self.open_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.recursive = QCheckBox("Include subfolders")
        self.recursive.setChecked(settings.recursive)
        self.recursive.toggled.connect(self.recursive_changed)
        self.count = ElidedLabel()
        self._small, self._large = QLabel(), QLabel()
        self.tile_slider = QSlider(Qt.Orientation.Horizontal)
        self.tile_slider.setRange(TILE_SIZES.start, TILE_SIZES.stop - 1)
        self.tile_slider.setPageStep(32)
        self.tile_slider.setMinimumWidth(30)
        self.tile_slider.setMaximumWidth(120)
        self.tile_slider.setValue(settings.tile_size)
        self.tile_slider.setToolTip("Size of the thumbnails")
        self.tile_slider.setAccessibleName("Size of the thumbnails")
        self.tile_slider.valueChanged.connect(self.tile_size_changed)
        self.teach_button = _tool(
            "Teach this", text.keys("Teach this order by choosing between pairs (Ctrl+T)")
        )
        self.teach_button.setEnabled(False)
        self.teach_button.clicked.connect(self.teach_wanted)
        self.export_button = _tool("Export…", "Save the order as a CSV or JSON file")
        self.export_button.setEnabled(False)
        self.export_button.clicked.connect(self.export_wanted)

        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.open_button)
        row.addWidget(self.recursive)
        row.addSpacing(12)  # or the number would seem to be part of the words before it
        row.addStretch(1)
        row.addWidget(self.count)
        row.addSpacing(4)
        row.addWidget(self._small)
        row.addWidget(self.tile_slider, 100)  # in a narrow window it gives way first, then the number
        row.addWidget(self._large)
        row.addSpacing(4)
        row.addWidget(self.teach_button)
        row.addWidget(self.export_button)
        self._colour()

    def show_recursive(self, recursive: bool) -> None:
        """Whether subfolders are read; nobody is told."""
        with QSignalBlocker(self.recursive):
            self.recursive.setChecked(recursive)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "export_button"):
            self._colour()

    def _colour(self) -> None:
        colour, disabled = self.palette().windowText().color(), theme.disabled(self.palette())
        for button, name in (
            (self.open_button, "folder"),
            (self.teach_button, "pairs"),
            (self.export_button, "export"),
        ):
            button.setIcon(icons.icon(name, colour, (18, 36), disabled))
        faint, ratio = theme.faint(self.palette()), self.devicePixelRatioF()
        self._small.setPixmap(icons.pixmap("tiles-small", faint, 18, ratio))
        self._large.setPixmap(icons.pixmap("tiles-large", faint, 18, ratio))


def _tool(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(name)
    button.setToolTip(tip)
    button.setObjectName("tool")
    button.setAccessibleDescription(tip)  # its name is what is written on it, which a voice calls it by
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIconSize(QSize(18, 18))
    return button
