from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from imagesorter.training.pocket.attributes import ATTRIBUTES
from imagesorter.training.pocket.bank import Bank
from imagesorter.training.pocket.estimates import normal_scores, with_estimates
from imagesorter.training.pocket.subjects import Subjects
from imagesorter.training.pocket.views import Views

PHOTOGRAPHS, GRADED, MEASURES = 300, 90, 40
COLUMN = [attribute.name for attribute in ATTRIBUTES].index("complexity")


@pytest.fixture
def views() -> Views:
    """Two views of each photograph, and a series of six."""
    rng = np.random.default_rng(0)
    rows = 2 * PHOTOGRAPHS + 6
    return Views(
        features=np.zeros((rows, 1, 1), np.float16),
        measures=rng.normal(size=(rows, MEASURES)).astype(np.float32),
        photograph=np.append(np.arange(PHOTOGRAPHS).repeat(2), np.full(6, -1)),
        quantities=np.full((rows, len(ATTRIBUTES)), np.nan, np.float32),
        of_photographs=2 * PHOTOGRAPHS,
        count=2,
    )


def subjects(views: Views, attribute: str, scales: int = 2) -> Subjects:
    """Graded by the first measure and the second, noisily, each scale with a unit of its own."""
    rng = np.random.default_rng(1)
    empty = np.zeros((PHOTOGRAPHS, 2, 6, 3), np.uint8)
    bank = Bank(empty, [str(n) for n in range(PHOTOGRAPHS)], [[]] * PHOTOGRAPHS, empty[:0, None], [], empty)
    found = []
    for number in range(scales):
        rows = np.arange(number * GRADED, (number + 1) * GRADED)
        truth = views.measures[2 * rows, :2].sum(1) + rng.normal(size=GRADED) / 2
        found.append((attribute, rows, ((10.0**number) * truth + number).astype(np.float32)))
    return Subjects(bank, {}, {}, [], found)


def test_photographs_without_a_grade_are_ordered_as_those_with_one(views: Views):
    found = with_estimates(subjects(views, "complexity"), views)
    estimates, truth = found.quantities[: views.of_photographs, COLUMN], views.measures[:, :2].sum(1)
    rows = np.arange(2 * 2 * GRADED, views.of_photographs)
    assert spearmanr(estimates[rows], truth[rows]).statistic > 0.9
    assert abs(estimates.mean()) < 0.05
    assert abs(estimates.std() - 1) < 0.1
    assert np.abs(estimates).max() <= 3
    assert np.isnan(found.quantities[views.of_photographs :]).all()
    assert np.isnan(views.quantities).all()


def test_what_only_some_photographs_have_is_estimated_of_these(views: Views):
    few = subjects(views, "people", scales=1)
    place = [attribute.name for attribute in ATTRIBUTES].index("people")
    found = with_estimates(few, views).quantities[:, place]
    unchanged = np.arange(0, 2 * GRADED, 2)
    truth = views.measures[:, :2].sum(1)
    assert spearmanr(found[unchanged], truth[unchanged]).statistic > 0.9
    assert np.abs(found[unchanged]).max() <= 3
    assert np.isnan(np.delete(found, unchanged)).all()


def test_each_scale_goes_by_its_own_rule(views: Views):
    mixed = subjects(views, "complexity")
    # the two scales lie apart, and the second runs against the first
    measures = views.measures.copy()
    second = slice(2 * GRADED, 4 * GRADED)
    measures[: second.start, 5] += 3
    measures[second, 5] -= 3
    name, photographs, values = mixed.scales[1]
    scales = [mixed.scales[0], (name, photographs, -values)]
    found = with_estimates(replace(mixed, scales=scales), replace(views, measures=measures))
    estimates, truth = found.quantities[:, COLUMN], measures[:, :2].sum(1)
    assert spearmanr(estimates[: second.start], truth[: second.start]).statistic > 0.85
    assert spearmanr(estimates[second], truth[second]).statistic < -0.85


def test_labels_that_no_measure_tells_are_taught_as_they_are(views: Views):
    told = subjects(views, "complexity")
    rng = np.random.default_rng(4)
    shuffled = [(name, rows, rng.permutation(values)) for name, rows, values in told.scales]
    assert np.isnan(with_estimates(replace(told, scales=shuffled), views).quantities).all()


def test_a_scale_that_no_measure_tells_keeps_its_labels_beside_one_that_some_do(views: Views):
    told = subjects(views, "complexity")
    name, rows, values = told.scales[1]
    shuffled = (name, rows, np.random.default_rng(4).permutation(values))
    found = with_estimates(replace(told, scales=[told.scales[0], shuffled]), views).quantities[:, COLUMN]
    assert np.isnan(found[2 * GRADED : 4 * GRADED]).all()
    assert np.isfinite(found[: 2 * GRADED]).all()
    assert np.isfinite(found[4 * GRADED : views.of_photographs]).all()


def test_an_odd_value_far_off_counts_as_the_highest():
    assert normal_scores(np.array([0, 1, 2, 900])) == pytest.approx(normal_scores(np.arange(4)))
    assert normal_scores(np.array([1, 1])) == pytest.approx([0, 0])


def test_a_few_grades_say_nothing_of_others(views: Views):
    few = subjects(views, "complexity", scales=1)
    name, photographs, values = few.scales[0]
    few = replace(few, scales=[(name, photographs[:20], values[:20])])
    assert np.isnan(with_estimates(few, views).quantities).all()


def test_photographs_as_they_are_are_ordered_by_the_damage_they_came_with(views: Views):
    rng = np.random.default_rng(2)
    rows, damaged = views.of_photographs, 600
    place = [attribute.name for attribute in ATTRIBUTES].index("noise")
    measures = np.concatenate([views.measures[:rows], rng.normal(size=(damaged, MEASURES))])
    quantities = np.full((len(measures), len(ATTRIBUTES)), np.nan, np.float32)
    quantities[:rows, place] = 0
    quantities[rows:, place] = measures[rows:, 3] / 4 + rng.normal(size=damaged) / 10
    many = replace(views, measures=measures.astype(np.float32), quantities=quantities)
    found = with_estimates(subjects(views, "complexity"), many).quantities[:, place]
    assert spearmanr(found[:rows], views.measures[:rows, 3]).statistic > 0.9
    assert np.abs(found[:rows]).max() < 0.2 * np.abs(quantities[rows:, place]).max()
    np.testing.assert_array_equal(found[rows:], quantities[rows:, place])
