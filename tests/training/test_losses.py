"""Losses against independent NumPy maths, and where they degenerate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imagesorter.training.labelled.learner import losses
from imagesorter.training.labelled.options import Variant
from imagesorter.training.losses import (
    all_pairs_loss,
    log_smooth_l1,
    opposition_loss,
    ordered_pairs_loss,
    pair_loss,
    presence_loss,
    regression_loss,
    score_rank_loss,
)

numbers = st.floats(-20, 20, width=32)


def vectors(count: int):
    return arrays(np.float32, count, elements=numbers)


def tensor(values) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float32)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(vectors(n), vectors(n), vectors(n))))
def test_pair_loss(drawn):
    logits, first, second = (x.astype(np.float64) for x in drawn)
    terms = [
        np.log1p(np.exp(-z)) if a > b else np.log1p(np.exp(z))
        for z, a, b in zip(logits, first, second, strict=True)
        if a != b
    ]
    expected = np.mean(terms) if terms else 0.0
    got = pair_loss(tensor(logits), tensor(first), tensor(second)).item()
    assert got == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.tuples(vectors(n), vectors(n), st.lists(st.integers(0, 2), min_size=n, max_size=n))
    )
)
def test_score_rank_loss(drawn):
    scores, targets, group = drawn
    terms = [
        np.logaddexp(0, -2.0 * (float(scores[i]) - float(scores[j])))
        for i in range(len(scores))
        for j in range(len(scores))
        if group[i] == group[j] and targets[i] > targets[j]
    ]
    expected = np.mean(terms) if terms else 0.0
    got = score_rank_loss(tensor(scores), tensor(targets), torch.tensor(group), scale=2.0).item()
    assert got == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(vectors(n), vectors(n))))
def test_regression_loss(drawn):
    scores, targets = (x.astype(np.float64) for x in drawn)
    off = np.abs(scores - targets)
    smooth = np.where(off < 1, 0.5 * off**2, off - 0.5)
    assert regression_loss(tensor(scores), tensor(targets)).item() == pytest.approx(
        np.log1p(smooth).mean(), rel=1e-4, abs=1e-5
    )


def test_nothing_to_learn_gives_zero_and_a_gradient():
    scores = torch.ones(3, requires_grad=True)
    equal, group = torch.zeros(3), torch.zeros(3, dtype=torch.long)
    loss = pair_loss(scores, equal, equal) + score_rank_loss(scores, equal, group)
    loss = loss + regression_loss(scores[:0], equal[:0]) + score_rank_loss(scores[:1], equal[:1], group[:1])
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None
    assert scores.grad.abs().sum() == 0


def test_infinite_logits_on_the_right_side_cost_nothing():
    first, second = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert pair_loss(torch.tensor([torch.inf, -torch.inf]), first, second).item() == 0
    assert pair_loss(torch.tensor([-torch.inf, -torch.inf]), first, second).item() == torch.inf


def test_a_better_order_costs_less():
    targets, group = torch.tensor([0.0, 1.0, 2.0]), torch.zeros(3, dtype=torch.long)
    right, wrong = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, -1.0])
    assert score_rank_loss(right, targets, group) < score_rank_loss(wrong, targets, group)


@given(
    st.integers(1, 8).flatmap(lambda n: st.tuples(arrays(np.float32, (n, n), elements=numbers), vectors(n)))
)
def test_losses_over_all_pairs(drawn):
    logits, targets = (x.astype(np.float64) for x in drawn)
    more = targets[:, None] > targets[None]
    terms = np.where(more, np.logaddexp(0, -logits), np.logaddexp(0, logits))
    got = all_pairs_loss(tensor(logits), tensor(targets)).item()
    assert got == pytest.approx(terms.mean(), rel=1e-4, abs=1e-5)
    differ = targets[:, None] != targets[None]
    expected = terms[differ].mean() if differ.any() else 0.0
    got = ordered_pairs_loss(tensor(logits), tensor(targets)).item()
    assert got == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(vectors(n), vectors(n))))
def test_log_smooth_l1(drawn):
    scores, targets = (x.astype(np.float64) for x in drawn)
    off = np.abs(scores - targets)
    smooth = np.where(off < 1, 0.5 * off**2, off - 0.5)
    got = log_smooth_l1(tensor(scores), tensor(targets)).item()
    assert got == pytest.approx(np.log1p(smooth.mean()), rel=1e-4, abs=1e-5)


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(vectors(n), st.lists(st.integers(-1, 2), min_size=n, max_size=n))
    )
)
def test_presence_loss(drawn):
    scores, targets = drawn[0].astype(np.float64), np.array(drawn[1], np.float64)
    chance = 1 / (1 + np.exp(-scores))
    expected = -np.where(targets != 0, np.log(chance), np.log1p(-chance)).mean()
    assert presence_loss(tensor(scores), tensor(targets)).item() == pytest.approx(
        expected, rel=1e-3, abs=1e-5
    )


def test_presence_is_told_from_where_the_label_zero_lies():
    values = torch.tensor([0.0, 0.0, 2.0, 7.0])
    centre, spread = 3.0, 4.0

    def presence(variant: Variant, scores: torch.Tensor) -> float:
        parts = losses(
            scores, torch.zeros(4, 4), values, variant=variant, scale=(centre, spread), presence=True
        )
        return parts["presence"].item()

    unsure = torch.full((4,), -centre / spread)
    assert presence("ours", unsure) == pytest.approx(np.log(2))
    assert presence("published", torch.zeros(4)) == pytest.approx(np.log(2))
    learned = (values - centre) / spread
    assert presence("ours", learned) == pytest.approx(presence("published", values / spread))
    assert presence("ours", learned + torch.tensor([-1.0, -1.0, 1.0, 1.0])) < presence("ours", learned)


def test_one_image_and_equal_targets_teach_no_order():
    one, equal = torch.tensor([[2.0]]), torch.ones(3)
    assert ordered_pairs_loss(one, torch.tensor([5.0])).item() == 0
    assert ordered_pairs_loss(torch.randn(3, 3), equal).item() == 0
    # as published, an image is "not more" than itself, and than its equals
    assert all_pairs_loss(one, torch.tensor([5.0])).item() == pytest.approx(np.log1p(np.exp(2.0)))
    assert all_pairs_loss(torch.zeros(3, 3), equal).item() == pytest.approx(np.log(2))


def test_no_image_costs_nothing():
    none = torch.zeros(0, requires_grad=True)
    pairs = torch.zeros(0, 0)
    total = all_pairs_loss(pairs, none) + ordered_pairs_loss(pairs, none)
    total = total + log_smooth_l1(none, none) + presence_loss(none, none)
    total.backward()
    assert total.item() == 0


def test_infinities_on_the_right_side_cost_nothing():
    targets = torch.tensor([1.0, 0.0])
    right = torch.tensor([[-torch.inf, torch.inf], [-torch.inf, -torch.inf]])
    assert all_pairs_loss(right, targets).item() == 0
    assert ordered_pairs_loss(right, targets).item() == 0
    assert all_pairs_loss(-right, targets).item() == torch.inf
    assert presence_loss(torch.tensor([torch.inf, -torch.inf]), targets).item() == 0
    assert log_smooth_l1(torch.tensor([torch.inf, 0.0]), targets).item() == torch.inf


def test_two_infinite_scores_leave_the_others_gradients():
    scores = torch.tensor([torch.inf, torch.inf, 0.0, 1.0], requires_grad=True)
    targets = torch.tensor([3.0, 3.0, 2.0, 1.0])
    loss = score_rank_loss(scores, targets, torch.zeros(4, dtype=torch.long), scale=1.0)
    loss.backward()
    assert loss.item() == pytest.approx(np.log1p(np.e) / 5)
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
    assert scores.grad[2] < 0 < scores.grad[3]


@given(st.integers(3, 12).flatmap(lambda n: st.tuples(vectors(n), vectors(n))))
def test_opposition_loss_is_correlation(drawn):
    scores, opposite = (x.astype(np.float64) for x in drawn)
    got = opposition_loss(tensor(scores), tensor(opposite)).item()
    if min(np.ptp(scores), np.ptp(opposite)) > 1e-2:
        assert got == pytest.approx(1 + np.corrcoef(scores, opposite)[0, 1], abs=1e-3)
    assert -1e-5 <= got <= 2 + 1e-5


def test_opposition_loss_sees_no_size():
    scores = tensor([1, 2, 4, 3])
    assert opposition_loss(scores, 5 - scores / 100).item() == pytest.approx(0, abs=1e-5)
    assert opposition_loss(scores, 100 * scores).item() == pytest.approx(2)


def test_opposition_loss_of_equal_scores_keeps_its_gradient():
    scores = torch.zeros(4, requires_grad=True)
    for loss in (opposition_loss(scores, tensor([1, 2, 3, 4])), opposition_loss(scores[:1], scores[:1])):
        loss.backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
