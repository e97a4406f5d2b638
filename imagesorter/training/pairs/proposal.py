"""From a fit to what the user is offered: is it better on held-out pairs, and what would move."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import Estimate, Version
from imagesorter.errors import TeachingError
from imagesorter.events import Candidate, CurvePoint, Move, Notice, Progress, Ranked
from imagesorter.ranking.order import order
from imagesorter.training.pairs.classroom import Classroom, folder_of
from imagesorter.training.pairs.fitting import FEWEST, Fitted, fit
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.folds import TokensOf
from imagesorter.training.pairs.held_out import log_gain, right_share
from imagesorter.training.pairs.judging import HeldOut, compared, of_scores, ridge_before, tuned_before
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.taught import StartTerm, TaughtRanker
from imagesorter.training.pairs.taught_features import Model
from imagesorter.training.pairs.tuning import Method, TunableModel
from imagesorter.training.pairs.versions import Facts, runs_of
from imagesorter.wording import count

_MOVES = 24
_IMAGES_PER_STEP = 512
_LEAST = 5e-4
"""Gain in accuracy below which two orders are as good: a kept one's scores are rounded."""

_FEW, _SURER, _APART = 30, 2.0, 0.5
"""Answers that are few, and how many standard errors they have to tell more than what there was; also without
those on the same photographs, which learn these by heart."""

WITHOUT_KEPT = "This fit is compared with the start instead."
"""Said after why the version in use cannot be compared with."""

_NO_NUMBER = (
    "The version in use gives no number for some of these photographs. Teach it again, or bring back another "
    "version."
)

Tokens = Callable[[Sequence[bytes]], NDArray[np.float16]]
Kept = tuple[str, Facts, TaughtRanker]


@dataclass(frozen=True)
class Proposal:
    """A candidate, and all that is needed to keep it. `rival`: number of the version in use that it was
    compared with, None for none."""

    candidate: Candidate
    rival: int | None
    ranker: TaughtRanker
    facts: Facts

    def check(self, versions: Sequence[Version]) -> None:
        """Raises TeachingError: it is not better than what is in use, or was not compared with it."""
        if not self.candidate.better:
            raise TeachingError(self.candidate.verdict)
        if in_use(versions) != self.rival:
            raise TeachingError(
                f"What is in use of “{self.candidate.attribute}” has changed since this order was learned, "
                "so it was not kept. Learn again: an order is compared with what is in use then."
            )


def propose(
    name: str,
    classroom: Classroom,
    model: Model,
    model_name: str,
    tokens: Tokens,
    kept: Kept | None,
    file_rows: Mapping[int, int],
    versions: Sequence[Version] = (),
) -> Generator[Progress | CurvePoint | Notice, None, Proposal]:
    """Fit, and compare with what there is: the version in use, or the start where that cannot be used.

    Args:
        name: of the attribute.
        classroom: photographs and labels.
        model: whose tokens they are.
        model_name: for the orders.
        tokens: reads the tokens of contents.
        kept: the version in use, with the id of its model.
        file_rows: row of each open file by its id.
        versions: all that were kept.

    Raises:
        TeachingError: there are no labels to learn from.
    """
    plan = classroom.plan
    if not len(plan):
        closed = f" ({plan.missing} are of photographs that are not open)" if plan.missing else ""
        raise TeachingError(f"“{name}” has no labels to learn from{closed}. Choose between some pairs first.")

    fitted = yield from fit(classroom.folder, plan, model, _by_row(classroom, tokens))
    if kept is not None and kept[0] != model.id:
        kept = None  # made for another model: it cannot order these photographs
    # first: lost tokens are no fault of `kept`
    scores_after = yield from _scores(fitted.ranker, classroom, model, tokens)
    try:
        scores_before, before = yield from _rival(classroom, model, tokens, kept)
    except TeachingError as error:
        yield Notice(f"{error} {WITHOUT_KEPT}")
        kept = None
        scores_before, before = yield from _rival(classroom, model, tokens, kept)
    estimates = compared(before, fitted.held_out, plan)
    rival = "the kept version" if kept else "the start"
    better, verdict = _judge(classroom, before, fitted, estimates, rival)
    began = estimates[0]  # what it is better than
    then = classroom.part(kept[1].has_learned) if kept else None
    new = [label for label in plan.learned if not kept[1].has_learned(label)] if kept else []
    told = int((plan.outcomes != 0).sum())
    if not better and told >= FEWEST and 0 < len(new) < len(plan.learned):
        _, start = yield from _rival(classroom, model, tokens, None)
        from_start = compared(start, fitted.held_out, plan)
        if _goes_on(start, before, fitted.held_out, from_start, plan):
            began = from_start[0]
            better, verdict = True, _gone_on(began, *estimates, new)
    if then is not None and then.missing:
        verdict += _closed(then.missing)
    verdict += _passed_over(versions, estimates[1])
    was, now = (_ranked(name, model_name, scores, file_rows) for scores in (scores_before, scores_after))
    candidate = Candidate(
        attribute=name,
        method=fitted.method,
        pairs=len(plan),
        before=estimates[0],
        after=estimates[1],
        better=better,
        verdict=verdict,
        order_before=was,
        order_after=now,
        moves=_moves(was, now),
        known=told >= FEWEST,
    )
    last = max(0, max(plan.learned))
    facts = Facts(fitted.method, len(plan), last, began, estimates[1], learned=runs_of(plan.learned))
    return Proposal(candidate, in_use(versions), fitted.ranker, facts)


