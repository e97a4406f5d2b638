"""Which of two images has more of what a text asks for: the adapter's pair head."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PairHead(nn.Module):
    """Ranking-aware attention: learned queries look at both images at once.

    One softmax runs over the tokens of images i and j together; with each image's own
    log-sum-exp ℓ and attention mean v̄ it factors into w = σ(ℓ_i − ℓ_j) and
    O_i − O_j = w·v̄_i − (1 − w)·v̄_j, so N² logits need no N² token tensors.

    Args:
        width: D, of the tokens.
        heads: of attention, which divide it.
        queries: Q.
    """

    def __init__(self, width: int, heads: int, queries: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(queries, width) / width**0.5)
        self.key_value = nn.Linear(width, 2 * width)
        # no bias and odd activations: f(−x) = −f(x)
        self.out = nn.Linear(width, width, bias=False)
        self.hidden = nn.Linear(width, width, bias=False)

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Per-image halves of the joint attention.

        Args:
            x: (B, T, D), the tokens after the cross-attention blocks.

        Returns:
            log-sum-exp (B, heads, Q) and attention mean (B, heads, Q, D / heads).
        """
        keys, values = (
            t.reshape(*t.shape[:2], self.heads, -1).transpose(1, 2)
            for t in self.key_value(self.norm(x)).chunk(2, dim=-1)
        )
        queries = self.queries.reshape(len(self.queries), self.heads, -1).transpose(0, 1)
        logits = queries @ keys.mT / queries.shape[-1] ** 0.5  # (B, heads, Q, T)
        return logits.logsumexp(-1), logits.softmax(-1) @ values

    def forward(
        self, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor], direction: Tensor
    ) -> Tensor:
        """Logits that the first image has more, (B,).

        Args:
            first, second: two batches of `statistics`.
            direction: (1, D), from the text.
        """
        weight = torch.sigmoid(first[0] - second[0])[..., None]
        difference = weight * first[1] - (1 - weight) * second[1]  # (B, heads, Q, D / heads)
        pooled = self.out(difference.transpose(1, 2).flatten(2)).mean(1)
        reading = torch.tanh(self.hidden(pooled))
        return (reading * direction).sum(-1)

    def grid(self, lse: Tensor, mean: Tensor, direction: Tensor) -> Tensor:
        """All pairs of one batch of `statistics`, without a tensor of B² × queries × width: (B, B)."""
        weight = torch.sigmoid(lse[:, None] - lse[None])  # (B, B, heads, Q)
        difference = torch.einsum("ijhq,ihqd->ijhd", weight, mean)  # summed over the queries
        difference = difference - torch.einsum("ijhq,jhqd->ijhd", 1 - weight, mean)
        pooled = self.out(difference.flatten(2) / lse.shape[-1])
        reading = torch.tanh(self.hidden(pooled))
        return (reading * direction).sum(-1)
