"""Judging what a model recognises, on photographs that training never saw and as the application asks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from imagesorter.model.bundle import Manifest
from imagesorter.model.phrases import words_of
from imagesorter.model.ranker import Ranker
from imagesorter.model.routes import route
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket.annotations import Annotations, Scale, read_annotations
from imagesorter.training.pocket.attributes import ATTRIBUTES
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.evaluate import encode
from imagesorter.training.pocket.knowing import (
    LEAST_POSITIVE,
    Known,
    Seen,
    kind_area,
    know,
    telling,
    word_areas,
)  # fmt: skip
from imagesorter.training.pocket.persons import PERSONS

CLASS_IMAGES = 80
"""Classes of fewer photographs are not in the mean of classes."""

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

_MOST_CAPTIONS = 0.8

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


def recognise(model: Ranker, data: Path, *, captions: int = 300) -> tuple[Known, list[Finding]]:
    """Measure numbers, grades, classes, words and captions on the `held_out` photographs of a folder.

    Args:
        model: loaded model.
        data: folder of photographs with labels, as the recipe was given.
        captions: at most so many captions are looked for.
    """
    annotations = read_annotations(data)
    names = [name for name in photographs(data) if held_out(name)]
    seen = Seen(model, names, encode(model, [load_rgb(data / name) for name in names]))
    known = know(seen, annotations)
    told = telling(model.manifest, known)
    seen = seen.under(told)  # as the application will ask it
    findings = [
        *_scales(seen, annotations.scales),
        *_classes(seen, annotations),
        *_persons(seen, annotations),
        *_words(seen, annotations),
        *_kinds(seen, annotations, known),
        *_captions(seen, annotations, captions),
        *_wordings(seen),
        _warnings(told, known),
    ]
    return known, findings


def report(findings: Sequence[Finding]) -> str:
    """Findings as a Markdown table."""
    lines = ["| asked for | measure | n | value |", "|---|---|---|---|"]
    lines += [f"| {f.what} | {f.measure} | {f.count} | {f.value:.3f} |" for f in findings]
    return "\n".join(lines)


def _scales(seen: Seen, scales: Sequence[Scale]) -> Iterator[Finding]:
    """One figure a scale, and for grades the mean over their scales."""
    queries = {attribute.name: attribute.query for attribute in ATTRIBUTES}
    graded: list[tuple[int, float]] = []
    for scale in scales:
        there = [name for name in seen.names if name in scale.values]
        truth = [scale.values[name] for name in there]
        if len(there) < LEAST_POSITIVE or np.ptp(truth) == 0:
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


def _classes(seen: Seen, annotations: Annotations) -> Iterator[Finding]:
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
            if len(images) < CLASS_IMAGES or positive.sum() < LEAST_POSITIVE or positive.all():
                continue
            found.append(roc_auc(seen.ask(f"more like a {text}", rows), positive))
        if found:
            yield Finding(
                f"more like a NAME, {len(found)} classes ({folder})", "AUC", len(rows), _mean(found)
            )


def _persons(seen: Seen, annotations: Annotations) -> Iterator[Finding]:
    """Area under ROC of "more people": most captions name somebody, or none does."""
    shares = {
        name: _mean([float(not PERSONS.isdisjoint(words_of(text))) for text in annotations.captions[name]])
        for name in seen.names
        if annotations.captions.get(name)
    }
    judged = [name for name, share in shares.items() if share == 0 or share >= _MOST_CAPTIONS]
    positive = np.array([shares[name] > 0 for name in judged])
    if LEAST_POSITIVE <= positive.sum() < len(judged):
        area = roc_auc(seen.ask("more people", seen.rows(judged)), positive)
        yield Finding("more people, captioned with some or none", "AUC", len(judged), area)


def _words(seen: Seen, annotations: Annotations) -> Iterator[Finding]:
    """Mean area under ROC over the commonest nouns of captions."""
    areas = word_areas(seen, annotations)
    nouns = areas.keys() - set(_OTHER_WORDS.split())
    commonest = sorted(nouns, key=lambda word: (-areas[word][1], word))[:NOUNS]
    if commonest:
        value, there = _mean([areas[word][0] for word in commonest]), annotations.captions.keys() & seen.names
        yield Finding(f"more X, {len(commonest)} caption nouns", "AUC", len(there), value)


def _kinds(seen: Seen, annotations: Annotations, known: Known) -> Iterator[Finding]:
    """Mean area under ROC over the words for several kinds that are known."""
    judged = [kind_area(seen, annotations, kind, of) for kind, of in known.kinds.items()]
    areas = [found[0] for found in judged if found]
    if areas:
        what = f"more X, {len(areas)} words for several kinds"
        yield Finding(what, "AUC", len(seen.names), _mean(areas))


def _captions(seen: Seen, annotations: Annotations, most: int) -> Iterator[Finding]:
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


def _wordings(seen: Seen) -> Iterator[Finding]:
    """Antonyms against each other, and wordings never trained on against trained ones."""
    rows = range(min(len(seen.names), 800))
    apart = [_alike(seen, a, b, rows) for a, b in ANTONYMS]
    yield Finding(f"antonyms, worst of {len(apart)}", "Spearman", len(rows), max(apart))
    yield Finding(f"antonyms, mean of {len(apart)}", "Spearman", len(rows), _mean(apart))
    unseen = [_alike(seen, trained, text, rows) for trained, texts in UNSEEN.items() for text in texts]
    yield Finding(f"{len(unseen)} wordings never trained on, mean", "Spearman", len(rows), _mean(unseen))


def _warnings(told: Manifest, known: Known) -> Finding:
    """Whether a phrase is answered with a warning, as a sign that it was not learned."""
    learned = [attribute.query for attribute in told.attributes]
    learned += [text for texts in UNSEEN.values() for text in texts]
    learned += [f"more like a {subject}" for subject in known.subjects[:30]]
    phrases = [*learned, *UNLEARNED]
    warned = np.array([float(route(phrase, told).by == "guess") for phrase in phrases])
    area = roc_auc(warned, np.arange(len(phrases)) >= len(learned))
    return Finding("the warning, of what was not learned", "AUC", len(phrases), area)


def _alike(seen: Seen, one: str, other: str, rows: Sequence[int]) -> float:
    scores = [seen.model.score(seen.tokens[list(rows)], text) for text in (one, other)]
    return float(spearmanr(*scores).statistic)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
