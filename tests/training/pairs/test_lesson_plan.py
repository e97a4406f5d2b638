"""From marks and ratings to comparisons: few are taken whole, and of many only so many as are of use."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.lesson_plan import Plan, plan

from .pupils import key_of


def marks(best: int, worst: int) -> Plan:
    """The plan of so many best photographs, then so many worst ones."""
    keys = [key_of(number) for number in range(best + worst)]
    given = [Rating(key, float(row < best), "mark", row + 1) for row, key in enumerate(keys)]
    return plan([], given, {key: row for row, key in enumerate(keys)})


def pairs_of(made: Plan) -> list[tuple[int, int]]:
    return list(zip(made.left.tolist(), made.right.tolist(), strict=True))


def test_each_best_one_is_compared_with_each_worst_one():
    assert pairs_of(marks(2, 3)) == [(0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)]
    assert len(marks(20, 20)) == 400
    assert not len(marks(3, 0)) and not len(marks(0, 3))


def test_of_many_marks_some_pairs_are_drawn_without_making_all():
    tracemalloc.start()
    made = marks(2000, 1000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    pairs = pairs_of(made)
    assert most < 20e6, "two million pairs take more"
    assert pairs == sorted(set(pairs)) == pairs_of(marks(2000, 1000)) and len(pairs) == 400
    assert all(up < 2000 <= down for up, down in pairs) and (made.outcomes == 1).all()
    assert len({up for up, _ in pairs}) > 300 and len({down for _, down in pairs}) > 300


def rated(count: int) -> Plan:
    """The plan of so many photographs, each rated higher than the one before."""
    keys = [key_of(number) for number in range(count)]
    given = [Rating(key, float(row), "rating", row + 1) for row, key in enumerate(keys)]
    return plan([], given, {key: row for row, key in enumerate(keys)})


def test_a_rated_photograph_is_compared_with_others_six_times_over():
    made = rated(300)
    assert 1750 < len(made) <= 1800, "a pair that comes again is one"
    assert len(set(pairs_of(made))) == len(made)
    assert ((made.left > made.right) == (made.outcomes > 0)).all()


def test_of_many_ratings_come_no_more_pairs_and_each_photograph_is_in_one():
    for count in (400, 1000, 8000):
        made = rated(count)
        assert len(made) <= 4200 and pairs_of(made) == pairs_of(rated(count))
        assert {*made.left.tolist(), *made.right.tolist()} == set(range(count))
        assert len(made.rated) == len(made.learned) == count
    assert len({*rated(9000).left.tolist(), *rated(9000).right.tolist()}) == 8400


def compared(ratings: list[Rating]) -> set[tuple[int, int, float]]:
    """What is compared, by the numbers of the photographs, whatever else is open."""
    made = plan([], ratings, {key_of(row): row for row in range(1000)})
    return {
        (min(i, j), max(i, j), outcome if i < j else -outcome)
        for i, j, outcome in zip(made.left.tolist(), made.right.tolist(), made.outcomes.tolist(), strict=True)
    }


def rating(number: int) -> Rating:
    return Rating(key_of(number), number * 7919 % 1000 / 100, "rating", number + 1)


@pytest.mark.parametrize("count", [3, 50, 800])
def test_one_more_rating_changes_few_pairs_and_without_it_they_are_the_former_ones(count: int):
    ratings = [rating(number) for number in range(count)]
    before = compared(ratings)
    for more in range(count, count + 20):
        now = compared([*ratings, rating(more)])
        assert len(before ^ now) <= (18 if count < 700 else 24), "more of them have no room for all pairs"
        assert any(more in pair[:2] for pair in now)
        assert compared([*ratings, rating(more)][:-1]) == before


def test_what_is_compared_is_the_same_in_whatever_turn_the_ratings_came_and_on_any_computer():
    ratings = [rating(number) for number in range(50)]
    made = plan([], ratings, {key_of(row): row for row in range(1000)})
    assert compared(ratings) == compared(ratings[::-1]) and len(made) == len(compared(ratings))
    assert pairs_of(made)[:3] == [(13, 18), (16, 15), (6, 44)]


def test_answers_on_pairs_that_were_chosen_are_told_apart_those_asked_again_among_them():
    rows = {key_of(i): i for i in range(6)}
    sources = ("random", "chosen", "moved", "imported", "chosen")
    labels = [Label(key_of(n), key_of(n + 1), "left", source, 0.0, n + 1) for n, source in enumerate(sources)]
    labels += [
        Label(key_of(1), key_of(0), "right", "again", 0.0, 6),
        Label(key_of(2), key_of(1), "tie", "again", 0.0, 7),
    ]
    found = plan(labels, [Rating(key_of(i), float(i), "rating", i + 1) for i in range(3)], rows)
    assert np.flatnonzero(found.chosen).tolist() == [1, 4, 6] and len(found.chosen) == len(found)
    assert found.only(found.left != 1).chosen.sum() == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [1e-320, 0.1, 1e15])
def test_ratings_are_standardised_whatever_their_unit(unit: float):
    keys = [key_of(number) for number in range(3)]
    given = [Rating(key, unit * row, "rating", row + 1) for row, key in enumerate(keys)]
    made = plan([], given, {key: row for row, key in enumerate(keys)})
    assert made.ratings == pytest.approx([-(1.5**0.5), 0, 1.5**0.5], rel=1e-3)
