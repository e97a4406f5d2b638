from __future__ import annotations

import numpy as np
import pytest
import torch

from imagesorter.errors import ModelError
from imagesorter.model.batches import Fitting


class Card:
    """An encoder on a graphics card that has room for so many images."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.asked: list[int] = []

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        self.asked.append(len(pixels))
        if len(pixels) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return pixels.astype(np.float16) + 0.5


@pytest.mark.parametrize("room", [1, 2, 3, 5, 16, 64])
def test_batches_are_halved_until_they_fit(room: int):
    card, fitting = Card(room), Fitting("vit")
    pixels = np.arange(21, dtype=np.uint8)[:, None]
    assert np.array_equal(fitting.run(card.encode, pixels), pixels + 0.5)
    refused = [size for size in card.asked if size > room]
    assert len(refused) == len({*refused}), "no size is tried twice"
    card.asked.clear()
    fitting.run(card.encode, pixels)
    assert max(card.asked) <= room, "what did not fit once is not tried again"


def test_no_room_for_one_image_is_told():
    with pytest.raises(ModelError, match=r"“vit” has no room on the graphics card.*the CPU as device"):
        Fitting("vit").run(Card(0).encode, np.zeros((4, 1), np.uint8))


def test_apples_own_error_counts_too():
    def full(pixels: np.ndarray) -> np.ndarray:
        if len(pixels) > 2:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)")
        return pixels

    assert len(Fitting("vit").run(full, np.zeros((9, 1), np.uint8))) == 9


def test_nothing_and_other_errors_pass():
    assert Fitting("vit").run(Card(4).encode, np.zeros((0, 2), np.uint8)).shape == (0, 2)

    def fails(pixels: np.ndarray) -> np.ndarray:
        raise RuntimeError("another fault")

    with pytest.raises(RuntimeError, match="another fault"):
        Fitting("vit").run(fails, np.zeros((4, 1), np.uint8))
