"""From scores to an order. NumPy only, pure, and pointwise: no score depends on another image's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagesorter.events import Ranked


class Order(NamedTuple):
    """Images best first.

    Attributes:
        file_ids: (n,) int64; images of equal score stand by rising id.
        scores: (n,) float32, not increasing.
        ranks: (n,) int64 from 1, "standard competition" ranks: 1, 2, 2, 4.
        percentiles: (n,) float64 in [0, 100]: share of the other images that stand lower, ties
            counting half; 100 for an image that is alone.
    """

    file_ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    ranks: NDArray[np.int64]
    percentiles: NDArray[np.float64]


def order(file_ids: ArrayLike, scores: ArrayLike) -> Order:
    """Sort images by falling score.

    Args:
        file_ids: (n,) integers, each once.
        scores: (n,) finite; −0.0 is 0.0.

    Raises:
        ValueError: the shapes differ, or a score is not finite (a fault of the model).
    """
    ids, values = _checked(file_ids, scores)
    best_first = np.lexsort((ids, -values))
    ids, values = ids[best_first], values[best_first]

    n = len(values)
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]][:n])
    sizes = np.diff(starts, append=n)
    higher = np.repeat(starts, sizes)
    tied = np.repeat(sizes, sizes) - 1
    lower = n - 1 - higher - tied
    shares = 100 * (lower + tied / 2) / (n - 1) if n > 1 else np.full(n, 100.0)
    return Order(ids, values, higher.astype(np.int64) + 1, shares)


def arrange(ranked: Ranked, file_ids: Sequence[int]) -> Ranked:
    """A ranking in an order made by hand: ranks and percentiles are those of the places, each image has its
    own score.

    Args:
        file_ids: those of the ranking, best first.

    Raises:
        ValueError: they are others.
    """
    was = {file_id: place for place, file_id in enumerate(ranked.file_ids.tolist())}
    if sorted(file_ids) != sorted(was):
        raise ValueError("other images are arranged than were ranked")
    now = order(file_ids, -np.arange(len(file_ids)))
    scores = ranked.scores[[was[file_id] for file_id in file_ids]]
    return replace(ranked, file_ids=now.file_ids, scores=scores, ranks=now.ranks, percentiles=now.percentiles)


def blend(scores: ArrayLike, weights: ArrayLike) -> NDArray[np.float32]:
    """Weighted sum of the scores for several phrases.

    An image's result is the same to the last bit whatever else is in the list: the terms are added
    in double precision in their order, without the matrix product whose rounding varies with the size.

    Args:
        scores: (k, n).
        weights: (k,).

    Returns:
        (n,) float32.

    Raises:
        ValueError: the shapes do not fit.
    """
    rows = np.asarray(scores, np.float32)
    factors = np.asarray(weights, np.float64)
    if rows.ndim != 2 or factors.shape != rows.shape[:1]:
        raise ValueError(f"scores {rows.shape} and weights {factors.shape} do not fit")
    total = np.zeros(rows.shape[1])
    for row, factor in zip(rows, factors, strict=True):
        total += factor * row
    return total.astype(np.float32)


class LiveOrder:
    """The order of a list that is still being scored. Ids are positions in the list of files."""

    def __init__(self) -> None:
        self._scores = np.zeros(0, np.float32)
        self._known = np.zeros(0, np.bool_)

    def __len__(self) -> int:
        """Images scored so far."""
        return int(np.count_nonzero(self._known))

    def add(self, file_ids: ArrayLike, scores: ArrayLike) -> None:
        """Take scores in; an image that was scored before gets the new one, the last of several.

        Args:
            file_ids: (n,) integers from 0.
            scores: (n,) finite.

        Raises:
            ValueError: as by `order`, or an id is below zero; nothing is taken in.
        """
        ids, values = _checked(file_ids, scores)
        if len(ids) == 0:
            return
        if ids.min() < 0:
            raise ValueError("a file id is below zero")
        needed = int(ids.max()) + 1
        if needed > len(self._scores):
            room = max(needed, 2 * len(self._scores)) - len(self._scores)
            self._scores = np.pad(self._scores, (0, room))
            self._known = np.pad(self._known, (0, room))
        self._scores[ids] = values
        self._known[ids] = True

    def ranked(self, query: str, model: str, complete: bool) -> Ranked:
        """The order so far, in arrays that later additions do not touch."""
        ids = np.flatnonzero(self._known)
        return Ranked(query, model, *order(ids, self._scores[ids]), complete=complete)


def _checked(file_ids: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    ids = np.asarray(file_ids, np.int64)
    values = np.asarray(scores, np.float32) + np.float32(0)  # −0.0 becomes 0.0
    if ids.ndim != 1 or ids.shape != values.shape:
        raise ValueError(f"file ids {ids.shape} and scores {values.shape} do not fit")
    if not np.isfinite(values).all():
        raise ValueError("a score is not finite")
    return ids, values
