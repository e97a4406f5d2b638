"""What a line cannot tell: small networks from measures to a number, trained on photographs and copies."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from imagesorter.model.counters import BENDS

_NETWORKS = 3
"""Trained apart from each other; their mean judges better than one."""

_ROUNDS, _BATCH, _LEARNING_RATE, _DECAY = 30, 64, 3e-3, 0.05
_DROPPED_IN, _DROPPED = 0.1, 0.3
_MIXING = 0.4
"""Parameter of the Beta distribution of shares in mixed rows (Zhang et al. 2018)."""


def fit_bends(features: Tensor, targets: Tensor, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Train them: the sum of out · GELU(hidden · x + bias) is about the target, up to a constant.

    Args:
        features: (N, M), standardised.
        targets: (N,), of about mean 0 and deviation 1.
        seed: decides everything random.

    Returns:
        hidden (BENDS, M), bias (BENDS,), out (BENDS,).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trained = [_trained(features, targets) for _ in range(_NETWORKS)]
    hidden, bias, out = (torch.cat([one[place] for one in trained]) for place in range(3))
    return hidden, bias, out / _NETWORKS


def _trained(features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    hidden = nn.Linear(features.shape[1], BENDS // _NETWORKS)
    out = nn.Linear(BENDS // _NETWORKS, 1)
    network = nn.Sequential(nn.Dropout(_DROPPED_IN), hidden, nn.GELU(), nn.Dropout(_DROPPED), out)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
    steps = _ROUNDS * max(len(features) // _BATCH, 1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    shares = torch.distributions.Beta(_MIXING, _MIXING)
    for _ in range(steps):
        rows, others = torch.randint(len(features), (2, _BATCH))
        share = shares.sample((_BATCH,))
        mixed = torch.lerp(features[others], features[rows], share[:, None])
        target = torch.lerp(targets[others], targets[rows], share)
        loss = (network(mixed)[:, 0] - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return hidden.weight.detach(), hidden.bias.detach(), out.weight.detach()[0]
