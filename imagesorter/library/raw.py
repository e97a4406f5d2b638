"""Camera RAW files through the optional package rawpy (LibRaw)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagesorter.library.codecs import MissingReaderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ORIENTATION_OF_FLIP = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's `flip` as EXIF orientation."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """An opened RAW file, not developed yet.

    Attributes:
        width: of the developed picture, orientation applied, in pixels.
        height: likewise.
        orientation: EXIF orientation of the sensor's picture: 1, 3, 6 or 8.
    """

    width: int
    height: int
    orientation: int
    _file: Any

    def preview(self) -> bytes | None:
        """The camera's own JPEG, None where there is none; it may be turned already or not."""
        import rawpy

        try:
            thumbnail = self._file.extract_thumb()
        except rawpy.LibRawError:
            return None
        return thumbnail.data if thumbnail.format == rawpy.ThumbFormat.JPEG else None

    def develop(self, *, half_size: bool) -> NDArray[np.uint8]:
        """Develop to (h, w, 3) sRGB, orientation applied, at full or half size.

        Brightness is left as exposed: LibRaw's automatic one makes a bracketed series look alike.
        """
        developed: NDArray[np.uint8] = self._file.postprocess(
            use_camera_wb=True, no_auto_bright=True, half_size=half_size, output_bps=8
        )
        return developed


@contextmanager
def open_raw(data: bytes) -> Iterator[RawFile]:
    """Read the header of a RAW file's bytes.

    Raises:
        MissingReaderError: rawpy is not installed.
        Exception: whatever LibRaw raises for a damaged file.
    """
    try:
        import rawpy
    except ImportError as error:
        raise MissingReaderError("RAW", "rawpy") from error
    with rawpy.imread(io.BytesIO(data)) as file:
        sizes = file.sizes
        orientation = _ORIENTATION_OF_FLIP.get(sizes.flip, 1)
        size = (sizes.width, sizes.height) if orientation < 5 else (sizes.height, sizes.width)
        yield RawFile(*size, orientation, file)
