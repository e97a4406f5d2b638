"""The figures against independent maths, and where they are not defined."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from imagesorter.training.metrics import Agreement, agreement, mean_of, pair_accuracy

values = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), min_size=2, max_size=12)


@given(values)
def test_figures(drawn):
    scores, labels = (np.array(column, np.float64) / 2 for column in zip(*drawn, strict=True))
    found = agreement(scores, labels)
    pairs = [(s, t) for s, t in combinations(drawn, 2) if s[1] != t[1]]
    right = [0.5 if s[0] == t[0] else float((s[0] > t[0]) == (s[1] > t[1])) for s, t in pairs]
    assert found.pairs == pytest.approx(np.mean(right)) if pairs else math.isnan(found.pairs)
    assert found.mae == pytest.approx(np.mean([abs(s - t) for s, t in zip(scores, labels, strict=True)]))
    if np.ptp(scores) and np.ptp(labels):
        assert found.plcc == pytest.approx(np.corrcoef(scores, labels)[0, 1])
        assert found.srcc == pytest.approx(spearmanr(scores, labels).statistic)
    else:
        assert math.isnan(found.plcc)
        assert math.isnan(found.srcc)


def test_accuracy_is_that_of_whole_numbers():
    found = agreement(np.array([0.4, 0.5, 1.5, -0.6, 3.2]), np.array([0, 1, 1, -1, 3]))
    assert found.accuracy == 4 / 5
    assert found.images == 5


def test_equal_scores_count_half_and_equal_labels_nothing():
    assert pair_accuracy(np.zeros(4), np.array([1, 1, 2, 3])) == 0.5
    assert math.isnan(pair_accuracy(np.arange(3), np.ones(3)))
    assert pair_accuracy(np.array([1, 0, 5]), np.array([1, 1, 2])) == 1


def test_no_image_and_one():
    nothing = agreement(np.zeros(0), np.zeros(0))
    assert nothing.images == 0
    assert all(
        math.isnan(x) for x in (nothing.plcc, nothing.srcc, nothing.mae, nothing.accuracy, nothing.pairs)
    )
    one = agreement(np.array([2.0]), np.array([2.0]))
    assert (one.mae, one.accuracy) == (0, 1)
    assert math.isnan(one.srcc)


def test_the_mean_leaves_out_what_is_not_defined():
    first = Agreement(3, 0.5, 0.25, 1.0, 0.5, 0.75)
    second = Agreement(1, math.nan, math.nan, 3.0, 0.0, math.nan)
    assert mean_of([first, second]) == Agreement(4, 0.5, 0.25, 2.0, 0.25, 0.75)
    assert math.isnan(mean_of([second]).srcc)
