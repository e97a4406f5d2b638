"""How far planted axes could be taught at all: by somebody who knows what no application can.

The values of an axis are a Gaussian process: a random weight for each feature. Whoever is told these features
and the share of wrong answers has a posterior that nobody betters, but for its approximation as a Gaussian
(expectation propagation, Minka 2001). Pairs are drawn at random, or each is the one that should make all
values surer by most; none is asked twice for the user's consistency, none is drawn for what is not expected,
and any two photographs may be shown.

The bound is that of information: an answer that is wrong with probability p tells 1 − h(p) bits at most, and
to know values up to a share of their variance takes so many (reverse water-filling over the eigenvalues of
their covariance, Cover and Thomas, Elements of Information Theory, 10.3). Of a correlation ρ of Gaussian
values the Spearman is 6/π · arcsin(ρ/2).
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table
from tests.benchmarks.teaching import SEEDS, WRONG, axis_features, axis_tokens, planted, split

Floats = NDArray[np.float64]

COUNTS = (20, 50, 100, 120)

_SLIGHT = 0.02
"""Of values of variance 1, differences whose square is below this are hard to see, so that the likelihood of
answers is smooth enough for a Gaussian."""

_FEWEST_WRONG = 0.005
_CANDIDATES = 4000
_SHORTLIST = 300
_SWEEPS = 2


def measure(context: Context) -> Table:
    model = Ranker(read_manifest(bundled_models() / "pocket"), "cpu")
    tokens = axis_tokens(model, context)
    columns = ("axis", "wrong", "pairs", *(str(count) for count in COUNTS))
    table = Table("How far planted axes could be taught, Spearman on left-out images", columns)
    for name, features in axis_features(model, tokens).items():
        covariance = _covariance(features)
        found: dict[str, list[list[float]]] = {"best": [], "random": [], "bound": []}
        for wrong in WRONG:
            for pairs in ("best", "random"):
                curves = [
                    _curve(covariance, planted(features), wrong, seed, best=pairs == "best")
                    for seed in range(context.count(SEEDS, 1))
                ]
                found[pairs].append([fmean(column) for column in zip(*curves, strict=True)])
            found["bound"].append([bound(covariance, count * (1 - _bits(wrong))) for count in COUNTS])
            for pairs, rows in found.items():
                table.rows.append((name, f"{wrong:.0%}", pairs, *_cells(rows[-1])))
        for pairs, rows in found.items():
            means = [fmean(column) for column in zip(*rows, strict=True)]
            table.rows.append((f"mean, {name}", "", pairs, *_cells(means)))
    return table


def bound(covariance: Floats, bits: float) -> float:
    """The Spearman that values of a covariance (N, N) may be known by, in the mean, after so many bits."""
    values = np.maximum(np.linalg.eigvalsh(covariance), 0.0)
    shares = values / values.sum()
    low, high = 1e-12, float(shares.max())
    for _ in range(200):  # the level of the water
        level = np.sqrt(low * high)
        needed = float(np.log2(np.maximum(shares / level, 1.0)).sum()) / 2
        low, high = (level, high) if needed > bits else (low, level)
    correlation = np.sqrt(1 - float(np.minimum(shares, high).sum()))
    return float(6 / np.pi * np.arcsin(correlation / 2))


class Believer:
    """A Gaussian process of values that takes answers in.

    Args:
        covariance: (N, N) of the values before any answer; their variance is about 1.
        wrong: share of wrong answers.
    """

    def __init__(self, covariance: Floats, wrong: float) -> None:
        self.mean = np.zeros(len(covariance))
        self.covariance = covariance.copy()
        self._wrong = max(wrong, _FEWEST_WRONG)
        self._answers: list[tuple[int, int, float]] = []
        self._sites: list[tuple[float, float]] = []

    def answer(self, left: int, right: int, outcome: float) -> None:
        """Take an answer in: `outcome` is 1 for left, −1 for right."""
        self._answers.append((left, right, outcome))
        self._sites.append((0.0, 0.0))
        self._update(len(self._sites) - 1)

    def settle(self) -> None:
        """Weigh all answers anew, each beside all others."""
        for _ in range(_SWEEPS):
            for number in range(len(self._sites)):
                self._update(number)

    def best(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> int:
        """Which of these pairs (P,) should make all values surer by most: by its answer's information, and by
        how much the margin has to do with the values."""
        margin = self.mean[left] - self.mean[right]
        variance = self._variance(left, right)
        points, weights = np.polynomial.hermite_e.hermegauss(21)
        possible = margin[:, None] + np.sqrt(np.maximum(variance, 0.0))[:, None] * points
        foreseen = _bits(self._right(margin / np.sqrt(variance + _SLIGHT)))
        information = foreseen - _bits(self._right(possible / np.sqrt(_SLIGHT))) @ (weights / weights.sum())
        short = np.argsort(-information)[:_SHORTLIST]
        effect = self.covariance[:, left[short]] - self.covariance[:, right[short]]
        reach = (effect**2).sum(0) / (variance[short] + _SLIGHT)
        return int(short[np.argmax(reach * information[short])])

    def _right(self, standardised: Floats) -> Floats:
        """Probability of “left” by a margin in units of its deviation."""
        return self._wrong + (1 - 2 * self._wrong) * norm.cdf(standardised)

    def _variance(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> Floats:
        diagonal = self.covariance.diagonal()
        return diagonal[left] + diagonal[right] - 2 * self.covariance[left, right]

    def _update(self, number: int) -> None:
        """One answer's Gaussian factor, from the moments of its margin beside the others'."""
        (left, right, outcome), (precision, shift) = self._answers[number], self._sites[number]
        effect = self.covariance[:, left] - self.covariance[:, right]
        variance, margin = effect[left] - effect[right], self.mean[left] - self.mean[right]
        free = 1 / variance - precision  # of the margin without this answer
        if free <= 1e-9:
            return
        width = 1 / free
        centre = (margin / variance - shift) * width
        deviation = np.sqrt(width + _SLIGHT)
        z = outcome * centre / deviation
        slope = (1 - 2 * self._wrong) * norm.pdf(z) / self._right(z)
        narrowed = width - width**2 / deviation**2 * slope * (z + slope)
        if narrowed <= 1e-9:
            return
        moved = centre + outcome * width / deviation * slope
        site = max(1 / narrowed - free, 1e-10), moved / narrowed - centre * free
        more, further = site[0] - precision, site[1] - shift
        part = 1 / (1 + more * variance)
        self.mean += effect * ((further - more * margin) * part)
        self.covariance -= np.outer(effect, effect) * (more * part)
        self._sites[number] = site


def _curve(covariance: Floats, values: Floats, wrong: float, seed: int, *, best: bool) -> list[float]:
    """Spearman on left-out images at each of `COUNTS`."""
    taught, judged = split(np.zeros(len(values), np.bool_), seed)
    rng = np.random.default_rng((seed, 9))
    believer = Believer(covariance, wrong)
    found = []
    for count in range(1, COUNTS[-1] + 1):
        left, right = next(_drawn(taught, rng, _CANDIDATES if best else 1))
        chosen = believer.best(left, right) if best else 0
        i, j = int(left[chosen]), int(right[chosen])
        is_left = (values[i] > values[j]) != (rng.random() < wrong)
        believer.answer(i, j, 1.0 if is_left else -1.0)
        if count in COUNTS:
            believer.settle()
            found.append(float(spearmanr(believer.mean[judged], values[judged]).statistic))
    return found


def _drawn(
    rows: NDArray[np.intp], rng: np.random.Generator, count: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Pairs of different photographs."""
    while True:
        left, right = rng.choice(rows, (2, count))
        different = left != right
        if different.any():
            yield left[different], right[different]


def _covariance(features: Floats) -> Floats:
    """(N, F) → (N, N) of values with a random weight for each feature, of variance 1 on average."""
    centred = features - features.mean(0)
    covariance = centred @ centred.T
    return covariance / np.trace(covariance) * len(covariance)


def _bits(probability: Floats | float) -> Floats | float:
    """Entropy of a yes or no."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def _cells(values: list[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]
