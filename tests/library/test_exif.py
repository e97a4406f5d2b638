from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagesorter.library.exif import orientation

from .pictures import exif_block


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [3, 4])
def test_all_orientations(value: int, order: str, kind: int) -> None:
    block = exif_block(value, kind=kind, order=order)
    assert orientation(block) == value
    assert orientation(block.removeprefix(b"Exif\0\0")) == value


def test_an_undefined_orientation_is_upright() -> None:
    """Some cameras write 0 where they do not know: no damage."""
    assert orientation(exif_block(0)) == 1


def test_no_tag_is_upright() -> None:
    assert orientation(b"") == 1
    assert orientation(b"Exif\0\0") == 1
    assert orientation(b"II*\0" + struct.pack("<IHI", 8, 0, 0)) == 1


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0garbage!",
        b"MM\0*\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        exif_block(9),
        exif_block(1, kind=2),
        exif_block(6)[:16],
    ],
)
def test_damage_is_told(block: bytes) -> None:
    with pytest.raises(ValueError, match=r"EXIF|orientation"):
        orientation(block)


@given(st.binary(max_size=200), st.sampled_from([b"", b"II*\0", b"MM\0*", b"Exif\0\0II*\0\x08\0\0\0"]))
def test_any_bytes_give_an_orientation_or_an_error(rest: bytes, head: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert 1 <= orientation(head + rest) <= 8
