"""Judging what a model recognises, on photographs that training never saw and as the application asks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, spearmanr

from imagesorter.model.bundle import Manifest
from imagesorter.model.ranker import Ranker
from imagesorter.model.routes import route
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket.annotations import Annotations, Scale, read_annotations
from imagesorter.training.pocket.attributes import ATTRIBUTES, NOT_GUESSED, vocabulary
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.evaluate import encode
from imagesorter.training.pocket.kinds import kinds_among
from imagesorter.training.pocket.synonyms import same_words

CLASS_IMAGES = 80
"""Classes of fewer photographs are not in the mean of classes."""

_TAUGHT_CLASS = 20
"""Classes of fewer photographs are not called known."""

NOUNS = 30
"""How many of the commonest caption words are judged, of those that name a thing or a being."""

_OTHER_WORDS = """
    after asian beside blond blonde brown bathing carrying catch catches catching chase chasing climb
    climbing colored coming covered deep dressed fighting flies flying grassy haired hanging inside jump
    jumping laying leaning leap leaping lone long male female metal middle midair nearby old older open
    outdoor outside past perform performing plastic play playing pose posing racing ready ride riding
    rocky run running sandy shallow shirtless short skateboarding sliding smile smiling snowy splashing
    striped surrounded swim swimming swinging takes talking tall tan throw throwing tries trying waiting
    walk walking watch watches watching wet whilst wooded wooden young
