from __future__ import annotations

import numpy as np
import pytest
import torch

from imagesorter.model.details import BLOCK, DETAILS, canvas, details, whole

SIZE = 128
SIDE = SIZE // 2


def as_batch(*pictures: np.ndarray) -> torch.Tensor:
    """(B, 3, S, 3 S) float."""
    return torch.from_numpy(np.stack([canvas(p, SIZE) for p in pictures])).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 4000, 3), (128, 128, 3), (301, 77, 3)])
def test_canvas_of_any_shape(shape: tuple[int, ...]):
    rgb = np.full(shape, (10, 20, 30), np.uint8)
    out = canvas(rgb, SIZE)
    assert out.shape == (SIZE, 3 * SIZE, 3)
    assert (out == np.array([10, 20, 30])).all()


def test_canvas_shows_the_whole_photograph_without_aliasing():
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    inner = canvas(stripes, SIZE)[:, 1 : SIZE - 1].astype(int)  # at the edge the filter has one side only
    assert np.abs(inner - 127).max() <= 2
    corner = np.zeros((640, 640, 3), np.uint8)
    corner[-40:, -40:] = 255
    assert canvas(corner, SIZE)[SIZE - 1, SIZE - 1].min() > 200


def test_canvas_holds_details_at_their_own_scale_on_the_grid_of_jpeg():
    rgb = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    blocks = {
        rgb[y : y + SIDE, x : x + SIDE].tobytes() for y in range(0, 300, BLOCK) for x in range(0, 400, BLOCK)
    }
    cutouts = details(as_batch(rgb)).permute(0, 1, 3, 4, 2).numpy().astype(np.uint8)
    assert cutouts.shape == (1, DETAILS, SIDE, SIDE, 3)
    assert len({cutout.tobytes() for cutout in cutouts[0]}) == DETAILS
    assert all(cutout.tobytes() in blocks for cutout in cutouts[0])


def test_whole_and_details_are_apart():
    marked = torch.zeros(1, 3, SIZE, 3 * SIZE)
    marked[..., :SIZE] = 1
    assert whole(marked).min() == 1
    assert details(marked).max() == 0
