from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagesorter.training.pocket.distortions import (
    KINDS,
    distort,
    level_of,
    random_severities,
    severity,
    variants,
)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    return data.astronaut()[::2, ::2].copy()


@given(st.floats(0, 1))
def test_level_is_the_inverse_of_severity(value: float):
    for kind in ("blur", "noise"):
        assert severity(kind, level_of(kind, value)) == pytest.approx(value, abs=1e-9)
    # JPEG qualities are whole numbers
    assert severity("jpeg", level_of("jpeg", value)) == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize("kind", KINDS)
def test_no_severity_changes_nothing(photo, kind):
    rng = np.random.default_rng(0)
    assert (distort(photo, kind, level_of(kind, 0.0), rng) == photo).all()


@pytest.mark.parametrize("kind", KINDS)
def test_damage_grows_with_severity_in_every_variant(photo, kind):
    for variant in range(variants(kind)):
        rng = np.random.default_rng(0)
        levels = [level_of(kind, s) for s in (0.1, 0.3, 0.5, 0.7, 0.9)]
        damaged = [distort(photo, kind, level, rng, variant=variant) for level in levels]
        errors = [np.mean((d.astype(float) - photo) ** 2) for d in damaged]
        assert errors == sorted(errors)
        assert errors[0] > 0
        assert all(d.shape == photo.shape and d.dtype == np.uint8 for d in damaged)


def test_variants_of_blur_are_of_the_same_width(photo):
    """A single bright point spreads to the deviation that was asked for, whatever the kernel."""
    point = np.zeros((65, 65, 3), np.uint8)
    point[32, 32] = 255
    for variant in range(2):
        wide = np.repeat(np.repeat(point, 5, 0), 5, 1)  # a blot of 5 × 5 keeps rounding small
        spread = distort(wide, "blur", 6.0, np.random.default_rng(0), variant=variant)[..., 0].astype(float)
        y = np.arange(spread.shape[0]) - spread.shape[0] // 2
        variance = (spread.sum(1) * y**2).sum() / spread.sum() - (5**2 - 1) / 12
        assert variance**0.5 == pytest.approx(6.0, rel=0.15)


@given(st.integers(0, 2**32 - 1), st.integers(2, 10))
def test_severities_rise_apart(seed: int, count: int):
    drawn = random_severities(count, np.random.default_rng(seed))
    assert len(drawn) == count
    assert drawn[0] >= 0
    assert drawn[-1] <= 1
    assert (np.diff(drawn) >= 0.5 / count - 1e-9).all()
