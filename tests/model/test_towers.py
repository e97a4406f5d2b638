from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from towers import FAMILIES, Sentences, config

from imagesorter.errors import ModelError
from imagesorter.model.backbone import Backbone
from imagesorter.model.tower_sources import build_towers, open_towers, read_towers, save_towers
from imagesorter.model.towers import Towers
from imagesorter.paths import bundled_models

POCKET = bundled_models() / "pocket"


def build(family: str) -> Towers:
    torch.manual_seed(0)
    tokenizer = Sentences(1, 1) if family == "SigLIP" else None
    return build_towers(config(family), {}, tokenizer=tokenizer)


@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_tokens_beside_open_clips_own_embeddings(family: str):
    towers = build(family)
    settings = config(family)
    theirs = (open_clip.CoCa if family == "CoCa" else open_clip.CustomTextCLIP)(
        **copy.deepcopy(settings)
    ).eval()
    theirs.load_state_dict(towers.clip.state_dict())
    options = {"normalize": False} if family == "CoCa" else {}
    how = towers.preprocessing
    pixels = torch.randint(0, 256, (2, how.height, how.width, 3), dtype=torch.uint8)
    images = towers.normalise(pixels)
    tokens, embedding = towers.image(images)
    torch.testing.assert_close(embedding, theirs.encode_image(images, **options), atol=1e-5, rtol=0)
    assert tokens.shape[0] == 2
    assert tokens.shape[1] > 1
    assert tokens.shape[2] == towers.image_width
    assert not torch.allclose(tokens[0], tokens[1])

    ids = towers.tokenize(["more apples", "a"])
    words, mask, embedding = towers.text(ids)
    torch.testing.assert_close(embedding, theirs.encode_text(ids, **options), atol=1e-5, rtol=0)
    assert words.shape == (*ids.shape, towers.text_width)
    assert mask.sum(1).tolist() == ([3, 2] if family == "SigLIP" else [4, 3])


def test_image_tokens_are_what_is_pooled():
    """Mean pooling and a linear head: the embedding follows from the tokens."""
    towers = build_towers(config("MobileCLIP") | {"embed_dim": 8}, {})
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        tokens, embedding = towers.image(images)
        head = towers.clip.visual.trunk.get_classifier()
        torch.testing.assert_close(head(tokens.mean(1)), embedding, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_pocket_is_one_of_them():
    towers, _ = open_towers(str(POCKET))
    backbone = Backbone(POCKET / "imagesorter-pocket.json", POCKET / "clip.safetensors").eval()
    rgb = np.random.default_rng(0).integers(0, 256, (90, 200, 3), dtype=np.uint8)
    pixels = torch.tensor(towers.preprocess(Image.fromarray(rgb)))[None]
    torch.testing.assert_close(
        towers.image(towers.normalise(pixels))[0],
        backbone.features(backbone.normalise(pixels.permute(0, 3, 1, 2))),
    )
    ids = towers.tokenize(["more colorful"])
    tokens, mask, _ = backbone.text(ids)
    torch.testing.assert_close(towers.text(ids)[0], tokens)
    assert torch.equal(towers.mask(ids), mask)


def test_an_exclamation_mark_is_no_padding():
    towers = build("ViT")  # CLIP's padding id is its token for "!"
    ids = towers.tokenize(["apples !", "! !", ""])
    assert towers.mask(ids).sum(1).tolist() == [4, 4, 2]
    assert towers.mask(towers.tokenize(["a " * 40])).all()


@pytest.mark.parametrize(("pad", "end"), [(1, 1), (0, 1)])
def test_padding_of_sentence_tokenizers(pad: int, end: int):
    towers = build_towers(config("SigLIP"), {}, tokenizer=Sentences(pad, end))
    mask = towers.mask(towers.tokenize(["more red apples", "", "a " * 40]))
    assert mask.sum(1).tolist() == [4, 1, 16]
    assert mask[0].tolist() == [True] * 4 + [False] * 12


@pytest.mark.parametrize("family", ["ViT", "SigLIP"])
def test_a_text_that_is_cut_off_is_told(family: str):
    towers = build(family)
    assert towers.reads_whole("more red apples")
    assert not towers.reads_whole("very " * 30)


def test_towers_are_kept_in_a_folder(tmp_path: Path):
    settings = config("ConvNeXt")
    torch.manual_seed(1)
    towers = build_towers(settings, {"resize_mode": "squash", "mean": (0.5, 0.5, 0.5)})
    save_towers(towers, settings, tmp_path)
    again = read_towers(tmp_path)
    assert again.preprocessing == towers.preprocessing
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(again.image(images)[0], towers.image(images)[0], atol=1e-2, rtol=1e-2)
    opened, kept = open_towers(str(tmp_path))
    assert kept == settings
    assert opened.preprocessing == towers.preprocessing


def test_a_configuration_and_a_file_of_weights(tmp_path: Path):
    path, weights = tmp_path / "tiny.json", tmp_path / "weights.safetensors"
    path.write_text(json.dumps(config("ViT")), "utf-8")
    state = build_towers(config("ViT"), {}).clip.state_dict()
    save_file(state, weights)
    towers, _ = open_towers(str(path), str(weights))
    assert all(torch.equal(tensor, state[name]) for name, tensor in towers.clip.state_dict().items())


def test_weights_of_open_clips_plain_models_are_read(tmp_path: Path):
    torch.manual_seed(2)
    plain = open_clip.CLIP(**config("ViT")).eval()
    torch.save(plain.state_dict(), tmp_path / "weights.pt")
    towers = build_towers(config("ViT"), {}, tmp_path / "weights.pt")
    ids = towers.tokenize(["more apples"])
    with torch.no_grad():
        torch.testing.assert_close(towers.text(ids)[2], plain.encode_text(ids))


def test_preprocessing_of_a_file_is_that_of_its_kin():
    from imagesorter.model.tower_sources import _named

    assert _named("ViT-B-16-SigLIP", None)[1]["resize_mode"] == "squash"
    assert _named("ViT-B-32", None)[1]["resize_mode"] == "shortest"


class _Payload:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("absent.safetensors", None, "no such file"),
        ("short.safetensors", b"\x10\0\0", "holds no weights"),
        ("text.pt", b"hello", "weights"),
        ("code.pt", pickle.dumps(_Payload()), "weights"),
    ],
)
def test_unusable_weights_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes | None, message: str
):
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=message):
        build_towers(config("ViT"), {}, tmp_path / name)
    assert not (tmp_path / "executed").exists()


