"""A study from labels to results: reading, choosing learning rates, fitting, judging."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from imagesorter.errors import TrainingError
from imagesorter.events import Event, Finished, Notice, Progress, Studied
from imagesorter.model import device as devices
from imagesorter.model.tower_sources import open_towers
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.dataset import (
    Examples,
    LabelsError,
    read_beside,
    read_examples,
    require_any,
)
from imagesorter.training.labelled.features import KeptFeatures, tower_state
from imagesorter.training.labelled.measure import judged
from imagesorter.training.labelled.options import is_random
from imagesorter.training.labelled.pace import Pace
from imagesorter.training.labelled.parallel import Processes
from imagesorter.training.study import adapters, direct, levels, prompted
from imagesorter.training.study.judging import Fitted, agreements
from imagesorter.training.study.material import Lesson, Mask, Material, read_material
from imagesorter.training.study.options import METHODS, StudyOptions
from imagesorter.training.study.record import Record
from imagesorter.training.study.student import FACTORS, Student, choose_rate, fit

_Found = TypeVar("_Found")

_VERSION = 1
"""Of the methods; results of another are not taken over."""

DIRECT: dict[str, Callable[[Material, Lesson], Fitted]] = {
    "zero-shot": direct.zero_shot,
    "antonyms": direct.antonyms,
    "probe": direct.probe,
}
ON_EMBEDDINGS: dict[str, type[Student]] = {
    "context": prompted.LearnedContext,
    "prototypes": levels.Prototypes,
    "contrastive": levels.Contrastive,
}
ON_TOKENS: dict[str, type[adapters.Adapter]] = {
    "rank": adapters.Rank,
    "rank-head": adapters.RankHead,
    "rank-attention": adapters.RankAttention,
    "published": adapters.Published,
    "ours": adapters.Ours,
}


def study(options: StudyOptions) -> Iterator[Event]:
    """Fit every method with every seed, and judge each on photographs that none has seen.

    What was finished before in `options.work` is told at once. Closing the generator stops it; the fit
    that it is in is lost, all before is kept.

    Yields: Notice, Progress("model" | "tokens" | "train"), Unreadable, Studied, Finished.

    Raises:
        ImagesorterError: labels, backbone, device or folders cannot be used.
        TrainingError: a backbone on which nothing can be learned.
    """
    learning, apart, test = read_parts(options)
    yield Progress("model", 0)
    device = devices.choose(options.device)
    torch.manual_seed(0)  # a backbone without weights is the same one every time
    towers, _ = open_towers(options.backbone, options.pretrained, device)
    towers.requires_grad_(False).to(device)
    if is_random(options.backbone, options.pretrained):
        yield Notice(f"{options.backbone} has random weights: name weights with --pretrained.")
    record = Record(options.work, _plan(options, towers), beside=options.beside)
    with closing(KeptFeatures(towers, learning.paths, options.work, Processes(0, 1, device))) as tokens:
        material, readable = yield from read_material(towers, learning, tokens, options)
        record.open(_photographs(tokens, readable))
        parts = [part.where(readable[part.image]) for part in (learning, apart, test)]
        parts[2], notices = _learnable(parts[0], parts[2])
        yield from notices
        _check(options, *parts)
        yield from _Study(options, material, Lesson.of(parts[0], parts[1]), parts[2], record).events()
    yield Finished(int(readable.sum()), int((~readable).sum()))


class _Study:
    def __init__(
        self, options: StudyOptions, material: Material, lesson: Lesson, test: Examples, record: Record
    ) -> None:
        self.options = options
        self.material = material
        self.lesson = lesson
        self.test = test
        self.record = record
        self.done = 0
        self.pace = Pace(0, sum(self._steps(method) for method in options.methods))

    def events(self) -> Iterator[Event]:
        for method in self.options.methods:
            for seed in self.options.seeds:
                studied = self.record.studied(method, seed)
                if studied is None:
                    studied = yield from self._run(method, seed)
                    self.record.keep(studied)
                yield studied

    def _run(self, method: str, seed: int) -> Generator[Event, None, Studied]:
        rate: float | None = None
        if method not in DIRECT:
            rate = yield from self._rate(method)
        start = time.perf_counter()
        if method in DIRECT:
            fitted: Fitted = DIRECT[method](self.material, self.lesson)
        else:
            steps, batch = self.options.steps, self.options.batch
            run = fit(
                self._maker(method), self.material, self.lesson,
                steps=steps, batch=batch, seed=seed, rate=rate or 0.0,
            )  # fmt: skip
            fitted, _ = yield from self._told(run, steps, f"{METHODS[method]}, seed {seed}")
        seconds = time.perf_counter() - start
        try:
            found = agreements(fitted, self.test)
        except FloatingPointError as error:
            raise TrainingError(
                f"{METHODS[method]}: the scores of “{error}” are not finite on the test's photographs."
            ) from error
        told = tuple(judged(found, self.test))
        return Studied(method, METHODS[method], seed, told, fitted.parameters, round(seconds, 3), rate)

    def _rate(self, method: str) -> Generator[Event, None, float]:
        """The learning rate of a method, chosen once for all seeds."""
        if (known := self.record.rate(method)) is not None:
            return known
        rates = self._rates(method)
        run = choose_rate(
            self._maker(method), self.material, self.lesson, rates,
            steps=self.options.steps, batch=self.options.batch,
        )  # fmt: skip
        told = f"{METHODS[method]}, choosing the learning rate"
        rate = yield from self._told(run, len(rates) * self.options.steps, told)
        self.record.keep_rate(method, rate)
        return rate

    def _told(
        self, run: Generator[None, None, _Found], steps: int, note: str
    ) -> Generator[Event, None, _Found]:
        """A run's steps as progress of the whole study."""
        start = self.done
        while True:
            try:
                next(run)
            except StopIteration as end:
                self.done = start + steps  # fewer were taken where the loss ran off
                found: _Found = end.value
                return found
            self.done += 1
            yield self.pace.progress(self.done, note)

    def _maker(self, method: str) -> Callable[[Material, Lesson], Student]:
        if method in ON_TOKENS:
            return partial(ON_TOKENS[method], width=self.options.width)
        return ON_EMBEDDINGS[method]

    def _rates(self, method: str) -> list[float]:
        own = (ON_TOKENS.get(method) or ON_EMBEDDINGS[method]).rate
        return [factor * own for factor in FACTORS]

    def _steps(self, method: str) -> int:
        """That are still to be taken."""
        if method in DIRECT:
            return 0
        missing = sum(self.record.studied(method, seed) is None for seed in self.options.seeds)
        search = len(FACTORS) if missing and self.record.rate(method) is None else 0
        return (missing + search) * self.options.steps


