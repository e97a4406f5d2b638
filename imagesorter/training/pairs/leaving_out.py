"""A Gaussian over weights without some of its answers, for every pair of photographs. NumPy only.

In units of the posterior (its mean 0, its covariance I), let E (O, K) be the answers on either
photograph of a pair e, each times the root of its curvature, and k the sum of their gradients. Without
them the precision is I − EᵀE, which gives, solved in as many dimensions as there are answers or weights,

    eᵀ(I − EᵀE)⁻¹k  =  eᵀk + (Ee)ᵀ(I − EEᵀ)⁻¹(Ek).

There are few answers on most pairs, and many weights; but a best photograph is compared with every worst
one, and some photographs are asked about again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_AT_ONCE = 32
"""Pairs solved in one call, so that their matrices stay in the processor's cache."""

_REMEMBERED = 512
"""Photographs whose matrices are kept; 39 MB at 97 weights."""


@dataclass(frozen=True)
class Answers:
    """What was answered on U different pairs of different photographs, in units of the posterior.

    Attributes:
        ends: (U, 2) photographs, from 0; no pair twice.
        differences: (U, K).
        curvature: (U,) summed over the answers on a pair.
        gradient: (U,) likewise, in the pair's margin.
    """

    ends: Rows
    differences: Floats
    curvature: Floats
    gradient: Floats

    def touching(self) -> list[Rows]:
        """Per photograph its pairs, rising."""
        flat = self.ends.ravel()
        counts = np.bincount(flat)
        return np.split(np.argsort(flat, kind="stable") // 2, np.cumsum(counts)[:-1])


def without(answers: Answers) -> tuple[Floats, Floats]:
    """Change (U,) of the mean and variance (U,) of each margin when no answer touches its photographs."""
    if not len(answers.ends):
        return np.zeros(0), np.zeros(0)
    counts = np.bincount(answers.ends.ravel())[answers.ends]
    # EEᵀ is made for each pair, EᵀE once for each photograph: so answers cost as much as half more weights
    few = 3 * (counts.sum(1) - 1) <= 2 * answers.differences.shape[1]
    shifts, variances = np.empty(len(few)), np.empty(len(few))
    for solved, rows in ((by_answers, np.flatnonzero(few)), (by_weights, np.flatnonzero(~few))):
        shifts[rows], variances[rows] = solved(answers, rows)
    return shifts, variances


def without_own(answers: Answers) -> tuple[Floats, Floats]:
    """As `without`, when the answers on the pair itself are left out alone."""
    variances = (answers.differences**2).sum(1)
    variances /= np.maximum(1 - answers.curvature * variances, 1e-9)  # rounded, it may reach 0
    return -answers.gradient * variances, variances


def by_answers(answers: Answers, rows: Rows) -> tuple[Floats, Floats]:
    """`without` of some pairs, (R,) rows, in as many dimensions as answers on either photograph."""
    touching = answers.touching()
    rooted = answers.differences * np.sqrt(answers.curvature)[:, None]
    sums = _gradients(answers, rows)
    shifts, variances = np.empty(len(rows)), np.empty(len(rows))
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
        taken = rooted[out] * counted[:, :, None]  # (B, O, K)
        whole = np.eye(most) - taken @ taken.transpose(0, 2, 1)
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
    sums = _gradients(answers, rows)
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


def _gradients(answers: Answers, rows: Rows) -> Floats:
    """(R, K) gradients in the weights, summed over the answers on either photograph."""
    each = answers.differences * answers.gradient[:, None]
    total = np.zeros((int(answers.ends.max()) + 1, each.shape[1]))
    np.add.at(total, answers.ends[:, 0], each)
    np.add.at(total, answers.ends[:, 1], each)
    summed: Floats = total[answers.ends[rows]].sum(1) - each[rows]
    return summed
