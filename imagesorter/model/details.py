"""What a squashed photograph loses: its details at their own scale, and the network that reads them.

Squashing a photograph to a network's input averages fine grain, focus and the edges of
compressed blocks away. So `canvas` lays eight cut-outs at the photograph's own scale beside the
squashed whole, and `DetailReader` looks at them as JPEG does (ITU-T T.81): by the spectrum of
blocks of 8 × 8 pixels.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

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
_LUMA = (0.299, 0.587, 0.114)
_CHROMA = ((-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""R, G, B → Y, Cb, Cr (ITU-T T.871)."""

_CHROMA_FREQUENCIES = 4


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


class DetailReader(nn.Module):
    """Cut-outs → one token each.

    The filters start as the cosine transform of a block's luma, and of the low frequencies of its
    chroma, and are trained on. The logarithm of a coefficient's size tells noise, blur and
    quantisation apart: quantised coefficients are zero, or far from it. Blocks are
    read on JPEG's grid and half a block beside it, where the seams between blocks show.

    Args:
        width: D of the tokens.
        channels: width of what is read off each block.
    """

    def __init__(self, width: int, channels: int = 64) -> None:
        super().__init__()
        filters = _cosine_filters()
        self.filters = nn.Conv2d(3, len(filters), BLOCK, stride=BLOCK)
        with torch.no_grad():
            self.filters.weight.copy_(filters)
            nn.init.zeros_(self.filters.bias)  # type: ignore[arg-type]
        self.reading = nn.Sequential(
            nn.Linear(len(filters), channels), nn.GELU(), nn.Linear(channels, channels), nn.GELU()
        )
        self.out = nn.Sequential(nn.Linear(4 * channels, width), nn.LayerNorm(width))

    def forward(self, cutouts: Tensor) -> Tensor:
        """(B, 8, 3, s, s) RGB in [0, 255] → (B, 8, D)."""
        pictures = cutouts.flatten(0, 1) - 128
        half = BLOCK // 2
        on_grid, beside = (self._read(p) for p in (pictures, pictures[..., half:-half, half:-half]))
        tokens: Tensor = self.out(torch.cat([on_grid, beside], 1))
        return tokens.view(*cutouts.shape[:2], -1)

    def _read(self, pictures: Tensor) -> Tensor:
        """(N, 3, s, s) → (N, 2 · channels), mean and largest over blocks: grain shows in the smoothest block,
        focus in the sharpest."""
        count, channels, side = pictures.shape[:3]
        across = side // BLOCK
        # a matrix product: a convolution over three channels takes a third longer
        last = pictures.permute(0, 2, 3, 1)
        blocks = last.reshape(count, across, BLOCK, across, BLOCK, channels).transpose(2, 3)
        weight = self.filters.weight.permute(0, 2, 3, 1).flatten(1)
        coefficients = F.linear(blocks.reshape(count, across**2, -1), weight, self.filters.bias)
        read = self.reading(torch.log2(coefficients.abs() + 0.5) / 4)
        return torch.cat([read.mean(1), read.amax(1)], 1)


def _cosine_filters() -> Tensor:
    """Orthonormal two-dimensional DCT-II of a block: luma whole, chroma low, (64 + 2 · 16, 3, 8, 8)."""
    place, frequency = torch.arange(BLOCK), torch.arange(BLOCK)[:, None]
    basis = torch.cos(math.pi * (2 * place + 1) * frequency / (2 * BLOCK)) * (2 / BLOCK) ** 0.5
    basis[0] /= 2**0.5
    waves = torch.einsum("uy,vx->uvyx", basis, basis)
    low = waves[:_CHROMA_FREQUENCIES, :_CHROMA_FREQUENCIES].flatten(0, 1)
    parts = [(_LUMA, waves.flatten(0, 1)), *((chroma, low) for chroma in _CHROMA)]
    return torch.cat([torch.tensor(weights)[None, :, None, None] * w[:, None] for weights, w in parts])
