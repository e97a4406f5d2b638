"""The window has one word for the user's pictures."""

from __future__ import annotations

import re

from driving import idle
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from train_tab import Tab

from imagesorter.gui.preferences import PreferencesDialog


def texts(part: QWidget) -> set[str]:
    """What is written in a part of the window: labels, buttons, menus, tool tips."""
    widgets = [part, *part.findChildren(QWidget)]
    found = {widget.toolTip() for widget in widgets}
    found |= {widget.text() for widget in widgets if isinstance(widget, QLabel | QAbstractButton)}
    return found | {action.text() for action in part.findChildren(QAction)}


def deviating(part: QWidget) -> set[str]:
    """Texts with another word; an image is a kind of file."""
    return {told for told in texts(part) if re.search(r"\b(images?|pictures?)\b(?! by name)", told, re.I)}


def test_what_is_sorted_is_called_photographs_wherever_it_is_written(tab: Tab, photos, tmp_path):
    window = tab.window
    parts = (window.sort_page, window.menuBar(), tab.page, window.status.message)
    assert {told for part in parts for told in deviating(part)} == set()
    (photos / "notes.txt").write_text("x")
    window.open_paths([photos])
    window.session.sort("sharper")
    tab.qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(tab.qtbot, window)
    assert window.sort_page.tools.count.text() == "12 photos"
    assert window.status.message.text() == "Sorted 12 photographs by “sharper”"
    (empty := tmp_path / "empty").mkdir()
    window.open_paths([empty])
    tab.qtbot.waitUntil(lambda: window.sort_page.welcome.title.text() == "No photographs found")
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    tab.qtbot.waitUntil(lambda: "1,234 photographs" in dialog.usage.text())
    assert {told for part in (*parts, dialog) for told in deviating(part)} == set()
    dialog.close()
