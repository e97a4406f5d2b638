"""The main window's menus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from imagesorter.gui import help_menu, marking
from imagesorter.gui.recent_folders import RecentFolders

if TYPE_CHECKING:
    from imagesorter.gui.window import MainWindow


@dataclass(frozen=True)
class MenuActions:
    """What is not always to be had.

    Attributes:
        again: read the folder again.
        export: write the order.
        unsort: show the photographs in the folder's own order.
        stop: end what is being done.
        undo: take back the last move or mark in the grid.
    """

    again: QAction
    export: QAction
    unsort: QAction
    stop: QAction
    undo: QAction


def build_menus(window: MainWindow) -> MenuActions:
    """Fill a window's menu bar."""
    grid, slider = window.sort_page.grid, window.sort_page.tools.tile_slider
    bar = window.menuBar()
    file = bar.addMenu("&File")
    _action(file, "&Open folder…", window.choose_folder, "Ctrl+O")
    _action(file, "Open &photos…", window.choose_photos, "Ctrl+Shift+O")
    RecentFolders(file, window.settings, lambda folder: window.open_paths([folder]))
    again = _action(file, "&Read the folder again", window.read_again)
    again.setShortcuts([QKeySequence("F5"), QKeySequence("Ctrl+R")])
    again.setEnabled(False)
    file.addSeparator()
    export = _action(file, "&Export the order…", window.export, "Ctrl+E")
    export.setEnabled(False)
    file.addSeparator()
    _action(file, "&Models…", lambda: window.stock.show(), "Ctrl+M")
    _action(file, "&Import model…", window.imports.choose)
    _action(file, "&Settings…", window.show_preferences, "Ctrl+,")
    file.addSeparator()
    _action(file, "&Quit", window.close, "Ctrl+Q")
    edit = bar.addMenu("&Edit")
    undo = edit.addAction("&Undo the last move or mark")
    undo.setShortcut(QKeySequence("Ctrl+Z"))
    undo.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    undo.setEnabled(False)
    grid.addAction(undo)
    edit.addSeparator()
    _action(edit, "Type an &attribute", window.focus_query, "Ctrl+L")
    _action(edit, "&Teach this order", window.sort_page.teach, "Ctrl+T")
    edit.addSeparator()
    for kind, keys in marking.KEYS.items():
        mark = _action(edit, f"Mark as {kind}", partial(window.chosen.mark, kind), keys)
        mark.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        grid.addAction(mark)
        window.viewer.addAction(mark)
    edit.addSeparator()
    copy = _action(edit, "&Copy the selected photographs", window.chosen.copy, "Ctrl+C")
    copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    grid.addAction(copy)
    window.viewer.addAction(copy)
    view = bar.addMenu("&View")
    _action(view, "&Larger thumbnails", lambda: slider.setValue(slider.value() + 24), "Ctrl++")
    _action(view, "&Smaller thumbnails", lambda: slider.setValue(slider.value() - 24), "Ctrl+-")
    view.addSeparator()
    unsort = _action(view, "Fol&der's own order", window.unsort)
    unsort.setEnabled(False)
    view.addSeparator()
    _action(view, "What could not be &read", window.show_unreadable)
    stop = _action(view, "S&top", window.session.cancel, "Esc")
    view.addSeparator()
    _action(view, "&Full screen", window.toggle_full_screen, "F11")
    about = bar.addMenu("&Help")
    _action(about, "&Keyboard shortcuts", lambda: help_menu.show_shortcuts(window), "F1")
    _action(about, "&About Imagesorter", lambda: help_menu.show_about(window))
    return MenuActions(again, export, unsort, stop, undo)


def _action(menu: QMenu, title: str, triggered: Callable[[], object], keys: str = "") -> QAction:
    action = menu.addAction(title)
    action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda: triggered())
    return action
