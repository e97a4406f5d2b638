"""Which pair to ask next: the one whose answer would make the whole order surer. NumPy only.

For each of some pairs drawn at random, the answer's effect on the posterior is known beforehand: with
margin variance v and Fisher information h it takes Σdd'Σ / (v + 1/h) off the covariance. Summed over
all pairs of the folder (C, the covariance of feature differences) this is d'ΣCΣd / (v + 1/h): expected
information about the order.

Taken as it is, that rule asks for the longest differences: a few odd photographs, over and over. It then
taught less than pairs at random. So long differences are cut to the usual length. Shorter ones stay: where
photographs are nearly alike, an answer tells little. Photographs that were asked about often wait for the
others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.pairs.preference import Posterior

Floats = NDArray[np.float64]

RANDOM_SHARE = 0.15
"""Pairs drawn at random: what the model does not expect must be seen, too."""

_CANDIDATES = 1500
_TRIES = 200


class Chosen(NamedTuple):
    """Rows of two photographs; `is_random` where they were drawn."""

    left: int
    right: int
    is_random: bool


def choose(
    features: Floats,
    posterior: Posterior,
    asked: Mapping[tuple[int, int], int],
    rng: np.random.Generator,
) -> Chosen | None:
    """The next pair.

    Every pair after the first has a photograph of an earlier one, so that the comparisons stay connected.

    Args:
        features: (N, 1 + K) of all photographs: the start's score, then the features.
        posterior: from the answers so far.
        asked: pairs that must not come again, as (lower row, higher row).
        rng: decides what is drawn, and who stands left.

    Returns:
        None where no pair is left.
    """
    count = len(features)
    if count * (count - 1) // 2 <= len(asked):
        return None
    shown = np.bincount(np.array(list(asked), np.intp).reshape(-1), minlength=count)
    seen = np.flatnonzero(shown) if asked else np.arange(count)
    is_random = bool(rng.random() < RANDOM_SHARE)
    rarely = seen[shown[seen] <= max(np.median(shown[seen]), 1)]
    first, second = _drawn(rarely, count, asked, rng, _TRIES if is_random else _CANDIDATES)
    if not len(first):
        return _exhaustive(seen, count, asked, rng)
    best = 0
    if not is_random:
        fresh = shown[second] <= max(1, 2 * len(asked) / count)
        if fresh.any():
            first, second = first[fresh], second[fresh]
        differences = _usual_length(features[first] - features[second])
        best = int(np.argmax(gains(features, differences, posterior)))
    ends = int(first[best]), int(second[best])
    return Chosen(*(ends if rng.random() < 0.5 else ends[::-1]), is_random)


def gains(features: Floats, differences: Floats, posterior: Posterior) -> Floats:
    """(P, 1 + K) differences → (P,) expected fall of the margins' variance over all pairs."""
    spread = differences @ posterior.covariance
    variance = np.einsum("pk,pk->p", spread, differences, optimize=True)
    margin = differences @ posterior.mean / np.sqrt(1 + np.pi * variance / 8)
    information = 1 / (4 * np.cosh(np.clip(margin, -30, 30) / 2) ** 2 * np.sqrt(1 + np.pi * variance / 8))
    information *= (1 - posterior.prior.lapse) ** 2
    sample = features[:: max(len(features) // 2000, 1)]
    centred = sample - sample.mean(0)
    effect = spread @ (centred.T @ centred * (2 / len(sample)))
    worth: Floats = np.einsum("pk,pk->p", effect, spread, optimize=True) / (variance + 1 / information)
    return worth


def _usual_length(differences: Floats) -> Floats:
    """Differences (P, 1 + K), of the median length at most."""
    lengths = np.sqrt(np.einsum("pk,pk->p", differences, differences))
    usual = float(np.median(lengths))
    cut: Floats = differences * (usual / np.maximum(lengths, max(usual, 1e-12)))[:, None]
    return cut


def _drawn(
    seen: NDArray[np.intp],
    count: int,
    asked: Mapping[tuple[int, int], int],
    rng: np.random.Generator,
    tries: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first = seen[rng.integers(len(seen), size=tries)]
    second = rng.integers(count, size=tries)
    fresh = np.fromiter(
        (
            i != j and (min(i, j), max(i, j)) not in asked
            for i, j in zip(first.tolist(), second.tolist(), strict=True)
        ),
        np.bool_,
        tries,
    )
    return first[fresh], second[fresh]


def _exhaustive(
    seen: NDArray[np.intp], count: int, asked: Mapping[tuple[int, int], int], rng: np.random.Generator
) -> Chosen | None:
    """A pair where few are left: the first that was not asked, in random order of photographs."""
    for pool in (seen, np.arange(count)):
        for i in rng.permutation(pool).tolist():
            for j in rng.permutation(count).tolist():
                if i != j and (min(i, j), max(i, j)) not in asked:
                    return Chosen(i, j, True)
    return None
