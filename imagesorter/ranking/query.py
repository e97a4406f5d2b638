"""The query language: from what was typed to weighted phrases for the model.

    query     = [sign] term {sign term} [order]
    sign      = "+" | "-" | "−"              a hyphen between two letters belongs to its word
    term      = {direction | weight} (words ["first"] | quoted text ["first"])
    direction = "more" | "most" | "less" | "least" | "fewer" | "fewest" | "not" | "no" | "without"
              | "never" | "free of" | "free from" | "lack of" | "lacking"
              | ["sort" | "order" | "rank"] "by"
    weight    = number "*", or number alone in a query that has a sign (`sharp + 0.5 bright`);
                elsewhere a leading number is a word (`2 people`, `1950s car`)
    order     = "ascending" | "descending" | "reverse" | "last" | "low to high" | "high to low"

Directions become the sign of the weight; the other words go to the model as typed, folded to
lower case, NFKC and single spaces ("brighter" stays "brighter": models learn comparatives and
superlatives). "less", "least", "fewer", "not", "no", "never", "without", "free of" and "lack of" negate
their term, as "free" does behind it ("noise-free"); "ascending", "reverse", "last" and "low to high" at the
end negate the whole query, as "ascending", "reverse" and "least to most" do before a single term. "From dark
to bright" is "dark".

Wishes joined by commas, or by "and" or "but" before a direction, are a sum, as with "+" ("less noise,
sharper"); so are two that begin with directions ("less noise more contrast"). A comma where no part begins
with a direction belongs to its phrase ("a red, old car"). "Dogs without people" is a difference, as with
"−"; so are "dogs, not people" and the like. Of "photos without people", "photos" is no wish.

A text in double quotes (" “ ” „, any of them on either side) is a phrase as it stands, for
whatever would be read as something else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from imagesorter.errors import QueryError

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
    """A parsed query: the order is by the sum of weight × score over 1 to MAX_TERMS `terms`.

    Attributes:
        text: as typed.
        terms: in the order typed.
    """

    text: str
    terms: tuple[Term, ...]

    @property
    def canonical(self) -> str:
        """One spelling for all queries of the same terms; it parses to these terms."""
        signed = len(self.terms) > 1 or self.terms[0].weight < 0
        written = []
        for position, term in enumerate(self.terms):
            minus = term.weight < 0
            sign = ("-" if minus else "") if position == 0 else (" - " if minus else " + ")
            weight = abs(term.weight)
            implied = weight == 1 and (term.quoted or not _reads_as_weight(term.phrase, signed))
            factor = "" if implied else f"{weight!r}".removesuffix(".0") + "*"
            written.append(sign + factor + (f'"{term.phrase}"' if term.quoted else term.phrase))
        return "".join(written)


QUOTES = re.compile("[\"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
                     "\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}"
                     "\N{FULLWIDTH QUOTATION MARK}]")  # fmt: skip
_QUOTED = "\0"  # stands for a quoted text while the rest is taken apart; typed ones were refused

_PUNCTUATION = " ,;:"  # left out at either end of a phrase
_MINUS = "\N{MINUS SIGN}"
_DASHES = "\N{EN DASH}\N{EM DASH}-"
_IN_WORD = rf"[^\s{_PUNCTUATION}{_QUOTED}+*×{_MINUS}{_DASHES}]"
_SIGN = re.compile(rf"([+{_MINUS}]|(?<!{_IN_WORD})[{_DASHES}]|[{_DASHES}](?!{_IN_WORD}))")

_WORD_END = rf"(?![^\s{_QUOTED}])"
_LESS, _NOT = "less|least|fewer|fewest", "not|no|without|never"
_HIGH, _LOW = r"(?:most|high(?:est)?)", r"(?:least|low(?:est)?|few(?:est)?)"
_DIRECTION = re.compile(
    r"(?:(?:(?:sort|order|rank)(?:ed)? )?by:?"
    rf"|(?P<low_first>ascending|asc|reversed?|(?:from )?{_LOW} to {_HIGH})"
    rf"|descending|desc|(?:from )?{_HIGH} to {_LOW}"
    rf"|(?:the )?(?:more|most|(?P<less>{_LESS}))"
    rf"|(?P<not>{_NOT}|(?:free|lack) of|free from|lacking)){_WORD_END}"
)
_FROM_TO = re.compile(r"(?:(?:sort|order)(?:ed)? )?from (?P<first>\S+(?: \S+)?) to \S+(?: \S+)?")
_FREE = re.compile(r"(?P<of>.+-|\S+ )free(?: (?:photo|picture|image)s?)?")
_WEIGHT = re.compile(
    r"(?P<number>(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:e-?\d+)?)"
    rf"(?: ?(?P<times>[*×]) ?| |(?={_QUOTED})|$)"
)
_WORD_START = rf"(?<![^\s{_PUNCTUATION}*×{_QUOTED}])"
_FIRST = re.compile(rf"{_WORD_START}first$")
_ORDER = re.compile(
    rf"{_WORD_START}(?P<open>\()?(?:in |from )?"
    r"(?:descending|desc|high(?:est)? to low(?:est)?"
    r"|(?P<reversed>ascending|asc|reversed?|last|low(?:est)? to high(?:est)?))"
    r"(?: order)?(?(open)\))$"
)

_WISH = rf"(?:more|most|{_LESS}|{_NOT}){_WORD_END}"
_AND_WISH = re.compile(rf"(?<! with) (?:and|but|&) (?={_WISH})")
_COMMA = re.compile(r" ?[,;] (?:(?:and|but) )?")
_THEN_WISH = re.compile(
    r"(?<=\w)"
    + "".join(
        rf"(?<!\b{word})" for word in f"and|is|much|or|than|the|with|more|most|{_LESS}|{_NOT}".split("|")
    )
    + " (?=(?:more|less|fewer) )"
)
_CONTRACTED = re.compile("n['\N{RIGHT SINGLE QUOTATION MARK}]t\\b")
_NON = re.compile(r"(?<!\S)non-(?=\w)")
_WITHOUT = (
    "(?:without|with no|no|not|never|lacking|free (?:of|from)|except(?: for)?|minus|instead of|rather than)"
)
_BUT_NOT = re.compile(rf"(?<=[\w{_QUOTED}])(?<!\band)(?<!\bby)(?<!\bor) {_WITHOUT}{_WORD_END} ?")
_ALL_BUT = re.compile(
    r"(?:(?:all|any(?:thing)?|are|do|does|every(?:thing)?|has|have|is|me|my|only|show|that|the|there|these|"
    rf"this|which|(?:image|one|photo|photograph|picture|pic|shot)s?) )+{_WITHOUT}{_WORD_END} ?"
)

_HOW = "Type an attribute such as “more colorful”, “less noise” or “sharper + 0.5 brighter”."


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: the text is no query; the message says what to change.
    """
    if len(text) > 10 * MAX_CHARACTERS:  # with whatever signs and spaces; keeps the work below small
        raise _too_long(len(text))
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\v\f\r\x85" for c in text):
        raise QueryError(f"The query holds characters that are no text. {_HOW}")
    chunks = QUOTES.split(text)
    if len(chunks) % 2 == 0:
        raise QueryError("A quotation mark has no partner: close the quoted text, or leave the mark out.")
    quoted = iter(chunks[1::2])

    first, *rest = _SIGN.split(_summed(_spelt_out(_fold(_QUOTED.join(chunks[0::2])))))
    bodies = [body.strip(_PUNCTUATION) for body in (first, *rest[1::2])]
    signs = ["+", *rest[0::2]]
    if rest and not bodies[0]:  # the sign before the first term
        del bodies[0], signs[0]
    if not any(bodies):
        raise QueryError(f"The query is empty. {_HOW}")
    if not all(bodies):
        raise QueryError("A + or − has no text on one side: put one sign between two texts.")
    if len(bodies) > MAX_TERMS:
        raise QueryError(f"The query blends {len(bodies)} texts; {MAX_TERMS} is the most. Leave some out.")

    bodies[-1], turn = _strip_order(bodies[-1])
    terms = []
    for sign, body in zip(signs, bodies, strict=True):
        weight, phrase = _strip_directions(body, signed=bool(rest))
        direction = turn if sign == "+" else -turn
        if _QUOTED not in phrase:
            terms.append(Term(direction * weight, _checked(phrase)))
        elif phrase == _QUOTED:
            terms.append(Term(direction * weight, _checked(next(quoted)), quoted=True))
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
        raise QueryError(f"“{terms[0].phrase}” is added and taken away: what is left orders nothing. {_HOW}")
    length = sum(len(term.phrase) for term in terms)
    if length > MAX_CHARACTERS:
        raise _too_long(length)
    return Query(text, tuple(terms))


