"""The photographs of a bank by what people said of them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imagesorter.training.pocket.annotations import Annotations
from imagesorter.training.pocket.attributes import vocabulary
from imagesorter.training.pocket.bank import Bank

_FOCUS_WORDS, _PER_WORD = 6, 4
_FOCUS_CLASSES, _PER_CLASS = 7, 3
_SHOWN = 10
"""A class of fewer photographs teaches the image tower nothing."""

_SCALES_AT_ONCE = 2


@dataclass(frozen=True)
class Subjects:
    """A bank's photographs and their labels; built once.

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
    def counted(self) -> frozenset[int]:
        """Photographs with a number or a grade."""
        return frozenset(place for _, photographs, _ in self.scales for place in photographs.tolist())

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

    @cached_property
    def word_shares(self) -> Tensor:
        """(N, W) share of each photograph's captions that use a word."""
        shares = torch.zeros(len(self.bank.names), len(self.words))
        for column, found in enumerate(self.words.values()):
            for place, share in found.items():
                shares[place, column] = share
        return shares

    @cached_property
    def class_shares(self) -> Tensor:
        """(N, K), one at each photograph's class."""
        shares = torch.zeros(len(self.bank.names), len(self.class_names))
        for place, number in self.classes.items():
            shares[place, number] = 1
        return shares

    def some_captioned(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Captioned photographs; some words stand in several, so that there is something to compare."""
        if not len(self.captioned):
            return self.captioned
        picked: list[int] = []
        for word in rng.permutation(sorted(self.words))[:_FOCUS_WORDS].tolist():
            with_it = list(self.words[word])
            picked += rng.choice(with_it, min(_PER_WORD, len(with_it)), replace=False).tolist()
        rest = rng.choice(self.captioned, max(count - len(picked), 0))
        return np.concatenate([np.array(picked[:count], np.int64), rest])

    def some_classed(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Photographs of a class, several each of some."""
        if not self.classes:
            return np.zeros(0, np.int64)
        picked: list[int] = []
        large = np.flatnonzero([len(members) >= _PER_CLASS for members in self.members])
        for number in rng.choice(large, min(_FOCUS_CLASSES, len(large)), replace=False).tolist():
            picked += rng.choice(self.members[number], _PER_CLASS, replace=False).tolist()
        rest = rng.choice(list(self.classes), max(count - len(picked), 0))
        return np.concatenate([np.array(picked[:count], np.int64), rest])

    def labelled(
        self, count: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float32]]]:
        """Photographs of two scales of labels, and by attribute (count, 2): value and scale, or NaN."""
        picked: list[int] = []
        found: list[tuple[str, int, float, int]] = []
        if self.scales and count:
            each = -(-count // _SCALES_AT_ONCE)
            for number in rng.choice(len(self.scales), _SCALES_AT_ONCE, p=self._shares).tolist():
                attribute, photographs, values = self.scales[number]
                for k in rng.choice(len(photographs), min(each, len(photographs)), replace=False).tolist():
                    found.append((attribute, len(picked), float(values[k]), number))
                    picked.append(int(photographs[k]))
        names = {attribute for attribute, _, _ in self.scales}
        table = {name: np.full((len(picked), 2), np.nan, np.float32) for name in names}
        for attribute, row, value, number in found:
            table[attribute][row] = value, number
        return np.array(picked, np.int64), table

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """How often each scale comes: by the root of its size."""
        roots = np.array([math.sqrt(len(photographs)) for _, photographs, _ in self.scales])
        shares: NDArray[np.float64] = roots / roots.sum()
        return shares
