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


_SUN, _PICTURE = "\u05e9\u05de\u05e9", "\u0635\u0648\u0631\u0629"


def test_a_name_from_right_to_left_stands_apart_and_no_other_does():
    for name in (_SUN, f"{_PICTURE} 2 (1).jpg", f"a {_SUN}", "\u0661\u0662"):
        assert text.named(name) == f"\u2068{name}\u2069"
    for name in ("größer", "写真 2", "a (1).jpg", "", "12", "🧀"):
        assert text.named(name) == name
    assert text.named(f"{_SUN}\u2069\u202e2") == f"\u2068{_SUN}\ufffd\ufffd2\u2069", "none can end it itself"
    assert text.named(50 * _SUN, 40) == f"\u2068{text.shortened(50 * _SUN, 40)}\u2069"


def test_in_a_message_names_stand_apart_that_are_quoted_or_were_made_to():
    told = f"3 pairs for “{_SUN}”, “a” and “{_PICTURE} 7”. 12 more."
    shown = f"3 pairs for “\u2068{_SUN}\u2069”, “a” and “\u2068{_PICTURE} 7\u2069”. 12 more."
    assert text.message(told) == text.line(told) == text.message(shown) == shown
    assert text.message(f"for “{text.named(_SUN)}”\nin {text.named(_PICTURE)} (2)") == (
        f"for “\u2068{_SUN}\u2069”\nin \u2068{_PICTURE}\u2069 (2)"
    )
    for told in ("“a”: 12 of “b”", "\ufffdx", "“", "”x“", "“”", ""):
        assert text.message(told) == told
    assert text.message(f"\u2068x “\u202e{_SUN}” y\u2067") == f"\ufffdx “\u2068\ufffd{_SUN}\u2069” y\ufffd"


def test_a_message_runs_from_the_left_though_it_begins_with_a_name_that_does_not():
    told = text.message(f"{text.named(f'{_SUN} (2).csv')}: 3 rows\n“{_PICTURE}” (1)\nabc “{_SUN}”")
    assert [each[0] for each in told.split("\n")] == ["\u200e", "\u200e", "a"]
    assert told == text.message(told), "what is a message already stays one"
    assert text.sentence(told) == told


@pytest.mark.parametrize(
    ("words", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed(words, expected):
    assert text.listed(words) == expected
