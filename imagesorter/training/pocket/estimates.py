"""What few grades and counts, and damage, say of photographs: ridge regression on their measures.

A few hundred graded photographs teach an adapter of a million weights to know them by heart. A linear map
of measures learns from so few what holds for others, too. Spearman on photographs left out, an adapter that
was taught the labels beside the map: people in crowds .82 and .87, complexity .69 and .80, red blood cells
.37 and .60. So the map's estimates are taught to the adapter in the labels' place.

Scales of one attribute are graded each by its own rule: what makes a room complex is not what makes a
landscape so. One map for all of them orders the photographs of a scale by .67 (five folds, mean of
three), each scale's own by .72, and so does their mixture by how like a scale's photographs one looks.

Photographs that training did not damage are not all equally sharp, or free of noise. Where nothing orders
them, each wording orders them in its own way ("noisier" against "cleaner": Spearman −.55 for −1). A fit to
the graded series does. For JPEG it cannot: the photographs are JPEGs of one narrow range of quality, and
the levels of a series begin there (taught so, the order within a series fell from .998 to .988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from imagesorter.training import ridge
from imagesorter.training.pocket.attributes import ATTRIBUTES
from imagesorter.training.pocket.subjects import Subjects
from imagesorter.training.pocket.views import DAMAGE, Views

EVERYWHERE = ("complexity", "objects")
"""Attributes that every photograph has some of. A crowd's, or a blood smear's, says nothing of others."""

LEAST = 40
"""Photographs of a scale, below which it is not learned from."""

_FARTHEST = 3.0

TELLING = 0.95
"""Mean squared error of a fit to a scale, of photographs left out, over the scale's variance: one that comes
to more tells nothing, and the labels are taught as they are."""

_LIKENESS = 4.0
"""Slope of the softmax over the scales that a photograph might belong to."""

_CAME_WITH = tuple(name for name in DAMAGE if name != "jpeg damage")
"""Damage that photographs may have come with."""

_DAMAGED = 6_000
"""Damaged pictures that a fit is made to."""

_OWN = 0.04
"""Deviation of the damage that photographs came with, of the worst that training does: enough for an order
among them, and little against a level of a graded series."""


def with_estimates(subjects: Subjects, views: Views) -> Views:
    """The same views; those of photographs know about how much they have of what has been graded or counted
    (deviation 1) and how much damage they came with.

    Attributes of `EVERYWHERE` are known of every view of every photograph, but for those of a scale that
    measures do not tell; others of the photographs of a scale alone, as they are. Scales are fitted on
    photographs as they are: what changes of tone make of a blood smear's measures, no line follows.
    """
    quantities = views.quantities.copy()
    count = views.of_photographs
    own = np.asarray(views.measures[:count])
    mean, deviation = own.mean(0), np.maximum(own.std(0), 1e-6)
    series = np.arange(count, len(views.measures))
    series = series[:: max(len(series) // _DAMAGED, 1)]
    measures = np.concatenate([own, views.measures[series]])
    standard = np.clip((measures - mean) / deviation, -_FARTHEST, _FARTHEST)
    for place, attribute in enumerate(ATTRIBUTES):
        told: list[tuple[NDArray[np.int64], ridge.Ridge]] = []
        untold: list[NDArray[np.int64]] = []
        for name, photographs, values in subjects.scales:
            if name == attribute.name:
                rows, scores = views.count * photographs, normal_scores(values)
                fit = ridge.fit(standard[rows], scores) if len(rows) >= LEAST else None
                if fit is not None and fit.error < TELLING * scores.var():
                    told.append((rows, fit))
                else:
                    untold.append(rows)
        if told and attribute.name in EVERYWHERE:
            found = _standard(_mixed(standard[:count], told))
            quantities[:count, place] = np.clip(found, -_FARTHEST, _FARTHEST)
            for rows in untold:
                quantities[rows[:, None] + np.arange(views.count), place] = np.nan
        elif told:
            first = np.concatenate([rows for rows, _ in told])
            quantities[first, place] = np.clip(_mixed(standard[:count], told)[first], -_FARTHEST, _FARTHEST)
        elif attribute.name in _CAME_WITH:
            done = views.quantities[series, place]
            graded = np.flatnonzero(np.isfinite(done))
            if len(graded) >= LEAST:
                fit = ridge.fit(standard[count + graded], done[graded])
                came_with = _standard(fit.predict(standard[:count]))
                quantities[:count, place] += _OWN * np.clip(came_with, -_FARTHEST, _FARTHEST)
    return replace(views, quantities=quantities)


def _mixed(
    features: NDArray[np.float32], scales: Sequence[tuple[NDArray[np.int64], ridge.Ridge]]
) -> NDArray[np.float64]:
    """Each scale's fit for every row, in shares by how like the scale's rows it is.

    Args:
        features: (N, F).
        scales: rows and fit of each.
    """
    fits, likeness = [], []
    everyone = np.concatenate([rows for rows, _ in scales])
    for rows, fit in scales:
        found = fit.predict(features)
        fits.append((found - found[rows].mean()) / max(float(found[rows].std()), 1e-9))
        likeness.append(
            ridge.fit(features[everyone], np.isin(everyone, rows).astype(np.float32)).predict(features)
        )
    shares = np.exp(_LIKENESS * (np.stack(likeness) - np.max(likeness, axis=0)))
    mixed: NDArray[np.float64] = (shares * np.stack(fits)).sum(0) / shares.sum(0)
    return mixed


def normal_scores(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) → what their ranks are worth in a normal distribution: an odd count far off decides nothing."""
    scores: NDArray[np.float64] = norm.ppf((rankdata(values) - 0.5) / len(values))
    return scores


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    standard: NDArray[np.float64] = (values - values.mean()) / max(float(values.std()), 1e-9)
    return standard
