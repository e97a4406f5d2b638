"""Amounts of colours, against each pixel's own reckoning."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from imagesorter.model.colours import COLOURS, FLOOR, amounts, standard

NAMES = list(COLOURS)
NAMED = {
    "red": ("#e6194b", "#c80000", "#ff2d1e"),
    "orange": ("#ff8c00", "#f5822f"),
    "yellow": ("#ffe119", "#e8d820"),
    "green": ("#3cb44b", "#007d2c", "#8ac926"),
    "cyan": ("#40e0d0", "#00c8d2"),
    "blue": ("#4363d8", "#0a32c8", "#5aa0ff"),
    "purple": ("#911eb4", "#8040c0", "#d21edc"),
    "pink": ("#ff69b4", "#ff5aaf"),
    "brown": ("#8b5a2b", "#6b4423"),
    "white": ("#ffffff", "#f0f0ee"),
    "black": ("#000000", "#141216"),
}  # fmt: skip


def even(colour: str) -> Tensor:
    rgb = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return torch.tensor(rgb)[None, :, None, None].expand(1, 3, 4, 4)


@pytest.mark.parametrize(("name", "colour"), [(name, one) for name in NAMED for one in NAMED[name]])
def test_an_even_picture_has_most_of_its_own_colour(name: str, colour: str):
    found = amounts(even(colour))[0]
    assert NAMES[int(found.argmax())] == name
    assert standard(found[None])[0, NAMES.index(name)] > 1


def ramp(value: float, none: float, whole: float) -> float:
    return min(max((value - none) / (whole - none), 0.0), 1.0)


def of_pixel(red: float, green: float, blue: float) -> dict[str, float]:
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    hue *= 360
    strength = value * saturation * saturation  # chroma is value × saturation
    ends = {"red": (8, 18), "orange": (40, 50), "yellow": (68, 82), "green": (150, 172), "cyan": (188, 208),
            "blue": (250, 270), "purple": (305, 320), "pink": (340, 350)}  # fmt: skip
    found, before = {}, None
    for name, end in ends.items():
        begun = 1.0 if before is None else ramp(hue, *before)
        found[name] = (begun - ramp(hue, *end)) * strength
        before = end
    found["red"] += ramp(hue, 340, 350) * strength
    found["pink"] *= ramp(value, 0.3, 0.6)
    dim = ramp(value, 0.1, 0.25) * (1 - ramp(value, 0.45, 0.75))
    found["brown"] = ramp(hue, 2, 12) * (1 - ramp(hue, 42, 55)) * dim * ramp(saturation, 0.2, 0.45)
    found["white"] = ramp(value, 0.7, 0.9) * (1 - ramp(saturation, 0.1, 0.3))
    found["black"] = 1 - ramp(value, 0.1, 0.3)
    return found


def test_amounts_are_means_over_pixels():
    rgb = np.random.default_rng(0).random((2, 3, 9, 7)) ** 2
    got = amounts(torch.from_numpy(rgb.astype(np.float32)))
    for image, row in zip(rgb, got, strict=True):
        pixels = [of_pixel(*pixel) for pixel in image.reshape(3, -1).T.tolist()]
        wanted = [np.mean([pixel[name] for pixel in pixels]) for name in NAMES]
        np.testing.assert_allclose(row.numpy(), wanted, atol=2e-4)


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
def test_amounts_are_shares_and_scores_finite_for_any_colour(rgb: list[float]):
    found = amounts(torch.tensor(rgb)[None, :, None, None])
    assert ((found >= 0) & (found <= 1)).all()
    assert standard(found).isfinite().all()


def test_grey_has_no_hue():
    grey = torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8)
    assert amounts(grey)[0, : NAMES.index("white")].abs().max() == 0


def test_scores_are_standardised_logarithms():
    some: NDArray[np.float32] = np.random.default_rng(1).random((3, len(COLOURS)), dtype=np.float32)
    centre, spread = np.array(list(COLOURS.values())).T
    got = standard(torch.from_numpy(some)).numpy()
    np.testing.assert_allclose(got, (np.log(some + FLOOR) - centre) / spread, atol=1e-5)
