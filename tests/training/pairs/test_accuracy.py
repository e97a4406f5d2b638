"""Whether the share of pairs that is shown is that of pairs at random, whatever was taught with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.answers import Estimate
from imagesorter.model.readings import Readings
from imagesorter.training.pairs.classroom import Classroom
from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.held_out import proportion, share_that_counts, sure_margins
from imagesorter.training.pairs.judging import compared, of_scores, ridge_before, ridge_held_out
from imagesorter.training.pairs.knowing import held_out_margins
from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.lesson_plan import Plan, plan
from imagesorter.training.pairs.taught_features import basis_of

from .pupils import classroom_of, key_of, tokens_of

COUNT = 300


def shown_and_true(seed: int, taught: str) -> tuple[Estimate, float]:
    """The estimate after a lesson, and the share of pairs of other photographs that the order has right. A
    third of what is asked for is nothing that the features know."""
    rng = np.random.default_rng(seed)
    known = (rng.normal(size=(COUNT, 12)) * np.linspace(2, 0.5, 12)).astype(np.float32)
    truth = known @ rng.normal(size=12)
    truth = truth / truth.std() + 0.7 * rng.normal(size=COUNT)
    basis = basis_of(Readings.of(known))
    folder = Folder(np.column_stack([np.zeros(COUNT), basis.apply(known)]), basis, 0.0, (), "x")
    rows = rng.permutation(COUNT)
    labels: list[Label] = []
    ratings: list[Rating] = []
    if taught == "ratings":
        seen = rows[:40]
        ratings = [Rating(key_of(int(i)), float(truth[i]), "rating", n) for n, i in enumerate(seen, 1)]
    elif taught == "marks":
        seen = rows[:100][np.argsort(truth[rows[:100]])][np.r_[:12, -12:0]]
        ratings = [Rating(key_of(int(i)), float(n > 12), "mark", n) for n, i in enumerate(seen, 1)]
    else:
        seen = rows[:15]
        for n in range(1, 101):
            i, j = (int(row) for row in rng.choice(seen, 2, replace=False))
            answer = "left" if truth[i] > truth[j] else "right"
            labels.append(Label(key_of(i), key_of(j), answer, "imported", 0.0, n))
    lesson = plan(labels, ratings, {key_of(i): i for i in range(COUNT)})
    posterior = fit_prior(folder.comparisons(lesson), 0.0)
    others = np.setdiff1d(np.arange(COUNT), seen)
    scores, (i, j) = folder.features @ posterior.mean, rng.choice(others, (2, 10_000))
    right = np.sign(scores[i] - scores[j]) == np.sign(truth[i] - truth[j])
    return ridge_held_out(folder, lesson, posterior).accuracy(lesson), float(right[i != j].mean())


@pytest.mark.parametrize("taught", ["ratings", "few photographs"])
def test_the_interval_covers_the_truth_where_pairs_repeat_photographs(taught: str):
    """In 90 % of cases; of 40, fewer than 32 have a chance below .03."""
    found = [shown_and_true(seed, taught) for seed in range(40)]
    assert sum(estimate.low <= true <= estimate.high for estimate, true in found) >= 32
    assert not any(estimate.of_marks for estimate, _ in found)


def chosen_lesson(seed: int, start: float, wrong: float = 0.1) -> tuple[Folder, Plan, NDArray[np.float64]]:
    """Sixty pairs by our choice, some of the answers wrong, and the truth; the start agrees with it by a
    correlation."""
    rng = np.random.default_rng(seed)
    known = (rng.normal(size=(COUNT, 12)) * np.linspace(2, 0.5, 12)).astype(np.float32)
    truth = known @ rng.normal(size=12)
    truth = truth / truth.std() + 0.7 * rng.normal(size=COUNT)
    believed = start * truth / truth.std() + np.sqrt(1 - start**2) * rng.normal(size=COUNT)
    basis = basis_of(Readings.of(known))
    features = np.column_stack([believed / np.sqrt(2) / believed.std(), basis.apply(known)])
    folder = Folder(features, basis, 1.0, (), "x")
    classroom, labels = Classroom([key_of(i) for i in range(COUNT)], folder, seed), []
    for n in range(1, 61):
        pair = classroom.next_pair()
        assert pair is not None
        i, j = (int.from_bytes(key, "big") for key in pair[:2])
        is_left = (truth[i] > truth[j]) != (rng.random() < wrong)
        labels.append(Label(*pair[:2], "left" if is_left else "right", pair[2], 0.0, n))
        classroom.update(labels, [])
    return folder, classroom.plan, truth


def test_what_an_order_gains_is_told_as_it_is_though_pairs_are_those_that_the_start_leaves_open():
    """Told alone, each by the same answers, the start comes out too low."""
    together, alone, covered = [], [], []
    for seed in range(8):
        folder, lesson, truth = chosen_lesson(seed, 0.75)
        posterior = fit_prior(folder.comparisons(lesson), folder.start_weight)
        before, after = of_scores(folder.features[:, 0], lesson), ridge_held_out(folder, lesson, posterior)
        others = np.setdiff1d(np.arange(COUNT), np.r_[lesson.left, lesson.right])
        i, j = np.random.default_rng(seed).choice(others, (2, 10_000))
        was, now = (
            0.1 + 0.8 * np.mean(((scores[i] - scores[j]) * (truth[i] - truth[j]) > 0)[i != j])
            for scores in (folder.features[:, 0], folder.features @ posterior.mean)
        )
        told = compared(before, after, lesson)
        together.append(told[1].mean - told[0].mean - (now - was))
        alone.append(after.accuracy(lesson).mean - before.accuracy(lesson).mean - (now - was))
        covered += [told[0].low <= was <= told[0].high, told[1].low <= now <= told[1].high]
    assert abs(np.mean(together)) < 0.02 < 0.04 < np.mean(alone)
    assert np.mean(covered) >= 0.75


def test_answers_by_coin_flips_are_not_told_to_be_better_than_that():
    """Later pairs depend on an answer, so that those on them tell of it though they do not repeat it."""
    as_they_are, told = [], []
    for seed in range(12):
        folder, lesson, _ = chosen_lesson(seed, 0.75, wrong=0.5)
        after = ridge_held_out(folder, lesson, fit_prior(folder.comparisons(lesson), folder.start_weight))
        told.append(after.accuracy(lesson))
        as_they_are.append(replace(after, by_chance=0.0).accuracy(lesson))
    assert np.mean([estimate.low <= 0.5 for estimate in told]) >= 0.9
    far, near = (np.mean([one.mean - 0.5 for one in some]) for some in (as_they_are, told))
    assert near < 0.9 * far


def test_a_version_that_learned_of_the_same_answers_is_judged_the_same():
    folder, lesson, _ = chosen_lesson(0, 0.5)
    posterior = fit_prior(folder.comparisons(lesson), folder.start_weight)
    now = ridge_held_out(folder, lesson, posterior)
    kept = ridge_before(folder, lesson, lesson, folder.features @ posterior.mean)
    np.testing.assert_allclose(kept.judged, now.judged)
    assert not np.allclose(kept.judged, kept.margins)
    told = compared(kept, now, lesson)
    assert told[1] == now.accuracy(lesson) and told[0].mean == pytest.approx(told[1].mean, abs=0.01)


def test_orders_that_know_no_photographs_in_common_are_told_each_alone():
    folder, lesson, _ = chosen_lesson(0, 0.5)
    posterior = fit_prior(folder.comparisons(lesson), folder.start_weight)
    now, start = ridge_held_out(folder, lesson, posterior), of_scores(folder.features[:, 0], lesson)
    apart = replace(start, rows=start.rows[:100]), replace(now, rows=now.rows[100:])
    assert compared(*apart, lesson) == (apart[0].accuracy(lesson), apart[1].accuracy(lesson))
    together = compared(start, now, lesson)
    assert together[1] == now.accuracy(lesson) and together[0] != start.accuracy(lesson)


def test_of_chosen_pairs_the_other_answers_on_their_photographs_count():
    folder, lesson, _ = chosen_lesson(0, 0.5)
    assert 40 <= lesson.chosen.sum() < len(lesson)
    posterior = fit_prior(folder.comparisons(lesson), folder.start_weight)
    found = ridge_held_out(folder, lesson, posterior)
    pairs = folder.comparisons(lesson)
    others = sure_margins(*held_out_margins(pairs, posterior, lesson.left, lesson.right)[1])
    np.testing.assert_array_equal(found.judged[~lesson.chosen], found.margins[~lesson.chosen])
    np.testing.assert_allclose(found.judged[lesson.chosen], others[lesson.chosen])
    assert np.abs(found.judged - found.margins)[lesson.chosen].mean() > 0.05


def test_marks_are_said_to_be_of_the_best_and_the_worst():
    """That the extremes are told apart says nothing of other pairs."""
    found = [shown_and_true(seed, "marks") for seed in range(20)]
    assert all(estimate.of_marks for estimate, _ in found)
    assert np.mean([estimate.mean - true for estimate, true in found]) > 0.08
    assert found[0][0].pairs == "held-out pairs of a best and a worst photograph"


def test_beside_answers_marks_do_not_count_for_how_good_an_order_is():
    rng = np.random.default_rng(5)
    ratings = [Rating(key_of(i), float(i < 10), "mark", i + 1) for i in range(20)]
    tokens = tokens_of(60)
    labels = [
        Label(key_of(int(i)), key_of(int(j)), "left" if rng.random() < 0.5 else "right", "random", 0.0, n)
        for n, (i, j) in enumerate((rng.choice(60, 2, replace=False) for _ in range(40)), 1)
    ]
    classroom = classroom_of(tokens)
    classroom.update([], ratings)
    of_marks = classroom.standing()
    assert of_marks.accuracy is not None and of_marks.accuracy.of_marks
    assert of_marks.more_worth is None and not of_marks.may_stop
    assert of_marks.advice.startswith("Marks tell of the best and the worst alone.")
    classroom.update(labels, ratings)
    both = classroom.standing().accuracy
    assert both is not None and not both.of_marks
    assert both.low < 0.6, "half the answers are wrong, whatever the marks say"


def test_until_there_are_some_twenty_answers_beside_marks_these_judge():
    rng, tokens = np.random.default_rng(6), tokens_of(60)
    truth = tokens.astype(np.float64).mean(1) @ np.r_[2.0, -1.0, np.zeros(tokens.shape[2] - 2)]
    extremes = np.argsort(truth)[np.r_[:10, -10:0]]
    ratings = [Rating(key_of(int(i)), float(n > 10), "mark", n) for n, i in enumerate(extremes, 1)]
    pairs = (rng.choice(60, 2, replace=False) for _ in range(20))
    labels = [
        Label(key_of(int(i)), key_of(int(j)), "left" if truth[i] > truth[j] else "right", "random", 0.0, n)
        for n, (i, j) in enumerate(pairs, 1)
    ]
    classroom = classroom_of(tokens)
    for count, by_marks in ((0, True), (5, True), (19, True), (20, False)):
        classroom.update(labels[:count], ratings)
        standing = classroom.standing()
        assert classroom.plan.by_marks == by_marks
        assert standing.accuracy is not None and standing.accuracy.of_marks == by_marks
        assert not (by_marks and standing.may_stop), "so few answers tell nothing of the others"
    classroom.update([], ratings)
    held_out = ridge_held_out(classroom.folder, classroom.plan, classroom.posterior)
    assert held_out.accuracy(classroom.plan).mean > held_out.accuracy(classroom.plan, by_marks=False).mean


def test_nothing_is_read_into_what_a_fit_leaves_of_nothing():
    """Two photographs, one of them preferred over and over: without its answers there is nothing to go by."""
    classroom = classroom_of(tokens_of(2))
    classroom.update([Label(key_of(0), key_of(1), "left", "chosen", 0.0, n + 1) for n in range(40)], [])
    assert classroom.standing().accuracy == Estimate(0.5, 0.5, 0.5)


def test_pairs_count_fewer_the_more_often_photographs_come_again():
    assert share_that_counts(50, 100) == share_that_counts(50, 30) == share_that_counts(0, 0) == 1
    assert share_that_counts(100, 15) == pytest.approx(0.33)


@pytest.mark.parametrize("trials", range(1, 60))
def test_a_share_of_all_or_none_lies_in_its_interval(trials: int):
    for right in (0, trials):
        estimate = proportion(right, trials)
        assert estimate.low <= estimate.mean <= estimate.high


@pytest.mark.parametrize("value", [0.1, 0.7, -3.3, 1e300])
def test_equal_ratings_say_nothing(value: float):
    rows = {key_of(i): i for i in range(40)}
    for count in range(1, 40):
        same = [Rating(key_of(i), value, "rating", i + 1) for i in range(count)]
        assert not plan([], same, rows).ratings.any()
