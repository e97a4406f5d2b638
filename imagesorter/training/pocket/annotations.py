"""What people said of the training photographs: captions, class names, numbers and grades.

Read from every `*/labels.csv` of a folder of photographs; its columns are file, attribute and value.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

COUNTS = {
    "number of people": "people",
    "number of person": "people",
    "number of objects": "objects",
    "number of red blood cells": "red blood cells",
}
"""Labels that are numbers of things, and the attribute they teach."""

GRADES = {"visual complexity": "complexity"}
"""Labels that people graded; each subfolder has a scale of its own."""

WORD_IMAGES = 60
"""A caption word is learned from where so many photographs are captioned with it."""

_STOP = """
    a about above across against all along an and another appears are around as at away back be been
    behind being below between big both by carries does doing down during each five for four from
    front get gets getting going gra had has have having he her him his hold holding holds in into is
    it its large left like little look looking looks lot make makes making many more near next no not
    of off on one onto or other out over right set several she side sit sits sitting six small some
    someone something stand standing stands take taking that the their them there these they this
    those three through to together top toward towards two under up very was wear wearing wears what
    when where which while who with
"""
_NAMELESS = frozenset(_STOP.split())
"""Words of captions that name nothing to look for."""


@dataclass(frozen=True)
class Scale:
    """Labels that compare with each other.

    Attributes:
        attribute: name of the attribute they teach.
        values: by relative path; mean 0 and deviation 1, numbers of things by their logarithm.
    """

    attribute: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Annotations:
    """All labels below one folder, by relative path.

    Attributes:
        captions: human captions.
        classes: name of what is shown.
        scales: numbers and grades.
    """

    captions: dict[str, list[str]] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    scales: tuple[Scale, ...] = ()

    def words(self, names: Sequence[str], least: int | None = None) -> dict[str, dict[int, float]]:
        """Caption words that enough photographs share.

        Args:
            names: relative paths of the photographs to look at.
            least: photographs that must be captioned with a word; None is `WORD_IMAGES`.

        Returns:
            word → index into `names` → share of the photograph's captions that use the word, in
            (0, 1]. Plurals count for their singular where both occur.
        """
        least = WORD_IMAGES if least is None else least
        found: dict[str, dict[int, float]] = defaultdict(dict)
        for index, name in enumerate(names):
            texts = self.captions.get(name, [])
            used = Counter(word for text in texts for word in set(_caption_words(text)))
            for word, count in used.items():
                found[word][index] = count / len(texts)
        common = max(least // 4, 1)
        for plural in [word for word in found if len(found.get(_singular(word), ())) >= common]:
            singular = found[_singular(plural)]
            for index, share in found.pop(plural).items():
                singular[index] = min(singular.get(index, 0.0) + share, 1.0)
        return {word: found[word] for word in sorted(found) if len(found[word]) >= least}


def read_annotations(data: Path) -> Annotations:
    """Every label below `data` that training knows what to do with; others are passed over."""
    captions: dict[str, list[str]] = {}
    classes: dict[str, str] = {}
    numbers: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for name, attribute, value in _rows(data):
        if attribute == "caption":
            captions.setdefault(name, []).append(value)
        elif attribute == "class" and not value.startswith("BACKGROUND"):
            classes[name] = re.sub(r"[\s_]+", " ", value).strip().casefold()
        elif attribute in COUNTS:
            numbers[name.split("/")[0] + " " + attribute, COUNTS[attribute]][name] = math.log1p(float(value))
        elif attribute in GRADES:
            numbers[str(Path(name).parent), GRADES[attribute]][name] = float(value)
    scales = tuple(Scale(attribute, _standard(values)) for (_, attribute), values in sorted(numbers.items()))
    return Annotations(captions, classes, scales)


def _rows(data: Path) -> Iterator[tuple[str, str, str]]:
    """(relative path, attribute, value) of every row."""
    for labels in sorted(data.glob("*/labels.csv")):
        with labels.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield f"{labels.parent.name}/{row['file']}", row["attribute"], row["value"]


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else ""


def _standard(values: Mapping[str, float]) -> dict[str, float]:
    numbers = np.array(list(values.values()))
    deviation = float(numbers.std()) or 1.0
    return dict(zip(values, ((numbers - numbers.mean()) / deviation).tolist(), strict=True))


def named_in(text: str, known: Container[str]) -> list[str]:
    """Words of a caption that are known, or that are the plural of one that is."""
    words = [word if word in known else _singular(word) for word in _caption_words(text)]
    return [word for word in dict.fromkeys(words) if word in known]


def _caption_words(text: str) -> list[str]:
    return [
        word for word in re.findall(r"[a-z]+", text.casefold()) if word not in _NAMELESS and len(word) > 2
    ]
