"""Which of the orders that a model knows are part of what is asked for. NumPy only.

What a user asks for under a name of their own is often near what the model has learned under another. A
known order counts as a start does, but either way round; what it adds to the evidence of features alone is
told from the answers' gradient and curvature, without a fit for each (Tipping and Faul 2003).

Of hundreds of orders some agree with any answers. So whatever is held out must not have a say in which of
them count: that is told anew without it, and margins are those of the mixture of none and each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.pairs.leaving_out import Answers, Rest, without, without_own
from imagesorter.training.pairs.preference import (
    START_SPREAD,
    Comparisons,
    Floats,
    Optimum,
    Posterior,
    Prior,
    fit,
    left_out,
    optimum,
)

_KNOWN = 0.5
"""Belief that a known order is part of what is asked for."""

_LEAST_SHARE = 1e-3
"""A known order that is believed by less is none: one of hundreds has to gain on its part of `_KNOWN`."""

_MANY = 300
"""From so many answers on, all of them tell which orders do not count at all, and held out, only the others
are asked again: 2,400 pairs of ratings would take seconds."""


def known_of(pairs: Comparisons, plain: Optimum) -> tuple[tuple[float, ...], float]:
    """`Prior.known`: the mean, in the square, of none and of each known order's, weighted by evidence.

    Args:
        pairs: at least one.
        plain: their optimum, of features alone.

    Returns:
        also, by how much the evidence of all these together is more than that of none, its logarithm.
    """
    if pairs.known is None or not len(pairs.known):
        return (), 0.0
    known = pairs.differences[:, pairs.features.stop :]
    curved = plain.curvature[:, None] * known
    shared = plain.scaled.T @ curved
    curvature = (known * curved).sum(0) - (shared * (np.linalg.inv(plain.precision) @ shared)).sum(0)
    shares, gained = _shares(plain.gradient @ known, curvature, pairs.known)
    shares[shares < _LEAST_SHARE] = 0.0
    return tuple((START_SPREAD * np.sqrt(shares)).tolist()), float(gained)


def fit_knowing(pairs: Comparisons, prior: Prior) -> Posterior:
    """The posterior under a prior, but for its known orders: these the answers themselves tell."""
    plain = optimum(pairs, replace(prior, known=()))
    if not prior.known or not len(pairs):
        return plain.posterior()
    return fit(pairs, replace(prior, known=known_of(pairs, plain)[0]), plain.mean)


def without_known(pairs: Comparisons, posterior: Posterior) -> tuple[NDArray[np.intp], Posterior]:
    """The columns of features, and of known orders that may count where some answers are held out; and the
    posterior of features alone, among these columns."""
    count = pairs.features.stop
    if not posterior.prior.known:
        columns = np.arange(count)
        return columns, posterior.among(columns)
    orders = np.arange(count, pairs.differences.shape[1])
    if len(pairs) >= _MANY:
        orders = count + np.flatnonzero(posterior.prior.known)
    columns = np.r_[np.arange(count), orders]
    plain = replace(posterior.prior, known=())
    return columns, fit(pairs.among(columns), plain, posterior.mean[columns])


def held_out_margins(
    pairs: Comparisons, plain: Posterior, left: NDArray[np.intp], right: NDArray[np.intp]
) -> list[tuple[Floats, Floats]]:
    """Margins of each pair as seen by somebody who met no answer on either of its photographs, and by one who
    only met none on the pair itself; to either the other answers tell which known orders count.

    Args:
        pairs: among the columns of `without_known`.
        plain: as that gives it.
        left, right: (P,) photographs of the pairs.

    Returns:
        mean (P,) and variance (P,) for both, see `left_out`.
    """
    ways = [partial(_changes, way, pairs.known) for way in (without, without_own)]
    return left_out(ways, pairs, plain, left, right)


def _changes(way: Callable[[Answers], Rest], known: Floats | None, answers: Answers) -> tuple[Floats, Floats]:
    found = way(answers)
    if known is None or not found.ahead.size:
        return found.shift, found.variance
    shares, _ = _shares(found.gradient, found.curvature, known)
    freedom = _freedom(found.curvature)
    each = START_SPREAD**2 * found.gradient / freedom * found.ahead
    shift = (shares * each).sum(1)
    spread = START_SPREAD**2 / freedom * found.ahead**2 + each**2
    return found.shift + shift, found.variance + (shares * spread).sum(1) - shift**2


def _shares(gradient: Floats, curvature: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Gradient and curvature (…, C) of each known order's weight, and how likely each is (C,) → the same by
    the answers (…, C), the rest being none, and by how much the evidence's logarithm is more than of none."""
    freedom = _freedom(curvature)
    gained = ((START_SPREAD * gradient) ** 2 / freedom - np.log(freedom)) / 2
    weights = gained + np.log(_KNOWN * known)
    none = np.log(1 - _KNOWN)
    most = np.maximum(weights.max(-1), none)
    shares = np.exp(weights - most[..., None])
    total = shares.sum(-1) + np.exp(none - most)
    evidence: Floats = most + np.log(total)
    return shares / total[..., None], evidence


def _freedom(curvature: Floats) -> Floats:
    """By how much an order's weight is surer than before the answers, (…, C), at least 1."""
    surer: Floats = 1 + START_SPREAD**2 * np.maximum(curvature, 0.0)
    return surer
