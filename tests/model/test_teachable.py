"""Sizes of what is taught with a model: its folder tells the same as the model that was loaded from it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clip_models import installed

from imagesorter.model.clip_ranker import ClipRanker
from imagesorter.model.ranker import Ranker
from imagesorter.model.teachable import teachable


def test_the_bundled_models_folder_tells_what_the_model_tells(ranker: Ranker):
    sizes = teachable(ranker.manifest)
    assert sizes is not None
    readings = ranker.readings(np.zeros((1, *ranker.token_shape), np.float16), "brighter")
    whole = readings.features.shape[1]
    assert set(sizes.widths) == {whole, whole - readings.others.shape[1]}
    for phrase in ("brighter", "sharp portrait", "my mess"):
        for with_layers, told in zip((False, True), sizes.tuned, strict=True):
            changes = ranker.tuned_head(phrase, with_layers=with_layers).changes()
            assert {name: value.shape for name, value in changes.items()} == told


def test_an_open_clip_models_folder_tells_how_wide_its_embeddings_are(tmp_path: Path):
    manifest = installed(tmp_path / "models").find("vit")
    model = ClipRanker(manifest, manifest, device="cpu")
    (read,) = model.describe(np.zeros((1, *model.token_shape), np.float16))
    sizes = teachable(manifest)
    assert sizes is not None and sizes.widths == (read.shape[1],) and not sizes.tuned


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff" * 20, b"\x02\0\0\0\0\0\0\0[]", b"\x02\0\0\0\0\0\0\0{}"]
)
def test_a_damaged_folder_tells_nothing(ranker: Ranker, tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "adapter.safetensors").write_bytes(content)
    assert teachable(replace(ranker.manifest, folder=tmp_path)) is None
    for kind in ("clip", "towers", "another"):
        assert teachable(replace(ranker.manifest, folder=tmp_path, kind=kind, adapter={})) is None


def test_no_torch_is_needed():
    told = "import sys, imagesorter.model.teachable, imagesorter.rankers; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", told], check=True)
