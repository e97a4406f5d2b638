"""Queries as people put them, in sentences rather than signs."""

from __future__ import annotations

import pytest

from imagesorter.ranking.query import parse


@pytest.mark.parametrize(
    ("text", "weight", "phrase"),
    [
        ("increasing sharpness", -1, "sharpness"),
        ("reverse sharpness", -1, "sharpness"),
        ("decreasing noise", 1, "noise"),
        ("noise, increasing", -1, "noise"),
        ("increasing crowd", 1, "increasing crowd"),
        ("sharpness \N{UPWARDS ARROW}", 1, "sharpness"),
        ("noise\N{DOWNWARDS ARROW}", -1, "noise"),
        ("dark \N{RIGHTWARDS ARROW} bright", 1, "dark to bright"),
        ("dark -> bright", 1, "dark to bright"),
        ("sort worst to best", 1, "worst"),
        ("Can you sort by brightness?", 1, "brightness"),
        ("color: red", 1, "color red"),
        ("top 10 sharpest", 1, "sharpest"),
        ("the top ten photos", 1, "the top ten photos"),
        ("top 20 percent", 1, "top 20 percent"),
        ("top shelf", 1, "top shelf"),
        ("throw out the blurry ones", -1, "blurry ones"),
        ("please remove all of the dark photos", -1, "dark photos"),
        ("get rid of noise", -1, "noise"),
        ("skip the blurry ones", -1, "blurry ones"),
        ("skip rope", 1, "skip rope"),
        ("w/o noise", -1, "noise"),
        ("w/ people", 1, "with people"),
        ("not a single person", -1, "person"),
        ("no one in sight", 1, "nobody"),
        ("no people \N{DOWNWARDS ARROW}", -1, "people \N{DOWNWARDS ARROW}"),
        ("sort by sharpness \N{DOWNWARDS ARROW}", 1, "sharpness \N{DOWNWARDS ARROW}"),
        ("sharpest \N{DOWNWARDS ARROW}", 1, "sharpest \N{DOWNWARDS ARROW}"),
        ("max the dog", 1, "max the dog"),
        ("skip rope photos", 1, "skip rope photos"),
        ("drop dark photos", -1, "dark photos"),
        ("out with the dog", 1, "out with the dog"),
        ("can you sort from dark to bright", 1, "dark"),
        ("rank worst to best", 1, "worst"),
        ("order pizza to go", 1, "order pizza to go"),
        ("no one-way street", -1, "one-way street"),
        ("0 people", -1, "people"),
        ("1.0 sharp", 1, "1.0 sharp"),
        ("min noise", -1, "noise"),
        ("30 min exposure", 1, "30 min exposure"),
        ("max sharpness", 1, "sharpness"),
        ("sort images according to sharpness", 1, "sharpness"),
        ("sort pictures to see dogs", 1, "sort pictures to see dogs"),
        ("reverse lion", 1, "reverse lion"),
        ("trash all over the beach", 1, "trash all over the beach"),
        ("remove before flight", 1, "remove before flight"),
        ("throw out the first pitch", 1, "throw out the first pitch"),
        ("sharp\u202e noise", 1, "sharp noise"),
    ],
)
def test_a_wish_is_understood_however_it_is_put(text: str, weight: float, phrase: str):
    assert [(term.weight, term.phrase) for term in parse(text).terms] == [(weight, phrase)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("less noise and sharper", [(-1, "noise"), (1, "sharper")]),
        ("less noise and blur", [(-1, "noise and blur")]),
        ("no sand and water", [(-1, "sand and water")]),
        ("not darker and softer", [(-1, "darker and softer")]),
        ("fewer people and brighter", [(-1, "people"), (1, "brighter")]),
        ("less clutter and sharper", [(-1, "clutter"), (1, "sharper")]),
        ("beach with no one around", [(1, "beach"), (-1, "people")]),
        ("dogs, no one", [(1, "dogs"), (-1, "people")]),
        ("dogs and max", [(1, "dogs and max")]),
        ("not too dark but also not too bright", [(-1, "too dark"), (-1, "too bright")]),
        ("noise \N{DOWNWARDS ARROW}, sharpness \N{UPWARDS ARROW}", [(-1, "noise"), (1, "sharpness")]),
        ("noise \N{DOWNWARDS ARROW} sharpness \N{UPWARDS ARROW}", [(-1, "noise"), (1, "sharpness")]),
        ("blur \N{DOWNWARDS ARROW} and contrast \N{UPWARDS ARROW}", [(-1, "blur"), (1, "contrast")]),
        (
            "sharpness \N{UPWARDS ARROW}\ufe0f noise \N{DOWNWARDS ARROW}\ufe0f",
            [(1, "sharpness"), (-1, "noise")],
        ),
        ("sharpness: high, noise=low", [(1, "sharpness"), (-1, "noise")]),
        ("sharpness: high and noise: low", [(1, "sharpness"), (-1, "noise")]),
        ("(noise: low)!", [(-1, "noise")]),
        ("noise: low and sharper", [(-1, "noise"), (1, "sharper")]),
        ("sharpness: high and no people", [(1, "sharpness"), (-1, "people")]),
        ("contrast: low and moody", [(1, "contrast low and moody")]),
        ("saturation: low", [(-1, "saturation")]),
        ("saturation: lower left", [(1, "saturation lower left")]),
        ("0 people, sharp", [(-1, "people"), (1, "sharp")]),
        ("without noise but still sharp", [(-1, "noise"), (1, "sharp")]),
        ("noise-free but bright", [(-1, "noise"), (1, "bright")]),
        ("dogs without people and brighter", [(1, "dogs"), (-1, "people"), (1, "brighter")]),
        ("not only sharp but also bright", [(1, "sharp"), (1, "bright")]),
        ("small but bright", [(1, "small but bright")]),
    ],
)
def test_several_wishes_are_told_apart(text: str, expected: list[tuple[float, str]]):
    assert [(term.weight, term.phrase) for term in parse(text).terms] == expected
