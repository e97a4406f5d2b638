"""How much of each colour a photograph shows, as people name colours.

The eleven basic colour terms (Berlin and Kay, "Basic Color Terms", 1969), gray taken for a want of colour and
cyan, which people call turquoise, among them. As in fuzzy sets of colour names (Benavente, Vanrell and
Baldrich, "Parametric fuzzy sets for automatic color naming", 2008) a pixel belongs to its colour, or to two
neighbours in part. Nothing is learned: an order by one of these is as exact as the pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

FLOOR = 0.002
"""Added to an amount before its logarithm: many photographs have hardly any of a colour."""

_TURNS = {
    "red": (8, 18),
    "orange": (40, 50),
    "yellow": (68, 82),
    "green": (150, 172),
    "cyan": (188, 208),
    "blue": (250, 270),
    "purple": (305, 320),
    "pink": (340, 350),
}
"""Degrees of hue over which a colour turns into the next: between what captions call so, where
red ends below 10, and the ranges in common use, where it ends at 15 to 30; see models/README.md."""

COLOURS: Mapping[str, tuple[float, float]] = {
    "red": (-5.33, 1.07),
    "orange": (-4.55, 1.27),
    "yellow": (-5.24, 1.09),
    "green": (-5.5, 1.01),
    "cyan": (-5.81, 0.75),
    "blue": (-5.25, 1.15),
    "purple": (-6.09, 0.32),
    "pink": (-6.07, 0.42),
    "brown": (-3.55, 1.64),
    "white": (-2.75, 1.58),
    "black": (-2.68, 1.45),
}
"""By colour, mean and deviation of the logarithm of its amount over photographs of training."""


def amounts(images: Tensor) -> Tensor:
    """How much of each colour there is.

    Args:
        images: (B, 3, H, W) RGB in [0, 1], gamma-encoded (sRGB) as stored.

    Returns:
        (B, C) in [0, 1], in the order of `COLOURS`. Of hues the mean over pixels of membership × chroma ×
        saturation (HSV), so that vivid ones count most; pink is light as well. Of brown, white and black the
        share of pixels.
    """
    planes = red, green, blue = images.flatten(2).unbind(1)
    value = torch.maximum(torch.maximum(*planes[:2]), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    some = chroma.clamp(min=1e-6)
    saturation = chroma / value.clamp(min=1e-6)
    hue = torch.where(
        value == red,
        (green - blue) / some % 6,
        torch.where(value == green, (blue - red) / some + 2, (red - green) / some + 4),
    )
    turned = [_above(60 * hue, *turn) for turn in _TURNS.values()]  # 1 beyond each colour's end
    # red begins at the other end of the circle
    members = [1 - turned[0] + turned[-1], *(one - end for one, end in pairwise(turned))]
    members[-1] = members[-1] * _above(value, 0.3, 0.6)
    warm = _above(60 * hue, 2, 12) * (1 - _above(60 * hue, 42, 55))
    dim = _above(value, 0.1, 0.25) * (1 - _above(value, 0.45, 0.75))
    shown = [member * chroma * saturation for member in members]
    shown += [
        warm * dim * _above(saturation, 0.2, 0.45),
        _above(value, 0.7, 0.9) * (1 - _above(saturation, 0.1, 0.3)),
        1 - _above(value, 0.1, 0.3),
    ]
    return torch.stack([one.mean(1) for one in shown], 1)


def standard(amount: Tensor) -> Tensor:
    """Amounts (B, C) → scores of about unit deviation over everyday photographs, in the same order."""
    centre, spread = torch.tensor(list(COLOURS.values()), device=amount.device).T
    scores: Tensor = ((amount + FLOOR).log() - centre) / spread
    return scores


def _above(values: Tensor, none: float, whole: float) -> Tensor:
    """0 up to `none`, 1 from `whole` on, a line between."""
    return ((values - none) / (whole - none)).clamp(0, 1)
