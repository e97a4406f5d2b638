from __future__ import annotations

from random import Random

import numpy as np
import torch

from imagesorter.training.attributes import ATTRIBUTES, jitter, photometric, sample_prompt, vocabulary


def test_photometric_quantities_against_numpy():
    rgb = np.random.default_rng(0).random((2, 3, 16, 12)).astype(np.float32)
    got = photometric(torch.from_numpy(rgb))
    for i, (r, g, b) in enumerate(rgb.astype(np.float64)):
        luma = 0.299 * r + 0.587 * g + 0.114 * b
        rg, yb = 255 * (r - g), 255 * (0.5 * (r + g) - b)
        colorfulness = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
        expected = {
            "brightness": luma.mean(),
            "contrast": luma.std(),
            "colorfulness": colorfulness,
            "warmth": (r - b).mean(),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(got[name][i].item(), value, rtol=1e-4)


def test_grey_has_no_colour_and_no_warmth():
    grey = torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8)
    got = photometric(grey)
    assert abs(got["colorfulness"].item()) < 1e-3
    assert abs(got["warmth"].item()) < 1e-6


def test_jitter_leaves_a_share_alone_and_stays_in_range():
    pixels = torch.randint(
        0, 256, (400, 3, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    out = jitter(pixels, torch.Generator().manual_seed(1), share=0.5)
    assert out.min() >= 0
    assert out.max() <= 1
    same = (out == pixels / 255).flatten(1).all(1).float().mean().item()
    assert 0.4 < same < 0.6


def test_jitter_moves_every_attribute():
    pixels = torch.randint(
        40, 200, (1, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    out = jitter(pixels.expand(200, -1, -1, -1), torch.Generator().manual_seed(1), share=1.0)
    before = photometric(pixels / 255)
    for name, values in photometric(out).items():
        assert (values > before[name]).any(), name
        assert (values < before[name]).any(), name


def test_prompts_carry_their_direction():
    brightness = next(a for a in ATTRIBUTES if a.name == "brightness")
    drawn = {sample_prompt(brightness, Random(i)) for i in range(2000)}
    assert ("darker", -1) in drawn
    assert ("brighter", 1) in drawn
    assert ("less dark", 1) in drawn
    assert ("less bright", -1) in drawn
    assert not {text for text, sign in drawn if sign > 0} & {text for text, sign in drawn if sign < 0}


def test_no_wording_names_two_attributes():
    wordings = [w for a in ATTRIBUTES for w in (*a.more, *a.less)]
    assert len(wordings) == len(set(wordings))


def test_vocabulary_holds_every_word_of_every_prompt():
    words = set(vocabulary())
    for attribute in ATTRIBUTES:
        for i in range(300):
            text, _ = sample_prompt(attribute, Random(i))
            assert set(text.replace("-", " ").split()) <= words
