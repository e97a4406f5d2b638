"""Answers as a fit sees them: differences, their blocks, and how many photographs they are of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from imagesorter.model.readings import Readings
from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.lesson_plan import plan
from imagesorter.training.pairs.preference import Comparisons
from imagesorter.training.pairs.taught_features import basis_of

from .pupils import answered, key_of

COUNT = 80
RNG = np.random.default_rng(3)
BLOCKS = [RNG.standard_normal((COUNT, 6)).astype(np.float32) for _ in range(3)]
TRUTH = BLOCKS[1] @ RNG.standard_normal(6)


def compared(pairs: Sequence[tuple[int, int]]) -> tuple[Folder, Comparisons]:
    basis = basis_of(Readings.of(*BLOCKS))
    features = np.column_stack([np.zeros(COUNT), basis.apply(np.concatenate(BLOCKS, 1))])
    folder = Folder(features, basis, 0.0, (), "x")
    labels = [answered(TRUTH, key_of(i), key_of(j), n) for n, (i, j) in enumerate(pairs, 1)]
    return folder, folder.comparisons(plan(labels, [], {key_of(row): row for row in range(COUNT)}))


def test_differences_are_left_minus_right():
    folder, found = compared([(0, 1), (5, 2)])
    np.testing.assert_array_equal(found.differences, folder.features[[0, 5]] - folder.features[[1, 2]])
    assert found.outcomes.tolist() == np.sign(TRUTH[[0, 5]] - TRUTH[[1, 2]]).tolist()


@pytest.mark.parametrize(
    ("pairs", "distinct"), [([], 1), ([(0, 1), (2, 3)], 1), ([(0, 1), (1, 2)], 3 / 4), ([(0, 1)] * 4, 1 / 4)]
)
def test_photographs_are_counted_by_their_places(pairs: list[tuple[int, int]], distinct: float):
    assert compared(pairs)[1].distinct == pytest.approx(distinct)


def test_answers_on_one_block_stress_it():
    """From the folder's features to the fit."""
    pairs = [(int(i), int(j)) for i, j in (RNG.choice(COUNT, 2, replace=False) for _ in range(60))]
    folder, found = compared(pairs)
    assert found.blocks is not None
    np.testing.assert_array_equal(found.blocks, folder.basis.blocks)
    stress = fit_prior(found, 0.0).prior.stress
    assert int(np.argmax(stress)) == 1 and max(stress) > 1.2


def test_margins_between_photographs_are_those_of_their_differences():
    pairs = [(int(i), int(j)) for i, j in (RNG.choice(COUNT, 2, replace=False) for _ in range(30))]
    folder, found = compared(pairs)
    posterior = fit_prior(found, 0.0)
    left, right = np.array([3, 70, 5, 5]), np.array([9, 2, 5, 41])
    assert 0 < len(posterior.learned) < folder.features.shape[1]
    expected = posterior.margins(folder.features[left] - folder.features[right])
    for one, other in zip(folder.margins(posterior, left, right), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
