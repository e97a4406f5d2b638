"""What a user is told of a query before its order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imagesorter.model.bundle import LearnedAttribute, Manifest, read_manifest, write_manifest
from imagesorter.model.routes import route
from imagesorter.ranking.notices import notices

WORDS = "a the more in sharp sharper better focused aesthetic dog dogs snow"

MODEL = Manifest(
    folder=Path(),
    name="small",
    title="Small",
    description="",
    clip_config="",
    adapter={},
    attributes=(
        LearnedAttribute("sharpness", "sharper", ("sharp", "sharper", "better focused")),
        LearnedAttribute("aesthetic", "more aesthetic", ("aesthetic", "better"), note="No taste."),
    ),
    vocabulary=frozenset(WORDS.split()),
    subjects=("dog", "snow"),
)


class Reads:
    def words_read(self, phrase: str) -> bool:
        return len(phrase) < 40


def told(*phrases: str, manifest: Manifest = MODEL) -> list[str]:
    return [notice.text for notice in notices(Reads(), manifest, phrases)]


def test_a_learned_attribute_needs_no_word():
    assert told("sharper", "more sharp") == []


def test_what_was_not_learned_is_a_guess():
    (text,) = told("melancholic")
    assert text == (
        "Small has not learned “melancholic”: this order is a guess. It knows: sharper, more aesthetic."
    )


def test_many_attributes_are_not_all_listed():
    many = tuple(LearnedAttribute(f"a{i}", f"more a{i}", (f"a{i}",)) for i in range(12))
    (text,) = told("melancholic", manifest=replace(MODEL, attributes=many))
    assert text.endswith("more a7, and more.")


@pytest.mark.parametrize(
    "phrase", ["dog", "more dogs", "a dog in the snow", "aesthetic", "better photo", "sharper dog"]
)
def test_subjects_and_stand_ins_are_rough(phrase: str):
    manifest = replace(MODEL, vocabulary=MODEL.vocabulary | {"photo"})
    assert route(phrase, manifest).by == "rough"
    assert "has not learned" not in "".join(told(phrase, manifest=manifest))


@pytest.mark.parametrize("phrase", ["sharper", "better focused"])
def test_what_was_trained_well_is_not_rough(phrase: str):
    assert route(phrase, MODEL).by == "adapter"


@pytest.mark.parametrize("phrase", ["a cat in the snow", "first", "the"])
def test_a_word_never_shown_makes_a_guess_of_it(phrase: str):
    (text,) = told(phrase)
    assert "has not learned" in text


def test_a_note_comes_with_its_attribute_alone():
    assert told("more aesthetic") == ["No taste."]
    assert told("better", "aesthetic") == ["No taste."], "once for both"
    assert told("better focused") == [], "the longer wording names another attribute"


def test_a_long_text_is_told_to_be_cut():
    assert any("only its beginning is read" in text for text in told("sharper " * 6))


def test_notes_and_subjects_come_back_from_disk(tmp_path: Path):
    write_manifest(replace(MODEL, folder=tmp_path))
    again = read_manifest(tmp_path)
    assert again == replace(MODEL, folder=tmp_path)
