"""The settings dialog: cache and scanning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from imagesorter.gui import text
from imagesorter.gui.confirming import confirmed

if TYPE_CHECKING:
    from imagesorter.answers import Usage
    from imagesorter.gui.choices import Choices
    from imagesorter.gui.session import Session
    from imagesorter.settings import Settings


class PreferencesDialog(QDialog):
    """Edits settings in place when it is accepted.

    Args:
        settings: the ones in use.
        clear_cache: called when the user has confirmed that the cache is to be cleared.

    Signals:
        activity_changed: to be emitted when the cache may have changed.
    """

    activity_changed = Signal(object)

    def __init__(
        self, settings: Settings, clear_cache: Callable[[], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setMinimumWidth(460)
        self._settings, self._clear_cache = settings, clear_cache
        self.hidden = QCheckBox("Read hidden files and folders too")
        self.hidden.setChecked(settings.include_hidden)
        self.cap = QDoubleSpinBox(minimum=0.1, maximum=10_000, decimals=1, singleStep=1, suffix=" GB")
        self.cap.setValue(settings.cache_gigabytes)
        self.cap.setMaximumWidth(140)
        self.cap.lineEdit().setTextMargins(8, 0, 0, 0)  # a style sheet cannot move it
        self.cap.setAccessibleName("Largest size of the cache")
        self.usage = QLabel("…")
        self.clear = QPushButton("Clear cache…")
        self.clear.setAutoDefault(False)
        self.clear.clicked.connect(self._ask_to_clear)
        used = QHBoxLayout()
        used.addWidget(self.usage, 1)
        used.addWidget(self.clear)
        note = QLabel(
            "The cache holds thumbnails and what the model has seen in each photograph, so that it "
            "is read only once. The photographs themselves are never copied into it.",
            wordWrap=True,
        )
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(16)
        form.addRow("Folders:", self.hidden)
        form.addRow("Cache limit:", self.cap)
        form.addRow("Cache now:", used)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(16)
        column.addLayout(form)
        column.addWidget(note)
        column.addWidget(buttons)
        for widget, field in ((self.hidden, self.hidden), (self.cap, self.cap), (self.clear, used)):
            widget.ensurePolished()
            form.labelForField(field).setMinimumHeight(widget.sizeHint().height())  # level with the field

    def set_usage(self, usage: Usage) -> None:
        """What the cache holds now."""
        self.usage.setText(f"{text.size(usage.bytes)} for {text.count(usage.images, 'photograph')}")

    def accept(self) -> None:
        self._settings.include_hidden = self.hidden.isChecked()
        self._settings.cache_gigabytes = round(self.cap.value(), 1)
        super().accept()

    def _ask_to_clear(self) -> None:
        if confirmed(
            self,
            "Clear the cache?",
            "Thumbnails and index will be deleted; photographs will be read again when they are next "
            "sorted. They are not touched.",
            "Clear",
        ):
            self._clear_cache()


def show(
    settings: Settings, session: Session, choices: Choices, saved: Callable[[], None], parent: QWidget
) -> None:
    """Open the dialog; `saved` is called with the settings changed, and what is open is read again where
    that shows other files."""
    dialog = PreferencesDialog(settings, choices.clear_cache, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    hidden = settings.include_hidden

    def accepted() -> None:
        saved()
        if settings.include_hidden != hidden:
            choices.include_hidden()

    dialog.accepted.connect(accepted)
    session.usage_read.connect(dialog.set_usage)
    session.activity_changed.connect(dialog.activity_changed)
    dialog.activity_changed.connect(session.read_usage)
    session.read_usage()
    dialog.open()
