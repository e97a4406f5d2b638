"""Directions of what a model says of a folder's images."""

from __future__ import annotations

import numpy as np
import pytest

from imagesorter.model.readings import KnownOrders, Readings
from imagesorter.training.pairs.taught_features import DIMENSIONS, basis_of

RNG = np.random.default_rng(0)


def blocks_of(*widths: int, count: int = 200) -> list[np.ndarray]:
    return [(RNG.standard_normal((count, width)) * 3 + 7).astype(np.float32) for width in widths]


def test_each_direction_lies_in_one_block():
    blocks = blocks_of(5, 8, 3)
    basis = basis_of(Readings.of(*blocks))
    own = np.repeat([0, 1, 2], [5, 8, 3])
    assert sorted(basis.blocks.tolist()) == [0] * 5 + [1] * 8 + [2] * 3
    for direction, block in zip(basis.matrix.T, basis.blocks, strict=True):
        assert not direction[own != block].any() and direction[own == block].any()


def test_directions_are_uncorrelated_within_a_block_and_fall_in_width():
    blocks = blocks_of(6, 9)
    basis = basis_of(Readings.of(*blocks))
    applied = basis.apply(np.concatenate(blocks, 1))
    assert (np.diff(applied.std(0)) <= 1e-9).all()
    for block in (0, 1):
        covariance = np.cov(applied[:, basis.blocks == block].T)
        np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-9)


def test_two_images_at_random_differ_by_one_in_the_square_mean():
    blocks = blocks_of(40, 90, 2)
    applied = basis_of(Readings.of(*blocks)).apply(np.concatenate(blocks, 1))
    assert applied.shape[1] == DIMENSIONS
    assert 2 * applied.var(0).sum() == pytest.approx(1)


def test_every_block_counts_the_same_whatever_its_width():
    basis = basis_of(Readings.of(*(blocks := blocks_of(2, 20))))
    widths = np.square(basis.apply(np.concatenate(blocks, 1))).mean(0)
    assert widths[basis.blocks == 0].sum() == pytest.approx(widths[basis.blocks == 1].sum())


def test_what_never_varies_and_blocks_without_columns_have_no_direction():
    blocks = blocks_of(4)
    still = np.full((200, 3), 2.0, np.float32)
    basis = basis_of(Readings.of(blocks[0], still, np.zeros((200, 0), np.float32)))
    assert basis.blocks.tolist() == [0] * 4
    assert basis_of(Readings.of(still)).matrix.shape == (3, 0)
    assert basis_of(Readings.of(np.zeros((0, 3), np.float32))).matrix.shape == (3, 0)
    assert basis_of(Readings.of(*(block[:1] for block in blocks))).matrix.shape == (4, 0)


def test_blocks_are_numbered_without_those_that_have_no_direction():
    still = np.full((200, 3), 2.0, np.float32)
    first, last = blocks_of(2, 2)
    assert set(basis_of(Readings.of(first, still, last)).blocks.tolist()) == {0, 1}
    assert set(basis_of(Readings.of(still, first)).blocks.tolist()) == {0}


def known_among(readings: Readings, count: int) -> KnownOrders:
    """Orders along as many random directions; each half as likely as the one before."""
    directions = RNG.standard_normal((readings.features.shape[1], count)).astype(np.float32)
    shares = 0.5 ** np.arange(count)
    return KnownOrders(directions, shares / shares.sum())


def test_known_orders_come_after_the_directions_each_as_wide_as_a_start():
    readings = Readings(blocks_of(5, 8), blocks_of(3)[0])
    known = known_among(readings, 4)
    basis, plain = basis_of(readings, known), basis_of(readings)
    applied = basis.apply(readings.features)
    np.testing.assert_array_equal(basis.blocks, plain.blocks)
    np.testing.assert_allclose(applied[:, :-4], plain.apply(readings.features))
    np.testing.assert_allclose(2 * applied[:, -4:].var(0), 1)
    for order, direction in zip(applied[:, -4:].T, known.directions.T, strict=True):
        assert np.corrcoef(order, readings.features @ direction)[0, 1] == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(basis.known, known.shares)


def test_only_known_orders_go_by_what_is_in_no_block():
    readings = Readings(blocks_of(5), blocks_of(3)[0])
    basis = basis_of(readings, known_among(readings, 2))
    assert not basis.matrix[5:, :5].any() and basis.matrix[5:, 5:].all()


def test_known_orders_that_hardly_tell_images_apart_are_not_blown_up():
    readings = Readings(blocks_of(5), np.full((200, 1), 3.0, np.float32))
    known = known_among(readings, 3)
    known.directions[:5, 1] = 0  # by what never varies alone
    known.directions[:, 2] *= 0.02 / (readings.features @ known.directions[:, 2]).std()
    spread = basis_of(readings, known).apply(readings.features)[:, 5:].std(0) * np.sqrt(2)
    np.testing.assert_allclose(spread, [1, 0, 0.02 / 0.1], atol=1e-3)


def test_a_model_that_has_learned_nothing_knows_no_order():
    readings = Readings.of(*blocks_of(5))
    basis = basis_of(readings, KnownOrders(np.zeros((5, 0), np.float32), np.zeros(0)))
    assert not len(basis.known) and basis.matrix.shape == (5, 5)
