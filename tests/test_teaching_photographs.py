"""Photographs that are no longer open, or no longer read, while they are taught with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from lessons import candidate_of, choose, prepared
from ordering import opened

from imagesorter.answers import Pair
from imagesorter.engine import Engine
from imagesorter.errors import StorageError, TeachingError
from imagesorter.events import Notice
from imagesorter.index.store import ImageIndex
from imagesorter.paths import Home
from imagesorter.settings import Settings


@pytest.fixture
def two(photos: Path, tmp_path: Path) -> Path:
    """A folder of two other photographs than the album's first."""
    folder = tmp_path / "two"
    folder.mkdir()
    for name in sorted(path.name for path in photos.iterdir())[-2:]:
        shutil.copy(photos / name, folder)
    return folder


def test_what_is_done_to_a_folder_counts_for_it_when_another_is_open(
    engine: Engine, album: Path, two: Path, tmp_path: Path
):
    teaching = prepared(engine, album)
    files = engine.files
    pair = teaching.next_pair()
    assert pair is not None
    opened(engine, two)
    list(engine.index())
    assert teaching.answer(pair, "left").pairs == 1
    assert teaching.mark(best=[4], worst=[5]).pairs == 2
    assert teaching.move(3, [0, 1, 2, 3], 2).pairs == 3
    teaching.export_csv(tmp_path / "pairs.csv")
    rows = (tmp_path / "pairs.csv").read_text("utf-8").splitlines()[1:]
    asked, moved = ([files[i] for i in ids] for ids in ((pair.left_id, pair.right_id), (3, 2)))
    assert rows == [f"{left},{right},left" for left, right in (asked, moved)]
    assert candidate_of(teaching).order_after.file_ids.max() == len(files) - 1
    standing = prepared(engine, album).standing()
    assert (standing.pairs, standing.missing) == (3, 0)


def test_what_is_done_after_the_caches_are_cleared_is_stored(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    pair = teaching.next_pair()
    assert pair is not None
    engine.clear_cache()
    assert teaching.answer(pair, "left").pairs == 1
    assert teaching.mark(best=[0], worst=[1]).pairs == 2
    assert teaching.move(1, [0, 1], 0).pairs == 3


@pytest.mark.usefixtures("engine")
def test_a_cache_that_can_keep_nothing_is_named(album: Path, imagesorter_home: Path):
    small = Engine(Home.under(imagesorter_home), Settings(cache_gigabytes=1e-6))
    opened(small, album)
    with pytest.raises(TeachingError, match=r"Fewer than two.*20 of 20 photographs.*raise the cache limit"):
        list(small.teach("my light", "").prepare())
    small.close()


@pytest.mark.usefixtures("caplog")
def test_a_full_disk_is_named(engine: Engine, album: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any) -> None:
        raise StorageError("index.sqlite: the disk is full")

    monkeypatch.setattr(ImageIndex, "add", full)
    opened(engine, album)
    with pytest.raises(TeachingError, match=r"Fewer than two.*20 of 20 photographs.*free some space"):
        list(engine.teach("my light", "").prepare())


def test_a_photograph_that_was_never_open_is_refused(engine: Engine, two: Path):
    teaching = prepared(engine, two)
    for act in (
        lambda: teaching.answer(Pair(0, 7), "left"),
        lambda: teaching.answer(Pair(7, 0), "skip"),
        lambda: teaching.mark(best=[0], worst=[7]),
        lambda: teaching.move(7, [0, 1, 7], 0),
        lambda: teaching.move(0, [0, 7], 1),
    ):
        with pytest.raises(TeachingError, match="not one of those that “my light” is taught with"):
            act()
    assert teaching.last is None


def test_what_is_done_to_another_photograph_than_was_read_is_not_noted(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    first, second, third = engine.files[:3]
    first.write_bytes(third.read_bytes())
    for act in (
        lambda: teaching.answer(Pair(0, 1), "left"),
        lambda: teaching.move(0, [1, 0], 0),
        lambda: teaching.move(2, [0, 1, 2], 0),
        lambda: teaching.mark(best=[1, 0]),
        lambda: teaching.mark(worst=[0]),
    ):
        with pytest.raises(TeachingError, match=rf"{first.name} has changed .* \(F5\)"):
            act()
    assert teaching.last is None and teaching.standing().pairs == 0 and not teaching.marks
    second.unlink()
    assert teaching.move(2, [1, 2], 0).pairs == 1, "it was seen before it was deleted"


def test_no_order_is_learned_from_photographs_whose_readings_are_gone(
    engine: Engine, album: Path, imagesorter_home: Path, settings: Settings
):
    teaching = prepared(engine, album)
    choose(engine, teaching, 20)
    assert candidate_of(teaching).better
    teaching.keep()
    other = Engine(Home.under(imagesorter_home), settings)
    other.clear_cache()
    other.close()
    events = []
    with pytest.raises(TeachingError, match="Open their folder again"):
        for event in teaching.fit():
            events.append(event)
    assert not [event for event in events if isinstance(event, Notice)]
    with pytest.raises(TeachingError, match="nothing to keep"):
        teaching.keep()
    assert candidate_of(prepared(engine, album)).pairs == 20, "they were read again"
