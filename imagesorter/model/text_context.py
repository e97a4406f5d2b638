"""What the adapter keeps of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TextContext:
    """All that a query's text contributes to a score, computed once.

    Attributes:
        blocks: keys and values of each cross-attention block, (1, heads, P + L, D / heads).
        direction: (1, 2 D), what the score head reads off an image; opposite for antonyms.
        pair_direction: (1, D), the same for the pair head.
        measures: (1, M + K + E + C), weights in the score of what is kept as it is; None where nothing is.
    """

    blocks: tuple[tuple[Tensor, Tensor], ...]
    direction: Tensor
    pair_direction: Tensor
    measures: Tensor | None = None

    @classmethod
    def together(cls, contexts: Sequence[TextContext], shares: Sequence[float]) -> TextContext:
        """One context of several texts: images attend to all of them, and are read along the mean of their
        directions. Near the mean of their scores, in the time of one.

        Args:
            shares: of each text in that mean; all together 1, but for their signs.
        """
        measures = [context.measures for context in contexts]
        blocks = zip(*(context.blocks for context in contexts), strict=True)  # keys and values of each
        return cls(
            tuple(
                (torch.cat([k for k, _ in block], 2), torch.cat([v for _, v in block], 2)) for block in blocks
            ),
            _mean([context.direction for context in contexts], shares),
            _mean([context.pair_direction for context in contexts], shares),
            None if measures[0] is None else _mean(measures, shares),
        )

    def clone(self) -> TextContext:
        """A copy in tensors of its own."""
        return TextContext(
            tuple((keys.clone(), values.clone()) for keys, values in self.blocks),
            self.direction.clone(),
            self.pair_direction.clone(),
            None if self.measures is None else self.measures.clone(),
        )


def _mean(tensors: Sequence[Tensor | None], shares: Sequence[float]) -> Tensor:
    return torch.stack([t * share for t, share in zip(tensors, shares, strict=True) if t is not None]).sum(0)
