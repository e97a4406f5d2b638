"""Networks beside a line, and the copies that they learn from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from skimage import data
from torch.nn import functional as F

from imagesorter.model.counters import BENDS
from imagesorter.training import ridge
from imagesorter.training.pocket.bends import fit_bends
from imagesorter.training.pocket.copies import copy_of


def test_networks_tell_what_a_line_cannot():
    torch.manual_seed(0)
    features = torch.randn(700, 6)
    targets = features[:, 0] + 3 * (features[:, 1].abs() - 0.8)
    learned, judged = slice(0, 500), slice(500, None)
    hidden, bias, out = fit_bends(features[learned], targets[learned], seed=1)
    assert hidden.shape == (BENDS, 6)
    told = F.gelu(features[judged] @ hidden.T + bias) @ out
    line = ridge.fit(features[learned].numpy(), targets[learned].numpy()).predict(features[judged].numpy())
    straight, bent = (spearmanr(one, targets[judged]).statistic for one in (line, told))
    assert bent > 0.7
    assert straight < bent - 0.25


def test_a_seed_decides_them_and_leaves_other_draws_alone():
    features, targets = torch.randn(80, 4), torch.randn(80)
    torch.manual_seed(3)
    first = fit_bends(features, targets, seed=1)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(torch.rand(1), drawn)
    for one, other in zip(first, fit_bends(features, targets, seed=1), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first[0], fit_bends(features, targets, seed=2)[0])


@pytest.mark.parametrize("shape", [(300, 451), (7, 5), (1, 1)])
def test_copies_show_the_photograph_and_differ(shape: tuple[int, int]):
    rgb = np.ascontiguousarray(data.chelsea()[: shape[0], : shape[1]])
    before, rng = rgb.copy(), np.random.default_rng(0)
    copies = [copy_of(rgb, rng) for _ in range(12)]
    assert np.array_equal(rgb, before)
    for copy in copies:
        assert copy.dtype == np.uint8
        assert 0.2 < float(copy.mean()) / rgb.mean() < 1.3
        sides = zip(sorted(copy.shape[:2]), sorted(rgb.shape[:2]), strict=True)  # it may be turned
        assert all(max(int(0.2 * old), 1) <= new <= 1.3 * old + 1 for new, old in sides)
    if shape[0] > 10:
        assert len({(copy.shape, int(copy.sum())) for copy in copies}) == len(copies)
