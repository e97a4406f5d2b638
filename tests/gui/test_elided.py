"""Labels of one line."""

from __future__ import annotations

import pytest

from imagesorter.gui.elided import ElidedLabel

NAME = "the ones that I would print large and hang in the hall"


@pytest.fixture
def label(qtbot) -> ElidedLabel:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.set_words(f"Which one comes first by “{NAME}”?", NAME)
    return label


def test_a_name_gives_up_its_middle_first(label):
    whole = label.sizeHint().width()
    label.resize(whole, 20)
    label.grab()
    assert label.text() == f"Which one comes first by “{NAME}”?"
    label.resize(whole - 150, 20)
    label.grab()
    assert label.text().startswith("Which one comes first by “the ones")
    assert label.text().endswith("hall”?")
    assert "…" in label.text()
    assert label.toolTip() == label.words
    assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()


def test_then_the_text_gives_up_its_end(label):
    label.resize(100, 20)
    label.grab()
    assert label.text().endswith("…")
    assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()


def test_new_words_are_shown_whole_until_it_is_known_that_they_have_no_room(label):
    label.resize(100, 20)
    label.grab()
    label.set_words("Sorted 59 of 61 images by “sharper”")
    assert (label.text(), label.toolTip()) == (label.words, "")
    label.grab()
    assert label.text().endswith("…")
    assert label.toolTip() == label.words


def test_more_is_told_below_what_was_cut(label):
    label.set_words("3,895 images", more="12 files passed over")
    assert label.toolTip() == "12 files passed over"
    label.resize(40, 20)
    label.grab()
    assert label.toolTip() == "3,895 images\n12 files passed over"
    label.set_words("")
    assert label.toolTip() == ""


def test_a_name_from_right_to_left_stands_apart_and_gives_up_its_middle(label):
    name = " ".join(12 * ["\u05e9\u05de\u05e9"])
    label.set_words(f"Which one comes first by “{name}” (2)?", name)
    assert label.words == f"Which one comes first by “\u2068{name}\u2069” (2)?"
    label.resize(label.sizeHint().width() - 60, 20)
    label.grab()
    assert "…" in label.text() and label.text().endswith("\u05e9\u2069” (2)?")
