from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imagesorter.errors import DecodeError
from imagesorter.library import limits
from imagesorter.library.decode import decode

from .pictures import exif_block, gradient, jpeg

NAME = Path("a.nef")
DATA = b"II*\0 a camera's file"
JPEG, BITMAP = "JPEG", "BITMAP"


class LibRawError(Exception):
    pass


@dataclass
class Camera:
    """Stands for rawpy: what the fake file holds, and how it was developed."""

    flip: int = 0
    width: int = 96
    height: int = 64
    preview: bytes | None = None
    preview_format: str = JPEG
    half_sizes: list[bool] = field(default_factory=list)

    def postprocess(self, *, half_size: bool, **options: Any) -> np.ndarray:
        assert options == {"use_camera_wb": True, "no_auto_bright": True, "output_bps": 8}
        self.half_sizes.append(half_size)
        rgb = gradient(self.width, self.height)
        if half_size:
            rgb = rgb[::2, ::2]
        return np.ascontiguousarray(np.rot90(rgb, {0: 0, 3: 2, 5: 1, 6: 3}[self.flip]))

    def extract_thumb(self) -> SimpleNamespace:
        if self.preview is None:
            raise LibRawError
        return SimpleNamespace(format=self.preview_format, data=self.preview)

    @property
    def sizes(self) -> SimpleNamespace:
        return SimpleNamespace(width=self.width, height=self.height, flip=self.flip)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    camera = Camera()

    @contextmanager
    def imread(file: Any) -> Iterator[Camera]:
        if file.read() != DATA:
            raise LibRawError("Unsupported file format or not RAW file")
        yield camera

    fake = SimpleNamespace(
        imread=imread, LibRawError=LibRawError, ThumbFormat=SimpleNamespace(JPEG=JPEG, BITMAP=BITMAP)
    )
    monkeypatch.setitem(sys.modules, "rawpy", fake)
    return camera


@pytest.mark.parametrize(("flip", "turns"), [(0, 0), (3, 2), (5, 1), (6, 3)])
def test_developed_as_the_camera_was_held(camera: Camera, flip: int, turns: int) -> None:
    camera.flip = flip
    picture = decode(NAME, DATA)
    expected = np.rot90(gradient(), turns)
    assert (picture.height, picture.width) == expected.shape[:2]
    assert (picture.rgb == expected).all()
    assert camera.half_sizes == [False]


def test_half_size_where_it_is_enough(camera: Camera) -> None:
    assert decode(NAME, DATA, min_side=32).rgb.shape == (32, 48, 3)
    assert decode(NAME, DATA, min_side=33).rgb.shape == (64, 96, 3)
    assert decode(NAME, DATA, min_side=10).rgb.shape == (16, 24, 3)
    assert camera.half_sizes == [True, False, True]


@pytest.mark.parametrize("turned_by", ["itself", "exif", "nobody"])
@pytest.mark.parametrize(("flip", "turns", "orientation"), [(3, 2, 3), (5, 1, 8), (6, 3, 6)])
def test_a_large_preview_is_used_upright(
    camera: Camera, flip: int, turns: int, orientation: int, turned_by: str
) -> None:
    camera.flip = flip
    expected = np.rot90(gradient(), turns)
    if turned_by == "itself":
        camera.preview = jpeg(np.ascontiguousarray(expected), exif=exif_block(1))
    else:
        camera.preview = jpeg(exif=exif_block(orientation)) if turned_by == "exif" else jpeg()
    picture = decode(NAME, DATA, min_side=33)
    assert not camera.half_sizes
    assert picture.rgb.shape == expected.shape
    assert np.abs(picture.rgb.astype(int) - expected).mean() < 3


def test_a_smaller_preview_will_do_where_the_caller_says_so(camera: Camera) -> None:
    camera.preview, camera.preview_format = jpeg(gradient(48, 32)), JPEG
    assert decode(NAME, DATA, min_side=64, preview_side=32).rgb.shape == (32, 48, 3)
    assert not camera.half_sizes
    assert decode(NAME, DATA, min_side=64, preview_side=33).rgb.shape == (64, 96, 3)
    assert decode(NAME, DATA, min_side=64).rgb.shape == (64, 96, 3)
    assert camera.half_sizes == [False, False]


@pytest.mark.parametrize(
    ("preview", "kind"), [(jpeg(gradient(30, 20)), JPEG), (b"\xff\xd8\xffnonsense", JPEG), (b"", BITMAP)]
)
def test_a_preview_that_will_not_do(camera: Camera, preview: bytes, kind: str) -> None:
    camera.preview, camera.preview_format = preview, kind
    assert decode(NAME, DATA, min_side=32).rgb.shape == (32, 48, 3)
    assert camera.half_sizes == [True]


def test_too_large(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "max_pixels", lambda: 96 * 64 - 1)
    with pytest.raises(DecodeError, match="too large"):
        decode(NAME, DATA)
    assert not camera.half_sizes


def test_damaged(camera: Camera) -> None:
    with pytest.raises(DecodeError, match="the RAW file is cut off, damaged"):
        decode(NAME, DATA[:-1])


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(DecodeError, match=re.escape(f"{sys.executable} -m pip install rawpy")):
        decode(NAME, DATA)


def dng() -> bytes:
    """The least that LibRaw takes for a RAW file: a DNG with a Bayer mosaic of red, green and blue halves."""
    height, width = 400, 600
    mosaic = np.full((height, width), 2000, np.uint16)
    mosaic[0::2, 0::2][:, : width // 4] = 50_000  # red sites, on the left
    mosaic[1::2, 1::2][:, width // 4 :] = 50_000  # blue sites, on the right
    pixels = mosaic.tobytes()
    matrix = b"".join(
        struct.pack("<ii", value, 10_000) for value in (10_000, 0, 0, 0, 10_000, 0, 0, 0, 10_000)
    )
    neutral = struct.pack("<II", 1, 1) * 3
    model = b"Drawn by a test\0"
    place = 8 + len(pixels)
    tags = [
        (254, 4, 1, 0),
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 32803),
        (271, 2, len(model), place + 96),
        (272, 2, len(model), place + 96),
        (273, 4, 1, 8),
        (274, 3, 1, 1),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
        (33421, 3, 2, 2 | 2 << 16),
        (33422, 1, 4, int.from_bytes(bytes([0, 1, 1, 2]), "little")),
        (50706, 1, 4, int.from_bytes(bytes([1, 4, 0, 0]), "little")),
        (50708, 2, len(model), place + 96),
        (50717, 4, 1, 65_535),
        (50721, 10, 9, place),
        (50728, 5, 3, place + 72),
    ]
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    after = matrix + neutral + model
    return b"II*\0" + struct.pack("<I", place + len(after)) + pixels + after + table + bytes(4)


def test_a_real_dng() -> None:
    pytest.importorskip("rawpy", reason="the extra 'raw' is not installed")
    picture = decode(Path("a.dng"), dng(), min_side=100)
    assert (picture.width, picture.height) == (600, 400)
    small = np.asarray(Image.fromarray(picture.rgb).resize((2, 1), Image.Resampling.BOX)).astype(int)
    assert small[0, 0].argmax() == 0, "the left is red"
    assert small[0, 1].argmax() == 2, "the right is blue"
    assert decode(Path("a.dng"), dng()).rgb.shape == (400, 600, 3)
    with pytest.raises(DecodeError, match="RAW"):
        decode(Path("a.dng"), dng()[:4000])
