"""Which attribute a query of the Sort tab asks for, among those that are taught."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from imagesorter.answers import TaughtAttribute
from imagesorter.errors import QueryError
from imagesorter.ranking.query import Term, parse


class Asked(NamedTuple):
    """An attribute.

    Attributes:
        attribute: its name.
        start: what to start from where it is a new one.
        is_reversed: the query asks for the least of it first.
    """

    attribute: str
    start: str | None
    is_reversed: bool = False


def asked_by(query: str, taught: Sequence[TaughtAttribute]) -> Asked:
    """The attribute that a query sorts by: one that is taught, or a new one of that name."""
    for one in taught:
        if query in (one.query, one.name):
            return Asked(one.name, None)
    names = {one.query for one in taught}
    asked = _only_term(query, names)
    for one in taught:
        term = _only_term(one.query, names)
        if asked and term and asked.phrase == term.phrase and asked.weight * term.weight < 0:
            return Asked(one.name, None, is_reversed=True)
    return Asked(query, query)


def _only_term(query: str, names: Collection[str]) -> Term | None:
    try:
        terms = parse(query, names).terms
    except QueryError:
        return None
    return terms[0] if len(terms) == 1 else None
