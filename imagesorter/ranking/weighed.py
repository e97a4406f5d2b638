"""Weights behind the words that they weigh, as people put them: "sharp: 2 dog: 1" is "sharp:2, dog:1"."""

from __future__ import annotations

import re

from imagesorter.ranking.wishes import LESS, MINUS, NOT, QUOTED, WISH, WITHOUT, WORD_END

_WORD = r"(?<=[^\W\d])" + "".join(
    rf"(?<!\b{word})" for word in f"by|first|last|more|most|top|{LESS}|{NOT}".split("|")
)
"""Behind a word that may have a weight."""

_COLON = r" ?: ?(?:\d\d?(?:\.\d+|,\d\d?)?|\.\d+)(?![\w%:]|[.,]\d)"
_TIMES = r" ?[*×] ?(?:\d+(?:[.,]\d+)?|\.\d+)(?![\w%:*×]|[.,]\d)"
_ENDS = (
    rf"(?=$| ?[,;+{MINUS}]| [\N{{EN DASH}}\N{{EM DASH}}-]| (?:and|but) {WISH.pattern}"
    rf"| {WITHOUT}{WORD_END})"
)
"""Before what ends a wish."""

_WEIGHED = rf"[^:,;+*×{MINUS}{QUOTED}]*{_WORD}(?:{_COLON}|{_TIMES})"
_MORE = rf"(?P<more>[ ,](?!(?:or|{WITHOUT}){WORD_END})(?=(?:{_WEIGHED}[ ,])*{_WEIGHED}{_ENDS}))"
"""Between a weight and others, up to the end of the last."""

_WEIGHT = re.compile(rf"{_WORD}(?P<weight>{_COLON}|{_TIMES})(?:{_MORE}|{_ENDS})")
_ZERO = re.compile(r"\D*0*(?:[.,]0*)?")


def with_commas(text: str) -> str:
    """A folded text with commas between words that all have weights behind them, and no blanks around the
    signs of these. What else stands beside a colon is left as it is ("year: 1990", "chapter: 2 of a book"),
    and so is a nought, which is no weight."""

    def plainly(found: re.Match[str]) -> str:
        if _ZERO.fullmatch(found["weight"]):
            return found[0]
        return found["weight"].replace(" ", "") + (", " if found["more"] else "")

    return _WEIGHT.sub(plainly, text)
