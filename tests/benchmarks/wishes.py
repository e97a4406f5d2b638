"""What a photographer may ask of photographs that have captions, without a label of theirs."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from imagesorter.model.measures import photometric
from imagesorter.training.pocket.bank import held_out

CAPTIONED = "flickr8k"
_SIZE = 96

_WORD = re.compile(r"\w+")
_DOGS = frozenset({"dog", "dogs"})
_WATER = frozenset({"water", "river", "lake", "ocean", "sea", "pool"})


def captions(data: Path) -> dict[Path, list[str]]:
    """Captions of each photograph that the bundled model was not taught, by file; none where there is no
    folder of them."""
    path = data / CAPTIONED / "labels.csv"
    if not path.exists():
        return {}
    found = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["attribute"] == "caption" and held_out(f"{CAPTIONED}/{row['file']}"):
                found[path.parent / row["file"]].append(row["value"])
    return dict(sorted(found.items()))


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
    counts = (sum(bool(words & set(_WORD.findall(text.lower()))) for text in texts) for texts in captioned)
    return np.fromiter(counts, np.float64)


def _pixels(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        small = image.convert("RGB").resize((_SIZE, _SIZE))
    return torch.from_numpy(np.array(small)).permute(2, 0, 1) / 255
