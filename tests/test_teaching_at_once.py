"""What is moved and marked is stored whatever goes on: before photographs are prepared, and while an order is
learned."""

from __future__ import annotations

from pathlib import Path

import pytest
from lessons import brightness, candidate_of, choose, prepared
from ordering import only, opened

from imagesorter.engine import Engine
from imagesorter.errors import TeachingError
from imagesorter.events import Candidate, Ranked


@pytest.fixture
def sorted_album(engine: Engine, album: Path) -> list[int]:
    """An order of the photographs."""
    opened(engine, album)
    return only(Ranked, engine.rank("brighter"))[-1].file_ids.tolist()


def test_it_is_stored_before_anything_is_prepared(engine: Engine, sorted_album: list[int]):
    teaching = engine.teach("my light")
    order = sorted_album
    assert teaching.standing().pairs == 0 and teaching.next_pair() is None
    assert teaching.move(order[3], order, 1).pairs == 2
    assert teaching.last == "drag" and teaching.dragged == {engine.files[order[3]]}
    assert teaching.mark([order[0]], order[-2:]).pairs == 4
    assert teaching.marks == {order[0]: True, order[-1]: False, order[-2]: False}
    assert engine.marks("my light") == teaching.marks
    assert teaching.last == "marks"
    another = engine.teach("my light")  # in another run, perhaps
    assert another.standing().pairs == 4
    before = another.standing()
    list(another.prepare())
    after = another.standing()
    assert (after.pairs, after.ties, after.missing) == (before.pairs, before.ties, before.missing)
    assert another.next_pair() is not None
    assert another.undo() is None and another.standing().pairs == 2


def test_what_comes_while_it_is_prepared_counts_when_it_is(engine: Engine, sorted_album: list[int]):
    teaching = engine.teach("my light")
    for count, _ in enumerate(teaching.prepare()):
        if count < 2:
            teaching.move(sorted_album[3 + count], sorted_album, 2 + count)
    assert teaching.standing().pairs == 2


def test_photographs_that_were_not_read_cannot_be_compared(engine: Engine, album: Path):
    opened(engine, album)
    teaching = engine.teach("my light")
    with pytest.raises(TeachingError, match=r"nothing was noted\. Do it again"):
        teaching.move(1, [0, 1], 0)
    with pytest.raises(TeachingError, match=r"nothing was noted\. Do it again"):
        teaching.mark([0])
    assert teaching.last is None
    only(Ranked, engine.rank("brighter"))
    assert teaching.move(1, [0, 1], 0).pairs == 1, "they are now"


def test_a_changed_file_is_found_before_anything_is_prepared(engine: Engine, sorted_album: list[int]):
    teaching, order = engine.teach("my light"), sorted_album
    engine.files[order[3]].write_bytes(engine.files[order[4]].read_bytes())
    with pytest.raises(TeachingError, match="has changed"):
        teaching.move(order[3], order, 1)
    assert teaching.last is None


def test_what_comes_while_it_is_learned_is_stored_and_not_learned(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    choose(engine, teaching, 30)
    alone = candidate_of(teaching)
    order = sorted(range(len(engine.files)), key=lambda i: -brightness(engine.files[i]))
    events = []
    for event in teaching.fit():
        if len(events) < 3:  # the darkest is said to be the brightest
            teaching.move(order[-1], order, 0)
        events.append(event)
    (candidate,) = only(Candidate, events)
    assert (candidate.pairs, candidate.after, candidate.verdict) == (30, alone.after, alone.verdict)
    pairs = teaching.standing().pairs
    assert pairs > 30 and teaching.keep().pairs == 30
    assert candidate_of(teaching).pairs == pairs
