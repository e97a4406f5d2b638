from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from imagesorter.model.backbone import OPENAI_MEAN, OPENAI_STD, Backbone
from imagesorter.paths import bundled_models

POCKET = bundled_models() / "pocket"


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return (
        Backbone(POCKET / "imagesorter-pocket.json", POCKET / "clip.safetensors").eval().requires_grad_(False)
    )


def test_features_lead_to_open_clips_own_image_embedding(backbone: Backbone):
    pixels = torch.randint(0, 256, (3, 3, backbone.size, backbone.size), dtype=torch.uint8)
    images = backbone.normalise(pixels)
    torch.testing.assert_close(backbone.pooled(backbone.features(images)), backbone.clip.encode_image(images))


def test_text_embedding_is_open_clips_own(backbone: Backbone):
    ids = backbone.tokenize(["more colorful", "sort by noise"])
    tokens, mask, embedding = backbone.text(ids)
    torch.testing.assert_close(embedding, backbone.clip.encode_text(ids)[0])
    assert tokens.shape == (2, ids.shape[1], backbone.text_width)
    assert mask.sum(1).tolist() == [4, 5]  # start, words, end


def test_normalisation_is_clips(backbone: Backbone):
    image = np.random.default_rng(0).integers(0, 256, (1, backbone.size, backbone.size, 3), dtype=np.uint8)
    expected = (image / 255 - np.array(OPENAI_MEAN)) / np.array(OPENAI_STD)
    got = backbone.normalise(torch.from_numpy(image).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_image_tower_keeps_to_its_budget(backbone: Backbone):
    assert sum(p.numel() for p in backbone.clip.visual.parameters()) <= 10_000_000
    size = sum(path.stat().st_size for path in Path(POCKET).iterdir())
    assert size <= 30_000_000
