"""The views of one step of all together, and the questions that they can answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from imagesorter.training.losses import score_rank_loss
from imagesorter.training.pocket.attributes import (
    ATTRIBUTES,
    opposite_prompt,
    sample_prompt,
    subject_prompt,
)
from imagesorter.training.pocket.bank import SERIES_LENGTH
from imagesorter.training.pocket.estimates import EVERYWHERE
from imagesorter.training.pocket.subjects import Subjects
from imagesorter.training.pocket.views import DAMAGE, Views

if TYPE_CHECKING:
    from imagesorter.training.pocket.recipe import Recipe


_NO_SCALE = -1
"""Group of photographs that are not asked about for their grade; scales are numbered from 0."""


@dataclass(frozen=True)
class Question:
    """A text, and which of some images has more of it.

    Attributes:
        text: in a random wording.
        rows: (R,) images that it can be asked of.
        target: (R,) what a score should be, or rise with.
        group: (R,) int64; only images of one group are compared.
        regressed: whether the score's value counts, and not its order alone.
        across: whether images of all groups compare, besides.
        opposite: a text that asks for the reverse order; "" where there is none.
    """

    text: str
    rows: Tensor
    target: Tensor
    group: Tensor
    regressed: bool = False
    across: bool = False
    opposite: str = ""

    def ranked(self, scores: Tensor) -> Tensor:
        """Loss of the order of (R,) scores."""
        loss = score_rank_loss(scores, self.target, self.group)
        if self.across:
            loss = loss + score_rank_loss(scores, self.target, torch.zeros_like(self.group))
        return loss

    def fewer(self, count: int, generator: torch.Generator) -> Question:
        """The same, asked of at most so many images: runs of neighbours, so that series stay whole."""
        if len(self.rows) <= count:
            return self
        runs = torch.arange(len(self.rows)) // SERIES_LENGTH
        picked = torch.randperm(int(runs[-1]) + 1, generator=generator)[: count // SERIES_LENGTH]
        kept = torch.isin(runs, picked)
        return replace(self, rows=self.rows[kept], target=self.target[kept], group=self.group[kept])


@dataclass(frozen=True)
class Batch:
    """One step's views and labels; captioned photographs first, then those of a class, then the rest.

    Attributes:
        features: (B, T, C) of the tower; of another photograph where one was drawn for its number or grade.
        measures: (B, M).
        quantities: (B,) by attribute name; NaN where unknown.
        groups: (B,) int64 by attribute name: only images of one group are compared.
        photographs: how many views, the first ones, show single photographs; then come whole series.
        captioned: how many of the photographs have a caption.
        captions: one text of each.
        words: (captioned, W) share of each one's captions that use a word.
        classes: (C,) number of the class of those that come next.
    """

    features: Tensor
    measures: Tensor
    quantities: dict[str, Tensor]
    groups: dict[str, Tensor]
    photographs: int
    captioned: int
    captions: list[str]
    words: Tensor
    classes: Tensor

    def attributes(self, random: Random) -> list[Question]:
        """One question on every attribute that more than one image is known for."""
        asked = []
        for attribute in ATTRIBUTES:
            if attribute.name not in self.quantities:
                continue
            text, sign = sample_prompt(attribute, random)
            target = sign * attribute.target(self.quantities[attribute.name])
            rows = target.isfinite().nonzero().squeeze(1)
            if len(rows) > 1:
                group = self.groups[attribute.name][rows]
                across = attribute.name in DAMAGE  # levels compare across photographs too
                opposite = opposite_prompt(attribute, sign, random)
                asked.append(Question(text, rows, target[rows], group, True, across, opposite))
        return asked

    def subjects(self, subjects: Subjects, random: Random, most: int) -> list[Question]:
        """Questions on words that some of the captions use, at most so many, and on classes seen twice."""
        rows = torch.arange(self.captioned)
        counts = (self.words > 0).sum(0)
        possible = ((counts >= 2) & (counts <= 0.7 * len(rows))).nonzero().squeeze(1).tolist()
        names = list(subjects.words)
        asked = [
            Question(subject_prompt(names[k], random), rows, self.words[:, k], torch.zeros_like(rows))
            for k in random.sample(possible, min(most, len(possible)))
        ]
        rows = self.captioned + torch.arange(len(self.classes))
        numbers, counts = torch.unique(self.classes, return_counts=True)
        for number in numbers[(counts > 1) & (counts < len(rows))].tolist():
            text = subject_prompt(subjects.class_names[number], random)
            asked.append(Question(text, rows, (self.classes == number).float(), torch.zeros_like(rows)))
        return asked


def draw_batch(subjects: Subjects, views: Views, recipe: Recipe, step: int) -> Batch:
    """The batch of one step, from views, seed and step alone: a resumed run goes on as it would have."""
    bank = subjects.bank
    rng = np.random.default_rng((recipe.seed, step))
    captioned = subjects.some_captioned(recipe.captioned, rng)
    classed = subjects.some_classed(recipe.classed, rng)
    labelled, values = subjects.labelled(recipe.labelled, rng)
    others = rng.integers(len(bank.photos), size=recipe.photos)
    photographs = np.concatenate([captioned, classed, labelled, others]).astype(np.int64)
    series = rng.integers(views.series, size=recipe.series)
    rows = np.concatenate([views.of(photographs, rng), views.of_series(series)])
    begin = len(captioned) + len(classed)
    graded = slice(begin, begin + len(labelled))
    rows[graded] = views.count * labelled  # a change of tone is another photograph to most measures
    known = torch.from_numpy(views.quantities[rows])
    quantities = {attribute.name: known[:, place] for place, attribute in enumerate(ATTRIBUTES)}
    group = torch.zeros(len(rows), dtype=torch.long)
    group[len(photographs) :] = 1 + torch.arange(len(series)).repeat_interleave(SERIES_LENGTH)
    groups = {attribute.name: group for attribute in ATTRIBUTES}
    groups["aesthetic"] = torch.zeros_like(group)
    # the tower knows the few labelled photographs by heart; what it saw of others tells nothing of them
    seen = rows.copy()
    seen[graded] = views.of(rng.integers(len(bank.photos), size=len(labelled)), rng)
    for name, found in values.items():
        told = torch.from_numpy(found)
        labels, of_scale = told[:, 0], told[:, 1].nan_to_num(_NO_SCALE).long()
        estimates = quantities[name][graded]
        merged = torch.where(estimates.isnan(), labels, estimates)
        if name not in EVERYWHERE:
            quantities[name] = torch.full_like(quantities[name], torch.nan)
        quantities[name][graded] = merged
        groups[name] = torch.full_like(group, _NO_SCALE)
        groups[name][graded] = of_scale
    return Batch(
        torch.from_numpy(views.features[seen]).float(),
        torch.from_numpy(views.measures[rows]),
        quantities,
        groups,
        len(photographs),
        len(captioned),
        [bank.captions[i][int(rng.integers(len(bank.captions[i])))] for i in captioned.tolist()],
        subjects.word_shares[captioned],
        torch.tensor([subjects.classes[i] for i in classed.tolist()], dtype=torch.long),
    )
