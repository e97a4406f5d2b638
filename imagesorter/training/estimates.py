"""What few grades and counts, and damage, say of all other photographs: ridge regression on their measures.

A few hundred graded photographs teach an adapter of a million weights to know them by heart. A linear map
of measures learns from so few what holds for others, too (savoias, five folds: Spearman .80, .68, .71
in its three folders; an adapter that was taught the grades alone, .38 on photographs left out). So its
estimates of all photographs are taught beside the grades.

Photographs that training did not damage are not all equally sharp, or free of noise. Where nothing orders
them, each wording orders them in its own way ("noisier" against "cleaner": Spearman −.55 for −1). A fit to
the graded series does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imagesorter.training import ridge
from imagesorter.training.attributes import ATTRIBUTES
from imagesorter.training.subjects import Subjects
from imagesorter.training.views import DAMAGE, Views

ESTIMATED = ("complexity", "objects")
"""Attributes that every photograph has some of. A crowd's, or a blood smear's, says nothing of others."""

_LEAST = 40
"""Photographs of a scale, below which it is not learned from."""

_FARTHEST = 3.0

_DAMAGED = 6_000
"""Damaged pictures that a fit is made to."""

_OWN = 0.04
"""Deviation of the damage that photographs came with, of the worst that training does: enough for an order
among them, and little against a level of a graded series."""


def with_estimates(subjects: Subjects, views: Views) -> Views:
    """The same views; those of photographs know about how much of `ESTIMATED` they have, mean 0, deviation 1,
    and how much damage they came with.

    Each scale of labels is fitted alone, on photographs as they are; the mean of its fits counts.
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
        if attribute.name in ESTIMATED:
            fits = [
                _fitted(standard, views.count * photographs, values)[:count]
                for name, photographs, values in subjects.scales
                if name == attribute.name and len(photographs) >= _LEAST
            ]
            if fits:
                mean_fit = np.mean([_standard(one) for one in fits], axis=0)
                quantities[:count, place] = np.clip(_standard(mean_fit), -_FARTHEST, _FARTHEST)
        elif attribute.name in DAMAGE:
            done = views.quantities[series, place]
            known = np.flatnonzero(np.isfinite(done))
            if len(known) >= _LEAST:
                fit = _standard(_fitted(standard, count + known, done[known])[:count])
                quantities[:count, place] += _OWN * np.clip(fit, -_FARTHEST, _FARTHEST)
    return replace(views, quantities=quantities)


def _fitted(
    features: NDArray[np.float32], rows: NDArray[np.int64], values: NDArray[np.float32]
) -> NDArray[np.float64]:
    """A fit to some rows, for every row."""
    found = ridge.fit(features[rows], values)
    predicted: NDArray[np.float64] = features @ found.weight + found.bias
    return predicted


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    standard: NDArray[np.float64] = (values - values.mean()) / max(float(values.std()), 1e-9)
    return standard
