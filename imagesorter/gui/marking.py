"""Marking photographs as the best or the worst of the order that is shown, in a menu or by keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from imagesorter.gui import text
from imagesorter.gui.image_model import ImageModel, Role

Mark = Literal["best", "worst"]

KEYS: dict[Mark, str] = {"best": "Alt+Up", "worst": "Alt+Down"}
"""Up and down in the order. Letters are left to the names that are typed in the grid."""

NOT_COMPLETE = "The order is not complete yet; move or mark photographs when it is."


class Marking(QObject):
    """Says what is to be marked, or to be no more.

    Signals:
        marked: (query, file ids of the best, file ids of the worst).
        unmarked: (query, file ids of those that are to be neither any more).
    """

    marked = Signal(str, object, object)
    unmarked = Signal(str, object)

    def __init__(self, images: ImageModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images

    def toggle(self, rows: Sequence[int], kind: Mark) -> str:
        """Mark rows, or take the mark off where all have it. Returns why nothing is marked, else ""."""
        ranking = self._images.ranking
        if ranking is None:
            return "Sort the photographs first: they are marked as best or worst of an order."
        if not ranking.complete:
            return NOT_COMPLETE
        if not rows:
            return "Select the photographs that are to be marked."
        ids = self._ranked(rows)
        if not ids:
            return "Only photographs that have a rank can be marked."
        if self._kinds(rows) == {kind}:
            self.unmarked.emit(ranking.query, ids)
        else:
            self._mark(ranking.query, ids, kind)
        return ""

    def offer(self, menu: QMenu, rows: Sequence[int]) -> None:
        """Add to a menu what can be done with rows. It stays with their photographs, and with this order."""
        images, ranking = self._images, self._images.ranking
        if ranking is None or not ranking.complete:
            return
        query, ids, kinds = ranking.query, self._ranked(rows), self._kinds(rows)
        named = text.named(query, 40).replace("&", "&&")
        menu.addSeparator()
        for kind, keys in KEYS.items():
            action = menu.addAction(f"Mark as {kind} of “{named}”", partial(self._mark, query, ids, kind))
            action.setEnabled(bool(ids))
            if kinds != {kind}:  # else they take it off
                action.setShortcut(QKeySequence(keys))
        marked = [images.file_id(row) for row in rows if images.index(row).data(Role.MARK)]
        if marked:
            what = "marks" if len(marked) > 1 else "mark"
            off = menu.addAction(f"Take off the {what}", lambda: self.unmarked.emit(query, marked))
            for kind, keys in KEYS.items():
                if kinds == {kind}:
                    off.setShortcut(QKeySequence(keys))

    def _mark(self, query: str, ids: Sequence[int], kind: Mark) -> None:
        self.marked.emit(query, *((ids, []) if kind == "best" else ([], ids)))

    def _ranked(self, rows: Sequence[int]) -> list[int]:
        """File ids of what can be marked."""
        return [self._images.file_id(row) for row in rows if self._images.rank(row) is not None]

    def _kinds(self, rows: Sequence[int]) -> set[str]:
        """Marks of what can be marked, "" for none."""
        images = self._images
        return {images.index(row).data(Role.MARK) for row in rows if images.rank(row) is not None}
