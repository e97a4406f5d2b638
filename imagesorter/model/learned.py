"""An attribute that a model was trained on, as its manifest tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from imagesorter.model.phrases import words_of


@dataclass(frozen=True)
class LearnedAttribute:
    """An attribute that a model was trained on.

    Attributes:
        name: noun.
        query: the form offered for completion.
        wordings: texts that training used, of either direction.
        prompt: the text to ask the model where the name is typed; empty asks as typed.
        centre, spread: centre + spread × score is on the scale of the labels.
        deviation: of its scores over everyday photographs, above 0. In a sum it is divided by that.
        note: what the user should know whenever the attribute is asked for.
        colour: its name is one of `colours.COLOURS`: photographs are ordered by the amount of it where
            nothing else is asked for.
        whole: said of photographs as wholes alone: beside a thing its wordings mean nothing that is known.
    """

    name: str
    query: str
    wordings: tuple[str, ...]
    prompt: str = ""
    centre: float = 0.0
    spread: float = 1.0
    deviation: float = 1.0
    note: str = ""
    colour: bool = False
    whole: bool = False

    @cached_property
    def word_sets(self) -> tuple[frozenset[str], ...]:
        """Words of each wording."""
        return tuple(frozenset(words_of(wording)) for wording in self.wordings)

    @cached_property
    def words(self) -> frozenset[str]:
        """Of all wordings."""
        return frozenset().union(*self.word_sets)


def attribute_from(stored: Mapping[str, Any]) -> LearnedAttribute:
    """Inverse of `as_stored`. Raises KeyError, TypeError or ValueError."""
    return LearnedAttribute(
        stored["name"],
        stored["query"],
        tuple(stored["wordings"]),
        str(stored.get("prompt", "")),
        float(stored.get("centre", 0.0)),
        float(stored.get("spread", 1.0)),
        _above_zero(stored.get("deviation", 1.0)),
        str(stored.get("note", "")),
        bool(stored.get("colour", False)),
        bool(stored.get("whole", False)),
    )


def _above_zero(value: Any) -> float:
    number = float(value)
    if not 0 < number < inf:
        raise ValueError(f"{number} is not above zero")
    return number


def as_stored(attribute: LearnedAttribute) -> dict[str, Any]:
    """All of an attribute that is not as it would be without being told, for JSON."""
    plain = LearnedAttribute(attribute.name, attribute.query, ())
    values = {"name": attribute.name, "query": attribute.query, "wordings": list(attribute.wordings)}
    return values | {
        field: value
        for field in ("prompt", "centre", "spread", "deviation", "note", "colour", "whole")
        if (value := getattr(attribute, field)) != getattr(plain, field)
    }
