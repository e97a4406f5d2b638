from __future__ import annotations

import io
import struct
import warnings

import pytest
from PIL import Image

from imagesorter.library import codecs, limits
from imagesorter.library.formats import Format

from .pictures import encoded, exif_block, gradient, jpeg, noise, png, tiff

RGB = Image.fromarray(gradient())


def test_the_first_bytes_are_believed_not_the_reader() -> None:
    with pytest.raises(SyntaxError):
        codecs.open_image(png(), Format.JPEG)


def test_pillows_own_limit_is_ours() -> None:
    assert limits.max_pixels() == Image.MAX_IMAGE_PIXELS


def test_odd_tags_are_no_warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger=codecs.__name__)
    odd = tiff(gradient(), 2)
    odd = odd.replace(struct.pack("<HHI", 339, 3, 1), struct.pack("<HHI", 339, 3, 2**30))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with codecs.open_image(odd, Format.TIFF) as image:
            assert codecs.load(image, len(odd)) == ""
    assert not caught
    assert "Skipping tag 339" in caplog.text


@pytest.mark.parametrize("kind", [Format.JPEG, Format.PNG, Format.BMP, Format.TIFF])
def test_a_cut_file_keeps_what_came_first(kind: Format) -> None:
    whole = encoded(Image.fromarray(noise(64, 64)), kind.value)
    cut = whole[: len(whole) // 2]
    pictures = []
    for data in (whole, cut):
        with codecs.open_image(data, kind) as image:
            warning = codecs.load(image, len(data))
            pictures.append(image.convert("RGB"))
    assert warning == codecs.CUT_OFF
    rows = (0, 56, 64, 64) if kind is Format.BMP else (0, 0, 64, 8)  # BMP begins at the bottom
    assert pictures[0].crop(rows).tobytes() == pictures[1].crop(rows).tobytes()


def test_nothing_but_a_header() -> None:
    data = jpeg()
    data = data[: data.index(b"\xff\xda") + 14]
    with codecs.open_image(data, Format.JPEG) as image, pytest.raises(codecs.EmptyPictureError):
        codecs.load(image, len(data))


def test_orientation_of_each_container() -> None:
    for kind in (Format.JPEG, Format.PNG, Format.WEBP, Format.AVIF):
        data = encoded(RGB, kind.value.upper(), exif=exif_block(6))
        with codecs.open_image(data, kind) as image:
            codecs.load(image, len(data))
            assert codecs.orientation_of(image) == (6, ""), kind
    data = encoded(RGB, "TIFF", tiffinfo={274: 8})
    with codecs.open_image(data, Format.TIFF) as image:
        codecs.load(image, len(data))
        assert codecs.orientation_of(image) == (8, "")


def test_heic_is_turned_by_its_reader() -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra 'heif' is not installed")
    buffer = io.BytesIO()
    heif.from_pillow(RGB).save(buffer, exif=exif_block(6))
    with codecs.open_image(buffer.getvalue(), Format.HEIF) as image:
        codecs.load(image, len(buffer.getvalue()))
        assert codecs.orientation_of(image) == (1, "")
