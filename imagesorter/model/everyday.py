"""Words that CLIP's tokenizer keeps whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import open_clip

_END = "</w>"


def whole_words(tokens: Iterable[str]) -> Iterator[str]:
    """Those tokens of CLIP's that are words, without the sign for their end."""
    return (token.removesuffix(_END) for token in tokens if token.endswith(_END))


def everyday(word: str) -> bool:
    """Whether a word, in lower case, is one token of CLIP's, as some 30,000 of English are."""
    return word in _words()


@cache
def _words() -> frozenset[str]:
    return frozenset(whole_words(open_clip.SimpleTokenizer().encoder))
