"""Words that CLIP's tokenizer keeps whole."""

from __future__ import annotations

from functools import cache

import open_clip


def everyday(word: str) -> bool:
    """Whether a word, in lower case, is one token of CLIP's, as some 30,000 of English are."""
    return f"{word}</w>" in _tokens()


@cache
def _tokens() -> frozenset[str]:
    return frozenset(open_clip.SimpleTokenizer().encoder)
