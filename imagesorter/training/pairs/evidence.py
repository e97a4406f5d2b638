"""Which prior the answers speak for: its spread, the share of lapses, blocks and known orders. NumPy only.

By Laplace's log marginal likelihood of the answers under it, and what is believed of it before (MacKay 1992).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from imagesorter.training.pairs.knowing import known_of
from imagesorter.training.pairs.preference import Comparisons, Floats, Optimum, Posterior, Prior, fit, optimum

SPREADS = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Prior deviations of the margin that features add, for two photographs at random."""

LAPSES = (0.0, 0.1, 0.25, 0.4)

_USUAL_SPREAD, _SPREAD_FACTOR, _LAPSE_COST = 0.7, 0.7, 4.0
"""Belief in the prior's own parameters: the logarithm of the spread around that of 0.7, lapses few."""

_BY_CHANCE = 0.05
"""Belief that the answers go by nothing that can be seen."""

_UNSTRESSED, _STRESS_COST = 0.15, 1.0
"""Deviation of weights in the other blocks, where one is stressed, and what is taken off the evidence."""


def fit_prior(pairs: Comparisons, start_weight: float, nearby: Posterior | None = None) -> Posterior:
    """The posterior under the prior of highest evidence; from nothing, blocks are stressed, and known orders
    count, as far as it asks, each told from the fit with neither.

    Args:
        pairs: any number; the evidence of few says little, so the middle of the grids is preferred.
        start_weight: prior mean of α; 0 where the start is nothing.
        nearby: a posterior of almost the same answers: only neighbours of its prior are tried.
    """
    spreads, lapses = range(len(SPREADS)), range(len(LAPSES))
    # one after the other: each holds as much as all answers do
    if nearby is None:
        tried = _fits(pairs, start_weight, spreads, lapses)
    else:
        at = SPREADS.index(nearby.prior.spread)
        lapse = LAPSES.index(nearby.prior.lapse)
        around = [(at, lapse), (at - 1, lapse), (at + 1, lapse), (at, lapse - 1), (at, lapse + 1)]
        tried = (
            optimum(pairs, Prior(start_weight, SPREADS[i], LAPSES[j]), nearby.mean)
            for i, j in around
            if i in spreads and j in lapses
        )
    if start_weight or not len(pairs):  # what differs from a start lies anywhere: there, neither taught more
        best = max(tried, key=_weighed)
        return replace(best.posterior(), by_chance=_by_chance(pairs, _weighed(best)))
    found = ((even, *known_of(pairs, even)) for even in tried)
    weighed = ((_weighed(even) + gained, even, known) for even, known, gained in found)
    evidence, even, known = max(weighed, key=lambda one: one[0])
    posterior = fit(pairs, replace(even.prior, stress=_stress(pairs, even), known=known), even.mean)
    return replace(posterior, by_chance=_by_chance(pairs, evidence))


def _by_chance(pairs: Comparisons, evidence: float) -> float:
    """`Posterior.by_chance`, from the logarithm of the evidence for anything else.

    The evidence is the product of how well each answer was foreseen by those before it. So it holds where
    these decided what was asked next, which answers that are left out do not: they have a say in what the
    others were asked about. (Chosen pairs answered by coin flips were told 63 % right for 50.)
    """
    return likelier_by(optimum(pairs, Prior(0.0, 0.0)).evidence - evidence, _BY_CHANCE)


def likelier_by(evidence: float, belief: float) -> float:
    """A belief, in [0, 1], after evidence in nats for it."""
    half = np.clip(evidence / 2, -300.0, 300.0)
    speaks_for, against = belief * np.exp(half), (1 - belief) * np.exp(-half)
    return float(speaks_for / (speaks_for + against))


def _stress(pairs: Comparisons, even: Optimum) -> tuple[float, ...]:
    """`Prior.stress`: the mean, in the square, of none and of each block's, weighted by evidence.

    What a user asks for lies mostly in one block: in measures of the image, say, or in what the model reads
    off it. The evidence counts by distinct photographs: a dozen of them can be told apart by any block.
    """
    count = 1 + int(pairs.blocks.max(initial=0)) if pairs.blocks is not None else 1
    if not even.prior.spread or count == 1:
        return ()
    squares = np.full((1 + count, count), _UNSTRESSED**2)
    np.fill_diagonal(squares[1:], 1.0)
    squares[0] = 1.0
    squares /= squares.mean(1, keepdims=True)
    each = (replace(even.prior, stress=tuple(np.sqrt(row).tolist())) for row in squares[1:])
    evidence = [even.evidence, *(optimum(pairs, prior, even.mean).evidence for prior in each)]
    weights = pairs.distinct / pairs.weight * np.array(evidence) - [0.0, *[_STRESS_COST] * count]
    shares = np.exp(weights - weights.max())
    return tuple(np.sqrt(shares @ squares / shares.sum()).tolist())


def _fits(
    pairs: Comparisons, start_weight: float, spreads: Iterable[int], lapses: Iterable[int]
) -> Iterable[Optimum]:
    lapses = list(lapses)
    for i in spreads:
        last: Floats | None = None
        for j in lapses:
            found = optimum(pairs, Prior(start_weight, SPREADS[i], LAPSES[j]), last)
            last = found.mean
            yield found


def _weighed(found: Optimum) -> float:
    """Evidence with a belief in a moderate spread and few lapses.

    Few answers can be told apart without error, and evidence then asks for ever larger weights.
    """
    spread = float(np.log(max(found.prior.spread, 0.1) / _USUAL_SPREAD))
    return found.evidence - 0.5 * (spread / _SPREAD_FACTOR) ** 2 - _LAPSE_COST * found.prior.lapse
