"""From labels to a candidate: the ridge and the tuned heads, compared on photographs they did not see."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import Estimate
from imagesorter.events import CurvePoint, Progress
from imagesorter.training.pairs.held_out import accuracy, calibrated, log_gain, log_likelihoods, sure_margins
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.preference import (
    START_WEIGHT,
    Comparisons,
    Posterior,
    fit_prior,
    held_out_margins,
)
from imagesorter.training.pairs.preference import fit as fit_ridge
from imagesorter.training.pairs.taught import StartTerm, TaughtRanker
from imagesorter.training.pairs.taught_features import Basis
from imagesorter.training.pairs.tuning import CHECKPOINTS, Lesson, Method, TunableModel, tune

Floats = NDArray[np.float64]

FEWEST = 5
"""Answers (no ties) below which nothing is said of how good an order is."""

_FOLDS = 2
_AT_RANDOM = 4000
_CURVE_POINTS = 8


@dataclass(frozen=True)
class Folder:
    """The opened photographs as a fit sees them.

    Attributes:
        features: (N, 1 + K): the start's score, such that two photographs at random differ by 1 in the
            square mean, then directions of `basis`.
        basis: of the features.
        start_scale: of the start's score in `features`.
        start: its terms; none for nothing.
        phrase: under which features were read.
    """

    features: Floats
    basis: Basis
    start_scale: float
    start: tuple[StartTerm, ...]
    phrase: str

    @property
    def start_weight(self) -> float:
        """Prior mean of α."""
        return START_WEIGHT if self.start_scale else 0.0

    def comparisons(self, plan: Plan) -> Comparisons:
        """The answers as differences of features."""
        return Comparisons(self.features[plan.left] - self.features[plan.right], plan.outcomes)

    def at_random(self) -> Floats:
        """(Q, 1 + K) differences of pairs drawn at random, always the same."""
        rng = np.random.default_rng(0)
        count = len(self.features)
        if not count:
            return self.features
        left = rng.integers(count, size=_AT_RANDOM)
        right = (left + rng.integers(1, max(count, 2), size=_AT_RANDOM)) % count
        differences: Floats = self.features[left] - self.features[right]
        return differences


@dataclass(frozen=True)
class HeldOut:
    """An order's margins on answers that it was not taught by, and on pairs at random.

    Attributes:
        margins: (P,) per answer.
        at_random: (Q,).
    """

    margins: Floats
    at_random: Floats

    def accuracy(self, outcomes: Floats) -> Estimate:
        """See `held_out.accuracy`."""
        return accuracy(self.margins, outcomes, self.at_random)


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


def ridge_held_out(folder: Folder, plan: Plan, posterior: Posterior) -> HeldOut:
    """Margins of the ridge, of each answer without those on its two photographs."""
    margins = held_out_margins(folder.comparisons(plan), posterior, plan.left, plan.right)
    return HeldOut(sure_margins(*margins), sure_margins(*posterior.margins(folder.at_random())))


def ridge_before(folder: Folder, then: Plan, plan: Plan) -> HeldOut:
    """As `ridge_held_out`, of the ridge that the answers of `then` make, on those of `plan`."""
    posterior = fit_prior(folder.comparisons(then), folder.start_weight)
    pairs, asked = (list(zip(one.left.tolist(), one.right.tolist(), strict=True)) for one in (then, plan))
    rows = {ends: row for row, ends in enumerate(pairs)}
    for ends in asked:
        if ends not in rows:
            rows[ends] = len(pairs)
            pairs.append(ends)
    left, right = np.array(pairs, np.intp).T
    nothing = np.zeros(len(pairs) - len(then))  # it was not taught by these: nothing of them is taken out
    differences = folder.features[left] - folder.features[right]
    wider = replace(
        posterior,
        gradient=np.r_[posterior.gradient, nothing],
        curvature=np.r_[posterior.curvature, nothing],
    )
    comparisons = Comparisons(differences, np.r_[then.outcomes, nothing])
    margins = sure_margins(*held_out_margins(comparisons, wider, left, right))
    at_random = sure_margins(*posterior.margins(folder.at_random()))
    return HeldOut(margins[[rows[ends] for ends in asked]], at_random)


def fit(
    folder: Folder,
    plan: Plan,
    model: object,
    tokens_of: Callable[[Sequence[int]], NDArray[np.float16]],
) -> Generator[Progress | CurvePoint, None, Fitted]:
    """Fit everything that can be, and choose by cross-validated likelihood over groups of photographs.

    A costlier method is chosen where its likelihood is higher by more than the standard error of the
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
    if len(np.unique(np.r_[plan.left, plan.right])) < 2 * _FOLDS or not (plan.outcomes != 0).any():
        methods = ()
    pace = _Pace(_CURVE_POINTS + (_FOLDS + 1) * (CHECKPOINTS + 1) * len(methods))
    for point in _pairs_curve(folder, plan, posterior):
        yield point
        yield pace.step()
    if methods:
        assert isinstance(model, TunableModel)
        groups = _groups(plan)
        reached = _ridge_by_groups(folder, plan, groups, posterior)
        lesson = _lesson(plan, tokens_of)
        for method in methods:
            tuned = yield from _tuned(model, folder.phrase, lesson, groups, method, pace)
            gain, error = log_gain(tuned.margins, reached, plan.outcomes)
            if gain < -error:
                break  # the next one has all its freedom and more: it would only take longer
            if tuned.steps and gain > error:
                reached = tuned.margins
                best = Fitted(method, tuned.ranker, HeldOut(tuned.margins, tuned.at_random))
    yield pace.end()
    return best


