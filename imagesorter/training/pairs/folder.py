"""The opened photographs as a fit sees them. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.preference import START_WEIGHT, Comparisons, Posterior
from imagesorter.training.pairs.taught import StartTerm
from imagesorter.training.pairs.taught_features import Basis

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_AT_RANDOM = 4000


@dataclass(frozen=True)
class Folder:
    """The opened photographs as a fit sees them.

    Attributes:
        features: (N, 1 + K + C): the start's score, such that two photographs at random differ by 1 in the
            square mean, then directions and known orders of `basis`.
        basis: of the features.
        start_scale: of the start's score in `features`.
        start: its terms; none for nothing.
        phrase: under which features were read.
    """

    features: Floats
    basis: Basis
    start_scale: float
    start: tuple[StartTerm, ...]
    phrase: str

    @property
    def start_weight(self) -> float:
        """Prior mean of α."""
        return START_WEIGHT if self.start_scale else 0.0

    def comparisons(self, plan: Plan) -> Comparisons:
        """The answers as differences of features."""
        differences = self.features[plan.left] - self.features[plan.right]
        distinct = plan.photographs() / (2 * len(plan)) if len(plan) else 1.0
        return Comparisons(differences, plan.outcomes, self.basis.blocks, distinct, self.basis.known)

    def without_known(self) -> Folder:
        """As a ranker that was taught without known orders sees it."""
        count = len(self.basis.blocks)
        basis = replace(self.basis, matrix=self.basis.matrix[:, :count], known=np.zeros(0))
        return replace(self, features=self.features[:, : 1 + count], basis=basis)

    def margins(self, posterior: Posterior, left: Rows, right: Rows) -> tuple[Floats, Floats]:
        """Mean (Q,) and variance (Q,) of the margins between photographs, as by their differences.

        Only what is uncertain is read: of hundreds of known orders few count, and all other weights are 0.
        """
        columns = posterior.learned
        differences = self.features[np.ix_(left, columns)] - self.features[np.ix_(right, columns)]
        return posterior.among(columns).margins(differences)


def pairs_at_random(rows: Rows) -> tuple[Rows, Rows]:
    """Left and right (Q,) of pairs drawn among photographs (R,), always the same; none of fewer than two."""
    rng, count = np.random.default_rng(0), len(rows)
    if count < 2:
        return rows[:0], rows[:0]
    left = rng.integers(count, size=_AT_RANDOM)
    return rows[left], rows[(left + rng.integers(1, count, size=_AT_RANDOM)) % count]
