"""Margins without the answers on a pair's photographs: two forms, and the written formula."""

from __future__ import annotations

import numpy as np
import pytest

from imagesorter.training.pairs import leaving_out
from imagesorter.training.pairs.leaving_out import (
    Answers,
    Joining,
    by_answers,
    by_weights,
    joining_by_answers,
    joining_by_weights,
    joining_without,
    joining_without_own,
    without,
)


def answered(ends: np.ndarray, width: int) -> Answers:
    """Random answers on given pairs (U, 2), in units of the posterior that they make with a prior."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((int(ends.max()) + 1, width))
    differences = features[ends[:, 0]] - features[ends[:, 1]]
    curvature = rng.uniform(0, 0.25, len(ends))
    curvature[::7] = 0  # lapses leave some answers without any
    precision = np.eye(width) + (differences.T * curvature) @ differences
    root = np.linalg.cholesky(np.linalg.inv(precision))
    known = rng.standard_normal((len(ends), 3)) + differences[:, :1]
    return Answers(ends, differences @ root, curvature, rng.standard_normal(len(ends)), known)


def at_random(photographs: int, count: int) -> np.ndarray:
    every = np.array([(i, j) for i in range(photographs) for j in range(i)])
    return np.random.default_rng(1).permutation(every)[:count]


STAR = np.array([(0, leaf) for leaf in range(1, 90)])
GRAPHS = {
    "few": at_random(40, 30),
    "many": at_random(15, 100),
    "star": STAR,
    "star and more": np.concatenate([STAR, at_random(20, 190)[:40] + 90, [(3, 4), (5, 95)]]),
    "one": np.array([(1, 0)]),
}


def written(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    shifts, variances = [], []
    for pair, difference in zip(answers.ends, answers.differences, strict=True):
        out = np.isin(answers.ends, pair).any(1)
        taken = answers.differences[out]
        precision = np.eye(len(difference)) - (taken.T * answers.curvature[out]) @ taken
        without_them = np.linalg.inv(precision) @ difference
        variances.append(without_them @ difference)
        shifts.append(-without_them @ taken.T @ answers.gradient[out])
    return np.array(shifts), np.array(variances)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("width", [1, 6, 40])
def test_both_forms_are_the_written_formula(graph: str, width: int):
    answers = answered(GRAPHS[graph], width)
    rows = np.arange(len(answers.ends))
    expected = written(answers)
    for found in (by_answers(answers, rows), by_weights(answers, rows), without(answers)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def joining_as_written(answers: Answers, own: bool) -> Joining:
    """From precision and gradient of features and known orders together, of the answers that are left."""
    parts = []
    for row, pair in enumerate(answers.ends):
        out = np.isin(answers.ends, pair).all(1) if own else np.isin(answers.ends, pair).any(1)
        weighted = answers.differences[~out].T * answers.curvature[~out]
        whole = (answers.differences.T * answers.curvature) @ answers.differences
        # the prior's precision is what the posterior has, the identity, more than all answers
        precision = np.eye(len(whole)) - whole + weighted @ answers.differences[~out]
        across = weighted @ answers.known[~out]
        fitted = np.linalg.solve(precision, across)
        slope = -answers.differences[out].T @ answers.gradient[out]  # 0 with all answers and the prior
        parts.append(
            (
                answers.gradient[~out] @ answers.known[~out] - fitted.T @ slope,
                answers.curvature[~out] @ answers.known[~out] ** 2 - (across * fitted).sum(0),
                answers.known[row] - answers.differences[row] @ fitted,
            )
        )
    return Joining(*(np.array(part) for part in zip(*parts, strict=True)))


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("width", [1, 6, 40])
def test_what_known_orders_would_add_is_as_written(graph: str, width: int):
    answers = answered(GRAPHS[graph], width)
    rows = np.arange(len(answers.ends))
    forms = (joining_by_answers(answers, rows), joining_by_weights(answers, rows), joining_without(answers))
    for found, own in (*((one, False) for one in forms), (joining_without_own(answers), True)):
        for part, expected in zip(found, joining_as_written(answers, own), strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-8, atol=1e-8)


def test_some_pairs_are_as_among_all():
    answers = answered(GRAPHS["many"], 6)
    rows = np.array([70, 3, 41])
    for form in (by_answers, by_weights):
        np.testing.assert_allclose(form(answers, rows), np.array(without(answers))[:, rows], rtol=1e-9)


def test_nothing_is_solved_in_more_dimensions_than_weights(monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    solve = np.linalg.solve

    def noted(matrices: np.ndarray, sides: np.ndarray) -> np.ndarray:
        sizes.append(matrices.shape[-1])
        return solve(matrices, sides)

    monkeypatch.setattr(leaving_out.np.linalg, "solve", noted)
    for solved in (without, joining_without):
        sizes.clear()
        solved(answered(GRAPHS["star and more"], 6))
        assert sizes and max(sizes) <= 6


def test_no_answers_change_nothing():
    nothing = Answers(np.zeros((0, 2), np.intp), np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros((0, 2)))
    assert [len(part) for part in without(nothing)] == [0, 0]
    assert [part.shape for part in joining_without(nothing)] == [(0, 2)] * 3
