"""A model against labels: the way of `rank`, from files to scores, and the paper's figures."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import DecodeError
from imagesorter.events import Event, Finished, Judged, Progress, Unreadable
from imagesorter.model.bundle import LearnedAttribute, Manifest
from imagesorter.training.dataset import Examples, LabelsError
from imagesorter.training.metrics import agreement, mean_of
from imagesorter.training.pictures import Reader

MEAN = "mean"


class Model(Protocol):
    """A loaded model, of any kind."""

    manifest: Manifest
    min_side: int
    batch_size: int

    def preprocess(self, rgb: NDArray[np.uint8], /) -> NDArray[np.uint8]: ...

    def encode(self, pixels: NDArray[np.uint8], /) -> NDArray[np.float16]: ...

    def score(self, tokens: NDArray[np.float16], phrase: str, /) -> NDArray[np.float32]: ...


def measure(model: Model, examples: Examples) -> Generator[Event, None, None]:
    """Score every labelled image for its category's first title, and compare.

    Scores of a category that the model has learned are brought to the labels' scale first.

    Yields: Progress("judge"), Unreadable, Judged for each category and one for their mean, Finished.

    Raises:
        LabelsError: no image can be read.
    """
    scores = np.full(len(examples), np.nan, np.float32)
    images = np.unique(examples.image)
    done = failed = 0
    yield Progress("judge", 0, len(images))
    with Reader(model.preprocess, model.min_side) as reader:
        numbers: list[int] = []
        pixels: list[NDArray[np.uint8]] = []
        for number, read in zip(
            images.tolist(), reader.each([examples.paths[i] for i in images]), strict=True
        ):
            done += 1
            if isinstance(read, DecodeError):
                failed += 1
                yield Unreadable(None, read.path, read.reason)
            else:
                numbers.append(number)
                pixels.append(read)
            if pixels and (len(pixels) == model.batch_size or done == len(images)):
                _score(model, examples, numbers, model.encode(np.stack(pixels)), scores)
                numbers, pixels = [], []
                yield Progress("judge", done, len(images))
    if failed == len(images):
        raise LabelsError(
            "none of the images can be read. Check the paths, or name their folder with --images."
        )
    found = []
    for number, category in enumerate(examples.categories):
        rows = (examples.category == number) & np.isfinite(scores)
        if rows.any():
            learned = _learned(model.manifest.attributes, category)
            values = scores[rows] if learned is None else learned.centre + learned.spread * scores[rows]
            found.append(agreement(values, examples.value[rows]))
            yield Judged(category, asdict(found[-1]))
    yield Judged(MEAN, asdict(mean_of(found)))
    yield Finished(len(images) - failed, failed)


def _score(
    model: Model,
    examples: Examples,
    numbers: Sequence[int],
    tokens: NDArray[np.float16],
    scores: NDArray[np.float32],
) -> None:
    """Fill in the scores of all rows of some images."""
    place = {number: k for k, number in enumerate(numbers)}
    rows = np.flatnonzero(np.isin(examples.image, numbers))
    for category in np.unique(examples.category[rows]).tolist():
        own = rows[examples.category[rows] == category]
        picked = [place[number] for number in examples.image[own].tolist()]
        scores[own] = model.score(tokens[picked], examples.titles[category][0])


def _learned(attributes: Sequence[LearnedAttribute], category: str) -> LearnedAttribute | None:
    return next((attribute for attribute in attributes if attribute.name == category), None)
