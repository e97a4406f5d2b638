"""Pillow's readers, made fit for damaged files and for threads.

`Image.open` is not used: it looks at a limit that is global to the process and tries every
format it knows. Here the first bytes choose the reader, and the limits are checked by us.
"""

from __future__ import annotations

import io
import logging
import os
import shlex
import sys
from types import SimpleNamespace
from typing import Any

from PIL import Image, PngImagePlugin, TiffImagePlugin
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.WebPImagePlugin import WebPImageFile

from imagesorter.library.exif import orientation
from imagesorter.library.formats import Format
from imagesorter.library.limits import max_pixels

logger = logging.getLogger(__name__)

# Some readers look at the global limit by themselves. It is put where ours is, once.
Image.MAX_IMAGE_PIXELS = max_pixels()
# Image generators write megabytes of text into their PNGs; that is no reason to refuse the picture.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY


def _log_warning(message: object, *_: object) -> None:
    logger.debug("%s", message)


# These two warn of every oddity in a file's tags. `warnings.catch_warnings` swaps state of the whole
# process and is not safe in threads, so the modules get another place to warn to: the log.
for _module in (TiffImagePlugin, PngImagePlugin):
    vars(_module)["warnings"] = SimpleNamespace(warn=_log_warning)

_LEAST_JPEG_BYTES = 16
"""With less than this of its pixels left, what libjpeg shows of a JPEG is made up."""

_SAMPLE_BITS = (8, 16, 24, 32, 64)

CUT_OFF = "the file is cut off; the picture is used as far as it goes"
DAMAGED = "the file is damaged; the picture is used as far as it goes"
NOT_TURNED = "its EXIF data is damaged; the picture is shown as stored, not turned"


class _Jpeg(JpegImageFile):
    """A JPEG that ends early is ended properly, so that libjpeg hands over what it has."""

    ended_early = False
    pixels_start = 0
    """Where in the file the compressed pixels begin."""

    def _open(self) -> None:
        super()._open()
        self.pixels_start = self.fp.tell() if self.fp else 0

    def load_read(self, read_bytes: int) -> bytes:
        data = super().load_read(read_bytes)
        if data or self.ended_early:
            return data
        self.ended_early = True
        return b"\xff\xd9"  # EOI

    def _read_dpi_from_exif(self) -> None:
        """Nothing here asks for the resolution, and reading it parses all of a maybe damaged EXIF block."""


class _Tiff(TiffImagePlugin.TiffImageFile):
    """Pixels as stored: the tags of a damaged file are looked at no further than needed."""

    def _setup(self) -> None:
        try:
            super()._setup()
        except SyntaxError as error:  # no mode for these pixels
            bits = self.tag_v2.get(258, (1,))
            if len(set(bits)) == 1 and bits[0] in _SAMPLE_BITS:
                raise UnsupportedKindError from error
            raise  # no sound file says such a thing

    def load_prepare(self) -> None:
        super().load_prepare()
        self._size = self.im.size  # not turned yet

    def load_end(self) -> None:
        """The reader's own would parse all tags, walk all pages, and turn the picture."""


_READERS: dict[Format, type[ImageFile]] = {
    Format.JPEG: _Jpeg,
    Format.PNG: PngImagePlugin.PngImageFile,
    Format.WEBP: WebPImageFile,
    Format.AVIF: AvifImageFile,
    Format.GIF: GifImageFile,
    Format.BMP: BmpImageFile,
    Format.TIFF: _Tiff,
}


class MissingReaderError(Exception):
    """The optional package that reads a format is not installed; the message says how to get it."""

    def __init__(self, pictures: str, package: str) -> None:
        super().__init__(f"{pictures} pictures need an optional package; install it with: {install(package)}")


def install(package: str) -> str:
    """The command that installs a package where this application finds it, wherever it was got from."""
    python = f'"{sys.executable}"' if os.name == "nt" else shlex.quote(sys.executable)
    return f"{python} -m pip install {package}"


class UnsupportedKindError(Exception):
    """A sound TIFF of pixels that no reader here knows, such as colours of 32 bits a channel."""

    def __init__(self) -> None:
        super().__init__("this kind of TIFF is not supported; save it as RGB with 16 bits a channel")


class EmptyPictureError(Exception):
    """A file holds not a single row of its picture."""


def open_image(data: bytes, kind: Format) -> ImageFile:
    """Read the header of a file's bytes. Pixels are not decoded yet.

    Raises:
        MissingReaderError: HEIC without the optional package.
        UnsupportedKindError: a TIFF of pixels that cannot be read.
        Exception: whatever the reader of a damaged file raises.
    """
    return _reader(kind)(io.BytesIO(data))


def _reader(kind: Format) -> type[ImageFile]:
    if kind is not Format.HEIF:
        return _READERS[kind]
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingReaderError("HEIC", "pillow-heif") from error
    reader: type[ImageFile] = HeifImageFile  # untyped where the package is missing
    return reader


def load(image: ImageFile, size: int) -> str:
    """Decode the pixels of an opened image, as many as there are.

    Args:
        image: from `open_image`; for a JPEG `draft` may have been called.
        size: bytes of the file.

    Returns:
        A warning for the user, "" where all is well.

    Raises:
        EmptyPictureError: no pixels at all.
        Exception: whatever the reader of a damaged file raises.
    """
    image.decodermaxblock = max(size, 1)  # in one piece
    warning = ""
    try:
        image.load()
        if isinstance(image, _Jpeg) and image.ended_early:
            warning = CUT_OFF
            if size - image.pixels_start < _LEAST_JPEG_BYTES:
                raise EmptyPictureError
    except (MemoryError, EmptyPictureError):
        raise
    except Exception as error:
        logger.debug("%s", error)
        image.tile = []  # with nothing left to decode, loading gives what was decoded
        image.load()
        warning = CUT_OFF if "truncated" in str(error) else DAMAGED
    if warning and _is_plain(image):
        raise EmptyPictureError
    return warning


def _is_plain(image: Image.Image) -> bool:
    extrema: Any = image.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in bands)


def orientation_of(image: ImageFile) -> tuple[int, str]:
    """EXIF orientation (1 to 8) of a loaded image, and a warning where it cannot be known."""
    if image.format == "HEIF":  # turned by its reader, as the container says; EXIF has no say in it
        return 1, ""
    try:
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            value = image.tag_v2.get(0x0112, 1)
            return (value, "") if value in range(1, 9) else (1, NOT_TURNED)
        return orientation(image.info.get("exif") or b""), ""
    except ValueError:
        return 1, NOT_TURNED
