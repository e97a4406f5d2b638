"""By how much an order has to tell more than what there was, to be offered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imagesorter.answers import Estimate
from imagesorter.training.pairs import proposal
from imagesorter.training.pairs.judging import HeldOut, of_scores
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.proposal import is_better

BETTER = Estimate(0.6, 0.5, 0.7), Estimate(0.8, 0.7, 0.9)


def case(answers: int, photographs: int, ties: int = 0) -> tuple[HeldOut, HeldOut, Plan]:
    """An order that has half of the answers right, one that has all, and the answers."""
    rows = np.arange(answers + ties)
    left = rows % (photographs - 1)
    right = np.where(rows < photographs - 1, left + 1, photographs - 1)
    outcomes = np.r_[np.ones(answers), np.zeros(ties)]
    none = np.zeros(len(rows), np.bool_)
    plan = Plan(left, right, outcomes, none, none, rows[:0], np.zeros(0), tuple(range(1, len(rows) + 1)), 0)
    assert plan.photographs() == photographs
    after = of_scores(-np.arange(photographs, dtype=np.float64), plan)
    half = np.where(rows % 2, 1.0, -1.0)
    return replace(after, margins=half, judged=half), after, plan


def test_orders_are_compared_by_margins_that_are_made_right():
    """Those of chosen pairs without the answers on their photographs say too much."""
    before, after, plan = case(60, 61)
    unlike = np.tile([1.0, 1.0, -1.0], 20)
    assert is_better(before, replace(after, margins=-unlike), BETTER, plan)
    assert not is_better(before, replace(after, judged=-unlike), BETTER, plan)


@pytest.mark.parametrize(
    ("answers", "photographs", "ties", "few"),
    [(12, 13, 0, True), (29, 30, 0, True), (30, 31, 0, False), (200, 60, 0, False), (200, 29, 0, True),
     (29, 80, 50, True), (30, 80, 50, False)],
    ids=["few", "nearly enough", "enough", "many", "on few photographs", "few, and ties", "enough, and ties"],
)  # fmt: skip
def test_of_few_answers_an_order_has_to_be_surer(
    answers: int, photographs: int, ties: int, few: bool, monkeypatch: pytest.MonkeyPatch
):
    before, after, plan = case(answers, photographs, ties)
    for gain, enough in ((0.9, False), (1.2, not few), (1.9, not few), (2.1, True)):
        monkeypatch.setattr(proposal, "log_gain", lambda *_, gain=gain: (gain, 1.0))
        assert is_better(before, after, BETTER, plan) == enough


@pytest.mark.parametrize(("answers", "enough"), [(24, False), (60, True)])
def test_few_answers_have_to_tell_it_of_photographs_that_they_are_not_on_too(answers: int, enough: bool):
    """Those on the same photographs learn them by heart."""
    before, after, plan = case(answers, answers + 1)
    assert is_better(before, after, BETTER, plan)
    by_chance = np.tile([1.0, -1.0], answers // 2)
    assert is_better(before, replace(after, margins=by_chance), BETTER, plan) == enough


def test_where_there_was_no_order_few_answers_are_enough(monkeypatch: pytest.MonkeyPatch):
    _, after, plan = case(12, 13)
    monkeypatch.setattr(proposal, "log_gain", lambda *_: (1.2, 1.0))
    assert is_better(of_scores(np.zeros(13), plan), after, BETTER, plan)


def test_an_order_is_better_only_by_every_measure(monkeypatch: pytest.MonkeyPatch):
    before, after, plan = case(60, 61)
    monkeypatch.setattr(proposal, "log_gain", lambda *_: (9.0, 1.0))
    assert is_better(before, after, BETTER, plan)
    assert not is_better(after, after, BETTER, plan), "no more answers are right"
    assert not is_better(before, after, BETTER[::-1], plan), "its accuracy is lower"
