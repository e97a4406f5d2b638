"""From stored labels to comparisons of opened photographs. NumPy only, deterministic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagesorter.answers import Standing
from imagesorter.training.pairs.labels import Label, Rating

OUTCOMES = {"left": 1.0, "right": -1.0, "tie": 0.0}
"""By the answers that compare two photographs."""

_ENOUGH = 20
"""Other pairs by which an order is judged beside marks; of fewer, chance decides."""

_MARKED_PAIRS = 400
_PAIRS_PER_RATING = 6
_RATED_PAIRS = 4200
"""An answer has to be taken in within 100 ms, whatever was rated before: of more than 700 ratings each has
fewer pairs. (Of 4,000, with 2,400 pairs, the order was 1 to 2 % less often right than with all 24,000.)"""


@dataclass(frozen=True)
class Plan:
    """Labels by row of the opened photographs.

    Attributes:
        left, right: (P,) rows.
        outcomes: (P,) of 1 (left), −1, 0.
        marked: (P,) whether it is a pair of a best and a worst photograph.
        chosen: (P,) whether its pair was asked because the answers before left it open; of answers that were
            imported that is not known.
        rated: (R,) rows with a rating.
        ratings: (R,), standardised.
        learned: ids of the labels that it was made of; those of marks and ratings are below 0.
        missing: labels left out because a photograph is not open, or both are the same one.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    outcomes: NDArray[np.float64]
    marked: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    rated: NDArray[np.intp]
    ratings: NDArray[np.float64]
    learned: tuple[int, ...]
    missing: int

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def by_marks(self) -> bool:
        """Whether an order has to be judged by the marks: beside them there is too little else."""
        marked, others = (int(self.told(by_marks=kind).sum()) for kind in (True, False))
        return others < min(_ENOUGH, marked)

    def told(self, *, by_marks: bool) -> NDArray[np.bool_]:
        """(P,) the answers that are no ties: of marks, or all others."""
        told: NDArray[np.bool_] = (self.outcomes != 0) & (self.marked == by_marks)
        return told

    def photographs(self, some: NDArray[np.bool_] | slice = slice(None)) -> int:
        """How many there are in some of the answers, (P,) bool, or in all."""
        return len(np.unique(np.r_[self.left[some], self.right[some]]))

    def first(self, count: int) -> Plan:
        """The first answers alone, without ratings."""
        return self.only(np.arange(len(self)) < count)

    def only(self, kept: NDArray[np.bool_]) -> Plan:
        """Some of the answers, (P,) bool, without ratings."""
        return replace(
            self,
            left=self.left[kept],
            right=self.right[kept],
            outcomes=self.outcomes[kept],
            marked=self.marked[kept],
            chosen=self.chosen[kept],
            rated=self.rated[:0],
            ratings=self.ratings[:0],
        )


def plan(labels: Sequence[Label], ratings: Sequence[Rating], rows: Mapping[bytes, int]) -> Plan:
    """All labels of which both photographs are open.

    A best photograph is compared with each worst one; of very many pairs, some are drawn. A rated one is
    compared with the next of six random orders of all rated ones, as far as there is room.

    Args:
        rows: row of each open photograph by content key.
    """
    pairs: list[tuple[int, int, float]] = []
    chosen = {frozenset((label.left, label.right)) for label in labels if label.source == "chosen"}
    of_chosen: list[bool] = []
    learned: list[int] = []
    missing = 0
    for label in labels:
        if label.answer not in OUTCOMES:
            continue
        if label.left in rows and label.right in rows and label.left != label.right:
            ends = rows[label.left], rows[label.right]
            of_chosen.append(frozenset((label.left, label.right)) in chosen)
            pairs.append((*ends, OUTCOMES[label.answer]))
            learned.append(label.id)
        else:
            missing += 1
    missing += sum(rating.photograph not in rows for rating in ratings)
    there = [rating for rating in ratings if rating.photograph in rows]
    learned += [-rating.id for rating in there]
    best, worst = (
        sorted(rows[r.photograph] for r in there if r.scale == "mark" and (r.value > 0) == good)
        for good in (True, False)
    )
    numbers = [r for r in there if r.scale == "rating"]
    rated = np.array([rows[r.photograph] for r in numbers], np.intp)
    values = np.array([r.value for r in numbers], np.float64)
    answered, of_marks = len(pairs), _marked_pairs(best, worst)
    pairs += of_marks + _rated_pairs([r.photograph for r in numbers], rated, values)
    columns = list(zip(*pairs, strict=True)) or [(), (), ()]
    place = np.arange(len(pairs))
    return Plan(
        np.array(columns[0], np.intp),
        np.array(columns[1], np.intp),
        np.array(columns[2], np.float64),
        (place >= answered) & (place < answered + len(of_marks)),
        np.r_[np.array(of_chosen, np.bool_), np.zeros(len(pairs) - answered, np.bool_)],
        rated,
        _standardised(values),
        tuple(learned),
        missing,
    )


def as_stored(labels: Sequence[Label], ratings: Sequence[Rating], rows: Mapping[bytes, int]) -> Standing:
    """What labels alone tell of how far it has come, before features are read. `rows`: see `plan`."""
    told = plan(labels, ratings, rows)
    ties = int((told.outcomes == 0).sum())
    return Standing(
        pairs=len(told),
        ties=ties,
        accuracy=None,
        consistency=None,
        asked_again=0,
        more_worth=None,
        advice="",
        may_stop=False,
        missing=told.missing,
        ratings=len(told.rated),
    )


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean 0 and deviation 1, or all 0. The deviation of equal values need not be 0, and that of the smallest
    there are is."""
    if not len(values) or not (span := np.ptp(values)):
        return np.zeros(len(values))
    scaled = (values - values.min()) / span
    standardised: NDArray[np.float64] = (scaled - scaled.mean()) / scaled.std()
    return standardised


def _marked_pairs(best: Sequence[int], worst: Sequence[int]) -> list[tuple[int, int, float]]:
    count = len(best) * len(worst)
    kept: Sequence[int] = range(count)
    if count > _MARKED_PAIRS:  # drawn as numbers: of thousands of marks there are millions of pairs
        kept = sorted(np.random.default_rng(0).choice(count, _MARKED_PAIRS, replace=False).tolist())
    return [(best[k // len(worst)], worst[k % len(worst)], 1.0) for k in kept]


def _rated_pairs(
    keys: Sequence[bytes], rated: NDArray[np.intp], values: NDArray[np.float64]
) -> list[tuple[int, int, float]]:
    """Of the rated photographs (R,)."""
    pairs: dict[tuple[int, int], float] = {}
    for i, j in _neighbours(keys) if len(keys) > 1 else ():
        if len(pairs) == _RATED_PAIRS:
            break
        if (j, i) not in pairs:
            pairs[i, j] = float(np.sign(values[i] - values[j]))
    return [(int(rated[i]), int(rated[j]), outcome) for (i, j), outcome in pairs.items()]


def _neighbours(keys: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Positions of contents that are next to each other in one of six random orders, by order.

    Where a content stands is for itself alone to say. So one more parts two others in each order, and all
    else stays: no version comes out better or worse for other pairs that were drawn. (Of more contents than
    there may be pairs, those that are left over may change.)
    """
    for number in range(_PAIRS_PER_RATING):
        salt = bytes([number])
        places = [hashlib.blake2b(key, digest_size=16, salt=salt).digest() for key in keys]
        order = sorted(range(len(keys)), key=places.__getitem__)
        steps = list(zip(order, order[-1:] + order[:-1], strict=True))
        # each photograph once before any is in two
        yield from steps if number else steps[::2] + steps[1::2]
