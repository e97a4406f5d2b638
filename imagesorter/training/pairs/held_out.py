"""How often an order will agree with the user, told from pairs that it was not taught by. NumPy only.

Chosen pairs are harder than pairs at random, so their plain share of right ones says too little. What
carries over is how often a margin of a given size is right: a logistic curve in the margin, with a
share of lapses, is fitted to the held-out answers, and averaged over the margins of pairs drawn at
random. Its uncertainty gives the interval: the posterior of slope and lapses, on a grid, and how likely it
is that the answers go by nothing that can be seen. What an order gains on another is told by a curve in both
margins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import CONFIDENCE, Estimate

Floats = NDArray[np.float64]

_STEPS = 0.06 * np.arange(-35, 81)
_SLOPES = np.sinh(_STEPS)  # from −4 to 60: dense around 0, and up to orders that are never wrong
_LAPSES = np.linspace(0.0, 0.8, 17)
_SLOPE_MEAN, _SLOPE_SPREAD = 1.5, 2.0
_LAPSE_DECAY = 4.0
_BELIEF = np.log(np.cosh(_STEPS)) - np.log1p(((_SLOPES - _SLOPE_MEAN) / _SLOPE_SPREAD) ** 2)
"""Log prior of the slopes, a Cauchy distribution."""

_FEWER_STEPS = 0.2 * np.arange(-7, 22)
_FEWER_SLOPES = np.sinh(_FEWER_STEPS)  # of two margins each: from −2 to 33
_HALF_BELIEF = np.log(np.cosh(_FEWER_STEPS)) - np.log1p(
    ((_FEWER_SLOPES - _SLOPE_MEAN / 2) / (_SLOPE_SPREAD / 2)) ** 2
)
"""That of each of two slopes: their sum is believed to be as one alone."""

_COMPARED = 1500
"""Pairs at random by which two orders are compared."""

_MARGINS = 1000
"""So many signed margins at most are told apart; of more, neighbours count as their mean."""

_NOTHING = 1e-4
"""Margins of this size, in nats, are what a fit leaves where it has nothing to go by."""

CERTAINTY = 0.35
"""Share of the answers' weight that counts: answers on one photograph repeat each other, and the
comparisons are connected. With it the interval covers as often as it claims, see the benchmark."""

_PAIRS_PER_PHOTOGRAPH = 2.2
"""Further pairs of the same photographs tell no more of others. With it the interval of 90 % covers in 90 to
98 % of runs with 40 to 300 ratings, three pairs to each, and in 88 to 92 % with 100 pairs among 15
photographs; without, in 60 to 82 %."""


def sure_margins(means: Floats, variances: Floats) -> Floats:
    """Margins as their uncertainty leaves them: the logit of the mean probability (MacKay 1992)."""
    damped: Floats = means / np.sqrt(1 + np.pi * variances / 8)
    return damped


def share_that_counts(pairs: int, photographs: int) -> float:
    """By how much fewer answers count than are given, where they are on few photographs."""
    return min(1.0, _PAIRS_PER_PHOTOGRAPH * photographs / pairs) if pairs else 1.0


def accuracy(
    margins: Floats, outcomes: Floats, at_random: Floats, counts: float = 1.0, by_chance: float = 0.0
) -> Estimate:
    """Share of pairs at random whose order agrees with the answer the user would give.

    Args:
        margins: (P,) held-out `sure_margins` of answered pairs.
        outcomes: (P,) of 1, −1 or 0; ties (0) count for nothing.
        at_random: (Q,) margins of pairs drawn at random.
        counts: see `share_that_counts`.
        by_chance: how likely it is that the answers go by nothing that can be seen.
    """
    size = _size(at_random)
    if size < _NOTHING:
        return Estimate(0.5, 0.5, 0.5)
    told = outcomes != 0
    signed = outcomes[told] * margins[told] / size
    sizes, times = _thinned(np.abs(at_random) / size)
    rates = _logistic(_SLOPES[:, None] * sizes) @ times / len(at_random)  # (slopes,)
    log = _log_by_curve(signed, _SLOPES).T * (CERTAINTY * counts)  # (slopes, lapses)
    return _estimate(*_believed(rates, log + _BELIEF[:, None]), by_chance)


def of_rival(
    own: Estimate,
    margins: tuple[Floats, Floats],
    rivals: tuple[Floats, Floats],
    outcomes: Floats,
    counts: float = 1.0,
    by_chance: float = 0.0,
) -> Estimate:
    """Accuracy of an order by what another one, of which it is known, gains on it.

    What was chosen is what the answers before left open, so above all what a start has wrong: alone, a start
    would be told too low. How often both margins together are right depends less on the choice. So
    a curve in both tells the gain. (Of starts that have 64 to 74 % right, what an order gains was told .07
    too high, each alone, and .01 so.)

    Args:
        own: `accuracy` of the order that is known.
        margins: its held-out margins of answered pairs (P,), and those of pairs at random (Q,).
        rivals: the same of the other order, on the same pairs.
        outcomes, counts, by_chance: as in `accuracy`.
    """
    sizes = [_size(at_random) for _, at_random in (margins, rivals)]
    if min(sizes) < _NOTHING:
        return accuracy(rivals[0], outcomes, rivals[1], counts, by_chance)
    told = np.flatnonzero(outcomes)
    used = min(len(told), _MARGINS)
    some = told[np.arange(used) * len(told) // max(used, 1)]
    asked, drawn = [], []
    for (answered, at_random), size in zip((margins, rivals), sizes, strict=True):
        asked.append(outcomes[some] * answered[some] / size)
        drawn.append(at_random[:_COMPARED] / size)
    signs = [np.sign(each) for each in drawn]
    slopes = _FEWER_SLOPES[:, None]
    log = np.empty((len(slopes), len(slopes), len(_LAPSES)))
    rates = np.empty((2, len(slopes), len(slopes)))
    for row, slope in enumerate(_FEWER_SLOPES):
        right = _logistic(slope * asked[0] + slopes * asked[1])
        for column, lapse in enumerate(_LAPSES):
            log[row, :, column] = np.log((1 - lapse) * right + lapse / 2).sum(1)
        surplus = _logistic(slope * drawn[0] + slopes * drawn[1]) - 0.5
        rates[:, row] = [0.5 + surplus @ sign / len(sign) for sign in signs]
    log *= CERTAINTY * counts * len(told) / max(used, 1)
    log += (_HALF_BELIEF[:, None] + _HALF_BELIEF)[:, :, None]
    (now, belief), (was, _) = (_believed(rate, log) for rate in rates)
    known = (own.mean - by_chance / 2) / max(1 - by_chance, 1e-9)  # where all is not chance
    found = _estimate(was + known - (belief * now).sum(), belief, by_chance)
    mean, low, high = np.clip([found.mean, found.low, found.high], 0, 1).tolist()
    return Estimate(mean, low, high)


def _believed(rates: Floats, log: Floats) -> tuple[Floats, Floats]:
    """Shares of right ones (…, lapses), by their `rates` (…) without lapses, and the belief in each, of a log
    posterior (…, lapses) without the belief in few lapses."""
    shares: Floats = (1 - _LAPSES) * rates[..., None] + _LAPSES / 2
    log = log - _LAPSE_DECAY * _LAPSES
    belief = np.exp(log - log.max())
    return shares, belief / belief.sum()


def _estimate(shares: Floats, belief: Floats, by_chance: float) -> Estimate:
    """Mean and interval of `shares` under a belief in each, half of which are right where all is chance."""
    shares = np.append(shares, 0.5)
    belief = np.append((1 - by_chance) * belief, by_chance)
    order = np.argsort(shares)
    cumulated = np.cumsum(belief[order])
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(shares[order][np.searchsorted(cumulated, q)]) for q in (tail, 1 - tail))
    mean = float(belief @ shares)
    return Estimate(mean, min(low, mean), max(high, mean))


def as_unseen(at_random: Floats, taught: NDArray[np.intp], held_out: Floats, own: Floats) -> Floats:
    """Margins of pairs at random, as they would be had nothing been learned of their photographs: where only
    photographs with labels are open, their margins say too much of others.

    Args:
        at_random: (Q,) `sure_margins` of an order.
        taught: (Q,) how many of a pair's two photographs it was taught by.
        held_out: (P,) margins of the answers, each without those on its photographs.
        own: (P,) the same with them.
    """
    share = min(_size(held_out) / max(_size(own), 1e-12), 1.0) if len(own) else 1.0
    smaller: Floats = at_random * share ** (taught / 2)
    return smaller


def _size(margins: Floats) -> float:
    return float(np.sqrt(np.mean(margins**2))) if len(margins) else 0.0


def proportion(successes: float, trials: int) -> Estimate:
    """A share seen directly: Wilson's interval (1927)."""
    z2 = 1.6449**2  # two-sided 90 %
    centre = (successes + z2 / 2) / (trials + z2)
    half = np.sqrt(z2) / (trials + z2) * np.sqrt(successes * (trials - successes) / trials + z2 / 4)
    mean = successes / trials
    low, high = max(float(centre - half), 0.0), min(float(centre + half), 1.0)
    return Estimate(mean, min(low, mean), max(high, mean))  # at 0 and 1 rounding may pass the share


