"""A Gaussian over weights without some of its answers, for every pair of photographs. NumPy only.

In units of the posterior (its mean 0, its covariance I), let E (O, K) be the answers on either
photograph of a pair e, each times the root of its curvature, and k the sum of their gradients. Without
them the precision is I − EᵀE, which gives, solved in as many dimensions as there are answers or weights,

    eᵀ(I − EᵀE)⁻¹k  =  eᵀk + (Ee)ᵀ(I − EEᵀ)⁻¹(Ek).

There are few answers on most pairs, and many weights; but a best photograph is compared with every worst
one, and some photographs are asked about again and again.

Known orders are no weights of it. Let F (U, C) be all answers' differences in them, likewise times the roots,
B = EᵀF, and R = F − EB what of them is no feature's, both over all answers; of those on either photograph,
M = (I − EEᵀ)⁻¹. Without these, (I − EᵀE)⁻¹B' = B − EᵀMR, and with it the gradient and curvature by which each
order would join the features, one at a time, and its part in the pair's margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_AT_ONCE = 32
"""Pairs solved in one call, so that their matrices stay in the processor's cache."""

_REMEMBERED = 512
"""Photographs whose matrices are kept; 39 MB at 97 weights."""

_REMEMBERED_KNOWN = 32
"""The same, with 288 known orders; 10 MB."""


