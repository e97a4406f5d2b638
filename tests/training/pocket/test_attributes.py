from __future__ import annotations

from random import Random

import torch

from imagesorter.model.colours import COLOURS
from imagesorter.model.measures import photometric
from imagesorter.training.pocket.attributes import (
    ATTRIBUTES,
    jitter,
    learned_attributes,
    opposite_prompt,
    sample_prompt,
    vocabulary,
)


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


def test_the_opposite_of_a_direction_can_be_asked_for():
    for attribute in ATTRIBUTES:
        drawn = {sample_prompt(attribute, Random(i)) for i in range(2000)}
        for sign in (1, -1):
            turned = {opposite_prompt(attribute, sign, Random(i)) for i in range(20)}
            assert not turned & {text for text, found in drawn if found == sign}


def test_no_wording_names_two_attributes():
    wordings = [w for a in ATTRIBUTES for w in (*a.more, *a.less)]
    assert len(wordings) == len(set(wordings))


def test_vocabulary_holds_every_word_of_every_prompt():
    words = set(vocabulary())
    for attribute in ATTRIBUTES:
        for i in range(300):
            text, _ = sample_prompt(attribute, Random(i))
            assert set(text.replace("-", " ").split()) <= words


def test_colours_are_those_that_are_computed():
    assert [a.name for a in learned_attributes() if a.colour] == list(COLOURS)
    assert not any(a.colour for a in learned_attributes(computed=False))
