"""The images of one training step, and all that is known of them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.details import whole
from imagesorter.training.annotations import Annotations
from imagesorter.training.attributes import ATTRIBUTES, jitter, photometric, vocabulary
from imagesorter.training.bank import SERIES_LENGTH, Bank
from imagesorter.training.distortions import ATTRIBUTE_OF
from imagesorter.training.veils import VEILS, veil

if TYPE_CHECKING:
    from imagesorter.training.recipe import Recipe

DAMAGE = (*ATTRIBUTE_OF.values(), *VEILS)
"""Attributes that training makes itself: known, and zero, for every other photograph."""

_FOCUS_WORDS, _PER_WORD = 4, 4
_FOCUS_CLASSES, _PER_CLASS = 7, 3
_SMALLEST_CROP, _SIGHT_CROP, _CROPPED_SHARE = 0.6, 0.5, 0.8
_SIGHT_SIZE = 0.75
_SHOWN = 10
"""A class of fewer photographs teaches the image tower nothing."""


@dataclass(frozen=True)
class Subjects:
    """A bank's photographs by what people said of them; built once.

    Attributes:
        bank: the photographs.
        words: word → photograph → share of captions that use it.
        classes: photograph → number of its class.
        class_names: by number.
        scales: (attribute, photographs, values) of each scale of labels.
    """

    bank: Bank
    words: dict[str, dict[int, float]]
    classes: dict[int, int]
    class_names: list[str]
    scales: list[tuple[str, NDArray[np.int64], NDArray[np.float32]]]

    @classmethod
    def of(cls, bank: Bank, annotations: Annotations) -> Subjects:
        """Match labels with the bank's photographs; caption words that name an attribute are left out."""
        place = {name: index for index, name in enumerate(bank.names)}
        known = {place[name]: text for name, text in annotations.classes.items() if name in place}
        names = sorted(set(known.values()))
        numbers = {name: number for number, name in enumerate(names)}
        words = annotations.words(bank.names)
        for word in vocabulary():
            words.pop(word, None)
        scales = []
        for scale in annotations.scales:
            there = {place[name]: value for name, value in scale.values.items() if name in place}
            if len(there) > 1:
                scales.append((
                    scale.attribute,
                    np.array(list(there), np.int64),
                    np.array(list(there.values()), np.float32),
                ))  # fmt: skip
        return cls(bank, words, {i: numbers[text] for i, text in known.items()}, names, scales)

    @cached_property
    def captioned(self) -> NDArray[np.int64]:
        """Photographs with a caption."""
        return np.array([i for i, texts in enumerate(self.bank.captions) if texts], np.int64)

    @cached_property
    def members(self) -> list[NDArray[np.int64]]:
        """Photographs of each class."""
        found: dict[int, list[int]] = defaultdict(list)
        for photograph, number in self.classes.items():
            found[number].append(photograph)
        return [np.array(found[number], np.int64) for number in range(len(self.class_names))]

    @cached_property
    def shown(self) -> NDArray[np.int64]:
        """Photographs of classes of some size."""
        return np.concatenate([m for m in self.members if len(m) >= _SHOWN] or [np.zeros(0, np.int64)])

    def sight(self, photographs: NDArray[np.int64], quantities: dict[str, Tensor]) -> Sight:
        """What photographs show; `quantities` may have further rows after theirs."""
        places = photographs.tolist()
        captioned = [row for row, place in enumerate(places) if self.bank.captions[place]]
        classed = [row for row, place in enumerate(places) if place in self._large_class]
        return Sight(
            torch.tensor(captioned, dtype=torch.long),
            self._word_shares[[places[row] for row in captioned]],
            torch.tensor(classed, dtype=torch.long),
            torch.tensor([self.classes[places[row]] for row in classed], dtype=torch.long),
            quantities,
        )

    @cached_property
    def _large_class(self) -> frozenset[int]:
        return frozenset(self.shown.tolist())

    @cached_property
    def _word_shares(self) -> Tensor:
        shares = torch.zeros(len(self.bank.names), len(self.words))
        for column, found in enumerate(self.words.values()):
            for place, share in found.items():
                shares[place, column] = share
        return shares

    @cached_property
    def large(self) -> NDArray[np.int64]:
        """Classes with enough photographs to compare."""
        return np.flatnonzero([len(members) >= _PER_CLASS for members in self.members])


@dataclass(frozen=True)
class Sight:
    """What some photographs show.

    Attributes:
        captioned: (P,) rows with a caption.
        words: (P, W) share of each one's captions that use a word.
        classed: (C,) rows of a class of some size.
        classes: (C,) their classes' numbers.
        quantities: (B,) by attribute name; NaN where unknown.
    """

    captioned: Tensor
    words: Tensor
    classed: Tensor
    classes: Tensor
    quantities: dict[str, Tensor]


