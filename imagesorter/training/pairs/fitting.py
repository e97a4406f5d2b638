"""From labels to a candidate: the ridge and the tuned heads, compared on photographs they did not see."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imagesorter.events import CurvePoint, Progress
from imagesorter.training.pairs.evidence import fit_prior, likelier_by
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.folds import (
    FOLDS,
    Pace,
    TokensOf,
    by_groups,
    can_be_grouped,
    groups_of,
    lesson_of,
    touches,
)
from imagesorter.training.pairs.held_out import log_gain, sure_margins
from imagesorter.training.pairs.judging import HeldOut, of_folds, ridge_held_out
from imagesorter.training.pairs.knowing import fit_knowing
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.preference import Posterior
from imagesorter.training.pairs.taught import TaughtRanker
from imagesorter.training.pairs.tuning import CHECKPOINTS, Lesson, Method, TunableModel, tune

Floats = NDArray[np.float64]

FEWEST = 5
"""Answers (no ties) below which nothing is said of how good an order is."""

_CURVE_POINTS = 8
_SURER = 1.5
"""Standard errors by which a costlier method has to predict more: the best of several methods, and of the
states of each, looks better than it is."""


@dataclass(frozen=True)
class Fitted:
    """The best of what was tried.

    Attributes:
        method: what it is.
        ranker: it.
        held_out: its margins.
    """

    method: Literal["ridge", "head", "layers"]
    ranker: TaughtRanker
    held_out: HeldOut


def fit(
    folder: Folder,
    plan: Plan,
    model: object,
    tokens_of: TokensOf,
) -> Generator[Progress | CurvePoint, None, Fitted]:
    """Fit everything that can be, and choose by cross-validated likelihood over groups of photographs.

    A costlier method is chosen where its likelihood is higher by more than `_SURER` standard errors of the
    difference.

    Args:
        plan: at least one answer.
        model: tuned where it is a `TunableModel`.
        tokens_of: tokens of photographs by row.

    Returns:
        the choice.
    """
    posterior = fit_prior(folder.comparisons(plan), folder.start_weight)
    best = Fitted("ridge", ridge_ranker(folder, posterior), ridge_held_out(folder, plan, posterior))
    methods: tuple[Method, ...] = ("head", "layers") if isinstance(model, TunableModel) else ()
    if not can_be_grouped(plan):
        methods = ()
    pace = Pace(_CURVE_POINTS + (FOLDS + 1) * (CHECKPOINTS + 1) * len(methods))
    for point in _pairs_curve(folder, plan, posterior):
        yield point
        yield pace.step()
    if methods:
        assert isinstance(model, TunableModel)
        groups = groups_of(len(folder.features), plan)
        reached = _ridge_by_groups(folder, plan, groups, posterior)
        lesson = lesson_of(plan, tokens_of)
        for method in methods:
            folds = yield from by_groups(model, folder.phrase, plan, lesson, groups, method, pace)
            held_out = of_folds(folds, plan, folds.best)
            gain, error = log_gain(held_out.margins, reached, plan.outcomes, (plan.left, plan.right))
            held_out = replace(held_out, by_chance=likelier_by(-gain, best.held_out.by_chance))
            for checkpoint in range(CHECKPOINTS + 1):
                state = replace(of_folds(folds, plan, checkpoint), by_chance=held_out.by_chance)
                yield CurvePoint(method, checkpoint, state.accuracy(plan).mean)
            if gain < -error:
                break  # the next one has all its freedom and more: it would only take longer
            if gain > error * _SURER:
                reached = held_out.margins
                ranker = yield from _tuned(model, folder.phrase, lesson, method, folds.best, pace)
                best = Fitted(method, ranker, held_out)
    yield pace.end()
    return best


def ridge_ranker(folder: Folder, posterior: Posterior) -> TaughtRanker:
    """The ranker of a posterior's mean, its scores of unit spread over the folder's photographs."""
    scores = folder.features @ posterior.mean
    alpha = posterior.mean[0] * folder.start_scale
    weights = folder.basis.matrix @ posterior.mean[1:]
    return TaughtRanker(
        folder.phrase,
        folder.start,
        float(alpha),
        folder.basis.mean.astype(np.float32),
        weights.astype(np.float32),
        float(scores.std()) or 1.0,
    )


def _pairs_curve(folder: Folder, plan: Plan, whole: Posterior) -> Iterator[CurvePoint]:
    """Held-out accuracy by the number of pairs: answers in the order they were given, then those of marks and
    of ratings."""
    for count in sorted({round(len(plan) * k / _CURVE_POINTS) for k in range(1, _CURVE_POINTS + 1)} - {0}):
        part = plan.first(count)
        if not part.told(by_marks=plan.by_marks).any():
            continue  # nothing that tells the same as the end of the curve
        posterior = whole if count == len(plan) else fit_knowing(folder.comparisons(part), whole.prior)
        held_out = replace(ridge_held_out(folder, part, posterior), by_chance=whole.by_chance)
        share = held_out.accuracy(part, by_marks=plan.by_marks)
        yield CurvePoint("pairs", count, share.mean)


def _ridge_by_groups(folder: Folder, plan: Plan, groups: NDArray[np.intp], whole: Posterior) -> Floats:
    """(P,) margins, each the mean over the groups that its photographs are in, left out by turns."""
    pairs = folder.comparisons(plan)
    total, times = np.zeros(len(plan)), np.zeros(len(plan))
    for group in range(FOLDS):
        out = touches(plan, groups, group)
        margins = fit_knowing(pairs[~out], whole.prior).margins(pairs.differences[out])
        total[out] += sure_margins(*margins)
        times[out] += 1
    return total / np.maximum(times, 1)


def _tuned(
    model: TunableModel, phrase: str, lesson: Lesson, method: Method, steps: int, pace: Pace
) -> Generator[Progress, None, TaughtRanker]:
    """Train on all of a lesson."""
    states = tune(model, phrase, lesson, method)
    for _ in range(steps):
        next(states)
        yield pace.step()
    state = next(states)
    scores = state.scores().astype(np.float64)
    nothing = np.zeros(0, np.float32)
    spread = float(scores.std()) or 1.0
    return TaughtRanker(phrase, (), 0.0, nothing, nothing, spread, tuned=state.weights())
