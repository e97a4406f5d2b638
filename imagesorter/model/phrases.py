"""Words in texts: told apart, found, and replaced."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from imagesorter.model.particles import JOINING, LEADING

_NEVER = "(?!)"
_AT_ENDS = re.compile(r"(?<!\w)[^\w\s&,]+|[^\w\s&,]+(?!\w)")
_RUN = re.compile(r"\w+")
_SIGNS = " ,;.!?&/-"
_POSSESSIVE = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]s?(?!\\w)")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, without signs; "dog" of "dog's"."""
    return tuple(re.findall(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*", _POSSESSIVE.sub("", text.lower())))


def as_key(text: str) -> str:
    """A word, or several in a row, as `found` and `replaced` look for them: in small letters, with spaces."""
    return text.lower().replace("-", " ")


def found(text: str, keys: Collection[str]) -> tuple[str, ...]:
    """Which of the keys (see `as_key`) a text has as whole words, from left to right; of keys that lie
    within each other, the longest."""
    matches = _pattern(_likely(text, keys)).finditer(text)
    return tuple(key for each in matches if (key := as_key(each[0])) in keys)


def replaced(text: str, by: Mapping[str, str]) -> str:
    """A text with what is `found` in it of a mapping's keys replaced by its values."""
    return _pattern(_likely(text, by)).sub(lambda each: by.get(as_key(each[0]), each[0]), text)


def without(text: str, keys: Iterable[str]) -> str:
    """A text without what is `found` of keys in it."""
    return spaced(replaced(text, dict.fromkeys(keys, "")))


def spaced(text: str) -> str:
    """A text with single spaces between its words, and none around them."""
    return " ".join(text.split())


def unsigned(text: str) -> str:
    """A text without signs at the ends of its words ("sharp!"), but for "&" and commas."""
    return spaced(_AT_ENDS.sub(" ", text))


def trimmed(text: str) -> str:
    """A text without signs and words at its ends that led to what was taken out of it."""
    words = text.strip(_SIGNS).split()
    while words and words[0].strip(_SIGNS) in JOINING:
        del words[0]
    while words and words[-1].strip(_SIGNS) in LEADING:
        del words[-1]
    return " ".join(words).strip(_SIGNS)


def replaced_before(text: str, by: Mapping[str, str], keys: Collection[str]) -> str:
    """A text with a mapping's keys replaced by its values where one of `keys` comes right behind them, but
    not within one of those that are several words: "low noise", not "low key"."""
    pattern = _pattern_before(_likely(text, by), _likely(text, keys))
    return pattern.sub(
        lambda each: f"{by.get(as_key(each['by']), each['by'])} " if each["by"] else each[0], text
    )


def _likely(text: str, keys: Collection[str]) -> frozenset[str]:
    """Keys whose first word a text has: of thousands, a pattern takes a quarter of a second to compile."""
    by_word = _by_first_word(keys if isinstance(keys, frozenset) else frozenset(keys))
    return frozenset(key for word in set(_RUN.findall(text.lower())) for key in by_word.get(word, ()))


@lru_cache(maxsize=64)
def _by_first_word(keys: frozenset[str]) -> dict[str, list[str]]:
    by_word: dict[str, list[str]] = {}
    for key in keys:
        by_word.setdefault(first[0] if (first := _RUN.search(key)) else "", []).append(key)
    return by_word


@lru_cache(maxsize=256)
def _pattern(keys: frozenset[str]) -> re.Pattern[str]:
    """Finds keys, and what is one but for letters like ı, which matches i and has no such lower case."""
    return re.compile(rf"(?<!\w)(?:{_any_of(keys)})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=256)
def _pattern_before(by: frozenset[str], keys: frozenset[str]) -> re.Pattern[str]:
    key = rf"(?:{_any_of(keys)})(?!\w)"
    longer = _any_of(key for key in keys if " " in key)
    return re.compile(
        rf"(?<!\w)(?:(?:{longer})(?!\w)|(?P<by>{_any_of(by)})[ -](?={key})|{key})", re.IGNORECASE
    )


def _any_of(keys: Iterable[str]) -> str:
    longest_first = sorted(keys, key=len, reverse=True)
    return "|".join(re.escape(key).replace(r"\ ", "[ -]") for key in longest_first) or _NEVER
