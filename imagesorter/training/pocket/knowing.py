"""What a model knows of what photographs show, by photographs that training never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, mannwhitneyu

from imagesorter.model.bundle import Manifest
from imagesorter.model.phrases import words_of
from imagesorter.model.ranker import Ranker
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket.annotations import Annotations
from imagesorter.training.pocket.attributes import NOT_GUESSED, learned_attributes, vocabulary
from imagesorter.training.pocket.bank import held_out
from imagesorter.training.pocket.kinds import kinds_among
from imagesorter.training.pocket.synonyms import DEGREES, HISSING, STAND_INS, apart, same_words

LEAST_POSITIVE = 5
"""Photographs of what is judged, at least."""

_TAUGHT_CLASS = 20
"""Classes of fewer photographs are not called known."""

BESIDE = "a an and at covered deep distance edge her his in near of on others past the their under with"
"""Words that change little of what a caption asks for, and name nothing."""

_COMPARED = {"bigger", "higher", "larger", "lower", "older", "smaller", "taller", "younger"} | {
    "big", "large", "new", "old", "small", "tall", "young"
}  # fmt: skip
"""Words of captions that, typed, ask for more of something that nobody taught."""

_HUES = {"black", "white"}
"""Words of `NOT_GUESSED` that captions say of things."""

_KNOWN_WORD, _KNOWN_CLASS = 0.7, 0.85

_HEARD = 20
"""Captions that must have shown a word in training for it to tell something."""

_LEAST = 0.01
"""Deviation of scores that an attribute is said to have, at least."""

_CHANCE = 0.01
"""A class is known where orders that know nothing are seldom as good (Mann and Whitney 1947)."""

_FALSE = 0.05
"""Of the words called known that captions alone have taught, so many may come out well by chance, in the mean
(Benjamini and Hochberg 1995)."""


@dataclass(frozen=True)
class Seen:
    """Held-out photographs, encoded."""

    model: Ranker
    names: list[str]
    tokens: NDArray[np.float16]

    def under(self, manifest: Manifest) -> Seen:
        """The same, asked by a model with another manifest."""
        return replace(self, model=self.model.under(manifest))

    def ask(self, query: str, rows: Sequence[int] | None = None) -> NDArray[np.float32]:
        tokens = self.tokens if rows is None else self.tokens[list(rows)]
        return score(self.model, parse(query), tokens)

    def rows(self, names: Sequence[str]) -> list[int]:
        place = {name: row for row, name in enumerate(self.names)}
        return [place[name] for name in names if name in place]


@dataclass(frozen=True)
class Known:
    """What comes out well enough.

    Attributes:
        subjects: words of captions, the commonest first, classes, and words of few captions.
        kinds: words for several of them, in the singular, and which.
        heard: words of captions in training, other than names and wordings.
        deviations: of the scores of attributes over the photographs, by name.
    """

    subjects: list[str] = field(default_factory=list)
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    heard: frozenset[str] = frozenset()
    deviations: Mapping[str, float] = field(default_factory=dict)

    @property
    def vocabulary(self) -> frozenset[str]:
        """Subjects of one word, in both numbers, and words that may stand beside them."""
        words = {subject for subject in self.subjects if len(subject.split()) == 1}
        plurals = (f"{word}s" for word in words if not word.endswith(("s", "y", *HISSING)))
        return frozenset({*words, *plurals, *BESIDE.split()})


def know(seen: Seen, annotations: Annotations) -> Known:
    """What a model knows, as it is asked without any list of what it knows."""
    manifest = seen.model.manifest
    plain = seen.under(telling(manifest, Known()))
    nameless = NOT_GUESSED | _COMPARED | DEGREES.keys() | set(BESIDE.split())
    areas = word_areas(plain, annotations)
    words = [word for word in areas if areas[word][0] >= _KNOWN_WORD and word not in nameless]
    words.sort(key=lambda word: -areas[word][1])
    subjects = list(dict.fromkeys((*words, *_classes(plain, annotations))))
    plain = seen.under(telling(manifest, Known(subjects)))
    taught = annotations.words([name for name in annotations.captions if not held_out(name)])
    kinds = {}
    for kind, of in kinds_among({*subjects, *taught}).items():
        judged = kind_area(seen.under(telling(manifest, Known(subjects, {kind: of}))), annotations, kind, of)
        alone = kind_area(plain, annotations, kind, of)
        if judged and alone and judged[0] >= max(judged[1], alone[0]):
            kinds[kind] = of
    rarer = _rarer(seen.under(telling(manifest, Known(subjects, kinds))), annotations)
    subjects += [word for word in rarer if word not in nameless]
    attributes = plain.model.manifest.attributes
    deviations = {each.name: max(_LEAST, round(float(plain.ask(each.query).std()), 2)) for each in attributes}
    return Known(subjects, kinds, heard(annotations), deviations)


def heard(annotations: Annotations) -> frozenset[str]:
    """Words that training showed often in captions."""
    taught = (texts for name, texts in annotations.captions.items() if not held_out(name))
    counts = Counter(word for texts in taught for text in texts for word in words_of(text))
    return frozenset(word for word, count in counts.items() if count >= _HEARD)


def telling(manifest: Manifest, known: Known) -> Manifest:
    """A manifest that tells what was found known, in the place of what it told before."""
    words = frozenset(vocabulary()) | known.vocabulary
    same = same_words(words, (*known.subjects, *known.kinds))
    return replace(
        manifest,
        attributes=tuple(
            replace(attribute, deviation=known.deviations.get(attribute.name, 1.0))
            for attribute in learned_attributes(computed=bool(manifest.adapter.get("computed")))
        ),
        subjects=tuple(known.subjects),
        vocabulary=words,
        reads_as=same,
        stand_ins=STAND_INS,
        degrees=DEGREES,
        apart=apart(),
        kinds=dict(known.kinds),
        heard=known.heard.difference(known.vocabulary, same, NOT_GUESSED - _HUES),
    )


def _classes(seen: Seen, annotations: Annotations) -> Iterator[str]:
    """Classes that stand out from all photographs of a class."""
    rows = seen.rows(sorted(annotations.classes))
    there = np.array([annotations.classes[seen.names[row]] for row in rows])
    for text, count in sorted(Counter(annotations.classes.values()).items()):
        positive = there == text
        if count < _TAUGHT_CLASS or not 0 < positive.sum() < len(rows):
            continue
        scores = seen.ask(f"more like a {text}", rows)
        chance = mannwhitneyu(scores[positive], scores[~positive], alternative="greater").pvalue
        if roc_auc(scores, positive) >= _KNOWN_CLASS and chance < _CHANCE:
            yield text


def _rarer(seen: Seen, annotations: Annotations) -> list[str]:
    """Caption words that were not taught by themselves, since few photographs are captioned with them or a
    wording has them ("clear sky"), but that find these photographs; the commonest first."""
    names = [name for name in seen.names if name in annotations.captions]
    shown = annotations.words([name for name in annotations.captions if not held_out(name)], _HEARD)
    rows, unlearned = seen.rows(names), seen.model.manifest.unlearned
    found, chances = {}, []
    for word, captioned in annotations.words(names, LEAST_POSITIVE).items():
        if word not in shown or len(captioned) == len(names) or not unlearned(word):
            continue
        positive = np.isin(np.arange(len(names)), list(captioned))
        scores = seen.ask(f"more {word}", rows)
        found[word] = roc_auc(scores, positive), len(captioned)
        chances.append(mannwhitneyu(scores[positive], scores[~positive], alternative="greater").pvalue)
    if not found:
        return []
    false = dict(zip(found, false_discovery_control(chances), strict=True))
    words = [word for word in found if found[word][0] >= _KNOWN_WORD and false[word] < _FALSE]
    return sorted(words, key=lambda word: -found[word][1])


def word_areas(seen: Seen, annotations: Annotations) -> dict[str, tuple[float, int]]:
    """Areas under ROC of the caption words that were taught, among captioned photographs, and how many of
    them are captioned with each."""
    names = [name for name in seen.names if name in annotations.captions]
    taught = annotations.words([name for name in annotations.captions if not held_out(name)])
    asked = taught.keys() - set(vocabulary())
    rows = seen.rows(names)
    areas = {}
    for word, found in annotations.words(names, LEAST_POSITIVE).items():
        if word in asked:
            positive = np.array([place in found for place in range(len(names))])
            areas[word] = roc_auc(seen.ask(f"more {word}", rows), positive), len(found)
    return areas


def kind_area(
    seen: Seen, annotations: Annotations, kind: str, of: Sequence[str]
) -> tuple[float, float] | None:
    """Area under ROC of a word for several kinds, and the area that makes it known; None where there are
    too few photographs of them: those whose class is one of the kinds, or else captioned with one."""
    among, least = sorted(annotations.classes), _KNOWN_CLASS
    names = [name for name in among if annotations.classes[name] in of]
    if len(seen.rows(names)) < LEAST_POSITIVE:
        among, least = sorted(annotations.captions), _KNOWN_WORD
        heard = annotations.words(among, 1)
        names = sorted({among[place] for word in of for place in heard.get(word, ())})
    rows = seen.rows(among)
    positive = np.isin(rows, seen.rows(names))
    if not LEAST_POSITIVE <= positive.sum() < len(rows):
        return None
    return roc_auc(seen.ask(f"more {kind}", rows), positive), least