@dataclass(frozen=True)
class Batch:
    """One step's images and labels; captioned photographs first, then those of a class, then the rest.

    Attributes:
        images: (B, 3, S, 3 S) float RGB in [0, 1], see `canvas`.
        quantities: (B,) by attribute name; NaN where unknown.
        groups: (B,) int64 by attribute name: only images of one group are compared.
        photographs: (P,) their places in the bank; series come after them.
        captioned: how many of the photographs have a caption.
        captions: one text of each.
        classes: (C,) number of the class of those that come next.
        sight: the same, for the image tower alone.
    """

    images: Tensor
    quantities: dict[str, Tensor]
    groups: dict[str, Tensor]
    photographs: NDArray[np.int64]
    captioned: int
    captions: list[str]
    classes: Tensor
    sight: Sight


def draw_batch(subjects: Subjects, recipe: Recipe, step: int) -> Batch:
    """The batch of one step, from bank, seed and step alone: a resumed run goes on as it would have."""
    bank = subjects.bank
    rng = np.random.default_rng((recipe.seed, step))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    captioned = _captioned(subjects, recipe.captioned, rng)
    classed = _classed(subjects, recipe.classed, rng)
    labelled, values = _labelled(subjects, recipe.labelled, rng)
    others = rng.integers(len(bank.photos), size=recipe.photos)
    photographs = np.concatenate([captioned, classed, labelled, others])
    series = rng.integers(len(bank.series), size=recipe.series)
    veiled = rng.integers(len(bank.photos), size=len(VEILS))

    plain = jitter(_channels_first(bank.photos[photographs]), generator)
    free = len(captioned) + len(classed)
    whole(plain).copy_(_cropped(whole(plain), free, _SMALLEST_CROP, bank.photos.shape[1], generator))
    graded = _channels_first(bank.series[series].reshape(-1, *bank.series.shape[2:])) / 255
    levels = torch.rand(len(VEILS), SERIES_LENGTH, generator=generator).sort(1).values
    levels[:, 0] *= torch.rand(len(VEILS), generator=generator) < 0.5
    below = _channels_first(bank.photos[veiled]) / 255
    veils = [
        veil(below[i].expand(SERIES_LENGTH, -1, -1, -1), name, levels[i], generator)
        for i, name in enumerate(VEILS)
    ]
    images = torch.cat([plain, graded, *veils])
    rows = len(series) + len(veiled)
    group = torch.cat([torch.zeros(len(plain)), 1 + torch.arange(rows).repeat_interleave(SERIES_LENGTH)])
    flips = (torch.rand(len(plain) + rows, generator=generator) < 0.5).repeat_interleave(
        torch.tensor([1] * len(plain) + [SERIES_LENGTH] * rows)
    )
    images = torch.where(flips[:, None, None, None], _mirrored(images), images)

    # every second pixel: means and deviations hardly change, in a quarter of the time
    quantities = photometric(whole(images)[..., ::2, ::2])
    for name in DAMAGE:
        quantities[name] = torch.zeros(len(images))
        for k, s in enumerate(series):
            part = slice(len(plain) + k * SERIES_LENGTH, len(plain) + (k + 1) * SERIES_LENGTH)
            kind = bank.kinds[s]
            if ATTRIBUTE_OF[kind] == name:
                sign = -1 if name == "sharpness" else 1
                quantities[name][part] = sign * torch.from_numpy(bank.severities[s])
            elif name == "sharpness" and kind == "jpeg":
                quantities[name][part] = torch.nan  # compression takes detail too: by how much is unknown
    for i, name in enumerate(VEILS):
        begin = len(plain) + SERIES_LENGTH * (len(series) + i)
        part = slice(begin, begin + SERIES_LENGTH)
        quantities[name][part] = levels[i]
        quantities["sharpness"][part] = torch.nan
    quantities["aesthetic"] = quality(quantities)
    groups = {attribute.name: group.long() for attribute in ATTRIBUTES}
    groups["aesthetic"] = torch.zeros(len(images), dtype=torch.long)
    start = len(captioned) + len(classed)
    for name in {attribute for attribute, _, _ in subjects.scales}:
        quantities[name] = torch.full((len(images),), torch.nan)
        groups[name] = torch.zeros(len(images), dtype=torch.long)
        known = torch.from_numpy(values[name])
        there = known[:, 0].isfinite()
        quantities[name][start : start + len(labelled)][there] = known[there, 0]
        groups[name][start : start + len(labelled)][there] = known[there, 1].long()
    texts = [bank.captions[i][int(rng.integers(len(bank.captions[i])))] for i in captioned]
    classes = torch.tensor([subjects.classes[i] for i in classed.tolist()], dtype=torch.long)
    sight = subjects.sight(photographs, quantities)
    return Batch(images, quantities, groups, photographs, len(captioned), texts, classes, sight)