def in_use(versions: Sequence[Version]) -> int | None:
    """Number of the version in use, None for none."""
    return next((version.number for version in versions if version.current), None)


def _rival(
    classroom: Classroom, model: Model, tokens: Tokens, kept: Kept | None
) -> Generator[Progress, None, tuple[NDArray[np.float32], HeldOut]]:
    """Scores (N,) and held-out margins of the version in use, or of the start.

    Answers on photographs that a version was taught by are no test of it: for these it is fitted anew
    without the answers on their photographs, by its own method, from the start that it was taught from.

    Raises:
        TeachingError: the version in use cannot score these photographs, or be fitted to them.
    """
    folder, plan = classroom.folder, classroom.plan
    if kept is None:
        start = folder.features[:, 0]
        return start.astype(np.float32), of_scores(start, plan)
    _, facts, ranker = kept
    scores = yield from _scores(ranker, classroom, model, tokens)
    if not np.isfinite(scores).all():
        raise TeachingError(_NO_NUMBER)
    exact = scores.astype(np.float64) * ranker.spread
    then = classroom.part(facts.has_learned)
    if not len(then):
        return scores, of_scores(exact, plan)
    if ranker.tuned and isinstance(model, TunableModel):
        method: Method = "layers" if facts.method == "layers" else "head"
        folder, tokens_of = replace(folder, phrase=ranker.phrase), _by_row(classroom, tokens)
        return scores, (yield from tuned_before(folder, then, plan, model, method, tokens_of, exact))
    folder = yield from _as_seen_by(ranker, classroom, model, tokens)
    if len(ranker.weights) < len(folder.basis.mean):  # taught before there were known orders
        folder = folder.without_known()
    return scores, ridge_before(folder, then, plan, exact)


