"""How far a photograph is blurred beyond what the bundled model was shown.

Its training blurs photographs of some 500 px by up to 4; what is blurred more all looks alike to it. Of a
photograph reduced to 64 px curvature falls off faster than slope the wider the blur, whatever is shown.
"""

from __future__ import annotations

from torch import Tensor

from imagesorter.model.measures import luma_of

_FROM, _WHOLLY = 0.2, 1.0
"""Logarithm of slope over curvature, in energy, from which on it counts. Of 500 photographs as they are none
has more than 0."""

_CURVED = -5.0
"""Logarithm of the curvature's energy from which on less of it counts."""

_MOST = 8.0
_TINY = 1e-9


def softness(images: Tensor) -> Tensor:
    """How blurred they are.

    Args:
        images: (B, 3, 64, 64) RGB in [0, 1], the whole photograph each.

    Returns:
        (B,) in [0, 8], rising with the blur; 0 for what is not blurred much.
    """
    luma = luma_of(*images.unbind(1))
    inner = luma[:, 1:-1, 1:-1]
    around = luma[:, 2:, 1:-1] + luma[:, :-2, 1:-1] + luma[:, 1:-1, 2:] + luma[:, 1:-1, :-2]
    slope = luma.diff(dim=1).square().mean((1, 2)) + luma.diff(dim=2).square().mean((1, 2))
    curvature = (4 * inner - around).square().mean((1, 2))
    slope, curvature = (slope + _TINY).log(), (curvature + _TINY).log()
    counts = ((slope - curvature - _FROM) / (_WHOLLY - _FROM)).clamp(0, 1)
    found: Tensor = counts * (_CURVED - curvature).clamp(0, _MOST)
    return found
