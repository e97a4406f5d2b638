from __future__ import annotations

import pytest

from imagesorter.model.prompts import NOUNS, OPPOSITES, prompts


@pytest.mark.parametrize(
    ("phrase", "adjective", "opposite"),
    [
        ("bright", "bright", "dark"),
        ("brighter", "bright", "dark"),
        ("Darkest", "dark", "bright"),
        ("happiest", "happy", "sad"),
        ("bigger", "big", "small"),
        ("larger photos", "large", "small"),
        ("a dry picture", "dry", "wet"),
        ("sharpness", "sharp", "blurry"),
        ("image quality", "good", "bad"),
        ("clean", "clean", "dirty"),
    ],
)
def test_known_words_stand_against_their_opposites(phrase: str, adjective: str, opposite: str):
    asked = prompts(phrase)
    assert asked.opposite == opposite
    assert asked.more[0] == f"{adjective} photo."
    assert asked.less == tuple(text.replace(adjective, opposite) for text in asked.more)


@pytest.mark.parametrize("phrase", ["horses in snow", "Café", "bright horses", "photo"])
def test_anything_else_is_asked_for_by_more_and_less(phrase: str):
    asked = prompts(phrase)
    assert not asked.opposite
    assert len(asked.more) == len(asked.less) > 1
    assert all(phrase in text for text in asked.more)
    assert asked.more[0] == f"a photo with more {phrase}."
    assert asked.less[0] == f"a photo with less {phrase}."


@pytest.mark.parametrize("phrase", ["a photo of a horse", "Pictures that show joy", "image with text"])
def test_a_caption_stands_as_it_is(phrase: str):
    assert prompts(phrase) == ((phrase,), ("a photo.",), "")


def test_no_word_is_its_own_opposite():
    words = {word for pair in OPPOSITES for word in pair}
    assert all(prompts(word).opposite not in ("", word) for word in words)
    assert all(prompts(noun).opposite for noun in NOUNS)
