"""Ridge regression on standardised features, its strength chosen by leaving one out. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRENGTHS = tuple(np.logspace(-4, 3, 29).tolist())
"""Candidates, for each row of data; the penalty is strength × N × |weights|²."""


@dataclass(frozen=True)
class Ridge:
    """An affine map: features · weight + bias.

    Attributes:
        weight: (F,) of the features as they are, not standardised.
        bias: of these.
        strength: that was chosen among `STRENGTHS`.
        error: mean squared error of each row predicted by a fit to all others, at that strength.
    """

    weight: NDArray[np.float64]
    bias: float
    strength: float
    error: float

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, F) → (N,)."""
        predicted: NDArray[np.float64] = features @ self.weight + self.bias
        return predicted


def fit(
    features: NDArray[np.floating], targets: NDArray[np.floating], strengths: Sequence[float] = STRENGTHS
) -> Ridge:
    """The minimum of Σ (x·w + b − y)² + λ N |w|² over standardised x, in closed form.

    The N fits that leave one row out need no fitting: with the hat matrix H, a row's error is its
    residual over 1 − H_ii (Allen's PRESS; Hastie, Tibshirani, Friedman, The Elements of Statistical
    Learning, §7.10). Mean and deviation of the features are those of all rows throughout.

    Args:
        features: (N, F), N ≥ 2. What does not vary gets no weight.
        targets: (N,).
        strengths: to choose from.
    """
    x, y = features.astype(np.float64), targets.astype(np.float64)
    count, mean, deviation, centre = len(x), x.mean(0), x.std(0), y.mean()
    varies = deviation > 1e-9 * max(float(deviation.max(initial=0.0)), 1e-30)
    scale = np.where(varies, 1 / np.where(varies, deviation, 1.0), 0.0)
    left, values, right = np.linalg.svd((x - mean) * scale, full_matrices=False)
    seen = left.T @ (y - centre)
    errors = []
    for strength in strengths:
        kept = values**2 / (values**2 + strength * count)
        residuals = y - centre - left @ (kept * seen)
        leverage = (left**2) @ kept + 1 / count
        errors.append(float(np.mean((residuals / np.maximum(1 - leverage, 1e-9)) ** 2)))
    best = int(np.argmin(errors))
    strength = float(strengths[best])
    weight = scale * (right.T @ (values / (values**2 + strength * count) * seen))
    return Ridge(weight, float(centre - mean @ weight), strength, errors[best])
