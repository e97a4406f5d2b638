"""Graded damage: the same photograph at rising levels of blur, noise or JPEG compression."""

from __future__ import annotations

import io
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Kind = Literal["blur", "noise", "jpeg"]
KINDS: tuple[Kind, ...] = ("blur", "noise", "jpeg")

ATTRIBUTE_OF: dict[Kind, str] = {"blur": "sharpness", "noise": "noise", "jpeg": "jpeg damage"}
"""The attribute whose quantity a kind of damage changes."""

_WORST = {"blur": 6.0, "noise": 60.0, "jpeg": 4.0}
_STEP = {"blur": 2.0, "noise": 0.25}


def severity(kind: Kind, level: float) -> float:
    """Level → severity in [0, 1]: about even to the eye for blur and noise, even in quality for JPEG.

    Args:
        level: blur: deviation in pixels (0 to 6); noise: deviation on the 0-255 scale
            (0 to 60); jpeg: quality (100 to 4).
    """
    if kind == "jpeg":
        return (100 - level) / (100 - _WORST["jpeg"])
    return math.log1p(_STEP[kind] * level) / math.log1p(_STEP[kind] * _WORST[kind])


def level_of(kind: Kind, severity: float) -> float:
    """Inverse of `severity`; JPEG qualities are whole numbers."""
    if kind == "jpeg":
        return float(round(100 - severity * (100 - _WORST["jpeg"])))
    return math.expm1(severity * math.log1p(_STEP[kind] * _WORST[kind])) / _STEP[kind]


def distort(
    rgb: NDArray[np.uint8], kind: Kind, level: float, rng: np.random.Generator, *, variant: int = 0
) -> NDArray[np.uint8]:
    """One photograph, damaged.

    Args:
        rgb: (H, W, 3).
        level: see `severity`; a level of no damage returns the input.
        rng: source of the noise.
        variant: blur: 0 Gaussian, 1 box of the same deviation; noise: 0 per channel,
            1 luma only, 2 coarse grain; jpeg: 0 with halved chroma, 1 with full chroma.

    Returns:
        (H, W, 3).
    """
    image = Image.fromarray(rgb)
    if kind == "blur":
        if level <= 0:
            return rgb
        # a box of half-width r has the variance ((2 r + 1)² − 1) / 12
        box = (math.sqrt(12 * level**2 + 1) - 1) / 2
        kernel = ImageFilter.BoxBlur(box) if variant == 1 else ImageFilter.GaussianBlur(level)
        return np.asarray(image.filter(kernel))
    if kind == "noise":
        if level <= 0:
            return rgb
        height, width = rgb.shape[:2]
        if variant == 2:
            coarse = rng.standard_normal((-(-height // 2), -(-width // 2), 1), dtype=np.float32)
            grain = coarse.repeat(2, 0).repeat(2, 1)[:height, :width]
        else:
            grain = rng.standard_normal((height, width, 3 if variant == 0 else 1), dtype=np.float32)
        return np.clip(np.rint(rgb + np.float32(level) * grain), 0, 255).astype(np.uint8)
    if level >= 100:
        return rgb
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(level), subsampling=2 if variant == 0 else 0)
    return np.asarray(Image.open(buffer).convert("RGB"))


def variants(kind: Kind) -> int:
    """How many variants `distort` knows of a kind."""
    return {"blur": 2, "noise": 3, "jpeg": 2}[kind]


def random_severities(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(count,) rising severities in [0, 1], none closer than half of an even spacing; the first often 0."""
    gap = 0.5 / count
    slack = np.sort(rng.random(count)) * (1 - gap * (count - 1))
    levels = slack + gap * np.arange(count)
    if rng.random() < 0.7:
        levels[0] = 0.0
    return levels
