from __future__ import annotations

import pytest

from imagesorter.gui import text


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (12345, "12,345 images")]
)
def test_count(number, words):
    assert text.count(number, "image") == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_600, "1.0 MB"),
        (56_700_000, "56.7 MB"),
        (10**13, "10.0 TB"),
    ],
)
def test_size(number, words):
    assert text.size(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "a few seconds"), (7, "5 s"), (44, "45 s"), (150, "2 min"), (3600, "1 h"), (7800, "2 h 10 min")],
)
def test_duration(seconds, words):
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0.000"),
        (-1.234, "−1.23"),
        (0.0085, "0.009"),
        (-0.00012, "−1.2e−04"),
        (0.5124, "0.512"),
        (123.4, "123"),
        (3e9, "3.0e+09"),
    ],
)
def test_score(value, words):
    assert text.score(value) == words


@pytest.mark.parametrize(
    ("query", "stem"),
    [
        ("more colorful", "more-colorful"),
        ("+0.5 sharper/noise", "0-5-sharper-noise"),
        ("…", "ranking"),
        ("größer", "größer"),
    ],
)
def test_file_stem(query, stem):
    assert text.file_stem(query) == stem


def test_a_reason_becomes_a_sentence():
    assert text.sentence("the file is empty") == "The file is empty"
    assert text.sentence("") == ""
    assert text.sentence("huggingface.co does not answer.") == "huggingface.co does not answer."
    assert text.sentence("https://somewhere: no file") == "https://somewhere: no file"


def test_undecodable_and_control_characters_are_visible():
    assert text.printable("a\udcffb\nc") == "a\ufffdb\ufffdc"


def test_joiners_are_letters_of_some_languages():
    for name in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f468\u200d\U0001f469 family"):
        assert text.printable(name) == name
    assert "\u202e" not in text.printable("left \u202e right"), "what turns a text round is marked"


@pytest.mark.parametrize(
    ("words", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed(words, expected):
    assert text.listed(words) == expected
