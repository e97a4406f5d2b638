from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from clip_models import installed, write_open_clip
from labelled import asked, write_pictures
from towers import FAMILIES, Sentences, config

from imagesorter.errors import ModelError
from imagesorter.model import memory, tower_sources
from imagesorter.model.clip_ranker import ClipRanker
from imagesorter.model.importing import import_model
from imagesorter.model.memory import Needs, needs_of_towers, require, require_towers
from imagesorter.model.shelf import Shelf
from imagesorter.model.tower_ranker import TowerRanker
from imagesorter.model.tower_sources import build_towers
from imagesorter.training.labelled.probe import train_probe
from imagesorter.training.labelled.trainer import train
from imagesorter.training.study.options import StudyOptions
from imagesorter.training.study.running import study


@pytest.mark.parametrize("family", ["ViT", "ModifiedResNet", "ConvNeXt", "SigLIP", "MobileCLIP", "CoCa"])
def test_weights_are_counted_without_reading_any(family: str):
    needs = needs_of_towers(config(family), 4)
    clip = build_towers(config(family), {}, tokenizer=Sentences(1, 1)).clip
    tensors = (*clip.parameters(), *clip.buffers())
    assert needs.parameters == 4 * sum(tensor.numel() for tensor in tensors)
    assert needs_of_towers(config(family), 8).activations == pytest.approx(2 * needs.activations, abs=2)
    height = FAMILIES[family]["vision_cfg"]["image_size"]
    assert needs.activations > 4 * 4 * 3 * height * height, "more than the images alone"


def test_no_configuration_is_told():
    with pytest.raises(ModelError, match="not a configuration of an OpenCLIP model"):
        needs_of_towers({"embed_dim": 8, "vision_cfg": {"patches": 3}, "text_cfg": {}}, 1)


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine without room, on which nothing is read; the devices that were asked."""

    def read(clip: object, weights: Path) -> None:
        raise AssertionError("the weights were read")

    asked: list[str] = []
    monkeypatch.setattr(tower_sources, "_load", read)
    monkeypatch.setattr(memory, "free", lambda device: asked.append(device) or 120_000_000)
    return asked


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(
    tmp_path: Path, request: pytest.FixtureRequest
):
    manifest = installed(tmp_path / "models").find("vit")
    asked = request.getfixturevalue("no_room")
    with pytest.raises(
        ModelError,
        match=r"“vit” does not fit in memory: it takes 0\.01 GB .* and 0\.12 GB are free.*a smaller model\.$",
    ):
        ClipRanker(manifest, manifest, device="cpu")
    assert asked == ["cpu"], "once"
    asked.clear()
    with pytest.raises(ModelError, match="“Pocket” does not fit in memory"):
        TowerRanker(Shelf(tmp_path).find("pocket"), device="cpu")
    assert asked == ["cpu"]


def test_nor_is_it_imported(tmp_path: Path, no_room: list[str]):
    source = write_open_clip(tmp_path / "source")
    with pytest.raises(ModelError, match=r"source” does not fit in memory: .* 0\.00 to work with"):
        list(import_model(source, Shelf(tmp_path / "models"), "vit"))


@pytest.mark.parametrize("kind", ["training", "probe", "study"])
def test_nor_is_it_trained_on(tmp_path: Path, no_room: list[str], kind: str):
    labels, backbone = write_pictures(tmp_path), write_open_clip(tmp_path / "source")
    with pytest.raises(ModelError, match="source” does not fit in memory"):
        if kind == "study":
            list(study(StudyOptions(labels, str(backbone), tmp_path / "work", test=0.3, device="cpu")))
        else:
            work = train_probe if kind == "probe" else train
            list(work(asked(labels, backbone, tmp_path / "model")))


def test_one_card_of_several_is_asked_as_a_card(no_room: list[str]):
    with pytest.raises(ModelError):
        require_towers("vit", config("ViT"), "cuda:1")
    assert no_room == ["cpu"], "weights come to it by way of main memory"


def test_a_graphics_card_is_asked_too(monkeypatch: pytest.MonkeyPatch):
    rooms = {"cpu": 8_000_000_000, "cuda": 4_000_000_000, "mps": 8_000_000_000}
    monkeypatch.setattr(memory, "free", lambda device: rooms[device])
    require("vit", Needs(3_000_000_000, 1_000_000_000), "cuda")
    with pytest.raises(
        ModelError, match=r"the graphics card's memory: it takes 4\.10 GB \(3\.00 of weights.*CPU"
    ):
        require("vit", Needs(3_000_000_000, 1_100_000_000), "cuda")
    require("vit", Needs(7_000_000_000, 500_000_000), "mps")
    rooms["cpu"] = 3_100_000_000
    with pytest.raises(ModelError, match="does not fit in memory"):  # on its way to the card
        require("vit", Needs(3_000_000_000, 0), "cuda")


def test_free_memory_is_no_more_than_a_container_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    everything = memory.free("cpu")
    assert everything > 10_000_000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("6000000\n")
    assert memory.free("cpu") > 10_000_000
    (tmp_path / "memory.max").write_text("9000000\n")
    assert memory.free("cpu") == 3_000_000
    (tmp_path / "memory.stat").write_text("anon 5000000\ninactive_file 1000000\n")
    assert memory.free("cpu") == 4_000_000


def test_a_card_is_asked_for_what_is_free(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (5, 8))
    assert memory.free("cuda") == 5


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({}, {"PYTORCH_ENABLE_MPS_FALLBACK": "1", "GOMP_SPINCOUNT": "1000"}),
        ({"PYTORCH_ENABLE_MPS_FALLBACK": "0", "GOMP_SPINCOUNT": "7"}, {}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}),
    ],
)
def test_what_torch_reads_at_its_import_is_set_before(own: dict[str, str], found: dict[str, str]):
    names = ("PYTORCH_ENABLE_MPS_FALLBACK", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    script = (
        "import sys, imagesorter, os; assert 'torch' not in sys.modules; "
        f"print({{name: os.environ[name] for name in {names} if name in os.environ}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment | own, capture_output=True, text=True, timeout=60
    )
    assert (ast.literal_eval(done.stdout), done.stderr) == (own | found, "")
