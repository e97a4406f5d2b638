"""What a taught ranker sees of an image: numbers from its stored tokens, made comparable. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imagesorter.ranking.scoring import Scorer

DIMENSIONS = 96
"""Directions of the features that teaching can tell apart."""

_SAMPLE = 2000


class Model(Scorer, Protocol):
    """A model whose order can be taught."""

    @property
    def id(self) -> str:
        """Tokens and taught rankers of one id fit together."""
        ...


@runtime_checkable
class ReadingModel(Protocol):
    """A model that tells what it reads off an image under a text."""

    def readings(self, tokens: NDArray[np.float16], phrase: str, /) -> list[NDArray[np.float32]]:
        """(N, T, D) tokens → blocks (N, ·), each row from its own image alone."""
        ...


@runtime_checkable
class DescribingModel(Protocol):
    """A model that stores something else of an image than tokens, or more."""

    def describe(self, tokens: NDArray[np.float16], /) -> list[NDArray[np.float32]]:
        """(N, T, D) as stored → blocks (N, ·), each row from its own image alone."""
        ...


def describe(model: Model, tokens: NDArray[np.float16], phrase: str) -> list[NDArray[np.float32]]:
    """Blocks of features of N images: what the model itself says of them, or reads off them under a phrase;
    means and deviations over their tokens, where it tells nothing.

    Returns:
        arrays (N, ·), each row from its own image alone.
    """
    if isinstance(model, DescribingModel):
        return model.describe(tokens)
    if isinstance(model, ReadingModel):
        return model.readings(tokens, phrase)
    plain = tokens.astype(np.float32)
    return [plain.mean(1), plain.std(1)]


@dataclass(frozen=True)
class Basis:
    """An affine map from features to a few directions, made from a folder's images.

    Attributes:
        mean: (F,) of the features.
        matrix: (F, K). For two images at random, the squared differences of the K directions add
            up to 1 on average, so that a deviation of weights is one of margins.
        blocks: (K,) the block of features that a direction lies in, from 0, of those that have any.
    """

    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]
    blocks: NDArray[np.intp]

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, F) → (N, K)."""
        return (features - self.mean) @ self.matrix


def basis_of(blocks: list[NDArray[np.float32]]) -> Basis:
    """The principal directions of each block's standardised features, as far as they spread.

    With them made equally wide, or halfway so, noise in the last directions weighs as much as what the first
    ones tell, and few answers teach less: what people ask for lies along the first ones.

    Args:
        blocks: arrays (N, ·) of N images; every block counts the same, but for what lies beyond `DIMENSIONS`.
    """
    features = np.concatenate(blocks, 1).astype(np.float64)
    widths = [block.shape[1] for block in blocks]
    own = np.repeat(np.arange(len(blocks)), widths)
    if not len(features):
        return Basis(np.zeros(features.shape[1]), np.zeros((features.shape[1], 0)), own[:0])
    mean, deviation = features.mean(0), features.std(0)
    varies = deviation > 1e-6 * max(float(deviation.max(initial=0)), 1e-12)
    shares = 1 / np.repeat(np.maximum(widths, 1), widths)
    scale = np.where(varies, np.sqrt(shares) / np.where(varies, deviation, 1), 0.0)
    step = max(len(features) // _SAMPLE, 1)
    sample = (features[::step] - mean) * scale
    values, vectors = np.zeros(len(own)), np.zeros((len(own), len(own)))
    for block in range(len(blocks)):
        columns = np.flatnonzero(own == block)
        within = sample[:, columns]
        found = np.linalg.eigh(within.T @ within / len(within))
        values[columns], vectors[np.ix_(columns, columns)] = found
    order = np.argsort(values)[::-1][:DIMENSIONS]
    order = order[values[order] > 1e-9 * max(float(values.max(initial=0)), 1e-12)]
    spread = 2 * float(values[order].sum())
    blocks_left = np.unique(own[order], return_inverse=True)[1]
    return Basis(mean, scale[:, None] * vectors[:, order] / np.sqrt(spread or 1.0), blocks_left)
