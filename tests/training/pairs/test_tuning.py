"""What a head learns of answers, ties and ratings, and what holds it back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.training.pairs.tuning import CHECKPOINTS, Lesson, Method, tune

from .pupils import TunableModel, tokens_of

COUNT = 40
TOKENS = tokens_of(COUNT)
MODEL = TunableModel()
METHODS: tuple[Method, ...] = ("head", "layers")
LEFT, RIGHT = np.arange(0, COUNT, 2), np.arange(1, COUNT, 2)
NOTHING = np.zeros(0)


def lesson(
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    outcomes: NDArray[np.float64],
    ratings: NDArray[np.float64] = NOTHING,
) -> Lesson:
    """With ratings of the last photographs."""
    rated = np.arange(COUNT - len(ratings), COUNT)
    return Lesson(np.arange(COUNT), TOKENS, left, right, outcomes, rated, ratings)


def learned(method: Method, taught: Lesson) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Scores before and after, and how far the weights went."""
    scores, weights = [], []
    for state in tune(MODEL, "x", taught, method):
        scores.append(state.scores())
        weights.append({name: value.copy() for name, value in state.weights().items()})
    assert len(scores) == 1 + CHECKPOINTS
    went = sum(float(np.square(weights[-1][name] - value).sum()) for name, value in weights[0].items())
    return scores[0], scores[-1], went**0.5


@pytest.mark.parametrize("method", METHODS)
def test_answers_move_margins_their_way(method: Method):
    for side in (1.0, -1.0):
        before, after, _ = learned(method, lesson(LEFT, RIGHT, np.full(len(LEFT), side)))
        gained = (after[LEFT] - after[RIGHT]) - (before[LEFT] - before[RIGHT])
        assert (side * gained / before.std()).mean() > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_ties_bring_scores_together_and_favour_neither_side(method: Method):
    ties = np.zeros(len(LEFT))
    before, after, _ = learned(method, lesson(LEFT, RIGHT, ties))
    apart, now = (np.abs(scores[LEFT] - scores[RIGHT]).mean() for scores in (before, after))
    assert now < 0.8 * apart
    _, mirrored, _ = learned(method, lesson(RIGHT, LEFT, ties))
    np.testing.assert_allclose(mirrored, after, atol=0.02 * before.std())


@pytest.mark.parametrize("method", METHODS)
def test_ratings_draw_scores_towards_them(method: Method):
    """On their own scale, in units of the spread of the scores that it began with."""
    few = slice(0, 4)
    ratings = np.random.default_rng(0).standard_normal(20)
    ends = LEFT[few], RIGHT[few], np.ones(4)
    before, without, _ = learned(method, lesson(*ends))
    _, after, _ = learned(method, lesson(*ends, ratings))
    off, now = (np.abs(scores[-20:] / before.std() - ratings).mean() for scores in (without, after))
    assert now < off - 0.1


@pytest.mark.parametrize("method", METHODS)
def test_few_answers_move_weights_less_than_many_that_say_the_same(method: Method):
    """Of one answer and of thirty such, the mean loss is the same; but one is held closer to the start."""
    ends = LEFT[:1], RIGHT[:1], np.ones(1)
    _, _, once = learned(method, lesson(*ends))
    _, _, often = learned(method, lesson(*(np.repeat(end, 30) for end in ends)))
    assert 0 < once < 0.9 * often
