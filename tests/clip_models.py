"""OpenCLIP models with random weights as a user has them: folders to import, and models on a shelf."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from towers import config

from imagesorter.model.importing import import_model
from imagesorter.model.shelf import Shelf
from imagesorter.model.tower_sources import CONFIG, build_towers


def write_open_clip(folder: Path, family: str = "ViT", seed: int = 0) -> Path:
    """A folder as OpenCLIP's own `local-dir:` folders are."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = config(family)
    torch.manual_seed(seed)
    towers = build_towers(settings, {})
    save_file(towers.clip.state_dict(), folder / "open_clip_model.safetensors")
    stored = {"model_cfg": settings, "preprocess_cfg": {"mean": [0.4, 0.5, 0.6]}}
    (folder / CONFIG).write_text(json.dumps(stored), "utf-8")
    return folder


def with_line_ends_of_windows(patch: pytest.MonkeyPatch) -> None:
    """Let text files be written as there, where nothing is said of their line ends."""
    write = Path.write_text

    def written(path: Path, text: str, encoding: str, newline: str | None = None) -> int:
        return write(path, text, encoding, newline="\r\n" if newline is None else newline)

    patch.setattr(Path, "write_text", written)


def installed(models: Path, name: str = "vit", family: str = "ViT", seed: int = 0) -> Shelf:
    """A shelf with a model that was imported from such a folder."""
    shelf = Shelf(models)
    source = write_open_clip(models.parent / f"source-{name}", family, seed)
    for _ in import_model(source, shelf, name):
        pass
    return shelf


def write_head(path: Path, embed_dim: int = 24, *, chain: bool = False, seed: int = 0) -> Path:
    """A head in one of the LAION heads' two shapes, with random weights."""
    generator = torch.Generator().manual_seed(seed)

    def layer(width: int, outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
        weight = torch.randn(outputs, width, generator=generator) / width**0.5
        return weight, torch.randn(outputs, generator=generator)

    if not chain:
        weight, bias = layer(embed_dim, 1)
        torch.save({"weight": weight, "bias": bias}, path)
        return path
    widths = (embed_dim, 32, 16, 8, 4, 1)
    state = {}
    for number, sizes in zip((0, 2, 4, 6, 7), pairwise(widths), strict=True):
        state[f"layers.{number}.weight"], state[f"layers.{number}.bias"] = layer(*sizes)
    torch.save(state, path)
    return path
