"""Margins without the answers on a pair's photographs: two forms, and the written formula."""

from __future__ import annotations

import numpy as np
import pytest

from imagesorter.training.pairs import leaving_out
from imagesorter.training.pairs.leaving_out import Answers, by_answers, by_weights, without, without_own


def answered(ends: np.ndarray, width: int) -> Answers:
    """Random answers on given pairs (U, 2), in units of the posterior that they make with a prior."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((int(ends.max()) + 1, width))
    differences = features[ends[:, 0]] - features[ends[:, 1]]
    curvature = rng.uniform(0, 0.25, len(ends))
    curvature[::7] = 0  # lapses leave some answers without any
    precision = np.eye(width) + (differences.T * curvature) @ differences
    root = np.linalg.cholesky(np.linalg.inv(precision))
    known = rng.standard_normal((len(ends), 3)) + differences[:, :1].sum(1, keepdims=True)
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


def written(answers: Answers, own: bool) -> list[np.ndarray]:
    """From precision and gradient of features and known orders together, of the answers that are left."""
    parts = []
    for row, pair in enumerate(answers.ends):
        touching = np.isin(answers.ends, pair)
        out = touching.all(1) if own else touching.any(1)
        weighted = answers.differences[~out].T * answers.curvature[~out]
        whole = (answers.differences.T * answers.curvature) @ answers.differences
        # the prior's precision is what the posterior has, the identity, more than all answers
        precision = np.eye(len(whole)) - whole + weighted @ answers.differences[~out]
        slope = -answers.differences[out].T @ answers.gradient[out]  # 0 with all answers and the prior
        across = weighted @ answers.known[~out]
        fitted = np.linalg.solve(precision, across)
        margin = np.linalg.solve(precision, answers.differences[row])
        parts.append(
            (
                margin @ slope,
                margin @ answers.differences[row],
                answers.gradient[~out] @ answers.known[~out] - fitted.T @ slope,
                answers.curvature[~out] @ answers.known[~out] ** 2 - (across * fitted).sum(0),
                answers.known[row] - answers.differences[row] @ fitted,
            )
        )
    return [np.array(part) for part in zip(*parts, strict=True)]


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("width", [0, 1, 6, 40])
def test_all_forms_are_as_written(graph: str, width: int):
    answers = answered(GRAPHS[graph], width)
    rows = np.arange(len(answers.ends))
    forms = (by_answers(answers, rows), by_weights(answers, rows), without(answers))
    for found, own in (*((one, False) for one in forms), (without_own(answers), True)):
        for part, expected in zip(found, written(answers, own), strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-8, atol=1e-8)


def test_some_pairs_are_as_among_all():
    answers = answered(GRAPHS["many"], 6)
    rows = np.array([70, 3, 41])
    for form in (by_answers, by_weights):
        for some, every in zip(form(answers, rows), without(answers), strict=True):
            np.testing.assert_allclose(some, every[rows], rtol=1e-9, atol=1e-9)


def test_nothing_is_solved_in_more_dimensions_than_weights(monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    solve = np.linalg.solve

    def noted(matrices: np.ndarray, sides: np.ndarray) -> np.ndarray:
        sizes.append(matrices.shape[-1])
        return solve(matrices, sides)

    monkeypatch.setattr(leaving_out.np.linalg, "solve", noted)
    without(answered(GRAPHS["star and more"], 6))
    assert sizes and max(sizes) <= 6


def test_no_answers_change_nothing():
    nothing = Answers(np.zeros((0, 2), np.intp), np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros((0, 2)))
    for way in (without, without_own):
        assert [part.shape for part in way(nothing)] == [(0,)] * 2 + [(0, 2)] * 3