def test_weights_of_another_model_are_told(tmp_path: Path):
    save_file(build_towers(config("MobileCLIP"), {}).clip.state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match=r"other\.safetensors holds no weights for this model"):
        build_towers(config("ViT"), {}, tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("source", "pretrained", "message"),
    [
        ("ViT-B-23", None, "no OpenCLIP model “ViT-B-23”.*Similar: .*ViT-B-32"),
        ("ViT-B-32", "laion3b", "“laion3b” is neither a file nor weights of ViT-B-32. Known: openai"),
        ("roberta-ViT-B-32", None, "text tower"),
        ("{folder}", None, "holds no OpenCLIP model"),
        ("{folder}/absent.json", None, "is not a configuration"),
    ],
)
def test_unknown_sources_are_told(tmp_path: Path, source: str, pretrained: str | None, message: str):
    with pytest.raises(ModelError, match=message):
        open_towers(source.format(folder=tmp_path), pretrained)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("model.json", "{}", r"[Ii]nstall"),
        ("model.json", "[]", r"[Ii]nstall"),
        ("model.json", "not json", r"[Ii]nstall"),
        (
            "open_clip_config.json",
            '{"embed_dim": 8, "vision_cfg": {}, "text_cfg": null}',
            "not a configuration",
        ),
    ],
)
def test_a_folder_of_something_else_is_told(tmp_path: Path, name: str, text: str, message: str):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ModelError, match=message):
        open_towers(str(tmp_path), None)


def test_a_wrong_configuration_is_told():
    with pytest.raises(ModelError, match="not a configuration of an OpenCLIP model"):
        build_towers({"embed_dim": 8, "vision_cfg": {"patches": 3}, "text_cfg": {}}, {})


def test_an_image_tower_is_not_fetched(monkeypatch: pytest.MonkeyPatch):
    asked: list[object] = []
    monkeypatch.setattr(open_clip.timm_model.timm, "create_model", lambda *name, **_: asked.append(name))
    settings = config("EVA")
    settings["vision_cfg"]["timm_model_name"] = "hf-hub:somebody/model"
    with pytest.raises(ModelError, match=r"hf-hub:somebody/model.*nothing is fetched"):
        build_towers(settings, {})
    assert not asked
