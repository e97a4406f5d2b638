"""Words in texts: told apart, found, and replaced."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

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
    matches = _pattern(frozenset(keys)).finditer(text) if keys else ()
    return tuple(key for each in matches if (key := as_key(each[0])) in keys)


def replaced(text: str, by: Mapping[str, str]) -> str:
    """A text with what is `found` in it of a mapping's keys replaced by its values."""
    return _pattern(frozenset(by)).sub(lambda each: by.get(as_key(each[0]), each[0]), text) if by else text


@lru_cache(maxsize=64)
def _pattern(keys: frozenset[str]) -> re.Pattern[str]:
    """Finds keys, and what is one but for letters like ı, which matches i and has no such lower case."""
    longest_first = sorted(keys, key=len, reverse=True)
    texts = "|".join(re.escape(key).replace(r"\ ", "[ -]") for key in longest_first)
    return re.compile(rf"(?<!\w)(?:{texts})(?!\w)", re.IGNORECASE)
