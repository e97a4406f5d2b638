"""Whether an order by several wishes follows each of them, on photographs left out of training."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.evaluate import encode
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table

WISHES = (
    "bright", "more contrast", "colorful", "warm", "sharp", "noisy", "jpeg artifacts", "hazy", "banding",
    "more red", "more green", "more blue", "visual complexity", "aesthetic", "more people", "dog", "beach",
    "flower", "car", "snow", "water",
)  # fmt: skip
SAID = "sharp", "bright", "colorful", "dark", "noisy", "hazy", "blurry", "aesthetic", "crisp", "vivid"
THINGS = "dog", "girl", "boy", "snow", "water", "grass", "beach", "ball", "man", "bike"

_PHOTOGRAPHS = 1000
_TIED = 0.6
"""Wishes whose orders have a Spearman beyond this tell little of a sum, or contradict each other."""

_FIRST = 10


def measure(context: Context) -> Table:
    names = [name for name in photographs(context.photos) if held_out(name)]
    chosen = np.random.default_rng(0).permutation(len(names))[: context.count(_PHOTOGRAPHS)]
    names = [names[i] for i in chosen]
    model = Ranker(read_manifest(bundled_models() / "pocket"))
    tokens = encode(model, [load_rgb(context.photos / name) for name in names])
    captions = read_annotations(context.photos).captions
    captioned = [row for row, name in enumerate(names) if name in captions]
    said = [set(" ".join(captions[names[row]]).lower().replace(".", " ").split()) for row in captioned]
    plain = tuple(replace(attribute, deviation=1.0) for attribute in model.manifest.attributes)
    table = Table(
        f"Orders by two wishes, {len(names)} photographs left out, {len(captioned)} of them with captions",
        (
            "scores are added",
            "Spearman with the wish that is followed less: mean",
            "lowest tenth",
            f"{len(SAID) * len(THINGS)} such as “sharp dog”: both, of the first {_FIRST}",
        ),
    )
    for how, asked in (
        ("as they are", model.under(replace(model.manifest, attributes=plain))),
        ("by their deviations", model),
    ):
        weaker = _weaker(asked, tokens)
        both = _both(asked, tokens[captioned], said)
        table.rows.append(
            (how, f"{weaker.mean():.3f}", f"{np.quantile(weaker, 0.1):.3f}", f"{100 * both:.0f} %")
        )
    return table


def _weaker(model: Ranker, tokens: NDArray[np.float16]) -> NDArray[np.float64]:
    """Spearman of each sum with that one of its two wishes that it follows less."""
    alone = {wish: model.score(tokens, wish) for wish in WISHES}
    found = []
    for one, other in combinations(WISHES, 2):
        if abs(_spearman(alone[one], alone[other])) <= _TIED:
            together = score(model, parse(f"{one} + {other}"), tokens)
            found.append(min(_spearman(together, alone[one]), _spearman(together, alone[other])))
    return np.array(found)


def _both(model: Ranker, tokens: NDArray[np.float16], said: list[set[str]]) -> float:
    """Share of the first photographs that a caption gives the thing, and that are above the median by the
    wish alone. That one is the model's own."""
    shares = []
    for wish in SAID:
        alone = model.score(tokens, wish)
        for thing in THINGS:
            meant = (alone > np.median(alone)) & np.array([thing in words for words in said])
            first = np.argsort(-model.score(tokens, f"{wish} {thing}"), kind="stable")[:_FIRST]
            shares.append(meant[first].mean())
    return float(np.mean(shares))


def _spearman(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(spearmanr(one, other).statistic)
