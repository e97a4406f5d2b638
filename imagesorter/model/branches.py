"""What a photograph shows, told once more: branches of the image tower, for texts that name it.

The tower's upper layers know the photographs that they were taught better than others, and each training
errs in its own way. So small networks, trained apart, go on from the tower's early map; what they tell is
stored beside the measures, and texts that name a thing or a being weigh it into the score. The early map is
the tower's own: it costs nothing, and changes little between trainings.

Symbols: B images, C channels of the early map, N branches, L numbers that one tells, D the adapter's width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BRANCHES = "branches."
"""How the names of their weights begin, in an adapter's."""

LOOKS = 64
"""L."""

_WIDTH, _BLOCKS, _READ = 160, 3, 512
_HIDDEN = 512
_SURE = 0.5
"""A text that seems to name something by less names nothing: what other texts order is not touched."""


class Block(nn.Module):
    """Two convolutions and a residual (He et al. 2016), (B, W, h, w) → the same.

    Args:
        width: W.
        dropped: share of images that pass it unchanged in training (Huang et al. 2016).
    """

    def __init__(self, width: int, dropped: float = 0.0) -> None:
        super().__init__()
        self.dropped = dropped
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        nn.init.constant_(self.second_norm.weight, 0.2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second_norm(self.second(F.relu(self.first_norm(self.first(x)))))
        if self.training and self.dropped:
            kept = torch.rand(len(y), 1, 1, 1, device=y.device) >= self.dropped
            y = y * (kept / (1 - self.dropped)).to(y.dtype)
        return F.relu(x + y)


class Branch(nn.Module):
    """One network, from the early map to L numbers.

    Args:
        channels: C.
        dropped: see `Block`; of what the last layer reads, twice that.
    """

    def __init__(self, channels: int, dropped: float = 0.0) -> None:
        super().__init__()
        self.start = nn.Conv2d(channels, _WIDTH, 3, stride=2, padding=1, bias=False)
        self.start_norm = nn.BatchNorm2d(_WIDTH)
        self.blocks = nn.Sequential(*(Block(_WIDTH, dropped) for _ in range(_BLOCKS)))
        self.read = nn.Conv2d(_WIDTH, _READ, 1, bias=False)
        self.read_norm = nn.BatchNorm2d(_READ)
        self.drop = nn.Dropout(2 * dropped)
        self.out = nn.Linear(_READ, LOOKS)

    def pooled(self, early: Tensor) -> Tensor:
        """(B, C, h, w) → (B, R), what the last layer reads."""
        x = self.blocks(F.relu(self.start_norm(self.start(early))))
        return F.relu(self.read_norm(self.read(x))).mean((2, 3))

    def forward(self, early: Tensor) -> Tensor:
        """(B, C, h, w) → (B, L)."""
        told: Tensor = self.out(self.drop(self.pooled(early)))
        return told


class Branches(nn.Module):
    """N of them, and which texts name what.

    Args:
        count: N.
        channels: C.
        width: D.
    """

    def __init__(self, count: int, channels: int, width: int) -> None:
        super().__init__()
        self.networks = nn.ModuleList(Branch(channels) for _ in range(count))
        self.naming = nn.Sequential(
            nn.Linear(width, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, 1 + count * LOOKS)
        )

    def told(self, early: Tensor) -> Tensor:
        """(B, C, h, w) → (B, N L), each of about mean 0 and deviation 1."""
        pooled = [network.pooled(early) for network in self.networks]  # type: ignore[operator]
        with torch.autocast("cpu", enabled=False):  # its eight bits would make ties of neighbours
            each = [
                network.out(one.float())  # type: ignore[operator]
                for network, one in zip(self.networks, pooled, strict=True)
            ]
            return torch.cat(each, 1)

    def asked(self, summary: Tensor) -> Tensor:
        """What a text asks of what is told.

        Args:
            summary: (Q, D), means of the adapter's text tokens.

        Returns:
            (Q, N L); zero for a text that names nothing.
        """
        naming, direction = self.seeming(summary)
        return F.softshrink(naming.clamp(0, 1), _SURE) / (1 - _SURE) * direction

    def seeming(self, summary: Tensor) -> tuple[Tensor, Tensor]:
        """The same before doubts are taken from it: (Q, D) → (Q, 1) of any size, and directions (Q, N L)."""
        seeming = self.naming(summary)
        return seeming[:, :1], seeming[:, 1:]