"""
"""Words of captions that name no thing and no being."""

RECALL_AT = 10

ANTONYMS = (
    ("brighter", "darker"), ("high contrast", "low contrast"), ("colorful", "colorless"),
    ("warmer", "cooler"), ("sharper", "blurrier"), ("noisier", "cleaner"), ("complex", "simple"),
    ("cluttered", "uncluttered"), ("beautiful", "ugly"),
)  # fmt: skip

UNSEEN = {
    "brighter": ("bright light", "luminous photo with light tones", "lighter tones"),
    "contrast": ("high tonal contrast", "contrasty light", "stronger tonal range"),
    "more colorful": ("vivid colors", "vibrant saturated colors", "intense saturation"),
    "warmer": ("warm golden light", "golden tones", "warmer photo"),
    "sharper": ("crisp detail", "sharp and detailed", "crisp focus"),
    "noisier": ("grainy film", "speckled grain", "noisy sensor"),
    "busier": ("cluttered and complex", "very busy and messy", "intricate clutter"),
}
"""Wordings that training never shows, made of words that it does, by the trained wording."""

UNLEARNED = (
    "more melancholic", "older cheese", "happier", "scarier", "more expensive", "more modern", "cosier",
    "more dangerous", "older", "younger", "taller buildings", "sadder people", "more romantic", "tastier",
    "more nostalgic", "funnier", "more elegant", "more masculine", "rounder", "heavier", "faster cars",
    "more symmetrical", "rule of thirds", "more minimal typography", "more peaceful", "spicier",
    "more professional haircut", "healthier food", "more French", "more futuristic", "rustier", "wetter",
    "more delicious", "more lonely", "fresher bread", "more dramatic", "sweeter", "louder", "more honest",
    "more religious",
)  # fmt: skip
"""What training taught nothing of."""

BESIDE = "a an and at covered deep distance edge her his in near of on others past the their under with"
"""Words that change little of what a caption asks for, and name nothing."""

_COMPARED = {"bigger", "higher", "larger", "lower", "older", "smaller", "taller", "younger"}
"""Words of captions that, typed, ask for more of something that nobody taught."""

_KNOWN_WORD, _KNOWN_CLASS = 0.72, 0.85
_LEAST_POSITIVE = 5

_CHANCE = 0.01
"""A class is known where orders that know nothing are seldom as good (Mann and Whitney 1947)."""


@dataclass(frozen=True)
class Finding:
    """One figure.

    Attributes:
        what: what was asked for.
        measure: "Spearman", "AUC" or "recall".
        count: photographs.
        value: the figure.
    """

    what: str
    measure: str
    count: int
    value: float


@dataclass(frozen=True)
class Recognised:
    """All figures, and what came out well enough to be called known: words and classes, and words for
    several kinds of them."""

    findings: list[Finding] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def vocabulary(self) -> frozenset[str]:
        """Subjects of one word, in both numbers, and words that may stand beside them."""
        words = {subject for subject in self.subjects if len(subject.split()) == 1}
        return frozenset({*words, *(word + "s" for word in words if word[-1] not in "sy"), *BESIDE.split()})


@dataclass(frozen=True)
class _Seen:
    """Held-out photographs, encoded."""

    model: Ranker
    names: list[str]
    tokens: NDArray[np.float16]

    def under(self, manifest: Manifest) -> _Seen:
        """The same, asked by a model with another manifest."""
        return replace(self, model=self.model.under(manifest))

    def ask(self, query: str, rows: Sequence[int] | None = None) -> NDArray[np.float32]:
        tokens = self.tokens if rows is None else self.tokens[list(rows)]
        return score(self.model, parse(query), tokens)

    def rows(self, names: Sequence[str]) -> list[int]:
        place = {name: row for row, name in enumerate(self.names)}
        return [place[name] for name in names if name in place]


def recognise(model: Ranker, data: Path, *, captions: int = 300) -> Recognised:
    """Measure numbers, grades, classes, words and captions on the `held_out` photographs of a folder.

    Args:
        model: loaded model.
        data: folder of photographs with labels, as the recipe was given.
        captions: at most so many captions are looked for.
    """
    annotations = read_annotations(data)
    names = [name for name in photographs(data) if held_out(name)]
    seen = _Seen(model, names, encode(model, [load_rgb(data / name) for name in names]))
    known = Recognised()
    known.findings.extend(_scales(seen, annotations.scales))
    _classes(seen, annotations, known)
    known.subjects.extend(_known_classes(seen, annotations))
    _words(seen, annotations, known)
    _kinds(seen, annotations, known)
    known.findings.extend(_captions(seen, annotations, captions))
    known.findings.extend(_wordings(seen))
    known.findings.append(_warnings(model.manifest, known))
    return known


def report(findings: Sequence[Finding]) -> str:
    """Findings as a Markdown table."""
    lines = ["| asked for | measure | n | value |", "|---|---|---|---|"]
    lines += [f"| {f.what} | {f.measure} | {f.count} | {f.value:.3f} |" for f in findings]
    return "\n".join(lines)


def _scales(seen: _Seen, scales: Sequence[Scale]) -> Iterator[Finding]:
    """One figure a scale, and for grades the mean over their scales."""
    queries = {attribute.name: attribute.query for attribute in ATTRIBUTES}
    graded: list[tuple[int, float]] = []
    for scale in scales:
        there = [name for name in seen.names if name in scale.values]
        truth = [scale.values[name] for name in there]
        if len(there) < _LEAST_POSITIVE or np.ptp(truth) == 0:
            continue
        scores = seen.ask(queries[scale.attribute], seen.rows(there))
        value = 0.0 if np.ptp(scores) == 0 else float(spearmanr(scores, truth).statistic)
        folder = next(iter(scale.values)).split("/")[0]
        if scale.attribute == "complexity":
            graded.append((len(there), value))
        else:
            yield Finding(f"{queries[scale.attribute]} ({folder})", "Spearman", len(there), value)
    if graded:
        mean = float(np.mean([value for _, value in graded]))
        yield Finding("busier, mean within folders", "Spearman", sum(n for n, _ in graded), mean)


def _classes(seen: _Seen, annotations: Annotations, known: Recognised) -> None:
    """Mean area under ROC over the large classes of each folder, within its photographs."""
    folders: dict[str, dict[str, set[str]]] = {}
    for name, text in sorted(annotations.classes.items()):
        folders.setdefault(name.split("/")[0], {}).setdefault(text, set()).add(name)
    for folder, classes in folders.items():
        there = set().union(*classes.values())
        rows = seen.rows([name for name in seen.names if name in there])
        found: list[float] = []
        for text, images in sorted(classes.items()):
            positive = np.array([seen.names[row] in images for row in rows])
            if len(images) < CLASS_IMAGES or positive.sum() < _LEAST_POSITIVE or positive.all():
                continue
            found.append(roc_auc(seen.ask(f"more like a {text}", rows), positive))
        if found:
            known.findings.append(
                Finding(f"more like a NAME, {len(found)} classes ({folder})", "AUC", len(rows), _mean(found))
            )


def _known_classes(seen: _Seen, annotations: Annotations) -> Iterator[str]:
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


def _words(seen: _Seen, annotations: Annotations, known: Recognised) -> None:
    """Mean area under ROC over the commonest nouns of captions."""
    names = [name for name in seen.names if name in annotations.captions]
    taught = annotations.words([name for name in annotations.captions if not held_out(name)])
    asked = taught.keys() - set(vocabulary())
    heard = annotations.words(names, _LEAST_POSITIVE)
    words = {word: found for word, found in heard.items() if word in asked}
    rows = seen.rows(names)
    areas = {}
    for word, found in words.items():
        positive = np.array([place in found for place in range(len(names))])
        areas[word] = roc_auc(seen.ask(f"more {word}", rows), positive)
    nouns = words.keys() - set(_OTHER_WORDS.split())
    commonest = sorted(nouns, key=lambda word: (-len(words[word]), word))[:NOUNS]
    if commonest:
        value = _mean([areas[word] for word in commonest])
        known.findings.append(Finding(f"more X, {len(commonest)} caption nouns", "AUC", len(names), value))
    nameless = NOT_GUESSED | _COMPARED | set(BESIDE.split())
    known.subjects.extend(
        word for word, area in areas.items() if area >= _KNOWN_WORD and word not in nameless
    )


def _kinds(seen: _Seen, annotations: Annotations, known: Recognised) -> None:
    """Mean area under ROC over words for several kinds, all of whose kinds are positive; those that are
    found better by their kinds than as they stand are known."""
    taught = annotations.words([name for name in annotations.captions if not held_out(name)])
    manifest = telling(seen.model.manifest, known)
    plain = seen.under(manifest)
    areas = []
    for kind, of in kinds_among({*known.subjects, *taught}).items():
        among, least = sorted(annotations.classes), _KNOWN_CLASS
        names = [name for name in among if annotations.classes[name] in of]
        if len(seen.rows(names)) < _LEAST_POSITIVE:
            among, least = sorted(annotations.captions), _KNOWN_WORD
            heard = annotations.words(among, 1)
            names = sorted({among[place] for word in of for place in heard.get(word, ())})
        rows = seen.rows(among)
        positive = np.isin(rows, seen.rows(names))
        if not _LEAST_POSITIVE <= positive.sum() < len(rows):
            continue
        together = plain.under(replace(manifest, kinds={kind: of}))
        area = roc_auc(together.ask(f"more {kind}", rows), positive)
        areas.append(area)
        if area >= max(least, roc_auc(plain.ask(f"more {kind}", rows), positive)):
            known.kinds[kind] = of
    if areas:
        known.findings.append(
            Finding(f"more X, {len(areas)} words for several kinds", "AUC", len(seen.names), _mean(areas))
        )


def _captions(seen: _Seen, annotations: Annotations, most: int) -> Iterator[Finding]:
    """How often the captioned photograph is among the first ten for its caption."""
    names = [name for name in seen.names if name in annotations.captions]
    rows = seen.rows(names)
    ranks = []
    for place, name in enumerate(names[:most]):
        scores = seen.model.score(seen.tokens[rows], annotations.captions[name][0])
        ranks.append(int((scores > scores[place]).sum()))
    if ranks:
        value = float(np.mean(np.array(ranks) < RECALL_AT))
        yield Finding(f"a caption, first {RECALL_AT} of {len(names)}", "recall", len(ranks), value)


def _wordings(seen: _Seen) -> Iterator[Finding]:
    """Antonyms against each other, and wordings never trained on against trained ones."""
    rows = range(min(len(seen.names), 800))
    apart = [_alike(seen, a, b, rows) for a, b in ANTONYMS]
    yield Finding(f"antonyms, worst of {len(apart)}", "Spearman", len(rows), max(apart))
    yield Finding(f"antonyms, mean of {len(apart)}", "Spearman", len(rows), _mean(apart))
    unseen = [_alike(seen, trained, text, rows) for trained, texts in UNSEEN.items() for text in texts]
    yield Finding(f"{len(unseen)} wordings never trained on, mean", "Spearman", len(rows), _mean(unseen))


def _warnings(manifest: Manifest, known: Recognised) -> Finding:
    """Whether a phrase is answered with a warning, as a sign that it was not learned."""
    told = telling(manifest, known)
    learned = [attribute.query for attribute in manifest.attributes]
    learned += [text for texts in UNSEEN.values() for text in texts]
    learned += [f"more like a {subject}" for subject in known.subjects[:30]]
    phrases = [*learned, *UNLEARNED]
    warned = np.array([float(route(phrase, told).by == "guess") for phrase in phrases])
    area = roc_auc(warned, np.arange(len(phrases)) >= len(learned))
    return Finding("the warning, of what was not learned", "AUC", len(phrases), area)


def telling(manifest: Manifest, known: Recognised) -> Manifest:
    """A manifest that tells what was found known, in the place of what it told before."""
    words = frozenset(vocabulary()) | known.vocabulary
    return replace(
        manifest,
        subjects=tuple(sorted(set(known.subjects))),
        vocabulary=words,
        reads_as=same_words(words, (*known.subjects, *known.kinds)),
        kinds=dict(known.kinds),
    )


def _alike(seen: _Seen, one: str, other: str, rows: Sequence[int]) -> float:
    scores = [seen.model.score(seen.tokens[list(rows)], text) for text in (one, other)]
    return float(spearmanr(*scores).statistic)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
