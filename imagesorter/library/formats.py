"""Which files are images by name, and what their first bytes say they really are."""

from __future__ import annotations

import os
from enum import Enum


class Format(Enum):
    """A picture format; the value is its name in messages."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    AVIF = "AVIF"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    HEIF = "HEIC"
    RAW = "RAW"


_SUFFIXES: dict[Format, tuple[str, ...]] = {
    Format.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    Format.PNG: (".png", ".apng"),
    Format.WEBP: (".webp",),
    Format.AVIF: (".avif", ".avifs"),
    Format.GIF: (".gif",),
    Format.BMP: (".bmp", ".dib"),
    Format.TIFF: (".tif", ".tiff"),
    Format.HEIF: (".heic", ".heif", ".heics", ".heifs", ".hif"),
    Format.RAW: (
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf"),
        *(".srw", ".x3f"),
    ),
}
_FORMAT_OF_SUFFIX = {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes}

SUFFIXES = frozenset(_FORMAT_OF_SUFFIX)
"""Suffixes of image files, lower case with the dot."""

_TIFF_SIGNATURES = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def is_image_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file is an image by its suffix.

    HEIC and RAW count also where the package that reads them is missing: such a file is then
    reported with the remedy, not passed over in silence.
    """
    return os.path.splitext(path)[1].lower() in SUFFIXES  # noqa: PTH122 (ten times faster than a Path)


def sniff(data: bytes, path: str | os.PathLike[str]) -> Format | None:
    """The format of a file by its first bytes, None where they belong to no known one.

    The name decides only between TIFF and RAW, whose signatures most cameras share.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Format.GIF
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data.startswith(b"BM"):
        return Format.BMP
    named = _FORMAT_OF_SUFFIX.get(os.path.splitext(path)[1].lower())  # noqa: PTH122
    if named is Format.RAW:
        return Format.RAW
    if data.startswith(_TIFF_SIGNATURES):
        return Format.TIFF
    if data[4:8] == b"ftyp":
        return _of_brands(data)
    return None


def _of_brands(data: bytes) -> Format | None:
    """ISO base media: the major brand and the compatible ones (ISO 14496-12, 4.3)."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 256)
    brands = {data[start : start + 4] for start in (8, *range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return Format.AVIF
    return Format.HEIF if brands & _HEIF_BRANDS else None
