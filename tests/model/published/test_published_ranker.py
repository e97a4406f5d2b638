from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from imagesorter.errors import ModelError
from imagesorter.model.bundle import Manifest, read_manifest
from imagesorter.model.loading import load_ranker
from imagesorter.model.published.ranker import PublishedRanker

PROMPT = "Sort images by the number of cats."


@pytest.fixture(scope="module")
def pixels(published: PublishedRanker) -> np.ndarray:
    numbers = np.random.default_rng(0)
    small = [numbers.integers(0, 256, (5 + k, 7, 3), dtype=np.uint8) for k in range(21)]
    return np.stack([published.preprocess(Image.fromarray(image)) for image in small])


@pytest.fixture(scope="module")
def tokens(published: PublishedRanker, pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([published.encode(pixels[i : i + 4]) for i in range(0, len(pixels), 4)])


def test_tokens_are_the_backbones_map_in_half_precision(published: PublishedRanker, tokens: np.ndarray):
    assert tokens.dtype == np.float16
    assert tokens.shape[1:] == published.token_shape == (9, 64)


def test_a_score_depends_on_its_own_image_alone(published: PublishedRanker, tokens: np.ndarray):
    together = published.score(tokens, PROMPT)
    alone = np.array([published.score(token[None], PROMPT)[0] for token in tokens])
    shuffled = np.random.default_rng(1).permutation(len(tokens))
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together[shuffled], published.score(tokens[shuffled], PROMPT))
    assert len(set(together.tolist())) == len(tokens)


def test_half_precision_of_what_is_stored_keeps_the_order(published, pixels, tokens):
    with torch.inference_mode():
        exact = np.concatenate(
            [published._encode(pixels[i : i + 4]).numpy() for i in range(0, len(pixels), 4)]
        )
    wanted, got = published.score(exact, PROMPT), published.score(tokens, PROMPT)
    assert np.abs(got - wanted).max() <= 5e-3 * wanted.std()
    assert np.corrcoef(got.argsort().argsort(), wanted.argsort().argsort())[0, 1] >= 0.999


def test_pair_logits_of_batches_are_those_of_all(published: PublishedRanker, tokens: np.ndarray):
    logits = published.pair_logits(tokens, PROMPT)
    assert logits.shape == (21, 21)
    few = published.pair_logits(tokens[[2, 20]], PROMPT)
    np.testing.assert_allclose(few, logits[np.ix_([2, 20], [2, 20])], atol=1e-5)


def test_no_images_no_scores(published: PublishedRanker):
    none = np.zeros((0, *published.token_shape), np.float16)
    assert published.score(none, PROMPT).shape == (0,)
    assert published.pair_logits(none, PROMPT).shape == (0, 0)


def test_the_picture_is_squashed_whole(published: PublishedRanker):
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 256, (300, 500, 3), dtype=np.uint8))
    expected = picture.resize((96, 96), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(published.preprocess(picture), np.asarray(expected))


def test_long_texts_are_told(published: PublishedRanker):
    assert published.words_read(PROMPT)
    assert not published.words_read("very " * 80)
    assert published.score(np.zeros((1, 9, 64), np.float16), "very " * 80).shape == (1,)


def test_each_kind_is_loaded_by_its_own(imported: Path):
    manifest = read_manifest(imported)
    loaded = load_ranker(manifest, "cpu")
    assert isinstance(loaded, PublishedRanker)
    assert (loaded.name, loaded.device, loaded.id) == ("counting", "cpu", f"counting-{manifest.digest()}")
    later = Manifest(**(vars(manifest) | {"kind": "quantum"}))
    with pytest.raises(ModelError, match=r"“quantum”.*Install a newer one"):
        load_ranker(later, "cpu")


@pytest.mark.parametrize("name", ["weights.safetensors", "published-convnext_atto-96.json"])
@pytest.mark.parametrize("damage", ["absent", "empty", "half"])
def test_a_damaged_model_is_told_by_name(imported: Path, tmp_path: Path, name: str, damage: str, caplog):
    folder = tmp_path / "counting"
    shutil.copytree(imported, folder)
    whole = (folder / name).read_bytes()
    if damage == "absent":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(whole[: len(whole) // 2] if damage == "half" else b"")
    with pytest.raises(ModelError, match=r"counting.*is damaged.*import the checkpoint again"):
        load_ranker(read_manifest(folder), "cpu")


@pytest.mark.parametrize(
    ("phrase", "learned"),
    [("number of people", True), ("how many red cars", True), ("people", False), ("sharper", False)],
)
def test_what_it_has_not_learned_is_known(published: PublishedRanker, phrase: str, learned: bool):
    assert (published.manifest.unlearned(phrase) == ()) is learned
