"""Known orders do not tell of what is held out that they agree with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.fitting import _pairs_curve, _ridge_by_groups
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.folds import groups_of
from imagesorter.training.pairs.judging import compared, of_scores, ridge_before, ridge_held_out
from imagesorter.training.pairs.knowing import fit_knowing, held_out_margins, known_of, without_known
from imagesorter.training.pairs.labels import Label
from imagesorter.training.pairs.leaving_out import Answers, without
from imagesorter.training.pairs.lesson_plan import Plan, plan
from imagesorter.training.pairs.preference import Comparisons, Posterior, Prior, fit, left_out, optimum
from imagesorter.training.pairs.proposal import is_better
from imagesorter.training.pairs.taught_features import Basis

from .pupils import key_of

PHOTOGRAPHS, ORDERS = 80, 200


def answers_on(truth: np.ndarray | None, count: int, seed: int, orders: int = ORDERS, wide: float = 1.0):
    """Of 80 photographs with 6 features: left, right and answers, by a truth (1 + 6 + orders,) or flips of a
    coin."""
    rng = np.random.default_rng(seed)
    features = np.column_stack(
        [
            np.zeros(PHOTOGRAPHS),
            rng.standard_normal((PHOTOGRAPHS, 6)) / 4,
            rng.standard_normal((PHOTOGRAPHS, orders)) * wide / np.sqrt(2),
        ]
    )
    left, right = np.array([rng.choice(PHOTOGRAPHS, 2, replace=False) for _ in range(count)]).T
    differences = features[left] - features[right]
    outcomes = rng.choice([-1.0, 1.0], count) if truth is None else np.sign(differences @ truth)
    return left, right, Comparisons(differences, outcomes, known=np.full(orders, 1 / max(orders, 1)))


def first_order(orders: int = ORDERS) -> np.ndarray:
    return np.r_[np.zeros(7), 1.0, np.zeros(orders - 1)]


def agreement(margins: np.ndarray, pairs: Comparisons) -> float:
    return float(np.mean(margins * pairs.outcomes > 0))


def plainly(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Without an answer on a pair's photographs, known orders or not."""
    shift, variance, *_ = without(answers)
    return shift, variance


@pytest.mark.parametrize("count", [20, 60])
def test_coin_flips_are_not_foreseen_by_any_of_hundreds_of_orders(count: int):
    shares, leaked = [], []
    for seed in range(25):
        left, right, pairs = answers_on(None, count, seed)
        posterior = fit_prior(pairs, 0.0)
        columns, plain = without_known(pairs, posterior)
        (means, _), _ = held_out_margins(pairs.among(columns), plain, left, right)
        shares.append(agreement(means, pairs))
        ((means, _),) = left_out([plainly], pairs, posterior, left, right)
        leaked.append(agreement(means, pairs))
    assert np.mean(shares) < 0.55
    assert np.mean(leaked) > 0.7, "what it would be if all answers chose the orders"


def test_an_order_that_is_meant_is_foreseen():
    left, right, pairs = answers_on(first_order(), 40, 1)
    columns, plain = without_known(pairs, fit_prior(pairs, 0.0))
    for means, _ in held_out_margins(pairs.among(columns), plain, left, right):
        assert agreement(means, pairs) > 0.9


def test_held_out_margins_are_those_of_a_mixture_without_the_photographs():
    """Of fits with none and with each order, by their evidence: nearly so, where margins are small."""
    left, right, pairs = answers_on(first_order(5), 16, 2, orders=5, wide=0.3)
    posterior = replace(fit_prior(pairs, 0.0), prior=Prior(0.0, 0.5, known=(1.0,) * 5))
    columns, plain = without_known(pairs, posterior)
    (means, variances), _ = held_out_margins(pairs.among(columns), plain, left, right)
    each = [(0.0,) * 5, *(tuple(row) for row in 1.5 * np.eye(5))]
    believed = np.r_[0.5, np.full(5, 0.5 / 5)]
    for row in range(0, 16, 3):
        kept = ~(np.isin(left, [left[row], right[row]]) | np.isin(right, [left[row], right[row]]))
        fits = [fit(pairs[kept], replace(plain.prior, known=known)) for known in each]
        weights = believed * np.exp([one.evidence - fits[0].evidence for one in fits])
        weights /= weights.sum()
        found = np.array([one.margins(pairs.differences[row : row + 1]) for one in fits])[:, :, 0]
        mean = weights @ found[:, 0]
        assert means[row] == pytest.approx(mean, abs=0.03)
        variance = weights @ (found[:, 1] + (found[:, 0] - mean) ** 2)
        assert variances[row] == pytest.approx(variance, rel=0.1)


