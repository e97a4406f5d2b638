"""What the user is told of how many more answers are worth it."""

from __future__ import annotations

from imagesorter.training.pairs.classroom import Classroom
from imagesorter.training.pairs.labels import Label

from .pupils import classroom_of, tokens_of


def pressed_left(again: int) -> Classroom:
    """Always left, until so many pairs were asked again."""
    classroom, labels = classroom_of(tokens_of(40)), []
    while classroom.standing().asked_again < again:
        left, right, source = classroom.next_pair()
        labels.append(Label(left, right, "left", source, 0.0, len(labels) + 1))
        classroom.update(labels, [])
    return classroom


def test_no_more_answers_are_promised_to_be_worth_it_where_none_is_given_twice():
    standing = pressed_left(3).standing()
    assert standing.consistency is not None and standing.consistency.mean == 0
    assert standing.advice.startswith("None of 3 pairs that were asked again got the same answer")
    assert standing.more_worth is None and not standing.may_stop


def test_of_two_pairs_asked_again_nothing_is_said_yet():
    assert "asked again" not in pressed_left(2).standing().advice
