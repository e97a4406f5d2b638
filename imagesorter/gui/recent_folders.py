"""The folders that were opened last, in a menu."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from PySide6.QtWidgets import QMenu

from imagesorter.gui import text
from imagesorter.settings import Settings

_SHOWN = 5
_LETTERS = 70
"""Of a path, cut in the middle where there are more."""


class RecentFolders(QMenu):
    """Filled whenever the menu that it stands in is about to be shown: folders come and go.

    Args:
        opens: shows what is in a folder.
    """

    def __init__(self, menu: QMenu, settings: Settings, opens: Callable[[Path], None]) -> None:
        super().__init__("Open re&cent", menu)
        self._settings, self._opens = settings, opens
        self.setToolTipsVisible(True)
        menu.addMenu(self)
        menu.aboutToShow.connect(self.fill)  # not before: a disk that is gone may take long to say so

    def fill(self) -> None:
        """Offer those that are still there."""
        self.clear()
        for number, folder in enumerate(islice(self._there(), _SHOWN), 1):
            path = text.printable(folder)
            action = self.addAction(f"&{number}  {text.shortened(path, _LETTERS).replace('&', '&&')}")
            action.setToolTip(path)
            action.triggered.connect(partial(self._opens, Path(folder)))
        self.setEnabled(not self.isEmpty())

    def _there(self) -> Iterator[str]:
        return (folder for folder in self._settings.recent if os.path.isdir(folder))  # noqa: PTH112 (never raises)
