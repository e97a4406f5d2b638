from __future__ import annotations

import numpy as np
import pytest

from imagesorter.model.pooled import pack, rows, unpack


@pytest.mark.parametrize(("embed_dim", "width"), [(512, 512), (768, 256), (1024, 300), (24, 100)])
def test_embeddings_come_back_to_within_22_bits(embed_dim: int, width: int):
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((7, embed_dim)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    packed = pack(embeddings, width)
    assert packed.dtype == np.float16
    assert packed.shape == (7, rows(embed_dim, width), width)
    error = np.abs(unpack(packed, embed_dim) - embeddings)
    assert (error <= 2.0**-22 * np.abs(embeddings) + 3e-11).all()


def test_what_float16_alone_cannot_tell_apart_stays_apart():
    one = np.full((1, 8), 0.3, np.float32)
    other = one * np.float32(1 + 2**-16)
    assert (one.astype(np.float16) == other.astype(np.float16)).all()
    assert (unpack(pack(one, 8), 8) < unpack(pack(other, 8), 8)).all()


def test_extremes():
    values = np.array([[1.0, -1.0, 0.0, 1e-9, -6e-8]], np.float32)
    assert np.abs(unpack(pack(values, 5), 5) - values).max() <= 3e-11
    assert unpack(pack(np.zeros((0, 5), np.float32), 5), 5).shape == (0, 5)
