"""From a folder of photographs to the bundled model: what `imagesorter recipe` does."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from imagesorter.errors import ImagesorterError, StorageError
from imagesorter.model.bundle import read_manifest, write_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.bank import open_bank, prepare
from imagesorter.training.pocket.branching import teach_branches
from imagesorter.training.pocket.counting import teach_counting
from imagesorter.training.pocket.evaluate import Result, as_json, evaluate, table
from imagesorter.training.pocket.knowing import telling
from imagesorter.training.pocket.recipe import Recipe, export, mean_weights, train, write_model
from imagesorter.training.pocket.recognition import recognise, report
from imagesorter.training.pocket.spread import EVALUATION, spread
from imagesorter.training.pocket.subjects import Subjects

CONFIG = "imagesorter-pocket.json"
SERIES = 8000
"""Graded series in the training set."""

Part = Literal["train", "branches", "count", "judge"]
PARTS: tuple[Part, ...] = get_args(Part)
"""In their order; preparing and exporting belong to the first."""

_BANK_SEED = 1
_REPORT_SECONDS = 10.0


def make(
    data: Path,
    work: Path,
    out: Path,
    *,
    steps: int | None = None,
    image_steps: int | None = None,
    series: int | None = None,
    seed: int = 1,
    start: Path | None = None,
    mean_of: Sequence[Path] = (),
    branch_steps: int | None = None,
    begin: Part = "train",
    beside: Sequence[Path] = (),
) -> Iterator[str]:
    """Prepare, train, export, add branches, count and judge; each part goes on where it was stopped.

    Args:
        data: photographs, read only.
        work: prepared pixels, checkpoints and stored readings (14 GB).
        out: model folder to write.
        steps: optimiser steps of the last part; None is the recipe's own number.
        image_steps: the same for the part on images alone; none with `start`.
        series: graded series; None is `SERIES`.
        seed: of the training; the prepared pictures are the same for every seed.
        start: checkpoint of an earlier run, or model folder, whose weights are taken over; only the last
            part, all together, is trained again, and the one on images where `image_steps` says so.
        mean_of: model folders of other runs, the mean of whose weights is written, in place of all parts
            before "count".
        branch_steps: steps of each branch of the image tower; None is the recipe's own number.
        begin: the first part that is done; with any but "train" it is done to the model in `out`.
        beside: model folders of other seeds, judged before: the last table is the spread of all.

    Yields:
        lines for the terminal.

    Raises:
        ImagesorterError: no photographs, or folders of another recipe.
    """
    if not data.is_dir():
        raise ImagesorterError(f"{data}: no such folder. Name the photographs with --data.")
    if mean_of:
        yield from _write_mean(mean_of, out)
        begin = "count"
    parts = PARTS[PARTS.index(begin) :]
    if "train" in parts:
        recipe = Recipe(seed=seed)
        if start is not None:
            recipe = replace(recipe, text_steps=0, image_steps=0)
        if image_steps is not None:
            recipe = replace(recipe, image_steps=image_steps)
        if steps is not None:
            recipe = replace(recipe, steps=steps)
        yield from _train(data, work, out, recipe, series, start)
    elif "branches" in parts:
        read_manifest(out)  # which says what is wrong with it
        yield from _prepared(data, work, out / CONFIG, series)
    if "branches" in parts:
        yield from _spaced(teach_branches(out, data, work, seed, branch_steps))
    if "count" in parts:  # counters go by what branches tell
        yield from _spaced(teach_counting(out, data, seed))
    yield from _judge(data, out, beside)


def _train(
    data: Path, work: Path, out: Path, recipe: Recipe, series: int | None, start: Path | None
) -> Iterator[str]:
    """Prepare, train and export."""
    out.mkdir(parents=True, exist_ok=True)
    config = out / CONFIG
    if not config.exists():
        shutil.copyfile(bundled_models() / "pocket" / CONFIG, config)
    yield from _prepared(data, work, config, series)
    subjects = Subjects.of(open_bank(work), read_annotations(data))
    yield from _spaced(
        f"{what}: {done:,} of {total:,}" + "".join(f", {part} {loss:.3f}" for part, loss in parts.items())
        for what, done, total, parts in train(subjects, config, work, recipe, start)
    )
    export(work, config, out)
    yield f"written: {out}"


def _judge(data: Path, out: Path, beside: Sequence[Path]) -> Iterator[str]:
    """Judge the model on the photographs left out, and list what it knows."""
    manifest = read_manifest(out)
    model = Ranker(manifest, "cpu")
    results: list[Result] = list(evaluate(model, data))
    known, findings = recognise(model, data)
    write_manifest(telling(manifest, known))
    figures = {"attributes": as_json(results), "recognised": as_json(findings)}
    (out / EVALUATION).write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    yield table(results)
    yield ""
    yield report(findings)
    if beside:
        yield ""
        yield spread([out, *beside])


def _prepared(data: Path, work: Path, config: Path, series: int | None) -> Iterator[str]:
    size = json.loads(config.read_text("utf-8"))["vision_cfg"]["image_size"]
    yield from _spaced(
        f"{what}: {done:,} of {total:,}"
        for what, done, total in prepare(data, work, size=size, series=series or SERIES, seed=_BANK_SEED)
    )


def _write_mean(folders: Sequence[Path], out: Path) -> Iterator[str]:
    weights = mean_weights(folders)
    if out.resolve() in {folder.resolve() for folder in folders}:
        raise StorageError(f"{out}: one of the models themselves. Name another folder with --out.")
    configs = [(folder / CONFIG).read_bytes() for folder in folders]
    if any(one != configs[0] for one in configs):
        raise StorageError(f"{folders[0]} and the others have not the same {CONFIG}.")
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_bytes(configs[0])
    write_model(weights, out / CONFIG, out)
    yield f"written: {out}"


def _spaced(lines: Iterator[str]) -> Iterator[str]:
    """The first and last of many lines, and one every ten seconds."""
    shown, last = 0.0, ""
    for line in lines:
        last = line
        if time.monotonic() - shown >= _REPORT_SECONDS:
            yield line
            shown, last = time.monotonic(), ""
    if last:
        yield last
