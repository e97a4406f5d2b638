"""Pooled embeddings as the token store keeps them: rows of float16, exact to 22 bits. NumPy only.

A normalised embedding differs between two like photographs by less than float16 can tell. Each number
is stored as what float16 makes of it and what that leaves over, so that an order by stored embeddings is
the order by the embeddings themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEFT_OVER = 2.0**11
"""What is left over of a number is so much smaller than it."""


def rows(embed_dim: int, width: int) -> int:
    """Rows of `width` numbers that one embedding takes."""
    return -(-2 * embed_dim // width)


def pack(embeddings: NDArray[np.float32], width: int) -> NDArray[np.float16]:
    """(N, E) numbers in [−1, 1] → (N, rows(E, width), width), the last row filled up with zeros."""
    values = np.asarray(embeddings, np.float32)
    high = values.astype(np.float16)
    low = ((values - high.astype(np.float32)) * np.float32(_LEFT_OVER)).astype(np.float16)
    count, embed_dim = values.shape
    packed = np.zeros((count, rows(embed_dim, width) * width), np.float16)
    packed[:, :embed_dim], packed[:, embed_dim : 2 * embed_dim] = high, low
    return packed.reshape(count, rows(embed_dim, width), width)


def unpack(packed: NDArray[np.float16], embed_dim: int) -> NDArray[np.float64]:
    """Inverse of `pack`: → (N, E), to within 2⁻²² of each number, and 3e-11."""
    flat = packed.reshape(len(packed), packed.shape[1] * packed.shape[2])
    high, low = flat[:, :embed_dim], flat[:, embed_dim : 2 * embed_dim]
    return high.astype(np.float64) + low.astype(np.float64) / _LEFT_OVER
