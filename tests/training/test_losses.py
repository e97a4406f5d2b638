"""Losses against independent NumPy maths, and where they degenerate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imagesorter.training.losses import pair_loss, regression_loss, score_rank_loss

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