@dataclass(frozen=True)
class Answers:
    """What was answered on U different pairs of different photographs, in units of the posterior.

    Attributes:
        ends: (U, 2) photographs, from 0; no pair twice.
        differences: (U, K).
        curvature: (U,) summed over the answers on a pair.
        gradient: (U,) likewise, in the pair's margin.
        known: (U, C) differences in known orders.
    """

    ends: Rows
    differences: Floats
    curvature: Floats
    gradient: Floats
    known: Floats

    def touching(self) -> list[Rows]:
        """Per photograph its pairs, rising."""
        flat = self.ends.ravel()
        counts = np.bincount(flat)
        return np.split(np.argsort(flat, kind="stable") // 2, np.cumsum(counts)[:-1])


class Joining(NamedTuple):
    """What known orders would add to features, each by itself, without some answers, for U pairs.

    Attributes:
        gradient, curvature: (U, C) of the log likelihood in an order's weight, the features' fitted to it.
        ahead: (U, C) by how much a unit of that weight moves the pair's margin, the features' fitted to it.
    """

    gradient: Floats
    curvature: Floats
    ahead: Floats


def without(answers: Answers) -> tuple[Floats, Floats]:
    """Change (U,) of the mean and variance (U,) of each margin when no answer touches its photographs."""
    shifts, variances = np.empty(len(answers.ends)), np.empty(len(answers.ends))
    for solved, rows in zip((by_answers, by_weights), _few_and_many(answers), strict=True):
        if len(rows):
            shifts[rows], variances[rows] = solved(answers, rows)
    return shifts, variances


def without_own(answers: Answers) -> tuple[Floats, Floats]:
    """As `without`, when the answers on the pair itself are left out alone."""
    variances = (answers.differences**2).sum(1)
    variances /= np.maximum(1 - answers.curvature * variances, 1e-9)  # rounded, it may reach 0
    return -answers.gradient * variances, variances


def joining_without(answers: Answers) -> Joining:
    """When no answer touches a pair's photographs."""
    found = Joining(*(np.empty_like(answers.known) for _ in Joining._fields))
    ways = (joining_by_answers, joining_by_weights)
    for solved, rows in zip(ways, _few_and_many(answers), strict=True):
        if not len(rows):
            continue
        for part, some in zip(found, solved(answers, rows), strict=True):
            part[rows] = some
    return found


def joining_without_own(answers: Answers) -> Joining:
    """As `joining_without`, when the answers on the pair itself are left out alone."""
    *_, rest, whole = _with_known(answers)
    own = answers.curvature * (answers.differences**2).sum(1)
    left = np.maximum(1 - own, 1e-9)[:, None]
    ahead = whole.ahead / left
    return Joining(
        whole.gradient - answers.gradient[:, None] * ahead, whole.curvature - rest**2 / left, ahead
    )


def _few_and_many(answers: Answers) -> tuple[Rows, Rows]:
    """Pairs with so few answers on either photograph that these are fewer dimensions, and the others."""
    counts = np.bincount(answers.ends.ravel())[answers.ends]
    # EEᵀ is made for each pair, EᵀE once for each photograph: so answers cost as much as half more weights
    few = 3 * (counts.sum(1) - 1) <= 2 * answers.differences.shape[1]
    return np.flatnonzero(few), np.flatnonzero(~few)


def _with_known(answers: Answers) -> tuple[Floats, Floats, Floats, Joining]:
    """E, B, R, and what known orders would add by all answers: gradient and curvature (C,), ahead (U, C)."""
    roots = np.sqrt(answers.curvature)[:, None]
    rooted, known = answers.differences * roots, answers.known * roots
    shared = rooted.T @ known
    whole = Joining(
        answers.gradient @ answers.known,
        (known**2).sum(0) - (shared**2).sum(0),
        answers.known - answers.differences @ shared,
    )
    return rooted, shared, known - rooted @ shared, whole


def joining_by_answers(answers: Answers, rows: Rows) -> Joining:
    """`joining_without` of some pairs, (R,) rows, in as many dimensions as answers on either photograph."""
    rooted, shared, rest, whole = _with_known(answers)
    sums, sums_of_known = (_gradients(answers, one, rows) for one in (answers.differences, answers.known))
    curvature = np.empty((len(rows), rest.shape[1]))
    gradient, ahead = whole.gradient - sums_of_known + sums @ shared, whole.ahead[rows]
    for some, out, counted in _batches(answers, rows):
        taken, apart = (_taken(one, out, counted) for one in (rooted, rest))
        solved = np.linalg.solve(np.eye(out.shape[1]) - taken @ taken.transpose(0, 2, 1), apart)  # MR
        onto, across = (
            (taken @ one[:, :, None]).transpose(0, 2, 1)
            for one in (sums[some], answers.differences[rows[some]])
        )
        curvature[some] = whole.curvature - (apart * solved).sum(1)
        gradient[some] -= (onto @ solved)[:, 0]
        ahead[some] += (across @ solved)[:, 0]
    return Joining(gradient, curvature, ahead)


def joining_by_weights(answers: Answers, rows: Rows) -> Joining:
    """`joining_without` of some pairs, (R,) rows, in as many dimensions as weights."""
    touching = answers.touching()
    rooted, shared, rest, whole = _with_known(answers)
    sums, sums_of_known = (_gradients(answers, one, rows) for one in (answers.differences, answers.known))
    curvature = np.empty((len(rows), rest.shape[1]))
    gradient, ahead = whole.gradient - sums_of_known + sums @ shared, whole.ahead[rows]

    @lru_cache(_REMEMBERED_KNOWN)
    def of(photograph: int) -> tuple[Floats, Floats, Floats]:
        taken, apart = rooted[touching[photograph]], rest[touching[photograph]]
        return taken.T @ taken, taken.T @ apart, (apart**2).sum(0)

    for place, (row, (i, j)) in enumerate(zip(rows.tolist(), answers.ends[rows].tolist(), strict=True)):
        own = np.outer(rooted[row], rooted[row]), np.outer(rooted[row], rest[row]), rest[row] ** 2
        # the pair itself touches both: it is taken out once
        each = zip(of(i), of(j), own, strict=True)
        information, crossed, squares = (one + two - both for one, two, both in each)
        solved = np.linalg.solve(np.eye(len(information)) - information, crossed)  # EᵀMR
        curvature[place] = whole.curvature - squares - (crossed * solved).sum(0)
        gradient[place] -= sums[place] @ solved
        ahead[place] += answers.differences[row] @ solved
    return Joining(gradient, curvature, ahead)


def by_answers(answers: Answers, rows: Rows) -> tuple[Floats, Floats]:
    """`without` of some pairs, (R,) rows, in as many dimensions as answers on either photograph."""
    rooted = answers.differences * np.sqrt(answers.curvature)[:, None]
    sums = _gradients(answers, answers.differences, rows)
    shifts, variances = np.empty(len(rows)), np.empty(len(rows))
    for some, out, counted in _batches(answers, rows):
        taken = _taken(rooted, out, counted)
        whole = np.eye(out.shape[1]) - taken @ taken.transpose(0, 2, 1)
        ahead = answers.differences[rows[some]]
        across = (taken @ ahead[:, :, None])[:, :, 0]
        found = np.linalg.solve(whole, across[:, :, None])[:, :, 0]
        onto = (taken @ sums[some, :, None])[:, :, 0]
        variances[some] = (ahead**2).sum(1) + (across * found).sum(1)
        shifts[some] = -(ahead * sums[some]).sum(1) - (onto * found).sum(1)
    return shifts, variances


def by_weights(answers: Answers, rows: Rows) -> tuple[Floats, Floats]:
    """`without` of some pairs, (R,) rows, in as many dimensions as weights."""
    touching = answers.touching()
    rooted = answers.differences * np.sqrt(answers.curvature)[:, None]
    width = rooted.shape[1]
    sums = _gradients(answers, answers.differences, rows)
    shifts, variances = np.empty(len(rows)), np.empty(len(rows))

    @lru_cache(_REMEMBERED)
    def information(photograph: int) -> Floats:
        taken = rooted[touching[photograph]]
        product: Floats = taken.T @ taken
        return product

    for begin in range(0, len(rows), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        own = rooted[rows[some]]
        left = own[:, :, None] * own[:, None, :]  # the pair itself touches both: it was taken out twice
        left += np.eye(width)
        for matrix, (i, j) in zip(left, answers.ends[rows[some]].tolist(), strict=True):
            matrix -= information(i)
            matrix -= information(j)
        ahead = answers.differences[rows[some]]
        found = np.linalg.solve(left, ahead[:, :, None])[:, :, 0]
        variances[some] = (ahead * found).sum(1)
        shifts[some] = -(sums[some] * found).sum(1)
    return shifts, variances


def _batches(answers: Answers, rows: Rows) -> Iterator[tuple[Rows, Rows, NDArray[np.bool_]]]:
    """Of some pairs, (R,) rows: places (B,) among these, and the answers (B, O) on either of their
    photographs, with which of them count (B, O)."""
    touching = answers.touching()
    # the pair itself touches both of its photographs: it is left out of one of them
    outs = [
        np.concatenate([touching[i], touching[j][touching[j] != row]])
        for row, (i, j) in zip(rows.tolist(), answers.ends[rows].tolist(), strict=True)
    ]
    sizes = np.array([len(out) for out in outs], np.intp)
    order = np.argsort(sizes, kind="stable")  # those of like size together
    for begin in range(0, len(rows), _AT_ONCE):
        some = order[begin : begin + _AT_ONCE]
        most = int(sizes[some[-1]])
        counted = np.arange(most) < sizes[some, None]
        out = np.zeros((len(some), most), np.intp)
        out[counted] = np.concatenate([outs[k] for k in some.tolist()])
        yield some, out, counted


def _taken(each: Floats, out: Rows, counted: NDArray[np.bool_]) -> Floats:
    """What is told of each answer, (U, ·), for `_batches`: (B, O, ·), 0 where nothing counts."""
    taken: Floats = each[out] * counted[:, :, None]
    return taken


def _gradients(answers: Answers, differences: Floats, rows: Rows) -> Floats:
    """(R, ·) gradients in the weights of differences (U, ·), summed over the answers on either photograph."""
    each = differences * answers.gradient[:, None]
    total = np.zeros((int(answers.ends.max()) + 1, each.shape[1]))
    np.add.at(total, answers.ends[:, 0], each)
    np.add.at(total, answers.ends[:, 1], each)
    summed: Floats = total[answers.ends[rows]].sum(1) - each[rows]
    return summed
