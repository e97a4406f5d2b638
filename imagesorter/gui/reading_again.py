"""Reading again what is open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QObject

from imagesorter.gui.session import Session
from imagesorter.gui.sort_page import SortPage


@dataclass(frozen=True)
class _Kept:
    """What was selected among the images under `roots`, and which of them was the current one."""

    roots: tuple[Path, ...]
    selected: frozenset[Path]
    current: Path | None


class ReadingAgain(QObject):
    """Opens again what is open: files may have been mended, added, replaced or deleted since.

    The query holds, and what is selected stays so where it is still there.
    """

    def __init__(self, session: Session, page: SortPage) -> None:
        super().__init__(page)
        self._session, self._images, self._grid = session, page.images, page.grid
        self._kept: _Kept | None = None
        self._out_of_sight = False
        session.opened.connect(self._select)
        session.ranked.connect(self._bring_into_sight)

    def start(self) -> None:
        """Look through the places that were opened last, and read what the index does not know."""
        roots = self._session.roots
        if not roots:
            return
        if self._kept is None or self._kept.roots != roots:  # else they are being looked through already
            current = self._grid.currentIndex()
            self._kept = _Kept(
                roots,
                frozenset(self._images.path(row) for row in self._grid.selected_rows()),
                self._images.path(current.row()) if current.isValid() else None,
            )
        self._session.open(roots)

    def _select(self) -> None:
        kept, self._kept = self._kept, None
        self._out_of_sight = False
        if kept is None or kept.roots != self._session.roots:
            return
        rows = {path: self._images.row(file_id) for file_id, path in enumerate(self._images.paths)}
        self._grid.select([rows[path] for path in kept.selected if path in rows])
        if kept.current in rows:
            current = self._images.index(rows[kept.current])
            self._grid.selectionModel().setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
            self._out_of_sight = self._session.query is not None
            if not self._out_of_sight:
                self._grid.scrollTo(current)

    def _bring_into_sight(self) -> None:
        """The first order begins at its top."""
        if self._out_of_sight:
            self._out_of_sight = False
            self._grid.scrollTo(self._grid.currentIndex())
