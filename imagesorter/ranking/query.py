"""The query language: from what was typed to weighted phrases for the model.

    query     = [sign] term {sign term} [order]      a sentence is given its signs first, see `wishes`
    sign      = "+" | "-" | "−"              a hyphen between two letters belongs to its word
    term      = {direction | weight} (words ["first"] | quoted text ["first"])
    direction = "more" | "most" | "less" | "least" | "fewer" | "fewest" | "not" | "no" | "without"
              | "never" | "free of" | "free from" | "lack of" | "lacking"
              | ["sort" | "order" | "rank"] "by" | "top 10"
    weight    = number "*", or "*" number or ":" number below 100 behind the words (`dog:2`, `dog: 2`, but not
                "16:9" or "year: 1990"), or a fraction of one alone (`0.5 bright`), or any number in a query
                that has a sign (`sharp + 2 bright`); elsewhere a leading number is a word (`2 people`,
                `1950s car`).
                "50%" is 0.5 in a query with a sign, before "more", "less" or a comparative (`50% sharper`),
                or where each wish of several has one (`70% sharp, 30% dog`); "dog:-2" is "less dog:2"
    order     = "ascending" | "increasing" | "descending" | "decreasing" | "reverse" | "last"
              | "low to high" | "high to low" | "lowest first" | "highest first"

Directions become the sign of the weight; the other words go to the model as typed, folded to
lower case, NFKC and single spaces ("brighter" stays "brighter": models learn comparatives and
superlatives). "less", "least", "fewer", "not", "no", "never", "without", "free of", "lack of", "non-",
"anti-" and "ascending by" negate their term, as "free" does behind it ("noise-free"); "ascending", "reverse",
"last", "low to high" and "lowest first" at the end negate the whole query. "From dark to bright" is "dark".

Wishes joined by commas, or by "and" or "but" before a direction, are a sum, as with "+" ("less noise,
sharper"); so are two that begin with directions ("less noise more contrast"). A comma where no part begins
with a direction, nor has "*" or ":2", belongs to its phrase ("a red, old car"). Words that all have weights
behind them need no comma ("dog:2 snow:1"). "Dogs without people" is a difference, as with "−"; so are "dogs,
not people", "dogs vs people", "dogs, vs people" and the like. Of "photos without people", "photos" is no
wish. Behind what is not wanted, "but", and "and" before a comparative, begin what is ("less noise and
sharper"). "Throw out the blurry ones" and "the blurry ones out" are "not blurry ones", "w/o noise" and "0
people" are "without noise" and "no people".

Ends of sentences, and brackets around wishes ("colorful (not noisy)"), are commas; other brackets but those
around words on the order ("(ascending)"), apostrophes and « » around words, colons between them, "#" and "@"
are left out. An arrow between words is "to"; one up behind a wish is "more", one down "less". "Noise: low" is
"less noise".

A text in double quotes (" “ ” „, any of them on either side) is a phrase as it stands, for
whatever would be read as something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from imagesorter.errors import QueryError
from imagesorter.ranking.weighed import with_commas
from imagesorter.ranking.wishes import (
    AMOUNT,
    COMPARED,
    LESS,
    MINUS,
    NOT,
    PHOTOS,
    QUOTED,
    WISH,
    WORD_END,
    with_signs,
)

MAX_CHARACTERS = 300
"""Characters in all phrases of a query together."""

MAX_TERMS = 8
"""Terms in a blend."""

MIN_WEIGHT, MAX_WEIGHT = 0.001, 1000.0
"""Limits of a weight's magnitude."""

_ROUNDING = 1e-9
"""Weights that cancel leave less; numbers that differ as typed, more."""


