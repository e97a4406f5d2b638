"""A few labelled pictures, and a tiny backbone to train on: brightness and redness of plain colours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from towers import config

from imagesorter.training.labelled.options import TrainingOptions

COUNT = 40


def write_pictures(folder: Path) -> Path:
    """Pictures with noise, and `labels.csv` for two categories."""
    rng = np.random.default_rng(0)
    rows = ["filepath,title,cname,value"]
    for number in range(COUNT):
        red, other = rng.integers(20, 235, 2)
        noise = rng.integers(-20, 20, (36, 48, 3))
        rgb = np.clip(np.array([red, other, other]) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(rgb).save(folder / f"{number}.png")
        rows.append(f"{number}.png,Rank the redness.,red,{red / 20:.2f}")
        rows.append(f"{number}.png,Rank the brightness.,bright,{other / 20:.2f}")
    path = folder / "labels.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def write_backbone(folder: Path) -> Path:
    """Configuration of a ViT of one layer at 32 px; its weights are random, the same for each seed."""
    path = folder / "tiny.json"
    path.write_text(json.dumps(config("ViT")), "utf-8")
    return path


def asked(labels: Path, backbone: Path, out: Path, **more: object) -> TrainingOptions:
    """A training of a few steps."""
    settings = {"steps": 6, "batch": 8, "width": 32, "rate": 1e-3, "validation": 0.25, "device": "cpu"} | more
    return TrainingOptions(labels, str(backbone), out, out.name, **settings)  # type: ignore[arg-type]
