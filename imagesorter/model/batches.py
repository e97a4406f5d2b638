"""Batches: of one shape for scores that nothing else has a part in, and such as a GPU has room for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imagesorter.errors import ModelError

logger = logging.getLogger(__name__)

_MPS_FULL = "MPS backend out of memory"
"""On Apple's GPUs torch has no class for it."""

Work = Callable[[NDArray[np.uint8]], NDArray[Any]]


def fixed_batches(
    tokens: NDArray[np.floating[Any]], size: int, device: Any
) -> Iterator[tuple[slice, Tensor]]:
    """Images in batches of one shape, so that what a network makes of an image is the same to the last bit
    whatever else it is asked about.

    Args:
        tokens: (N, T, D).

    Yields: which images, and their batch (`size`, T, D) float32, the same tensor each time; behind the last
    images there is something else.
    """
    batch = torch.zeros(size, *tokens.shape[1:], device=device)
    for start in range(0, len(tokens), size):
        images = slice(start, min(start + size, len(tokens)))
        part = torch.from_numpy(np.ascontiguousarray(tokens[images]))
        batch[: len(part)] = part.to(device, torch.float32)
        yield images, batch


def scored(
    tokens: NDArray[np.floating[Any]], size: int, device: Any, score: Callable[[Tensor], Tensor]
) -> NDArray[np.float32]:
    """Scores (N,) of images by `score`, (`size`, T, D) → (`size`,), in `fixed_batches`."""
    scores = np.empty(len(tokens), np.float32)
    for images, batch in fixed_batches(tokens, size, device):
        scores[images] = score(batch)[: images.stop - images.start].float().cpu().numpy()
    return scores


class Fitting:
    """Runs work on batches, halved for good whenever the GPU's memory is exhausted.

    Args:
        name: of the model, for the message.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._largest: int | None = None

    def run(self, work: Work, inputs: NDArray[np.uint8]) -> NDArray[Any]:
        """`work(inputs)`, (B, …) → (B, …), in as many parts as it takes.

        Raises:
            ModelError: there is no room for a single input.
        """
        done: list[NDArray[Any]] = []
        start = 0
        while start < len(inputs) or not done:
            size = min(self._largest or len(inputs), len(inputs) - start)
            try:
                done.append(work(inputs[start : start + size]))
            except RuntimeError as error:
                if not (isinstance(error, torch.OutOfMemoryError) or _MPS_FULL in str(error)):
                    raise
                if size <= 1:
                    raise ModelError(
                        f"“{self._name}” has no room on the graphics card, not even for one image. Close "
                        "other programs that use it, choose a smaller model, or the CPU as device."
                    ) from error
                self._largest = size // 2
                logger.info("the GPU's memory is exhausted: batches of %d from here on", self._largest)
            else:
                start += size
                continue
            torch.cuda.empty_cache()  # outside the handler, which holds the failed batch's frames
        return done[0] if len(done) == 1 else np.concatenate(done)
