"""A model together with the orders the user taught it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import TeachingError
from imagesorter.ranking.pipeline import RankingModel
from imagesorter.ranking.query import Query
from imagesorter.ranking.scoring import weights
from imagesorter.training.pairs.naming import phrase_key
from imagesorter.training.pairs.taught import MAX_DEPTH, StartTerm, TaughtRanker


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

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        """As the model does."""
        return self._model.preprocess(image)

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """As the model does."""
        return self._model.encode(pixels)

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        """(N, T, D) tokens and one phrase → (N,) scores.

        Raises:
            TeachingError: what was taught under that name was made for another model.
        """
        ranker = self._rankers.get(phrase_key(phrase))
        if ranker is None:
            return self._model.score(tokens, phrase)
        try:
            return ranker.score(self._model, tokens)
        except TeachingError as error:
            raise TeachingError(f"“{phrase}”: {error}") from error  # one of several, perhaps

    def deviation(self, phrase: str) -> float:
        """Of a phrase's scores over everyday photographs, as far as is known."""
        return 1.0 if phrase_key(phrase) in self._rankers else self._model.deviation(phrase)

    def start_terms(self, query: Query) -> tuple[StartTerm, ...]:
        """A query's terms as the start of a ranker, with the taught rankers that they name.

        Raises:
            TeachingError: one of these starts from others so deep that what starts from it could not be read.
        """
        found = []
        for term, weight in zip(query.terms, weights(query, self.deviation), strict=True):
            taught = self._rankers.get(phrase_key(term.phrase))
            if taught is not None and taught.depth >= MAX_DEPTH:
                raise TeachingError(
                    f"“{term.phrase}” starts from a taught order that starts from another, and so on, "
                    f"{taught.depth} deep. Start from an order of the model's own, or from nothing."
                )
            found.append(StartTerm(weight, term.phrase, taught))
        return tuple(found)
