from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from clip_models import installed, write_head
from PIL import Image
from torch.nn.functional import normalize
from towers import FAMILIES, OnAppleGpu, Sentences, config

from imagesorter.errors import ModelError
from imagesorter.model import clip_ranker
from imagesorter.model.backbone import TextRead
from imagesorter.model.bundle import CLIP, Manifest, read_manifest
from imagesorter.model.clip_ranker import ClipRanker
from imagesorter.model.importing import import_model
from imagesorter.model.prompts import prompts
from imagesorter.model.tower_sources import build_towers
from imagesorter.model.towers import Towers
from imagesorter.paths import bundled_models


def loaded(towers: Towers, monkeypatch: pytest.MonkeyPatch) -> ClipRanker:
    """A ranker around these towers, without the way over the disk."""
    monkeypatch.setattr(clip_ranker, "read_towers", lambda folder, **how: towers)
    manifest = Manifest(
        Path("nowhere"), "model", "Model", "", "", {}, (), frozenset(), CLIP, fingerprint="1", zero_shot=True
    )
    return ClipRanker(manifest, manifest, device="cpu")


def theirs(clip: torch.nn.Module, images: torch.Tensor, ids: tuple[torch.Tensor, ...], **options: bool):
    """OpenCLIP's embeddings, and the chances of the first of two texts as CLIP-IQA has them."""
    embeddings = normalize(clip.encode_image(images, **options), dim=-1)
    more, less = (
        normalize(normalize(clip.encode_text(one, **options), dim=-1).mean(0), dim=0) for one in ids
    )
    logits = clip.logit_scale.exp() * embeddings @ torch.stack([more, less]).T
    return embeddings, logits.softmax(-1)[:, 0]


@torch.no_grad()
def check_against_open_clip(
    ranker: ClipRanker, clip: torch.nn.Module, phrases: tuple[str, ...], **options: bool
) -> None:
    towers, how = ranker._towers, ranker._towers.preprocessing
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (4, how.height, how.width, 3), dtype=np.uint8)
    stored = ranker.encode(pixels)
    assert stored.shape[1:] == ranker.token_shape
    for phrase in phrases:
        asked = prompts(phrase)
        ids = tuple(towers.tokenize(list(texts)) for texts in (asked.more, asked.less))
        images = towers.normalise(torch.from_numpy(pixels))
        embeddings, chances = theirs(clip, images, ids, **options)
        assert np.abs(ranker.embeddings(stored) - embeddings.numpy()).max() < 1e-5
        scores = ranker.score(stored, phrase)
        assert np.abs(1 / (1 + np.exp(-scores.astype(np.float64))) - chances.numpy()).max() < 1e-5
        odds = torch.logit(chances.double()).numpy()
        # random weights tell noise from noise by little; differences below the rounding are no order
        apart = np.abs(np.subtract.outer(odds, odds)) > 4e-5
        signs = np.sign(np.subtract.outer(scores, scores))
        assert (signs == np.sign(np.subtract.outer(odds, odds)))[apart].all()


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"EVA", "Swin", "ViT, mean of patches"}))
def test_an_order_without_training_is_the_softmax_over_opposites(
    family: str, monkeypatch: pytest.MonkeyPatch
):
    torch.manual_seed(0)
    towers = build_towers(config(family), {}, tokenizer=Sentences(1, 1) if family == "SigLIP" else None)
    clip = (open_clip.CoCa if family == "CoCa" else open_clip.CustomTextCLIP)(**config(family)).eval()
    clip.load_state_dict(copy.deepcopy(towers.clip.state_dict()))
    options = {"normalize": False} if family == "CoCa" else {}
    check_against_open_clip(loaded(towers, monkeypatch), clip, ("brighter", "horses in snow"), **options)


@pytest.fixture(scope="session")
def vit_b_32() -> tuple[Towers, torch.nn.Module, object]:
    """The architecture at its full size, OpenCLIP's own model of the same weights, and its preprocessing."""
    torch.manual_seed(0)
    clip, _, transform = open_clip.create_model_and_transforms("ViT-B-32", force_custom_text=True)
    clip.eval()
    settings = open_clip.get_model_config("ViT-B-32")
    assert settings is not None
    towers = build_towers(settings, {})
    towers.clip.load_state_dict(clip.state_dict())
    return towers, clip, transform


def test_a_real_architecture(vit_b_32, monkeypatch: pytest.MonkeyPatch):
    towers, clip, _ = vit_b_32
    check_against_open_clip(loaded(towers, monkeypatch), clip, ("horses in snow",))


@torch.no_grad()
def test_photographs_of_any_shape_become_open_clips_own_embeddings(
    vit_b_32, sample: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    towers, clip, transform = vit_b_32
    ranker = loaded(towers, monkeypatch)
    photographs = [sample, sample.rotate(90, expand=True), sample.crop((0, 0, 300, 90))]
    stored = ranker.encode(np.stack([ranker.preprocess(photo) for photo in photographs]))
    wanted = clip.encode_image(torch.stack([transform(photo) for photo in photographs]), normalize=True)
    assert np.abs(ranker.embeddings(stored) - wanted.numpy()).max() < 1e-5


def test_scores_do_not_depend_on_what_else_is_scored(tmp_path: Path):
    shelf = installed(tmp_path / "models")
    manifest = shelf.find("vit")
    ranker = ClipRanker(manifest, manifest, device="cpu")
    assert ranker.id == manifest.id
    rng = np.random.default_rng(1)
    stored = ranker.encode(rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8))
    together = ranker.score(stored, "sharper")
    assert np.array_equal(together, np.concatenate([ranker.score(one[None], "sharper") for one in stored]))
    assert len({*together.tolist()}) > 30
    assert ranker.score(stored[:0], "sharper").shape == (0,)
    assert ranker.words_read("horses")
    assert not ranker.words_read("very " * 30)


