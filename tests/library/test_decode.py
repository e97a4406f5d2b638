from __future__ import annotations

import io
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imagesorter.errors import DecodeError
from imagesorter.library import limits
from imagesorter.library.decode import content_key, decode, read_file, read_image, read_seen
from imagesorter.library.files import NO_TIME, ImageFile
from imagesorter.library.thumbnails import make_thumbnail

from .pictures import encoded, exif_block, gradient, jpeg, noise, png, swapped_profile

NAME = Path("picture")


def difference(rgb: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(rgb.astype(int) - expected).mean())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF"])
def test_formats(form: str) -> None:
    options = {} if form in ("PNG", "BMP", "TIFF") else {"quality": 95}
    picture = decode(NAME, encoded(Image.fromarray(gradient()), form, **options))
    assert (picture.width, picture.height, picture.warning) == (96, 64, "")
    assert picture.rgb.flags.c_contiguous
    assert picture.rgb.flags.writeable
    assert picture.rgb.dtype == np.uint8
    assert difference(picture.rgb, gradient()) < (3 if options else 0.001)


def upright_from(stored: np.ndarray, orientation: int) -> np.ndarray:
    """EXIF 2.32, 4.6.4: which side of the scene row 0 and column 0 of the stored picture are."""
    turned = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.swapaxes(0, 1),
        6: stored.swapaxes(0, 1)[:, ::-1],
        7: stored[::-1, ::-1].swapaxes(0, 1),
        8: stored.swapaxes(0, 1)[::-1],
    }
    return turned[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "LZW", "WEBP", "AVIF"])
@pytest.mark.parametrize("min_side", [0, 16])
def test_orientation(form: str, orientation: int, min_side: int) -> None:
    image = Image.fromarray(gradient())
    if form in ("TIFF", "LZW"):
        compression = "tiff_lzw" if form == "LZW" else None
        data = encoded(image, "TIFF", tiffinfo={274: orientation}, compression=compression)
    else:
        data = encoded(image, form, exif=exif_block(orientation))
    picture = decode(NAME, data, min_side=min_side)
    expected = upright_from(gradient(), orientation)
    assert (picture.height, picture.width) == expected.shape[:2]
    step = expected.shape[0] // picture.rgb.shape[0]
    assert step == (4 if min_side else 1)
    assert difference(picture.rgb, expected[::step, ::step]) < (9 if min_side else 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_says_where_its_blocks_begin(orientation: int) -> None:
    width, height = 61, 43
    picture = decode(NAME, jpeg(gradient(width, height), exif=exif_block(orientation)))
    left, top = picture.corner
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    beginnings = [upright_from(each, orientation)[top, left] % 8 for each in (columns, rows)]
    assert set(beginnings) <= {0, 7}, "at one end of a block, or at the other"
    assert max(left, top) < 8
    assert (np.asarray(picture.on_grid) == picture.rgb[top:, left:]).all()


def test_other_formats_have_no_blocks() -> None:
    picture = decode(NAME, encoded(Image.fromarray(gradient(61, 43)), "PNG", exif=exif_block(3)))
    assert picture.corner == (0, 0)
    assert picture.on_grid is picture.image


def test_formats_are_reduced_alike() -> None:
    sizes = {
        decode(NAME, encoded(Image.fromarray(gradient(400, 360)), form), min_side=100).image.size
        for form in ("JPEG", "PNG")
    }
    assert sizes == {(200, 180)}


def test_nothing_but_pixels_is_kept() -> None:
    data = encoded(Image.fromarray(gradient()), "GIF", comment=b"x" * 70_000)
    picture = decode(NAME, data)
    assert not picture.image.info
    assert make_thumbnail(picture.image)
    long = encoded(Image.fromarray(gradient()), "JPEG", comment=b"x" * 60_000)
    assert len(make_thumbnail(decode(NAME, long).image)) < 30_000


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(333, 500), (640, 640), (97, 1301)])
@pytest.mark.parametrize("min_side", [1, 7, 64, 97, 96, 320, 10_000])
def test_reduced_never_below_and_never_enlarged(form: str, size: tuple[int, int], min_side: int) -> None:
    data = encoded(Image.fromarray(gradient(*size)), form)
    picture = decode(NAME, data, min_side=min_side)
    height, width, _ = picture.rgb.shape
    assert (picture.width, picture.height) == size
    assert min(width, height) >= min(min_side, *size)
    assert width <= size[0]
    assert height <= size[1]
    assert min(width, height) < 2 * min_side + 1 or min_side == 1
    assert abs(width / height / (size[0] / size[1]) - 1) < 0.2 or min(width, height) < 20


def test_16_bits_are_scaled_not_clipped() -> None:
    values = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    for form in ("PNG", "TIFF"):
        rgb = decode(NAME, encoded(Image.fromarray(values), form)).rgb
        assert difference(rgb, (values / 257)[..., None]) < 1


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for form in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        rgb = decode(NAME, encoded(frames[0], form, save_all=True, append_images=frames[1:])).rgb
        assert rgb[..., 0].mean() > 240, form
        assert rgb[..., 2].mean() < 15, form


