"""Changed copies of a photograph, that show as many of a thing as it does."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

_MARGIN = 16
"""Pixels, at most, that are cut off each side: few people fit in."""

_OFTEN, _AT_TIMES = 0.5, 0.25
_SCALES = (0.25, 1.3)
_BLUR = (0.5, 3.0)
"""Deviation of a Gaussian in pixels."""

_LIGHT = (0.3, 1.2)
_QUALITY = (25, 95)


def copy_of(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A photograph (H, W, 3) with other margins and some of these changes: mirrored, turned, resized,
    blurred, darker or lighter, grey, compressed again.

    Measures know a collection by its sizes, its light and its compression; a number must not depend on them.
    """
    height, width = rgb.shape[:2]
    most = min(_MARGIN, height // 8, width // 8)
    top, bottom, left, right = (int(cut) for cut in rng.integers(0, most, 4, endpoint=True))
    image = Image.fromarray(rgb[top : height - bottom, left : width - right])

    def happens(share: float) -> bool:
        return bool(rng.random() < share)

    if happens(_OFTEN):
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if happens(_AT_TIMES / 2):
        image = image.transpose(Image.Transpose.ROTATE_90)
    if happens(_OFTEN):
        scale = float(np.exp(rng.uniform(*np.log(_SCALES))))
        size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
        image = image.resize(size, Image.Resampling.LANCZOS)
    if happens(_AT_TIMES):
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(*_BLUR))))
    if happens(_AT_TIMES):
        image = ImageEnhance.Brightness(image).enhance(float(rng.uniform(*_LIGHT)))
    if happens(_AT_TIMES / 2):
        image = image.convert("L").convert("RGB")
    if happens(_OFTEN):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(*_QUALITY)))
        image = Image.open(file).convert("RGB")
    return np.asarray(image)