@dataclass(frozen=True, slots=True)
class Term:
    """One phrase of a query.

    Attributes:
        weight: signed, MIN_WEIGHT ≤ |weight| ≤ MAX_WEIGHT; below zero asks for less of the phrase.
        phrase: what the model reads, never blank.
        quoted: the phrase is verbatim, else it is folded.
    """

    weight: float
    phrase: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: the order is by a sum over 1 to MAX_TERMS `terms`, see `scoring.weights`.

    Attributes:
        text: as typed.
        terms: in the order typed.
    """

    text: str
    terms: tuple[Term, ...]


QUOTES = re.compile("[\"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
                     "\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}"
                     "\N{FULLWIDTH QUOTATION MARK}]")  # fmt: skip

_PUNCTUATION = " ,;:"  # left out at either end of a phrase
_DASHES = "\N{EN DASH}\N{EM DASH}-"
_IN_WORD = rf"[^\s{_PUNCTUATION}{QUOTED}+*×{MINUS}{_DASHES}]"
_SIGN = re.compile(rf"([+{MINUS}]|(?<!{_IN_WORD})[{_DASHES}]|[{_DASHES}](?!{_IN_WORD}))")

_HIGH, _LOW = r"(?:most|high(?:est)?)", r"(?:least|low(?:est)?|few(?:est)?)"
_ORDER_OF = r"(?: order)? (?:of|by)"
_ALONE = r"(?= \w*(?:ness|ity|ion|ure|th|contrast|noise|blur)$)"  # not "ascending a hill"
_QUANTITY = rf"(?= {AMOUNT}$)"
_SORT = r"(?:(?:can|could|would) you )?(?:please )?(?:sort|order|rank)(?:ed)?"
_FROM = rf"(?:{_SORT} (?:(?:the |my )?\w+ )?)?(?:from )?"
_DIRECTION = re.compile(
    rf"(?:(?:{_SORT} )?by:?|{_SORT} (?:\w+ )?(?:according|with respect) to"
    rf"|(?P<low_first>(?:in )?(?:ascending{_ALONE}|(?:increasing|inver(?:se|t|ted)|reversed?){_QUANTITY}"
    rf"|(?:ascending|increasing|reversed?){_ORDER_OF})|{_FROM}{_LOW} to {_HIGH})"
    rf"|(?:in )?(?:descending{_ALONE}|decreasing{_QUANTITY}|(?:decreasing|descending){_ORDER_OF})"
    rf"|{_FROM}{_HIGH} to {_LOW}|(?:the )?(?:more|most|(?P<less>{LESS}))"
    rf"|(?P<not>{NOT}|(?:free|lack) of|free from|lacking)){WORD_END}"
)
_NON = re.compile(r"(?:non-(?=\w)|anti-(?=\w+$))")
_FREE = re.compile(rf"(?P<what>[^\s,;]+(?:-|(?<!ing) ))free(?: {PHOTOS})?")
_FROM_TO = re.compile(
    rf"(?:(?:{_SORT} (?:\w+ )?)?from (?P<what>[^\W\d]+(?: [^\W\d]+){{0,2}}) to [^\W\d].*"
    rf"|{_SORT} (?P<first>[^\W\d]+) to (?!go$)[^\W\d]+)"
)
_NUMBER = r"(?:(?P<fraction>0?[.,]\d+)|\d+(?:[.,]\d+)?)(?:e-?\d+)?"
_WEIGHT = re.compile(
    rf"(?P<number>{_NUMBER})(?: ?(?P<times>[*×]) ?|(?P<percent>%) (?P<by>(?={COMPARED}))?| |(?={QUOTED})|$)"
)
_WEIGHT_BEHIND = re.compile(
    rf"(?P<what>[^*×]*[^*×\s\d])(?: ?[*×] ?|(?<=[^\W\d]):(?=\d?\d?(?:[.,]\d+)?$))(?P<number>{_NUMBER})"
)
_SEVERAL = re.compile(r",(?!\d)|(?<= )(?:and|but)(?= )")
_WORD_START = rf"(?<![^\s{_PUNCTUATION}*×{QUOTED}])"
_FIRST = re.compile(rf"{_WORD_START}first$")
_ORDER = re.compile(
    rf"{_WORD_START}(?P<open>\()?(?:in |from )?"
    rf"(?:descending|decreasing|desc|{_HIGH} to {_LOW}"
    rf"|{_HIGH} first|(?P<reversed>ascending|increasing|asc|reversed?|last|{_LOW} to {_HIGH}|{_LOW} first))"
    r"(?: order)?(?(open)\))$"
)

_TOP = re.compile(
    r"(?:the )?top (?:\d+|five|ten|twenty|fifty|hundred) "
    rf"(?!percent|{PHOTOS}$)(?=[\w{QUOTED}])"
)
_ZERO = re.compile(r"(?:^|(?<=[,;] ))0 (?=[^\W\d])")
_TO = re.compile(r"(?<=\w) ?(?:[=-]+>|[\N{RIGHTWARDS ARROW}\N{RIGHTWARDS DOUBLE ARROW}]) ?(?=\w)")
_UP, _DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"
_ARROW = re.compile(
    rf"(?<![^,;+{MINUS}]) ?([^,;+{MINUS}{_UP}{_DOWN}]*\w) ?([{_UP}{_DOWN}])\ufe0f?(?=$| ?[,;+{MINUS}])"
)
_BETWEEN_ARROWS = re.compile(
    rf"(?<=[{_UP}{_DOWN}\ufe0f]) (?:and |but )?(?=\w[^,;+{MINUS}]*[{_UP}{_DOWN}]\ufe0f?$)"
)
_SETTING = re.compile(
    rf"(?:^|(?<=[,;+{MINUS}] )|(?<= and ))({AMOUNT}) ?[:=] ?(?:(?P<high>high)|low)"
    rf"(?=$| ?[,;+{MINUS}]| and (?:{WISH.pattern}|\w+er\b|{AMOUNT} ?[:=]))"
)
_SAYS_HOW_MUCH = frozenset(f"by|first|last|more|most|{LESS}|{NOT}".split("|"))
_COLON = re.compile(r"(?<=\w) ?: (?=\w)")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of writing; in a message they would turn its words, too."""

