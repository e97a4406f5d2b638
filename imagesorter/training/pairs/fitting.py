"""From labels to a candidate: the ridge and the tuned heads, compared on photographs they did not see."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import Estimate
from imagesorter.events import CurvePoint, Progress
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
from imagesorter.training.pairs.held_out import (
    accuracy,
    as_unseen,
    log_gain,
    share_that_counts,
    sure_margins,
)
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

_AT_RANDOM = 4000
_CURVE_POINTS = 8
_SURER = 1.5
"""Standard errors by which a costlier method has to predict more: the best of several methods, and of the
states of each, looks better than it is."""


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
        if not len(self.features):
            return self.features
        left, right = self.rows_at_random()
        differences: Floats = self.features[left] - self.features[right]
        return differences

    def rows_at_random(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The photographs (Q,) of these pairs, left and right; there is at least one."""
        rng, count = np.random.default_rng(0), len(self.features)
        left = rng.integers(count, size=_AT_RANDOM)
        return left, (left + rng.integers(1, max(count, 2), size=_AT_RANDOM)) % count


@dataclass(frozen=True)
class HeldOut:
    """An order's margins on answers that it was not taught by, and on pairs at random.

    Attributes:
        margins: (P,) per answer.
        at_random: (Q,).
    """

    margins: Floats
    at_random: Floats

    def accuracy(self, plan: Plan, *, by_marks: bool | None = None) -> Estimate:
        """See `held_out.accuracy`. That best and worst are told apart says nothing of pairs at random: marks
        count only where there is too little else (`by_marks`), and for pairs like themselves."""
        by_marks = plan.by_marks if by_marks is None else by_marks
        used = plan.told(by_marks=by_marks)
        found = accuracy(
            self.margins[used],
            plan.outcomes[used],
            self.margins[used] if by_marks else self.at_random,
            share_that_counts(int(used.sum()), plan.photographs(used)),
        )
        return replace(found, of_marks=by_marks)


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
    pairs = folder.comparisons(plan)
    held_out = sure_margins(*held_out_margins(pairs, posterior, plan.left, plan.right))
    at_random = sure_margins(*posterior.margins(folder.at_random()))
    own = sure_margins(*posterior.margins(pairs.differences))
    return HeldOut(held_out, _as_unseen(at_random, folder, plan, held_out, own))


def _as_unseen(at_random: Floats, folder: Folder, plan: Plan, held_out: Floats, own: Floats) -> Floats:
    """See `as_unseen`."""
    taught = np.zeros(len(folder.features), np.bool_)
    taught[np.r_[plan.left, plan.right, plan.rated]] = True
    left, right = folder.rows_at_random()
    return as_unseen(at_random, taught[left].astype(np.intp) + taught[right], held_out, own)


def ridge_before(folder: Folder, then: Plan, plan: Plan, scores: Floats) -> HeldOut:
    """As `ridge_held_out`, of the ridge that the answers of `then` make, on those of `plan`.

    Where answers that taught it are of photographs that are not open, it is better than the others alone make
    it: then its own margins count, with what leaving answers out changes in those of the others.

    Args:
        scores: (N,) of the ridge itself, not scaled.
    """
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
    besides = scores - folder.features @ posterior.mean if then.missing else np.zeros(len(scores))

    def sure(margins: tuple[Floats, Floats], left: NDArray[np.intp], right: NDArray[np.intp]) -> Floats:
        return sure_margins(margins[0] + besides[left] - besides[right], margins[1])

    margins = sure(held_out_margins(comparisons, wider, left, right), left, right)
    at_random = sure(posterior.margins(folder.at_random()), *folder.rows_at_random())
    own = sure(posterior.margins(differences[: len(then)]), then.left, then.right)
    at_random = _as_unseen(at_random, folder, then, margins[: len(then)], own)
    return HeldOut(margins[[rows[ends] for ends in asked]], at_random)


def tuned_before(
    folder: Folder,
    then: Plan,
    plan: Plan,
    model: TunableModel,
    method: Method,
    tokens_of: TokensOf,
    scores: Floats,
) -> Generator[Progress, None, HeldOut]:
    """Margins of a tuned head, taught by the answers of `then`, on those of `plan`.

    As they are, where it learned nothing of both photographs; else of heads that are taught anew without
    the photographs' group, as a candidate's are.

    Args:
        scores: (N,) of the head itself, not scaled.
    """
    margins = scores[plan.left] - scores[plan.right]
    groups = groups_of(len(folder.features), then)
    if can_be_grouped(then):
        lesson = lesson_of(then, tokens_of, plan)
        pace = Pace(FOLDS * (CHECKPOINTS + 1))
        folds = yield from by_groups(model, folder.phrase, then, lesson, groups, method, pace)
        known = (groups[plan.left] >= 0) | (groups[plan.right] >= 0)
        margins[known] = folds.margins(plan)[folds.best, known]
        return HeldOut(margins, folds.at_random()[folds.best])
    left, right = folder.rows_at_random()
    return HeldOut(margins, scores[left] - scores[right])


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
            states = [HeldOut(*each) for each in zip(folds.margins(plan), folds.at_random(), strict=True)]
            for checkpoint, state in enumerate(states):
                yield CurvePoint(method, checkpoint, state.accuracy(plan).mean)
            held_out = states[folds.best]
            gain, error = log_gain(held_out.margins, reached, plan.outcomes, (plan.left, plan.right))
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
        posterior = whole if count == len(plan) else fit_ridge(folder.comparisons(part), whole.prior)
        share = ridge_held_out(folder, part, posterior).accuracy(part, by_marks=plan.by_marks)
        yield CurvePoint("pairs", count, share.mean)


def _ridge_by_groups(folder: Folder, plan: Plan, groups: NDArray[np.intp], whole: Posterior) -> Floats:
    """(P,) margins, each the mean over the groups that its photographs are in, left out by turns."""
    pairs = folder.comparisons(plan)
    total, times = np.zeros(len(plan)), np.zeros(len(plan))
    for group in range(FOLDS):
        out = touches(plan, groups, group)
        margins = fit_ridge(pairs[~out], whole.prior).margins(pairs.differences[out])
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
