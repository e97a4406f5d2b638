"""Our variant of the adapter against the published one: same backbone, width, labels and steps.

The labels are those of the folders `savoias`, `crowd`, `bccd` and `coco` (`labels.csv` with the columns
file, attribute, value). The bundled model's tower, from which both variants get their tokens, was taught
them: they learn from the photographs that it was trained on, and are judged on those that its training left
out (`bank.held_out`).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

from imagesorter.events import Judged, Trained
from imagesorter.model.bundle import read_manifest
from imagesorter.model.loading import load_ranker
from imagesorter.paths import bundled_models
from imagesorter.training.labelled.dataset import COLUMNS, read_examples
from imagesorter.training.labelled.measure import MEAN
from imagesorter.training.labelled.measure import measure as judge
from imagesorter.training.labelled.options import VARIANTS, TrainingOptions, Variant
from imagesorter.training.labelled.trainer import train
from imagesorter.training.pocket.bank import held_out
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table, verdict

SEEDS = (1, 2, 3)
STEPS = 500
BATCH = 32
WIDTH = 128
RATES: dict[Variant, float] = {"ours": 1e-4, "published": 1e-3}
"""Chosen for each by the photographs that its training judges itself on, never by those of the test."""

SETS = {
    "savoias": ("visual complexity", "Sort images by visual complexity."),
    "crowd": ("number of people", "Sort images by the number of people."),
    "bccd": ("number of red blood cells", "Sort images by the number of red blood cells."),
    "coco": ("number of objects", "Sort images by the number of objects."),
}


def measure(context: Context) -> Table:
    work = context.work / "variants"
    steps = context.count(STEPS)
    found: dict[Variant, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
    chosen: dict[Variant, list[float]] = {variant: [] for variant in VARIANTS}
    learning, test = write_labels(context.photos, work)
    for seed in SEEDS:
        for variant in VARIANTS:
            options = TrainingOptions(
                learning, str(bundled_models() / "pocket"), work / "model", "model",
                images=context.photos, variant=variant, steps=steps, batch=BATCH, width=WIDTH,
                rate=RATES[variant], seed=seed, validation=0.2, device="cpu",
            )  # fmt: skip
            chosen[variant].append(run(options))
            found[variant].append(_test(options.out, test, context.photos))
    table = Table("Our variant against the published one", ("test images of", *VARIANTS, "bar", "met"))
    for category in found["ours"][0]:
        ours, published = ([one[category] for one in found[variant]] for variant in VARIANTS)
        whole = category == MEAN
        table.rows.append((
            category, _spread(ours), _spread(published), "≥ published" if whole else "",
            verdict(fmean(ours) >= fmean(published)) if whole else "",
        ))  # fmt: skip
    table.notes = [
        f"Spearman on photographs that neither training nor tower saw; mean ± deviation over {len(SEEDS)} "
        f"seeds. Both: width {WIDTH}, {steps} steps of {BATCH} images, tokens of pocket's "
        f"frozen backbone; learning rates {RATES['ours']:g} and {RATES['published']:g}; the weights kept are "
        f"the best on a fifth of the training's photographs (Spearman there {_spread(chosen['ours'])} and "
        f"{_spread(chosen['published'])}).",
    ]
    return table


def run(options: TrainingOptions) -> float:
    """Train anew, with tokens of earlier runs; Spearman on the photographs kept apart within the training."""
    (options.work / "checkpoint.pt").unlink(missing_ok=True)
    return next(event.srcc for event in train(options) if isinstance(event, Trained))


def write_labels(photos: Path, work: Path) -> tuple[Path, Path]:
    """Write labels in the paper's columns: to learn from, and of the photographs held out."""
    work.mkdir(parents=True, exist_ok=True)
    paths = work / "learning.csv", work / "test.csv"
    with (
        paths[0].open("w", encoding="utf-8", newline="") as learning,
        paths[1].open("w", encoding="utf-8", newline="") as test,
    ):
        writers = csv.writer(learning), csv.writer(test)
        for writer in writers:
            writer.writerow(COLUMNS)
        for row in _label_rows(photos):
            writers[held_out(row[0])].writerow(row)
    return paths


def _label_rows(photos: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the paper's columns; the folders of savoias are scales of their own."""
    for folder, (attribute, title) in SETS.items():
        with (photos / folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["attribute"] == attribute:
                    part = row["file"].split("/")[0] if folder == "savoias" else ""
                    yield f"{folder}/{row['file']}", title, f"{folder} {part}".strip(), row["value"]


def _test(folder: Path, test: Path, photos: Path) -> dict[str, float]:
    """Spearman by category, as `imagesorter evaluate` gives it."""
    model = load_ranker(replace(read_manifest(folder), folder=folder), "cpu")
    events = judge(model, read_examples(test, photos))
    return {event.category: event.figures["srcc"] for event in events if isinstance(event, Judged)}


def _spread(values: list[float]) -> str:
    return f"{fmean(values):.3f} ± {stdev(values) if len(values) > 1 else math.nan:.3f}"
