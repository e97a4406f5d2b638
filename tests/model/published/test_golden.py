"""The authors' code gives these numbers; so must ours, preprocessing included."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import seeded
import torch
from PIL import Image
from straightforward import Straightforward, image_tokens

from imagesorter.model.bundle import read_manifest
from imagesorter.model.published.architecture import build, recognise
from imagesorter.model.published.importer import import_checkpoint
from imagesorter.model.published.ranker import PublishedRanker, text_tokens

SCORES, PAIRS = 2e-4, 1e-3
"""Absolute tolerances of the authors' numbers in float32."""

_FULL = pytest.mark.skipif(
    not os.environ.get("IMAGESORTER_SLOW_TESTS"),
    reason="the full model is 1.5 GB of numbers; IMAGESORTER_SLOW_TESTS=1 runs this, in about a minute",
)


@pytest.mark.parametrize("model", ["small", pytest.param("full", marks=[_FULL, pytest.mark.timeout(900)])])
def test_scores_and_pair_logits_are_the_authors(model: str, tmp_path: Path):
    expected = seeded.golden(model)
    path = tmp_path / "cliprank.pt"
    torch.save({"state_dict": {f"module.{k}": v for k, v in seeded.state(model).items()}, "epoch": 3}, path)
    list(import_checkpoint(path, tmp_path / "models", "golden"))
    ranker = PublishedRanker(read_manifest(tmp_path / "models" / "golden"), "cpu")
    side = ranker._size
    pictures = [seeded.pattern(i, *size) for i, size in enumerate(expected["pattern_sizes"])]
    pixels = np.stack([ranker.preprocess(Image.fromarray(picture)) for picture in pictures])
    with torch.inference_mode():
        tokens = {
            "seeded_images(4)": ranker._adapter.encode_image(
                image_tokens(ranker._clip, seeded.images(4, side))
            ).numpy(),
            "pattern_images": ranker._encode(pixels).numpy(),
        }
    assert len(expected["cases"]) == 6
    for case in expected["cases"]:
        ids = ranker._tokenizer([case["prompt"]])[0].tolist()
        assert ids == case["token_ids"] + [0] * (77 - len(case["token_ids"]))
        image = tokens[case["images"]]
        np.testing.assert_allclose(ranker.score(image, case["prompt"]), case["scores"], atol=SCORES, rtol=0)
        np.testing.assert_allclose(
            ranker.pair_logits(image, case["prompt"]), case["pair_logits_row_i_col_j"], atol=PAIRS, rtol=0
        )


def test_what_the_fast_one_is_held_to_gives_the_authors_numbers_too():
    expected = seeded.golden("small")
    tensors = seeded.state("small")
    architecture = recognise(seeded.manifest("small"))
    clip, _ = build(architecture, tensors)
    reference = Straightforward(architecture.adapter, tensors)
    with torch.inference_mode():
        image = image_tokens(clip, seeded.images(4, 96))
        checks = expected["checks"]
        assert [image[0].mean().item(), image[0].std().item()] == pytest.approx(
            checks["image_tokens_mean_std_first_image"], abs=1e-4
        )
        for case in expected["cases"][:3]:
            ids = torch.zeros(1, 77, dtype=torch.long)
            ids[0, : len(case["token_ids"])] = torch.tensor(case["token_ids"])
            attended = reference.attend(image, text_tokens(clip, ids)[0])
            scores, pairs = reference.score(attended), reference.pair_logits(attended)
            np.testing.assert_allclose(scores, case["scores"], atol=SCORES, rtol=0)
            np.testing.assert_allclose(pairs, case["pair_logits_row_i_col_j"], atol=PAIRS, rtol=0)
