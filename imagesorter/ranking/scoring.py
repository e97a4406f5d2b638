"""Tokens and a query → scores."""

from __future__ import annotations

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


def score(scorer: Scorer, query: Query, tokens: NDArray[np.float16]) -> NDArray[np.float32]:
    """Scores of images for a whole query.

    Args:
        scorer: the model.
        query: terms with weights.
        tokens: (N, T, D).

    Returns:
        (N,); each depends on its own image alone. Not finite where the model gave no number.
    """
    scores = np.stack([scorer.score(tokens, term.phrase) for term in query.terms])
    return blend(scores, np.array([term.weight for term in query.terms]))
