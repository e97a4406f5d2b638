"""What a squashed photograph loses: its details at their own scale.

Squashing a photograph to a network's input averages fine grain, focus and the edges of
compressed blocks away. So `canvas` lays eight cut-outs at the photograph's own scale beside the
squashed whole, on the grid of JPEG's blocks (ITU-T T.81).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

BLOCK = 8
"""Side of JPEG's blocks in pixels."""

_PLACES = (
    (0.0, 0.25),
    (0.33, 0.05),
    (0.67, 0.3),
    (1.0, 0.1),
    (0.0, 0.8),
    (0.37, 0.6),
    (0.63, 0.95),
    (1.0, 0.65),
)
"""Where the cut-outs lie, (across, down) from 0 to 1; none but the outer ones line up."""

DETAILS = len(_PLACES)
"""Cut-outs in a `canvas`."""

_COLUMNS = DETAILS // 2


def canvas(rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The whole photograph and eight details of it in one picture, the model's input.

    The left square holds the photograph squashed; right of it lie, in two rows of four, cut-outs
    of S / 2 pixels at the photograph's own scale. These start at multiples of 8 pixels, where JPEG's
    blocks do. A photograph smaller than a cut-out is enlarged for them.

    Args:
        rgb: (H, W, 3).
        size: S, even.

    Returns:
        (S, 3 S, 3).
    """
    side = size // 2
    out = np.empty((size, 3 * size, 3), np.uint8)
    image = Image.fromarray(rgb)
    out[:, :size] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0))
    if min(image.size) < side:
        grown = (max(image.width, side), max(image.height, side))
        rgb = np.asarray(image.resize(grown, Image.Resampling.NEAREST))
    height, width = rgb.shape[:2]
    for place, (across, down) in enumerate(_PLACES):
        y = int(down * (height - side)) // BLOCK * BLOCK
        x = int(across * (width - side)) // BLOCK * BLOCK
        top, left = place // _COLUMNS * side, size + place % _COLUMNS * side
        out[top : top + side, left : left + side] = rgb[y : y + side, x : x + side]
    return out


def whole(canvases: Tensor) -> Tensor:
    """Canvases (B, C, S, 3 S) → the squashed photographs in them (B, C, S, S)."""
    return canvases[..., : canvases.shape[-2]]


def details(canvases: Tensor) -> Tensor:
    """Canvases (B, C, S, 3 S) → their cut-outs (B, 8, C, S / 2, S / 2), channels last in memory."""
    count, channels, size = canvases.shape[:3]
    side = size // 2
    rows = canvases[..., size:].reshape(count, channels, 2, side, _COLUMNS, side)
    return rows.permute(0, 2, 4, 3, 5, 1).flatten(1, 2).permute(0, 1, 4, 2, 3)
