from __future__ import annotations

from pathlib import Path

import pytest

from imagesorter.library.formats import Format, is_image_name, sniff


@pytest.mark.parametrize(
    "name", ["a.jpg", "B.JPEG", "c.heic", "d.NEF", "e.f.tiff", "über.webp", "x\udcff.png"]
)
def test_images_by_name(name: str) -> None:
    assert is_image_name(name)
    assert is_image_name(Path("folder.d") / name)


@pytest.mark.parametrize("name", ["a.txt", "jpg", ".jpg", "a.jpg.part", "a.mp4", "", "folder.jpg/readme"])
def test_other_names(name: str) -> None:
    assert not is_image_name(name)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", Format.JPEG),
        (b"\x89PNG\r\n\x1a\n", "a.jpg", Format.PNG),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.jpg", Format.WEBP),
        (b"RIFF\0\0\0\0WAVEfmt ", "a.webp", None),
        (b"II*\0", "a.tif", Format.TIFF),
        (b"II*\0", "a.nef", Format.RAW),
        (b"\xff\xd8\xff\xe0", "a.nef", Format.JPEG),
        (b"FUJIFILMCCD-RAW", "a.raf", Format.RAW),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", "a.heic", Format.AVIF),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avifmiaf", "a.heic", Format.AVIF),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a.jpg", Format.HEIF),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a.heic", None),
        (b"hello", "a.jpg", None),
        (b"", "a.jpg", None),
    ],
)
def test_first_bytes_decide(data: bytes, name: str, kind: Format | None) -> None:
    assert sniff(data, name) is kind
