"""Any kind of pixels to 8-bit sRGB."""

from __future__ import annotations

import io
import logging
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

logger = logging.getLogger(__name__)

_WHITE = (255, 255, 255, 255)


def to_srgb(image: Image.Image, profile: bytes | None, *, factor: int = 1) -> Image.Image:
    """Convert to mode "RGB" in sRGB; transparent parts become white.

    Args:
        image: a loaded image of any Pillow mode.
        profile: its ICC profile, None where it has none. A damaged one is ignored.
        factor: the result is smaller by this whole number (box filter, sizes rounded up).
    """
    image = _with_8_bits(image)
    if image.mode == "LAB":
        return ImageCms.applyTransform(_reduced(image, factor), _from_lab()) or image
    if image.mode == "CMYK":
        image = _reduced(image, factor)
        return _through(profile, image) or image.convert("RGB")
    if _has_alpha(image):
        image = image.convert("LA") if image.mode == "La" else image
        image = _on_white(_reduced(image.convert("RGBA"), factor))
    elif image.mode in ("L", "RGB"):
        image = _reduced(image, factor)
        if image.mode == "L":
            return image.convert("RGB")
    else:
        image = _reduced(image.convert("RGB"), factor)
    return _through(profile, image) or image


def scale_to_8_bits(values: NDArray[np.generic], full: float | None = None) -> NDArray[np.uint8]:
    """Map pixel values of any type to 0…255.

    Args:
        values: (H, W) integers or floats; what is not finite counts as 0.
        full: the value of white. Where None it is the least of 1 (floats only), 255 and 65535 that
            holds all values; values outside these ranges are stretched from least to greatest.
    """
    real = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(real.min()), float(real.max())
    if full is None:
        ranges = (1.0, 255.0, 65535.0) if np.issubdtype(values.dtype, np.floating) else (255.0, 65535.0)
        full = next((limit for limit in ranges if high <= limit), None) if low >= 0 else None
    if full is None:
        real -= low
        full = max(high - low, 1e-12)
    scaled: NDArray[np.uint8] = np.clip(np.rint(real * (255.0 / full)), 0, 255).astype(np.uint8)
    return scaled


def _with_8_bits(image: Image.Image) -> Image.Image:
    """Pillow clips 16-bit, 32-bit and float grey where it converts them; here they are scaled."""
    if not image.mode.startswith(("I", "F")):
        return image
    full = None
    if image.mode.startswith("I;16"):
        bits = _tag(image, 258) or 16
        full = float((1 << min(bits, 16)) - 1)
    values = np.asarray(image)
    if image.mode == "I" and _tag(image, 258) == 32 and (_tag(image, 339) or 1) == 1:
        values = values.view(np.uint32)  # Pillow takes these bits for signed numbers
    grey = scale_to_8_bits(values, full)
    if _tag(image, 262) == 0 and image.mode.startswith("I;16"):  # WhiteIsZero; Pillow turns only 8 bits
        grey = 255 - grey
    return Image.fromarray(grey)


def _tag(image: Image.Image, number: int) -> int | None:
    """A TIFF tag's first value, None where the image has no such tag."""
    value = getattr(image, "tag_v2", {}).get(number)
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) else None


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _on_white(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image).convert("RGB")


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    return image.reduce(factor) if factor > 1 else image


def _through(profile: bytes | None, image: Image.Image) -> Image.Image | None:
    """The image in sRGB, None where its profile asks for no conversion or cannot be used."""
    transform = _transform(profile, image.mode) if profile else None
    if transform is None:
        return None
    try:
        return ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, ValueError) as error:
        logger.debug("ICC profile ignored: %s", error)
        return None


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """A camera writes the same profile into all its files: parsed once, then looked up."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != mode or "sRGB" in (
            source.profile.profile_description or ""
        ):
            return None
        return ImageCms.buildTransform(source, _srgb(), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.debug("ICC profile ignored: %s", error)
        return None


@lru_cache(maxsize=1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB")


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
