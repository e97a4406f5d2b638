"""Words in texts: told apart, found, and replaced."""

from __future__ import annotations

import pytest

from imagesorter.model.phrases import found, replaced, unsigned, words_of


def test_words_are_folded_and_without_signs():
    assert words_of("More COLORFUL, b&w!") == ("more", "colorful", "b", "w")
    assert words_of("people's dogs\u2019 'sharp' it\u2019s") == ("people", "dogs", "sharp", "it")
    assert words_of("Stra\u00dfe") == ("stra\u00dfe",), "as it was written"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a Wild-Cat and a cat", ("wild cat", "cat")),
        ("wildcat, cats", ()),
        ("b&w", ("b&w",)),
        ("b\N{LATIN SMALL LETTER DOTLESS I}n", ()),
        ("\u0130n", ()),
        ("", ()),
    ],
)
def test_whole_words_are_found_the_longest_first(text: str, keys: tuple[str, ...]):
    assert found(text, {"cat", "wild cat", "b&w", "bin", "in"}) == keys


def test_nothing_is_found_without_keys():
    assert found("cat", ()) == ()
    assert replaced("cat", {}) == "cat"


def test_what_is_found_is_replaced_and_nothing_else():
    by = {"cat": "lynx", "wild cat": "wild cat", "c++": r"\1"}
    assert replaced("Cat, wild-cat, cats; C++", by) == r"lynx, wild cat, cats; \1"
    assert replaced("b\u0131n", {"bin": "box"}) == "b\u0131n", "a letter that is i only where case is ignored"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sharp.", "sharp"),
        ("% sharp (bright)!", "sharp bright"),
        ("sharpness=", "sharpness"),
        ("mid-air, f/2.8 dog's", "mid-air, f/2.8 dog's"),
        ("black & white", "black & white"),
    ],
)
def test_signs_at_the_ends_of_words_are_left_out(text: str, plain: str):
    assert unsigned(text) == plain
