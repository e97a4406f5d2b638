"""What judges an order was not taught to it: labels of photographs move nothing that is held out of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.training.pairs import fitting, judging
from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.fitting import _ridge_by_groups, fit
from imagesorter.training.pairs.folds import FOLDS, Folds, Pace, by_groups, groups_of, lesson_of, touches
from imagesorter.training.pairs.judging import ridge_before, ridge_held_out, tuned_before
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.preference import Posterior, Prior
from imagesorter.training.pairs.preference import fit as fit_ridge

from .pupils import TunableModel, folder_of, to_end, tokens_of

COUNT, ANSWERED, _TIMES = 40, 30, 4
"""Photographs, how many of them answers are on, and on how many answers each of these is."""

TOKENS = tokens_of(COUNT)
TRUTH = TOKENS.astype(np.float64).mean(1) @ np.r_[2.0, -1.0, 1.0, np.zeros(9)]
TUNABLE = TunableModel()
FOLDER, FOLDER_OF_HEADS = folder_of(TOKENS), folder_of(TOKENS, None, TUNABLE)


def read(rows: Sequence[int]) -> NDArray[np.float16]:
    return TOKENS[list(rows)]


def answers() -> Plan:
    rng = np.random.default_rng(0)
    left, right = np.concatenate([rng.permutation(ANSWERED).reshape(-1, 2) for _ in range(_TIMES)]).T
    rated = np.arange(0, ANSWERED, 2)
    outcomes = np.sign(TRUTH[left] - TRUTH[right])
    none = np.zeros(len(left), np.bool_)
    return Plan(left, right, outcomes, none, none, rated, TRUTH[rated], tuple(range(1, len(left) + 1)), 0)


PLAN = answers()
GROUPS = groups_of(COUNT, PLAN)


def told_otherwise(group: int, every: int = 1) -> Plan:
    """The same plan, but for the ratings of a group, and each or every so many of the answers on it."""
    outcomes, ratings = PLAN.outcomes.copy(), PLAN.ratings.copy()
    outcomes[np.flatnonzero(touches(PLAN, GROUPS, group))[::every]] *= -1
    ratings[GROUPS[PLAN.rated] == group] *= -3
    return replace(PLAN, outcomes=outcomes, ratings=ratings)


def within(group: int) -> NDArray[np.bool_]:
    """Answers (P,) on two photographs of a group, judged by that alone which was not taught by it."""
    inside: NDArray[np.bool_] = (GROUPS[PLAN.left] == group) & (GROUPS[PLAN.right] == group)
    assert inside.sum() > 5
    return inside


def folds_of(plan: Plan, asked: Plan | None = None) -> Folds:
    lesson = lesson_of(plan, read, asked)
    return to_end(by_groups(TUNABLE, FOLDER_OF_HEADS.phrase, plan, lesson, GROUPS, "head", Pace(99)))


@pytest.fixture(scope="module")
def folds() -> Folds:
    return folds_of(PLAN)


def test_every_photograph_with_answers_is_in_a_group():
    assert set(GROUPS[:ANSWERED]) == set(range(FOLDS)) and set(GROUPS[ANSWERED:]) == {-1}


@pytest.mark.parametrize("group", range(FOLDS))
def test_heads_know_nothing_of_the_group_that_judges_them(folds: Folds, group: int):
    was, now = folds.margins(PLAN), folds_of(told_otherwise(group)).margins(PLAN)
    np.testing.assert_array_equal(now[:, within(group)], was[:, within(group)])
    assert np.abs(now - was)[1:, within(1 - group)].min(1).max() > 0, "the others learn from it"


@pytest.mark.parametrize("group", range(FOLDS))
def test_ratings_alone_teach_nothing_of_the_group_that_judges(folds: Folds, group: int):
    rated = replace(told_otherwise(group), outcomes=PLAN.outcomes)
    was, now = folds.margins(PLAN), folds_of(rated).margins(PLAN)
    np.testing.assert_array_equal(now[:, within(group)], was[:, within(group)])
    assert not np.array_equal(now, was)


@pytest.mark.parametrize("group", range(FOLDS))
def test_the_ridge_that_heads_have_to_beat_knows_nothing_of_the_group_that_judges_it(group: int):
    whole = fit_prior(FOLDER.comparisons(PLAN), FOLDER.start_weight)
    was, now = (_ridge_by_groups(FOLDER, plan, GROUPS, whole) for plan in (PLAN, told_otherwise(group)))
    np.testing.assert_array_equal(now[within(group)], was[within(group)])
    assert np.abs(now - was)[within(1 - group)].min() > 0


def test_a_chosen_head_is_judged_by_answers_that_it_was_not_taught_by(
    folds: Folds, monkeypatch: pytest.MonkeyPatch
):
    gains = iter([(1.6, 1.0), (0.0, 1.0)])  # of the head, of the layers
    monkeypatch.setattr(fitting, "log_gain", lambda *_: next(gains))
    plan, inside = told_otherwise(0, 8), within(0)
    found = to_end(fit(FOLDER_OF_HEADS, plan, TUNABLE, read))
    best = folds_of(plan).best
    assert found.method == "head" and best > 0
    expected = folds.margins(PLAN)[best]
    np.testing.assert_array_equal(found.held_out.margins[inside], expected[inside])


@pytest.mark.parametrize("group", range(FOLDS))
def test_a_kept_head_is_judged_by_answers_that_it_was_not_taught_by(group: int):
    then, inside = told_otherwise(group, 8), np.flatnonzero(within(group))
    left, right = np.arange(ANSWERED, COUNT - 1), np.arange(ANSWERED + 1, COUNT)
    asked = replace(
        PLAN,
        left=np.r_[PLAN.left, left],
        right=np.r_[PLAN.right, right],
        outcomes=np.r_[PLAN.outcomes, np.ones(len(left))],
    )
    own = np.random.default_rng(1).standard_normal(COUNT)
    margins = to_end(tuned_before(FOLDER_OF_HEADS, then, asked, TUNABLE, "head", read, own)).margins
    was, now = (folds_of(plan, asked) for plan in (PLAN, then))
    assert now.best > 0
    np.testing.assert_array_equal(margins[inside], was.margins(PLAN)[now.best, inside])
    np.testing.assert_array_equal(margins[len(PLAN) :], own[left] - own[right])


@pytest.mark.parametrize("kept", [False, True])
def test_a_ridge_is_judged_by_answers_that_it_was_not_taught_by(kept: bool, monkeypatch: pytest.MonkeyPatch):
    def posterior_of(plan: Plan) -> Posterior:
        """Under one prior, which all answers choose together."""
        return fit_ridge(FOLDER.comparisons(plan), Prior(FOLDER.start_weight, 1.75))

    monkeypatch.setattr(judging, "fit_prior", lambda *_: posterior_of(then))
    for row in range(0, len(PLAN), 5):
        ends = PLAN.left[row], PLAN.right[row]
        outcomes = PLAN.outcomes.copy()
        outcomes[np.isin(PLAN.left, ends) | np.isin(PLAN.right, ends)] *= -1
        own, held_out = [], []
        for then in (PLAN, replace(PLAN, outcomes=outcomes)):
            posterior = posterior_of(then)
            own.append(posterior.margins(FOLDER.comparisons(PLAN).differences)[0][row])
            judged = (
                ridge_before(FOLDER, then, PLAN, FOLDER.features @ posterior.mean)
                if kept
                else ridge_held_out(FOLDER, then, posterior)
            )
            held_out.append(judged.margins[row])
        assert abs(own[1] - own[0]) > 0.4
        assert held_out[1] == pytest.approx(held_out[0], abs=0.04), "one step from the common optimum"
