"""From a file to pixels: the file is opened and read once, hashed and decoded from memory.

    data = read_file(path)
    key = content_key(data)
    picture = decode(path, data, min_side=320)

All functions may run in many threads at a time; the decoders release the interpreter lock.
"""

from __future__ import annotations

import io
import logging
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import DecodeError
from imagesorter.library import codecs, colour, limits, raw
from imagesorter.library.files import NO_TIME, ImageFile
from imagesorter.library.formats import Format, sniff

logger = logging.getLogger(__name__)

KEY_BYTES = 16
"""Length of a content key."""

_NO_MEMORY = "not enough memory for this picture; close other programs and try again"

_PORTION = 4_000_000
"""Bytes read at once; a slow network brings them within seconds."""

_STRIP = 256

_BLOCK = 8
"""Side of JPEG's blocks in pixels (ITU-T T.81)."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture in sRGB, orientation applied.

    Attributes:
        image: mode "RGB", nothing but pixels; the whole picture, maybe reduced.
        width: of the original, orientation applied, in pixels.
        height: likewise.
        warning: one sentence for the user where the picture is not whole, else "".
        corner: first column and row that a JPEG's blocks begin with: turning may begin with what is left
            over of them.
    """

    image: Image.Image
    width: int
    height: int
    warning: str = ""
    corner: tuple[int, int] = (0, 0)

    @property
    def on_grid(self) -> Image.Image:
        """The picture from `corner` on, less than a block smaller."""
        left, top = self.corner
        return self.image.crop((left, top, *self.image.size)) if left or top else self.image

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """A copy of the pixels, (h, w, 3)."""
        return _array(self.image)


def read_file(path: Path, progress: Callable[[], None] = lambda: None) -> bytes:
    """The bytes of a regular file; pipes and devices are not opened.

    Args:
        path: of the file.
        progress: called with each portion that has come.

    Raises:
        DecodeError: the file cannot be read, is empty, or is larger than `limits.max_file_bytes`.
    """
    return read_seen(path, progress)[0]


