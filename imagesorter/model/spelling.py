"""What was likely meant by a word that nobody taught the model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable
from itertools import takewhile

from imagesorter.model.bundle import Manifest
from imagesorter.model.particles import BESIDE, TURNS
from imagesorter.model.phrases import as_key, found, trimmed, without, words_of

_SHORTEST, _SHORTEST_SWAPPED = 5, 4
"""Letters; of shorter words, too many are alike."""

_CANDIDATES = 8

_DIRECTIONS = ("fewer", "least", "less", "without")

_ALIKE = 0.8
"""Of `difflib`, 1 where equal: of words of few letters even one slip is too much."""


def put_right(
    typed: str,
    phrases: Iterable[str],
    manifest: Manifest,
    names: Iterable[str] = (),
    is_word: Callable[[str], bool] = lambda _: False,
) -> str:
    """A query as it was likely meant.

    Args:
        typed: the whole query.
        phrases: of it, that the model has not learned.
        names: what the user taught.
        is_word: tells words that stand as they were meant.

    Returns:
        the query with words that the model has learned, or names, in the place of such as look like them,
        and with names beside other words put behind a sign;
        "" where that does not make every phrase known.
    """
    known, taught = sorted({*manifest.naming, *_DIRECTIONS}), tuple(names)
    for phrase in phrases:
        meant = _nearest(phrase, taught)
        if meant is None and typed.strip().casefold() == phrase:
            meant = _apart(phrase, taught, manifest)
        if meant is not None:
            typed, done = _replaced(typed, phrase, meant)
            if not done:
                return ""
            continue
        for word in manifest.unlearned(phrase):
            meant = _unfinished(word, known) if is_word(word) else _nearest(word, known)
            if meant is None:
                return ""
            phrase = _replaced(phrase, word, meant)[0]
            typed, done = _replaced(typed, word, meant)
            if not done:
                return ""
        if manifest.unlearned(phrase):
            return ""
    return typed


def _apart(phrase: str, taught: Iterable[str], manifest: Manifest) -> str | None:
    """A sum of the rest of a phrase and of what the user taught within it; that alone, where the rest asks
    for nothing; None where it is not known."""
    names = {as_key(name): name for name in taught}
    name = next(iter(found(phrase, names.keys())), "")
    if not name:
        return None
    rest = trimmed(without(phrase, (name,)))
    if (BESIDE - TURNS).issuperset(word for word in words_of(rest) if manifest.reads_as.get(word) != ""):
        return names[name]
    return None if manifest.unlearned(rest) else f"{rest} + {names[name]}"


def _unfinished(word: str, known: Collection[str]) -> str | None:
    """What a word is that stands by itself, too, if it lies between two forms of one: "sharpe", a name, but
    "sharper" without its end. Other such words are left: "butter" is no slip for "better"."""
    between = len(word) >= _SHORTEST and word.endswith("e") and {word[:-1], f"{word}r"}.issubset(known)
    return f"{word}r" if between else None


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """The one most like a word, with its letters in another order before all else; the first letter is
    seldom mistyped."""
    begun = [each for each in known if each[:1] == word[:1]]
    swapped = [each for each in begun if sorted(each) == sorted(word)]
    if swapped and len(word) >= _SHORTEST_SWAPPED:
        return swapped[0]
    near = difflib.get_close_matches(word, begun, _CANDIDATES, _ALIKE) if len(word) >= _SHORTEST else []
    near = [each for each in near if _is_one_slip(word, each)]
    if not near:
        return None
    # "cloudless" is no slip for "clouds", but its contrary
    contrary = near[0] not in _DIRECTIONS and near[0].endswith("less") != word.endswith("less")
    return None if contrary else near[0]


def _is_one_slip(typed: str, meant: str) -> bool:
    """Whether a letter too many, missing, wrong, or changed with its neighbour makes one word the other."""
    start = _alike(typed, meant)
    end = _alike(typed[start:][::-1], meant[start:][::-1])
    wrong, right = typed[start : len(typed) - end], meant[start : len(meant) - end]
    return max(len(wrong), len(right)) <= 1 or (len(wrong) == 2 and wrong == right[::-1])


def _alike(one: str, other: str) -> int:
    """How many letters two words begin with together."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _replaced(text: str, old: str, new: str) -> tuple[str, bool]:
    """A text with whole words replaced in it, and whether there were some."""
    text, count = re.subn(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, flags=re.IGNORECASE)
    return text, bool(count)
