"""Which pair to ask next: the one whose answer would make the whole order surer. NumPy only.

An answer that is no slip tells on which side of zero the margin of a pair lies. With mean m and variance v
of that margin it takes Σdd'Σ · κ/v off the covariance, κ falling from its greatest where m = 0 to nothing
where the answer is foreseen. Summed over all pairs of the folder (C, the covariance of feature
differences) this is d'ΣCΣd · κ/v: expected information about the order. How long a difference is does not
count, but where it is far below the usual, as between two shots of a burst, an answer tells little.

The information of Bradley–Terry, d'ΣCΣd / (v + 1/h), asks for long differences, a few odd photographs over
and over; cut to the usual length, it taught as much where all answers were right, and less where some were
wrong. Photographs that were asked about often wait for the others.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.pairs.preference import Posterior

Floats = NDArray[np.float64]

RANDOM_SHARE = 0.15
"""Pairs drawn at random: what the model does not expect must be seen, too."""

_BLUR = 0.1
"""What cannot be seen of a margin, in variances of the usual one: below it, an answer tells little."""

_FORESEEN = 2.0
"""How fast an answer's worth falls as it is foreseen, exp(−2m²/v): faster than for somebody who never slips
(φ²/Φ(1 − Φ) of m/√v), which taught less where answers were wrong."""

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
    asked: AbstractSet[tuple[int, int]],
    rng: np.random.Generator,
) -> Chosen | None:
    """The next pair.

    Every pair after the first has a photograph of an earlier one, so that the comparisons stay connected.

    Args:
        features: (N, 1 + K + C) of all photographs: the start's score, features, and known orders.
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
        best = int(np.argmax(gains(features, features[first] - features[second], posterior)))
    ends = int(first[best]), int(second[best])
    return Chosen(*(ends if rng.random() < 0.5 else ends[::-1]), is_random)


def gains(features: Floats, differences: Floats, posterior: Posterior) -> Floats:
    """(P, 1 + K + C) → (P,) expected fall of the margins' variance over all pairs, up to a factor."""
    uncertain, covariance = posterior.among_learned(differences)
    spread = uncertain @ covariance
    variance = np.einsum("pk,pk->p", spread, uncertain, optimize=True)
    variance += max(_BLUR * float(np.median(variance)), 1e-300)
    sample = features[:: max(len(features) // 2000, 1), posterior.learned]
    centred = sample - sample.mean(0)
    effect = spread @ (centred.T @ centred * (2 / len(sample)))
    fall = np.einsum("pk,pk->p", effect, spread, optimize=True) / variance
    worth: Floats = fall * np.exp(-_FORESEEN * (differences @ posterior.mean) ** 2 / variance)
    return worth


def _drawn(
    seen: NDArray[np.intp],
    count: int,
    asked: AbstractSet[tuple[int, int]],
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
    seen: NDArray[np.intp], count: int, asked: AbstractSet[tuple[int, int]], rng: np.random.Generator
) -> Chosen | None:
    """A pair where few are left: the first that was not asked, in random order of photographs."""
    for pool in (seen, np.arange(count)):
        for i in rng.permutation(pool).tolist():
            for j in rng.permutation(count).tolist():
                if i != j and (min(i, j), max(i, j)) not in asked:
                    return Chosen(i, j, True)
    return None
