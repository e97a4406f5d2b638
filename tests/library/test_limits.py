from __future__ import annotations

import pytest

from imagesorter.library.limits import max_file_bytes, max_pixels

GB = 10**9


@pytest.mark.parametrize("memory", [1 * GB, 4 * GB, 16 * GB, 512 * GB])
def test_a_108_megapixel_photo_passes_everywhere(memory: int) -> None:
    assert max_pixels(memory) >= 12000 * 9000


@pytest.mark.parametrize("memory", [1 * GB, 4 * GB, 512 * GB])
def test_a_bomb_never_passes(memory: int) -> None:
    assert max_pixels(memory) < 30000 * 30000


def test_more_memory_allows_more() -> None:
    assert max_pixels(4 * GB) < max_pixels(16 * GB)
    assert max_file_bytes(4 * GB) < max_file_bytes(8 * GB)


def test_this_machine_has_limits() -> None:
    assert max_pixels() > 0
    assert max_file_bytes() > 0
