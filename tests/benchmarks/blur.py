"""Order by sharpness in series of blur that go beyond what training showed, which ends at 4 px."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter
from scipy.stats import spearmanr

from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.evaluate import encode
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table, verdict

SERIES = ((0, 0.5, 1, 1.5, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 4, 6, 8), (0, 2, 4, 8, 12, 16))
"""Deviations of Gaussian blur, in pixels."""

BAR = 0.99
_PHOTOGRAPHS = 100


def measure(context: Context) -> Table:
    names = [name for name in photographs(context.photos) if held_out(name)]
    chosen = np.random.default_rng(0).permutation(len(names))[: context.count(_PHOTOGRAPHS)]
    images = [Image.fromarray(load_rgb(context.photos / names[i])) for i in chosen]
    model = Ranker(read_manifest(bundled_models() / "pocket"))
    table = Table(
        f"“Sharper” in series of blur, {len(images)} photographs left out",
        ("deviations, px", "mean Spearman within series", "met"),
    )
    for radii in SERIES:
        blurred = [
            np.asarray(image.filter(ImageFilter.GaussianBlur(radius))) for image in images for radius in radii
        ]
        scores = model.score(encode(model, blurred), "sharper").reshape(len(images), len(radii))
        mean = float(np.mean([spearmanr(one, np.negative(radii)).statistic for one in scores]))
        table.rows.append((", ".join(map(str, radii)), f"{mean:.3f}", verdict(mean >= BAR)))
    return table