def read_seen(path: Path, progress: Callable[[], None] = lambda: None) -> tuple[bytes, ImageFile]:
    """As `read_file`, with the file as it was when it was read, which may be another than a scan saw."""
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise DecodeError(path, "this is a folder, not a file")
        if not stat.S_ISREG(info.st_mode):
            raise DecodeError(path, "this is a pipe, a socket or a device, not a file")
        if info.st_size > limits.max_file_bytes():
            raise DecodeError(
                path,
                f"the file is too large ({info.st_size / 1e9:.1f} GB; this computer's limit is "
                f"{limits.max_file_bytes() / 1e9:.1f} GB)",
            )
        data, seen = _in_portions(path, progress)
    except FileNotFoundError as error:
        raise DecodeError(path, "the file is no longer there") from error
    except PermissionError as error:
        raise DecodeError(path, "no permission to read the file; change its permissions") from error
    except MemoryError as error:
        raise DecodeError(path, _NO_MEMORY) from error
    except (OSError, ValueError) as error:
        raise DecodeError(
            path, f"the file cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    if not data:
        raise DecodeError(path, "the file is empty (0 bytes)")
    return data, seen


def _in_portions(path: Path, progress: Callable[[], None]) -> tuple[bytes, ImageFile]:
    buffer = io.BytesIO()  # hands out its bytes without a copy
    with path.open("rb", buffering=0) as file:
        before = ImageFile.of(
            path, os.fstat(file.fileno())
        )  # of what is opened, whatever takes its name meanwhile
        while portion := file.read(_PORTION):
            buffer.write(portion)
            progress()
        after = ImageFile.of(path, os.fstat(file.fileno()))
    return buffer.getvalue(), before if before.looks_like(after) else replace(after, mtime_ns=NO_TIME)


def content_key(data: bytes) -> bytes:
    """What identifies a file's content, wherever it lies: its XXH3-128, 16 bytes, big-endian.

    It guards against chance, not against forgery, and takes 0.04 ms for a photograph of 2.6 MB;
    SHA-256 takes 1.5 ms, a twentieth of all that reading the photograph costs.
    """
    return xxhash.xxh3_128_digest(data)


def read_image(path: Path, *, min_side: int = 0) -> tuple[bytes, Decoded]:
    """Read, hash and decode a file: (content key, picture). Raises DecodeError."""
    data = read_file(path)
    return content_key(data), decode(path, data, min_side=min_side)


def decode(
    path: Path, data: bytes | None = None, *, min_side: int = 0, preview_side: int | None = None
) -> Decoded:
    """Decode a picture: of an animation or of several pages the first.

    Args:
        path: of the file; only its name is used where `data` is given.
        data: the file's bytes, read from `path` where None.
        min_side: the picture may come reduced (never enlarged) by a whole number, as long as its
            shorter side stays at least this long; 0 asks for its full size.
        preview_side: shorter side from which the JPEG that a camera put into a RAW file will do, for
            developing takes seconds; `min_side` where None.

    Raises:
        DecodeError: no picture in it, or one larger than `limits.max_pixels`.
    """
    if data is None:
        data = read_file(path)
    if not data:
        raise DecodeError(path, "the file is empty (0 bytes)")
    kind = sniff(data, path)
    if kind is None:
        raise DecodeError(path, "this is not a picture in a known format, whatever its name says")
    try:
        if kind is Format.RAW:
            return _decode_raw(path, data, min_side, min_side if preview_side is None else preview_side)
        return _decode(path, data, kind, min_side)
    except DecodeError:
        raise
    except (codecs.MissingReaderError, codecs.UnsupportedKindError) as error:
        raise DecodeError(path, str(error)) from error
    except codecs.EmptyPictureError as error:
        raise DecodeError(path, "the file is cut off before the first row of its picture") from error
    except MemoryError as error:
        raise DecodeError(path, _NO_MEMORY) from error
    except Exception as error:  # readers raise whatever a damaged file leads them to
        detail = " ".join(str(error).split()) or type(error).__name__
        raise DecodeError(
            path,
            f"the {kind.value} file is cut off, damaged or of an unknown kind ({detail}); "
            "copy it again from its source",
        ) from error


def _decode(path: Path, data: bytes, kind: Format, min_side: int) -> Decoded:
    with codecs.open_image(data, kind) as image:
        width, height = image.size
        _check_pixels(path, width, height)
        if min_side and kind is Format.JPEG:
            image.draft(None, (min_side, min_side))
        warning = codecs.load(image, len(data))
        orientation, turn_warning = codecs.orientation_of(image)
        profile = image.info.get("icc_profile")
        picture = colour.to_srgb(image, profile, factor=_factor(image.size, min_side))
        picture.info = {}  # a comment, say, that would be written into every copy
    if orientation >= 5 and kind is not Format.TIFF:  # the header of a TIFF gives the turned size
        width, height = height, width
    turned, corner = _turned(picture, orientation), (0, 0)
    if kind is Format.JPEG and min(turned.size) > _BLOCK:
        # those sides begin that ended before
        left, top = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
        corner = turned.width % _BLOCK * left, turned.height % _BLOCK * top
    return Decoded(turned, width, height, warning or turn_warning, corner)


def _decode_raw(path: Path, data: bytes, min_side: int, preview_side: int) -> Decoded:
    """The camera's own JPEG where it is large enough, else the RAW data developed."""
    with raw.open_raw(data) as file:
        _check_pixels(path, file.width, file.height)
        shorter = min(file.width, file.height)
        preview = file.preview() if min_side else None
        if preview is not None:
            image = _decode_preview(path, preview, file, min_side)
            if image is not None and min(image.size) >= min(preview_side, shorter):
                return Decoded(image, file.width, file.height)
        developed = Image.fromarray(file.develop(half_size=0 < min_side <= shorter // 2))
        factor = _factor(developed.size, min_side)
        return Decoded(developed.reduce(factor), file.width, file.height)


def _decode_preview(path: Path, preview: bytes, file: raw.RawFile, min_side: int) -> Image.Image | None:
    """The preview turned as the RAW picture, None where it is damaged."""
    try:
        image = _decode(path, preview, Format.JPEG, min_side).image
    except Exception as error:  # as damaged as any file
        logger.debug("%s: the preview is not used: %s", path, error)
        return None
    # Cameras differ: the preview may be turned by itself, by its own EXIF data, or not at all.
    upright = (image.width > image.height) == (file.width > file.height)
    has_own = b"Exif\x00\x00" in preview[:4096]
    if (file.orientation >= 5 and not upright) or (file.orientation == 3 and not has_own):
        return _turned(image, file.orientation)
    return image


def _factor(size: tuple[int, int], min_side: int) -> int:
    """The largest power of two by which a picture may be reduced, as a JPEG is: formats are to look alike."""
    return 1 << max((min(size) // min_side).bit_length() - 1, 0) if min_side else 1


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def _array(picture: Image.Image) -> NDArray[np.uint8]:
    """(h, w, 3). By strips: Pillow's copy of a large picture in one piece takes four times as long."""
    width, height = picture.size
    rgb = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        rgb[top:bottom] = np.asarray(picture.crop((0, top, width, bottom)))
    return rgb


def _check_pixels(path: Path, width: int, height: int) -> None:
    """Raise DecodeError for a picture of more pixels than this computer should decode."""
    if width * height > limits.max_pixels():
        raise DecodeError(
            path,
            f"the picture is too large ({width} × {height} pixels; this computer's limit is "
            f"{limits.max_pixels() / 1e6:.0f} megapixels)",
        )
