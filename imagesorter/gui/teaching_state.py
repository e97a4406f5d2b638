"""Where a teaching is, and what crosses from the engine's thread to the window's."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.answers import Action, Answer, Pair, Standing, TaughtAttribute, Version
from imagesorter.events import Event, Finished, Notice
from imagesorter.gui import text

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.teaching import Teaching


class State(Enum):
    """Where the teaching of an attribute is."""

    NAMING = auto()
    """No attribute is being taught."""
    CLOSED = auto()
    """No folder is open, or it has no images."""
    SCANNING = auto()
    """The folder is being looked through."""
    PREPARING = auto()
    """Photographs are being read."""
    STOPPED = auto()
    """Preparing was stopped or failed."""
    TOO_FEW = auto()
    """Fewer than two photographs."""
    ASKING = auto()
    """A pair is shown, or none is left."""
    IMPORTING = auto()
    """Labels are being taken in from a file."""
    FITTING = auto()
    """The order is being learned."""
    DECIDING = auto()
    """A candidate waits to be kept or discarded."""


@dataclass(frozen=True)
class Step:
    """What there is to show after an action.

    Attributes:
        last: what can be taken back, None for nothing.
        marks: whether a photograph is marked as one of the best, else of the worst; by file id.
        dragged: where the photograph lies (and its copies) whose drag can be taken back, where that is next.
        taken: what was taken back.
        put_back: where the photograph lies (and its copies) whose drag that was.
        undone: the pair was answered before, and is no more.
    """

    standing: Standing
    pair: Pair | None
    last: Action | None
    marks: Mapping[int, bool]
    dragged: Collection[Path] = ()
    taken: Action | None = None
    put_back: Collection[Path] = ()
    undone: bool = False


def step_of(teaching: Teaching) -> Step:
    """What there is to show as things are."""
    return _step(teaching, teaching.standing())


def _step(teaching: Teaching, standing: Standing) -> Step:
    return Step(standing, teaching.next_pair(), teaching.last, teaching.marks, teaching.dragged)


def answered(teaching: Teaching, pair: Pair, answer: Answer) -> Step:
    """Store an answer."""
    return _step(teaching, teaching.answer(pair, answer))


def undone(teaching: Teaching) -> Step:
    """Take the last action back."""
    taken, put_back, pair = teaching.last, teaching.dragged, teaching.undo()
    step = replace(step_of(teaching), taken=taken, put_back=put_back, undone=pair is not None)
    return step if pair is None else replace(step, pair=pair)


def acted(teaching: Teaching, action: Callable[[Teaching], Standing]) -> tuple[int, Step]:
    """Do what gives pairs by itself, such as a drag; how many, and what there is to show."""
    before = teaching.standing().pairs
    standing = action(teaching)
    return standing.pairs - before, _step(teaching, standing)


@dataclass(frozen=True)
class Kept:
    """What was kept.

    Attributes:
        ranker: its attribute.
        earlier: number of the version that was in use before, None for none.
        rankers: all that is taught now.
    """

    version: Version
    ranker: TaughtAttribute | None
    earlier: int | None
    rankers: tuple[TaughtAttribute, ...]


def kept(teaching: Teaching, engine: Engine) -> Kept:
    """Keep the candidate."""
    earlier = next((version.number for version in teaching.versions() if version.current), None)
    version, rankers = teaching.keep(), engine.rankers.list()
    return Kept(version, next((r for r in rankers if r.version == version), None), earlier, rankers)


class Work:
    """Holds the `Teaching`, which only the engine's thread touches."""

    def __init__(self, attribute: str, start: str | None = None) -> None:
        self._attribute, self._start = attribute, start
        self.teaching: Teaching | None = None

    def begun(self, engine: Engine) -> Teaching:
        """The teaching, prepared or not."""
        if self.teaching is None:
            self.teaching = engine.teach(self._attribute, self._start)
        return self.teaching

    def prepare(self, engine: Engine) -> Iterator[Event]:
        yield from self.begun(engine).prepare()

    def take_in(self, path: Path, roots: Sequence[Path]) -> Iterator[Event]:
        """Take in a CSV, whose names may count from the folders of what is open. What came of it is told in
        one Notice, in place of that which says what was known already."""
        folders = [root if os.path.isdir(root) else root.parent for root in roots]  # noqa: PTH112 (never raises)
        known = False
        beside = tuple(dict.fromkeys(folders))
        with closing(self.made.import_csv(path, beside)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Notice) and event.severity == "info":
                    known = True
                    continue
                if isinstance(event, Finished):
                    yield Notice(f"{text.named(path.name)}: {_came(event, known=known)}", "info")
                yield event

    @property
    def made(self) -> Teaching:
        assert self.teaching is not None
        return self.teaching


def _came(rows: Finished, *, known: bool) -> str:
    """What came of an import: of its rows some are new, some left out, and the others, if any, `known`."""
    told = [f"{text.count(rows.done, 'row')} imported"] if rows.done else []
    if rows.unreadable:
        told.append(
            f"{rows.unreadable:,} left out" if told else f"{text.count(rows.unreadable, 'row')} left out"
        )
    if known:
        told.append("the others known already" if told else "all rows known already")
    return ", ".join(told) or "no rows imported"
