"""The orientation tag of an EXIF block, and nothing else.

A parser of its own, because a general one reads every tag, some of which are damaged in real
files; this one looks at most at one directory.
"""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4


def orientation(block: bytes) -> int:
    """Orientation of the picture, 1 to 8 (EXIF 2.32, 4.6.4 A); 1 where there is no such tag.

    Args:
        block: a TIFF header and its directories, with or without the leading "Exif\\0\\0".

    Raises:
        ValueError: the block is damaged or the tag holds no orientation.
    """
    start = 6 if block.startswith(b"Exif\x00\x00") else 0
    if len(block) <= start:
        return 1
    order = {b"II": "<", b"MM": ">"}.get(block[start : start + 2])
    if order is None:
        raise ValueError("no TIFF header in the EXIF data")
    try:
        (offset,) = struct.unpack_from(order + "I", block, start + 4)
        (count,) = struct.unpack_from(order + "H", block, start + offset)
        for entry in range(count):
            place = start + offset + 2 + 12 * entry
            tag, kind = struct.unpack_from(order + "HH", block, place)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(order + ("I" if kind == _LONG else "H"), block, place + 8)
                break
        else:
            return 1
    except struct.error as error:
        raise ValueError("the EXIF data is cut off") from error
    if kind not in (_SHORT, _LONG) or not 0 <= value <= 8:
        raise ValueError("the orientation tag is invalid")
    return int(value) or 1  # 0 is what some cameras write where they do not know
