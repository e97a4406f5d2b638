"""How large a picture may be before it is taken for a decompression bomb."""

from __future__ import annotations

from functools import cache

import psutil

_DECODER_BYTES_PER_PIXEL = 12
"""At its peak a decoder holds the picture, a turned copy (4 bytes a pixel each), and maybe an array."""

_SHARE = 3
"""One picture may take at most this fraction (1/n) of the memory: several are decoded at a time."""

_MIN_PIXELS = 128_000_000
"""A 108-megapixel photo is read on any machine."""

_MAX_PIXELS = 512_000_000
_MIN_FILE_BYTES = 512_000_000
_MAX_FILE_BYTES = 4_000_000_000


@cache
def _memory() -> int:
    """Bytes of main memory. The total, so that a file is not refused one day and read the next."""
    return int(psutil.virtual_memory().total)


def max_pixels(memory: int | None = None) -> int:
    """Most pixels (width × height, as the header says) of a picture that is decoded.

    Args:
        memory: bytes of main memory, this machine's where None.
    """
    allowed = (memory or _memory()) // (_DECODER_BYTES_PER_PIXEL * _SHARE)
    return min(max(allowed, _MIN_PIXELS), _MAX_PIXELS)


def max_file_bytes(memory: int | None = None) -> int:
    """Largest file that is read, in bytes.

    Args:
        memory: bytes of main memory, this machine's where None.
    """
    return min(max((memory or _memory()) // 4, _MIN_FILE_BYTES), _MAX_FILE_BYTES)
