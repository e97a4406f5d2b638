"""The images as rows: ranked ones first, best on top, the others behind in the order they were found.

There is always one row for each image. A new order changes which image a row shows and
nothing else, so that a view has nothing to lay out anew; selections are carried along by
file id (see `ImageGrid`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from imagesorter.events import FilesFound, Ranked
from imagesorter.gui import text
from imagesorter.gui.arrangement import Arrangements, Move, last_of, take_back

Index = QModelIndex | QPersistentModelIndex
"""What Qt hands to the methods of models, views and delegates."""


class Role(IntEnum):
    """What a row can tell beside its name (DisplayRole)."""

    FILE_ID = Qt.ItemDataRole.UserRole
    PATH = Qt.ItemDataRole.UserRole + 1
    RANK = Qt.ItemDataRole.UserRole + 2
    SCORE = Qt.ItemDataRole.UserRole + 3
    TIED = Qt.ItemDataRole.UserRole + 4
    WARNING = Qt.ItemDataRole.UserRole + 5
    UNREADABLE = Qt.ItemDataRole.UserRole + 6
    NOTE = Qt.ItemDataRole.UserRole + 7
    MOVED = Qt.ItemDataRole.UserRole + 8
    MARK = Qt.ItemDataRole.UserRole + 9
    FORMER_RANK = Qt.ItemDataRole.UserRole + 10


class ImageModel(QAbstractListModel):
    """One row for each image.

    Signals:
        about_to_reorder, reordered: around a change of the order, or (the former's argument) by hand, of one
            image's place in it.
        moves_changed: what was moved by hand, in this order or in another one, is no more what it was.
    """

    about_to_reorder = Signal(bool)
    reordered = Signal()
    moves_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths: list[Path] = []
        self._order: list[int] = []
        self._rows: list[int] | None = None
        self._ranked: Ranked | None = None
        self._scored = 0
        self._warnings: dict[int, str] = {}
        self._unreadable: dict[int, str] = {}
        self._notes: dict[int, str] = {}
        self._marks: Mapping[int, bool] = {}
        self._arrangements = Arrangements()
        self._opened: object = None
        self._former: Sequence[Path] = ()
        self._moves: list[Move[int]] = []
        self._numbers = count(1)
        self._moved: set[int] = set()
        self._arranged = False
        self._places: dict[int, int] = {}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self._order)

    def roleNames(self) -> dict[int, QByteArray]:  # noqa: N802
        names = super().roleNames()
        return names | {int(role): QByteArray(role.name.lower().encode()) for role in Role}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not 0 <= row < len(self._order):
            return None
        file_id = self._order[row]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text.printable(self._paths[file_id].name)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tool_tip(row, file_id)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(row, file_id)
            case Role.FILE_ID:
                return file_id
            case Role.PATH:
                return self._paths[file_id]
            case Role.RANK:
                return self.rank(row)
            case Role.SCORE:
                return self.score(row)
            case Role.TIED:
                return self.tied(row)
            case Role.WARNING:
                return self._warnings.get(file_id, "")
            case Role.UNREADABLE:
                return self._unreadable.get(file_id, "")
            case Role.NOTE:
                return self._notes.get(file_id, "")
            case Role.MOVED:
                return file_id in self._moved
            case Role.MARK:
                return self._mark(file_id)
            case Role.FORMER_RANK:
                return self.former_rank(row)
        return None

    @property
    def ranking(self) -> Ranked | None:
        """The order shown, None before there is one."""
        return self._ranked

    @property
    def ranked_ids(self) -> list[int]:
        """File ids of the images that have a rank, best first."""
        return self._order[: self._scored]

    def file_id(self, row: int) -> int:
        return self._order[row]

    def path(self, row: int) -> Path:
        return self._paths[self._order[row]]

    @property
    def paths(self) -> Sequence[Path]:
        """By file id."""
        return self._paths

    def rank(self, row: int) -> int | None:
        """Rank from 1, None where the image is not ranked (yet). Where images were moved it is the place in
        which one is seen, as in what is exported."""
        return row + 1 if self.has_moved and 0 <= row < self._scored else self._given_rank(row)

    def former_rank(self, row: int) -> int | None:
        """Of an image that was moved: its rank in the order itself."""
        return self._given_rank(row) if self._order[row] in self._moved else None

    def _given_rank(self, row: int) -> int | None:
        place = self._place(row)
        return None if self._ranked is None or place is None else int(self._ranked.ranks[place])

    @property
    def ranked_count(self) -> int:
        """Number of images that have a rank; they stand first."""
        return self._scored

    def score(self, row: int) -> float | None:
        place = self._place(row)
        return None if self._ranked is None or place is None else float(self._ranked.scores[place])

    def tied(self, row: int) -> bool:
        """Whether another image has the same rank."""
        place = self._place(row)
        if self._ranked is None or place is None or self.has_moved:
            return False
        ranks = self._ranked.ranks
        return any(
            0 <= other < self._scored and ranks[other] == ranks[place] for other in (place - 1, place + 1)
        )

    def _place(self, row: int) -> int | None:
        """Where the order has the image of a row, None where it has not. Rows and places are the same until
        an image is moved."""
        if not 0 <= row < self._scored:
            return None
        return self._places[self._order[row]] if self._moved else row

    def row(self, file_id: int) -> int:
        """The row that shows a file."""
        if self._rows is None:
            self._rows = [0] * len(self._order)
            for row, shown in enumerate(self._order):
                self._rows[shown] = row
        return self._rows[file_id]

    def reset(self, opened: object = None) -> None:
        """No images. `opened`: what those to come are found in, by which moved ones are known again."""
        self.beginResetModel()
        self._lay_by()
        self._opened, self._former = opened, self._paths or self._former
        self._paths, self._order, self._rows = [], [], None
        self._ranked, self._scored = None, 0
        self._moves, self._moved, self._arranged = [], set(), False
        self._warnings, self._unreadable, self._notes, self._marks = {}, {}, {}, {}
        self.endResetModel()

    def add(self, found: FilesFound) -> None:
        """Append images, in the order they were found."""
        first, last = found.first_id, found.first_id + len(found.paths) - 1
        if first != len(self._paths):
            raise ValueError(f"files from id {first} follow {len(self._paths)} files")
        if last < first:
            return
        self.beginInsertRows(QModelIndex(), first, last)
        self._paths.extend(found.paths)
        self._order.extend(range(first, last + 1))
        self._rows = None
        self.endInsertRows()

    def set_order(self, ranked: Ranked) -> int:
        """Show an order; images that it leaves out follow behind. O(n). Where it is, or may become, the one
        that is shown, what was moved stays; where it was shown before, what was moved in it is so again.

        Returns:
            how many images stand again where they had been moved.
        """
        order: list[int] = ranked.file_ids.tolist()
        shown = self._ranked
        if shown is not None and (shown.query, shown.model) == (ranked.query, ranked.model):
            if self._moves and shown.complete and not ranked.complete:
                return 0  # it is on its way once more
            may_come = ranked.complete and not shown.complete  # what was moved in it
            if shown.file_ids.tolist() == order and not may_come:
                self.about_to_reorder.emit(True)
                self._ranked = ranked
                self._changed()
                self.reordered.emit()
                return 0
        if len(order) < len(self._paths):
            missing = bytearray(b"\1") * len(self._paths)
            for file_id in order:
                missing[file_id] = 0
            order.extend(file_id for file_id, absent in enumerate(missing) if absent)
        self._lay_by()
        self.about_to_reorder.emit(False)
        self._former = ()
        self._ranked, self._scored = ranked, len(ranked.file_ids)
        self._moves = self._arrangements.bring(self._opened, ranked, self._paths) if ranked.complete else []
        if self._moves:
            self._note_places()
        self._make(order, self._moves)
        return len(self._moved)

    def _lay_by(self) -> None:
        """Keep what was moved in the order shown, which goes out of sight."""
        if self._ranked is not None and self._moves:
            self._arrangements.keep(self._opened, self._ranked, self._moves, self._paths)

    def bring_moves(self, arrangements: Arrangements) -> None:
        """Know what was moved before there was this list. To be called before the first order."""
        self._arrangements, self._numbers = arrangements, count(arrangements.last + 1)

    def moves(self) -> Arrangements:
        """What was moved in all orders, as it is now."""
        now = self._arrangements.copy()
        if self._ranked is not None and self._moves:
            self._arrangements.touch(self._opened, self._ranked)  # moved back, too
            now.keep(self._opened, self._ranked, [move.short() for move in self._moves], self._paths)
        return now

    def unsort(self) -> None:
        """Show the images in the order they were found."""
        self._lay_by()
        self.about_to_reorder.emit(False)
        self._order, self._rows = list(range(len(self._paths))), None
        self._ranked, self._scored = None, 0
        self._moves, self._moved, self._arranged = [], set(), False
        self._marks = {}
        self._changed()
        self.reordered.emit()

    def move(self, file_id: int, row: int) -> None:
        """Show a ranked image in another row of this order, also where it comes again after another one."""
        if not self._moved:
            self._note_places()
        was = self.row(file_id)
        passed = self._order[row:was] or self._order[was + 1 : row + 1]
        self._moves.append(Move(file_id, tuple(passed), row < was, next(self._numbers)))
        self._show_moved(self._order, self._moves[-1:])
        self.moves_changed.emit()

    def _note_places(self) -> None:
        """Where the order has its images, for those that will not stand there."""
        ranked = self._ranked.file_ids.tolist() if self._ranked is not None else []
        self._places = {file_id: place for place, file_id in enumerate(ranked)}

    @property
    def has_moved(self) -> bool:
        """Whether an image stands elsewhere than the order has it."""
        return self._arranged

    def put_back(self, file_id: int) -> None:
        """Take back the last move of an image, in whatever order. Before the first order, ids are those of
        before `reset`."""
        self.take_back({(self._former or self._paths)[file_id]}, lambda _: True)

    def take_back(self, paths: Collection[Path], asked: Callable[[str], bool]) -> None:
        """Let one of these files (copies of one another) stand as if it had not been moved the last time in
        the orders by queries that are `asked` for, shown or not. What was moved after it stays among the
        others."""
        number = self._last_shown(paths, asked)
        if number <= self._arrangements.last_of(asked, paths):
            self._arrangements.take_back(asked, paths)
        elif self._ranked is not None:
            take_back(self._moves, number)
            self._show_moved(self._ranked.file_ids.tolist() + self._order[self._scored :], self._moves)
        self.moves_changed.emit()

    def shows_last(self, paths: Collection[Path], asked: Callable[[str], bool]) -> bool:
        """Whether `take_back` would take back a move in the order shown."""
        return self._last_shown(paths, asked) > self._arrangements.last_of(asked, paths)

    def _last_shown(self, paths: Collection[Path], asked: Callable[[str], bool]) -> int:
        if self._ranked is None or not asked(self._ranked.query):
            return 0
        return last_of(self._moves, {image for image in self._moved if self._paths[image] in paths})

    def _show_moved(self, order: list[int], moves: Iterable[Move[int]]) -> None:
        """Show an order in which these moves are still to be made."""
        self.about_to_reorder.emit(True)
        self._make(order, moves)

    def _make(self, order: list[int], moves: Iterable[Move[int]]) -> None:
        for move in moves:
            move.make(order)
        self._moved = {move.image for move in self._moves}
        self._order, self._rows = order, None
        ranked = self._ranked
        self._arranged = (
            bool(self._moved) and ranked is not None and self.ranked_ids != ranked.file_ids.tolist()
        )
        self._changed()
        self.reordered.emit()

    def warn(self, file_ids: Iterable[int], warnings: Iterable[str]) -> None:
        """Note what went not quite well when a file was read. "" notes nothing."""
        noted = {i: warning for i, warning in zip(file_ids, warnings, strict=True) if warning}
        if noted:
            self._warnings |= noted
            self._changed()

    def set_notes(self, notes: dict[int, str]) -> None:
        """Words by file id that are shown in the place of the score."""
        self._notes = notes
        self._changed()

    def set_marks(self, marks: Mapping[int, bool]) -> None:
        """Which photographs the user has marked: as one of the best, else of the worst."""
        if marks != self._marks:
            self._marks = marks
            self._changed()

    def _mark(self, file_id: int) -> str:
        marked = self._marks.get(file_id)
        return "" if marked is None else "best" if marked else "worst"

    def mark_unreadable(self, file_id: int, reason: str) -> None:
        if self._unreadable.get(file_id) != reason:
            self._unreadable[file_id] = reason
            self._changed()

    def _changed(self) -> None:
        if self._order:
            self.dataChanged.emit(self.index(0), self.index(len(self._order) - 1))

    def _tool_tip(self, row: int, file_id: int) -> str:
        lines = [text.printable(str(self._paths[file_id]))]
        if (rank := self.rank(row)) is not None:
            tied = ", the same score as its neighbour" if self.tied(row) else ""
            lines.append(f"Rank {rank:,}, score {text.score(self.score(row) or 0.0)}{tied}")
            if (former := self.former_rank(row)) is not None:
                moved = text.moved(former, rank, " here from rank").capitalize()
                lines.append(f"{moved} by you; learning turns it into an order")
        if mark := self._mark(file_id):
            lines.append(f"Marked as {mark} by you")
        notes = (self._warnings.get(file_id), self._unreadable.get(file_id))
        lines += [text.sentence(note) for note in notes if note]
        return "\n".join(lines)

    def _spoken(self, row: int, file_id: int) -> str:
        name = text.printable(self._paths[file_id].name)
        marked = f", marked as {mark}" if (mark := self._mark(file_id)) else ""
        if (rank := self.rank(row)) is None:
            return f"{name}, not ranked{marked}"
        former = self.former_rank(row)
        moved = "" if former is None else f", {text.moved(former, rank, ' from rank')}"
        return f"{name}, rank {rank:,}{moved}{marked}"
