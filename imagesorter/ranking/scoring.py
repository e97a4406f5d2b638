"""Tokens and a query → scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagesorter.ranking.order import blend
from imagesorter.ranking.query import Query


class Scorer(Protocol):
    """The text side of a model."""

    def score(self, tokens: NDArray[np.float16], phrase: str, /) -> NDArray[np.float32]:
        """(N, T, D) tokens and one phrase → (N,) scores."""
        ...

    def deviation(self, phrase: str, /) -> float:
        """Of a phrase's scores over everyday photographs, above 0; 1 where it is not known."""
        ...


def score(scorer: Scorer, query: Query, tokens: NDArray[np.float16]) -> NDArray[np.float32]:
    """Scores of images for a whole query.

    Args:
        scorer: the model.
        query: terms with weights, see `weights`.
        tokens: (N, T, D).

    Returns:
        (N,); each depends on its own image alone. Not finite where the model gave no number.
    """
    scores = np.stack([scorer.score(tokens, term.phrase) for term in query.terms])
    return blend(scores, np.array(weights(query, scorer.deviation)))


def weights(query: Query, deviation: Callable[[str], float]) -> tuple[float, ...]:
    """What the scores of a query's terms are multiplied by: in a sum, terms of the same weight are to count
    alike, however far their scores are from each other over everyday photographs.

    Args:
        deviation: of a phrase, as `Scorer.deviation`.
    """
    if len(query.terms) == 1:
        return (query.terms[0].weight,)
    return tuple(term.weight / deviation(term.phrase) for term in query.terms)
