"""What dragging and marking photographs in the sorted grid teaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from imagesorter.answers import Standing
from imagesorter.gui.session import Session
from imagesorter.gui.teacher import Teacher
from imagesorter.gui.teaching_state import State
from imagesorter.gui.worker import told

if TYPE_CHECKING:
    from imagesorter.teaching import Teaching


@dataclass(frozen=True)
class _Lesson:
    """What was done in the order by an attribute, and the file id of what the grid shows as moved by it."""

    attribute: str
    action: Callable[[Teaching], Standing]
    moved: int | None


class GridLessons(QObject):
    """Hands drags and marks to the teacher, once it teaches the attribute of the order they were made in.

    Signals:
        noted: (attribute, number of pairs, Step): what a drag or marks have given, and what there is now.
        not_moved: the last drag of a file id was not taken in; the teacher has told why.
    """

    noted = Signal(str, int, object)
    not_moved = Signal(int)

    def __init__(self, session: Session, teacher: Teacher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._teacher = teacher
        self._pending: list[_Lesson] = []
        teacher.state_changed.connect(self._on_state)
        session.opened.connect(self._drop_pending)

    def move(self, attribute: str, file_id: int, order: Sequence[int], to: int) -> None:
        """A photograph was dragged in the order by `attribute`; see `Teaching.move`."""
        self._take(_Lesson(attribute, lambda teaching: teaching.move(file_id, order, to), file_id))

    def mark(
        self,
        attribute: str,
        best: Sequence[int] = (),
        worst: Sequence[int] = (),
        neither: Sequence[int] = (),
    ) -> None:
        """Photographs were marked in the order by `attribute`, or no more; see `Teaching.mark`."""
        self._take(_Lesson(attribute, lambda teaching: teaching.mark(best, worst, neither), None))

    def _take(self, lesson: _Lesson) -> None:
        teacher = self._teacher
        if not teacher.teaches(lesson.attribute):
            if teacher.undecided:
                teacher.tell(teacher.undecided)
                self._put_back([lesson])
                return
            teacher.teach(lesson.attribute)
        self._pending.append(lesson)
        if teacher.state is State.ASKING:
            teacher.ask()

    def _on_state(self, state: State) -> None:
        if any(not self._teacher.teaches(lesson.attribute) for lesson in self._pending):
            self._drop_pending()
        elif state is State.ASKING:
            pending, self._pending = self._pending, []
            for lesson in pending:
                self._store(lesson)

    def _store(self, lesson: _Lesson) -> None:
        def failed(error: Exception) -> None:
            self._teacher.fail(*told(error))
            self._put_back([lesson])

        self._teacher.note(lesson.action, self.noted.emit, failed)

    def _drop_pending(self) -> None:
        """What was done to photographs that are no longer shown, or for another attribute, is not stored."""
        pending, self._pending = self._pending, []
        if pending:
            message = "What you moved or marked during reading was not stored. Do it again."
            self._teacher.tell(message, "warning")
            self._put_back(pending)

    def _put_back(self, lessons: Sequence[_Lesson]) -> None:
        for lesson in lessons:
            if lesson.moved is not None:
                self.not_moved.emit(lesson.moved)
