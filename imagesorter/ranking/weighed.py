"""Weights as people put them: "sharp: 2 dog: 1" is "sharp:2, dog:1", "sharp: -2" is "less sharp:2", and
"70% sharp, 30% dog" is "0.7*sharp, 0.3*dog"."""

from __future__ import annotations

import re
from decimal import Decimal

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
_NEGATIVE = re.compile(
    rf"(?P<what>[^\s:,;+*×{MINUS}{QUOTED}\d][^:,;+*×{MINUS}{QUOTED}]*){_WORD}(?P<sign> ?[:*×] ?)"
    rf"[{MINUS}\N{{EN DASH}}-](?=(?:\d|\.\d))(?P<number>[\d.,]*\d)(?=$|[ ,;])"
)
_ZERO = re.compile(r"\D*0*(?:[.,]0*)?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?% (?=[^\W\d])")
_PARTS = re.compile(r" ?, ?(?:and )?| and ")


def with_commas(text: str) -> str:
    """A folded text with commas between words that all have weights behind them, and no blanks around the
    signs of these. What else stands beside a colon is left as it is ("year: 1990", "chapter: 2 of a book"),
    and so is a nought, which is no weight."""

    def plainly(found: re.Match[str]) -> str:
        if _ZERO.fullmatch(found["weight"]):
            return found[0]
        return found["weight"].replace(" ", "") + (", " if found["more"] else "")

    return _WEIGHT.sub(plainly, _NEGATIVE.sub(r"less \g<what>\g<sign>\g<number>", _without_percents(text)))


def _without_percents(text: str) -> str:
    """Where each of several wishes begins with a percentage, with factors in their place."""
    parts = _PARTS.split(text)
    shares = [_PERCENT.match(part) for part in parts]
    if len(parts) < 2 or not all(shares):
        return text
    return ", ".join(
        f"{Decimal(share[1]) / 100:f}*{part[share.end() :]}"
        for part, share in zip(parts, shares, strict=True)
        if share
    )
