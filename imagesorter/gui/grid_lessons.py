"""What dragging and marking photographs in the sorted grid teaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from imagesorter.answers import Standing
from imagesorter.gui.teacher import Teacher
from imagesorter.gui.worker import told

if TYPE_CHECKING:
    from imagesorter.teaching import Teaching


class GridLessons(QObject):
    """Has drags and marks stored for the attribute of the order they were made in.

    Signals:
        noted: (attribute, number of pairs, Step): what a drag or marks have given, and what there is now.
        not_moved: the last drag of a file id was not taken in; the teacher has told why.
    """

    noted = Signal(str, int, object)
    not_moved = Signal(int)

    def __init__(self, teacher: Teacher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._teacher = teacher
        self._failures: list[str] = []
        self.noted.connect(self._mend)

    def move(self, attribute: str, file_id: int, order: Sequence[int], to: int) -> None:
        """A photograph was dragged in the order by `attribute`; see `Teaching.move`."""
        self._store(attribute, lambda teaching: teaching.move(file_id, order, to), file_id)

    def mark(
        self,
        attribute: str,
        best: Sequence[int] = (),
        worst: Sequence[int] = (),
        neither: Sequence[int] = (),
    ) -> None:
        """Photographs were marked in the order by `attribute`, or no more; see `Teaching.mark`."""
        self._store(attribute, lambda teaching: teaching.mark(best, worst, neither), None)

    def _store(self, attribute: str, action: Callable[[Teaching], Standing], moved: int | None) -> None:
        """Args: `moved`: file id of what the grid shows as moved by it."""
        teacher = self._teacher

        def put_back() -> None:
            if moved is not None:
                self.not_moved.emit(moved)

        def failed(error: Exception) -> None:
            message, details = told(error)
            self._failures.append(message)
            teacher.tell(message, "error", details)
            put_back()

        if teacher.undecided and not teacher.teaches(attribute):
            teacher.tell(teacher.undecided)
            put_back()
        else:
            teacher.note(attribute, action, self.noted.emit, failed)

    def _mend(self) -> None:
        """What has failed goes well now; that photographs could be read would not tell that."""
        failures, self._failures = self._failures, []
        for failure in failures:
            self._teacher.mended.emit(failure)
