"""A Bayesian ridge on pairs: Bradley–Terry with ties and lapses on image features. NumPy only.

The margin of a pair is m = α·(s_l − s_r) + w·(x_l − x_r), with s the start's score and x the features, the
scores of known orders among them (`knowing`).
Ties follow Davidson (1970): with S = e^(m/2) + e^(−m/2) + ν,

    P(left) = e^(m/2) / S,   P(right) = e^(−m/2) / S,   P(tie) = ν / S,

whose negative logarithm is convex in m, and which is Bradley–Terry at ν = 0. With a share λ of
lapses the user answers by chance: P = (1 − λ)·P_Davidson + λ·P_chance; then each answer is weighted
by the probability that it is none (EM), and the weighted problem is convex again. The prior is
Gaussian around the start; the posterior is Laplace's approximation. Which prior, `evidence` tells.

What features do not know of a photograph comes again with each answer on it. So where answers are on few
photographs, their likelihood is taken to a power below 1 (`Comparisons.weight`; Grünwald and van Ommen 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imagesorter.training.pairs.leaving_out import Answers

Floats = NDArray[np.float64]

START_WEIGHT, START_SPREAD = 2.0, 1.5
"""Prior mean and deviation of α; a start of unit spread then orders 80 % of pairs as believed."""

_PAIRS_PER_PHOTOGRAPH = 1.5
"""So many count in full; of more, all count less. Chosen pairs are fewer until the folder is through. With 1,
50 of them teach less in large folders; with 2.2, answers on few photographs are still believed too much."""

_STEPS = 25
_TOLERANCE = 1e-5
_MAX_TIE = 20.0


@dataclass(frozen=True)
class Comparisons:
    """P answered pairs.

    Attributes:
        differences: (P, 1 + K + C), left minus right: the start's score, features, and known orders.
        outcomes: (P,) of 1 (left), −1 (right), 0 (tie).
        blocks: (K,) the block that a feature belongs to, from 0; of none, they are all of one.
        distinct: how many photographs there are, by twice the number of pairs; in (0, 1]. A part keeps
            that of the whole.
        known: (C,) how likely each known order is what is asked for, if one is; of none, C is 0.
    """

    differences: Floats
    outcomes: Floats
    blocks: NDArray[np.intp] | None = None
    distinct: float = 1.0
    known: Floats | None = None

    def among(self, columns: NDArray[np.intp]) -> Comparisons:
        """The same in some columns of `differences`: the start's score, all features, and some orders."""
        orders = columns[columns >= self.features.stop] - self.features.stop
        known = None if self.known is None else self.known[orders]
        return replace(self, differences=self.differences[:, columns], known=known)

    @cached_property
    def spanned(self) -> tuple[Floats, Floats]:
        """Of fewer answers than features: directions (K, P) in which these differ, and the differences along
        them, transposed (P, P)."""
        span, along = np.linalg.qr(self.differences[:, self.features].T)
        return span, along

    @property
    def features(self) -> slice:
        """Columns of the K features."""
        return slice(1, self.differences.shape[1] - (0 if self.known is None else len(self.known)))

    @property
    def weight(self) -> float:
        """What each answer counts, in (0, 1]: the power of its likelihood."""
        return min(1.0, 2 * self.distinct * _PAIRS_PER_PHOTOGRAPH)

    def __len__(self) -> int:
        return len(self.outcomes)

    def __getitem__(self, kept: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Comparisons:
        return replace(self, differences=self.differences[kept], outcomes=self.outcomes[kept])


@dataclass(frozen=True)
class Prior:
    """What is believed before the answers.

    Attributes:
        start_weight: prior mean of α; 0 where the start is nothing.
        spread: prior deviation of each feature's weight, before stress; 0 leaves the start's order.
        lapse: λ, in [0, 1).
        stress: by how much the deviation of each block's weights is greater, or less; of none, all are alike.
        known: deviation of each known order's weight; of none, they have none.
    """

    start_weight: float = START_WEIGHT
    spread: float = 1.0
    lapse: float = 0.0
    stress: tuple[float, ...] = ()
    known: tuple[float, ...] = ()

    @property
    def is_even(self) -> bool:
        """Whether all features have one deviation, and nothing else has any."""
        return not (self.start_weight or self.stress or self.known)

    def deviations(self, pairs: Comparisons) -> Floats:
        """(1 + K + C,) of all weights; 0 of those that are not to be learned."""
        found = np.zeros(pairs.differences.shape[1])
        found[0] = START_SPREAD if self.start_weight else 0.0
        found[pairs.features] = self.spread * (np.array(self.stress)[pairs.blocks] if self.stress else 1.0)
        if self.known:
            found[pairs.features.stop :] = self.known
        return found


@dataclass(frozen=True)
class Posterior:
    """A Gaussian over the weights: α of the start, w of features, and those of known orders.

    Attributes:
        prior: it came from.
        mean: (1 + K + C,).
        covariance: (1 + K + C, 1 + K + C); 0 for weights that were not learned.
        tie: ν, under which as many ties are expected as there are; at most 20.
        gradient: (P,) of the log likelihood in each margin, at the mean.
        curvature: (P,) negative second derivative, not below 0.
        evidence: Laplace's log marginal likelihood.
        by_chance: how likely it is that the answers go by nothing that can be seen, where that was asked.
    """

    prior: Prior
    mean: Floats
    covariance: Floats
    tie: float
    gradient: Floats
    curvature: Floats
    evidence: float
    by_chance: float = 0.0

    @property
    def learned(self) -> NDArray[np.intp]:
        """(L,) which weights are uncertain; the others stay as they are believed, mostly 0."""
        return np.flatnonzero(np.diag(self.covariance) > 0)

    def among(self, columns: NDArray[np.intp]) -> Posterior:
        """The same, of some of the weights."""
        return replace(self, mean=self.mean[columns], covariance=self.covariance[np.ix_(columns, columns)])

    def among_learned(self, differences: Floats) -> tuple[Floats, Floats]:
        """(P, 1 + K + C) → the part (P, L) that goes by weights that are uncertain, and their covariance."""
        learned = self.learned
        return differences[:, learned], self.covariance[np.ix_(learned, learned)]

    def margins(self, differences: Floats) -> tuple[Floats, Floats]:
        """(P, 1 + K + C) → mean (P,) and variance (P,) of the margins."""
        uncertain, covariance = self.among_learned(differences)
        return differences @ self.mean, np.einsum(
            "pk,pk->p", uncertain @ covariance, uncertain, optimize=True
        )


@dataclass(frozen=True)
class Optimum:
    """Where the posterior is highest, and how it bends there.

    Attributes:
        prior, mean, tie, gradient, curvature, evidence: as of `Posterior`.
        learned: (L,) weights that the prior leaves free.
        deviations: (L,) theirs before the answers.
        span: (L, S) directions in which they were sought, in units of these.
        scaled: (P, S) differences along them.
        precision: (S, S) of the posterior; across them it is the prior's.
    """

    prior: Prior
    mean: Floats
    tie: float
    gradient: Floats
    curvature: Floats
    evidence: float
    learned: NDArray[np.intp]
    deviations: Floats
    span: Floats
    scaled: Floats
    precision: Floats

    def posterior(self) -> Posterior:
        """With its covariance: an optimum alone takes half the time."""
        surer = np.eye(len(self.precision)) - np.linalg.inv(self.precision)
        unsure = np.eye(len(self.learned)) - self.span @ surer @ self.span.T
        covariance = np.zeros((len(self.mean), len(self.mean)))
        covariance[np.ix_(self.learned, self.learned)] = unsure * np.outer(self.deviations, self.deviations)
        return Posterior(
            self.prior, self.mean, covariance, self.tie, self.gradient, self.curvature, self.evidence
        )


def fit(pairs: Comparisons, prior: Prior, first: Floats | None = None) -> Posterior:
    """The posterior of given answers, see `optimum`; that of no answers is the prior."""
    return optimum(pairs, prior, first).posterior()


def optimum(pairs: Comparisons, prior: Prior, first: Floats | None = None) -> Optimum:
    """Where the posterior of given answers is highest.

    Args:
        pairs: any number.
        prior: with its share of lapses.
        first: (1 + K + C,) weights to begin from, such as those before the last answer.
    """
    differences, outcomes = pairs.differences, pairs.outcomes
    deviations = prior.deviations(pairs)
    learned = np.flatnonzero(deviations)
    deviations, width = deviations[learned], len(learned)
    centre = np.zeros(differences.shape[1])
    centre[0] = prior.start_weight
    scaled = differences[:, learned] * deviations  # weights in units of their prior deviation
    beta: NDArray[np.floating] = np.zeros(width) if first is None else (first - centre)[learned] / deviations
    span = np.eye(width)
    if len(pairs) < width:  # weights across all differences stay as they are believed: the others are sought
        if prior.is_even:  # as for all others, but for one factor
            span, along = pairs.spanned
            along = along * prior.spread
        else:
            span, along = np.linalg.qr(scaled.T)
        scaled, beta = along.T, span.T @ beta
    tied = int((outcomes == 0).sum())
    identity = np.eye(len(beta))

    def terms_of(beta: NDArray[np.floating], tie: float) -> _Terms:
        return _terms(offset + scaled @ beta, outcomes, tie, prior.lapse).to_the_power(pairs.weight)

    offset = differences @ centre
    tie = _tie_of(offset + scaled @ beta, tied)
    objective = -np.inf
    step = np.zeros_like(beta)
    for _ in range(_STEPS):
        terms = terms_of(beta, tie)
        reached = float(terms.log.sum() - beta @ beta / 2)
        halvings = 0
        while reached < objective - 1e-9 and halvings < 6:  # the curvature with lapses is a bound only nearby
            step /= 2
            beta -= step
            halvings += 1
            terms = terms_of(beta, tie)
            reached = float(terms.log.sum() - beta @ beta / 2)
        updated = _tie_of(offset + scaled @ beta, tied)
        settled = abs(updated - tie) <= _TOLERANCE * (1 + tie)
        if not settled:  # after the halvings, which compare steps under the same tie
            tie = updated
            terms = terms_of(beta, tie)
            reached = float(terms.log.sum() - beta @ beta / 2)
        hessian = identity + (scaled.T * terms.majorised) @ scaled
        step = np.linalg.solve(hessian, scaled.T @ terms.gradient - beta)
        if settled and np.abs(step).max(initial=0) < _TOLERANCE:
            break
        beta = beta + step
        objective = reached
    tie = _tie_of(offset + scaled @ beta, tied)
    terms = terms_of(beta, tie)
    precision = identity + (scaled.T * terms.curvature) @ scaled
    evidence = float(terms.log.sum() - beta @ beta / 2 - np.linalg.slogdet(precision)[1] / 2)
    centre[learned] += deviations * (span @ beta)
    return Optimum(
        prior, centre, tie, terms.gradient, terms.curvature, evidence,
        learned, deviations, span, scaled, precision,
    )  # fmt: skip


def left_out(
    ways: Sequence[Callable[[Answers], tuple[Floats, Floats]]],
    pairs: Comparisons,
    posterior: Posterior,
    left: NDArray[np.intp],
    right: NDArray[np.intp],
) -> list[tuple[Floats, Floats]]:
    """Margins of pairs where some answers are taken out of the Gaussian for each: one Newton step from the
    common optimum (approximate leave-one-out, Rad and Maleki 2020).

    Args:
        ways: each gives by what it changes the mean of each margin, and the variance that this then has.
        pairs: differences of the photographs' features: the same for the same two, up to the sign.
        posterior: theirs.
        left, right: (P,) photographs of the pairs.

    Returns:
        mean (P,) and variance (P,) for each way.
    """
    means, variances = posterior.margins(pairs.differences)
    rows = np.flatnonzero(left != right)
    if not len(rows):
        return [(means, variances)] * len(ways)
    _, ends = np.unique(np.stack([left[rows], right[rows]], 1), return_inverse=True)
    ends = ends.reshape(-1, 2)
    sign = np.where(ends[:, 0] < ends[:, 1], 1.0, -1.0)
    # answers on one pair, either way round, are one answer of their summed curvature and gradient
    each, first, pair = np.unique(np.sort(ends, 1), axis=0, return_index=True, return_inverse=True)
    pair = pair.ravel()
    differences = pairs.differences[rows[first]] * sign[first, None]
    uncertain, covariance = posterior.among_learned(differences)
    answers = Answers(
        each,
        uncertain @ np.linalg.cholesky(covariance),
        np.maximum(np.bincount(pair, posterior.curvature[rows]), 0.0),  # rounded, it may fall below
        np.bincount(pair, posterior.gradient[rows] * sign).astype(np.float64),
        differences[:, pairs.features.stop :],
    )
    found = []
    for changes in ways:
        shifts, spreads = changes(answers)
        mean, variance = means.copy(), variances.copy()
        mean[rows] += shifts[pair] * sign
        variance[rows] = spreads[pair]
        found.append((mean, np.maximum(variance, 0.0)))
    return found


@dataclass(frozen=True)
class _Terms:
    log: Floats
    gradient: Floats
    curvature: Floats
    majorised: Floats

    def to_the_power(self, power: float) -> _Terms:
        """Those of the likelihood to a power."""
        if power == 1:
            return self
        return _Terms(*(power * each for each in (self.log, self.gradient, self.curvature, self.majorised)))


def _terms(margins: Floats, outcomes: Floats, tie: float, lapse: float) -> _Terms:
    """Log likelihood (P,) and its derivatives in the margins."""
    half = np.minimum(np.maximum(margins, -60.0), 60.0) / 2  # np.clip takes several times as long
    up = np.exp(half)
    down = 1 / up
    total = up + down + tie
    slope = (up - down) / (2 * total)
    bend = (up + down) / (4 * total) - slope**2
    log = outcomes * half - np.log(total)
    tied = outcomes == 0
    if tied.any():
        log = log + tied * np.log(max(tie, 1e-12))
    gradient = outcomes / 2 - slope
    if lapse == 0:
        return _Terms(log, gradient, bend, bend)
    share = float(tied.sum()) / max(len(tied), 1)
    chance = np.where(tied, max(share, 1e-6), (1 - share) / 2)
    meant = (1 - lapse) * np.exp(log)
    whole = meant + lapse * chance
    sure = meant / whole
    curvature = sure * bend - sure * (1 - sure) * gradient**2
    return _Terms(np.log(whole), sure * gradient, np.maximum(curvature, 0.0), sure * bend + 1e-9)


def _tie_of(margins: Floats, tied: int) -> float:
    """ν that expects as many ties as there are among margins (P,); 0 where there are none."""
    if not tied:
        return 0.0
    half = np.clip(margins, -60, 60) / 2
    untied = np.exp(half) + np.exp(-half)  # at least 2
    if (_MAX_TIE / (untied + _MAX_TIE)).sum() <= tied:
        return _MAX_TIE
    # ties expected are concave in ν, so that Newton's steps from below stay below
    tie = 2 * tied / (len(margins) - tied)
    for _ in range(_STEPS):
        share = untied / (untied + tie)
        step = (tied - float((1 - share).sum())) / float((share / (untied + tie)).sum())
        tie += step
        if step <= 1e-12 * tie:
            break
    return float(min(tie, _MAX_TIE))
