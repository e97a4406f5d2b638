"""Texts that are remembered, and those that are forgotten for them."""

from __future__ import annotations

import pytest

from imagesorter.model.remembered import Remembered


def test_what_was_not_asked_about_for_longest_is_forgotten():
    remembered, worked_out = Remembered[str](2), []

    def get(text: str) -> str:
        return remembered.get(text, lambda: worked_out.append(text) or text.upper())

    assert [get(text) for text in "abacab"] == list("ABACAB")
    assert worked_out == ["a", "b", "c", "b"]


def test_nothing_is_remembered_of_what_failed():
    remembered = Remembered[int](2)
    for text in ("one", "two"):
        remembered.get(text, lambda: 1)
    with pytest.raises(ZeroDivisionError):
        remembered.get("three", lambda: 1 // 0)
    assert remembered.get("three", lambda: 3) == 3
    assert remembered.get("two", lambda: 2) == 1
