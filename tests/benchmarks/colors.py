"""Orders by colour, against what captions say: nobody wrote these captions to measure colours.

A photograph counts as of a colour where two of its captions or more name it. Beside the bundled model's order
that of plain chroma about the hue, which taught it before. Colours are computed: no photograph is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from imagesorter.model.bundle import read_manifest
from imagesorter.model.phrases import words_of
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.bank import load_rgb
from imagesorter.training.pocket.evaluate import encode
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table

Pixels = NDArray[np.float64]

CHROMA: dict[str, Callable[[Pixels, Pixels, Pixels], Pixels]] = {
    "red": lambda r, g, b: r - np.maximum(g, b),
    "orange": lambda r, g, b: 2 * np.minimum(r - g, g - b),
    "yellow": lambda r, g, b: np.minimum(r, g) - b,
    "green": lambda r, g, b: g - np.maximum(r, b),
    "blue": lambda r, g, b: b - np.maximum(r, g),
    "purple": lambda r, g, b: np.minimum(r, b) - g,
    "pink": lambda r, g, b: np.minimum(r, b) - g,
}
"""Chroma that falls off linearly to the hues 60 degrees away, for orange to red and yellow."""

_NAMED_BY = 2
_AT_ONCE = 500


def measure(context: Context) -> Table:
    captions = read_annotations(context.photos).captions
    names = sorted(captions)
    chosen = np.random.default_rng(0).permutation(len(names))[: context.count(len(names))]
    model = Ranker(read_manifest(bundled_models() / "pocket"))
    orders: dict[str, list[float]] = {name: [] for name in CHROMA}
    plain: dict[str, list[float]] = {name: [] for name in CHROMA}
    for start in range(0, len(chosen), _AT_ONCE):
        images = [load_rgb(context.photos / names[i]) for i in chosen[start : start + _AT_ONCE]]
        tokens = encode(model, images)
        for colour, chroma in CHROMA.items():
            orders[colour] += model.score(tokens, f"more {colour}").tolist()
            planes = (np.moveaxis(image / 255, 2, 0) for image in images)
            plain[colour] += [float(np.maximum(chroma(r, g, b), 0).mean()) for r, g, b in planes]
    table = Table(
        "Orders by colour against captions, area under ROC",
        ("asked for", "photographs captioned with it", "chroma about the hue", "the model's order"),
    )
    areas = []
    for colour in CHROMA:
        said = np.array([_says(captions[names[i]], colour) for i in chosen])
        if not said.any():
            continue
        found = [roc_auc(np.array(one[colour]), said) for one in (plain, orders)]
        areas.append(found)
        table.rows.append((f"more {colour}", f"{said.sum()}", *(f"{area:.3f}" for area in found)))
    if areas:
        means = np.mean(areas, 0)
        table.rows.append(("mean", f"of {len(chosen)}", *(f"{area:.3f}" for area in means)))
    return table


def _says(captions: list[str], colour: str) -> bool:
    return sum(colour in words_of(caption) for caption in captions) >= _NAMED_BY
