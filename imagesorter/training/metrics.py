"""How well scores agree with labels: the paper's figures, and an accuracy of pairs that counts no tie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr, rankdata

Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class Agreement:
    """Scores against labels of one category. NaN where a figure is not defined.

    Attributes:
        images: how many, of one in several rows each.
        plcc: Pearson's correlation; not defined where scores or labels do not vary.
        srcc: Spearman's, likewise.
        mae: mean absolute error, on the labels' scale.
        accuracy: share of scores that give the label when both are rounded to whole numbers.
        pairs: share of pairs of different labels that the scores order rightly; equal scores count
            half. Not defined where no labels differ.
    """

    images: int
    plcc: float
    srcc: float
    mae: float
    accuracy: float
    pairs: float


def agreement(scores: Numbers, labels: Numbers) -> Agreement:
    """Compare (N,) scores, on the labels' scale, with (N,) labels."""
    scores, labels = scores.astype(np.float64), labels.astype(np.float64)
    some = len(labels) > 0
    return Agreement(
        images=len(labels),
        plcc=_correlation(scores, labels),
        srcc=srcc(scores, labels),
        mae=float(np.abs(scores - labels).mean()) if some else math.nan,
        accuracy=float((_rounded(scores) == _rounded(labels)).mean()) if some else math.nan,
        pairs=pair_accuracy(scores, labels),
    )


def srcc(scores: Numbers, labels: Numbers) -> float:
    """Spearman's correlation of (N,) and (N,), ties at their mean rank; NaN where one does not vary."""
    if not len(labels):
        return math.nan
    return _correlation(rankdata(scores), rankdata(labels))


def pair_accuracy(scores: Numbers, labels: Numbers) -> float:
    """Share of the pairs of different (N,) labels that (N,) scores order rightly, equal scores half."""
    right, pairs = 0.0, 0
    for score, label in zip(scores, labels, strict=True):  # row by row: N² numbers may be too many
        below = label > labels
        right += np.count_nonzero(score > scores[below]) + 0.5 * np.count_nonzero(score == scores[below])
        pairs += int(np.count_nonzero(below))
    return right / pairs if pairs else math.nan


def mean_of(found: Sequence[Agreement]) -> Agreement:
    """Mean over categories, of each figure over those where it is defined; `images` is the sum."""
    means = {}
    for field in fields(Agreement)[1:]:
        values = [value for one in found if not math.isnan(value := getattr(one, field.name))]
        means[field.name] = sum(values) / len(values) if values else math.nan
    return Agreement(images=sum(one.images for one in found), **means)


def _correlation(first: Numbers, second: Numbers) -> float:
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    return float(pearsonr(first, second).statistic)


def _rounded(values: Numbers) -> Numbers:
    """To the nearest whole number, halves upwards."""
    return np.asarray(np.floor(values + 0.5))


def roc_auc(scores: Numbers, positive: NDArray[np.bool_]) -> float:
    """Area under ROC: the share of (positive, negative) pairs that (N,) scores order rightly.

    Equal scores count half; NaN where either side is empty.
    """
    count = int(positive.sum())
    if count in (0, len(positive)):
        return math.nan
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))
