from __future__ import annotations

from pathlib import Path

import pytest
import seeded
import torch
from torch import Tensor

from imagesorter.model.bundle import read_manifest
from imagesorter.model.published.importer import import_checkpoint
from imagesorter.model.published.ranker import PublishedRanker


@pytest.fixture(scope="session")
def tensors() -> dict[str, Tensor]:
    """The small checkpoint's tensors. Not to be changed."""
    return seeded.state("small")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, Tensor]) -> Path:
    """A file as the authors save it, in small. Not to be changed."""
    path = tmp_path_factory.mktemp("checkpoint") / "cliprank-count.pt"
    stored = {"state_dict": {f"module.{name}": t for name, t in tensors.items()}, "epoch": 9, "name": "run",
              "optimizer": {"state": {}, "param_groups": [{"lr": 5e-5}]}}  # fmt: skip
    torch.save(stored, path)
    return path


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Path:
    """The model made of it. Not to be changed."""
    models = tmp_path_factory.mktemp("models")
    list(import_checkpoint(checkpoint, models, "counting"))
    return models / "counting"


@pytest.fixture(scope="session")
def published(imported: Path) -> PublishedRanker:
    return PublishedRanker(read_manifest(imported), "cpu")
