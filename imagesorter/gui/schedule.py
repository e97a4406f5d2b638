"""What is wanted of the engine, what of it is owed, and what comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.events import Event
from imagesorter.gui.jobs import Wanted
from imagesorter.gui.worker import Purpose

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.settings import Settings


_TEACHING_LATER: list[Purpose] = [each for each in Purpose if each is not Purpose.TEACH]
_TEACHING_LATER.insert(_TEACHING_LATER.index(Purpose.RANK) + 1, Purpose.TEACH)


class Schedule:
    """Wishes go in, purposes of jobs come out, the most urgent first. It starts nothing itself.

    Args:
        settings: as they are when a job starts.

    Attributes:
        roots: what was opened last.
        folder: how often file ids have lost their meaning.
        query: what the images are or will be ordered by; None before the first.
        images: found in the folder so far.
        rests: nothing was asked for since the cache was cleared.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.roots: tuple[Path, ...] = ()
        self.folder = self.images = 0
        self.query: str | None = None
        self.rests = False
        self._read = False
        self._replaced: list[str | None] = []
        self._ordered_by: str | None = None
        self._imports: list[tuple[Path, str]] = []
        self._teaching: Callable[[Engine], Iterator[Event]] | None = None
        self._teaches_later = False
        self._owed: set[Purpose] = set()

    def open(self, roots: Sequence[Path]) -> None:
        """The images under `roots` are wanted instead of those there are."""
        self.roots = tuple(roots)
        self._owed.add(Purpose.OPEN)
        self.forget_images()
        self.rests = False

    def forget_images(self) -> None:
        """File ids given so far mean nothing any more, nor what was to be done with them."""
        self.folder += 1
        self.images = 0
        self._read = False
        self._ordered_by = None
        self._owed -= {Purpose.TEACH, Purpose.INDEX, Purpose.RANK, Purpose.LOOK}

    def sort(self, query: str) -> None:
        """The images are wanted in this order, once there are some."""
        self._replaced.append(self.query)
        self.query = query
        if query == self._ordered_by:  # what it means may have changed, as by teaching
            self._ordered_by = None
        self._owe_reading()
        self._owe_order()
        self.rests = False

    def unsort(self) -> None:
        """No order is wanted any more; what of reading the images is owed still is."""
        self.query = self._ordered_by = None
        self._owed.discard(Purpose.RANK)

    def refuse_query(self) -> None:
        """The query was none: the one before it holds again, and its order is owed unless it is shown."""
        self.query = self._replaced.pop() if self._replaced else None
        if self.query != self._ordered_by:
            self._owe_order()

    def load(self) -> None:
        """The model of the settings is wanted, and what hangs on it."""
        self._owed.add(Purpose.LOAD)
        self._read = False
        self._ordered_by = None
        self._owe_reading()
        self._owe_order()
        self.rests = False

    def import_model(self, path: Path, name: str) -> None:
        """A checkpoint is wanted as a model of this name, after those that are wanted so far."""
        self._imports.append((path, name))
        self._owed.add(Purpose.IMPORT)
        self.rests = False

    def end_import(self) -> None:
        """The first import is over, one way or another; the next is owed."""
        del self._imports[0]
        self._owed.discard(Purpose.IMPORT)
        if self._imports:
            self._owed.add(Purpose.IMPORT)

    def teach(self, start: Callable[[Engine], Iterator[Event]]) -> None:
        """A generator of a `Teaching` is to be run."""
        self._teaching = start
        self._teaches_later = False
        self._owed.add(Purpose.TEACH)
        self.rests = False

    def teach_after_order(self) -> None:
        """The same is to be run again, once what is wanted meanwhile is ordered."""
        self._teaches_later = True
        self._owed.add(Purpose.TEACH)

    def give_up_later_teaching(self) -> bool:
        """It is not wanted any more. False where none waits for an order."""
        return self._teaches_later and self.give_up(Purpose.TEACH)

    def look(self) -> None:
        """Whether the folder has changed is wanted, once nothing else is."""
        self._owed.add(Purpose.LOOK)

    def clear(self) -> None:
        """The cache is to be emptied; what it held is read again when something is asked for."""
        self._owed.add(Purpose.CLEAR)
        self.rests = True

    def owe(self, purpose: Purpose) -> None:
        """A job for it was interrupted, or failed."""
        self._owed.add(purpose)

    def give_up(self, purpose: Purpose) -> bool:
        """It is not wanted any more. False where it was not waiting."""
        waited = purpose in self._owed
        self._owed.discard(purpose)
        return waited

    @property
    def waits(self) -> bool:
        """Something is owed."""
        return bool(self._owed)

    def next(self) -> Purpose | None:
        """Take the most urgent purpose off what is owed; None where nothing is."""
        order = _TEACHING_LATER if self._teaches_later else Purpose
        purpose = next((each for each in order if each in self._owed), None)
        if purpose is not None:
            self._owed.discard(purpose)
        return purpose

    def wanted(self) -> Wanted:
        """The wishes as they are now."""
        importing = self._imports[0] if self._imports else None
        return Wanted(self.roots, self.query or "", replace(self._settings), importing, self._teaching)

    def settle(self, purpose: Purpose) -> None:
        """Note what a job that came to its end has done, and what follows from it."""
        match purpose:
            case Purpose.OPEN:
                self._owe_reading()
                self._owe_order()
            case Purpose.RANK | Purpose.INDEX:
                self._read = True
                if purpose is Purpose.RANK:
                    self._replaced.clear()
                    self._ordered_by = self.query
                self._owed.discard(Purpose.INDEX)
            case Purpose.IMPORT:
                self.end_import()
            case Purpose.CLEAR:
                self._read = False
                self._owe_reading()

    def _owe_reading(self) -> None:
        """The images are to be read by the model, where that is not done."""
        if self.images and not self._read:
            self._owed.add(Purpose.INDEX)

    def _owe_order(self) -> None:
        """The images are to be ordered by the query, where there is one."""
        if self.images and self.query is not None:
            self._owed.add(Purpose.RANK)
