"""Teaching under a name of one's own what the model knows under another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.answers import Estimate
from imagesorter.errors import TeachingError
from imagesorter.model.readings import KnownOrders, Readings
from imagesorter.training.pairs.classroom import Classroom
from imagesorter.training.pairs.fitting import ridge_ranker
from imagesorter.training.pairs.judging import ridge_held_out
from imagesorter.training.pairs.proposal import _rival, propose
from imagesorter.training.pairs.taught import TaughtRanker
from imagesorter.training.pairs.versions import Facts

from .pupils import FakeModel, answered, classroom_of, key_of, to_end, tokens_of

WIDTH = 12
TOKENS = tokens_of(60, 2 * WIDTH)
NO_ESTIMATE = Estimate(0.5, 0.5, 0.5)
HIDDEN = TOKENS.astype(np.float64).mean(1)[:, WIDTH + 3]
"""An order that lies in no block."""


class KnowingModel(FakeModel):
    """One whose readings have a block of 12 numbers, and 12 others, each of which is a known order."""

    def readings(self, tokens: NDArray[np.float16], phrase: str) -> Readings:
        means = tokens.astype(np.float32).mean(1)
        return Readings([means[:, :WIDTH]], means[:, WIDTH:])

    def known_orders(self) -> KnownOrders:
        others = np.eye(2 * WIDTH, dtype=np.float32)[:, WIDTH:]
        return KnownOrders(others, np.full(WIDTH, 1 / WIDTH))


def taught(start: str | None = None, answers: int = 25) -> tuple[Classroom, TaughtRanker]:
    """By somebody who means `HIDDEN`, on the pairs that are asked for."""
    classroom = classroom_of(TOKENS, start, KnowingModel())
    labels = []
    for number in range(1, answers + 1):
        pair = classroom.next_pair()
        assert pair is not None
        labels.append(answered(HIDDEN, *pair[:2], number))
        classroom.update(labels, [])
    return classroom, ridge_ranker(classroom.folder, classroom.posterior)


def agreement(ranker: TaughtRanker) -> float:
    return float(np.corrcoef(ranker.score(KnowingModel(), TOKENS), HIDDEN)[0, 1])


def test_an_order_that_is_known_is_learned_though_it_lies_in_no_block():
    classroom, ranker = taught()
    assert agreement(ranker) > 0.95
    assert int(np.argmax(classroom.posterior.prior.known)) == 3
    scores = classroom.folder.features @ classroom.posterior.mean
    np.testing.assert_allclose(
        ranker.score(KnowingModel(), TOKENS) * ranker.spread, scores - scores.mean(), atol=1e-3
    )


def test_beside_a_start_no_order_is_known():
    classroom, ranker = taught("x")
    assert not len(classroom.folder.basis.known)
    assert classroom.folder.features.shape[1] == 1 + WIDTH
    assert len(ranker.weights) == WIDTH and agreement(ranker) < 0.95


def test_what_is_asked_next_follows_from_known_orders():
    classroom, _ = taught(answers=10)
    asked = classroom.next_pair()
    other = Classroom(classroom.keys, classroom.folder.without_known(), 1)
    other.update(classroom._labels, [])
    assert other.next_pair() != asked


def test_a_ranker_that_was_taught_by_blocks_alone_still_scores():
    _, ranker = taught()
    ranker.weights[WIDTH:] = 0
    before = replace(ranker, mean=ranker.mean[:WIDTH], weights=ranker.weights[:WIDTH])
    np.testing.assert_array_equal(before.score(KnowingModel(), TOKENS), ranker.score(KnowingModel(), TOKENS))
    for width in (WIDTH - 1, WIDTH + 1, 2 * WIDTH + 1):
        odd = replace(ranker, mean=np.zeros(width, np.float32), weights=np.zeros(width, np.float32))
        with pytest.raises(TeachingError, match="another version of the application"):
            odd.score(KnowingModel(), TOKENS)


def test_a_version_that_knew_no_orders_is_judged_as_such():
    """Else the fit that it is compared with would be its own, and never be offered."""
    classroom, _ = taught(answers=40)
    then = Classroom(classroom.keys, classroom.folder.without_known(), 1)
    then.update(classroom._labels, [])
    whole = ridge_ranker(then.folder, then.posterior)
    kept = replace(whole, mean=whole.mean[:WIDTH], weights=whole.weights[:WIDTH])
    rows = {row: row for row in range(len(TOKENS))}
    facts = Facts("ridge", 40, 40, NO_ESTIMATE, NO_ESTIMATE, learned=((1, 40),))

    def read(keys):
        return TOKENS[[int.from_bytes(key, "big") for key in keys]]

    def offered(version):
        kept = (KnowingModel.id, facts, version)
        return to_end(propose("x", classroom, KnowingModel(), KnowingModel.id, read, kept, rows)).candidate

    found = offered(kept)
    assert found.better and found.after.mean > found.before.mean + 0.1
    assert not offered(ridge_ranker(classroom.folder, classroom.posterior)).better, "the same as it"


@pytest.mark.parametrize("knew", [True, False], ids=["knew", "knew none"])
def test_a_version_that_was_taught_from_nothing_is_judged_by_what_it_knew_beside_a_start_too(knew: bool):
    classroom, _ = taught(answers=40)
    folder = classroom.folder if knew else classroom.folder.without_known()
    then = Classroom(classroom.keys, folder, 1)
    then.update(classroom._labels, [])
    version = ridge_ranker(then.folder, then.posterior)
    width = len(version.weights) if knew else WIDTH
    version = replace(version, mean=version.mean[:width], weights=version.weights[:width])
    now = classroom_of(TOKENS, "x", KnowingModel())
    now.update(classroom._labels, [])
    assert not len(now.folder.basis.known)
    facts = Facts("ridge", 40, 40, NO_ESTIMATE, NO_ESTIMATE, learned=((1, 40),))

    def read(keys):
        return TOKENS[[int.from_bytes(key, "big") for key in keys]]

    _, before = to_end(_rival(now, KnowingModel(), read, (KnowingModel.id, facts, version)))
    expected = ridge_held_out(then.folder, then.plan, then.posterior)
    np.testing.assert_allclose(before.margins, expected.margins, atol=1e-3)


def test_photographs_of_which_nothing_is_known_can_be_taught():
    for count in (0, 1, 2):
        classroom = classroom_of(TOKENS[:count], None, KnowingModel())
        assert len(classroom.folder.features) == count
        if pair := classroom.next_pair():
            classroom.update([answered(HIDDEN, *pair[:2], 1)], [])
            assert np.isfinite(classroom.posterior.mean).all()
    assert classroom.rows == {key_of(0): 0, key_of(1): 1}
