"""What is fitted by steps, and the one way in which all of it is fitted.

Steps are a training's (`labelled.stepping`), one category in a batch, images mirrored half of the time. The
weights kept are those, before the first step or at one of `JUDGEMENTS` later ones, whose mean Spearman is
highest on photographs kept apart; the learning rate is one of `FACTORS` times the method's own, chosen by
the same figure.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from imagesorter.errors import TrainingError
from imagesorter.training.averaging import Average
from imagesorter.training.labelled.dataset import Batch, Batches
from imagesorter.training.labelled.stepping import learning_rate, optimiser_of, seed_draws, step
from imagesorter.training.study.judging import mean_srcc
from imagesorter.training.study.material import Images, Lesson, Material

JUDGEMENTS = 10

FACTORS = (0.25, 1.0, 4.0)

SEARCH_SEED = 0
"""Of the fits by which a learning rate is chosen, whatever the seeds of the study."""

_SCORE_BATCH = 64


class Student(nn.Module, ABC):
    """A method that learns by steps.

    Attributes:
        rate: peak learning rate to search around.
        horizon: see `options.HORIZON`.
        material: what it reads.
        lesson: what it learns from.
    """

    rate: float = 1e-3
    horizon: float = 0.0

    def __init__(self, material: Material, lesson: Lesson) -> None:
        super().__init__()
        self.material = material
        self.lesson = lesson

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """Scalar, of one category's batch."""

    @abstractmethod
    def score(self, images: Images, category: int) -> Tensor:
        """(N,) images → (N,), asked for in the category's first title; one batch."""

    @property
    def parameters_trained(self) -> dict[str, nn.Parameter]:
        return {name: one for name, one in self.named_parameters() if one.requires_grad}

    def pooled(self, batch: Batch) -> Tensor:
        """Normalised embeddings (N, E) of a batch."""
        return self.material.pooled(batch.images, batch.mirrored)

    def tokens(self, images: Images, mirrored: NDArray[np.bool_] | None = None) -> Tensor:
        """Image tokens (N, T, C)."""
        shown = np.zeros(len(images), np.bool_) if mirrored is None else mirrored
        return self.material.tokens.get(images, shown)[0]

    def title(self, category: int) -> str:
        """By which a category is judged."""
        return self.lesson.learning.titles[category][0]

    def targets(self, batch: Batch) -> Tensor:
        """A batch's values (N,) at the mean 0 and deviation 1 of the category's learned values."""
        centre, spread = self.lesson.scales[batch.category]
        return self.values((batch.values - centre) / spread)

    def values(self, numbers: NDArray[np.floating]) -> Tensor:
        """(N,) float32 on the towers' device."""
        return torch.from_numpy(numbers.astype(np.float32)).to(self.material.towers.mean.device)


class Learned:
    """A student that has learned, as `Fitted`."""

    def __init__(self, student: Student) -> None:
        self.student = student

    @property
    def parameters(self) -> int:
        """See `Fitted`."""
        return sum(one.numel() for one in self.student.parameters_trained.values())

    @torch.no_grad()
    def scores(self, images: NDArray[np.int64], category: int) -> NDArray[np.floating]:
        """See `Fitted`."""
        self.student.eval()
        parts = [
            self.student.score(images[start : start + _SCORE_BATCH], category)
            for start in range(0, len(images), _SCORE_BATCH)
        ]
        found: NDArray[np.float32] = torch.cat(parts).float().cpu().numpy()
        return found


Maker = Callable[[Material, Lesson], Student]


def fit(
    make: Maker, material: Material, lesson: Lesson, *, steps: int, batch: int, seed: int, rate: float
) -> Generator[None, None, tuple[Learned, float]]:
    """Fit a method once; yields after each step.

    A fit whose loss runs off ends there, with the best weights before.

    Args:
        batch: images in a step.
        rate: peak learning rate.

    Returns:
        the method with its best weights, and its mean Spearman on the rows kept apart.

    Raises:
        TrainingError: the scores are not finite before the first step.
    """
    torch.manual_seed(seed)
    student = make(material, lesson).to(material.towers.mean.device)
    learned = Learned(student)
    trained = student.parameters_trained
    optimiser = optimiser_of(trained.values(), rate)
    average = Average(trained, student.horizon * steps)
    batches = Batches(lesson.learning, size=batch, negatives=0.0, seed=seed)
    every = max(steps // JUDGEMENTS, 1)
    best, kept = mean_srcc(learned, lesson.apart), _copied(trained)
    if best == -math.inf:
        raise TrainingError("the backbone gives values that are not finite: nothing can be learned on it.")
    for number in range(steps):
        seed_draws(seed, number)
        student.train()
        loss = student.loss(batches.draw(number))
        if not step(optimiser, loss, learning_rate(rate, number, steps)):
            break
        average.update(number + 1)
        if (number + 1) % every == 0 or number + 1 == steps:
            with average.shown():
                reached = mean_srcc(learned, lesson.apart)
                if reached > best:
                    best, kept = reached, _copied(trained)
        yield
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(kept[name])
    return learned, best


def choose_rate(
    make: Maker, material: Material, lesson: Lesson, rates: Sequence[float], *, steps: int, batch: int
) -> Generator[None, None, float]:
    """The learning rate with the highest Spearman on the rows kept apart; yields after each step."""
    reached = []
    for rate in rates:
        _, srcc = yield from fit(
            make, material, lesson, steps=steps, batch=batch, seed=SEARCH_SEED, rate=rate
        )
        reached.append(srcc)
    return rates[int(np.argmax(reached))]


def _copied(parameters: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    return {name: one.detach().clone() for name, one in parameters.items()}
