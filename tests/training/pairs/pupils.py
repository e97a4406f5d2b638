"""A model without weights and a folder without files, for tests of teaching."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from imagesorter.library.files import ImageFile
from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.readings import Readings
from imagesorter.model.tuned import TunedHead
from imagesorter.training.pairs.classroom import Classroom, read_folder
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.labels import Label
from imagesorter.training.pairs.taught import StartTerm

T = TypeVar("T")


class FakeModel:
    """Scores are the mean of one channel, chosen by the phrase's length."""

    id = "fake-0123456789abcdef"
    name = "fake"

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        return tokens.astype(np.float32).mean(1)[:, len(phrase) % tokens.shape[2]]

    def deviation(self, phrase: str) -> float:
        return 1.0


class TunableModel(FakeModel):
    """One whose readings tell nothing, so that only its head can learn; tokens are of width 12."""

    def __init__(self) -> None:
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            config = AdapterConfig(image_width=24, text_width=16, width=12, heads=4, prompt_tokens=3)
            self._adapter = RankingAdapter(config).eval().requires_grad_(False)

    def readings(self, tokens: NDArray[np.float16], phrase: str) -> Readings:
        return Readings.of(np.zeros((len(tokens), 1), np.float32))

    def tuned_head(self, phrase: str, *, with_layers: bool) -> TunedHead:
        words = torch.randn(4, 16, generator=torch.Generator().manual_seed(len(phrase)))
        text = self._adapter.encode_text(words, torch.ones(4, dtype=torch.bool))
        return TunedHead(self._adapter, text, with_layers=with_layers)


def key_of(number: int) -> bytes:
    return number.to_bytes(16, "big")


def tokens_of(count: int, width: int = 12, seed: int = 0) -> NDArray[np.float16]:
    """(count, 4, width) tokens; the images differ in their mean."""
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((count, 1, width))
    return (means + 0.1 * rng.standard_normal((count, 4, width))).astype(np.float16)


def files_of(count: int) -> dict[bytes, ImageFile]:
    return {key_of(number): ImageFile(Path(f"/photos/{number}.jpg"), 1, 1) for number in range(count)}


def to_end(generator: Generator[object, None, T], events: list[object] | None = None) -> T:
    """Run a generator and give what it returns; what it yields goes to `events`."""
    kept = [] if events is None else events
    while True:
        try:
            kept.append(next(generator))
        except StopIteration as stopped:
            value: T = stopped.value
            return value


def folder_of(
    tokens: NDArray[np.float16], start: str | None = None, model: FakeModel | None = None
) -> Folder:
    terms = (StartTerm(1.0, start),) if start else ()

    def read(some):
        return tokens[[int.from_bytes(key, "big") for key in some]], np.ones(len(some), np.bool_)

    return to_end(read_folder(model or FakeModel(), files_of(len(tokens)), read, terms, start or "x"))[1]


def classroom_of(
    tokens: NDArray[np.float16], start: str | None = None, model: FakeModel | None = None
) -> Classroom:
    return Classroom([key_of(number) for number in range(len(tokens))], folder_of(tokens, start, model), 1)


def answered(
    truth: NDArray[np.float64], left: bytes, right: bytes, number: int = 0, source="chosen"
) -> Label:
    """What somebody who knows the truth says."""
    i, j = truth[int.from_bytes(left, "big")], truth[int.from_bytes(right, "big")]
    return Label(left, right, "tie" if i == j else "left" if i > j else "right", source, 0.0, number)
