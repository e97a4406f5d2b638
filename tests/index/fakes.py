"""A model without weights, contents without pictures, and pictures that are quick to read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.index.store import Content
from imagesorter.library.files import ImageFile

SHAPE = (3, 8)


def key_of(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


def tokens_of(numbers: list[int]) -> NDArray[np.float16]:
    """Tokens that tell from which number they were made."""
    rng = [np.random.default_rng(number).standard_normal(SHAPE) for number in numbers]
    return np.array(rng, np.float16).reshape(len(numbers), *SHAPE)


def content_of(number: int) -> Content:
    return Content(key_of(number), 40 + number, 30, "")


def file_of(number: int) -> ImageFile:
    return ImageFile(Path(f"/photos/{number}.jpg"), 1000 + number, 5_000_000_000 + number)


def draw(path: Path, seed: int, side: int = 48) -> ImageFile:
    """A small picture of its own."""
    rgb = np.random.default_rng(seed).integers(0, 256, (side, side + 8, 3), np.uint8)
    Image.fromarray(rgb).save(path)
    return stat(path)


def stat(path: Path) -> ImageFile:
    return ImageFile.of(path, path.stat())


class FakeEncoder:
    """Tokens are the mean colour and the batch is remembered."""

    id = "fake"
    token_shape = SHAPE
    min_side = 16
    batch_size = 8

    def __init__(self) -> None:
        self.batches: list[int] = []

    @property
    def encoded(self) -> int:
        return sum(self.batches)

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image.resize((16, 16)))

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        self.batches.append(len(pixels))
        means = pixels.reshape(len(pixels), -1).mean(axis=1, dtype=np.float64)
        return np.broadcast_to(means[:, None, None], (len(pixels), *SHAPE)).astype(np.float16)
