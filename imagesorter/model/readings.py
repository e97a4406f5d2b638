"""What is read off images to be taught with, and known orders as directions of it. NumPy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Readings(NamedTuple):
    """Of N images, each row from its own image alone.

    Attributes:
        blocks: arrays (N, ·), in whose directions an order can be taught.
        others: (N, ·), what else known orders are made of.
    """

    blocks: list[Floats]
    others: Floats

    @classmethod
    def of(cls, *blocks: Floats) -> Readings:
        """At least one block, and nothing else."""
        return cls(list(blocks), blocks[0][:, :0])

    @property
    def features(self) -> Floats:
        """(N, F), all of them side by side."""
        return np.concatenate([*self.blocks, self.others], 1)


class KnownOrders(NamedTuple):
    """Orders that a model has learned, whatever they are asked for by.

    Attributes:
        directions: (F, C) of the features, along which these C orders lie.
        shares: (C,) how likely each is what a user asks for, if one of them is; their sum is 1.
    """

    directions: Floats
    shares: NDArray[np.float64]
