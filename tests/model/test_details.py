from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from imagesorter.model.details import (
    BLOCK,
    DETAILS,
    canvas,
    close_side,
    closer,
    details,
    near_side,
    sheet,
    whole,
)

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


def cutouts(rgb: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The ordinary and the closer cut-outs of a sheet, (s, s, 3) each."""
    made = torch.from_numpy(sheet(Image.fromarray(rgb), SIZE)).permute(2, 0, 1)[None]
    assert made.shape == (1, 3, SIZE, 5 * SIZE)
    both = (part[0].permute(0, 2, 3, 1).numpy() for part in (details(made), closer(made)))
    near, close = (list(part) for part in both)
    return near, close


def places(cutout: np.ndarray, rgb: np.ndarray) -> list[tuple[int, int]]:
    """Where a cut-out lies in a photograph that repeats nothing: (row, column) on the grid."""
    rows, columns = (range(0, length - SIDE + 1, BLOCK) for length in rgb.shape[:2])
    return [
        (y, x) for y in rows for x in columns
        if (rgb[y, x] == cutout[0, 0]).all() and (rgb[y : y + SIDE, x : x + SIDE] == cutout).all()
    ]  # fmt: skip


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 4000, 3), (301, 77, 3), (2 * near_side(SIZE) - 1, 700, 3)])
def test_the_sheet_of_a_small_photograph_is_its_canvas(shape: tuple[int, ...]):
    rgb = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    made = sheet(Image.fromarray(rgb), SIZE)
    np.testing.assert_array_equal(made[:, : 3 * SIZE], canvas(rgb, SIZE))
    np.testing.assert_array_equal(made[:, 3 * SIZE :], made[:, SIZE : 3 * SIZE])


def test_a_large_photograph_is_shown_as_one_of_training_and_closer():
    rgb = np.random.default_rng(2).integers(0, 256, (1200, 1700, 3), dtype=np.uint8)
    factor = 1200 // near_side(SIZE)
    reduced = np.asarray(Image.fromarray(rgb).reduce(factor))
    assert near_side(SIZE) <= min(reduced.shape[:2]) < 2 * near_side(SIZE)
    np.testing.assert_array_equal(sheet(Image.fromarray(rgb), SIZE)[:, : 3 * SIZE], canvas(reduced, SIZE))
    _, close = cutouts(rgb)
    found = [places(cutout, rgb) for cutout in close]
    assert all(len(each) == 1 for each in found), "pixels of the photograph itself, on its grid"
    assert len({each[0] for each in found}) == DETAILS


def test_half_of_the_closer_cutouts_lie_where_most_is_to_be_seen():
    rgb = np.full((1100, 1500, 3), 90, np.uint8)
    busy = slice(400, 700), slice(900, 1200)
    rgb[busy] = np.random.default_rng(3).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    near, close = cutouts(rgb)
    there = [place for place, cutout in enumerate(close) if cutout.std() > 20]
    assert len(there) >= 2, "it is too small for more that lie apart"
    assert len(there) > sum(cutout.std() > 20 for cutout in near)
    top_left = {places(close[place], rgb)[0] for place in there}
    assert len(top_left) == len(there)


@pytest.mark.parametrize("size", [(3000, 4000), (1024, 90_000), (40_000, 600), (600, 600)])
def test_sheets_of_odd_shapes(size: tuple[int, int]):
    rgb = np.zeros((*size, 3), np.uint8)
    rgb[::2] = 200
    made = sheet(Image.fromarray(rgb), SIZE)
    assert made.shape == (SIZE, 5 * SIZE, 3)
    assert set(np.unique(made[:, 3 * SIZE :])) == {0, 200}, "closer cut-outs are never resized"


def test_the_scale_that_is_asked_for_is_finer_than_that_of_training():
    assert close_side(SIZE) >= 3 * near_side(SIZE)
