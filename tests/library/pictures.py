"""Pictures that the tests draw, whole and broken."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

WIDTH, HEIGHT = 96, 64


def gradient(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, blue is even: (height, width, 3)."""
    across = np.linspace(0, 255, width, dtype=np.uint8)
    down = np.linspace(0, 255, height, dtype=np.uint8)
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = across[None, :], down[:, None], 128
    return rgb


def noise(width: int, height: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def jpeg(rgb: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    return encoded(Image.fromarray(gradient() if rgb is None else rgb), "JPEG", quality=95, **options)


def png(rgb: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    return encoded(Image.fromarray(gradient() if rgb is None else rgb), "PNG", **options)


def exif_block(value: int, *, kind: int = 3, order: str = "<") -> bytes:
    """An EXIF block whose one tag is the orientation."""
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(order + "I", 8)
    held = struct.pack(order + ("I" if kind == 4 else "HH"), *((value,) if kind == 4 else (value, 0)))
    return b"Exif\x00\x00" + head + struct.pack(order + "HHHI", 1, 0x0112, kind, 1) + held + bytes(4)


def png_of_size(width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b"") -> bytes:
    """A PNG whose header says what it likes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def png16(rgb: NDArray[np.uint16]) -> bytes:
    height, width, _ = rgb.shape
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in rgb)
    return png_of_size(width, height, depth=16, pixels=rows)


def tiff(samples: NDArray[Any], photometric: int, *, bits: int | None = None, extra: bytes = b"") -> bytes:
    """An uncompressed little-endian TIFF of (H, W) or (H, W, bands) samples."""
    height, width = samples.shape[:2]
    bands = samples.shape[2] if samples.ndim == 3 else 1
    pixels = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    sample_format = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    depth = bits or samples.dtype.itemsize * 8
    depths = struct.pack("<" + "H" * bands, *(depth,) * bands)
    tags: list[tuple[int, int, int, int]] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, bands, 8 + len(pixels) if bands > 2 else int.from_bytes(depths.ljust(4, b"\0"), "little")),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, bands),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
        (339, 3, 1, sample_format),
    ]
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    after = depths.ljust(8, b"\0")
    return (
        b"II*\0" + struct.pack("<I", 8 + len(pixels) + len(after)) + pixels + after + table + extra + bytes(4)
    )


def swapped_profile() -> bytes:
    """An ICC profile of a space whose red and green are exchanged: its effect cannot be missed."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    for index in range(count):
        place = 132 + 12 * index
        name = bytes(profile[place : place + 4])
        if name in (b"rXYZ", b"gXYZ"):
            profile[place : place + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
    return (
        bytes(profile)
        .replace("sRGB".encode("utf-16-be"), "oRGB".encode("utf-16-be"))
        .replace(b"sRGB built-in", b"oRGB built-in")
    )
