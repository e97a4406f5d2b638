from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imagesorter.index.store import ImageIndex
from imagesorter.library.thumbnails import ThumbnailStore

from .fakes import SHAPE, FakeEncoder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ImageIndex]:
    index = ImageIndex(tmp_path / "cache", 10**9)
    index.register(FakeEncoder.id, SHAPE)
    yield index
    index.close()


@pytest.fixture
def thumbnails(tmp_path: Path) -> Iterator[ThumbnailStore]:
    store = ThumbnailStore(tmp_path / "cache", 10**9)
    yield store
    store.close()
