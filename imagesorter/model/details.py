"""What a squashed photograph loses: its details at their own scale.

Squashing a photograph to a network's input averages fine grain, focus and the edges of
compressed blocks away. So `canvas` lays eight cut-outs at the photograph's own scale beside the
squashed whole, on the grid of JPEG's blocks (ITU-T T.81).

Training shows photographs of about 500 pixels. Reduced to that, one from a camera has lost its grain and
its focus, too; at its own scale, its cut-outs show others things than those of training did. So `sheet` holds
cut-outs of both: near ones as in training, and closer ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

BLOCK = 8
"""Side of JPEG's blocks in pixels."""

_PLACES = (
    (0.0, 0.25),
    (0.33, 0.05),
    (0.67, 0.3),
    (1.0, 0.1),
    (0.0, 0.8),
    (0.37, 0.6),
    (0.63, 0.95),
    (1.0, 0.65),
)
"""Where the cut-outs lie, (across, down) from 0 to 1; none but the outer ones line up."""

DETAILS = len(_PLACES)
"""Cut-outs in a `canvas`."""

_FIXED = (1, 3, 4, 6)
"""Places that the closer cut-outs keep; noise shows where little else does."""

_BUSY = (0, 2, 5, 7)
"""Places that they give up for where most is to be seen: a photograph is seldom sharp all over."""

_COLUMNS = DETAILS // 2

_BESIDE = 8
"""Cells of a photograph's shorter side that chosen places lie apart."""


def canvas(rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The whole photograph and eight details of it in one picture, the model's input.

    The left square holds the photograph squashed; right of it lie, in two rows of four, cut-outs
    of S / 2 pixels at the photograph's own scale. These start at multiples of 8 pixels, where JPEG's
    blocks do. A photograph smaller than a cut-out is enlarged for them.

    Args:
        rgb: (H, W, 3).
        size: S, even.

    Returns:
        (S, 3 S, 3).
    """
    side = size // 2
    out = np.empty((size, 3 * size, 3), np.uint8)
    image = Image.fromarray(rgb)
    out[:, :size] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0))
    if min(image.size) < side:
        grown = (max(image.width, side), max(image.height, side))
        image = image.resize(grown, Image.Resampling.NEAREST)
    for place in range(DETAILS):
        _lay_own(out[:, size:], place, image)
    return out


def near_side(size: int) -> int:
    """Shorter side, in pixels, that a photograph is reduced to at most for what is near: as in training."""
    return 9 * size // 4


def close_side(size: int) -> int:
    """Shorter side, in pixels, below which a photograph has lost what the closer cut-outs show."""
    return 8 * size


def sheet(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """The `canvas` of a photograph as training would show it, and closer cut-outs.

    A photograph of twice `near_side` or more is reduced by a whole number for its canvas; of the closer
    cut-outs, at the scale that it came in, half lie where the canvas has its own, half where the
    photograph is busiest. Those of a smaller one are the canvas's.

    Args:
        image: mode "RGB".
        size: S, even.

    Returns:
        (S, 5 S, 3).
    """
    factor = min(image.size) // near_side(size)
    near = np.asarray(image.reduce(factor) if factor > 1 else image)
    out = np.empty((size, 5 * size, 3), np.uint8)
    out[:, : 3 * size] = canvas(near, size)
    close, side = out[:, 3 * size :], size // 2
    if factor < 2:
        close[:] = out[:, size : 3 * size]
        return out
    for place in _FIXED:
        _lay_own(close, place, image)
    for place, (x, y) in zip(_BUSY, _busiest(near, max(side // factor, 1), len(_BUSY)), strict=True):
        _lay(close, place, image, x * factor, y * factor)
    return out


def _lay_own(cutouts: NDArray[np.uint8], place: int, image: Image.Image) -> None:
    """The cut-out where a place of a canvas has its own."""
    (across, down), side = _PLACES[place], cutouts.shape[0] // 2
    _lay(cutouts, place, image, across * (image.width - side), down * (image.height - side))


def _lay(cutouts: NDArray[np.uint8], place: int, image: Image.Image, x: float, y: float) -> None:
    """Copy the cut-out at (x, y), or just before, to its place in (S, 2 S, 3)."""
    side = cutouts.shape[0] // 2
    left, top = (
        min(int(start), length - side) // BLOCK * BLOCK
        for start, length in zip((x, y), image.size, strict=True)
    )
    row, column = place // _COLUMNS * side, place % _COLUMNS * side
    cutout = image.crop((left, top, left + side, top + side))
    cutouts[row : row + side, column : column + side] = np.asarray(cutout)


def _busiest(rgb: NDArray[np.uint8], side: int, count: int) -> Iterator[tuple[int, int]]:
    """Left and top of squares of `side` pixels with the strongest edges of green, apart from each other."""
    green = rgb[..., 1].astype(np.int16)
    edges = np.abs(np.diff(green, axis=0))[:, 1:] + np.abs(np.diff(green, axis=1))[1:]
    rows, columns = edges.shape[0] // side, edges.shape[1] // side
    strength = edges[: rows * side, : columns * side].reshape(rows, side, columns, side).mean((1, 3))
    apart = max(min(rows, columns) // _BESIDE, 1)
    for _ in range(count):
        row, column = (int(each) for each in np.unravel_index(strength.argmax(), strength.shape))
        yield column * side, row * side
        strength[max(row - apart, 0) : row + apart + 1, max(column - apart, 0) : column + apart + 1] = -1


def whole(canvases: Tensor) -> Tensor:
    """Canvases (B, C, S, 3 S) or sheets → the squashed photographs in them (B, C, S, S)."""
    return canvases[..., : canvases.shape[-2]]


def details(canvases: Tensor) -> Tensor:
    """Canvases (B, C, S, 3 S) or sheets → their cut-outs (B, 8, C, S / 2, S / 2), channels last in memory."""
    size = canvases.shape[-2]
    return _apart(canvases[..., size : 3 * size])


def closer(sheets: Tensor) -> Tensor:
    """Sheets (B, C, S, 5 S) → their closer cut-outs, as `details`."""
    return _apart(sheets[..., 3 * sheets.shape[-2] :])


def _apart(cutouts: Tensor) -> Tensor:
    count, channels, size = cutouts.shape[:3]
    side = size // 2
    rows = cutouts.reshape(count, channels, 2, side, _COLUMNS, side)
    return rows.permute(0, 2, 4, 3, 5, 1).flatten(1, 2).permute(0, 1, 4, 2, 3)
