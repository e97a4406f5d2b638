"""One step of whatever is fitted to labels: a training's and a study's are the same.

AdamW with amsgrad and weight decay 0.01, as in the paper; besides, a short warm-up before the cosine, and
gradients clipped to norm 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

_WEIGHT_DECAY = 0.01
_CLIP = 1.0
_WARM_UP = 100


def optimiser_of(parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.AdamW:
    """The optimiser of what is trained, at a peak learning rate."""
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=_WEIGHT_DECAY, amsgrad=True)


def learning_rate(peak: float, step: int, steps: int) -> float:
    """Linear warm-up over a twentieth of the steps, at most 100; then a cosine to zero."""
    warm_up = min(_WARM_UP, steps // 20)
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


def seed_draws(seed: int, number: int) -> None:
    """Let what dropout draws in a step depend on nothing but this: not on whether it was resumed, nor on
    what else is drawn between two steps.

    Args:
        number: of the step, and of the process where there are several.
    """
    torch.manual_seed(seed * 1_000_003 + number)


def step(
    optimiser: torch.optim.Optimizer,
    loss: Tensor,
    rate: float,
    anywhere: Callable[[bool], bool] = bool,
) -> bool:
    """Take one step down a loss.

    Args:
        loss: scalar.
        rate: learning rate of this step.
        anywhere: whether what is so here is so in any process.

    Returns:
        whether loss and gradients are finite; else nothing is changed.
    """
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    norm = nn.utils.clip_grad_norm_(parameters, _CLIP)
    if anywhere(not torch.isfinite(loss + norm).item()):
        return False
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()
    return True
