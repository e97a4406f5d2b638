"""How right an order is: its margins on answers that it was not taught by, and between other photographs."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import Estimate
from imagesorter.events import Progress
from imagesorter.training.pairs import knowing
from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.folder import Folder, Rows, pairs_at_random
from imagesorter.training.pairs.folds import (
    FOLDS,
    Folds,
    Pace,
    TokensOf,
    by_groups,
    can_be_grouped,
    groups_of,
    lesson_of,
)
from imagesorter.training.pairs.held_out import (
    accuracy,
    as_unseen,
    of_rival,
    share_that_counts,
    sure_margins,
)
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.preference import Posterior
from imagesorter.training.pairs.tuning import CHECKPOINTS, Method, TunableModel

Floats = NDArray[np.float64]
Between = Callable[[Rows, Rows], Floats]


@dataclass(frozen=True)
class HeldOut:
    """An order's margins.

    Attributes:
        margins: (P,) of the answers, without those on their photographs.
        judged: (P,) the same, but of chosen pairs without their own answers alone, see `_of_chosen`; of
            heads as they are.
        rows: (R,) photographs between which others are known, rising.
        between: these, (Q,) of left and right rows, as if nothing had been learned of them.
        by_chance: see `Posterior`.
    """

    margins: Floats
    judged: Floats
    rows: Rows
    between: Between
    by_chance: float = 0.0

    def accuracy(self, plan: Plan, *, by_marks: bool | None = None) -> Estimate:
        """See `held_out.accuracy`. That best and worst are told apart says nothing of pairs at random: marks
        count only where there is too little else (`by_marks`), and for pairs like themselves."""
        used, of_marks, counts = _used(plan, by_marks)
        others = self.judged[used] if of_marks else self.between(*pairs_at_random(self.rows))
        found = accuracy(self.judged[used], plan.outcomes[used], others, counts, self.by_chance)
        return replace(found, of_marks=of_marks)


def compared(before: HeldOut, after: HeldOut, plan: Plan) -> tuple[Estimate, Estimate]:
    """The accuracy of two orders: the later one's, and the other's by what that gains on it (`of_rival`), or
    by itself where they know of no photographs in common."""
    now = after.accuracy(plan)
    used, of_marks, counts = _used(plan, None)
    left, right = pairs_at_random(np.intersect1d(before.rows, after.rows))
    if not len(left) and not of_marks:
        return before.accuracy(plan), now

    def seen(order: HeldOut) -> tuple[Floats, Floats]:
        asked = order.margins[used]
        return asked, asked if of_marks else order.between(left, right)

    was = of_rival(now, seen(after), seen(before), plan.outcomes[used], counts, after.by_chance)
    return replace(was, of_marks=of_marks), now


def _used(plan: Plan, by_marks: bool | None) -> tuple[NDArray[np.bool_], bool, float]:
    """Answers (P,) to judge by, whether these are marks, and see `share_that_counts`."""
    of_marks = plan.by_marks if by_marks is None else by_marks
    used = plan.told(by_marks=of_marks)
    return used, of_marks, share_that_counts(int(used.sum()), plan.photographs(used))


def of_scores(scores: Floats, plan: Plan) -> HeldOut:
    """Of an order as it is, by its scores (N,)."""

    def between(left: Rows, right: Rows) -> Floats:
        margins: Floats = scores[left] - scores[right]
        return margins

    margins = between(plan.left, plan.right)
    return HeldOut(margins, margins, np.arange(len(scores)), between)


def ridge_held_out(folder: Folder, plan: Plan, posterior: Posterior) -> HeldOut:
    """Margins of the ridge, of each answer without those on its two photographs."""
    pairs = folder.comparisons(plan)
    columns, plain = knowing.without_known(pairs, posterior)
    seen = knowing.held_out_margins(pairs.among(columns), plain, plan.left, plan.right)
    held_out, by_others = (sure_margins(*margins) for margins in seen)
    own = sure_margins(*posterior.margins(pairs.differences))

    def between(left: Rows, right: Rows) -> Floats:
        return sure_margins(*folder.margins(posterior, left, right))

    return HeldOut(
        held_out,
        _of_chosen(plan, held_out, by_others),
        np.arange(len(folder.features)),
        _as_unseen(between, folder, plan, held_out, own),
        posterior.by_chance,
    )


def _of_chosen(plan: Plan, held_out: Floats, by_others: Floats) -> Floats:
    """Margins (P,) by which the accuracy is told.

    A pair was chosen since the answers before left it open, those on its photographs among them: without
    these its margin is too large, and what is learned of such margins is that they are often wrong.
    """
    judged: Floats = np.where(plan.chosen, by_others, held_out)
    return judged


def _as_unseen(between: Between, folder: Folder, plan: Plan, held_out: Floats, own: Floats) -> Between:
    """See `as_unseen`."""
    taught = np.zeros(len(folder.features), np.bool_)
    taught[np.r_[plan.left, plan.right, plan.rated]] = True

    def unseen(left: Rows, right: Rows) -> Floats:
        return as_unseen(between(left, right), taught[left].astype(np.intp) + taught[right], held_out, own)

    return unseen


def ridge_before(folder: Folder, then: Plan, plan: Plan, scores: Floats) -> HeldOut:
    """As `ridge_held_out`, of the ridge that the answers of `then` make, on those of `plan`.

    Where answers that taught it are of photographs that are not open, it is better than the others alone make
    it: then its own margins count, with what leaving answers out changes in those of the others.

    Args:
        scores: (N,) of the ridge itself, not scaled.
    """
    taught = folder.comparisons(then)
    posterior = fit_prior(taught, folder.start_weight)
    columns, plain = knowing.without_known(taught, posterior)
    pairs, asked = (list(zip(one.left.tolist(), one.right.tolist(), strict=True)) for one in (then, plan))
    rows = {ends: row for row, ends in enumerate(pairs)}
    for ends in asked:
        if ends not in rows:
            rows[ends] = len(pairs)
            pairs.append(ends)
    left, right = np.array(pairs, np.intp).T
    nothing = np.zeros(len(pairs) - len(then))  # it was not taught by these: nothing of them is taken out
    differences = folder.features[left] - folder.features[right]
    wider = replace(plain, gradient=np.r_[plain.gradient, nothing], curvature=np.r_[plain.curvature, nothing])
    comparisons = replace(taught, differences=differences, outcomes=np.r_[then.outcomes, nothing])
    besides = scores - folder.features @ posterior.mean if then.missing else np.zeros(len(scores))

    def sure(margins: tuple[Floats, Floats], left: Rows, right: Rows) -> Floats:
        return sure_margins(margins[0] + besides[left] - besides[right], margins[1])

    def between(left: Rows, right: Rows) -> Floats:
        return sure(folder.margins(posterior, left, right), left, right)

    seen = knowing.held_out_margins(comparisons.among(columns), wider, left, right)
    held_out, by_others = (sure(margins, left, right) for margins in seen)
    own = between(then.left, then.right)
    of_asked = np.array([rows[ends] for ends in asked], np.intp)
    margins = held_out[of_asked]
    return HeldOut(
        margins,
        _of_chosen(plan, margins, by_others[of_asked]),
        np.arange(len(folder.features)),
        _as_unseen(between, folder, then, held_out[: len(then)], own),
    )


def of_folds(folds: Folds, plan: Plan, checkpoint: int) -> HeldOut:
    """Of heads that were trained without each group of photographs, between those with answers."""
    between = partial(folds.between, checkpoint)
    margins = between(plan.left, plan.right)
    return HeldOut(margins, margins, folds.rows[folds.groups >= 0], between)


def tuned_before(
    folder: Folder,
    then: Plan,
    plan: Plan,
    model: TunableModel,
    method: Method,
    tokens_of: TokensOf,
    scores: Floats,
) -> Generator[Progress, None, HeldOut]:
    """Margins of a tuned head, taught by the answers of `then`, on those of `plan`, and between their
    photographs.

    As they are, where it learned nothing of both photographs; else of heads that are taught anew without
    the photographs' group, as a candidate's are.

    Args:
        scores: (N,) of the head itself, not scaled.
    """
    itself = of_scores(scores, plan)
    if not can_be_grouped(then):
        return itself
    groups = groups_of(len(folder.features), then)
    lesson = lesson_of(then, tokens_of, plan)
    pace = Pace(FOLDS * (CHECKPOINTS + 1))
    folds = yield from by_groups(model, folder.phrase, then, lesson, groups, method, pace)
    held_out = of_folds(folds, plan, folds.best)

    def between(left: Rows, right: Rows) -> Floats:
        is_known = (groups[left] >= 0) | (groups[right] >= 0)
        return np.where(is_known, held_out.between(left, right), itself.between(left, right))

    margins = between(plan.left, plan.right)
    return HeldOut(margins, margins, folds.rows, between)
