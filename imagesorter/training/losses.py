"""Losses as pure functions. Scores, logits and targets are float tensors of the shapes given."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pair_loss(logits: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Binary cross-entropy of pair logits against [first > second]; equal targets count nothing.

    The ranking loss of arXiv 2412.06760 without its ties, which teach an odd head nothing.

    Args:
        logits: (P,).
        first, second: (P,) targets of the two images of each pair.

    Returns:
        scalar; 0 where every pair is a tie.
    """
    differs = first != second
    # softplus of the signed logit is the same, and is finite arithmetic for infinite logits
    loss = F.softplus(torch.where(first > second, -logits, logits))
    return loss.where(differs, 0).sum() / differs.sum().clamp(min=1)


def all_pairs_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """The ranking loss as published: binary cross-entropy of all pairs against [y_i > y_j].

    Equal targets, and an image beside itself, count as "not more" in both directions; see
    `ordered_pairs_loss` for the repair.

    Args:
        logits: (N, N), that the row's image has more than the column's.
        targets: (N,).

    Returns:
        scalar; 0 for N = 0.
    """
    if not logits.numel():
        return logits.sum()
    more = targets[:, None] > targets[None]
    return F.softplus(torch.where(more, -logits, logits)).mean()


def ordered_pairs_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """`pair_loss` over all ordered pairs of a batch; equal targets count nothing.

    Args:
        logits: (N, N), that the row's image has more than the column's.
        targets: (N,).

    Returns:
        scalar; 0 where all targets are equal.
    """
    count = len(targets)
    return pair_loss(logits.flatten(), targets.repeat_interleave(count), targets.repeat(count))


def score_rank_loss(scores: Tensor, targets: Tensor, group: Tensor, scale: float = 4.0) -> Tensor:
    """Logistic loss over all ordered pairs within a group (RankNet, Burges et al. 2005).

    Args:
        scores, targets: (N,).
        group: (N,) integer; only pairs of the same group are compared.
        scale: slope of the logistic in score units.

    Returns:
        scalar; 0 where no pair is ordered.
    """
    ordered = (targets[:, None] > targets[None, :]) & (group[:, None] == group[None, :])
    # masked before the difference is used: that of two infinite scores is no number
    difference = (scores[:, None] - scores[None, :]).masked_fill(~ordered, 0)
    return (F.softplus(-scale * difference) * ordered).sum() / ordered.sum().clamp(min=1)


def regression_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """log(1 + SmoothL1) averaged over (N,) scores (arXiv 2412.06760); 0 for N = 0."""
    if not len(scores):
        return scores.sum()
    return torch.log1p(F.smooth_l1_loss(scores, targets, reduction="none")).mean()


def log_smooth_l1(scores: Tensor, targets: Tensor) -> Tensor:
    """log(1 + mean SmoothL1) over (N,) scores: the regression loss as published; 0 for N = 0.

    Unlike `regression_loss`, one logarithm for the whole batch.
    """
    if not len(scores):
        return scores.sum()
    return torch.log1p(F.smooth_l1_loss(scores, targets))


def presence_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy of (N,) scores, read as logits, against [y ≠ 0]; 0 for N = 0.

    Optional in arXiv 2412.06760, for counting.
    """
    if not len(scores):
        return scores.sum()
    return F.softplus(torch.where(targets != 0, -scores, scores)).mean()


def opposition_loss(scores: Tensor, opposite: Tensor) -> Tensor:
    """How far two (N,) orders are from each other's reverse: 1 + their Pearson correlation, in [0, 2].

    Where labels say nothing, as of photographs that nobody damaged, each wording would order alone; and
    whatever the size of the scores, the order is what is seen.
    """
    if len(scores) < 2:
        return 0 * (scores.sum() + opposite.sum())
    first, second = (F.normalize(s - s.mean(), dim=0, eps=1e-6) for s in (scores, opposite))
    return 1 + (first * second).sum()
