"""One folder of broken and odd files: each is read, read with a warning, or refused with the reason."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagesorter.errors import DecodeError
from imagesorter.library.decode import read_image

from .pictures import (
    encoded,
    exif_block,
    gradient,
    jpeg,
    noise,
    png,
    png16,
    png_of_size,
    swapped_profile,
    tiff,
)

CUT_OFF = "the file is cut off; the picture is used as far as it goes"
DAMAGED = "the file is damaged; the picture is used as far as it goes"
NOT_TURNED = "its EXIF data is damaged; the picture is shown as stored, not turned"

GREY16 = gradient()[..., 0].astype(np.uint16) * 257
RGB = Image.fromarray(gradient())
NOISE = Image.fromarray(noise(200, 150))


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def spoilt(data: bytes, place: int, with_: bytes) -> bytes:
    return data[:place] + with_ + data[place + len(with_) :]


def without_end(data: bytes, count: int) -> bytes:
    return data[:-count]


def transparent() -> Image.Image:
    image = RGB.convert("RGBA")
    image.putalpha(0)
    return image


def jpeg_header() -> bytes:
    data = jpeg()
    start = data.index(b"\xff\xda")
    return data[: start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")]


def jpeg_of_height(height: int) -> bytes:
    data = jpeg()
    return spoilt(data, data.index(b"\xff\xc0") + 5, struct.pack(">H", height))


def png_with_long_text() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("workflow", "x" * 3_000_000, zip=True)
    return png(pnginfo=info)


READ: dict[str, Callable[[], bytes]] = {
    "a PNG.jpg": png,
    "a JPEG.tif": jpeg,
    "a JPEG.nef": jpeg,
    "animated.gif": lambda: encoded(
        RGB.quantize(64), "GIF", save_all=True, append_images=[RGB.rotate(180).quantize(64)]
    ),
    "two pages.tif": lambda: encoded(RGB, "TIFF", save_all=True, append_images=[RGB]),
    "16 bit grey.tif": lambda: tiff(GREY16, 1),
    "16 bit white is zero.tif": lambda: tiff(65535 - GREY16, 0),
    "16 bit colour.tif": lambda: tiff(gradient().astype(np.uint16) * 257, 2),
    "16 bit colour.png": lambda: png16(gradient().astype(np.uint16) * 257),
    "32 bit unsigned.tif": lambda: tiff(gradient()[..., 0].astype(np.uint32) * 0x01010101, 1),
    "32 bit signed.tif": lambda: tiff(gradient()[..., 0].astype(np.int32) * 1000 - 9, 1),
    "float.tif": lambda: tiff(gradient()[..., 0].astype(np.float32) / 255, 1),
    "cmyk.tif": lambda: encoded(RGB.convert("CMYK"), "TIFF"),
    "cmyk.jpg": lambda: encoded(RGB.convert("CMYK"), "JPEG"),
    "palette.png": lambda: encoded(RGB.quantize(200), "PNG"),
    "one bit.png": lambda: encoded(RGB.convert("1"), "PNG"),
    "one bit fax.tif": lambda: encoded(RGB.convert("1"), "TIFF", compression="group4"),
    "transparent.png": lambda: encoded(transparent(), "PNG"),
    "grey and alpha.png": lambda: encoded(transparent().convert("LA"), "PNG"),
    "key colour.png": lambda: encoded(RGB, "PNG", transparency=(0, 0, 128)),
    "progressive.jpg": lambda: jpeg(progressive=True),
    "other profile.jpg": lambda: jpeg(icc_profile=swapped_profile()),
    "broken profile.jpg": lambda: jpeg(icc_profile=b"nonsense" * 50),
    "text before the picture ends.jpg": lambda: jpeg() + b"and more bytes" * 100,
    "no end marker.jpg": lambda: without_end(jpeg(), 2) + bytes(50),
    "one pixel.png": lambda: png(gradient(1, 1)),
    "very wide.png": lambda: png(gradient(5000, 1)),
    "long text.png": png_with_long_text,
    "odd tags.tif": lambda: tiff(gradient(), 2).replace(
        struct.pack("<HHI", 339, 3, 1), struct.pack("<HHI", 339, 3, 2**31)
    ),
    "damaged thumbnail exif.jpg": lambda: jpeg(
        exif=exif_block(1)[:-4] + struct.pack("<I", 2**32 - 1) + b"\xff" * 9
    ),
}

WARNED: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut.jpg": (lambda: half(encoded(NOISE, "JPEG")), CUT_OFF),
    "cut progressive.jpg": (lambda: half(encoded(NOISE, "JPEG", progressive=True)), CUT_OFF),
    "cut.png": (lambda: half(encoded(NOISE, "PNG")), CUT_OFF),
    "cut.bmp": (lambda: half(encoded(NOISE, "BMP")), CUT_OFF),
    "cut.gif": (lambda: half(encoded(NOISE.quantize(255), "GIF")), CUT_OFF),
    "cut.tif": (lambda: half(encoded(NOISE, "TIFF")), CUT_OFF),
    "damaged inside.png": (lambda: spoilt(encoded(NOISE, "PNG"), 40_000, b"\x55" * 99), DAMAGED),
    "exif of noise.jpg": (lambda: jpeg(exif=b"Exif\0\0" + noise(9, 9).tobytes()), NOT_TURNED),
    "exif cut.jpg": (lambda: jpeg(exif=exif_block(6)[:16]), NOT_TURNED),
    "orientation 77.jpg": (lambda: jpeg(exif=exif_block(77)), NOT_TURNED),
    "exif of noise.png": (lambda: png(exif=b"garbage!"), NOT_TURNED),
    "exif that points at itself.jpg": (
        lambda: jpeg(exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(20)),
        NOT_TURNED,
    ),
}

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "zero bytes.jpg": (lambda: b"", "the file is empty (0 bytes)"),
    "text.jpg": (lambda: b"Dear diary, " * 50, "not a picture in a known format"),
    "web page.png": (lambda: b"<!DOCTYPE html><html>", "not a picture in a known format"),
    "zeros.jpg": (lambda: bytes(5000), "not a picture in a known format"),
    "film.heic": (lambda: b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(99), "not a picture in a known format"),
    "first bytes.jpg": (lambda: jpeg()[:3], "the JPEG file is cut off, damaged"),
    "header.jpg": (lambda: half(jpeg_header()), "the JPEG file is cut off, damaged"),
    "header whole.jpg": (jpeg_header, "cut off before the first row"),
    "header.png": (lambda: png()[:33], "the PNG file is cut off, damaged"),
    "header.webp": (lambda: half(encoded(RGB, "WEBP")), "the WebP file is cut off, damaged"),
    "half.avif": (lambda: half(encoded(RGB, "AVIF")), "the AVIF file is cut off, damaged"),
    "half lzw.tif": (
        lambda: half(encoded(RGB, "TIFF", compression="tiff_lzw")),
        "the TIFF file is cut off, damaged",
    ),
    "float colour.tif": (
        lambda: tiff(gradient().astype(np.float32) / 255, 2),
        "this kind of TIFF is not supported; save it as RGB with 16 bits a channel",
    ),
    "32 bit colour.tif": (
        lambda: tiff(gradient().astype(np.uint32) * 0x01010101, 2),
        "this kind of TIFF is not supported; save it as RGB with 16 bits a channel",
    ),
    "no such depth.tif": (lambda: tiff(gradient(), 2, bits=77), "the TIFF file is cut off, damaged"),
    "no width.png": (lambda: png_of_size(0, 5), "the PNG file is cut off, damaged"),
    "no height.jpg": (lambda: jpeg_of_height(0), "the JPEG file is cut off, damaged"),
    "bomb.png": (lambda: png_of_size(50_000, 50_000), "too large (50000 × 50000 pixels"),
    "bomb beyond numbers.png": (lambda: png_of_size(2**31 - 1, 2**31 - 1), "too large"),
    "bomb.bmp": (
        lambda: spoilt(encoded(RGB, "BMP"), 18, struct.pack("<ii", 40_000, 40_000)),
        "too large",
    ),
    "bomb.jpg": (
        lambda: spoilt(jpeg(), jpeg().index(b"\xff\xc0") + 5, b"\xff\xdc\xff\xdc"),
        "too large (65500 × 65500 pixels",
    ),
    "random.heic": (
        lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + noise(40, 40).tobytes(),
        "HEIC",
    ),
    "random.nef": (lambda: b"II*\0\x08\0\0\0" + noise(40, 40).tobytes(), "RAW"),
    "random.cr3": (lambda: noise(40, 40).tobytes(), "RAW"),
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("min_side", [0, 16])
@pytest.mark.parametrize("name", READ)
def test_read(name: str, min_side: int, write: Callable[[str, bytes], Path]) -> None:
    _, picture = read_image(write(name, READ[name]()), min_side=min_side)
    assert picture.warning == ""
    assert picture.rgb.shape[2] == 3
    if picture.width == 96 and "trans" not in name and "alpha" not in name and "profile" not in name:
        left, right = picture.rgb[:, :4].mean(), picture.rgb[:, -4:].mean()
        assert right - left > 40, "brightness grows to the right in all drawn pictures"


@pytest.mark.parametrize("min_side", [0, 16])
@pytest.mark.parametrize("name", WARNED)
def test_read_with_a_warning(name: str, min_side: int, write: Callable[[str, bytes], Path]) -> None:
    draw, warning = WARNED[name]
    _, picture = read_image(write(name, draw()), min_side=min_side)
    assert picture.warning == warning
    assert picture.rgb.std() > (4 if min_side else 20), "what is there is shown"


@pytest.mark.parametrize("min_side", [0, 16])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_reason(name: str, min_side: int, write: Callable[[str, bytes], Path]) -> None:
    draw, reason = REFUSED[name]
    path = write(name, draw())
    with pytest.raises(DecodeError) as caught:
        read_image(path, min_side=min_side)
    assert caught.value.path == path
    assert reason in caught.value.reason
    assert "\n" not in caught.value.reason


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    with pytest.raises(DecodeError, match="this is a folder"):
        read_image(tmp_path / "x.jpg")


def test_a_vanished_file(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="no longer there"):
        read_image(tmp_path / "x.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    with pytest.raises(DecodeError, match="a pipe"):
        read_image(tmp_path / "x.jpg")


def test_no_permission(shared_folder: Path, unprivileged: AbstractContextManager[None]) -> None:
    path = shared_folder / "x.jpg"
    path.write_bytes(jpeg())
    path.chmod(0)
    with unprivileged, pytest.raises(DecodeError, match="no permission"):
        read_image(path)


def test_a_name_that_cannot_be() -> None:
    with pytest.raises(DecodeError, match="cannot be read"):
        read_image(Path("a\0b.jpg"))
