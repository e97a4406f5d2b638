"""Queries that name what the user taught."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from imagesorter.errors import QueryError, TeachingError
from imagesorter.ranking.query import Query, Term, parse
from imagesorter.training.pairs.labels import name_key


def phrase_key(text: str) -> str:
    """What a name and a phrase that names it share; "" for what can be no name."""
    try:
        return name_key(text)
    except TeachingError:
        return ""


def aliases(name: str) -> tuple[str, ...]:
    """Keys of phrases that name an attribute: its own, and what a query makes of it ("more fun": "fun")."""
    keys = [phrase_key(name)]
    try:
        terms = parse(name).terms
    except QueryError:
        terms = ()
    if len(terms) == 1 and terms[0].weight == 1:
        keys.append(phrase_key(terms[0].phrase))
    return tuple(dict.fromkeys(keys))


def named_by(names: Iterable[str]) -> dict[str, set[str]]:
    """Keys of the phrases that name each attribute; what is one's name as it stands is no other's."""
    own = {name: phrase_key(name) for name in names}
    taken = set(own.values())
    return {name: {key} | (set(aliases(name)) - taken) for name, key in own.items()}


def parse_query(text: str, names: Collection[str]) -> Query:
    """Read a query; one that is the name of a taught attribute as it stands needs no other meaning.

    Args:
        names: keys of taught attributes.

    Raises:
        QueryError: it cannot be understood.
    """
    key = phrase_key(text)
    if key and key in names:
        return Query(text, (Term(1.0, key, quoted=True),))
    return parse(text, names)


def less_of(terms: Sequence[Term]) -> str | None:
    """The one phrase that a query asks for less of, where that is a query for more of it, and may be a name;
    else None. A text in quotes is none: it is to be read as it stands."""
    if len(terms) != 1 or terms[0].weight > 0 or terms[0].quoted:
        return None
    phrase = terms[0].phrase
    try:
        positive = parse(phrase).terms
    except QueryError:
        return None
    return phrase if phrase_key(phrase) and positive == (Term(1.0, phrase),) else None
