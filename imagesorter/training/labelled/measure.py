"""A model against labels: the way of `rank`, from files to scores, and the paper's figures."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import DecodeError
from imagesorter.events import Event, Finished, Judged, Notice, Progress, Unreadable
from imagesorter.model.bundle import Manifest
from imagesorter.model.learned import LearnedAttribute
from imagesorter.ranking.notices import notices
from imagesorter.ranking.query import Query, Term, parse
from imagesorter.ranking.scoring import score
from imagesorter.training.labelled.dataset import Examples, LabelsError
from imagesorter.training.labelled.pictures import Reader
from imagesorter.training.metrics import Agreement, agreement, mean_of
from imagesorter.wording import count

MEAN = "mean"


class Model(Protocol):
    """A loaded model, of any kind."""

    manifest: Manifest
    min_side: int
    batch_size: int

    def preprocess(self, image: Image.Image, /) -> NDArray[np.uint8]: ...

    def encode(self, pixels: NDArray[np.uint8], /) -> NDArray[np.float16]: ...

    def score(self, tokens: NDArray[np.float16], phrase: str, /) -> NDArray[np.float32]: ...

    def deviation(self, phrase: str, /) -> float: ...

    def words_read(self, phrase: str, /) -> bool: ...


def measure(model: Model, examples: Examples, labels: Path) -> Generator[Event, None, None]:
    """Score every labelled image for its category, and compare.

    A category that the model has learned is asked for in the model's own words, and its scores are
    brought to the labels' scale; another one in the words of its first title. Of several rows of an image in
    a category the last one counts.

    Args:
        labels: file that the examples come from, for messages.

    Yields: Notice where the model has not learned what is asked or an image has several values,
    Progress("judge"), Unreadable, Judged for each category and one for their mean, Finished.

    Raises:
        LabelsError: no image can be read.
    """
    learned = [_learned(model.manifest.attributes, category) for category in examples.categories]
    queries = [
        _query(attribute, titles[0]) for attribute, titles in zip(learned, examples.titles, strict=True)
    ]
    asked = np.unique(examples.category).tolist()
    yield from notices(
        model, model.manifest, [term.phrase for number in asked for term in queries[number].terms]
    )
    examples, several = _last(examples)
    if several:
        have = f"{count(several, 'image')} {'has' if several == 1 else 'have'}"
        yield Notice(f"{labels}: {have} several values in a category; the last one counts.")
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
                _score(model, queries, examples, numbers, model.encode(np.stack(pixels)), scores)
                numbers, pixels = [], []
                yield Progress("judge", done, len(images))
    if failed == len(images):
        raise LabelsError(
            f"no image of {labels} can be read. Check the paths, or name their folder with --images."
        )
    found = {}
    for number, category in enumerate(examples.categories):
        rows = (examples.category == number) & np.isfinite(scores)
        if rows.any():
            scale = learned[number]
            values = scores[rows] if scale is None else scale.centre + scale.spread * scores[rows]
            found[category] = agreement(values, examples.value[rows])
    yield from judged(found, examples.where(np.isfinite(scores)))
    yield Finished(len(images) - failed, failed)


def judged(found: Mapping[str, Agreement], examples: Examples) -> list[Judged]:
    """What to tell of categories, and of their mean: by images that differ, however many rows each has.

    Args:
        examples: rows that were compared, perhaps with those of other categories.
    """
    told, every = [], set[int]()
    for category, one in found.items():
        rows = examples.category == examples.categories.index(category)
        images = set(examples.photographs[rows].tolist())
        told.append(Judged(category, asdict(one) | {"images": len(images)}))
        every |= images
    return [*told, Judged(MEAN, asdict(mean_of(list(found.values()))) | {"images": len(every)})]


def _last(examples: Examples) -> tuple[Examples, int]:
    """The last row of each image in each category, and how many images have several values in one."""
    places, row = np.unique(np.stack([examples.image, examples.category]), axis=1, return_inverse=True)
    last = np.zeros(places.shape[1], np.intp)
    np.maximum.at(last, row.ravel(), np.arange(len(examples)))
    others = examples.value != examples.value[last[row.ravel()]]
    return examples.where(np.isin(np.arange(len(examples)), last)), len(np.unique(examples.image[others]))


def _score(
    model: Model,
    queries: Sequence[Query],
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
        scores[own] = score(model, queries[category], tokens[picked])


def _learned(attributes: Sequence[LearnedAttribute], category: str) -> LearnedAttribute | None:
    folded = category.casefold()
    return next((attribute for attribute in attributes if attribute.name.casefold() == folded), None)


def _query(learned: LearnedAttribute | None, title: str) -> Query:
    """What to ask for a category: a title and a prompt as they stand, a query by its grammar."""
    if learned is not None and not learned.prompt:
        return parse(learned.query)
    text = title if learned is None else learned.prompt
    return Query(text, (Term(1.0, text, quoted=True),))
