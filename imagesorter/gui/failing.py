"""What is said where the window cannot be opened at all."""

from __future__ import annotations

import os
import sys

from PySide6.QtWidgets import QApplication, QMessageBox


def show(message: str) -> None:
    """Say it in a dialog, where there is a screen."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    desktop = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if not desktop or platform in ("offscreen", "minimal"):
        return  # without a screen, Qt would end the process
    _application = QApplication.instance() or QApplication(sys.argv[:1])
    QMessageBox.critical(None, "Imagesorter", f"Imagesorter cannot start: {message}")
