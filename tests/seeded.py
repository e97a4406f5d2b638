"""Checkpoints and pictures made of reproducible numbers, and what the authors' code gives for them.

The published checkpoints are too large to be carried. `published_checkpoint/manifest_*.json` lists
their tensors; the numbers here depend on each tensor's name and a seed alone; `golden_*.json` holds
the scores and pair logits of the authors' code for them (float32, CPU).
"""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_FOLDER = Path(__file__).parent / "published_checkpoint"
SEED = 1


def manifest(model: str) -> dict[str, tuple[int, ...]]:
    """Shapes of the tensors of the "small" or "full" model by name."""
    stored = json.loads((_FOLDER / f"manifest_{model}.json").read_text("utf-8"))
    return {name: tuple(shape) for name, shape in stored["tensors"].items()}


def golden(model: str) -> dict[str, Any]:
    """Prompts, cases with scores and pair logits, and sizes of the pattern pictures."""
    stored: dict[str, Any] = json.loads((_FOLDER / f"golden_{model}.json").read_text("utf-8"))
    return stored


def normal(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal numbers that depend on name and shape."""
    bits = np.random.Philox(key=zlib.crc32(name.encode()) << 32 | SEED)
    return np.random.Generator(bits).standard_normal(shape, dtype=np.float32)


def state(model: str) -> dict[str, Tensor]:
    """A checkpoint's tensors: matrices of 1/√fan-in, gains about one, offsets about nought."""
    return {name: torch.from_numpy(_parameter(name, shape)) for name, shape in manifest(model).items()}


def _parameter(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if name == "logit_scale":
        return np.full(shape, math.log(1 / 0.07), np.float32)
    numbers = np.atleast_1d(normal(name, shape))
    if len(shape) < 2:
        if name.endswith(".gamma"):
            numbers = 0.5 + 0.1 * numbers
        else:
            numbers = (1.0 if name.endswith("weight") else 0.0) + 0.1 * numbers
    elif name.endswith("token_embedding.weight"):
        numbers = 0.5 * numbers
    elif name.endswith("positional_embedding") or name.startswith("adapter.reg_tokens"):
        numbers = 0.1 * numbers
    else:
        # `projection` stands on the right of a product, so its first axis goes in
        fan_in = shape[0] if name.endswith("projection") else math.prod(shape[1:])
        numbers = numbers / math.sqrt(fan_in)
    return np.ascontiguousarray(numbers, np.float32).reshape(shape)


def images(count: int, size: int) -> Tensor:
    """(count, 3, size, size), in the place of normalised images."""
    return torch.from_numpy(np.stack([normal(f"image{i}", (3, size, size)) for i in range(count)]))


def pattern(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """A picture (height, width, 3) of waves and a ramp."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    u, v = x / width, y / height
    waves = 3 + 2 * index
    red = 0.5 + 0.5 * np.sin(2 * np.pi * waves * u)
    green = 0.5 + 0.5 * np.cos(2 * np.pi * (waves + 1) * v * (0.5 + u))
    blue = (u + v * (index + 1)) % 1.0
    return np.round(255 * np.stack([red, green, blue], -1)).astype(np.uint8)