def draw_sight(subjects: Subjects, recipe: Recipe, step: int) -> tuple[Tensor, Sight]:
    """Photographs alone, cropped and reduced, (B, 3, s, s) float RGB in [0, 1], and what they show."""
    bank = subjects.bank
    rng = np.random.default_rng((recipe.seed, step, 1))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    captioned, classed = (
        rng.choice(some, recipe.images // share) if len(some) else some
        for some, share in ((subjects.captioned, 2), (subjects.shown, 3))
    )
    labelled, values = _labelled(subjects, recipe.images // 8, rng)
    count = max(recipe.images - len(captioned) - len(classed) - len(labelled), 1)
    others = rng.integers(len(bank.photos), size=count)
    photographs = np.concatenate([captioned, classed, others, labelled]).astype(np.int64)
    size = bank.photos.shape[1]
    squashed = jitter(_channels_first(bank.photos[photographs, :, :size]), generator)
    free = len(photographs) - len(labelled)  # what lies outside a crop could not be counted
    images = _cropped(squashed, free, _SIGHT_CROP, round(_SIGHT_SIZE * size), generator)
    flips = torch.rand(len(images), generator=generator) < 0.5
    images = torch.where(flips[:, None, None, None], images.flip(3), images)
    quantities = photometric(images[..., ::2, ::2])
    for name, found in values.items():
        quantities[name] = torch.full((len(images),), torch.nan)
        quantities[name][free:] = torch.from_numpy(found[:, 0])
    return images, subjects.sight(photographs, quantities)


def quality(quantities: dict[str, Tensor]) -> Tensor:
    """What "aesthetic" is taught as, for want of human labels: freedom from damage above all, then strong
    contrast and colour and a middling brightness.

    Args:
        quantities: (B,) of the photometric attributes and of `DAMAGE`; an unknown one counts as none.

    Returns:
        (B,); about −0.1 ± 0.2 for undamaged photographs, −1 and less for ruined ones.
    """

    def standard(name: str) -> Tensor:
        attribute = next(a for a in ATTRIBUTES if a.name == name)
        return attribute.target(quantities[name]).clamp(-2, 2)

    harm = [(-1 if name == "sharpness" else 1) * quantities[name].nan_to_num() for name in DAMAGE]
    looks = standard("contrast") + standard("colorfulness") - standard("brightness").abs()
    return 0.1 * looks - torch.stack(harm).sum(0)


def _captioned(subjects: Subjects, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Captioned photographs; some words stand in several of them, so that there is something to compare."""
    if not len(subjects.captioned):
        return subjects.captioned
    picked: list[int] = []
    for word in rng.permutation(sorted(subjects.words))[:_FOCUS_WORDS].tolist():
        with_it = list(subjects.words[word])
        picked += rng.choice(with_it, min(_PER_WORD, len(with_it)), replace=False).tolist()
    rest = rng.choice(subjects.captioned, max(count - len(picked), 0))
    return np.concatenate([np.array(picked[:count], np.int64), rest])


def _classed(subjects: Subjects, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Photographs of a class, several each of some."""
    if not subjects.classes:
        return np.zeros(0, np.int64)
    picked: list[int] = []
    large = subjects.large
    for number in rng.choice(large, min(_FOCUS_CLASSES, len(large)), replace=False).tolist():
        picked += rng.choice(subjects.members[number], _PER_CLASS, replace=False).tolist()
    rest = rng.choice(list(subjects.classes), max(count - len(picked), 0))
    return np.concatenate([np.array(picked[:count], np.int64), rest])


def _labelled(
    subjects: Subjects, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float32]]]:
    """Photographs of two scales of labels, and by attribute (count, 2): value and scale, or NaN."""
    names = {attribute for attribute, _, _ in subjects.scales}
    picked: list[int] = []
    found: list[tuple[str, int, float, int]] = []
    if subjects.scales and count:
        half = -(-count // 2)
        for number in rng.choice(len(subjects.scales), 2, p=_shares(subjects)).tolist():
            attribute, photographs, values = subjects.scales[number]
            for k in rng.choice(len(photographs), min(half, len(photographs)), replace=False).tolist():
                found.append((attribute, len(picked), float(values[k]), number))
                picked.append(int(photographs[k]))
    table = {name: np.full((len(picked), 2), np.nan, np.float32) for name in names}
    for attribute, row, value, number in found:
        table[attribute][row] = value, number
    return np.array(picked, np.int64), table


def _shares(subjects: Subjects) -> NDArray[np.float64]:
    """How often each scale comes: by the root of its size."""
    roots = np.array([math.sqrt(len(photographs)) for _, photographs, _ in subjects.scales])
    shares: NDArray[np.float64] = roots / roots.sum()
    return shares


def _cropped(images: Tensor, count: int, smallest: float, size: int, generator: torch.Generator) -> Tensor:
    """A random part of most of the first `count` images, all at another size: (B, 3, size, size).

    Args:
        images: (B, 3, S, S).
        smallest: side of the smallest part, as a share.
    """
    sides = torch.ones(len(images), 2)
    sides[:count] = torch.empty(count, 2).uniform_(smallest, 1, generator=generator)
    sides[torch.rand(len(images), generator=generator) > _CROPPED_SHARE] = 1
    centres = (torch.rand(len(images), 2, generator=generator) * 2 - 1) * (1 - sides)
    theta = torch.zeros(len(images), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = sides[:, 0], sides[:, 1], centres
    grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _mirrored(images: Tensor) -> Tensor:
    """Canvases (B, 3, S, 3 S) with the whole and each row of details turned left to right."""
    return images.flip(3).roll(images.shape[2], 3)


def _channels_first(pixels: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) → (B, 3, H, W), uint8 both."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
