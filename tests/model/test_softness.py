"""Blur beyond what training showed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from skimage import data
from torch import Tensor

from imagesorter.model.softness import softness

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


def reduced(image: Image.Image) -> Tensor:
    pixels = np.array(image.resize((64, 64), Image.Resampling.BOX), np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_it_rises_with_the_blur(name: str):
    image = Image.fromarray(getattr(data, name)())
    blurred = [image.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 10, 12, 16, 20)]
    found = softness(torch.stack([reduced(one) for one in blurred]))
    assert (found[:3] == 0).all()
    assert (found[2:].diff() > 0).all()
    assert found.max() <= 8


def test_noise_and_even_pictures_are_not_soft():
    noise = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    even = torch.linspace(0, 1, 5)[:, None, None, None].expand(5, 3, 64, 64)
    assert not softness(torch.cat([noise, even])).any()
