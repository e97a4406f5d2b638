"""What a taught ranker sees of an image: numbers from its stored tokens, made comparable. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imagesorter.model.readings import KnownOrders, Readings
from imagesorter.ranking.scoring import Scorer

DIMENSIONS = 96
"""Directions of the features that teaching can tell apart."""

_SAMPLE = 2000

_LEAST_SPREAD = 0.1
"""Of a known order's scores, which spread by about 1 over everyday photographs: less is not blown up to that.
Where all are grey, what is read of colours is mostly noise."""


class Model(Scorer, Protocol):
    """A model whose order can be taught."""

    @property
    def id(self) -> str:
        """Tokens and taught rankers of one id fit together."""
        ...


@runtime_checkable
class ReadingModel(Protocol):
    """A model that tells what it reads off an image under a text."""

    def readings(self, tokens: NDArray[np.float16], phrase: str, /) -> Readings:
        """Of (N, T, D) tokens."""
        ...


@runtime_checkable
class KnowingModel(Protocol):
    """A model that has learned orders, as directions of its readings."""

    def known_orders(self) -> KnownOrders:
        """Under any phrase; nearly, since a phrase shifts what is read a little."""
        ...


@runtime_checkable
class DescribingModel(Protocol):
    """A model that stores something else of an image than tokens, or more."""

    def describe(self, tokens: NDArray[np.float16], /) -> list[NDArray[np.float32]]:
        """(N, T, D) as stored → blocks (N, ·), each row from its own image alone."""
        ...


def describe(model: Model, tokens: NDArray[np.float16], phrase: str) -> Readings:
    """Features of N images: what the model itself says of them, or reads off them under a phrase; means and
    deviations over their tokens, where it tells nothing."""
    if isinstance(model, DescribingModel):
        return Readings.of(*model.describe(tokens))
    if isinstance(model, ReadingModel):
        return model.readings(tokens, phrase)
    plain = tokens.astype(np.float32)
    return Readings.of(plain.mean(1), plain.std(1))


def known_orders(model: Model) -> KnownOrders | None:
    """Those that a model knows along what it reads; None where that is not told."""
    if isinstance(model, DescribingModel) or not isinstance(model, KnowingModel):
        return None
    return model.known_orders()


@dataclass(frozen=True)
class Basis:
    """An affine map from features to a few directions and known orders, made from a folder's images.

    Attributes:
        mean: (F,) of the features.
        matrix: (F, K + C). For two images at random, the squared differences of the K directions add
            up to 1 on average, and so do those of each known order alone, if it spreads at all, so that a
            deviation of weights is one of margins.
        blocks: (K,) the block of features that a direction lies in, from 0, of those that have any.
        known: (C,) see `KnownOrders.shares`.
    """

    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]
    blocks: NDArray[np.intp]
    known: NDArray[np.float64]

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, F) → (N, K + C)."""
        return (features - self.mean) @ self.matrix


def basis_of(readings: Readings, known: KnownOrders | None = None) -> Basis:
    """The principal directions of each block's standardised features, as far as they spread; known orders.

    With them made equally wide, or halfway so, noise in the last directions weighs as much as what the first
    ones tell, and few answers teach less: what people ask for lies along the first ones.

    Args:
        readings: of N images; every block counts the same, but for what lies beyond `DIMENSIONS`.
    """
    features = readings.features.astype(np.float64)
    count, width = features.shape
    if not count:
        return Basis(np.zeros(width), np.zeros((width, 0)), np.zeros(0, np.intp), np.zeros(0))
    mean = features.mean(0)
    sample = features[:: max(count // _SAMPLE, 1)] - mean
    directions, blocks = _directions(sample, features.std(0), [block.shape[1] for block in readings.blocks])
    if known is None:
        return Basis(mean, directions, blocks, np.zeros(0))
    deviation = np.maximum((sample @ known.directions).std(0), _LEAST_SPREAD)
    orders = known.directions / (np.sqrt(2) * deviation)
    return Basis(mean, np.concatenate([directions, orders], 1), blocks, known.shares)


def _directions(
    sample: NDArray[np.float64], deviation: NDArray[np.float64], widths: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Centred features of some images (S, F), deviation (F,) of all, and how wide the blocks are → (F, K) and
    each direction's block."""
    own = np.repeat(np.arange(len(widths)), widths)
    deviation = deviation[: len(own)]
    varies = deviation > 1e-6 * max(float(deviation.max(initial=0)), 1e-12)
    shares = 1 / np.repeat(np.maximum(widths, 1), widths)
    scale = np.where(varies, np.sqrt(shares) / np.where(varies, deviation, 1), 0.0)
    values, vectors = np.zeros(len(own)), np.zeros((sample.shape[1], len(own)))
    for block in range(len(widths)):
        columns = np.flatnonzero(own == block)
        within = sample[:, columns] * scale[columns]
        found = np.linalg.eigh(within.T @ within / len(within))
        values[columns], vectors[np.ix_(columns, columns)] = found
    order = np.argsort(values)[::-1][:DIMENSIONS]
    order = order[values[order] > 1e-9 * max(float(values.max(initial=0)), 1e-12)]
    spread = 2 * float(values[order].sum())
    vectors[: len(own)] *= scale[:, None]
    return vectors[:, order] / np.sqrt(spread or 1.0), np.unique(own[order], return_inverse=True)[1]
