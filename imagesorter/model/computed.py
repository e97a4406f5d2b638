"""Scales that arithmetic alone tells of a photograph, kept beside what the adapter reads: C of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from imagesorter.model.colours import COLOURS, amounts, standard
from imagesorter.model.softness import softness

COMPUTED = (*COLOURS, "softness")
"""Their names, in order."""

_SIDE = 64


def computed(photographs: Tensor) -> Tensor:
    """All of them.

    Args:
        photographs: (B, 3, S, S) RGB in [0, 255], S a multiple of 64, the whole photograph each.

    Returns:
        (B, C): amounts of colours, see `colours.standard`, and the `softness`.
    """
    reduced = avg_pool2d(photographs / 255, photographs.shape[-1] // _SIDE)  # a quarter of pocket's pixels
    return torch.cat([standard(amounts(reduced)), softness(reduced)[:, None]], 1)
