"""Photographs to teach with, and answers by their brightness."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
from ordering import only, opened
from PIL import Image

from imagesorter.answers import Estimate
from imagesorter.engine import Engine
from imagesorter.events import Candidate, Finished, TeachingReady
from imagesorter.model.bundle import read_manifest
from imagesorter.paths import bundled_models
from imagesorter.school import School
from imagesorter.teaching import Teaching
from imagesorter.training.pairs.taught import StartTerm, TaughtRanker
from imagesorter.training.pairs.versions import Facts


def write_dark_and_light(photos: Path, folder: Path) -> None:
    """Copies of photographs, and a darker one of each."""
    shutil.copytree(photos, folder)
    for path in sorted(photos.iterdir()):
        with Image.open(path) as image:
            image.point([value // 2 for value in range(256)] * 3).save(
                folder / f"dark {path.name}", quality=92
            )


def brightness(path: Path) -> float:
    """Mean grey level of a photograph."""
    with Image.open(path) as image:
        return float(np.asarray(image.convert("L").resize((64, 64)), np.float64).mean())


def prepared(engine: Engine, folder: Path, name: str = "my light", start: str | None = "") -> Teaching:
    """The teaching of an attribute with a folder's photographs, all of them read."""
    opened(engine, folder)
    teaching = engine.teach(name, start)
    events = list(teaching.prepare())
    assert only(TeachingReady, events) and isinstance(events[-1], Finished)
    return teaching


def choose(engine: Engine, teaching: Teaching, count: int) -> None:
    """Answer by brightness."""
    light = [brightness(path) for path in engine.files]
    for _ in range(count):
        pair = teaching.next_pair()
        assert pair is not None
        teaching.answer(pair, "left" if light[pair.left_id] > light[pair.right_id] else "right")


def candidate_of(teaching: Teaching) -> Candidate:
    """What a fit finds."""
    (candidate,) = only(Candidate, teaching.fit())
    return candidate


def keep_order(data: Path, name: str) -> None:
    """Keep a version of an attribute, an order of the bundled model as it is, in the user's data folder."""
    base, nothing = read_manifest(bundled_models() / "pocket").id, np.zeros(0, np.float32)
    school = School(data, lambda: (base,))
    facts = Facts("ridge", 30, 30, Estimate(0.5, 0.4, 0.6), Estimate(0.8, 0.7, 0.9))
    order = TaughtRanker("brighter", (StartTerm(1.0, "brighter"),), 1.0, nothing, nothing)
    school._versions.add(school._labels.begin(name, None), base, facts, order)
    school.close()


def write_pairs(path: Path, folder: Path, *, wrong: float = 0.0, count: int = 40) -> Path:
    """A CSV of pairs of a folder's photographs, the brighter one ahead except for a share of them."""
    rng = np.random.default_rng(0)
    files = sorted(folder.iterdir())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("left", "right", "winner"))
        for _ in range(count):
            left, right = (files[i] for i in rng.choice(len(files), 2, replace=False))
            is_left = (brightness(left) > brightness(right)) != (rng.random() < wrong)
            writer.writerow((left, right, "left" if is_left else "right"))
    return path
