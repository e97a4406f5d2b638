"""A tiny backbone's material with an order planted in it: two categories, each along an axis of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from towers import config

from imagesorter.model.tower_sources import build_towers
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.dataset import Examples
from imagesorter.training.metrics import Agreement
from imagesorter.training.study.judging import Fitted, agreements
from imagesorter.training.study.material import Lesson, Material

IMAGES = 160
TITLES = ("Sort images by the number of people.", "Rank the redness.")
_TOKENS = 4


@dataclass(frozen=True)
class Kept:
    """Tokens in memory: (images, 2, T, C)."""

    tokens: torch.Tensor

    def get(
        self, images: NDArray[np.int64], mirrored: NDArray[np.bool_]
    ) -> tuple[torch.Tensor, NDArray[np.bool_]]:
        return self.tokens[images, mirrored.astype(np.int64)], np.ones(len(images), np.bool_)


def tiny_towers() -> Towers:
    """Random weights, the same in every test."""
    torch.manual_seed(0)
    return build_towers(config("ViT"), {}).requires_grad_(False)


def planted(towers: Towers) -> tuple[Material, Lesson, Examples]:
    """Material, lesson, and rows of the test: a half, a quarter, and a quarter of the images."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(IMAGES, 2))
    axes = rng.normal(size=(2, 24))
    vectors = latent @ axes + 0.3 * rng.normal(size=(IMAGES, 24)) + 1.0
    embeddings = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    spread = rng.normal(size=(2, towers.image_width))
    tokens = (latent @ spread)[:, None] + 0.2 * rng.normal(size=(IMAGES, _TOKENS, towers.image_width))
    both = torch.from_numpy(np.stack([tokens, tokens], 1).astype(np.float32))
    names = tuple(f"{number}.png" for number in range(IMAGES))
    image = np.repeat(np.arange(IMAGES), 2)
    category = np.tile([0, 1], IMAGES)
    rows = Examples(
        names, (), ("people", "red"), tuple((title,) for title in TITLES), image, category,
        (3 * np.exp(0.4 * latent)).ravel().astype(np.float32), np.ones(2 * IMAGES),
    )  # fmt: skip
    part = image % 4
    lesson = Lesson.of(rows.where(part < 2), rows.where(part == 2))
    return Material(towers, Kept(both), np.stack([embeddings, embeddings], 1)), lesson, rows.where(part == 3)


def judged(fitted: Fitted, test: Examples) -> dict[str, Agreement]:
    """By category; both must be there."""
    found = agreements(fitted, test)
    assert list(found) == ["people", "red"]
    return found
