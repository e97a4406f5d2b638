"""How many there are of something: functions that were fitted to counted photographs, and to captions.

Numbers of people in crowds follow simple functions of an image's measures more closely than an adapter that
was taught them; elsewhere these mean nothing. So they are believed as far as an image looks like those that
were counted. Elsewhere a line on what the branches tell takes their place. Both are asked by texts that ask
for the number.

Symbols: B images, T features of each, F their width, M measures, E numbers that branches tell, K counters,
D the adapter's width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

COUNTERS = "counters."
"""How the names of their weights begin, in an adapter's."""

FARTHEST = 3.0
"""Deviations from the mean of the counted images beyond which a measure counts no more."""

BENDS = 192
"""Units of the networks that tell a number beside a line."""

_HIDDEN = 64
_SURE = 0.5
"""A text that seems to ask by less asks for nothing: what other texts order is not touched."""


class Counters(nn.Module):
    """K functions of measures, what their images look like, lines for other images, and which texts ask."""

    mean: Tensor
    deviation: Tensor
    line: Tensor
    start: Tensor
    hidden: Tensor
    bias: Tensor
    out: Tensor
    elsewhere: Tensor
    level: Tensor

    def __init__(self, count: int, image_width: int, measures: int, width: int, looks: int = 0) -> None:
        super().__init__()
        self.likeness = nn.Linear(image_width, count)
        self.register_buffer("mean", torch.zeros(count, measures))
        self.register_buffer("deviation", torch.ones(count, measures))
        self.register_buffer("line", torch.zeros(count, measures))
        self.register_buffer("start", torch.zeros(count))
        self.register_buffer("hidden", torch.zeros(count, BENDS, measures))
        self.register_buffer("bias", torch.zeros(count, BENDS))
        self.register_buffer("out", torch.zeros(count, BENDS))
        self.register_buffer("elsewhere", torch.zeros(count, looks))
        self.register_buffer("level", torch.zeros(count))
        self.asking = nn.Sequential(nn.Linear(width, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, count))

    def told(self, features: Tensor, measured: Tensor, looks: Tensor) -> Tensor:
        """What to add to the adapter's score of an image when its number is asked for.

        Args:
            features: (B, T, F), the backbone's feature map.
            measured: (B, M), as measured.
            looks: (B, E), what branches tell.

        Returns:
            (B, K).
        """
        with torch.autocast("cpu", enabled=False):  # its eight bits would make ties of neighbours
            x = ((measured[:, None] - self.mean) / self.deviation).clamp(-FARTHEST, FARTHEST)
            bent = F.gelu(torch.einsum("bkm,khm->bkh", x, self.hidden) + self.bias)
            numbers = (x * self.line).sum(2) + (bent * self.out).sum(2) + self.start
            likeness: Tensor = self.likeness(features.float().mean(1)).sigmoid()
            others = looks.float() @ self.elsewhere.T + self.level
            return likeness * numbers + (1 - likeness) * others

    def asked(self, summary: Tensor) -> Tensor:
        """Which numbers a text asks for.

        Args:
            summary: (1, D), the mean of the adapter's text tokens.

        Returns:
            (1, K) in [−1, 1]: 1 for more, −1 for fewer, 0 for what it does not name.
        """
        asked: Tensor = F.softshrink(self.seeming(summary).clamp(-1, 1), _SURE) / (1 - _SURE)
        return asked

    def seeming(self, summary: Tensor) -> Tensor:
        """The same before doubts are taken from it: (Q, D) → (Q, K), of any size."""
        seeming: Tensor = self.asking(summary)
        return seeming
