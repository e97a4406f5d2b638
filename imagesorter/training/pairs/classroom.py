"""The opened photographs and what the answers so far say of them; kept up to date answer by answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import Estimate, Source, Standing
from imagesorter.errors import TeachingError
from imagesorter.events import Notice, Progress
from imagesorter.library.files import ImageFile
from imagesorter.model.readings import Readings
from imagesorter.training.pairs.choosing import choose
from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.fitting import FEWEST
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.held_out import proportion
from imagesorter.training.pairs.judging import ridge_held_out
from imagesorter.training.pairs.labels import Label, Rating, marks_of
from imagesorter.training.pairs.lesson_plan import OUTCOMES, Plan, plan
from imagesorter.training.pairs.preference import Posterior, fit
from imagesorter.training.pairs.progress import more_worth
from imagesorter.training.pairs.taught import StartTerm, start_scores
from imagesorter.training.pairs.taught_features import Model, basis_of, describe, known_orders
from imagesorter.wording import count

AGAIN_EVERY = 12
"""Answers between two pairs that are asked again."""

_AGAIN_AFTER = 6
_PRIOR_EVERY = 4
_PRIOR_ANEW = 80
"""Up to so many answers the prior is chosen anew after each: from its neighbours alone, an early and
wrong choice takes many answers to leave (crowds, 50 answers: a Spearman of .68 instead of .71)."""
_IMAGES_PER_STEP = 512
_SHOWN = 3
_FEW, _MANY = 20, 40
_DOUBTFUL = 0.6
"""Accuracy below which many answers are said to be by chance perhaps: of 50 to 100 answers by coin flips 58
to 75 % are, of others 3 to 17 %, beside a start for something else up to 29 %; these had .53 to .61."""
_REPEATS = 3
"""Pairs asked again, from which on it counts that they did not get the same answer."""

Tokens = Callable[[Sequence[bytes]], tuple[NDArray[np.float16], NDArray[np.bool_]]]
"""Tokens of contents, and which of them there are."""


class Classroom:
    """Features of the opened photographs, the posterior, and the next pair.

    Attributes:
        keys: (N) content keys by row, each once.
        rows: the reverse.
        folder: features and start.
        plan: the labels as rows.
        posterior: of the ridge.
    """

    def __init__(self, keys: Sequence[bytes], folder: Folder, seed: int) -> None:
        self.keys = keys
        self.rows = {key: row for row, key in enumerate(keys)}
        self.folder = folder
        self.plan = plan([], [], self.rows)
        self._seed = seed
        self._labels: tuple[Label, ...] = ()
        self._ratings: tuple[Rating, ...] = ()
        self._passed: set[tuple[int, int]] = set()
        self._standing: Standing | None = None  # as long as it is known
        self.posterior: Posterior = fit_prior(folder.comparisons(self.plan), folder.start_weight)

    def update(self, labels: Sequence[Label], ratings: Sequence[Rating]) -> None:
        """Take in all labels as they are now; cheap where at most one answer has come since."""
        before = len(self._labels)
        # what has changed cannot be told by the number of pairs: of very many ratings and marks it is fixed
        goes_on = (
            before <= len(labels) <= before + 1
            and tuple(ratings) == self._ratings
            and tuple(labels[:before]) == self._labels
        )
        self._labels, self._ratings = tuple(labels), tuple(ratings)
        self._standing = None
        self.plan = plan(labels, ratings, self.rows)
        pairs, weight, last = self.folder.comparisons(self.plan), self.folder.start_weight, self.posterior
        if not goes_on or len(self.plan) <= _PRIOR_ANEW:
            self.posterior = fit_prior(pairs, weight)
        elif len(self.plan) % _PRIOR_EVERY:
            found = fit(pairs, last.prior, last.mean)
            self.posterior = replace(found, by_chance=last.by_chance)
        else:
            self.posterior = fit_prior(pairs, weight, last)

    def marks(self, keys: Mapping[int, bytes]) -> dict[int, bool]:
        """See `marks_of`."""
        return marks_of(self._ratings, keys)

    def pass_over(self, pair: tuple[bytes, bytes]) -> None:
        """Do not ask this pair again today."""
        if ends := self._ends(*pair):
            self._passed.add(ends)

    def take_up(self, pair: tuple[bytes, bytes]) -> None:
        """Undo `pass_over`."""
        if ends := self._ends(*pair):
            self._passed.discard(ends)

    def after(self, label: Label) -> Classroom:
        """As it will be with one more answer; this one stays as it is."""
        later = copy.copy(self)
        later.update([*self._labels, label], self._ratings)
        return later

    def part(self, kept: Callable[[int], bool]) -> Plan:
        """The plan of some of the labels alone, by their ids; those of marks and ratings are below 0."""
        labels = [label for label in self._labels if kept(label.id)]
        return plan(labels, [rating for rating in self._ratings if kept(-rating.id)], self.rows)

    def next_pair(self) -> tuple[bytes, bytes, Source] | None:
        """Left, right and why; the same until the labels change."""
        rng = np.random.default_rng((self._seed, len(self._labels), len(self._passed)))
        if again := self._again(rng):
            return again
        given = (self._ends(label.left, label.right) for label in self._labels)
        asked = self._passed.union(ends for ends in given if ends)
        chosen = choose(self.folder.features, self.posterior, asked, rng)
        if chosen is None:
            return None
        source: Source = "random" if chosen.is_random else "chosen"
        return self.keys[chosen.left], self.keys[chosen.right], source

    def standing(self) -> Standing:
        """See `answers.Standing`; worked out once for the same labels."""
        if self._standing is None:
            self._standing = self._work_out()
        return self._standing

    def _work_out(self) -> Standing:
        told = int((self.plan.outcomes != 0).sum())
        accuracy = more = None
        if told >= FEWEST:
            held_out = ridge_held_out(self.folder, self.plan, self.posterior)
            accuracy = held_out.accuracy(self.plan)
            more = more_worth(self.folder.features, self.folder.comparisons(self.plan), self.posterior)
        same, asked_again = self._repeats()
        consistency = proportion(same, asked_again) if asked_again else None
        if accuracy is not None and accuracy.of_marks:
            more = None  # nor what pairs of others would be
        pairs, ties = len(self.plan), len(self.plan) - told
        others = pairs - int(self.plan.marked.sum())
        if (consistency is not None and _contradicts(consistency, asked_again)) or (
            accuracy is not None and _may_be_chance(accuracy, others)
        ):
            more = None  # what such answers are worth is not known
        may_stop = more == 0 and others >= _FEW
        return Standing(
            pairs=pairs,
            ties=ties,
            accuracy=accuracy,
            consistency=consistency,
            asked_again=asked_again,
            more_worth=more,
            advice=_advice(pairs, others, ties, more, accuracy, consistency, asked_again),
            may_stop=may_stop,
            missing=self.plan.missing,
            ratings=len(self.plan.rated),
            answers=sum(label.answer in OUTCOMES for label in self._labels),
            cannot_tell=sum(label.answer == "cannot_tell" for label in self._labels),
            rated=sum(rating.scale == "rating" for rating in self._ratings),
        )

    def _ends(self, left: bytes, right: bytes) -> tuple[int, int] | None:
        i, j = self.rows.get(left), self.rows.get(right)
        return None if i is None or j is None or i == j else (min(i, j), max(i, j))

    def _again(self, rng: np.random.Generator) -> tuple[bytes, bytes, Source] | None:
        """An earlier pair mirrored, when it is time for one."""
        asked = [label for label in self._labels if label.source in ("chosen", "random", "again")]
        since = next((k for k, label in enumerate(reversed(asked)) if label.source == "again"), len(asked))
        if since < AGAIN_EVERY:
            return None
        repeated = {frozenset((label.left, label.right)) for label in asked if label.source == "again"}
        open_ones = [
            label
            for label in asked[:-_AGAIN_AFTER]
            if label.answer in OUTCOMES
            and frozenset((label.left, label.right)) not in repeated
            and (ends := self._ends(label.left, label.right))
            and ends not in self._passed
        ]
        if not open_ones:
            return None
        label = open_ones[int(rng.integers(len(open_ones)))]
        return label.right, label.left, "again"

    def _repeats(self) -> tuple[float, int]:
        """How many pairs of open photographs got the same answer when asked again, and of how many that were;
        a tie for a choice counts half."""
        last: dict[frozenset[bytes], bytes | None] = {}
        same, count = 0.0, 0
        for label in self._labels:
            if label.answer not in OUTCOMES or label.source in ("moved", "imported"):
                continue
            if not self._ends(label.left, label.right):
                continue
            pair = frozenset((label.left, label.right))
            if label.source == "again" and pair in last:
                count += 1
                before = last[pair]
                same += 1.0 if before == label.winner else 0.5 if None in (before, label.winner) else 0.0
            last[pair] = label.winner
        return same, count


def read_folder(
    model: Model,
    files: Mapping[bytes, ImageFile],
    tokens: Tokens,
    start: tuple[StartTerm, ...],
    phrase: str,
    *,
    is_full: bool = False,
) -> Generator[Progress | Notice, None, tuple[list[bytes], Folder]]:
    """Features of photographs from their stored tokens. Those that have none, or of which they are no
    numbers, are left out with a word: one of them would spoil the directions of all.

    Args:
        files: by content.
        start: terms of the order that teaching starts from.
        phrase: under which the model's head reads features.
        is_full: whether tokens were not stored because the cache is full.

    Returns:
        the contents that can be taught with, and their features.

    Raises:
        TeachingError: fewer than two can, of more.
    """
    there, folder, left_out = yield from folder_of(model, list(files), tokens, start, phrase)
    sentences = left_out.sentences(files, is_full)
    if len(there) < 2 <= len(files):
        raise TeachingError(" ".join(("Fewer than two photographs can be taught with.", *sentences)))
    yield from map(Notice, sentences)
    return there, folder


def folder_of(
    model: Model, keys: Sequence[bytes], tokens: Tokens, start: tuple[StartTerm, ...], phrase: str
) -> Generator[Progress, None, tuple[list[bytes], Folder, LeftOut]]:
    """As `read_folder`, of contents wherever they lie; which are left out is told, but not said."""
    there: list[bytes] = []
    read: list[list[NDArray[np.float32]]] = []
    starts = [np.zeros(0, np.float32)]
    left_out = LeftOut()
    for begin in range(0, len(keys), _IMAGES_PER_STEP):
        some = list(keys[begin : begin + _IMAGES_PER_STEP])
        part, found = tokens(some)
        sound = found & np.isfinite(part).all((1, 2))
        left_out.lost += [some[row] for row in np.flatnonzero(~found)]
        left_out.unreadable += [some[row] for row in np.flatnonzero(found & ~sound)]
        if sound.any():  # a model need not take no images at all
            part, rows = part[sound], np.flatnonzero(sound)
            described, scores = describe(model, part, phrase), start_scores(start, model, part)
            told = np.isfinite(described.features).all(1)
            fit_to_teach = told & np.isfinite(scores)
            left_out.unreadable += [some[row] for row in rows[~told]]
            left_out.without_start += [some[row] for row in rows[told & ~fit_to_teach]]
            there += [some[row] for row in rows[fit_to_teach]]
            read.append([block[fit_to_teach] for block in (*described.blocks, described.others)])
            starts.append(scores[fit_to_teach])
        yield Progress("fit", min(begin + _IMAGES_PER_STEP, len(keys)), len(keys))
    none = np.zeros((0, 1), np.float32)
    *blocks, others = [np.concatenate(columns) for columns in zip(*read, strict=True)] or [none, none]
    scores = np.concatenate(starts).astype(np.float64)
    deviation = float(scores.std()) if len(scores) else 0.0
    scale = 1 / (np.sqrt(2) * deviation) if start and deviation > 1e-6 else 0.0
    known = None if scale or not there else known_orders(model)  # beside a start they teach no more
    readings = Readings(blocks, others if known else others[:, :0])
    basis = basis_of(readings, known)
    directions = basis.apply(readings.features)
    folder = Folder(np.column_stack([scores * scale, directions]), basis, scale, start, phrase)
    return there, folder, left_out


@dataclass
class LeftOut:
    """Photographs that are not taught with, by content, and why.

    Attributes:
        lost: those without stored tokens.
        unreadable: those of which the model makes no numbers.
        without_start: those to which the start gives none.
    """

    lost: list[bytes] = field(default_factory=list)
    unreadable: list[bytes] = field(default_factory=list)
    without_start: list[bytes] = field(default_factory=list)

    def sentences(self, files: Mapping[bytes, ImageFile], is_full: bool) -> list[str]:
        """For the user, by kind.

        Args:
            files: all, by content.
            is_full: whether the cache is.
        """
        said = "Left out of this teaching:"
        sentences: list[str] = []
        if self.lost:
            remedy = (
                "The cache is full: raise the cache limit in the settings"
                if is_full
                else "The disk of the cache may be full: free some space"
            )
            sentences.append(
                f"{said} {len(self.lost):,} of {count(len(files), 'photograph')}, because what the "
                f"model read of them could not be kept. {remedy}, then open the folder again."
            )
        if self.unreadable:
            sentences.append(
                f"{said} {_named(self.unreadable, files)}, of which the model can make nothing. A file may "
                "be damaged: copy it again from its source."
            )
        if self.without_start:
            sentences.append(
                f"{said} {_named(self.without_start, files)}, to which the order that teaching starts from "
                "gives no number. Start from other words or from nothing; if a taught ranker is the start, "
                "teach it again or bring back another version."
            )
        return sentences


def _named(keys: Sequence[bytes], files: Mapping[bytes, ImageFile]) -> str:
    names = ", ".join(str(files[key].path) for key in keys[:_SHOWN])
    return f"{count(len(keys), 'photograph')} ({names}{', …' if len(keys) > _SHOWN else ''})"


def _advice(
    pairs: int,
    others: int,
    ties: int,
    more: int | None,
    accuracy: Estimate | None,
    consistency: Estimate | None,
    again: int,
) -> str:
    if pairs == 0:
        return "Choose between pairs; the first thirty answers teach most."
    if pairs >= FEWEST and ties == pairs:
        return "So far all pairs are ties, which teach no order. Choose where you can."
    if consistency is not None and _contradicts(consistency, again):
        often = f"None of {again} pairs" if consistency.mean == 0 else "Too few of the pairs"
        return (
            f"{often} that were asked again got the same answer: this attribute may be hard to tell, or "
            "needs a clearer idea of what counts."
        )
    if accuracy is not None and accuracy.of_marks:
        return "Marks tell of the best and the worst alone. Some answers will tell of the others, too."
    if accuracy is not None and _may_be_chance(accuracy, others):
        return (
            "This order may still be no better than chance: what you look for may not show in what the model "
            "sees. Words near to it as a start may help."
        )
    if more is None or accuracy is None:
        return "A few more answers are needed before anything can be said."
    if others < _FEW:
        return f"Go on: about {max(more, _FEW - others)} more answers are worth it."
    if more:
        return f"About {more} more answers are worth it; you can learn at any time."
    if accuracy.mean < 0.65 and pairs < _MANY:
        return (
            "The photographs' features say little of this attribute so far. A few more answers may show it."
        )
    return "More answers would change little: this is a good moment to stop and learn."


def _may_be_chance(accuracy: Estimate, answers: int) -> bool:
    return answers >= _MANY and accuracy.mean < _DOUBTFUL and accuracy.low <= 0.5


def _contradicts(consistency: Estimate, again: int) -> bool:
    """Whether less than half of the pairs asked again got the same answer, or surely not many of them."""
    return again >= _REPEATS and (consistency.mean < 0.5 or consistency.high < 0.7)
