"""A trained model answers what it has not learned by the towers that it was trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from clip_models import write_open_clip
from labelled import asked, write_pictures

from imagesorter.model.bundle import Manifest, read_manifest
from imagesorter.model.clip_ranker import ClipRanker
from imagesorter.model.tower_ranker import TowerRanker
from imagesorter.training.labelled.trainer import train
from imagesorter.training.pairs.taught_features import describe


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("trained")
    labels = write_pictures(folder)
    source = write_open_clip(folder / "downloaded")
    for _ in train(asked(labels, source, folder / "made", steps=2, resize="model")):
        pass
    return read_manifest(folder / "made")


@pytest.fixture
def pixels() -> Iterator[np.ndarray]:
    yield np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_what_was_not_learned_is_scored_as_by_the_untrained_model(trained: Manifest, pixels: np.ndarray):
    assert trained.zero_shot
    ranker = TowerRanker(trained, "cpu")
    plain = ClipRanker(dataclasses.replace(trained, kind="clip", attributes=()), trained, device="cpu")
    stored = ranker.encode(pixels)
    assert stored.shape[1:] == ranker.token_shape
    np.testing.assert_allclose(
        ranker.score(stored, "horses"), plain.score(plain.encode(pixels), "horses"), atol=1e-4
    )
    assert ranker.words_read("horses")
    assert not ranker.words_read("very " * 30)


def test_what_was_learned_is_scored_as_without_the_embedding(trained: Manifest, pixels: np.ndarray):
    ranker = TowerRanker(trained, "cpu")
    bare = TowerRanker(dataclasses.replace(trained, zero_shot=False), "cpu")
    stored, tokens = ranker.encode(pixels), bare.encode(pixels)
    assert np.array_equal(stored[:, : tokens.shape[1]], tokens)
    assert np.array_equal(ranker.score(stored, "red"), bare.score(tokens, "red"))
    for one, other in zip(
        describe(ranker, stored, "red").blocks, describe(bare, tokens, "red").blocks, strict=True
    ):
        assert np.array_equal(one, other)


def test_towers_that_were_trained_or_random_are_not_asked(tmp_path: Path):
    labels = write_pictures(tmp_path)
    source = write_open_clip(tmp_path / "downloaded")
    list(train(asked(labels, source, tmp_path / "made", steps=1, unfreeze="words")))
    assert not read_manifest(tmp_path / "made").zero_shot
    list(train(asked(labels, source / "open_clip_config.json", tmp_path / "random", steps=1)))
    assert not read_manifest(tmp_path / "random").zero_shot