def read_parts(options: StudyOptions) -> tuple[Examples, Examples, Examples]:
    """Rows to learn from, rows kept apart to choose by, and rows of the test; each photograph in one.

    Raises:
        LabelsError: the labels cannot be used, or a photograph is both learned and judged.
    """
    learning = read_examples(options.csv, options.images)
    require_any(learning, options.csv)
    if isinstance(options.test, Path):
        learning, test = read_beside(learning, options.csv, options.test, options.images)
        share = options.validation
    else:
        learning, test = learning.split(options.test)
        # of what is left, for the same hash decides both splits
        share = options.test + (1 - options.test) * options.validation
    learning, apart = learning.split(share)
    _check(options, learning, apart, test)
    return learning, apart, test


def _check(options: StudyOptions, learning: Examples, apart: Examples, test: Examples) -> None:
    for rows, use in (
        (learning, "to learn from"),
        (apart, "to choose learning rate and weights by (--validation)"),
        (test, "to judge by (--test)"),
    ):
        if not _ordered(rows):
            raise LabelsError(
                f"{options.csv}: there are no two images of different values in any category {use}. Label "
                "more images, change the share, or check the paths (--images)."
            )


def _ordered(rows: Examples) -> bool:
    """Whether two values of a category differ."""
    return any(np.ptp(rows.value[rows.category == number]) for number in np.unique(rows.category))


def _learnable(learning: Examples, test: Examples) -> tuple[Examples, list[Event]]:
    """The rows of the test whose category can be learned, and what to say of the others."""
    known = np.unique(learning.category)
    others = np.setdiff1d(test.category, known)
    notices: list[Event] = [
        Notice(f"{test.categories[number]}: left out, for no image of it is there to learn from.")
        for number in others.tolist()
    ]
    return test.where(np.isin(test.category, known)), notices


def _photographs(tokens: KeptFeatures, readable: Mask) -> str:
    """Changes with the set of photographs that could be read, and with their files."""
    return hashlib.blake2b(np.where(readable, tokens.stamps, 0).tobytes(), digest_size=8).hexdigest()


def _plan(options: StudyOptions, towers: Towers) -> dict[str, Any]:
    """What a record must agree with, but for the photographs; methods and seeds may be added to."""

    def digest(path: Path) -> str:
        return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()

    tower = tower_state(towers)
    for tensor in towers.clip.text.state_dict().values():
        tower.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return {
        "version": _VERSION,
        "labels": digest(options.csv),
        "images": str(options.images or options.csv.parent),
        "test": digest(options.test) if isinstance(options.test, Path) else options.test,
        "backbone": tower.hexdigest(),
        "validation": options.validation,
        "steps": options.steps,
        "batch": options.batch,
        "width": options.width,
    }
