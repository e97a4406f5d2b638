"""Importing a checkpoint: from the file to the loaded model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from imagesorter.events import ModelImported
from imagesorter.gui import text, theme
from imagesorter.gui.banner import BannerArea
from imagesorter.gui.session import Session

SUFFIXES = (".pt", ".pth", ".ckpt", ".safetensors")

_NOTE = (
    "The checkpoint is read once and kept as a model of your own, about as large as the file; the file "
    "itself is not needed afterwards. Checkpoints of the ranking-aware adapter can be used, and linear heads "
    "for an OpenCLIP model that is here."
)


def is_checkpoint(path: Path) -> bool:
    """Whether a dropped thing is a checkpoint by its name, not something to look at."""
    return path.suffix.lower() in SUFFIXES and not os.path.isdir(path)  # noqa: PTH112 (never raises)


class ImportDialog(QDialog):
    """Asks for the new model's name.

    Args:
        path: the checkpoint.
        session: asked whether a name can be had.

    Signals:
        confirmed: the name.
    """

    confirmed = Signal(str)

    def __init__(self, path: Path, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import a model")
        self.setMinimumWidth(480)
        self._session = session
        self._over = False
        file = QLabel(text.printable(path.name), wordWrap=True)
        file.setTextFormat(Qt.TextFormat.PlainText)
        file.setToolTip(text.printable(str(path)))
        self.name = QLineEdit(text.printable(path.stem))
        self.name.setAccessibleName("Name of the model")
        self.name.selectAll()
        self.problem = QLabel(wordWrap=True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setMinimumHeight(2 * self.problem.fontMetrics().height())
        self.problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        note = QLabel(_NOTE, wordWrap=True)
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(16)
        form.addRow("File:", file)
        form.addRow("Name:", self.name)
        form.addRow("", self.problem)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.button = buttons.addButton("Import", QDialogButtonBox.ButtonRole.AcceptRole)
        self.button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addWidget(note)
        column.addLayout(form)
        column.addWidget(buttons)
        palette = self.problem.palette()
        palette.setColor(self.problem.foregroundRole(), theme.severity(self.palette(), "error"))
        self.problem.setPalette(palette)
        palette = note.palette()
        palette.setColor(note.foregroundRole(), theme.faint(self.palette()))
        note.setPalette(palette)
        self.name.textChanged.connect(self._check)
        self._check(self.name.text())

    def accept(self) -> None:
        self.confirmed.emit(self.name.text())
        super().accept()

    def done(self, result: int) -> None:
        self._over = True  # an answer may still be on its way when the dialog is there no more
        super().done(result)

    def _check(self, name: str) -> None:
        """Ask the engine; only an answer about the name that still stands there counts."""
        self.button.setEnabled(bool(name.strip()))
        self._session.read(
            lambda engine: engine.check_model_name(name),
            lambda _: self._answer(name, ""),
            lambda error: self._answer(name, text.sentence(str(error))),
        )

    def _answer(self, name: str, problem: str) -> None:
        if not self._over and name == self.name.text():
            self.problem.setText(problem)
            self.button.setEnabled(not problem)


class ModelImports(QObject):
    """Everything about importing that the window need not know.

    Args:
        parent: the window; dialogs stand before it.
        banners: for what cannot be done.

    Signals:
        imported: name of a model that can be chosen now.
        told: a sentence for the status line.
    """

    imported = Signal(str)
    told = Signal(str)

    def __init__(self, session: Session, banners: BannerArea, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._banners, self._window = session, banners, parent
        session.model_imported.connect(self._on_imported)
        session.import_cancelled.connect(self._on_cancelled)

    def choose(self) -> None:
        """Ask for a file, then for a name."""
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        path, _ = QFileDialog.getOpenFileName(self._window, "Import a model", "", f"Checkpoints ({kinds})")
        if path:
            self.offer([Path(path)])

    def offer(self, paths: Sequence[Path]) -> None:
        """Ask for the name of the first checkpoint's model, and import it once there is one."""
        path = paths[0]
        if len(paths) > 1:
            self._banners.add(
                f"Models are imported one at a time. Drop the others after “{text.printable(path.name)}”.",
                "info",
            )
        dialog = ImportDialog(path, self._session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.confirmed.connect(lambda name: self._session.import_model(path, name))
        dialog.open()

    def _on_cancelled(self) -> None:
        self.told.emit("The import was cancelled; nothing of it was kept.")

    def _on_imported(self, event: ModelImported) -> None:
        self.imported.emit(event.name)
        self.told.emit(f"Imported “{event.title}”")