class _Pace:
    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total

    def step(self) -> Progress:
        self._done = min(self._done + 1, self._total)
        return Progress("fit", self._done, self._total)

    def end(self) -> Progress:
        return Progress("fit", self._total, self._total)


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
    """Held-out accuracy by the number of answers, in the order they were given."""
    for count in sorted({round(len(plan) * k / _CURVE_POINTS) for k in range(1, _CURVE_POINTS + 1)} - {0}):
        part = plan.first(count)
        posterior = whole if count == len(plan) else fit_ridge(folder.comparisons(part), whole.prior)
        share = ridge_held_out(folder, part, posterior).accuracy(part.outcomes)
        yield CurvePoint("pairs", count, share.mean)


def _groups(plan: Plan) -> NDArray[np.intp]:
    """(N,) group of each photograph up to the highest row with a label."""
    count = int(max(plan.left.max(), plan.right.max())) + 1
    labelled = np.unique(np.r_[plan.left, plan.right])
    groups = np.zeros(count, np.intp)
    groups[np.random.default_rng(0).permutation(labelled)] = np.arange(len(labelled)) % _FOLDS
    return groups


def _touches(plan: Plan, groups: NDArray[np.intp], group: int) -> NDArray[np.bool_]:
    touched: NDArray[np.bool_] = (groups[plan.left] == group) | (groups[plan.right] == group)
    return touched


def _ridge_by_groups(folder: Folder, plan: Plan, groups: NDArray[np.intp], whole: Posterior) -> Floats:
    """(P,) margins, each the mean over the groups that its photographs are in, left out by turns."""
    pairs = folder.comparisons(plan)
    total, times = np.zeros(len(plan)), np.zeros(len(plan))
    for group in range(_FOLDS):
        out = _touches(plan, groups, group)
        margins = fit_ridge(pairs[~out], whole.prior).margins(pairs.differences[out])
        total[out] += sure_margins(*margins)
        times[out] += 1
    return total / np.maximum(times, 1)


def _lesson(plan: Plan, tokens_of: Callable[[Sequence[int]], NDArray[np.float16]]) -> Lesson:
    rows = np.unique(np.r_[plan.left, plan.right, plan.rated])
    return Lesson(
        rows,
        tokens_of(rows.tolist()),
        np.searchsorted(rows, plan.left),
        np.searchsorted(rows, plan.right),
        plan.outcomes,
        np.searchsorted(rows, plan.rated),
        plan.ratings,
    )


@dataclass(frozen=True)
class _Tuned:
    steps: int
    margins: Floats
    at_random: Floats
    ranker: TaughtRanker


def _tuned(
    model: TunableModel,
    phrase: str,
    lesson: Lesson,
    groups: NDArray[np.intp],
    method: Method,
    pace: _Pace,
) -> Generator[Progress | CurvePoint, None, _Tuned]:
    """Train without each group by turns to find the best number of steps, then with all."""
    of_row = groups[lesson.rows[: len(lesson.rows)].clip(max=len(groups) - 1)]
    margins = np.zeros((CHECKPOINTS + 1, len(lesson.outcomes)))
    times = np.zeros(len(lesson.outcomes))
    for group in range(_FOLDS):
        out = (of_row[lesson.left] == group) | (of_row[lesson.right] == group)
        times += out
        kept = lesson.only(~out, of_row[lesson.rated] != group)
        for checkpoint, state in enumerate(tune(model, phrase, kept, method)):
            scores = state.scores()
            difference = scores[lesson.left] - scores[lesson.right]
            margins[checkpoint, out] += difference[out]
            yield pace.step()
    margins /= np.maximum(times, 1)
    logs = []
    for checkpoint, row in enumerate(margins):
        told = lesson.outcomes != 0
        slope, lapse = calibrated(row, lesson.outcomes)
        logs.append(float(log_likelihoods(slope * row, lesson.outcomes, lapse).sum()))
        yield CurvePoint(method, checkpoint, float(np.mean(row[told] * lesson.outcomes[told] > 0)))
    best = int(np.argmax(logs))
    states = tune(model, phrase, lesson, method)
    for _ in range(best):
        next(states)
        yield pace.step()
    state = next(states)
    scores = state.scores().astype(np.float64)
    rng = np.random.default_rng(0)
    at_random = rng.choice(scores, _AT_RANDOM) - rng.choice(scores, _AT_RANDOM)
    nothing = np.zeros(0, np.float32)
    ranker = TaughtRanker(
        phrase, (), 0.0, nothing, nothing, float(scores.std()) or 1.0, tuned=state.weights()
    )
    return _Tuned(best, margins[best], at_random[at_random != 0], ranker)
