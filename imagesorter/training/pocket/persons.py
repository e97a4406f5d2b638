"""How many people captions speak of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from imagesorter.model.phrases import words_of

_SINGLE = """
    adult baby bicyclist biker boy child climber cowboy cyclist dancer female girl guy hiker kid lady male
    man person player rider runner skateboarder skier snowboarder someone surfer swimmer teenager toddler
    woman worker
"""
_PLURAL = """
    adults babies bikers boys children cyclists dancers friends girls guys hikers kids ladies men people
    players riders runners students teenagers women workers
"""
_ONE, _SEVERAL = frozenset(_SINGLE.split()), frozenset(_PLURAL.split())
_TOGETHER = {"couple": 2, "family": 4, "band": 4, "group": 5, "team": 6, "audience": 12, "crowd": 12}
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}

PERSONS = _ONE | _SEVERAL | _TOGETHER.keys()
"""Words of captions for whoever is in a photograph."""

_MANY = 3
"""Of a plural without a number."""

_BEFORE = 3
"""Words from a number to what it counts: "three young men"."""

_MOST_NAMED = 4
"""Mentions of single persons, beyond which it is the same ones again."""


def people_in(captions: Sequence[str]) -> float:
    """The mean logarithm, over captions of one photograph, of how many people each speaks of and a half."""
    return sum(math.log(_people(text) + 0.5) for text in captions) / len(captions)


def _people(caption: str) -> int:
    words = words_of(caption)
    single = min(sum(word in _ONE for word in words), _MOST_NAMED)
    counted = [
        _NUMBERS[number]
        for place, word in enumerate(words)
        if word in _SEVERAL
        for number in words[max(place - _BEFORE, 0) : place]
        if number in _NUMBERS
    ]
    several = _MANY if any(word in _SEVERAL for word in words) else 0
    together = max((_TOGETHER[word] for word in words if word in _TOGETHER), default=0)
    return max(single, max(counted) if counted else max(several, together))