def test_heic() -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra 'heif' is not installed")
    image = Image.fromarray(gradient())
    buffer = io.BytesIO()
    heif.from_pillow(image).save(buffer, quality=95)
    picture = decode(NAME, buffer.getvalue())
    assert difference(picture.rgb, gradient()) < 4
    assert picture.warning == ""
    with pytest.raises(DecodeError, match="HEIC"):
        decode(NAME, buffer.getvalue()[:300])


def test_heic_without_the_extra_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(DecodeError, match=re.escape(f"{sys.executable} -m pip install pillow-heif")):
        decode(Path("a.heic"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def test_read_image_reads_the_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    reads: list[Path] = []
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *how, **more: reads.append(self) or opened(self, *how, **more)
    )
    key, picture = read_image(path, min_side=20)
    assert reads == [path]
    assert key == content_key(jpeg())
    assert picture.width == 96
    assert decode(path).rgb.shape == (64, 96, 3)


def test_content_key() -> None:
    assert len(content_key(b"")) == 16
    assert content_key(b"a") != content_key(b"b")
    assert content_key(b"a").hex() == "a96faf705af16834e6c632b61e964e1f"  # as `xxhsum -H2` prints it


def test_limits_are_checked_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "max_pixels", lambda: 96 * 64 - 1)
    with pytest.raises(DecodeError, match=r"too large \(96 × 64 pixels"):
        decode(NAME, jpeg(), min_side=10)
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    monkeypatch.setattr(limits, "max_file_bytes", lambda: 100)
    with pytest.raises(DecodeError, match="the file is too large"):
        read_file(path)


def test_a_108_megapixel_photo_is_read() -> None:
    data = encoded(Image.new("L", (12000, 9000), 90), "JPEG")
    picture = decode(NAME, data, min_side=320)
    assert (picture.width, picture.height) == (12000, 9000)
    assert picture.rgb.shape == (563, 750, 3)


def test_no_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("imagesorter.library.codecs.load", fail)
    with pytest.raises(DecodeError, match="not enough memory"):
        decode(NAME, jpeg())


def test_many_threads() -> None:
    """Whole, cut, odd and broken files side by side give what they give alone."""
    whole = jpeg(noise(400, 300))
    files = [
        whole,
        whole[: len(whole) // 2],
        png(noise(200, 100)),
        png()[:200],
        jpeg(exif=b"Exif\0\0garbage!"),
        encoded(Image.fromarray(gradient()), "TIFF")[:-30],
        encoded(Image.fromarray(gradient()), "WEBP"),
        jpeg(noise(300, 300), icc_profile=swapped_profile()),
        b"\xff\xd8\xff",
    ]

    def outcome(data: bytes) -> tuple[bytes, str]:
        try:
            picture = decode(NAME, data, min_side=64)
        except DecodeError as error:
            return b"", error.reason
        return picture.rgb.tobytes(), picture.warning

    alone = [outcome(data) for data in files]
    start = threading.Barrier(8)

    def work(number: int) -> list[tuple[bytes, str]]:
        start.wait()
        order = [(number + k) % len(files) for k in range(len(files))]
        results = {k: outcome(files[k]) for k in order}
        return [results[k] for k in range(len(files))]

    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(work, range(8)):
            assert results == alone


HEADS = {
    "jpg": jpeg(),
    "png": png(),
    "tif": encoded(Image.fromarray(gradient()), "TIFF"),
    "gif": encoded(Image.fromarray(gradient()).quantize(32), "GIF"),
    "bmp": encoded(Image.fromarray(gradient()), "BMP"),
    "webp": encoded(Image.fromarray(gradient()), "WEBP"),
    "avif": encoded(Image.fromarray(gradient()), "AVIF"),
}


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(HEADS)), st.data())
def test_any_damage_gives_a_picture_or_a_decode_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(HEADS[kind])
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        picture = decode(Path(f"a.{kind}"), bytes(content[:cut] if cut % 2 else content), min_side=32)
    except DecodeError as error:
        assert error.reason
    else:
        assert picture.rgb.ndim == 3
        assert picture.rgb.shape[2] == 3


def test_a_file_is_read_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagesorter.library.decode._PORTION", 10)
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(25)))
    came: list[int] = []
    assert read_file(path, lambda: came.append(1)) == bytes(range(25))
    assert len(came) == 3


def test_what_was_read_is_the_file_that_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagesorter.library.decode._PORTION", 10)
    path, other = tmp_path / "x.bin", tmp_path / "y.bin"
    path.write_bytes(bytes(25))
    os.utime(path, ns=(0, 1_000_000_000))
    assert read_seen(path)[1] == ImageFile.of(path, path.stat())
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (25, 1_000_000_000)

    def touch() -> None:
        os.utime(path, ns=(0, 2_000_000_000))

    data, seen = read_seen(path, touch)
    torn = replace(ImageFile.of(path, path.stat()), mtime_ns=NO_TIME)
    assert (data, seen) == (bytes(25), torn), "it may be half of one, half of another"
    if sys.platform != "win32":  # where no open file can be replaced
        before = ImageFile.of(path, path.stat())
        other.write_bytes(bytes([1] * 30))
        data, seen = read_seen(path, lambda: other.exists() and other.replace(path))
        assert (data, seen) == (bytes(25), before)
