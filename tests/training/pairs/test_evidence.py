"""Which prior the answers speak for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imagesorter.training.pairs.evidence import fit_prior, likelier_by
from imagesorter.training.pairs.preference import START_SPREAD, Comparisons, Prior, fit


def of_blocks(count: int, asked: int | None):
    """Photographs (60, 1 + 24) whose features come in three blocks, answers on what lies in one of them, or
    in all, and the true values."""
    rng = np.random.default_rng(count)
    blocks = np.repeat(np.arange(3), 8)
    features = np.column_stack([np.zeros(60), rng.standard_normal((60, 24)) / np.sqrt(48)])
    truth = features[:, 1:] @ (rng.standard_normal(24) * (1 if asked is None else blocks == asked))
    left, right = np.array([rng.choice(60, 2, replace=False) for _ in range(count)]).T
    outcomes = np.sign(truth[left] - truth[right])
    return features, truth, Comparisons(features[left] - features[right], outcomes, blocks)


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_the_block_that_is_asked_for_is_stressed_and_teaches_more(asked: int):
    features, truth, pairs = of_blocks(60, asked)
    found = fit_prior(pairs, 0.0)
    assert int(np.argmax(found.prior.stress)) == asked
    assert np.mean(np.square(found.prior.stress)) == pytest.approx(1)
    plain = fit_prior(replace(pairs, blocks=None), 0.0)
    assert plain.prior.stress == ()
    reached, before = (np.corrcoef(features @ one.mean, truth)[0, 1] for one in (found, plain))
    assert reached > before + 0.02


def test_without_reason_blocks_stay_nearly_even():
    _, _, few = of_blocks(6, 1)
    _, _, all_of_them = of_blocks(100, None)
    for pairs in (few, all_of_them):
        stress = fit_prior(pairs, 0.0).prior.stress
        assert max(stress) < 1.5 * min(stress)


def test_few_photographs_over_and_over_stress_little():
    _, _, pairs = of_blocks(60, 1)
    often, once = (fit_prior(replace(pairs, distinct=share), 0.0).prior.stress for share in (0.02, 1.0))
    assert max(often) / min(often) < 1.5 < max(once) / min(once)


def test_nothing_is_stressed_beside_a_start_without_answers_or_of_one_block():
    _, _, pairs = of_blocks(60, 1)
    assert fit_prior(pairs, 2.0).prior.stress == ()
    assert fit_prior(pairs[:0], 0.0).prior.stress == ()
    assert fit_prior(replace(pairs, blocks=np.zeros(24, np.intp)), 0.0).prior.stress == ()


def test_stress_is_kept_by_parts_and_looked_for_anew_nearby():
    _, _, pairs = of_blocks(60, 1)
    whole = fit_prior(pairs[:59], 0.0)
    again = fit_prior(pairs, 0.0, whole)
    assert int(np.argmax(again.prior.stress)) == 1
    np.testing.assert_allclose(again.mean, fit_prior(pairs, 0.0).mean, atol=1e-3)
    np.testing.assert_allclose(fit(pairs, again.prior, whole.mean).mean, again.mean, atol=1e-3)


def test_stress_is_a_deviation_of_weights():
    _, _, pairs = of_blocks(40, 1)
    stress = (0.5, 1.5, 0.7)
    found = fit(pairs, Prior(0.0, 0.8, stress=stress))
    assert pairs.blocks is not None
    wider = np.r_[1.0, np.array(stress)[pairs.blocks]]
    scaled = fit(Comparisons(pairs.differences * wider, pairs.outcomes), Prior(0.0, 0.8))
    np.testing.assert_allclose(found.mean, scaled.mean * wider, atol=1e-4)
    np.testing.assert_allclose(found.covariance, scaled.covariance * np.outer(wider, wider), atol=1e-4)
    assert found.evidence == pytest.approx(scaled.evidence, abs=1e-4)


@pytest.mark.parametrize("count", [3, 200])
def test_fewer_answers_than_weights_leave_the_prior_across_them(count: int):
    """As where there are more: the covariance is the inverse of prior and curvatures."""
    _, _, pairs = of_blocks(count, 1)
    found = fit(pairs, Prior(0.0, 0.8))
    precision = np.eye(25) / 0.8**2
    precision[0, 0] = 1e12  # no start has no weight
    precision += (pairs.differences.T * found.curvature) @ pairs.differences
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), atol=1e-8)
    np.testing.assert_allclose(
        precision @ found.mean,
        pairs.differences.T @ (found.gradient + found.curvature * (pairs.differences @ found.mean)),
        atol=1e-3,
    )


def test_stress_is_the_mean_of_none_and_each_block_by_its_evidence():
    """In the square, and at a cost of 1 for each block's."""
    _, _, pairs = of_blocks(25, 1)
    pairs = replace(pairs, distinct=0.5)
    found = fit_prior(pairs, 0.0)
    even = replace(found.prior, stress=())
    one = np.full((3, 3), 0.15**2) + np.diag(np.full(3, 1 - 0.15**2))
    squares = np.vstack([np.ones(3), one / one.mean(1, keepdims=True)])
    evidence = [fit(pairs, replace(even, stress=tuple(np.sqrt(row)))).evidence for row in squares]
    shares = np.exp(0.5 * np.array(evidence) - [0, 1, 1, 1])
    shares /= shares.sum()
    assert 0.1 < shares[0] < 0.9, "a case in between"
    np.testing.assert_allclose(np.square(found.prior.stress), shares @ squares, rtol=1e-3)


