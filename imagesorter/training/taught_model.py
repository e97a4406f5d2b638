"""A model together with the orders the user taught it, and the queries that name them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import QueryError, TeachingError
from imagesorter.ranking.pipeline import RankingModel
from imagesorter.ranking.query import Query, Term, parse
from imagesorter.training.labels import name_key
from imagesorter.training.taught import StartTerm, TaughtRanker


class TaughtModel:
    """Scores a phrase that names a taught attribute by what was taught, all others as the model does.

    Args:
        model: reads images.
        rankers: by `phrase_key` of the phrases of a query.
    """

    def __init__(self, model: RankingModel, rankers: Mapping[str, TaughtRanker]) -> None:
        self._model = model
        self._rankers = rankers
        self.name, self.id = model.name, model.id
        self.token_shape, self.min_side, self.batch_size = model.token_shape, model.min_side, model.batch_size

    def preprocess(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """As the model does."""
        return self._model.preprocess(rgb)

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """As the model does."""
        return self._model.encode(pixels)

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        """(N, T, D) tokens and one phrase → (N,) scores."""
        ranker = self._rankers.get(phrase_key(phrase))
        return ranker.score(self._model, tokens) if ranker else self._model.score(tokens, phrase)


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
    return parse(text)


def start_terms(query: Query, rankers: Mapping[str, TaughtRanker]) -> tuple[StartTerm, ...]:
    """A query's terms as the start of a ranker, with the taught rankers that they name."""
    return tuple(
        StartTerm(term.weight, term.phrase, rankers.get(phrase_key(term.phrase))) for term in query.terms
    )
