"""What a classroom believes when labels come one by one, and when they change."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest

from imagesorter.training.pairs.classroom import Classroom
from imagesorter.training.pairs.judging import ridge_held_out
from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.preference import fit

from .pupils import answered, classroom_of, key_of, tokens_of

TOKENS = tokens_of(60)
TRUTH = TOKENS.astype(np.float64)[:, :, 0].mean(1)


def answers(count: int, wrong: float = 0.2) -> list[Label]:
    """Of somebody who is wrong at times, on pairs drawn at random."""
    rng = np.random.default_rng(count)
    labels = []
    for number in range(1, count + 1):
        left, right = map(key_of, rng.choice(len(TRUTH), 2, replace=False).tolist())
        sign = -1 if rng.random() < wrong else 1
        labels.append(answered(sign * TRUTH, left, right, number, "random"))
    return labels


def ratings(values: np.ndarray, first_id: int = 1) -> list[Rating]:
    return [Rating(key_of(k), float(value), "rating", first_id + k) for k, value in enumerate(values)]


def marks(best: range, worst: range) -> list[Rating]:
    return [Rating(key_of(k), float(k in best), "mark", 1 + k) for k in (*best, *worst)]


def of(labels: list[Label], also: list[Rating]) -> Classroom:
    """That is opened when all of this is there."""
    classroom = classroom_of(TOKENS)
    classroom.update(labels, also)
    return classroom


NOISE = np.random.default_rng(0).standard_normal(len(TRUTH))
ONE_TURNED = [*answers(100)[:50], replace(answers(100)[50], answer="tie"), *answers(100)[51:]]


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (([], ratings(NOISE)), ([], ratings(TRUTH, 101))),
        (([], marks(range(12), range(12, 24))), ([], marks(range(12, 24), range(12)))),
        ((answers(100), []), (ONE_TURNED, [])),
        ((answers(100), ratings(NOISE)), (answers(100), ratings(TRUTH, 101))),
    ],
    ids=["ratings", "marks", "an answer", "ratings beside answers"],
)
def test_what_was_corrected_is_believed_as_if_it_had_never_been_otherwise(earlier, now):
    classroom = of(*earlier)
    assert len(classroom.plan) > 80
    pairs = len(classroom.plan)
    classroom.update(*now)
    assert len(classroom.plan) == pairs, "the number of pairs does not tell"
    fresh = of(*now)
    assert classroom.posterior.prior == fresh.posterior.prior
    np.testing.assert_array_equal(classroom.posterior.mean, fresh.posterior.mean)
    assert classroom.next_pair() == fresh.next_pair()


def test_labels_that_are_changed_in_place_are_seen():
    labels = answers(100)
    classroom = of(labels, [])
    labels[50] = replace(labels[50], answer="tie")
    classroom.update(labels, [])
    np.testing.assert_array_equal(classroom.posterior.mean, of(labels, []).posterior.mean)


@pytest.mark.parametrize("also", [[], ratings(TRUTH)], ids=["answers", "beside ratings"])
def test_every_further_answer_is_taken_in(also):
    labels = answers(180)
    classroom = of(labels[:80], also)
    for count in range(81, 181):
        before = classroom.posterior.mean
        classroom.update(labels[:count], also)
        posterior = classroom.posterior
        assert not np.array_equal(posterior.mean, before)
        whole = fit(classroom.folder.comparisons(classroom.plan), posterior.prior)
        np.testing.assert_allclose(posterior.mean, whole.mean, atol=1e-3)


def test_whether_answers_are_by_chance_is_known_after_each():
    """Also where the prior is not chosen anew."""
    labels = answers(88, wrong=0.5)
    classroom = of(labels[:80], [])
    found = []
    for count in range(81, 89):
        classroom.update(labels[:count], [])
        found.append(classroom.posterior.by_chance)
    assert min(found) > 0.01 and max(found) < 2 * min(found)


def test_the_standing_is_worked_out_once_for_the_same_labels(monkeypatch: pytest.MonkeyPatch):
    labels = answers(41)
    classroom = of(labels[:40], [])
    worked = Mock(wraps=ridge_held_out)
    monkeypatch.setattr("imagesorter.training.pairs.classroom.ridge_held_out", worked)
    later = classroom.after(labels[40])
    assert (classroom.standing().pairs, classroom.standing().pairs) == (40, 40)
    assert worked.call_count == 1
    left, right, _ = classroom.next_pair() or pytest.fail("there are pairs")
    classroom.pass_over((left, right))
    classroom.take_up((left, right))
    assert classroom.standing().pairs == 40 and worked.call_count == 1, "what is passed over says nothing"
    assert later.standing().pairs == classroom.after(labels[40]).standing().pairs == 41
    classroom.update(labels, [])
    assert classroom.standing() == of(labels, []).standing()
    assert classroom.standing().pairs == 41


def test_ratings_that_a_file_gives_again_are_as_before(monkeypatch: pytest.MonkeyPatch):
    """So that an answer after them is taken in at once: they have another id, and say the same."""
    labels = answers(82)
    classroom = of(labels[:81], ratings(TRUTH))
    prior = replace(classroom.posterior.prior, spread=0.25)
    classroom.posterior = fit(classroom.folder.comparisons(classroom.plan), prior)
    monkeypatch.setattr("imagesorter.training.pairs.classroom._PRIOR_EVERY", 10_000)
    classroom.update(labels, ratings(TRUTH, 501))
    assert classroom.posterior.prior == prior


def test_pairs_asked_again_elsewhere_are_not_counted_here():
    both, elsewhere, half = (0, 1), (70, 71), (0, 70)
    labels = [
        Label(key_of(left), key_of(right), "left", source)
        for left, right in (both, elsewhere, half)
        for source in ("chosen", "again")
    ]
    standing = of(labels, []).standing()
    assert (standing.pairs, standing.asked_again, standing.missing) == (2, 1, 4)
    standing = of(labels[2:], []).standing()
    assert (standing.pairs, standing.asked_again, standing.consistency) == (0, 0, None)
