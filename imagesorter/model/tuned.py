"""The adapter's last parts, tuned for one attribute: score head, or last text block and score head."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from imagesorter.errors import ModelError
from imagesorter.model.adapter import RankingAdapter, weigh
from imagesorter.model.text_context import TextContext


class TunedHead(nn.Module):
    """A copy of an adapter's parts after a text has come in, with the text's direction as a weight.

    Args:
        adapter: copied, not changed.
        text: of the phrase that the order starts from.
        with_layers: the last text block may change, too; else its output is all that is needed.
    """

    def __init__(self, adapter: RankingAdapter, text: TextContext, *, with_layers: bool) -> None:
        super().__init__()
        self.with_layers = with_layers
        self._before = adapter.text_blocks[:-1]
        self._contexts = text.blocks
        self.block = copy.deepcopy(adapter.text_blocks[-1])
        self.norm_out = copy.deepcopy(adapter.norm_out)
        self.reading = copy.deepcopy(adapter.reading)
        self.direction = nn.Parameter(text.direction.clone())
        self.weights = None if text.measures is None else nn.Parameter(text.measures.clone())
        self._split = adapter.split
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        for parameter in self.trained():
            parameter.requires_grad_(True)

    def trained(self) -> list[nn.Parameter]:
        """What training changes."""
        parts: list[nn.Parameter] = [*self.reading.parameters(), self.direction]
        if self.weights is not None:
            parts.append(self.weights)
        if self.with_layers:
            parts += [*self.block.parameters(), *self.norm_out.parameters()]
        return parts

    def prepare(self, stored: Tensor) -> Tensor:
        """What is stored (B, T, D) → what `forward` takes; none of it changes in training."""
        tokens, measures = self._split(stored)
        for block, context in zip(self._before, self._contexts[:-1], strict=True):
            tokens = block(tokens, context)
        kept = tokens.flatten(1) if self.with_layers else self._attended(tokens).mean(1)
        return torch.cat([kept, measures], 1)

    def forward(self, prepared: Tensor) -> Tensor:
        """Output of `prepare` → scores (B,)."""
        count = 0 if self.weights is None else self.weights.shape[1]
        kept, measures = prepared.tensor_split([prepared.shape[1] - count], 1)
        width = self.norm_out.normalized_shape[0]
        pooled = self._attended(kept.view(len(kept), -1, width)).mean(1) if self.with_layers else kept
        return weigh(self.reading(pooled), measures, self.direction, self.weights)[:, 0]

    def changes(self) -> dict[str, NDArray[np.float32]]:
        """The trained weights by name."""
        kept = {id(parameter) for parameter in self.trained()}
        return {
            name: parameter.detach().cpu().numpy().astype(np.float32)
            for name, parameter in self.named_parameters()
            if id(parameter) in kept
        }

    def restore(self, changes: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over weights from `changes`.

        Raises:
            ModelError: they are those of another network.
        """
        own = dict(self.named_parameters())
        if {name for name in own if id(own[name]) in {id(p) for p in self.trained()}} != set(changes) or any(
            tuple(own[name].shape) != value.shape for name, value in changes.items()
        ):
            raise ModelError(
                "this ranker was taught with another model. Teach it again with this one, or bring back "
                "another version."
            )
        with torch.no_grad():
            for name, value in changes.items():
                own[name].copy_(torch.from_numpy(value))

    def _attended(self, tokens: Tensor) -> Tensor:
        attended: Tensor = self.norm_out(self.block(tokens, self._contexts[-1]))
        return attended
