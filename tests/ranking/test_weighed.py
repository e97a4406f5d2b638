"""Weights behind words, and wishes set against each other, with and without commas."""

from __future__ import annotations

import pytest

from imagesorter.errors import QueryError
from imagesorter.ranking.query import parse


def terms(text: str) -> list[tuple[float, str]]:
    return [(term.weight, term.phrase) for term in parse(text).terms]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("dog: 2", "2*dog"),
        ("dog :2", "2*dog"),
        ("dog : 0,5", "0.5*dog"),
        ("dog: .5!", "0.5*dog"),
        ("(dog: 2)", "2*dog"),
        ("no dog: 2", "-2 dog"),
        ("sort by: sharp: 2", "2*sharp"),
        ("dog: 2, cat", "2*dog, cat"),
        ("dog: 2; cat : 1", "2*dog, cat"),
        ("dog: 2 and cat: 3", "2*dog, 3*cat"),
        ("colorful: 2 -noise", "2 colorful - noise"),
        ("sharp - colorful: 2", "sharp - 2 colorful"),
        ("dog: 2 without cat", "2*dog, no cat"),
        ("dog: 2 and less noise", "2*dog, less noise"),
        ("noise: low, dog: 2", "less noise, 2*dog"),
        ('"a: 3" + dog: 2', '"a: 3" + 2 dog'),
        ("sharp:0.5 colorful:1", "0.5 sharp + colorful"),
        ("sharp: 0.5 colorful: 1", "0.5 sharp + colorful"),
        ("sharp:2,colorful:1,5", "2 sharp + 1.5 colorful"),
        ("sharp*2 colorful * 3", "2 sharp + 3 colorful"),
        ("sharp:2 red car:1.5", "2 sharp + 1.5 red car"),
        ("no dog:2 cat:1", "-2 dog + cat"),
        ("dog:2 cat:1 and bird:3, snow", "2 dog + cat + 3 bird + snow"),
        ("colorful:2 sharp:1 - noise:3 blur:2", "2 colorful + sharp - 3 noise + 2 blur"),
        ("dog: 2 vs cat: 3", "2 dog - 3 cat"),
        ("dog:2 instead of cat:1", "2 dog - cat"),
        ("sharp:2 colorful:1, ascending", "-2 sharp - colorful"),
        ("sharper:-2, dog", "-2 sharper + dog"),
        ("sharper: -2, dog: 1", "-2 sharper + dog"),
        ("sharp:2 dog:\N{MINUS SIGN}1", "2 sharp - dog"),
        ("sharper*-2, dog", "-2 sharper + dog"),
        ("dog : -0,5", "-0.5 dog"),
        ("less noise:-2", "2*noise"),
        ("30% sharper, 70% colorful", "0.3 sharper + 0.7 colorful"),
        ("50% sharper and 50% dog", "0.5 sharper + 0.5 dog"),
        ("20% sharper, 30% less noise, and 50% snow", "0.2 sharper - 0.3 noise + 0.5 snow"),
    ],
)
def test_weights_are_read_however_they_are_set(text: str, same: str):
    assert parse(text).terms == parse(same).terms


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("year: 1990", "year 1990"),
        ("iso: 100", "iso 100"),
        ("16: 9", "16 9"),
        ("ratio: 16:9", "ratio 16:9"),
        ("time: 12:30", "time 12:30"),
        ("dogs: 2,000", "dogs 2,000"),
        ("sharp: 50%", "sharp 50%"),
        ("50% silver, blue", "50% silver, blue"),
        ("100% cotton and wool", "100% cotton and wool"),
        ("time: 2 pm", "time 2 pm"),
        ("chapter: 2 of a book", "chapter 2 of a book"),
        ("act:1 scene:2 play", "act:1 scene:2 play"),
        ("dog:2 or cats", "dog:2 or cats"),
        ("dog 2 cat 1", "dog 2 cat 1"),
        ("people: 0", "people 0"),
        ("top: 10", "top 10"),
        ("sort by: 2", "2"),
        ("color: red", "color red"),
        ("sharp^2", "sharp^2"),
    ],
)
def test_other_numbers_are_words(text: str, phrase: str):
    assert terms(text) == [(1, phrase)]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("sharp, vs blurry", "sharp vs blurry"),
        ("sharp, vs. blurry", "sharp vs. blurry"),
        ("sharp; versus blurry", "sharp versus blurry"),
        ("dogs, rather than cats", "dogs rather than cats"),
        ("beach, except for people", "beach except for people"),
        ('"my dog", vs "a dog"', '"my dog" vs "a dog"'),
        ("sharp, vs blurry, less noise", "sharp vs blurry, less noise"),
    ],
)
def test_a_comma_before_what_is_not_wanted_changes_nothing(text: str, same: str):
    assert len(parse(text).terms) > 1
    assert parse(text).terms == parse(same).terms


def test_vs_with_nothing_behind_it_is_a_word():
    assert terms("sharp, vs") == [(1, "sharp, vs")]


@pytest.mark.parametrize("part", ["a:1 ", "a : 1 ", "a*1 ", "a:1, ", "a:,", ", vs"])
def test_a_long_text_of_weights_is_refused(part: str):
    with pytest.raises(QueryError):
        parse(part * 500)
