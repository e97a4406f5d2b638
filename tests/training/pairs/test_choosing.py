"""Which pair is asked next."""

from __future__ import annotations

import numpy as np

from imagesorter.training.pairs.choosing import choose, gains
from imagesorter.training.pairs.preference import Comparisons, Prior, fit

from .pupils import answered, classroom_of, key_of, tokens_of


def asked_of(count: int, pairs: int) -> list[tuple[int, int]]:
    """Pairs that a classroom asks of somebody who knows."""
    tokens = tokens_of(count)
    truth = tokens.astype(np.float64).mean((1, 2))
    classroom, labels, ends = classroom_of(tokens), [], []
    while len(labels) < pairs and (pair := classroom.next_pair()):
        left, right, source = pair
        labels.append(answered(truth, left, right, len(labels) + 1, source))
        classroom.update(labels, [])
        ends.append((int.from_bytes(left, "big"), int.from_bytes(right, "big"), source))
    return ends


def test_no_pair_comes_twice_but_those_asked_again_mirrored():
    asked = asked_of(20, 80)
    fresh = [frozenset(pair[:2]) for pair in asked if pair[2] != "again"]
    assert len(fresh) == len(set(fresh))
    again = [(position, pair) for position, pair in enumerate(asked) if pair[2] == "again"]
    assert 4 <= len(again) <= 8
    for position, (left, right, _) in again:
        assert (right, left) in [pair[:2] for pair in asked[: position - 5]], "as asked before, mirrored"


def test_comparisons_stay_connected():
    reached: set[int] = set()
    for left, right, _ in asked_of(60, 40):
        assert not reached or {left, right} & reached
        reached |= {left, right}
    assert len(reached) > 20, "and yet reach many photographs"


def test_no_photograph_is_asked_about_over_and_over():
    ends = asked_of(60, 40)
    shown = np.bincount([end for left, right, _ in ends for end in (left, right)], minlength=60)
    assert shown.max() <= 6, "80 places over 60 photographs"


def test_odd_photographs_and_near_duplicates_are_not_preferred():
    rng = np.random.default_rng(3)
    features = np.column_stack([np.zeros(80), rng.standard_normal((80, 6))])
    features[:4, 1:] *= 25
    features[40:] = features[:40] + 1e-4
    nothing = fit(Comparisons(np.zeros((0, 7)), np.zeros(0)), Prior(0.0, 0.5))
    asked: set[tuple[int, int]] = set()
    odd = twins = 0
    for _ in range(40):
        chosen = choose(features, nothing, asked, rng)
        assert chosen is not None
        asked.add((min(chosen[:2]), max(chosen[:2])))
        odd += any(end % 40 < 4 for end in chosen[:2])
        twins += (chosen.left - chosen.right) % 40 == 0 and not chosen.is_random
    assert odd <= 16, "a tenth of the photographs, of two in a pair"
    assert twins == 0


def test_some_pairs_are_drawn_at_random():
    sources = [source for _, _, source in asked_of(60, 100)]
    assert 5 <= sources.count("random") <= 30
    assert sources.count("chosen") > 50


def test_every_pair_is_asked_once_then_none():
    asked = asked_of(5, 100)
    fresh = {frozenset(pair[:2]) for pair in asked if pair[2] != "again"}
    assert len(fresh) == 10
    assert len(asked) < 25


def test_nothing_to_ask_of_one_photograph_or_none():
    assert classroom_of(tokens_of(1)).next_pair() is None
    assert classroom_of(tokens_of(0)).next_pair() is None


def test_asking_changes_nothing():
    classroom = classroom_of(tokens_of(30))
    assert classroom.next_pair() == classroom.next_pair()
    before = classroom.next_pair()
    assert before is not None
    classroom.pass_over(before[:2])
    assert classroom.next_pair() != before


def test_near_duplicates_teach_little():
    rng = np.random.default_rng(0)
    features = np.column_stack([np.zeros(50), rng.standard_normal((50, 6))])
    features[1] = features[0] + 1e-3
    nothing = fit(Comparisons(np.zeros((0, 7)), np.zeros(0)), Prior(0.0, 0.5))
    worth = gains(features, features[:1] - features[1:], nothing)
    assert worth[0] < 1e-3 * np.median(worth[1:])


def test_what_is_known_teaches_little():
    rng = np.random.default_rng(0)
    features = np.column_stack(
        [np.zeros(50), np.r_[3.0, -3.0, rng.standard_normal(48)], rng.standard_normal(50)]
    )
    known = Comparisons(np.tile([0.0, 1.0, 0.0], (60, 1)), np.ones(60))
    posterior = fit(known, Prior(0.0, 1.0))
    differences = np.array([[0, 1.0, 0], [0, 0, 1.0]])
    worth = gains(features, differences, posterior)
    assert worth[1] > 3 * worth[0]


def test_ten_thousand_photographs_give_a_pair_that_was_not_asked():
    tokens = tokens_of(10_000, width=4)
    classroom = classroom_of(tokens)
    labels = [answered(tokens.mean((1, 2)), key_of(i), key_of(i + 1), i + 1) for i in range(200)]
    classroom.update(labels, [])
    rng = np.random.default_rng(0)
    asked = {(i, i + 1) for i in range(200)}
    for _ in range(20):
        chosen = choose(classroom.folder.features, classroom.posterior, asked, rng)
        assert chosen is not None
        ends = min(chosen[:2]), max(chosen[:2])
        assert ends not in asked
        asked.add(ends)
