from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from imagesorter.model.backbone import OPENAI_MEAN, OPENAI_STD, Backbone, canvas
from imagesorter.paths import bundled_models

POCKET = bundled_models() / "pocket"


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return (
        Backbone(POCKET / "imagesorter-pocket.json", POCKET / "clip.safetensors").eval().requires_grad_(False)
    )


def test_features_lead_to_open_clips_own_image_embedding(backbone: Backbone):
    pixels = torch.randint(0, 256, (3, backbone.size, backbone.size, 3), dtype=torch.uint8)
    images = backbone.normalise(pixels)
    torch.testing.assert_close(backbone.pooled(backbone.features(images)), backbone.clip.encode_image(images))


def test_text_embedding_is_open_clips_own(backbone: Backbone):
    ids = backbone.tokenize(["more colorful", "sort by noise"])
    embedding, tokens, mask = backbone.text(ids)
    torch.testing.assert_close(embedding, backbone.clip.encode_text(ids)[0])
    assert tokens.shape == (2, ids.shape[1], backbone.text_width)
    assert mask.sum(1).tolist() == [4, 5]  # start, words, end


def test_normalisation_is_clips(backbone: Backbone):
    image = np.random.default_rng(0).integers(0, 256, (1, backbone.size, backbone.size, 3), dtype=np.uint8)
    expected = (image / 255 - np.array(OPENAI_MEAN)) / np.array(OPENAI_STD)
    got = backbone.normalise(torch.from_numpy(image)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_image_tower_keeps_to_its_budget(backbone: Backbone):
    assert sum(p.numel() for p in backbone.clip.visual.parameters()) <= 10_000_000
    size = sum(path.stat().st_size for path in Path(POCKET).iterdir())
    assert size <= 30_000_000


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 4000, 3), (160, 160, 3), (301, 77, 3)])
def test_canvas_of_any_shape(shape: tuple[int, ...]):
    rgb = np.full(shape, (10, 20, 30), np.uint8)
    out = canvas(rgb, 160)
    assert out.shape == (160, 160, 3)
    assert (out == np.array([10, 20, 30])).all()


def test_canvas_shows_the_whole_photograph_without_aliasing():
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    inner = canvas(stripes, 160)[:128, 1:-1].astype(int)  # at the edge the filter has one side only
    assert np.abs(inner - 127).max() <= 2
    corner = np.zeros((640, 640, 3), np.uint8)
    corner[-40:, -40:] = 255
    assert canvas(corner, 160)[127, 159].min() > 200


def test_canvas_holds_details_at_their_own_scale():
    rgb = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    out = canvas(rgb, 160)
    blocks = {rgb[y : y + 32, x : x + 32].tobytes() for y in range(0, 300, 8) for x in range(0, 400, 8)}
    details = [np.ascontiguousarray(out[128:, 32 * k : 32 * k + 32]) for k in range(5)]
    assert len({detail.tobytes() for detail in details}) == 5
    assert all(detail.tobytes() in blocks for detail in details)
