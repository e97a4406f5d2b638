"""A picture for the eye, in the size that it is looked at."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from imagesorter.library.decode import decode

MOST_PIXELS = 128_000_000
"""Every pixel of a 108-megapixel photo; on the screen they take half a gigabyte."""


def picture(path: Path, max_side: int) -> tuple[Image.Image, tuple[int, int]]:
    """The picture, and the size it has in its file: longest side ≤ max_side, at most MOST_PIXELS.

    Raises:
        DecodeError: the file cannot be read.
    """
    decoded = decode(path, min_side=max_side)
    image = decoded.image
    excess = image.width * image.height / MOST_PIXELS
    side = int(max(image.size) / excess**0.5) if excess > 1 else max_side
    side = min(side, max_side)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image, (decoded.width, decoded.height)
