from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from imagesorter.library.colour import scale_to_8_bits, to_srgb

from .pictures import gradient, swapped_profile


def mean_difference(image: Image.Image, expected: np.ndarray) -> float:
    assert image.mode == "RGB"
    return float(np.abs(np.asarray(image).astype(int) - expected).mean())


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"])
def test_colour_modes_keep_their_colours(mode: str) -> None:
    image = Image.fromarray(gradient())
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        other = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
        assert other is not None
    else:
        other = image.convert(mode)
    assert mean_difference(to_srgb(other, None), gradient()) < 3


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I", "F", "I;16"])
def test_grey_modes_keep_their_greys(mode: str) -> None:
    grey = Image.fromarray(gradient()[..., 0])
    if mode == "1":
        grey = grey.point(lambda value: 255 * (value > 127))
    other = (
        Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    )
    assert other.mode == mode
    assert mean_difference(to_srgb(other, None), np.asarray(grey)[..., None]) < 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "La", "RGBa"])
def test_transparent_becomes_white(mode: str) -> None:
    image = Image.new("RGBA", (4, 2), (10, 20, 30, 255))
    image.paste((10, 20, 30, 0), (0, 0, 2, 2))
    steps = {"PA": ("PA",), "La": ("LA", "La")}.get(mode, (mode,))
    for step in steps:
        image = image.convert(step)
    rgb = np.asarray(to_srgb(image, None))
    assert (rgb[:, :2] == 255).all()
    assert (rgb[:, 2:] < 40).all()


def test_transparent_palette_entry_becomes_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 0
    assert np.asarray(to_srgb(image, None)).tolist() == [[[255, 255, 255], [200, 0, 0]]]


def test_profile_is_applied() -> None:
    image = Image.fromarray(gradient())
    swapped = gradient()[..., [1, 0, 2]]
    assert mean_difference(to_srgb(image, swapped_profile()), swapped) < 2


@pytest.mark.parametrize(
    "profile",
    [
        None,
        b"",
        b"nonsense" * 40,
        swapped_profile()[:200],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ],
)
def test_profiles_that_change_nothing(profile: bytes | None) -> None:
    assert mean_difference(to_srgb(Image.fromarray(gradient()), profile), gradient()) == 0


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA", "P", "1"])
def test_reduced_by_a_whole_number(mode: str) -> None:
    image = Image.fromarray(gradient(90, 60)).convert(mode)
    small = to_srgb(image, None, factor=3)
    assert small.size == (30, 20)
    assert mean_difference(small, np.asarray(to_srgb(image, None).reduce(3))) < 1


@pytest.mark.parametrize(
    ("values", "full", "expected"),
    [
        (np.array([[0, 65535]], np.uint16), None, [0, 255]),
        (np.array([[0, 255]], np.int32), None, [0, 255]),
        (np.array([[0, 4095]], np.uint16), 4095, [0, 255]),
        (np.array([[0.0, 0.5, 1.0]]), None, [0, 128, 255]),
        (np.array([[0.0, 100.0]]), None, [0, 100]),
        (np.array([[-3, 7]], np.int32), None, [0, 255]),
        (np.array([[0, 10**9]], np.int32), None, [0, 255]),
        (np.array([[-5.0, -5.0]]), None, [0, 0]),
        (np.array([[np.nan, np.inf, -np.inf, 1.0]]), None, [0, 0, 0, 255]),
    ],
)
def test_scaling(values: np.ndarray, full: float | None, expected: list[int]) -> None:
    assert scale_to_8_bits(values, full).tolist() == [expected]
