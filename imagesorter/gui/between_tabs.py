"""What the two tabs want of each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QTabWidget, QWidget

from imagesorter.answers import Action, Standing
from imagesorter.events import Ranked
from imagesorter.gui import text
from imagesorter.gui.banner import Severity
from imagesorter.gui.grid_lessons import GridLessons
from imagesorter.gui.session import Session
from imagesorter.gui.sort_page import SortPage
from imagesorter.gui.teaching_state import Kept, Step
from imagesorter.gui.train_page import TrainPage
from imagesorter.settings import Settings

_IN_GRID: tuple[Action, ...] = ("drag", "marks")
"""What is done in the grid of the Sort tab."""


def take_place(
    place: QWidget, tabs: QTabWidget, sort_page: SortPage, session: Session, settings: Settings, undo: QAction
) -> TrainPage:
    """Make the Train page and put it where `place` stood among the tabs; `undo`: see `BetweenTabs`."""
    page = TrainPage(session, settings, sort_page.images, tabs)
    shown, at = tabs.currentIndex(), tabs.indexOf(place)
    with QSignalBlocker(tabs):
        tabs.removeTab(at)
        tabs.insertTab(at, page, "Train")
        tabs.setCurrentIndex(shown)
    place.deleteLater()
    BetweenTabs(tabs, sort_page, page, session, undo)
    return page


class BetweenTabs(QObject):
    """Carries a query to the Train tab, and back what was learned of it.

    Args:
        undo: takes back what was last moved or marked in the grid.
    """

    def __init__(
        self,
        tabs: QTabWidget,
        sort_page: SortPage,
        train_page: TrainPage,
        session: Session,
        undo: QAction,
    ) -> None:
        super().__init__(tabs)
        self._tabs, self._sort, self._train, self._session = tabs, sort_page, train_page, session
        self._lessons = GridLessons(train_page.teacher, self)
        self._noted = self._kept = self._kept_query = ""
        self._marks: Mapping[int, bool] | None = None  # of what is being taught, where that is known
        self._dragged: Collection[Path] = ()  # the photograph (and its copies) whose drag would be taken back
        self._order: tuple[str, str, list[int]] = "", "", []
        self._given = 0  # drags and marks in this order that were not taken back
        self._undo_action = undo
        undo.triggered.connect(self._undo)
        sort_page.teach_wanted.connect(self._teach)
        sort_page.moved.connect(self._on_moved)
        sort_page.marking.marked.connect(self._on_marked)
        sort_page.marking.unmarked.connect(self._on_unmarked)
        train_page.sort_wanted.connect(self._show_order)
        train_page.teacher.candidate.connect(self._on_learned)
        train_page.teacher.kept.connect(self._on_kept)
        train_page.teacher.standing_changed.connect(self._on_standing)
        train_page.orders_changed.connect(self._sort_again)
        train_page.rankers_changed.connect(self._complete)
        self._lessons.noted.connect(self._on_noted)
        self._lessons.not_moved.connect(sort_page.images.put_back)
        train_page.teacher.pair_changed.connect(self._on_step)
        train_page.teacher.told.connect(self._on_told)
        for page in (sort_page, train_page):
            train_page.teacher.mended.connect(page.banners.withdraw)
        session.ranked.connect(self._on_ranked)
        session.folder_reset.connect(self._on_no_order)
        session.unsorted.connect(self._on_unsorted)
        tabs.currentChanged.connect(self._on_tab)

    def _teach(self, query: str) -> None:
        self._tabs.setCurrentWidget(self._train)
        self._train.teach(query)

    def _show_order(self, query: str) -> None:
        self._tabs.setCurrentWidget(self._sort)
        self._sort_by(query)

    def _sort_by(self, query: str) -> None:
        self._sort.query.edit.setText(query)
        self._sort.sort(query)

    def _on_kept(self, kept: Kept) -> None:
        attribute = self._train.teacher.attribute
        query = kept.ranker.query if kept.ranker is not None else attribute
        shown = self._session.query or ""
        if self._train.asked_by(shown).is_reversed and self._is_taught(shown):
            query = shown  # rather than the other end first
        self._kept_query = query
        self._kept = (
            f"Kept as version {kept.version.number}. The Sort tab is ordered by “{text.printable(query)}”."
        )
        go_back = "Back to the earlier order", lambda: self._train.files.bring_back(attribute, kept.earlier)
        self._train.banners.add(self._kept, "info", offer=go_back)
        self._sort_by(query)

    def _on_standing(self, standing: Standing | None) -> None:
        """With all pairs taken back there is nothing that the version was learned from."""
        self._enable_undo()
        if standing is not None and not standing.pairs:
            self._train.banners.withdraw(self._kept)

    def _sort_again(self) -> None:
        """The order shown may be by a ranker that has changed."""
        self._train.banners.withdraw(self._kept)
        if self._session.query is not None:
            self._session.sort(self._session.query)

    def _complete(self) -> None:
        """Completion knows taught attributes by their names."""
        self._session.read(lambda engine: engine.attributes(), self._sort.query.set_known)

    def _on_moved(self, query: str, file_id: int, order: Sequence[int], to: int) -> None:
        attribute, is_reversed = self._train.asked_by(query)
        if is_reversed:
            order, to = order[::-1], len(order) - 1 - to
        self._lessons.move(attribute, file_id, order, to)

    def _on_marked(self, query: str, best: Sequence[int], worst: Sequence[int]) -> None:
        attribute, is_reversed = self._train.asked_by(query)
        self._lessons.mark(attribute, *((worst, best) if is_reversed else (best, worst)))

    def _on_unmarked(self, query: str, neither: Sequence[int]) -> None:
        self._lessons.mark(self._train.asked_by(query).attribute, neither=neither)

    def _on_noted(self, attribute: str, pairs: int, step: Step) -> None:
        self._given += 1
        self._dragged = step.dragged
        self._enable_undo()
        if self._sort.images.ranking is not None:  # else file ids may mean others by now
            self._show_marks(step)
        name = text.shortened(text.printable(attribute))
        told = f"Noted for “{name}”."
        if pairs:
            told = f"{text.count(abs(pairs), 'pair')} {'noted' if pairs > 0 else 'fewer'} for “{name}”."
        self._sort.banners.withdraw(self._noted)  # one message, however much is dragged
        counts = (
            "They count once you learn from them" if abs(pairs) > 1 else "It counts once you learn from it"
        )
        if pairs < 0:  # what is gone may have been learned from
            counts = f"Learn again to leave {'it' if pairs == -1 else 'them'} out"
        kinds = set(self._as_ordered(step.marks).values())
        if step.last == "marks" and len(kinds) == 1:
            other = "worst" if True in kinds else "best"
            counts = f"Marks count once a photograph is marked as {other}, too"
        self._noted = f"{told} {counts}."
        if step.last == "marks" and not kinds:
            self._noted = f"No photograph is marked for “{name}” any more."
        self._sort.banners.add(
            self._noted,
            "info",
            offer=("Open the Train tab", lambda: self._tabs.setCurrentWidget(self._train)),
        )

    def _on_learned(self) -> None:
        """What was noted does count now, whether the order is kept or not."""
        self._sort.banners.withdraw(self._noted)

    def _show_marks(self, step: Step | None) -> None:
        self._marks = step.marks if step is not None else None
        if self._marks is not None and self._shows_taught():
            self._sort.images.set_marks(self._as_ordered(self._marks))

    def _as_ordered(self, marks: Mapping[int, bool]) -> Mapping[int, bool]:
        """The marks of an attribute as the order shown has them: in its reverse, its worst are the best."""
        ranking = self._sort.images.ranking
        is_reversed = ranking is not None and self._train.asked_by(ranking.query).is_reversed
        return {file_id: best is not is_reversed for file_id, best in marks.items()}

    def _read_marks(self, query: str) -> None:
        """Show what is stored of an order that is not being taught just now."""

        def found(marks: Mapping[int, bool]) -> None:
            ranking = self._sort.images.ranking
            if (
                ranking is not None
                and ranking.query == query
                and (self._marks is None or not self._shows_taught())
            ):
                self._sort.images.set_marks(self._as_ordered(marks))

        attribute = self._train.asked_by(query).attribute
        self._session.read(lambda engine: engine.marks(attribute), found, lambda _: None)

    def _on_ranked(self, ranked: Ranked) -> None:
        if ranked.query != self._order[0]:
            self._sort.images.set_marks({})
        order = ranked.query, ranked.model, ranked.file_ids.tolist()
        another = ranked.complete and order != self._order  # on its way, an order is no other yet
        if is_new := another or order[:2] != self._order[:2]:
            self._order, self._given = order, 0
        self._enable_undo()
        if self._marks is not None and self._shows_taught():
            self._sort.images.set_marks(self._as_ordered(self._marks))
        elif is_new or ranked.complete:  # but not with each part
            self._read_marks(ranked.query)
        if self._session.query != self._kept_query:
            self._train.banners.withdraw(self._kept)
        self._train.set_query(ranked.query)

    def _on_unsorted(self) -> None:
        self._on_no_order()
        self._train.banners.withdraw(self._kept)
        self._train.set_query("")

    def _on_no_order(self) -> None:
        self._order, self._given = ("", "", []), 0
        self._enable_undo()

    def _undo(self) -> None:
        """Take back what was last done in the grid, where it is to be seen there: neither an answer nor a
        drag in another folder or in the reverse order."""
        if self._can_undo:
            self._train.teacher.undo()

    @property
    def _can_undo(self) -> bool:
        images, last = self._sort.images, self._train.teacher.last
        if last == "drag":
            return images.shows_last(self._dragged, self._is_taught)
        seen = bool(self._given) or images.has_moved  # which came back with its order, maybe
        return seen and last in _IN_GRID and self._shows_taught()

    def _enable_undo(self) -> None:
        self._undo_action.setEnabled(self._can_undo)

    def _on_step(self, step: Step | None) -> None:
        self._dragged = step.dragged if step is not None else ()
        self._show_marks(step)
        if step is not None and step.taken == "drag":
            self._sort.images.take_back(step.put_back, self._is_taught)
        if step is not None and step.taken in _IN_GRID and self._shows_taught():
            self._given = max(0, self._given - 1)
            self._sort.banners.withdraw(self._noted)
        self._enable_undo()

    def _shows_taught(self) -> bool:
        """Whether the order shown is that of the attribute that is being taught."""
        ranking = self._sort.images.ranking
        return ranking is not None and self._is_taught(ranking.query)

    def _is_taught(self, query: str) -> bool:
        return self._train.teacher.teaches(self._train.asked_by(query).attribute)

    def _on_told(self, message: str, severity: Severity, details: str) -> None:
        """The Train tab shows it too, but the user may not be there."""
        if self._tabs.currentWidget() is self._sort:
            self._sort.banners.add(message, severity, details)

    def _on_tab(self) -> None:
        if self._tabs.currentWidget() is self._train:
            self._train.take_focus()
