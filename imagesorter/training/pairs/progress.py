"""How much more teaching is worth. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.pairs.preference import Comparisons, Posterior

STEP = 10
"""Pairs at a time that are worth it or not."""

WORTH = 0.004
"""Gain in accuracy for which `STEP` more pairs are worth the time."""

_MOST = 300


def more_worth(features: NDArray[np.float64], pairs: Comparisons, posterior: Posterior) -> int:
    """How many more pairs raise the accuracy by at least `WORTH` for each `STEP` of them.

    An order explains the share ρ² = 1 − v / s² of the margins' variance s², where v is what the
    posterior leaves open; two Gaussian margins of correlation ρ agree in sign with probability
    1/2 + arcsin(ρ)/π. Further answers are taken to inform like those given.

    Args:
        features: (N, 1 + K + C) of all photographs.
        pairs: at least one.
        posterior: theirs.

    Returns:
        a multiple of `STEP`, at most 300.
    """
    differences, covariance = posterior.among_learned(pairs.differences)
    learned = posterior.learned
    sample = features[:: max(len(features) // 2000, 1), learned]
    centred = sample - sample.mean(0)
    spread = 2 * centred.T @ centred / len(sample)
    information = differences.T @ (differences * posterior.curvature[:, None]) / len(pairs)
    # in a basis where the posterior is the identity, n answers add n times the eigenvalues
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(learned)))
    values, vectors = np.linalg.eigh(root.T @ information @ root)
    whitened = np.diag(vectors.T @ root.T @ spread @ root @ vectors)
    values = np.maximum(values, 0)
    mean = posterior.mean[learned]
    total = float(mean @ spread @ mean + whitened.sum())
    if total <= 0:
        return 0
    steps = np.arange(0, _MOST + STEP + 1, STEP)
    left_open = (whitened / (1 + steps[:, None] * values)).sum(1)
    sure = np.sqrt(np.clip(1 - left_open / total, 0, 1))
    gained = np.diff(0.5 + np.arcsin(sure) / np.pi) * (1 - posterior.prior.lapse)
    worth = np.flatnonzero(gained >= WORTH)
    return int(steps[worth[-1] + 1]) if len(worth) else 0
