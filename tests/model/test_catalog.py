from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import open_clip
import pytest
from open_clip.pretrained import get_pretrained_cfg

from imagesorter.errors import ModelError
from imagesorter.model.catalog import CatalogHead, CatalogModel, read_catalog
from imagesorter.model.preprocessing import Preprocessing
from imagesorter.model.shelf import check_name
from imagesorter.paths import bundled_models

CATALOG = read_catalog()


def test_six_models_from_small_to_the_papers():
    assert len(CATALOG.models) == 6
    assert CATALOG.models[0].megabytes == min(model.megabytes for model in CATALOG.models)
    last = CATALOG.models[-1]
    assert (last.architecture, last.pretrained) == ("convnext_large_d_320", "laion2b_s29b_b131k_ft_soup")
    names = [entry.name for entry in (*CATALOG.models, *CATALOG.heads)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("model", CATALOG.models, ids=lambda model: model.name)
def test_what_is_said_of_a_model_is_what_open_clip_says(model: CatalogModel, tmp_path: Path):
    check_name(model.name, tmp_path)
    config = open_clip.get_model_config(model.architecture)
    stated = get_pretrained_cfg(model.architecture, model.pretrained)
    assert stated["hf_hub"].strip("/") == model.repository
    assert config["vision_cfg"]["image_size"] == model.size
    assert "hf_tokenizer_name" not in config["text_cfg"], "its tokenizer would need another package"
    assert bool(stated.get("quick_gelu", False)) == model.quick_gelu
    theirs = Preprocessing.from_open_clip(stated, model.size)
    assert Preprocessing.from_open_clip(model.preprocess, model.size) == theirs
    assert model.file.endswith(".safetensors")
    assert model.memory > model.megabytes > 100
    assert model.good_for.endswith(".") and model.licence


@pytest.mark.parametrize("model", CATALOG.models, ids=lambda model: model.name)
def test_the_download_is_as_large_as_the_networks_numbers(model: CatalogModel):
    import torch

    from imagesorter.model.tower_sources import build_towers

    with torch.device("meta"):
        clip = build_towers(open_clip.get_model_config(model.architecture), {}).clip
    numbers = sum(tensor.nbytes for tensor in clip.state_dict().values())
    assert model.megabytes == pytest.approx(numbers / 1e6, abs=1)


def test_every_head_has_its_model_and_its_checksum():
    assert len(CATALOG.heads) == 4
    for head in CATALOG.heads:
        model = CATALOG.find(head.on)
        assert isinstance(model, CatalogModel) and model.pretrained == "openai"
        assert model.architecture == head.on
        assert len(bytes.fromhex(head.sha256)) == 32
        assert head.address.startswith("https://github.com/")


def test_the_bundled_model_is_the_one_whose_checksums_are_listed():
    """After a new run of the recipe these lines of models/catalog.toml are to be brought up to date."""
    for name, bundled in CATALOG.bundled.items():
        files = {path.name for path in (bundled_models() / name).iterdir()}
        assert set(bundled.sha256) == files - {"CARD.md", "evaluation.json"}, "all that an order depends on"
        for file, digest in bundled.sha256.items():
            assert hashlib.sha256((bundled_models() / name / file).read_bytes()).hexdigest() == digest


def test_it_says_how_to_get_the_published_checkpoints():
    assert "2412.06760" in CATALOG.published
    assert "models import FILE" in CATALOG.published


def test_finding_an_entry():
    assert isinstance(CATALOG.find("ViT-B-32"), CatalogModel)
    assert isinstance(CATALOG.find("aesthetic-ViT-B-32"), CatalogHead)
    other = CATALOG.find("somebody/their-clip")
    assert (other.name, other.repository, other.architecture) == ("their-clip", "somebody/their-clip", None)


@pytest.mark.parametrize("name", ["", "ViT-B-23", "/x", "x/", "a/b/c", "a/..", "../up"])
def test_what_is_no_entry(name: str):
    with pytest.raises(ModelError, match=r"is not in the catalog\. There are: MobileCLIP2-S0,"):
        CATALOG.find(name)


@pytest.mark.parametrize("content", [None, "model = [", "[[model]]\nname = 'x'", "head = []"])
def test_a_damaged_catalog_is_told(tmp_path: Path, content: str | None):
    path = tmp_path / "catalog.toml"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ModelError, match=r"catalog\.toml: the catalog is damaged"):
        read_catalog(path)


def test_reading_it_needs_no_torch():
    script = (
        "import sys; from imagesorter.model.catalog import read_catalog; read_catalog(); "
        "print([m for m in ('torch', 'open_clip', 'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
