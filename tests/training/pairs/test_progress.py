"""How many more answers are worth it, by the formula as it is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imagesorter.training.pairs.preference import Comparisons, Posterior, Prior
from imagesorter.training.pairs.progress import more_worth

PHOTOGRAPHS = 200
WORTH = 0.004
"""Accuracy that ten answers have to gain."""

RNG = np.random.default_rng(0)
FEATURES = np.c_[
    np.zeros(PHOTOGRAPHS), RNG.standard_normal((PHOTOGRAPHS, 2)) @ np.array([[1, 0.4], [0, 0.6]])
]


def taught(seed: int, unsure: float = 1.0, lapse: float = 0.0) -> tuple[Comparisons, Posterior]:
    """Twelve answers and a posterior over two weights; that of the start is not learned."""
    rng = np.random.default_rng(seed)
    left, right = rng.integers(PHOTOGRAPHS, size=(2, 12))
    pairs = Comparisons(FEATURES[left] - FEATURES[right], rng.choice([-1.0, 1.0], 12))
    root = rng.standard_normal((2, 2))
    covariance = np.zeros((3, 3))
    covariance[1:, 1:] = unsure * (root @ root.T + 0.2 * np.eye(2))
    mean, curvature = np.r_[0.0, 2 * rng.standard_normal(2)], rng.uniform(0.05, 0.25, 12)
    return pairs, Posterior(Prior(0.0, 1.0, lapse), mean, covariance, 0.0, np.zeros(12), curvature, 0.0)


def accuracy(pairs: Comparisons, posterior: Posterior, more: int) -> float:
    """What is believed of it after so many more answers that inform like those given."""
    differences, covariance = pairs.differences[:, 1:], posterior.covariance[1:, 1:]
    of_one = sum(c * np.outer(d, d) for c, d in zip(posterior.curvature, differences, strict=True)) / len(
        pairs
    )
    then = np.linalg.inv(np.linalg.inv(covariance) + more * of_one)
    spread = 2 * np.cov(FEATURES[:, 1:].T, bias=True)  # of differences between photographs at random
    mean = posterior.mean[1:]
    margins = mean @ spread @ mean + np.trace(spread @ covariance)
    share = 1 - np.trace(spread @ then) / margins
    return float((1 - posterior.prior.lapse) * (0.5 + np.arcsin(np.sqrt(share)) / np.pi))


@pytest.mark.parametrize("lapse", [0.0, 0.3])
def test_so_many_more_are_worth_it_as_the_formula_says(lapse: float):
    found = set()
    for seed in range(12):
        pairs, posterior = taught(seed, lapse=lapse)
        gained = [
            accuracy(pairs, posterior, more + 10) - accuracy(pairs, posterior, more)
            for more in range(0, 310, 10)
        ]
        expected = max((10 * k + 10 for k, gain in enumerate(gained) if gain >= WORTH), default=0)
        assert more_worth(FEATURES, pairs, posterior) == expected
        found.add(expected)
    assert len(found) > 3 and max(found) < 300, "else nothing is told apart"


def test_lapses_make_fewer_answers_worth_it():
    for seed in range(12):
        pairs, posterior = taught(seed)
        counts = [
            more_worth(FEATURES, pairs, replace(posterior, prior=Prior(0.0, 1.0, lapse)))
            for lapse in (0.0, 0.3, 0.6, 0.99)
        ]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] > counts[2] >= counts[3] == 0


def test_the_surer_the_posterior_the_fewer_are_worth_it_and_at_last_none():
    for seed in range(12):
        counts = [more_worth(FEATURES, *taught(seed, unsure)) for unsure in (1.0, 0.3, 0.1, 0.001)]
        assert counts[0] > 0 == counts[-1]
        assert counts[1:] == sorted(counts[1:], reverse=True)


def test_nothing_is_worth_it_where_photographs_do_not_differ():
    pairs, posterior = taught(0)
    assert more_worth(np.zeros_like(FEATURES), pairs, posterior) == 0
