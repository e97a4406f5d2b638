"""Landscapes drawn from a seed: photographs' stand-ins for tests and for the README's screenshot.

Nothing in them is a photograph, so that none has to be shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scenery import Canvas, Light, rgb

SIZES = ((900, 600), (600, 900), (900, 506))
"""Width and height in pixels: 3:2 across and upright, 16:9."""

# fmt: off
LIGHTS = {
    "dawn": Light("5b7fb5", "d9a7b0", "ffd9a0", "fff0c8", 0.9, "ffdcc4", "a8809a", 0.45, "c9a5ae", "3c4560",
        "4d5a45", height=0.12, petals=("c986b8", "e6b3c8", "8f6fb5", "f3dfd0")),
    "noon": Light("1f63b8", "5ba3e0", "cfe8f5", "ffffff", 0.3, "ffffff", "a9bdd0", 0.4, "9fbdd2", "2f6b3f",
        "5a9440", height=0.85),
    "dusk": Light("2c2a5e", "b04a72", "ff9a4a", "ffe09a", 1.0, "ff9d6b", "59386b", 0.5, "a5586f", "1c1a36",
        "2a2438", height=0.08, lamps=0.35, leaves=("14122a", "1b1730", "100f22")),
    "night": Light("050a1c", "0f1d3d", "2b4266", "f2f3ff", 0.35, "3a4a6b", "131c33", 0.25, "26385a",
        "05080f", "0b141d", height=0.7, stars=500, lamps=0.5, leaves=("04070c", "070b12", "05080e")),
    "fog": Light("b9c1c6", "c9cfd2", "dcdfdf", "ffffff", 0.25, "e4e6e6", "c4cacd", 0.5, "cdd2d4", "5f6c70",
        "87908c", height=0.5, leaves=("5b676a", "69757a", "525d61")),
    "autumn": Light("6d9ac4", "b3cbdc", "f3e3c4", "fff3d0", 0.5, "fff7ea", "b6b3b4", 0.35, "b7b0ad",
        "7a4a22", "a8752c", height=0.3, leaves=("b5471b", "d98a22", "8a3a1c", "c9a227", "5f5a26"),
        petals=("d9892b", "c2542d", "e8c350", "8f4a2a")),
    "desert": Light("2f6fae", "8fb9d6", "f5dfbd", "fff6dc", 0.5, "fff4e6", "c9b8a8", 0.12, "d9a57b",
        "a8542b", "d98a4b", height=0.45, leaves=("4f5a30", "616a3a")),
    "snow": Light("6f97c4", "b4cde4", "eef3f8", "ffffff", 0.4, "ffffff", "b3c0d0", 0.4, "b9c9dc", "5d7390",
        "e6edf5", height=0.25, white=1.0, leaves=("3a4d57", "2f414c", "465a63")),
    "storm": Light("343c48", "566270", "99a3a6", "e6e6da", 0.15, "8b949c", "343b47", 0.85, "6d7a84",
        "2a352f", "4a5a42", height=0.4, leaves=("1d2a25", "26342c")),
    "spring": Light("3f8ad0", "93c6ee", "e4f3f7", "fffbe6", 0.35, "ffffff", "b8cbdb", 0.3, "a9cbd0",
        "3f8a46", "74b042", height=0.6, leaves=("4f8f3a", "6aa544", "3d7a38"), petals=("ff4f6d", "ffc933",
        "ff8a3d", "b45bd6", "fff3ef", "f0307d")),
    "gold": Light("4a6fa0", "e3b36b", "ffcf70", "fff3b8", 1.0, "ffe0a0", "b0764f", 0.35, "d9a05e", "4a3318",
        "8a6a2a", height=0.1, leaves=("3a2a12", "4a3616", "2c2010"), petals=("f2b632", "e07b24", "f6d76a",
        "b8471f")),
}
# fmt: on


def _mountains(canvas: Canvas) -> None:
    canvas.mountains(4, 0.42)
    canvas.forest(0.93, 0.16, 70)


def _lake(canvas: Canvas) -> None:
    canvas.mountains(4, 0.40)
    shore = canvas.horizon / canvas.height + 0.005
    canvas.forest(shore, 0.07, 130, round_crowns=_is_broadleaf(canvas.light))
    canvas.water(shore + 0.015, rough=0.7)


def _sea(canvas: Canvas) -> None:
    canvas.mountains(2, 0.07, ridged=False)
    canvas.water(canvas.horizon / canvas.height, rough=1.6)


def _woods(canvas: Canvas) -> None:
    haze = canvas.light.horizon
    for base, tall, count in ((0.66, 0.20, 90), (0.80, 0.32, 45), (1.04, 0.46, 22)):
        canvas.forest(base, tall, count, round_crowns=_is_broadleaf(canvas.light))
        if base < 1:
            fade = np.clip((canvas.y / canvas.height - base + 0.25) * 2.2, 0, 0.6)
            canvas.blend(rgb(haze), np.broadcast_to(fade, (canvas.height, canvas.width)))


def _town(canvas: Canvas) -> None:
    shore = canvas.horizon / canvas.height + 0.06
    canvas.mountains(2, 0.12, ridged=False)
    canvas.town(shore, 0.42)
    canvas.water(shore, rough=0.9)


def _meadow(canvas: Canvas) -> None:
    canvas.mountains(3, 0.20)
    canvas.forest(canvas.horizon / canvas.height + 0.012, 0.06, 60, round_crowns=True)
    canvas.field()


def _bloom(canvas: Canvas) -> None:
    canvas.mountains(2, 0.14, ridged=False)
    canvas.field(rows=8)


def _dunes(canvas: Canvas) -> None:
    canvas.mountains(2, 0.12)
    canvas.dunes(5)


_KINDS: dict[str, Callable[[Canvas], None]] = {
    "mountains": _mountains,
    "lake": _lake,
    "sea": _sea,
    "woods": _woods,
    "town": _town,
    "meadow": _meadow,
    "bloom": _bloom,
    "dunes": _dunes,
}
_HORIZONS = {"woods": 0.62, "meadow": 0.55, "bloom": 0.42, "dunes": 0.45, "town": 0.6, "mountains": 0.78}

# fmt: off
_SCENES = (
    ("spring", "bloom"), ("dusk", "sea"), ("fog", "woods"), ("noon", "lake"), ("night", "town"),
    ("autumn", "woods"), ("snow", "mountains"), ("desert", "dunes"), ("dawn", "lake"), ("storm", "sea"),
    ("gold", "meadow"), ("dusk", "town"), ("noon", "mountains"), ("fog", "lake"), ("dawn", "bloom"),
    ("snow", "woods"), ("night", "lake"), ("spring", "meadow"), ("autumn", "lake"), ("gold", "sea"),
    ("dawn", "mountains"), ("noon", "sea"), ("storm", "mountains"), ("desert", "mountains"), ("fog", "town"),
    ("dusk", "mountains"), ("snow", "lake"), ("gold", "bloom"), ("night", "mountains"), ("spring", "woods"),
)
# fmt: on
"""Light and kind, so mixed that any few neighbours differ."""

_WORDS = {"bloom": "tulip field", "sea": "bay", "woods": "edge of the forest", "gold": "golden evening"}

_NAMES = (
    "IMG_{number}",
    "DSC0{number}",
    "{light} over the {kind}",
    "P10{number}",
    "{kind}, {light}",
    "2024-{month:02}-{day:02} {kind}",
    "IMG_{number} (edited)",
    "{light}, the {kind} from the old bridge on the way home",
)


def draw_scene(seed: int) -> Image.Image:
    """A landscape; the same for the same seed. 8-bit RGB of one of `SIZES`."""
    rng = np.random.default_rng(seed)
    name, kind = _SCENES[seed % len(_SCENES)]
    light = replace(LIGHTS[name], cover=float(np.clip(LIGHTS[name].cover * rng.uniform(0.6, 1.4), 0, 0.9)))
    size = SIZES[int(rng.choice(3, p=(0.55, 0.25, 0.2)))]
    canvas = Canvas(rng, size, light, _HORIZONS.get(kind, 0.55) + rng.uniform(-0.05, 0.05))
    canvas.sky()
    _KINDS[kind](canvas)
    canvas.saturate(0.0 if seed % 9 == 4 else rng.uniform(0.6, 1.15))
    picture = canvas.developed()
    return picture.filter(ImageFilter.GaussianBlur(2.2)) if seed % 14 == 13 else picture


def save_album(folder: Path, count: int) -> list[Path]:
    """Save the scenes of the seeds below `count` as JPEG files with such names as cameras and people give.

    Returns:
        their paths, by seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for seed in range(count):
        light, kind = (_WORDS.get(word, word) for word in _SCENES[seed % len(_SCENES)])
        name = _NAMES[seed * 5 % len(_NAMES)].format(
            number=2041 + 37 * seed, light=light, kind=kind, month=1 + seed % 12, day=1 + seed * 11 % 28
        )
        path = folder / f"{name}.jpg"
        if path.exists():
            path = folder / f"{name} {seed}.jpg"
        draw_scene(seed).save(path, quality=88)
        paths.append(path)
    return paths


def _is_broadleaf(light: Light) -> bool:
    return light.leaves in (LIGHTS["autumn"].leaves, LIGHTS["spring"].leaves)
