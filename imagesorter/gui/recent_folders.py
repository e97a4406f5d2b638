"""The folders that were opened last, in a menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu

from imagesorter.gui import text
from imagesorter.settings import Settings

_LETTERS = 70
"""Of a path, cut in the middle where there are more."""


class RecentFolders(QMenu):
    """Filled whenever the menu that it stands in is about to be shown. Whether the folders are still there is
    not asked before one is opened: a disk that is gone may take long to say so.

    Args:
        opens: shows what is in a folder.
    """

    def __init__(self, menu: QMenu, settings: Settings, opens: Callable[[Path], None]) -> None:
        super().__init__("Open re&cent", menu)
        self._settings, self._opens = settings, opens
        self.setToolTipsVisible(True)
        menu.addMenu(self)
        menu.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Offer the folders."""
        self.clear()
        for number, folder in enumerate(self._settings.recent, 1):
            path = text.printable(folder)
            action = self.addAction(f"&{number}  {text.shortened(path, _LETTERS).replace('&', '&&')}")
            action.setToolTip(path)
            action.triggered.connect(partial(self._opens, Path(folder)))
        self.setEnabled(not self.isEmpty())
