"""What the user is told of how many more answers are worth it."""

from __future__ import annotations

import numpy as np
import pytest

from imagesorter.answers import Standing
from imagesorter.training.pairs.classroom import Classroom
from imagesorter.training.pairs.labels import Label

from .pupils import answered, classroom_of, tokens_of


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


def taught_by(truth: np.ndarray, count: int) -> Standing:
    """By our choice; asked again, the same is answered."""
    classroom, labels = classroom_of(tokens_of(len(truth))), []
    for number in range(1, count + 1):
        left, right, source = classroom.next_pair()
        label = answered(truth, left, right, number)
        labels.append(Label(left, right, label.answer, source, 0.0, number))
        classroom.update(labels, [])
    return classroom.standing()


@pytest.mark.parametrize("seed", [0, 4, 8])
def test_of_many_answers_that_may_be_chance_it_is_said_so(seed: int):
    found = taught_by(np.random.default_rng(seed).normal(size=200), 48)
    assert found.accuracy is not None and found.accuracy.low <= 0.5 and found.accuracy.mean < 0.6
    assert found.advice.startswith("This order may still be no better than chance")
    assert found.more_worth is None and not found.may_stop


def test_of_what_they_show_it_is_not_said():
    shown = tokens_of(200).astype(np.float64).mean(1)[:, 1]
    assert "chance" not in taught_by(shown, 48).advice
