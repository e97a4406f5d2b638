"""How often an order will agree, told from answers it was not taught by."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from imagesorter.training.pairs import held_out
from imagesorter.training.pairs.held_out import (
    accuracy,
    as_unseen,
    calibrated,
    log_gain,
    of_rival,
    proportion,
    sure_margins,
)

RNG = np.random.default_rng(0)
AT_RANDOM = RNG.standard_normal(2000)


def answers(margins: np.ndarray, slope: float, wrong: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    outcomes = np.where(rng.random(len(margins)) < 1 / (1 + np.exp(-slope * margins)), 1.0, -1.0)
    outcomes[rng.random(len(margins)) < wrong] *= -1
    return outcomes


def test_margins_that_say_nothing_give_a_half():
    estimate = accuracy(RNG.standard_normal(400), RNG.choice([-1.0, 1.0], 400), AT_RANDOM)
    assert estimate.low < 0.5 < estimate.high
    assert estimate.high - estimate.low < 0.2


def test_margins_that_are_always_right_give_nearly_one():
    margins = RNG.standard_normal(300)
    assert accuracy(margins, np.sign(margins), AT_RANDOM).mean > 0.93


def test_wrong_way_round_is_worse_than_chance():
    margins = RNG.standard_normal(300)
    assert accuracy(margins, -np.sign(margins), AT_RANDOM).high < 0.5


def test_hard_pairs_do_not_make_an_order_look_bad():
    easy = RNG.standard_normal(500)
    hard = easy / 5
    plain = np.mean(answers(hard, 3.0, 0.0, 1) * hard > 0)
    estimate = accuracy(hard, answers(hard, 3.0, 0.0, 1), easy)
    truth = np.mean(1 / (1 + np.exp(-3 * np.abs(easy))))
    assert plain < truth - 0.15
    assert estimate.low < truth < estimate.high


def test_a_start_is_told_by_what_is_gained_where_pairs_are_those_that_it_leaves_open():
    """Most of those that are asked are what both together leave open."""
    rng = np.random.default_rng(3)
    start, own = rng.standard_normal((2, 40_000))
    own = (own + start) / np.sqrt(2)
    truth = 1 / (1 + np.exp(-(0.7 * start + 2 * own)))
    outcomes = np.where(rng.random(len(truth)) < truth, 1.0, -1.0)
    asked = np.r_[np.flatnonzero(np.abs(start + 3 * own) < 1)[:300], 20_000:20_100]
    others = slice(-4000, None)
    alone = accuracy(start[asked], outcomes[asked], start[others])
    now = accuracy(own[asked], outcomes[asked], own[others])
    was = of_rival(now, (own[asked], own[others]), (start[asked], start[others]), outcomes[asked])
    true = [float(np.mean(margins * outcomes > 0)) for margins in (start, own)]
    assert alone.high < true[0] and alone.mean < true[0] - 0.12
    assert abs((now.mean - was.mean) - (true[1] - true[0])) < 0.03
    assert abs(was.mean - true[0]) < (true[0] - alone.mean) / 2


@pytest.mark.parametrize("count", [8, 1500])
def test_two_orders_that_are_the_same_are_as_good(count: int):
    margins = np.random.default_rng(4).standard_normal(count)
    outcomes = answers(margins, 2.0, 0.1, 2)
    outcomes[::10] = 0
    now = accuracy(margins, outcomes, AT_RANDOM)
    was = of_rival(now, (margins, AT_RANDOM), (2 * margins, 2 * AT_RANDOM), outcomes)
    assert was.mean == pytest.approx(now.mean, abs=1e-9), "nothing is gained"
    assert (was.low, was.high) == pytest.approx((now.low, now.high), abs=0.05)


def test_where_all_may_be_chance_half_may_be_right():
    rng = np.random.default_rng(0)
    margins = rng.normal(size=200)
    outcomes = answers(margins, 3.0, 0.0, 1)
    sure, unsure, none = (accuracy(margins, outcomes, margins, by_chance=b) for b in (0.0, 0.2, 1.0))
    assert unsure.mean == pytest.approx(0.2 * 0.5 + 0.8 * sure.mean)
    assert sure.low > 0.5 and unsure.low == 0.5, "by more than the tail of the interval"
    assert sure.low < unsure.high <= sure.high
    assert (none.low, none.mean, none.high) == (0.5, pytest.approx(0.5), 0.5)


def test_a_rival_may_be_chance_as_often_as_the_order_is():
    rng = np.random.default_rng(1)
    margins, rivals = rng.normal(size=(2, 300))
    outcomes = answers(margins + rivals / 2, 2.0, 0.0, 2)
    others = rng.normal(size=(2, 1000))
    told = []
    for by_chance in (0.0, 0.2):
        own = accuracy(margins, outcomes, others[0], by_chance=by_chance)
        seen = (margins, others[0]), (rivals, others[1])
        told.append((own, of_rival(own, *seen, outcomes, by_chance=by_chance)))
    (now, was), (unsure_now, unsure_was) = told
    assert unsure_now.mean - unsure_was.mean == pytest.approx(0.8 * (now.mean - was.mean), abs=1e-3)
    assert unsure_was.low == 0.5


def test_a_rival_is_told_surer_by_more_answers_and_no_less_by_very_many():
    rng = np.random.default_rng(5)
    start, own = rng.standard_normal((2, 4000))
    outcomes = answers(start + own, 1.0, 0.0, 6)
    now, drawn = accuracy(own, outcomes, own), (own, start)

    def width(count: int, counts: float = 1.0) -> float:
        told = [(each[:count], each) for each in drawn]
        found = of_rival(now, told[0], told[1], outcomes[:count], counts)
        return found.high - found.low

    assert width(1000) < 0.6 * width(250)
    assert width(4000) < 0.6 * width(1000)
    assert width(1000, 0.25) > 1.5 * width(1000)


def test_where_there_was_no_order_it_has_a_half_right_and_where_none_was_learned_the_rival_is_told_alone():
    margins = np.random.default_rng(4).standard_normal(60)
    outcomes, nothing = answers(margins, 2.0, 0.1, 2), (np.zeros(60), np.zeros(len(AT_RANDOM)))
    now = accuracy(margins, outcomes, AT_RANDOM, 0.5)
    was = of_rival(now, (margins, AT_RANDOM), nothing, outcomes, 0.5)
    assert (was.low, was.mean, was.high) == (0.5, 0.5, 0.5)
    half = accuracy(nothing[0], outcomes, nothing[1])
    assert of_rival(half, nothing, (margins, AT_RANDOM), outcomes, 0.5) == now


def test_the_interval_covers_as_often_as_it_claims_at_least():
    covered = []
    for run in range(200):
        rng = np.random.default_rng(run)
        slope, wrong = rng.uniform(0.2, 4), rng.choice([0.0, 0.1, 0.2])
        margins = rng.standard_normal(60)
        estimate = accuracy(margins, answers(margins, slope, wrong, run), AT_RANDOM)
        right = np.mean(1 / (1 + np.exp(-slope * np.abs(AT_RANDOM))))
        covered.append(estimate.low <= (1 - wrong) * right + wrong * (1 - right) <= estimate.high)
    assert np.mean(covered) >= 0.9


@pytest.mark.parametrize("slope", [0.3, 2.0, 30.0])
@pytest.mark.parametrize("wrong", [0.0, 0.2])
def test_many_answers_are_told_as_exactly_as_few(monkeypatch: pytest.MonkeyPatch, slope: float, wrong: float):
    margins = np.random.default_rng(1).standard_normal(3001)
    outcomes = answers(margins, slope, wrong, 2)
    thinned, curve = accuracy(margins, outcomes, AT_RANDOM), calibrated(margins, outcomes)
    monkeypatch.setattr(held_out, "_MARGINS", len(margins))
    exact = accuracy(margins, outcomes, AT_RANDOM)
    assert (thinned.mean, thinned.low, thinned.high) == pytest.approx(
        (exact.mean, exact.low, exact.high), abs=1e-3
    )
    assert curve == pytest.approx(calibrated(margins, outcomes))


def test_answers_without_number_take_little_memory():
    margins = RNG.standard_normal(50_000)
    outcomes = answers(margins, 2.0, 0.1, 0)
    tracemalloc.start()
    accuracy(margins, outcomes, AT_RANDOM)
    calibrated(margins, outcomes)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6


def test_ties_count_for_nothing():
    margins = RNG.standard_normal(50)
    outcomes = np.sign(margins)
    more = accuracy(np.r_[margins, margins], np.r_[outcomes, np.zeros(50)], AT_RANDOM)
    assert more == accuracy(margins, outcomes, AT_RANDOM)


def test_nothing_known_is_a_half():
    nothing = accuracy(np.zeros(0), np.zeros(0), np.zeros(0))
    assert (nothing.mean, nothing.low, nothing.high) == (0.5, 0.5, 0.5)
    wide = accuracy(np.zeros(0), np.zeros(0), AT_RANDOM)
    assert wide.high - wide.low > 0.5


def test_unsure_margins_are_smaller():
    means, variances = np.array([1.0, 1.0, -1.0]), np.array([0.0, 10.0, 10.0])
    sure = sure_margins(means, variances)
    assert sure[0] == 1 and 0 < sure[1] < 0.5 and sure[2] == -sure[1]


def test_the_gain_does_not_depend_on_scales():
    margins = RNG.standard_normal(200)
    outcomes = answers(margins, 2.0, 0.0, 0)
    rival = RNG.standard_normal(200)
    ends = np.arange(200), np.arange(200, 400)
    gain, error = log_gain(margins, rival, outcomes, ends)
    assert gain > error > 0
    assert log_gain(1000 * margins, rival / 50, outcomes, ends)[0] == pytest.approx(gain, rel=1e-6)
    assert log_gain(margins, margins, outcomes, ends)[0] == 0


def test_a_gain_is_less_sure_where_few_photographs_are_in_all_pairs():
    """Of ten best and ten worst photographs each is in ten pairs, and tells the same ten times."""
    best, worst = (part.ravel() for part in np.meshgrid(np.arange(10), np.arange(10, 20)))
    of_photograph = RNG.standard_normal(20)
    margins, rival = of_photograph[best] - of_photograph[worst], RNG.standard_normal(100)
    outcomes = np.where(of_photograph[best] > 0, 1.0, -1.0)
    gain, error = log_gain(margins, rival, outcomes, (best, worst))
    alone, usual = log_gain(margins, rival, outcomes, (np.arange(100), np.arange(100, 200)))
    assert gain == alone and error > 1.5 * usual > 0
    assert log_gain(margins[:0], rival[:0], outcomes[:0], (best[:0], worst[:0])) == (0, 0)


def test_a_rival_that_is_wrong_way_round_counts_as_none():
    margins = RNG.standard_normal(100)
    assert calibrated(margins, -np.sign(margins))[0] == 0


@pytest.mark.parametrize(("successes", "trials"), [(0.0, 1), (1.0, 1), (2.5, 5), (30.0, 40)])
def test_a_share_lies_in_its_interval(successes: float, trials: int):
    estimate = proportion(successes, trials)
    assert 0 <= estimate.low <= estimate.mean == successes / trials <= estimate.high <= 1


def test_margins_of_photographs_that_taught_an_order_are_made_as_small_as_those_of_others():
    at_random, taught = np.array([1.0, 1.0, 1.0, -2.0]), np.array([0, 1, 2, 2])
    own, held_out = np.array([2.0, -2.0]), np.array([1.0, -1.0])
    np.testing.assert_allclose(as_unseen(at_random, taught, held_out, own), [1.0, 0.5**0.5, 0.5, -1.0])
    np.testing.assert_allclose(as_unseen(at_random, taught, 3 * own, own), at_random)
    nothing = np.zeros(0)
    np.testing.assert_allclose(as_unseen(at_random, taught, nothing, nothing), at_random)
