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

_REMEMBERED = 5_000_000
"""Numbers in the matrices of photographs that are kept, 40 MB: 520 photographs at 97 weights, 130 with 288
known orders."""


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


class Rest(NamedTuple):
    """What is left of U margins without some answers, and what known orders would add to it, each by itself.

    Attributes:
        shift: (U,) by how much the mean of a margin changes.
        variance: (U,) that it then has.
        gradient, curvature: (U, C) of the log likelihood in an order's weight, the features' fitted to it.
        ahead: (U, C) by how much a unit of that weight moves the margin, the features' fitted to it.
    """

    shift: Floats
    variance: Floats
    gradient: Floats
    curvature: Floats
    ahead: Floats


def without(answers: Answers) -> Rest:
    """When no answer touches a pair's photographs."""
    found = Rest(*np.empty((2, len(answers.ends))), *np.empty((3, *answers.known.shape)))
    counts = np.bincount(answers.ends.ravel())[answers.ends]
    # EEᵀ is made for each pair, EᵀE once for each photograph: so answers cost as much as half more weights
    few = 3 * (counts.sum(1) - 1) <= 2 * answers.differences.shape[1]
    for solved, rows in ((by_answers, np.flatnonzero(few)), (by_weights, np.flatnonzero(~few))):
        if not len(rows):
            continue
        for part, some in zip(found, solved(answers, rows), strict=True):
            part[rows] = some
    return found


def without_own(answers: Answers) -> Rest:
    """When the answers on the pair itself are left out alone."""
    *_, rest, whole = _with_all(answers)
    left = np.maximum(1 - answers.curvature * whole.variance, 1e-9)  # rounded, it may reach 0
    variance = whole.variance / left
    ahead = whole.ahead / left[:, None]
    return Rest(
        -answers.gradient * variance,
        variance,
        whole.gradient - answers.gradient[:, None] * ahead,
        whole.curvature - rest**2 / left[:, None],
        ahead,
    )


def _with_all(answers: Answers) -> tuple[Floats, Floats, Floats, Rest]:
    """E, B, R, and what there is with all answers."""
    roots = np.sqrt(answers.curvature)[:, None]
    rooted, known = answers.differences * roots, answers.known * roots
    shared = rooted.T @ known
    whole = Rest(
        np.zeros(len(roots)),
        (answers.differences**2).sum(1),
        np.broadcast_to(answers.gradient @ answers.known, known.shape),
        np.broadcast_to((known**2).sum(0) - (shared**2).sum(0), known.shape),
        answers.known - answers.differences @ shared,
    )
    return rooted, shared, known - rooted @ shared, whole


def by_answers(answers: Answers, rows: Rows) -> Rest:
    """`without` of some pairs, (R,) rows, in as many dimensions as answers on either photograph."""
    rooted, shared, rest, whole = _with_all(answers)
    found, sums = _begun(answers, rows, shared, whole)
    own = answers.differences[rows]
    found.shift[:] = -(own * sums).sum(1)
    found.variance[:] = whole.variance[rows]
    for some, out, counted in _batches(answers, rows):
        taken, apart = (_taken(one, out, counted) for one in (rooted, rest))
        left = np.eye(out.shape[1]) - taken @ taken.transpose(0, 2, 1)
        across, onto = ((taken @ one[some, :, None])[:, :, 0] for one in (own, sums))
        _add(found, some, left, apart, across, onto)
    return found


def by_weights(answers: Answers, rows: Rows) -> Rest:
    """`without` of some pairs, (R,) rows, in as many dimensions as weights."""
    touching = answers.touching()
    rooted, shared, rest, whole = _with_all(answers)
    found, sums = _begun(answers, rows, shared, whole)
    own = answers.differences[rows]
    remembered: int = _REMEMBERED // (1 + shared.size + rooted.shape[1] ** 2) + 1

    @lru_cache(remembered)
    def of(photograph: int) -> tuple[Floats, Floats, Floats]:
        taken, apart = rooted[touching[photograph]], rest[touching[photograph]]
        return taken.T @ taken, taken.T @ apart, (apart**2).sum(0)

    for begin in range(0, len(rows), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        first, second = (
            [np.stack(part) for part in zip(*map(of, ends.tolist()), strict=True)]
            for ends in answers.ends[rows[some]].T
        )
        pair, apart = rooted[rows[some]], rest[rows[some]]
        # the pair itself touches both: it is taken out once
        both = pair[:, :, None] * pair[:, None, :], pair[:, :, None] * apart[:, None, :], apart**2
        information, crossed, squares = (
            one + two - once for one, two, once in zip(first, second, both, strict=True)
        )
        found.curvature[some] -= squares
        _add(found, some, np.eye(rooted.shape[1]) - information, crossed, own[some], sums[some])
    return found


def _begun(answers: Answers, rows: Rows, shared: Floats, whole: Rest) -> tuple[Rest, Floats]:
    """What needs no solving, of some pairs, (R,) rows; and the gradients (R, K) of their answers."""
    sums, sums_of_known = (_gradients(answers, one, rows) for one in (answers.differences, answers.known))
    return Rest(
        np.zeros(len(rows)),
        np.zeros(len(rows)),
        whole.gradient[rows] - sums_of_known + sums @ shared,
        whole.curvature[rows],
        whole.ahead[rows],
    ), sums


def _add(found: Rest, some: Rows | slice, left: Floats, apart: Floats, across: Floats, onto: Floats) -> None:
    """What solving adds, of some pairs: `left` (B, S, S) with sides `apart` (B, S, C) and `across` (B, S),
    which the gradients meet along `onto` (B, S)."""
    solved = np.linalg.solve(left, np.concatenate([across[:, :, None], apart], 2))
    margin, known = solved[:, :, 0], solved[:, :, 1:]
    found.shift[some] -= (onto * margin).sum(1)
    found.variance[some] += (across * margin).sum(1)
    found.gradient[some] -= (onto[:, None] @ known)[:, 0]
    found.curvature[some] -= (apart * known).sum(1)
    found.ahead[some] += (across[:, None] @ known)[:, 0]


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