def _too_long(length: int) -> QueryError:
    return QueryError(
        f"The query is {length:,} characters long; {MAX_CHARACTERS} is the most. "
        "Say it in fewer words, such as “more colorful”."
    )


def _fold(text: str) -> str:
    """Lower case, NFKC, single spaces; folding twice is folding once."""
    spaced = text.replace("\N{ZERO WIDTH SPACE}", " ").replace("\N{ZERO WIDTH NO-BREAK SPACE}", " ")
    lowered = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", spaced).lower())
    return " ".join(lowered.split())


def _spelt_out(text: str) -> str:
    """The same with "not" by itself."""
    return _NON.sub("not ", _CONTRACTED.sub(" not", text))


def _summed(text: str) -> str:
    """The same with "+" between wishes that were joined as in a sentence."""
    text = _AND_WISH.sub(" + ", text)
    parts = _COMMA.split(text)
    if _ORDER.fullmatch(parts[-1]) and len(parts) > 1:  # that is of the whole
        parts[-2:] = [f"{parts[-2]} {parts[-1]}"]
    if not any(re.match(_WISH, part) for part in parts):
        parts = [text]
    return " + ".join(map(_parted, parts)).replace(f"+ {_MINUS}", _MINUS)


def _parted(wish: str) -> str:
    """The same with a sign before what is not wanted, and before a second direction."""
    wish = _BUT_NOT.sub(
        f" {_MINUS} ", _ALL_BUT.sub(f"{_MINUS} ", wish, count=1) if _ALL_BUT.match(wish) else wish
    )
    return _THEN_WISH.sub(" + ", wish) if re.match(_WISH, wish) else wish


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
        if found := _DIRECTION.match(body):
            if found["low_first"] or found["less"] or found["not"]:
                direction = -direction
        elif not weighted and (found := _reads_as_weight(body, signed)):
            weight, weighted = _number(found["number"]), True
        elif found := _FREE.fullmatch(body):
            direction = -direction
            body = found["of"].strip(f"-{_PUNCTUATION}")
            continue
        elif found := _FROM_TO.fullmatch(body):
            body = found["first"].strip(_PUNCTUATION)
            continue
        elif not (found := _FIRST.search(body)):
            break
        body = (body[: found.start()] + body[found.end() :]).strip(_PUNCTUATION)
    if not body:
        raise QueryError(f"The query says how much, but not of what. {_HOW}")
    if "*" in body or "×" in body:
        raise QueryError(
            "Before “*” there must be one number, as in “0.5*sharper”. Put the text in double quotes "
            "where the sign is part of it."
        )
    return direction * weight, body


def _reads_as_weight(body: str, signed: bool) -> re.Match[str] | None:
    """The weight that a term begins with, if it does; `signed` tells whether the query has a sign."""
    found = _WEIGHT.match(body)
    return found if found and (signed or found["times"]) else None


def _number(typed: str) -> float:
    value = float(typed.replace(",", "."))
    if not MIN_WEIGHT <= value <= MAX_WEIGHT:
        raise QueryError(
            f"The weight {typed[:20]} is out of range: use a number from {MIN_WEIGHT} to {MAX_WEIGHT:.0f}, "
            "with − before it to ask for less."
        )
    return value


def _checked(phrase: str) -> str:
    if not any(c.isalnum() for c in phrase):
        raise QueryError(f"“{phrase[:40]}” has no letter or digit. {_HOW}")
    return phrase
