"""Scores of one fitted method against labels, for each category."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.labelled.dataset import Examples
from imagesorter.training.metrics import Agreement, agreement, mean_of


class Fitted(Protocol):
    """A method that has learned what it will."""

    @property
    def parameters(self) -> int:
        """Numbers that were fitted to labels."""
        ...

    def scores(self, images: NDArray[np.int64], category: int) -> NDArray[np.floating]:
        """(N,) numbers of images → (N,): a higher score is more of the category."""
        ...


def agreements(fitted: Fitted, examples: Examples) -> dict[str, Agreement]:
    """How well scores agree with the rows of each category whose values differ.

    Correlations of scores that do not vary are 0: such scores order nothing.

    Raises:
        FloatingPointError: a score is not finite.
    """
    found = {}
    for number in np.unique(examples.category).tolist():
        rows = examples.category == number
        values = examples.value[rows]
        if not np.ptp(values):
            continue
        scores = fitted.scores(examples.image[rows], number)
        if not np.isfinite(scores).all():
            raise FloatingPointError(examples.categories[number])
        one = agreement(scores, values)
        if math.isnan(one.srcc):
            one = replace(one, srcc=0.0, plcc=0.0)
        found[examples.categories[number]] = one
    return found


def mean_srcc(fitted: Fitted, examples: Examples) -> float:
    """Mean over the categories of Spearman's correlation; −∞ where a score is not finite."""
    try:
        return mean_of(list(agreements(fitted, examples).values())).srcc
    except FloatingPointError:
        return -math.inf