def with_known(count: int, asked: int | None, orders: int = 12, seed: int = 0):
    """Photographs (60, 1 + 8 + orders) with as many known orders, answers on one of these or on a feature,
    and the true values."""
    rng = np.random.default_rng((seed, count))
    features = rng.standard_normal((60, 8)) / 4
    known = rng.standard_normal((60, orders)) / np.sqrt(2)
    truth = features[:, 0] if asked is None else known[:, asked]
    left, right = np.array([rng.choice(60, 2, replace=False) for _ in range(count)]).T
    whole = np.column_stack([np.zeros(60), features, known])
    shares = np.full(orders, 1 / orders)
    outcomes = np.sign(truth[left] - truth[right])
    return whole, truth, Comparisons(whole[left] - whole[right], outcomes, known=shares)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_order_that_is_known_by_another_name_is_found_in_few_answers(sign: int):
    whole, truth, pairs = with_known(12, 5)
    pairs = replace(pairs, outcomes=sign * pairs.outcomes)
    found = fit_prior(pairs, 0.0)
    assert int(np.argmax(found.prior.known)) == 5 and found.prior.known[5] > 1
    assert sign * np.corrcoef(whole @ found.mean, truth)[0, 1] > 0.9
    plain = fit_prior(replace(pairs, differences=pairs.differences[:, :9], known=None), 0.0)
    assert sign * np.corrcoef(whole[:, :9] @ plain.mean, truth)[0, 1] < 0.5


def test_what_is_no_known_order_is_taught_nearly_as_without_them():
    whole, truth, pairs = with_known(80, None)
    plain = fit_prior(replace(pairs, differences=pairs.differences[:, :9], known=None), 0.0)
    found = fit_prior(pairs, 0.0)
    assert max(found.prior.known) < 0.3
    reached = np.corrcoef(whole @ found.mean, truth)[0, 1]
    assert reached > np.corrcoef(whole[:, :9] @ plain.mean, truth)[0, 1] - 0.01


def test_known_orders_count_by_the_evidence_of_fits_with_each():
    """Told from one fit's gradient and curvature, the shares are near those of a fit for each."""
    _, _, pairs = with_known(8, 5, seed=3)
    found = fit_prior(pairs, 0.0)
    each = np.eye(12) * START_SPREAD
    plain = replace(found.prior, known=())
    gained = [
        fit(pairs, replace(plain, known=tuple(row))).evidence - fit(pairs, plain).evidence for row in each
    ]
    weights = np.append(np.exp(gained) / 12, 1)  # as likely none of them as any
    shares = np.square(np.array(found.prior.known) / START_SPREAD)
    assert 0.02 < shares[5] < 0.9, "a case in between"
    np.testing.assert_allclose(shares, (weights / weights.sum())[:-1], atol=0.05)


def test_known_orders_that_are_hardly_believed_are_left_out():
    _, _, pairs = with_known(40, 5)
    found = fit_prior(pairs, 0.0)
    left_out = np.flatnonzero(np.array(found.prior.known) == 0)
    assert len(left_out) > 5
    assert not found.mean[9 + left_out].any() and not found.covariance[9 + left_out].any()
    assert set(found.learned.tolist()).isdisjoint({0, *(9 + left_out).tolist()})


def test_no_order_is_known_beside_a_start_or_without_answers():
    _, _, pairs = with_known(20, 5)
    for found in (fit_prior(pairs, 2.0), fit_prior(pairs[:0], 0.0)):
        assert found.prior.known == () and not found.mean[9:].any()
    assert (
        fit_prior(replace(pairs, differences=pairs.differences[:, :9], known=np.zeros(0)), 0.0).prior.known
        == ()
    )


def test_known_orders_are_kept_by_parts_and_looked_for_anew_nearby():
    _, _, pairs = with_known(31, 5)
    whole = fit_prior(pairs[:30], 0.0)
    again = fit_prior(pairs, 0.0, whole)
    np.testing.assert_allclose(again.mean, fit_prior(pairs, 0.0).mean, atol=1e-3)
    np.testing.assert_allclose(fit(pairs, again.prior, whole.mean).mean, again.mean, atol=1e-3)


@pytest.mark.parametrize("start_weight", [0.0, 2.0])
def test_answers_that_go_by_nothing_are_told_from_those_that_do(start_weight: float):
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        differences = rng.normal(size=(60, 12))
        flips = rng.choice([-1.0, 1.0], 60)
        kinds = flips, np.where(rng.random(60) < 0.3, 0.0, flips), np.sign(differences[:, 3])
        found.append([fit_prior(Comparisons(differences, kind), start_weight).by_chance for kind in kinds])
    flipped, with_ties, told = np.transpose(found)
    assert min(flipped.mean(), with_ties.mean()) > 0.065, "likelier than before them"
    assert told.max() < 0.01


def test_before_any_answer_chance_is_as_likely_as_it_is_believed_to_be():
    nothing = Comparisons(np.zeros((0, 6)), np.zeros(0))
    assert fit_prior(nothing, 0.0).by_chance == pytest.approx(0.05, abs=0.01)
    assert fit(nothing, Prior(0.0)).by_chance == 0, "it was not asked"


def test_whether_answers_go_by_nothing_is_told_nearby_as_it_is_anew():
    *_, pairs = with_known(90, None)
    whole = fit_prior(pairs, 0.0)
    assert fit_prior(pairs, 0.0, whole).by_chance == pytest.approx(whole.by_chance, rel=0.3)


@pytest.mark.parametrize("belief", [0.0, 0.1, 0.5, 1.0])
def test_a_belief_stays_one_whatever_speaks_for_it(belief: float):
    assert likelier_by(0.0, belief) == pytest.approx(belief)
    assert likelier_by(np.log(3), belief) == pytest.approx(3 * belief / (1 + 2 * belief))
    assert likelier_by(-1e9, belief) == pytest.approx(1.0 if belief == 1 else 0.0)
    assert likelier_by(1e9, belief) == pytest.approx(1.0 if belief else 0.0)
