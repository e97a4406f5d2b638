"""Judging a model on photographs that training never saw, through the path that the application takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import spearmanr

from imagesorter.model.ranker import Ranker
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from imagesorter.training.pocket.attributes import ATTRIBUTES, Attribute, quantities_of
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.distortions import ATTRIBUTE_OF, KINDS, Kind, distort, severity, variants
from imagesorter.training.pocket.veils import VEILS, veil

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LEVELS: dict[Kind, tuple[float, ...]] = {
    "blur": (0, 0.5, 1, 1.5, 2, 3, 4),
    "noise": (0, 4, 8, 12, 20, 30, 45),
    "jpeg": (100, 70, 50, 35, 25, 15, 8),
}
"""Levels of the graded series that are judged, see `distortions.severity`. Photographs that are
JPEGs already show no difference above their own quality, so compression begins well below it."""

VEIL_LEVELS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0)
"""The same for haze and banding, see `veils.veil`."""


@dataclass(frozen=True)
class Result:
    """Spearman correlations of one attribute.

    Attributes:
        attribute: its name.
        measure: "photographs" (score against the computed quantity, over different photographs),
            "series" (mean over graded series of one photograph each), or "mixed" (photographs of
            mixed level).
        count: photographs, or series.
        spearman: of the attribute's own query.
        wordings: mean over all wordings of training, as the model reads them.
        worst_wording: the lowest of these.
        less_more: between the scores of "less X" and "more X", both read by the model itself.
    """

    attribute: str
    measure: str
    count: int
    spearman: float
    wordings: float
    worst_wording: float
    less_more: float


def evaluate(
    model: Ranker, data: Path, *, photos: int = 800, series: int = 100, seed: int = 0
) -> Iterator[Result]:
    """Measure every attribute that the model has learned on the `held_out` photographs of a folder.

    Args:
        model: loaded model.
        data: folder of photographs, as the recipe was given.
        photos: at most so many photographs for the photometric attributes.
        series: graded series per kind of damage.
        seed: picks photographs and noise.
    """
    rng = np.random.default_rng(seed)
    names = [name for name in photographs(data) if held_out(name)]
    picked = [names[i] for i in rng.permutation(len(names))[:photos]]
    images = [load_rgb(data / name) for name in picked]
    tokens = encode(model, images)
    quantities = [quantities_of(torch.tensor(rgb).permute(2, 0, 1)[None] / 255) for rgb in images]
    learned = {attribute.name for attribute in model.manifest.attributes}
    named = {attribute.name: attribute for attribute in ATTRIBUTES if attribute.name in learned}
    for attribute in named.values():
        if attribute.name in quantities[0]:
            truth = np.array([quantity[attribute.name].item() for quantity in quantities])
            yield _result(model, attribute, "photographs", tokens[None], truth[None])

    for kind in (kind for kind in KINDS if ATTRIBUTE_OF[kind] in named):
        graded = [_series(images[i], kind, rng) for i in rng.permutation(len(images))[:series]]
        severities = np.array([severity(kind, level) for level in LEVELS[kind]])
        yield from _damage(model, named, ATTRIBUTE_OF[kind], graded, severities, rng)
    for name in (name for name in VEILS if name in named):
        graded = [_veiled(images[i], name, rng) for i in rng.permutation(len(images))[:series]]
        yield from _damage(model, named, name, graded, np.array(VEIL_LEVELS), rng)


def _damage(
    model: Ranker,
    named: Mapping[str, Attribute],
    name: str,
    graded: Sequence[list[NDArray[np.uint8]]],
    severities: NDArray[np.float64],
    rng: np.random.Generator,
) -> Iterator[Result]:
    """Within series, across photographs mixed in level, and what "aesthetic" says of the series."""
    tokens = encode(model, [rgb for one in graded for rgb in one])
    tokens = tokens.reshape(len(graded), len(severities), *tokens.shape[1:])
    harm = np.tile(severities, (len(graded), 1))
    truth = -harm if name == "sharpness" else harm
    yield _result(model, named[name], "series", tokens, truth)
    one_each = rng.integers(len(severities), size=len(graded))
    rows = np.arange(len(graded))
    yield _result(model, named[name], "mixed", tokens[rows, one_each][None], truth[rows, one_each][None])
    if "aesthetic" in named:
        yield _result(model, named["aesthetic"], f"series of {name}", tokens, -harm)


def encode(model: Ranker, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float16]:
    """Photographs of any size, (H, W, 3) each → tokens (N, T, D)."""
    pixels = np.stack([model.preprocess(Image.fromarray(rgb)) for rgb in images])
    return np.concatenate(
        [model.encode(pixels[i : i + model.batch_size]) for i in range(0, len(pixels), model.batch_size)]
    )


def table(results: Sequence[Result]) -> str:
    """Results as a Markdown table."""
    lines = [
        "| attribute | on | n | Spearman | mean of wordings | worst wording | less against more |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.attribute} | {r.measure} | {r.count} "
        f"| {r.spearman:.3f} | {r.wordings:.3f} | {r.worst_wording:.3f} | {r.less_more:.3f} |"
        for r in results
    ]
    return "\n".join(lines)


def as_json(results: Sequence[DataclassInstance]) -> list[dict[str, object]]:
    """Results as plain values, rounded to four places."""
    return [
        {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(r).items()}
        for r in results
    ]


def _series(rgb: NDArray[np.uint8], kind: Kind, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    variant = int(rng.integers(variants(kind)))
    return [distort(rgb, kind, level, rng, variant=variant) for level in LEVELS[kind]]


def _veiled(rgb: NDArray[np.uint8], name: str, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    image = torch.tensor(rgb).permute(2, 0, 1)[None] / 255
    levels = torch.tensor(VEIL_LEVELS)
    images = veil(image.expand(len(levels), -1, -1, -1), name, levels, generator)
    return [(255 * one).round().byte().permute(1, 2, 0).numpy() for one in images]


def _result(
    model: Ranker, attribute: Attribute, measure: str, tokens: NDArray[np.float16], truth: NDArray[np.float64]
) -> Result:
    """Mean Spearman over the first axis of tokens (K, N, T, D) and truth (K, N)."""
    flat = tokens.reshape(-1, *tokens.shape[2:])

    def correlation(scores: NDArray[np.float32], other: NDArray[np.float64] | NDArray[np.float32]) -> float:
        pairs = zip(scores.reshape(truth.shape), other.reshape(truth.shape), strict=True)
        return float(
            np.mean(
                [0.0 if np.ptp(s) == 0 or np.ptp(t) == 0 else spearmanr(s, t).statistic for s, t in pairs]
            )
        )

    wordings = [(wording, 1) for wording in attribute.more] + [(wording, -1) for wording in attribute.less]
    each = [sign * correlation(model.score(flat, wording), truth) for wording, sign in wordings]
    noun = attribute.more[0]
    return Result(
        attribute=attribute.name,
        measure=measure,
        count=truth.shape[1] if len(truth) == 1 else len(truth),
        spearman=correlation(score(model, parse(attribute.query), flat), truth),
        wordings=float(np.mean(each)),
        worst_wording=min(each),
        less_more=correlation(model.score(flat, f"less {noun}"), model.score(flat, f"more {noun}")),
    )
