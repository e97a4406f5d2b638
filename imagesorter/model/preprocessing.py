"""From a photograph of any size to a tower's input, as OpenCLIP would do it: Pillow and NumPy alone.

OpenCLIP states size, mean, deviation, interpolation and resize mode with each set of weights
(`PreprocessCfg`); the pixels made here are its own, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import ModelError
from imagesorter.model.backbone import OPENAI_MEAN, OPENAI_STD

_MODES = ("shortest", "longest", "squash")
_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "random": Image.Resampling.BICUBIC,  # OpenCLIP's own reading of it outside training
}


@dataclass(frozen=True)
class Preprocessing:
    """How a photograph becomes input.

    Attributes:
        height, width: of the input, in pixels.
        mean, std: of each channel of RGB in [0, 1].
        interpolation: "bicubic", "bilinear" or "random".
        resize_mode: "shortest" fits the shorter side and crops, "longest" fits the longer side
            and pads, "squash" ignores the proportions.
        fill: grey level of padding.
    """

    height: int
    width: int
    mean: tuple[float, ...] = OPENAI_MEAN
    std: tuple[float, ...] = OPENAI_STD
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"
    fill: int = 0

    @classmethod
    def from_open_clip(cls, config: Mapping[str, Any], size: int | tuple[int, int]) -> Preprocessing:
        """Read a `PreprocessCfg` as a mapping; what is missing or None is OpenCLIP's default.

        Args:
            config: keys `mean`, `std`, `interpolation`, `resize_mode`, `fill_color`; others are ignored.
            size: of the image tower, which counts above the mapping's.

        Raises:
            ModelError: a value that OpenCLIP does not know.
        """
        height, width = (size, size) if isinstance(size, int) else size
        values = {key: value for key, value in config.items() if value is not None}
        made = cls(
            int(height),
            int(width),
            tuple(values.get("mean", OPENAI_MEAN)),
            tuple(values.get("std", OPENAI_STD)),
            values.get("interpolation", "bicubic"),
            values.get("resize_mode", "shortest"),
            int(values.get("fill_color", 0)),
        )
        if made.resize_mode not in _MODES or made.interpolation not in _FILTERS:
            raise ModelError(
                f"the model asks for the unknown preprocessing “{made.resize_mode}”, "
                f"“{made.interpolation}”. Known: {', '.join(_MODES)}; {', '.join(_FILTERS)}."
            )
        return made

    def as_open_clip(self) -> dict[str, Any]:
        """The same as a `PreprocessCfg` mapping, for `open_clip_config.json`."""
        values = asdict(self)
        size = [values.pop("height"), values.pop("width")]
        return {"size": size, "mode": "RGB", "fill_color": values.pop("fill")} | values


def preprocess(image: Image.Image, how: Preprocessing) -> NDArray[np.uint8]:
    """A picture of mode "RGB" and any size → (height, width, 3) pixels, not normalised yet. Any thread."""
    resampling = _FILTERS[how.interpolation]
    if how.resize_mode == "squash":
        return np.asarray(image.resize((how.width, how.height), resampling))
    return _centred(np.asarray(image.resize(_fitted(image, how), resampling)), how)


def _fitted(image: Image.Image, how: Preprocessing) -> tuple[int, int]:
    """Width and height that keep the proportions, rounded as torchvision and OpenCLIP round."""
    width, height = image.size
    if how.resize_mode == "shortest" and how.height == how.width:
        shorter = min(width, height)
        return int(how.width * width / shorter), int(how.height * height / shorter)
    ratios = height / how.height, width / how.width
    ratio = min(ratios) if how.resize_mode == "shortest" else max(ratios)
    return max(round(width / ratio), 1), max(round(height / ratio), 1)


def _centred(rgb: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.uint8]:
    """Pad what is smaller, half on either side and the odd pixel behind, then crop around the centre."""
    missing = [max(want - have, 0) for want, have in zip((how.height, how.width), rgb.shape, strict=False)]
    if any(missing):
        around = [(gap // 2, (gap + 1) // 2) for gap in missing]
        rgb = np.pad(rgb, [*around, (0, 0)], constant_values=how.fill)
    top = round((rgb.shape[0] - how.height) / 2)
    left = round((rgb.shape[1] - how.width) / 2)
    return rgb[top : top + how.height, left : left + how.width]
