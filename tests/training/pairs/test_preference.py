"""The ridge on pairs: its likelihood, its posterior, and what it says of photographs it did not see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from imagesorter.training.pairs.evidence import SPREADS, fit_prior
from imagesorter.training.pairs.knowing import held_out_margins
from imagesorter.training.pairs.preference import (
    START_SPREAD,
    Comparisons,
    Posterior,
    Prior,
    _terms,
    fit,
)

RNG = np.random.default_rng(0)


def simulated(count: int, *, wrong: float = 0.0, ties: float = 0.0, seed: int = 0):
    """Photographs (30, 1 + 4) without a start, a direction, and answers by it."""
    rng = np.random.default_rng(seed)
    features = np.column_stack([np.zeros(30), rng.standard_normal((30, 4)) / 3])
    direction = np.array([0, 2.0, -1.0, 0.5, 0.0])
    left, right = np.array([rng.choice(30, 2, replace=False) for _ in range(count)]).reshape(-1, 2).T
    margins = (features[left] - features[right]) @ direction
    outcomes = np.sign(margins)
    outcomes[rng.random(count) < wrong] *= -1
    outcomes[np.abs(margins) < ties] = 0
    return features, direction, left, right, Comparisons(features[left] - features[right], outcomes)


@pytest.mark.parametrize("tie", [0.0, 0.7])
@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_derivatives_are_those_of_the_likelihood(tie: float, lapse: float):
    margins = np.linspace(-4, 4, 9)
    for outcome in (1.0, -1.0) if tie == 0 else (1.0, 0.0, -1.0):
        outcomes = np.full(9, outcome)
        if outcome == 0 and lapse:  # the share of ties is told by the outcomes: keep it as it is
            continue
        step = 1e-4
        low, at, high = (_terms(margins + d, outcomes, tie, lapse) for d in (-step, 0.0, step))
        np.testing.assert_allclose(at.gradient, (high.log - low.log) / (2 * step), atol=1e-6)
        second = -(high.log - 2 * at.log + low.log) / step**2
        np.testing.assert_allclose(at.curvature, np.maximum(second, 0), atol=1e-5)


@pytest.mark.parametrize("tie", [0.0, 0.5, 5.0])
def test_the_three_answers_are_all_there_are(tie: float):
    margins = np.linspace(-6, 6, 13)
    outcomes = (1.0, -1.0) if tie == 0 else (1.0, 0.0, -1.0)
    total = sum(np.exp(_terms(margins, np.full(13, outcome), tie, 0.0).log) for outcome in outcomes)
    np.testing.assert_allclose(total, 1)


def test_the_fit_is_the_optimum_of_the_written_formula():
    _, _, _, _, pairs = simulated(60, wrong=0.1)
    found = fit(pairs, Prior(0.0, 0.8))

    def objective(weights: np.ndarray) -> float:
        margins = pairs.differences[:, 1:] @ weights
        return float(np.logaddexp(0, -pairs.outcomes * margins).sum() + (weights @ weights) / (2 * 0.8**2))

    expected = minimize(objective, np.zeros(4), tol=1e-10).x
    np.testing.assert_allclose(found.mean[1:], expected, atol=1e-3)


def test_answers_on_few_photographs_count_for_less():
    """Whoever gives the same answers twice tells no more, but where photographs are new each time."""
    _, _, _, _, pairs = simulated(60, wrong=0.1)
    twice = Comparisons(np.tile(pairs.differences, (2, 1)), np.tile(pairs.outcomes, 2))
    prior = Prior(0.0, 0.8, lapse=0.1)
    once, again, anew = (
        fit(each, prior)
        for each in (
            replace(pairs, distinct=1 / 3),
            replace(twice, distinct=1 / 6),
            replace(twice, distinct=1),
        )
    )
    for part in ("mean", "covariance", "evidence"):
        np.testing.assert_allclose(getattr(again, part), getattr(once, part), atol=1e-4)
    assert np.linalg.norm(anew.mean) > 1.05 * np.linalg.norm(once.mean)
    np.testing.assert_array_equal(fit(pairs, prior).mean, once.mean)


@pytest.mark.parametrize(("distinct", "weight"), [(1.0, 1.0), (1 / 3, 1.0), (0.25, 0.75), (0.05, 0.15)])
def test_one_and_a_half_pairs_for_each_photograph_count_in_full(distinct: float, weight: float):
    assert replace(simulated(10)[-1], distinct=distinct).weight == pytest.approx(weight)


def test_a_start_is_not_left_for_what_a_few_photographs_have_of_their_own():
    """What no feature knows of them, which all their answers repeat, many features explain by chance."""
    correlations: dict[float, list[float]] = {20 / 300: [], 1.0: []}
    for seed in range(12):
        rng = np.random.default_rng(seed)
        start = rng.standard_normal(220) / np.sqrt(2)
        features = np.column_stack([start, rng.standard_normal((220, 30)) / np.sqrt(60)])
        truth = start + start.std() * rng.standard_normal(220)
        left, right = np.array([rng.choice(20, 2, replace=False) for _ in range(150)]).T
        pairs = Comparisons(features[left] - features[right], np.sign(truth[left] - truth[right]))
        for distinct, found in correlations.items():
            posterior = fit_prior(replace(pairs, distinct=distinct), 2.0)
            found.append(np.corrcoef(features[20:] @ posterior.mean, start[20:])[0, 1])
    few, many = (np.mean(found) for found in correlations.values())
    assert few > many + 0.1


def test_no_answers_leave_the_prior():
    pairs = Comparisons(np.zeros((0, 3)), np.zeros(0))
    found = fit(pairs, Prior(2.0, 0.5))
    np.testing.assert_allclose(found.mean, [2, 0, 0])
    np.testing.assert_allclose(np.diag(found.covariance), [1.5**2, 0.25, 0.25])


def test_answers_find_the_direction_also_with_wrong_ones_and_ties():
    for wrong, ties in ((0.0, 0.0), (0.15, 0.0), (0.0, 0.3)):
        features, direction, _, _, pairs = simulated(200, wrong=wrong, ties=ties)
        found = fit_prior(pairs, 0.0)
        assert np.corrcoef(features @ found.mean, features @ direction)[0, 1] > 0.95
        assert (found.tie > 0) == (ties > 0)


def test_many_wrong_answers_are_taken_for_lapses():
    assert fit_prior(simulated(400, wrong=0.25)[-1], 0.0).prior.lapse > 0
    assert fit_prior(simulated(400)[-1], 0.0).prior.lapse == 0


def test_held_out_margins_are_those_of_a_fit_without_the_photographs():
    _, _, left, right, pairs = simulated(60, wrong=0.1)
    posterior = fit(pairs, Prior(0.0, 0.5))
    (means, variances), _ = held_out_margins(pairs, posterior, left, right)
    for row in range(0, 60, 7):
        ends = [left[row], right[row]]
        kept = ~(np.isin(left, ends) | np.isin(right, ends))
        mean, variance = fit(pairs[kept], Prior(0.0, 0.5)).margins(pairs.differences[row : row + 1])
        assert means[row] == pytest.approx(mean[0], abs=0.15)
        assert variances[row] == pytest.approx(variance[0], rel=0.25)


def test_margins_without_own_are_those_of_a_fit_without_the_pair():
    _, _, left, right, pairs = simulated(60, wrong=0.1)
    left, right = np.r_[left, right[:20]], np.r_[right, left[:20]]  # some are asked again, mirrored
    again = Comparisons(
        np.concatenate([pairs.differences, -pairs.differences[:20]]),
        np.r_[pairs.outcomes, -pairs.outcomes[:20]],
    )
    posterior = fit(again, Prior(0.0, 0.5))
    _, (means, variances) = held_out_margins(again, posterior, left, right)
    for row in range(0, 60, 7):
        kept = ~(np.isin(left, [left[row], right[row]]) & np.isin(right, [left[row], right[row]]))
        assert (~kept).sum() >= 1 + (row < 20)
        mean, variance = fit(again[kept], Prior(0.0, 0.5)).margins(again.differences[row : row + 1])
        assert means[row] == pytest.approx(mean[0], abs=0.1)
        assert variances[row] == pytest.approx(variance[0], rel=0.2)


def one_by_one(pairs: Comparisons, posterior: Posterior, left: np.ndarray, right: np.ndarray):
    """Held-out margins as they are written: all answers on either photograph taken out."""
    means, variances = [], []
    differences = pairs.differences[:, 0 if posterior.prior.start_weight else 1 :]  # no start has no weight
    width = differences.shape[1]
    precision = np.linalg.inv(posterior.covariance[-width:, -width:])
    for row, difference in enumerate(differences):
        ends = [left[row], right[row]]
        out = np.isin(left, ends) | np.isin(right, ends)
        taken = differences[out]
        covariance = np.linalg.inv(precision - (taken.T * posterior.curvature[out]) @ taken)
        mean = posterior.mean[-width:] - covariance @ taken.T @ posterior.gradient[out]
        means.append(difference @ mean)
        variances.append(difference @ covariance @ difference)
    return np.array(means), np.array(variances)


@pytest.mark.parametrize("width", [3, 60])
@pytest.mark.parametrize("photographs", [8, 60])
@pytest.mark.parametrize("prior", [Prior(2.0, 0.5), Prior(2.0, 1.0, 0.25), Prior(0.0, 2.0, 0.1)])
def test_held_out_margins_with_a_start_ties_and_answers_given_again(
    width: int, photographs: int, prior: Prior
):
    rng = np.random.default_rng(width)
    features = rng.standard_normal((photographs, 1 + width)) / np.sqrt(width)
    features[:, 0] *= prior.start_weight > 0
    left = rng.integers(photographs, size=90)
    right = (left + rng.integers(1, photographs, size=90)) % photographs
    again = rng.integers(90, size=20)  # the other way round, and not always as before
    left, right = np.r_[left, right[again], left[again]], np.r_[right, left[again], right[again]]
    pairs = Comparisons(features[left] - features[right], rng.choice([1.0, -1.0, 0.0], len(left)))
    posterior = fit(pairs, prior)
    found, _ = held_out_margins(pairs, posterior, left, right)
    np.testing.assert_allclose(found, one_by_one(pairs, posterior, left, right), rtol=1e-6, atol=1e-8)


def test_a_photograph_against_many_takes_out_no_more_than_there_are_weights(monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    solve, inv = np.linalg.solve, np.linalg.inv
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 5))
    left, right = np.zeros(59, np.intp), np.arange(1, 60)
    pairs = Comparisons(features[left] - features[right], rng.choice([1.0, -1.0], 59))
    posterior = fit(pairs, Prior())
    monkeypatch.setattr(np.linalg, "solve", lambda a, b: (sizes.append(a.shape[-1]), solve(a, b))[1])
    monkeypatch.setattr(np.linalg, "inv", lambda a: (sizes.append(a.shape[-1]), inv(a))[1])
    held_out_margins(pairs, posterior, left, right)
    assert sizes and max(sizes) <= 5


def test_a_photograph_against_itself_has_no_margin():
    features, _, left, right, pairs = simulated(20)
    left, right = np.r_[left, 3], np.r_[right, 3]
    both = Comparisons(features[left] - features[right], np.r_[pairs.outcomes, 1.0])
    posterior = fit(both, Prior(0.0, 0.5))
    (means, variances), _ = held_out_margins(both, posterior, left, right)
    assert (means[-1], variances[-1]) == (0, 0)
    assert np.isfinite(means).all()


def test_contradictions_teach_little():
    pairs = simulated(20)[-1]
    both = Comparisons(
        np.concatenate([pairs.differences, pairs.differences]),
        np.concatenate([pairs.outcomes, -pairs.outcomes]),
    )
    np.testing.assert_allclose(fit_prior(both, 0.0).mean, 0, atol=1e-6)


def test_only_ties_leave_the_start():
    pairs = simulated(20)[-1]
    found = fit_prior(Comparisons(pairs.differences, np.zeros(20)), 0.0)
    np.testing.assert_allclose(found.mean, 0, atol=1e-6)
    assert np.isfinite(found.covariance).all()


def with_ties(share: float, count: int = 100) -> Comparisons:
    """A share of ties, and as many answers either way; features that have to do with no answer."""
    rng = np.random.default_rng(0)
    outcomes = np.where(np.arange(count) % 2, 1.0, -1.0)
    outcomes[: round(share * count)] = 0
    return Comparisons(rng.standard_normal((count, 9)) / 3, outcomes)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_tie_is_found_where_the_weights_have_nothing_to_find(share: float):
    found = fit(with_ties(share), Prior(0.0, 0.0))
    assert found.tie == pytest.approx(2 * share / (1 - share), rel=1e-6)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8])
@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("prior", [Prior(), Prior(0.0), Prior(2.0, lapse=0.25)])
def test_weights_and_tie_are_at_their_fixed_point(share: float, spread: float, prior: Prior):
    pairs = with_ties(share)
    found = fit(pairs, replace(prior, spread=spread))
    margins = pairs.differences @ found.mean
    expected = found.tie / (np.exp(margins / 2) + np.exp(-margins / 2) + found.tie)
    assert expected.sum() == pytest.approx(share * 100, rel=1e-6)
    deviations = np.full(9, max(spread, 1e-6))
    deviations[0] = START_SPREAD if prior.start_weight else 1e-6
    moved = found.mean - np.eye(9)[0] * prior.start_weight
    slope = pairs.differences.T @ found.gradient * deviations - moved / deviations
    np.testing.assert_allclose(slope, 0, atol=1e-3)


def test_a_tie_beyond_the_greatest_stays_there():
    assert fit(with_ties(0.97), Prior()).tie == fit(with_ties(1.0), Prior()).tie == 20


def test_the_tie_does_not_depend_on_where_the_fit_begins():
    pairs = with_ties(0.6)
    found = fit(pairs, Prior())
    again = fit(pairs, Prior(), found.mean + 0.3)
    assert again.tie == pytest.approx(found.tie, rel=1e-4)
    np.testing.assert_allclose(again.mean, found.mean, atol=1e-4)


def test_the_same_answers_give_the_same_fit():
    _, _, _, _, pairs = simulated(50, wrong=0.1)
    first, second = fit_prior(pairs, 0.0), fit_prior(pairs, 0.0)
    assert first.prior == second.prior
    np.testing.assert_array_equal(first.mean, second.mean)
