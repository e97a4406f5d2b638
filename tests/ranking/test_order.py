from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from imagesorter.ranking.order import LiveOrder, blend, order

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
GRIDS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 40)),
    elements=st.floats(-1e6, 1e6, width=32),
)
FEW = st.sampled_from([-1.5, -0.0, 0.0, 0.25, 3.0])


def test_best_first_with_shared_ranks_and_percentiles() -> None:
    result = order([10, 11, 12, 13], [0.5, 2.0, 0.5, -1.0])
    assert_array_equal(result.file_ids, [11, 10, 12, 13])
    assert_array_equal(result.scores, np.float32([2.0, 0.5, 0.5, -1.0]))
    assert_array_equal(result.ranks, [1, 2, 2, 4])
    assert_allclose(result.percentiles, [100, 50, 50, 0])
    assert [array.dtype for array in result] == [np.int64, np.float32, np.int64, np.float64]


def test_none_and_one() -> None:
    empty = order([], [])
    assert [array.shape for array in empty] == [(0,)] * 4
    assert [array.dtype for array in empty] == [np.int64, np.float32, np.int64, np.float64]
    alone = order([7], [-3.0])
    assert (alone.ranks[0], alone.percentiles[0]) == (1, 100)


def test_all_equal_stand_by_id() -> None:
    result = order([3, 1, 2], [0.0, -0.0, 0.0])
    assert_array_equal(result.file_ids, [1, 2, 3])
    assert_array_equal(result.ranks, [1, 1, 1])
    assert_allclose(result.percentiles, [50, 50, 50])
    assert not np.signbit(result.scores).any()


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        order([0, 1], [0.0, score])
    with pytest.raises(ValueError, match="not finite"):
        LiveOrder().add([0], [score])


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        order([1, 2], [0.0])
    with pytest.raises(ValueError, match="do not fit"):
        blend([[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="do not fit"):
        blend([1.0, 2.0], [1.0, 2.0])


@settings(deadline=None)
@given(st.lists(st.one_of(FEW, FINITE), max_size=30), st.randoms(use_true_random=False))
def test_order_agrees_with_its_definition(scores: list[float], random: object) -> None:
    n = len(scores)
    ids = list(range(n))
    random.shuffle(ids)  # type: ignore[attr-defined]
    result = order(ids, scores)

    expected = sorted(range(n), key=lambda k: (-scores[k], ids[k]))
    assert_array_equal(result.file_ids, [ids[k] for k in expected])
    assert_array_equal(result.scores, np.float32([scores[k] for k in expected]))
    for place, k in enumerate(expected):
        higher = sum(other > scores[k] for other in scores)
        lower = sum(other < scores[k] for other in scores)
        ties = n - 1 - higher - lower
        assert result.ranks[place] == higher + 1
        share = 100 * (lower + ties / 2) / (n - 1) if n > 1 else 100
        assert result.percentiles[place] == pytest.approx(share, abs=1e-4)


def test_large_lists() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(-500, 500, 100_000).astype(np.float32)
    ids = rng.permutation(100_000)
    result = order(ids, scores)
    assert_array_equal(np.sort(result.file_ids), np.arange(100_000))
    steps = np.diff(result.scores)
    assert (steps <= 0).all()
    assert (np.diff(result.file_ids)[steps == 0] > 0).all()
    assert_array_equal(result.ranks, 1 + np.searchsorted(-result.scores, -result.scores, side="left"))


@settings(deadline=None)
@given(GRIDS, st.data())
def test_blend_is_pointwise_and_exact(scores: np.ndarray, data: st.DataObject) -> None:
    k, n = scores.shape
    weights = data.draw(hnp.arrays(np.float64, k, elements=st.floats(-1000, 1000)))
    whole = blend(scores, weights)
    assert whole.dtype == np.float32
    for i in range(n):
        total = 0.0
        for row in range(k):
            total += float(weights[row]) * float(scores[row, i])
        assert whole[i] == np.float32(total)
    part = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n))
    assert_array_equal(blend(scores[:, part], weights), whole[part])


def test_blend_of_one_phrase_is_its_score() -> None:
    scores = np.float32([0.1, -7.25, 3e-9])
    assert_array_equal(blend(scores[None], [1.0]), scores)
    assert_array_equal(blend(scores[None], [-1.0]), -scores)


def test_live_order_grows_and_replaces() -> None:
    live = LiveOrder()
    assert len(live) == 0
    assert live.ranked("q", "m", complete=False).file_ids.size == 0
    live.add([5, 2], [1.0, 2.0])
    live.add([], [])
    early = live.ranked("q", "m", complete=False)
    live.add([2, 900], [0.5, 3.0])
    late = live.ranked("more q", "m", complete=True)
    assert len(live) == 3
    assert_array_equal(early.file_ids, [2, 5])
    assert_array_equal(early.scores, np.float32([2.0, 1.0]))
    assert_array_equal(late.file_ids, [900, 5, 2])
    assert (late.query, late.model, late.complete, early.complete) == ("more q", "m", True, False)


def test_live_order_takes_nothing_of_a_bad_batch() -> None:
    live = LiveOrder()
    live.add([0], [1.0])
    with pytest.raises(ValueError, match="not finite"):
        live.add([1, 0], [2.0, np.nan])
    with pytest.raises(ValueError, match="below zero"):
        live.add([-1], [2.0])
    assert_array_equal(live.ranked("q", "m", complete=False).scores, [1.0])


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 40), FEW), max_size=10), max_size=8))
def test_live_order_is_the_order_of_the_last_scores(batches: list[list[tuple[int, float]]]) -> None:
    live = LiveOrder()
    last: dict[int, float] = {}
    for batch in batches:
        live.add([i for i, _ in batch], [score for _, score in batch])
        last.update(batch)
    ranked = live.ranked("q", "m", complete=True)
    expected = order(list(last), list(last.values()))
    for name, array in expected._asdict().items():
        assert_array_equal(getattr(ranked, name), array)
