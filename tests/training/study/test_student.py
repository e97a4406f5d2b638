"""The one way in which methods are fitted."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from imagesorter.errors import TrainingError
from imagesorter.training.labelled.dataset import Batch, Examples
from imagesorter.training.study import student
from imagesorter.training.study.judging import mean_srcc
from imagesorter.training.study.levels import Prototypes
from imagesorter.training.study.material import Images, Lesson, Material
from imagesorter.training.study.student import Learned, Student, choose_rate, fit
from training.study.planted import planted, tiny_towers

Found = TypeVar("Found")


@pytest.fixture(scope="module")
def order() -> tuple[Material, Lesson, Examples]:
    return planted(tiny_towers())


def ended(run: Generator[None, None, Found]) -> Found:
    while True:
        try:
            next(run)
        except StopIteration as end:
            found: Found = end.value
            return found


class Wanderer(Student):
    """Its scores are right at first, and worse with every step; `fate` multiplies the loss."""

    fate = 1.0

    def __init__(self, material: Material, lesson: Lesson) -> None:
        super().__init__(material, lesson)
        self.weight = nn.Parameter(torch.ones(1))
        values = np.zeros((2, len(material.embeddings)), np.float32)
        for rows in (lesson.learning, lesson.apart):
            values[rows.category, rows.image] = rows.value
        self.right = torch.from_numpy(values)

    def loss(self, batch: Batch) -> Tensor:
        return self.fate * self.weight.sum()

    def score(self, images: Images, category: int) -> Tensor:
        return self.weight * self.right[category, images]


def test_a_seed_decides_all(order: tuple[Material, Lesson, Examples]):
    material, lesson, test = order

    def scores(seed: int) -> np.ndarray:
        run = fit(Prototypes, material, lesson, steps=5, batch=8, seed=seed, rate=1e-2)
        torch.rand(3)  # whatever else is drawn meanwhile
        return ended(run)[0].scores(test.image, 0)

    np.testing.assert_array_equal(scores(1), scores(1))
    assert not np.array_equal(scores(1), scores(2))


def test_the_weights_kept_are_the_best_on_the_rows_apart(order: tuple[Material, Lesson, Examples]):
    material, lesson, _ = order
    learned, srcc = ended(fit(Wanderer, material, lesson, steps=30, batch=8, seed=1, rate=0.5))
    assert srcc == pytest.approx(1)
    assert mean_srcc(learned, lesson.apart) == srcc
    assert learned.student.weight.item() > 0, "it ran on to where the order is reversed"


def test_a_loss_that_runs_off_ends_the_fit(
    order: tuple[Material, Lesson, Examples], monkeypatch: pytest.MonkeyPatch
):
    material, lesson, _ = order
    monkeypatch.setattr(Wanderer, "fate", float("inf"))
    run = fit(Wanderer, material, lesson, steps=30, batch=8, seed=1, rate=0.5)
    learned, srcc = ended(run)
    assert (learned.student.weight.item(), srcc) == (1.0, pytest.approx(1))


def test_values_that_are_not_finite_are_told(order: tuple[Material, Lesson, Examples]):
    material, lesson, _ = order
    broken = Material(material.towers, material.tokens, material.embeddings * np.float32(np.nan))
    with pytest.raises(TrainingError, match="not finite"):
        ended(fit(Prototypes, broken, lesson, steps=1, batch=8, seed=1, rate=0.1))


def test_the_learning_rate_is_that_of_the_best_fit(
    order: tuple[Material, Lesson, Examples], monkeypatch: pytest.MonkeyPatch
):
    material, lesson, _ = order
    reached = {1e-3: 0.2, 1e-2: 0.7, 1e-1: 0.7}
    seeds = []

    def stand_in(
        make: object, material: object, lesson: object, *, steps: int, batch: int, seed: int, rate: float
    ) -> Generator[None, None, tuple[Learned | None, float]]:
        seeds.append(seed)
        yield
        return None, reached[rate]

    monkeypatch.setattr(student, "fit", stand_in)
    assert ended(choose_rate(Prototypes, material, lesson, [*reached], steps=5, batch=8)) == 1e-2
    assert seeds == [student.SEARCH_SEED] * 3
