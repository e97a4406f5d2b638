"""How much of each colour a photograph shows, as people name colours.

The eleven basic colour terms (Berlin and Kay, "Basic Color Terms", 1969), gray taken for a want of colour and
cyan, which people call turquoise, among them. As in fuzzy sets of colour names (Benavente, Vanrell and
Baldrich, "Parametric fuzzy sets for automatic color naming", 2008) a pixel belongs to its colour, or to two
neighbours in part. Nothing is learned.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    red, green, blue = images.flatten(2).unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    some = chroma.clamp(min=1e-6)
    saturation = chroma / value.clamp(min=1e-6)
    sixths = torch.where(
        value == red,
        (green - blue) / some % 6,
        torch.where(value == green, (blue - red) / some + 2, (red - green) / some + 4),
    )
    hue, vivid = 60 * sixths, chroma * saturation
    begins, ends = torch.tensor(list(_TURNS.values()), dtype=hue.dtype, device=hue.device).T[..., None]
    beyond = ((hue[:, None] - begins) / (ends - begins)).clamp_(0, 1)  # (B, 8, P): 1 beyond each colour's end
    light = vivid * _above(value, 0.3, 0.6)
    beyond, light_beyond = (beyond @ torch.stack([vivid, light], 2) / vivid.shape[1]).unbind(2)
    # red begins at the other end of the circle
    hues = [vivid.mean(1) - beyond[:, 0] + beyond[:, -1], *(-beyond[:, :-1].diff(dim=1)).unbind(1)]
    pink = light_beyond[:, -2] - light_beyond[:, -1]
    warm = _above(hue, 2, 12) * (1 - _above(hue, 42, 55))
    dim = _above(value, 0.1, 0.25) * (1 - _above(value, 0.45, 0.75))
    shares = (
        warm * dim * _above(saturation, 0.2, 0.45),
        _above(value, 0.7, 0.9) * (1 - _above(saturation, 0.1, 0.3)),
        1 - _above(value, 0.1, 0.3),
    )
    return torch.stack([*hues, pink, *(share.mean(1) for share in shares)], 1).clamp(min=0)


def standard(amount: Tensor) -> Tensor:
    """Amounts (B, C) → scores of about unit deviation over everyday photographs, in the same order."""
    centre, spread = torch.tensor(list(COLOURS.values()), device=amount.device).T
    scores: Tensor = ((amount + FLOOR).log() - centre) / spread
    return scores


def _above(values: Tensor, none: float, whole: float) -> Tensor:
    """0 up to `none`, 1 from `whole` on, a line between."""
    return ((values - none) / (whole - none)).clamp(0, 1)
