"""What a photographer may ask of photographs that have captions, without a label of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from imagesorter.model.measures import photometric
from imagesorter.model.phrases import words_of
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.bank import held_out

_SIZE = 96

_DOGS = frozenset({"dog", "dogs"})
_WATER = frozenset({"water", "river", "lake", "ocean", "sea", "pool"})


def captions(data: Path) -> dict[Path, list[str]]:
    """Captions of each photograph that the bundled model was not taught, by file."""
    captioned = read_annotations(data).captions
    return {data / name: texts for name, texts in sorted(captioned.items()) if held_out(name)}


def wishes(captioned: Mapping[Path, Sequence[str]]) -> dict[str, NDArray[np.float64]]:
    """Values (N,) of photographs by what is asked for: how many captions name it, what the pixels say, and a
    taste, the sum of two of either in units of their deviation."""
    dogs, water = (_naming(words, captioned.values()) for words in (_DOGS, _WATER))
    pixels = torch.stack([_pixels(path) for path in captioned])
    computed = {name: values.double().numpy() for name, values in photometric(pixels).items()}
    above, below = (photometric(half)["brightness"] for half in pixels.tensor_split(2, 2))
    parts = (computed["warmth"], computed["contrast"], dogs, water)
    return {
        "dogs": dogs,
        "colourfulness": computed["colorfulness"],
        "light from above": (above - below).double().numpy(),
        "a taste": sum(((part - part.mean()) / part.std() for part in parts), np.zeros(len(pixels))),
    }


def _naming(words: frozenset[str], captioned: Iterable[Sequence[str]]) -> NDArray[np.float64]:
    """How many captions of each photograph have one of the words, (N,)."""
    counts = (sum(not words.isdisjoint(words_of(text)) for text in texts) for texts in captioned)
    return np.fromiter(counts, np.float64)


def _pixels(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        small = image.convert("RGB").resize((_SIZE, _SIZE))
    return torch.from_numpy(np.array(small)).permute(2, 0, 1) / 255