def _as_seen_by(
    ranker: TaughtRanker, classroom: Classroom, model: Model, tokens: Tokens
) -> Generator[Progress, None, Folder]:
    """The photographs as a version sees them: read under its phrase, with the start that it was taught from,
    which need not be what is taught from now.

    Raises:
        TeachingError: it sees nothing of some.
    """
    folder = classroom.folder
    if _fingerprint(ranker.phrase, ranker.start) == _fingerprint(folder.phrase, folder.start):
        return folder

    def read(some: Sequence[bytes]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        return tokens(some), np.ones(len(some), np.bool_)

    keys, folder, _ = yield from folder_of(model, classroom.keys, read, ranker.start, ranker.phrase)
    if len(keys) < len(classroom.keys):
        raise TeachingError(_NO_NUMBER)
    return folder


def _fingerprint(phrase: str, start: tuple[StartTerm, ...]) -> bytes:
    """Of what a teaching starts from. Rankers in it hold arrays, which `==` does not compare."""
    nothing = np.zeros(0, np.float32)
    return TaughtRanker(phrase, start, 0.0, nothing, nothing).to_bytes()


def _by_row(classroom: Classroom, tokens: Tokens) -> TokensOf:
    keys = classroom.keys
    return lambda rows: tokens([keys[row] for row in rows])


def _scores(
    ranker: TaughtRanker, classroom: Classroom, model: Model, tokens: Tokens
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Of all photographs, (N,); some at a time, so that it can be left in between."""
    keys = classroom.keys
    scores = np.zeros(len(keys), np.float32)
    for begin in range(0, len(keys), _IMAGES_PER_STEP):
        some = keys[begin : begin + _IMAGES_PER_STEP]
        scores[begin : begin + len(some)] = ranker.score(model, tokens(some))
        yield Progress("fit", begin + len(some), len(keys))
    return scores


def is_better(before: HeldOut, after: HeldOut, estimates: tuple[Estimate, Estimate], plan: Plan) -> bool:
    """Whether an order is to be offered: it has more of the held-out answers right, its accuracy is
    higher, and its likelihood on them is so by more than the standard error of the difference, twice as
    much of few answers: a few wrong ones are not to replace an order that is right. (By one and a half, some
    were offered after 20 answers that lost .2 to .4 in Spearman; so, none that lost more than .02.) Where
    there was none, nothing is lost.

    Args:
        estimates: of both, see `compared`.
    """
    outcomes, ends = plan.outcomes, (plan.left, plan.right)
    gain, error = log_gain(after.judged, before.judged, outcomes, ends)
    told = outcomes != 0
    if before.judged.any() and min(int(told.sum()), plan.photographs(told)) < _FEW:
        apart, its_error = log_gain(after.margins, before.margins, outcomes, ends)
        if apart <= its_error * _APART:
            return False
        error *= _SURER
    was, now = estimates
    return (
        gain > error
        and right_share(after.judged, outcomes) > right_share(before.judged, outcomes)
        and now.mean > was.mean
    )


def _goes_on(
    start: HeldOut, kept: HeldOut, after: HeldOut, from_start: tuple[Estimate, Estimate], plan: Plan
) -> bool:
    """Whether an order that has learned more than the kept one is to be offered, though it is not surely
    better than that: fifty answers do not tell by how much twenty more have bettered it. It is better than
    the start, and not surely worse than the kept one."""
    gain, error = log_gain(after.margins, kept.margins, plan.outcomes, (plan.left, plan.right))
    return gain > -error and is_better(start, after, from_start, plan)


def _gone_on(start: Estimate, kept: Estimate, now: Estimate, new: Sequence[int]) -> str:
    was, is_now, began = (f"{100 * estimate.mean:.0f} %" for estimate in (kept, now, start))
    more = count(len(new), "more answer" if min(new) > 0 else "more label")
    return (
        f"Better than the start on {now.pairs}: {is_now} in your order ({100 * now.low:.0f} to "
        f"{100 * now.high:.0f} %), {began} before. It has learned from {more} than the kept version ({was}); "
        "they do not tell which of the two is better."
    )


def _closed(missing: int) -> str:
    labels, their = count(missing, "label"), "its" if missing == 1 else "their"
    return (
        f" The kept version has also learned from {labels} that this fit lacks: open {their} "
        "photographs, too, so that nothing is forgotten."
    )


def _passed_over(versions: Sequence[Version], now: Estimate) -> str:
    """What to say of a version later than the one in use, which seemed better when it was kept."""
    used = in_use(versions) or 0
    later = [
        version
        for version in versions
        if version.number > used and version.fits and version.after.of_marks == now.of_marks
    ]
    best = max(later, key=lambda version: version.after.mean, default=None)
    if best is None or best.after.mean <= now.mean:
        return ""
    return f" Version {best.number}, which is not in use, had {100 * best.after.mean:.0f} % when it was kept."


def _judge(
    classroom: Classroom, before: HeldOut, fitted: Fitted, estimates: tuple[Estimate, Estimate], rival: str
) -> tuple[bool, str]:
    outcomes = classroom.plan.outcomes
    told = int((outcomes != 0).sum())
    was, now = (f"{100 * estimate.mean:.0f} %" for estimate in estimates)
    of = estimates[1].pairs
    if not told:
        return False, "All pairs are ties: there is no order to learn from them."
    if told < FEWEST:
        pairs = "One pair says" if told == 1 else f"{told} pairs say"
        ties = f" (of {len(outcomes)}, the others are ties)" if told < len(outcomes) else ""
        return False, f"{pairs} too little{ties}: at least {FEWEST} are needed, preferably thirty."
    interval = f"{100 * estimates[1].low:.0f} to {100 * estimates[1].high:.0f} %"
    if estimates[1].mean < estimates[0].mean + _LEAST:
        return False, f"Not better than {rival} on {of}: {now} in your order against {was}."
    if not is_better(before, fitted.held_out, estimates, classroom.plan):
        return False, (
            f"Not surely better than {rival}: {now} of {of} in your order ({interval}) "
            f"against {was}, which may be chance. More answers will tell."
        )
    better = "Better" if estimates[1].surely_above(estimates[0]) else "Probably better"
    return True, f"{better} than {rival} on {of}: {now} in your order ({interval}), {was} before."


def _ranked(name: str, model: str, scores: NDArray[np.float32], file_rows: Mapping[int, int]) -> Ranked:
    files = np.array(list(file_rows), np.int64)
    rows = np.array(list(file_rows.values()), np.intp)
    return Ranked(name, model, *order(files, scores[rows]), complete=True)


def _moves(before: Ranked, after: Ranked) -> tuple[Move, ...]:
    """By positions, not ranks: from nothing, all share the first rank, and everything would move."""
    stood, stands = (
        {file_id: place for place, file_id in enumerate(ranked.file_ids.tolist(), 1)}
        for ranked in (before, after)
    )
    if not len(before.scores) or np.ptp(before.scores) == 0:
        return ()
    moves = [Move(file_id, stood[file_id], place) for file_id, place in stands.items()]
    moves.sort(key=lambda move: -abs(move.after - move.before))
    return tuple(move for move in moves[:_MOVES] if move.after != move.before)