_CLOSE = rf"\w)\]'{QUOTED}\N{{RIGHT SINGLE QUOTATION MARK}}"
_SENTENCE_END = re.compile(
    rf"(?<=[{_CLOSE}]) ?[!?\N{{IDEOGRAPHIC FULL STOP}}][.!?]*(?=[\s,;:)\]{QUOTED}]|$)"
    rf"|(?<=[{_CLOSE}])(?<!\b\w)(?<!\b\w\w)(?<!\b\w\w\w)\.+(?=[\s,;:)\]{QUOTED}]|$)"
    rf"|(?<=[{_CLOSE}])\.+(?=$| {WISH.pattern})"
)
"""A full stop ends no sentence behind three letters or fewer, as of "st. bernard" or "no. 5", unless the text
ends there or a wish begins."""

_STROKES = "'`\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}«»‹›"
_OPENING = "#@\N{INVERTED QUESTION MARK}\N{INVERTED EXCLAMATION MARK}"
_AROUND_WORDS = re.compile(rf"(?<![\w{QUOTED}])[{_STROKES}{_OPENING}]+|[{_STROKES}]+(?!\w)")
_BRACKETS = re.compile(r" ?[(\[{]([^()\[\]{}]*)[)\]}] ?")
_COMMAS = re.compile(r"(?: ?, ?){2,}")
_BEFORE_SIGN = re.compile(rf" ?,(?= ?[+{MINUS}]| [{_DASHES}] )")

_HOW = "Type an attribute such as “more colorful”, “less noise” or “sharper + 0.5 brighter”."


def parse(text: str, names: Collection[str] = ()) -> Query:
    """Read a query.

    Args:
        names: phrases that mean something though they may have no letter, folded.

    Raises:
        QueryError: the text is no query; the message says what to change.
    """
    if len(text) > 10 * MAX_CHARACTERS:  # with whatever signs and spaces; keeps the work below small
        raise _too_long(len(text))
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\v\f\r\x85" for c in text):
        raise QueryError(f"The query contains characters that are not text. {_HOW}")
    chunks = QUOTES.split(text)
    if len(chunks) % 2 == 0:
        raise QueryError("A quotation mark has no partner: close the quoted text, or leave the mark out.")
    quoted = iter(chunks[1::2])

    folded = _plain(_fold(QUOTED.join(chunks[0::2])))
    signed = _SIGN.search(folded) is not None
    if not signed:  # beside a sign it would be a weight
        folded = _ZERO.sub("no ", folded)
    first, *rest = _SIGN.split(with_signs(folded, _ORDER.fullmatch))
    bodies = [body.strip(_PUNCTUATION) for body in (first, *rest[1::2])]
    signs = ["+", *rest[0::2]]
    if rest and not bodies[0]:  # the sign before the first term
        del bodies[0], signs[0]
    if not any(bodies):
        raise QueryError(f"The query is empty. {_HOW}")
    if not all(bodies):
        raise QueryError("A + or − has no text on one side: put one sign between two texts.")
    if len(bodies) > MAX_TERMS:
        raise QueryError(f"The query blends {len(bodies)} texts; the limit is {MAX_TERMS}. Leave some out.")

    bodies[-1], turn = _strip_order(bodies[-1])
    terms = []
    for sign, body in zip(signs, bodies, strict=True):
        weight, phrase = _strip_directions(body, signed=signed)
        direction = turn if sign == "+" else -turn
        if QUOTED not in phrase:
            terms.append(Term(direction * weight, _checked(phrase, names)))
        elif phrase == QUOTED:
            terms.append(Term(direction * weight, _checked(next(quoted), names), quoted=True))
        else:
            raise QueryError(
                "A quoted text stands beside other words: quote all of it or nothing, "
                "or put + or − between them."
            )

    together: dict[tuple[str, bool], float] = {}
    for term in terms:
        wish = term.phrase, term.quoted
        together[wish] = together.get(wish, 0.0) + term.weight
    if not any(abs(weight) > _ROUNDING for weight in together.values()):
        raise QueryError(f"“{terms[0].phrase}” is added and taken away: nothing is left to order by. {_HOW}")
    length = sum(len(term.phrase) for term in terms)
    if length > MAX_CHARACTERS:
        raise _too_long(length)
    return Query(text, tuple(terms))


