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
    loss = F.softplus(-scale * (scores[:, None] - scores[None, :]))
    return (loss * ordered).sum() / ordered.sum().clamp(min=1)


def regression_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """log(1 + SmoothL1) averaged over (N,) scores (arXiv 2412.06760); 0 for N = 0."""
    if not len(scores):
        return scores.sum()
    return torch.log1p(F.smooth_l1_loss(scores, targets, reduction="none")).mean()