def test_a_text_is_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    manifest = installed(tmp_path / "models").find("vit")
    ranker = ClipRanker(manifest, manifest, device="cpu")
    stored = np.zeros((3, *ranker.token_shape), np.float16)
    ranker.score(stored, "sharper")
    calls: list[object] = []
    monkeypatch.setattr(type(ranker._towers), "text", lambda *arguments: calls.append(arguments))
    ranker.score(stored, "sharper")
    assert not calls


def test_a_text_is_read_on_apples_gpus_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    manifest = installed(tmp_path / "models").find("vit")
    plain, there = (ClipRanker(manifest, manifest, device="cpu") for _ in range(2))
    read = there._towers.text
    monkeypatch.setattr(
        there._towers, "text", lambda ids: TextRead(*(part.as_subclass(OnAppleGpu) for part in read(ids)))
    )
    stored = np.zeros((1, *plain.token_shape), np.float16)
    stored[0, 0, 0] = 1
    assert there.score(stored, "sharper") == plain.score(stored, "sharper") != 0


def test_pocket_is_an_open_clip_model_too():
    towers = read_manifest(bundled_models() / "pocket")
    manifest = Manifest(Path("nowhere"), "model", "Model", "", "", {}, (), frozenset(), CLIP, fingerprint="1")
    ranker = ClipRanker(manifest, towers, device="cpu")
    rgb = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    scores = ranker.score(ranker.encode(rgb), "a horse")
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]


@pytest.mark.parametrize("chain", [False, True])
def test_a_head_scores_what_it_has_learned_and_nothing_else(tmp_path: Path, chain: bool):
    shelf = installed(tmp_path / "models")
    path = write_head(tmp_path / "sa_0_4_test.pth", chain=chain)
    list(import_model(path, shelf, "liked"))
    head = shelf.find("liked")
    ranker = ClipRanker(head, shelf.base(head), shelf.heads(head), "cpu")
    plain = ClipRanker(shelf.find("vit"), shelf.find("vit"), shelf.heads(shelf.find("vit")), "cpu")
    assert ranker.id == plain.id
    rng = np.random.default_rng(2)
    stored = ranker.encode(rng.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8))
    values = torch.tensor(ranker.embeddings(stored), dtype=torch.float32)
    for weight, bias in _layers(torch.load(path, weights_only=True)):
        values = values @ weight.T + bias
    for one in (ranker, plain):
        for phrase in ("aesthetic", "beautiful photos"):
            np.testing.assert_allclose(one.score(stored, phrase), values[:, 0].numpy(), atol=1.5e-5)
            assert one.words_read(phrase)
        bare = ClipRanker(shelf.find("vit"), shelf.find("vit"), (), "cpu")
        assert np.array_equal(one.score(stored, "beautiful horses"), bare.score(stored, "beautiful horses"))
        assert not np.allclose(one.score(stored, "aesthetic"), bare.score(stored, "aesthetic"), atol=1e-2)


def _layers(state: dict[str, torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    if "weight" in state:
        return [(state["weight"], state["bias"])]
    return [(state[f"layers.{k}.weight"], state[f"layers.{k}.bias"]) for k in (0, 2, 4, 6, 7)]


def test_a_head_that_does_not_fit_its_towers_is_told(tmp_path: Path):
    shelf = installed(tmp_path / "models")
    list(import_model(write_head(tmp_path / "a.pth"), shelf, "a"))
    installed(tmp_path / "models", "wide", "CoCa")
    with pytest.raises(ModelError, match="does not fit vit: it reads 24 numbers an image, not 32"):
        ClipRanker(shelf.find("a"), shelf.find("wide"), device="cpu")
    (tmp_path / "models" / "a" / "head.safetensors").write_bytes(b"short")
    with pytest.raises(ModelError, match=r"head\.safetensors: the head is damaged"):
        ClipRanker(shelf.find("a"), shelf.find("vit"), device="cpu")


def test_a_damaged_head_leaves_its_model_sound(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    shelf = installed(tmp_path / "models")
    vit = shelf.find("vit")
    for name in ("a", "b"):
        list(import_model(write_head(tmp_path / f"{name}.pth"), shelf, name))
    (tmp_path / "models" / "a" / "head.safetensors").write_bytes(b"short")
    ranker = ClipRanker(vit, vit, shelf.heads(vit), "cpu")
    assert [head.name for head in ranker.heads] == ["b"]
    assert "a head is left out" in caplog.text
    stored = np.zeros((1, *ranker.token_shape), np.float16)
    assert np.isfinite(ranker.score(stored, "a")).all()
    ranker.use_heads(())
    assert ranker.heads == ()
