"""Heads trained without each group of photographs by turns, and their margins on those."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagesorter.events import Progress
from imagesorter.training.pairs.held_out import calibrated, log_likelihoods
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.tuning import CHECKPOINTS, Lesson, Method, TunableModel, tune

Floats = NDArray[np.float64]

TokensOf = Callable[[Sequence[int]], NDArray[np.float16]]
"""Tokens of photographs by row."""

FOLDS = 2


def can_be_grouped(plan: Plan) -> bool:
    """Whether there are enough photographs for groups, and an answer that is no tie."""
    photographs = np.unique(np.r_[plan.left, plan.right])
    return len(photographs) >= 2 * FOLDS and bool((plan.outcomes != 0).any())


def groups_of(count: int, plan: Plan) -> NDArray[np.intp]:
    """(N,) group of each photograph; −1 where no answer is on it."""
    labelled = np.unique(np.r_[plan.left, plan.right])
    groups = np.full(count, -1, np.intp)
    groups[np.random.default_rng(0).permutation(labelled)] = np.arange(len(labelled)) % FOLDS
    return groups


def touches(plan: Plan, groups: NDArray[np.intp], group: int) -> NDArray[np.bool_]:
    """Which answers (P,) are on a photograph of a group."""
    touched: NDArray[np.bool_] = (groups[plan.left] == group) | (groups[plan.right] == group)
    return touched


def lesson_of(plan: Plan, tokens_of: TokensOf, asked: Plan | None = None) -> Lesson:
    """What a plan teaches; the photographs of `asked` are there, too."""
    others = np.r_[asked.left, asked.right] if asked else plan.rated[:0]
    rows = np.unique(np.r_[plan.left, plan.right, plan.rated, others])
    return Lesson(
        rows,
        tokens_of(rows.tolist()),
        np.searchsorted(rows, plan.left),
        np.searchsorted(rows, plan.right),
        plan.outcomes,
        np.searchsorted(rows, plan.rated),
        plan.ratings,
    )


class Pace:
    """Counts the steps of a fit."""

    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total

    def step(self) -> Progress:
        self._done = min(self._done + 1, self._total)
        return Progress("fit", self._done, self._total)

    def end(self) -> Progress:
        return Progress("fit", self._total, self._total)


@dataclass(frozen=True)
class Folds:
    """Heads trained without each group of photographs by turns.

    Attributes:
        rows: (n,) rows of the photographs in the folder, rising.
        groups: (n,) theirs.
        scores: (groups, 1 + CHECKPOINTS, n) of the head that was trained without the group.
        best: the checkpoint whose margins predict the answers best.
    """

    rows: NDArray[np.intp]
    groups: NDArray[np.intp]
    scores: NDArray[np.float32]
    best: int = 0

    def margins(self, plan: Plan) -> Floats:
        """(1 + CHECKPOINTS, P) of the answers."""
        checkpoints = range(self.scores.shape[1])
        return np.stack([self.between(checkpoint, plan.left, plan.right) for checkpoint in checkpoints])

    def between(self, checkpoint: int, left: NDArray[np.intp], right: NDArray[np.intp]) -> Floats:
        """(Q,) of pairs of its photographs, by their rows in the folder: each the mean over the groups that
        its photographs are in, if any. A head that has learned from these says too much of others."""
        left, right = np.searchsorted(self.rows, left), np.searchsorted(self.rows, right)
        total, times = np.zeros(len(left)), np.zeros(len(left))
        for group, scores in enumerate(self.scores[:, checkpoint]):
            out = (self.groups[left] == group) | (self.groups[right] == group)
            total[out] += scores[left[out]] - scores[right[out]]
            times += out
        margins: Floats = total / np.maximum(times, 1)
        return margins


def by_groups(
    model: TunableModel,
    phrase: str,
    plan: Plan,
    lesson: Lesson,
    groups: NDArray[np.intp],
    method: Method,
    pace: Pace,
) -> Generator[Progress, None, Folds]:
    """Train on a plan without each group by turns, and find the best number of steps."""
    of_row = groups[lesson.rows]
    scores = np.zeros((FOLDS, CHECKPOINTS + 1, len(lesson.rows)), np.float32)
    for group in range(FOLDS):
        out = (of_row[lesson.left] == group) | (of_row[lesson.right] == group)
        kept = lesson.only(~out, of_row[lesson.rated] != group)
        for checkpoint, state in enumerate(tune(model, phrase, kept, method)):
            scores[group, checkpoint] = state.scores()
            yield pace.step()
    folds = Folds(lesson.rows, of_row, scores)
    logs = []
    for row in folds.margins(plan):
        slope, lapse = calibrated(row, plan.outcomes)
        logs.append(float(log_likelihoods(slope * row, plan.outcomes, lapse).sum()))
    return replace(folds, best=int(np.argmax(logs)))
