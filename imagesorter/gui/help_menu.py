"""What the help menu shows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QMessageBox, QWidget

from imagesorter import __version__
from imagesorter.gui import icons, text

SHORTCUTS = (
    ("Ctrl+O", "Open a folder"),
    ("Ctrl+Shift+O", "Open photos"),
    ("F5, Ctrl+R", "Read the folder again, after files were repaired, added or deleted"),
    ("Ctrl+L", "Type an attribute"),
    ("Enter", "Sort by what was typed; with nothing typed, back to the folder's own order"),
    ("Ctrl+E", "Export the order"),
    ("Space, double click", "View a photograph large"),
    ("← →, Home, End", "Move through the order"),
    ("Ctrl+arrows, Ctrl+Space", "Select photographs that are not adjacent"),
    ("Z", "In the large view: 100\N{NO-BREAK SPACE}%, every pixel, of each photograph until Z or Esc"),
    ("Esc", "Back to the grid; stop what is running"),
    ("Ctrl++, Ctrl+−", "Larger and smaller thumbnails"),
    ("Ctrl+T", "Teach the order that is typed or shown"),
    ("← →, ↑ or T", "Teaching: left first, right first, a tie"),
    ("↓ or S, C", "Teaching: skip, cannot tell"),
    ("Ctrl+Z, Backspace", "Teaching: take back the last answer"),
    ("Alt+↑, Alt+↓", "Mark as best or worst of the order; again takes the mark off"),
    ("Ctrl+Z", "In the grid: take back the last drag or mark"),
    ("+ − 0, wheel", "Teaching: zoom both photographs"),
    ("Ctrl+Enter", "Teaching: learn from the pairs"),
    ("Ctrl+C", "Copy the photograph shown large, or the selected ones, to be pasted into a folder"),
    ("Ctrl+M", "Models: get, use, check, remove"),
    ("F11", "Full screen"),
)


def show_shortcuts(parent: QWidget) -> None:
    """All keys that do something."""
    rows = "".join(
        f"<tr><td style='padding-right:24px'><b>{text.keys(keys)}</b></td><td>{effect}</td></tr>"
        for keys, effect in SHORTCUTS
    )
    _show(parent, "Keyboard shortcuts", f"<table cellspacing='4' style='white-space:nowrap'>{rows}</table>")


def show_about(parent: QWidget) -> None:
    """Name, version, licence."""
    box = _show(
        parent,
        "About Imagesorter",
        f"<h3>Imagesorter {__version__}</h3><p>Sorts photographs by any attribute that can be typed.</p>"
        "<p>Everything runs on this computer. Photographs are never changed.</p>"
        "<p>Apache License 2.0</p>",
    )
    box.setIconPixmap(icons.pixmap("imagesorter", QColor(), 64, parent.devicePixelRatioF()))


def _show(parent: QWidget, title: str, words: str) -> QMessageBox:
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, words, parent=parent)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
