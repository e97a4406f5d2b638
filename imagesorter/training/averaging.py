"""The running average of a training's weights, which is judged and kept in their place.

Late weights of a short training on few labels swing from step to step; their exponential average
(Polyak and Juditsky 1992) does not. `horizon` says over how many steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

_YOUNG = 10


class Average:
    """Follows tensors that an optimiser changes in place.

    Args:
        tensors: by name; read at every `update`, and exchanged by `shown`.
        horizon: steps to reach back, fewer at the beginning; below 1 follows nothing.
    """

    def __init__(self, tensors: Mapping[str, Tensor], horizon: float) -> None:
        self._tensors = tensors if horizon >= 1 else {}
        self._decay = 1 - 1 / max(horizon, 1.0)
        self._average = {name: tensor.detach().clone() for name, tensor in self._tensors.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step; `step` counts from 1."""
        share = 1 - min(self._decay, step / (step + _YOUNG))
        for name, tensor in self._tensors.items():
            self._average[name].lerp_(tensor, share)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Within, the tensors hold the average; after, what they held before."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def keep(self) -> None:
        """Leave the average in the tensors' place."""
        for name, tensor in self._tensors.items():
            tensor.copy_(self._average[name])

    def state(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        return self._average

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take over a `state`. Raises KeyError where it is another training's."""
        for name, tensor in self._average.items():
            tensor.copy_(state[name])

    @torch.no_grad()
    def _exchange(self) -> None:
        for name, tensor in self._tensors.items():
            held = tensor.clone()
            tensor.copy_(self._average[name])
            self._average[name].copy_(held)
