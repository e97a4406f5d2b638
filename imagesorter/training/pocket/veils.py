"""Damage that is quick enough to make while training: haze, and banding. On canvases, float RGB."""

from __future__ import annotations

import torch
from torch import Tensor

VEILS = ("haze", "banding")
"""Names of the attributes."""

_THICKEST = 0.85
_FEWEST_BITS, _MOST_BITS = 1.6, 8.0


def veil(images: Tensor, name: str, severities: Tensor, generator: torch.Generator) -> Tensor:
    """Photographs at given levels of damage.

    Haze mixes the light of the air into every pixel, `J·t + A·(1 − t)` (Koschmieder's law at one
    distance): t falls to 0.15; A is a light grey, hardly tinted, the same for the whole series.
    Banding rounds every channel to fewer levels, from 256 down to 3.

    Args:
        images: (L, 3, H, W) in [0, 1], one series.
        name: of `VEILS`.
        severities: (L,) in [0, 1].
        generator: of the colour of the air.

    Returns:
        (L, 3, H, W), rounded to 8 bits.
    """
    levels = severities[:, None, None, None]
    if name == "haze":
        air = 0.7 + 0.28 * torch.rand(1, generator=generator) + 0.03 * torch.randn(3, generator=generator)
        share = _THICKEST * levels
        damaged = images * (1 - share) + air.clamp(0, 1)[:, None, None] * share
    else:
        steps = (2.0 ** (_MOST_BITS - levels * (_MOST_BITS - _FEWEST_BITS))).round() - 1
        damaged = (images * steps).round() / steps
    return (255 * damaged).round_().clamp_(0, 255) / 255
