from __future__ import annotations

import numpy as np
import pytest
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from imagesorter.errors import ModelError
from imagesorter.model.preprocessing import Preprocessing, preprocess

SHAPES = ((40, 61), (61, 40), (300, 301), (32, 32), (1, 1), (5, 900))


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [32, (24, 40)])
def test_input_is_open_clips_own(mode: str, interpolation: str, size: int | tuple[int, int]):
    values = {"interpolation": interpolation, "resize_mode": mode, "fill_color": 7, "mean": (0.5, 0.4, 0.3)}
    if mode == "shortest" and size != 32:
        values["interpolation"] = "bicubic"  # OpenCLIP's transform of oblong inputs knows no other
    how = Preprocessing.from_open_clip(values, size)
    theirs = image_transform_v2(PreprocessCfg(size=size, **values), is_train=False)
    rng = np.random.default_rng(0)
    for height, width in SHAPES if mode != "longest" else SHAPES[:-1]:  # there OpenCLIP fails
        rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        expected = theirs(Image.fromarray(rgb)).permute(1, 2, 0).numpy()
        got = (preprocess(Image.fromarray(rgb), how) / 255 - np.array(how.mean)) / np.array(how.std)
        np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_strip_is_shown_as_a_line():
    how = Preprocessing.from_open_clip({"resize_mode": "longest", "fill_color": 9}, 32)
    shown = preprocess(Image.new("RGB", (900, 5), (200, 200, 200)), how)
    assert shown.shape == (32, 32, 3)
    assert (shown == 200).all(axis=(1, 2)).sum() == 1
    assert (shown == 9).all(axis=(1, 2)).sum() == 31


def test_what_was_read_is_written():
    how = Preprocessing.from_open_clip({"resize_mode": "squash", "std": [1, 1, 1], "mean": None}, (24, 40))
    stored = how.as_open_clip()
    assert Preprocessing.from_open_clip(stored, tuple(stored["size"])) == how
    assert PreprocessCfg(**stored).size == [24, 40]


def test_an_unknown_mode_is_told():
    with pytest.raises(ModelError, match="“crop”"):
        Preprocessing.from_open_clip({"resize_mode": "crop"}, 32)