def _too_long(length: int) -> QueryError:
    return QueryError(
        f"The query is {length:,} characters long; the limit is {MAX_CHARACTERS}. "
        "Say it in fewer words, such as “more colorful”."
    )


def _fold(text: str) -> str:
    """Lower case, NFKC, single spaces; folding twice is folding once."""
    spaced = re.sub("[\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}]", " ", _TURNING.sub("", text))
    lowered = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", spaced).lower())
    return " ".join(lowered.split())


def _plain(folded: str) -> str:
    """A folded text without signs that ask for nothing: what ends a sentence and wishes in brackets stand
    between commas; other brackets, quotation marks of one stroke, "#" and "@" are left out."""
    text = _ARROW.sub(_pointed, _BETWEEN_ARROWS.sub(", ", _TO.sub(" to ", folded)))
    text = _AROUND_WORDS.sub("", _SENTENCE_END.sub(",", text))
    while (bare := _BRACKETS.sub(_unbracketed, text)) != text:
        text = bare
    text = _SETTING.sub(lambda found: f"{'more' if found['high'] else 'less'} {found[1]}", text.strip(" ,"))
    text = _COLON.sub(" ", with_commas(text))
    return " ".join(_BEFORE_SIGN.sub("", _COMMAS.sub(", ", text)).split())


def _pointed(found: re.Match[str]) -> str:
    """A wish with an arrow as one for more or less; one that says how much already is left as it is."""
    if any(word in _SAYS_HOW_MUCH or word.endswith("est") for word in found[1].split()):
        return found[0]
    return f" {'more' if found[2] == _UP else 'less'} {found[1]}"


def _unbracketed(found: re.Match[str]) -> str:
    if _ORDER.fullmatch(found[0].strip()):
        return found[0]
    return f", {found[1]}, " if WISH.match(found[1]) else re.sub(r"[()\[\]{}]", "", found[0])


def _strip_order(body: str) -> tuple[str, int]:
    """The last term without words on the order of the whole, and their sign."""
    sign = 1
    while found := _ORDER.search(body) or _FIRST.search(body):
        if found.groupdict().get("reversed"):
            sign = -sign
        body = body[: found.start()].rstrip(_PUNCTUATION)
    return body, sign


def _strip_directions(body: str, *, signed: bool) -> tuple[float, str]:
    """A term's weight, and what is left of it for the model."""
    weight, direction, weighted = 1.0, 1, False
    while body:
        if found := _TOP.match(body) or _DIRECTION.match(body):
            if any(found.groupdict().values()):  # one of those that negate
                direction = -direction
        elif not weighted and (found := _reads_as_weight(body, signed)):
            weight, weighted = _number(found["number"], 100.0 if found["percent"] else 1.0), True
        elif not weighted and (found := _WEIGHT_BEHIND.fullmatch(body)):
            weight, weighted = _number(found["number"]), True
            body = found["what"]
            continue
        elif found := _NON.match(body):
            direction = -direction
        elif (found := _FREE.fullmatch(body) or _FROM_TO.fullmatch(body)) and not _ORDER.fullmatch(
            what := (found["what"] or found["first"]).strip(f"-{_PUNCTUATION}")
        ):
            direction = -direction if found.re is _FREE else direction
            body = what
            continue
        elif not (found := _FIRST.search(body)):
            break
        body = (body[: found.start()] + body[found.end() :]).strip(_PUNCTUATION)
    if not body:
        raise QueryError(f"The query says how much, but not of what. {_HOW}")
    if "*" in body or "×" in body:
        raise QueryError(
            "Beside “*” there must be one number, as in “0.5*sharper”. Put the text in double quotes "
            "if the sign is part of it."
        )
    return direction * weight, body


def _reads_as_weight(body: str, signed: bool) -> re.Match[str] | None:
    """The weight that a term begins with, if it does; `signed` tells whether the query has a sign."""
    found = _WEIGHT.match(body)
    if not found or signed or found["times"]:
        return found
    if found["percent"]:
        return None if found["by"] is None else found
    return found if found["fraction"] and not _SEVERAL.search(body) else None


def _number(typed: str, parts: float = 1.0) -> float:
    value = float(typed.replace(",", ".")) / parts
    if not MIN_WEIGHT <= value <= MAX_WEIGHT:
        raise QueryError(
            f"The weight {typed[:20]} is out of range: use a number from {MIN_WEIGHT} to {MAX_WEIGHT:.0f}, "
            "with − before it to ask for less."
        )
    return value


def _checked(phrase: str, names: Collection[str]) -> str:
    if not any(c.isalnum() for c in phrase) and phrase not in names:
        raise QueryError(f"“{phrase[:40]}” has no letter or digit. {_HOW}")
    return phrase