def test_without_known_orders_margins_are_those_of_features():
    left, right, pairs = answers_on(None, 30, 3, orders=0)
    posterior = fit_prior(pairs, 0.0)
    columns, plain = without_known(pairs, posterior)
    assert len(columns) == 7 and not plain.prior.known
    np.testing.assert_array_equal(plain.covariance, posterior.covariance)
    for found, expected in zip(
        held_out_margins(pairs, plain, left, right)[0],
        left_out([plainly], pairs, posterior, left, right)[0],
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_of_many_answers_only_orders_that_count_are_asked_again():
    _, _, pairs = answers_on(first_order(), 60, 1)
    assert len(without_known(pairs, fit_prior(pairs, 0.0))[0]) == 7 + ORDERS
    pairs = pairs[np.tile(np.arange(60), 5)]
    posterior = fit_prior(pairs, 0.0)
    columns, plain = without_known(pairs, posterior)
    counted = np.flatnonzero(posterior.prior.known)
    assert 0 in counted and len(counted) < ORDERS
    assert columns.tolist() == [*range(7), *(7 + counted).tolist()]
    among = pairs.among(columns)
    assert among.known is not None and among.known.tolist() == [1 / ORDERS] * len(counted)
    np.testing.assert_array_equal(among.differences, pairs.differences[:, columns])
    assert not plain.mean[7:].any() and plain.prior == replace(posterior.prior, known=())


def test_some_answers_tell_themselves_which_orders_count():
    _, _, pairs = answers_on(first_order(), 60, 1)
    whole = fit_prior(pairs, 0.0)
    few = fit_knowing(pairs[:6], whole.prior)
    plain = optimum(pairs[:6], replace(whole.prior, known=()))
    assert few.prior.known == known_of(pairs[:6], plain)[0] != whole.prior.known
    assert few.prior.spread == whole.prior.spread and max(few.prior.known) < max(whole.prior.known)
    assert fit_knowing(pairs[:0], whole.prior).prior.known == ()


def flipped(seed: int, count: int = 24) -> tuple[Folder, Plan, Posterior]:
    """A folder of 150 photographs and 200 known orders, with flips of a coin for answers."""
    rng = np.random.default_rng(seed)
    features = (
        rng.standard_normal((150, 12 + ORDERS)) / np.r_[np.full(12, np.sqrt(24)), np.full(ORDERS, 2**0.5)]
    )
    known = np.full(ORDERS, 1 / ORDERS)
    basis = Basis(np.zeros(12 + ORDERS), np.eye(12 + ORDERS), np.zeros(12, np.intp), known)
    folder = Folder(np.column_stack([np.zeros(150), features]), basis, 0.0, (), "x")
    ends = [rng.choice(150, 2, replace=False) for _ in range(count)]
    labels = [
        Label(key_of(int(i)), key_of(int(j)), str(rng.choice(["left", "right"])), "random", 0.0, number)
        for number, (i, j) in enumerate(ends, 1)
    ]
    told = plan(labels, [], {key_of(row): row for row in range(150)})
    return folder, told, fit_prior(folder.comparisons(told), 0.0)


def shown_by_ridge(folder: Folder, told: Plan, posterior: Posterior) -> np.ndarray:
    return ridge_held_out(folder, told, posterior).margins


def shown_of_kept(folder: Folder, told: Plan, posterior: Posterior) -> np.ndarray:
    return ridge_before(folder, told, told, folder.features @ posterior.mean).margins


def shown_by_groups(folder: Folder, told: Plan, posterior: Posterior) -> np.ndarray:
    return _ridge_by_groups(folder, told, groups_of(150, told), posterior)


@pytest.mark.parametrize("shown", [shown_by_ridge, shown_of_kept, shown_by_groups])
def test_no_share_that_is_shown_foresees_coin_flips(shown):
    found = [flipped(seed) for seed in range(40)]
    assert np.mean([np.mean(shown(*one) * one[1].outcomes > 0) for one in found]) < 0.55


def test_the_curve_of_pairs_foresees_no_coin_flips():
    points = [point.accuracy for seed in range(12) for point in _pairs_curve(*flipped(seed, 60))]
    assert np.mean(points) < 0.57


def test_coin_flips_are_seldom_offered():
    offered = 0
    for seed in range(40):
        folder, told, posterior = flipped(seed)
        before, after = of_scores(folder.features[:, 0], told), ridge_held_out(folder, told, posterior)
        offered += is_better(before, after, compared(before, after, told), told)
    assert offered <= 10
