"""Slightly changed copies of a photograph, that show as many of a thing as it does."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MARGIN = 16
"""Pixels, at most, that are cut off each side: few people fit in."""

_SCALING = 0.25
"""Of the logarithm of the size, at most."""

_QUALITY = (70, 95)


def copy_of(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A photograph (H, W, 3) with other margins, half of the time each mirrored, resized, compressed again.

    Measures of grain know a photograph by its compression and its size; a number must not depend on them.
    """
    height, width = rgb.shape[:2]
    most = min(_MARGIN, height // 8, width // 8)
    top, bottom, left, right = (int(cut) for cut in rng.integers(0, most, 4, endpoint=True))
    image = Image.fromarray(rgb[top : height - bottom, left : width - right])
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.5:
        scale = float(np.exp(rng.uniform(-_SCALING, _SCALING)))
        size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
        image = image.resize(size, Image.Resampling.LANCZOS)
    if rng.random() < 0.5:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(_QUALITY[0], _QUALITY[1] + 1)))
        image = Image.open(file).convert("RGB")
    return np.asarray(image)