def calibrated(margins: Floats, outcomes: Floats) -> tuple[float, float]:
    """Slope (not below 0) and lapses of highest likelihood for margins (P,) of any scale."""
    told = outcomes != 0
    size = _size(margins[told])
    if size == 0:
        return 0.0, 0.0
    signed = outcomes[told] * margins[told] / size
    slopes = _SLOPES[_SLOPES >= -1e-9]
    log = _log_by_curve(signed, slopes)
    lapse, slope = np.unravel_index(int(np.argmax(log)), log.shape)
    return float(slopes[slope]) / size, float(_LAPSES[lapse])


def log_gain(
    margins: Floats, rival: Floats, outcomes: Floats, ends: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> tuple[float, float]:
    """By how much held-out margins predict the answers better than a rival's, and the standard error.

    Both are (P,) of any scale: the best slope of each counts. In nats, summed over the answers. Those that
    share a photograph are not independent (dyadic clusters, Fafchamps and Gubert 2007).

    Args:
        ends: photographs (P,), left and right.
    """
    each = []
    for one in (margins, rival):
        slope, lapse = calibrated(one, outcomes)
        each.append(log_likelihoods(slope * one, outcomes, lapse))
    told = outcomes != 0
    gain = (each[0] - each[1])[told]
    if not len(gain):
        return 0.0, 0.0
    error = gain - gain.mean()
    alone = float((error**2).sum())
    by_photograph = np.bincount(ends[0][told], error, int(max(map(np.max, ends))) + 1)
    by_photograph += np.bincount(ends[1][told], error, len(by_photograph))
    return float(gain.sum()), float(np.sqrt(max(float((by_photograph**2).sum()) - alone, alone)))


def right_share(margins: Floats, outcomes: Floats) -> float:
    """Plain share of the answers (no ties) in the right order; a margin of 0 counts half."""
    told = outcomes != 0
    return float(np.mean(0.5 + 0.5 * np.sign(margins[told]) * outcomes[told])) if told.any() else 0.5


def log_likelihoods(margins: Floats, outcomes: Floats, lapse: float) -> Floats:
    """(P,) log probability of each answer that is no tie; 0 for ties."""
    told = outcomes != 0
    signed = np.where(told, outcomes * margins, 0.0)
    return np.where(told, np.log((1 - lapse) * _logistic(signed) + lapse / 2), 0.0)


def _log_by_curve(signed: Floats, slopes: Floats) -> Floats:
    """(lapses, slopes) log probability of all answers, from their margins (P,), right ones above 0."""
    each, times = _thinned(signed)
    right = _logistic(slopes[:, None] * each)
    log: Floats = np.stack([np.log((1 - lapse) * right + lapse / 2) @ times for lapse in _LAPSES])
    return log


def _thinned(signed: Floats) -> tuple[Floats, Floats]:
    """At most `_MARGINS` values, and how many margins each stands for; exact where they suffice."""
    if len(signed) <= _MARGINS:
        return signed, np.ones(len(signed))
    starts = np.arange(_MARGINS) * len(signed) // _MARGINS
    times = np.diff(starts, append=len(signed)).astype(np.float64)
    return np.add.reduceat(np.sort(signed), starts) / times, times


def _logistic(x: Floats) -> Floats:
    value: Floats = 0.5 * (1 + np.tanh(x / 2))
    return np.clip(value, 1e-9, 1.0)
