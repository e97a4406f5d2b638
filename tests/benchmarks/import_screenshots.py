"""What is dragged over the window, and the states of importing a model, for screenshots.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent

from imagesorter.errors import ModelError
from imagesorter.events import Progress
from imagesorter.gui.model_import import ImportDialog

if TYPE_CHECKING:
    from screenshots import Stage

    from imagesorter.gui.window import MainWindow


def drag_over(window: MainWindow, folder: Path) -> None:
    """A drag of a file or folder from outside comes over the window, and stays there."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))


def take_importing(stage: Stage) -> None:
    """A checkpoint over the window, its dialog, its progress, and one that cannot be imported."""
    window, path = stage.window, Path("/downloads/cliprank-count+mos+age+hci.pt")
    drag_over(window, path)
    stage.grab("27-import-drag-over")
    window._overlay.hide()
    window.imports.offer([path])
    dialog = window.findChildren(ImportDialog)[-1]
    stage.grab("28-import-dialog", dialog)
    dialog.name.setText("pocket")
    stage.settle(lambda: bool(dialog.problem.text()))
    stage.grab("29-import-dialog-name-taken", dialog)
    dialog.name.setText("counting")
    dialog.button.click()
    importing = stage.stream("import_model")
    importing.put(Progress("import", 640_000_000, 1_561_000_000))
    stage.settle(lambda: "MB" in window.status.figures.text())
    stage.grab("30-importing")
    importing.fail(
        ModelError(
            f"{path}: the file holds more than numbers: opening it as it asks would run code "
            "(“posix.system”). It was not opened. Take a checkpoint from its authors' own page, saved with "
            "weights alone."
        )
    )
    stage.settle(lambda: bool(window.sort_page.banners.banners()))
    stage.grab("31-import-refused")
    window.sort_page.banners.clear()
