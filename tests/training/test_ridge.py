from __future__ import annotations

import numpy as np
import pytest

from imagesorter.training.ridge import STRENGTHS, fit


def data(count: int, width: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, width)) * rng.uniform(0.1, 10, width) + rng.normal(size=width)
    return features, features @ rng.normal(size=width) / 20 + noise * rng.standard_normal(count) + 3


def direct(features: np.ndarray, targets: np.ndarray, penalty: float, scale: np.ndarray) -> np.ndarray:
    """Weights and intercept by the normal equations; the intercept bears no penalty."""
    x = np.c_[features, np.ones(len(features))]
    penalties = np.diag([*(penalty * scale**2), 0.0])
    return np.linalg.solve(x.T @ x + penalties, x.T @ targets)


@pytest.mark.parametrize(("count", "width"), [(40, 6), (12, 30)])
def test_it_is_the_solution_of_the_normal_equations(count: int, width: int):
    features, targets = data(count, width, 0.5)
    found = fit(features, targets)
    wanted = direct(features, targets, found.strength * count, features.std(0))
    np.testing.assert_allclose([*found.weight, found.bias], wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("count", "width"), [(25, 4), (10, 15)])
def test_the_strength_is_the_best_of_all_by_leaving_one_out(count: int, width: int):
    features, targets = data(count, width, 2.0)
    scale, errors = features.std(0), []
    for strength in STRENGTHS:
        left_out = []
        for row in range(count):
            rest = np.arange(count) != row
            *weight, bias = direct(features[rest], targets[rest], strength * count, scale)
            left_out.append((features[row] @ weight + bias - targets[row]) ** 2)
        errors.append(np.mean(left_out))
    found = fit(features, targets)
    assert found.strength == STRENGTHS[np.argmin(errors)]
    assert found.error == pytest.approx(min(errors), rel=1e-6)


def test_noise_asks_for_more_strength():
    quiet, loud = (fit(*data(60, 20, noise)).strength for noise in (0.01, 30.0))
    assert quiet < loud


def test_what_does_not_vary_gets_no_weight():
    features, _ = data(30, 5, 0.1)
    features[:, 2] = 7.0
    targets = features @ [0.3, -0.1, 5.0, 0.2, 0.1]
    found = fit(features, targets)
    assert found.weight[2] == 0
    assert np.isfinite(found.weight).all()
    assert np.corrcoef(features @ found.weight + found.bias, targets)[0, 1] > 0.99
    alone = fit(np.ones((4, 3)), np.arange(4.0))
    assert (alone.weight == 0).all() and alone.bias == pytest.approx(1.5)
