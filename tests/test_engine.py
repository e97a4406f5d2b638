"""The engine: opening, models, reading, pictures and export."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ordering import PHOTOGRAPHS, SHADES, only, opened, ranked, scores
from PIL import Image

from imagesorter.engine import BUNDLED, Engine
from imagesorter.errors import DecodeError, ExportError, ModelError, QueryError, StorageError
from imagesorter.events import (
    FilesFound,
    Finished,
    FolderChanged,
    Indexed,
    ModelReady,
    Notice,
    Opened,
    Progress,
    Ranked,
    Unreadable,
)
from imagesorter.index import reader
from imagesorter.index.store import ImageIndex
from imagesorter.library.thumbnails import ThumbnailStore
from imagesorter.paths import Home, bundled_models
from imagesorter.settings import Settings
from imagesorter.training.pairs.store import TeachingStore

if TYPE_CHECKING:
    from imagesorter.model.ranker import Ranker


@pytest.fixture
def home(imagesorter_home: Path) -> Home:
    return Home.under(imagesorter_home)


# Opening


def test_opening_lists_the_images(unloaded: Engine, photos: Path, tmp_path: Path):
    folder = tmp_path / "mixed"
    shutil.copytree(photos, folder)
    (folder / "notes.txt").touch()
    events = opened(unloaded, folder, tmp_path / "absent")
    count = len(PHOTOGRAPHS) + len(SHADES)
    told = [path for event in only(FilesFound, events) for path in event.paths]
    assert told == list(unloaded.files)
    assert sorted(path.name for path in told) == sorted(path.name for path in photos.iterdir())
    (missing,) = only(Unreadable, events)
    assert (missing.file_id, missing.path) == (None, tmp_path / "absent")
    assert only(Opened, events) == [Opened(count, 1)]
    assert events[-1] == Finished(count, 1)


def test_ids_are_positions_whatever_the_portions(
    unloaded: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagesorter.ranking.opening._FILES_PER_EVENT", 3)
    for k in range(10):
        (tmp_path / f"{k}.jpg").touch()
    events = opened(unloaded, tmp_path)
    assert [(e.first_id, len(e.paths)) for e in only(FilesFound, events)] == [(0, 3), (3, 3), (6, 3), (9, 1)]
    assert only(Progress, events)[-1] == Progress("scan", 9)


def test_opening_replaces_what_was_open(unloaded: Engine, photos: Path, tmp_path: Path):
    opened(unloaded, photos)
    opened(unloaded, tmp_path)
    assert list(unloaded.files) == []


def test_what_has_changed_since_is_counted_and_the_list_stays(unloaded: Engine, photos: Path, tmp_path: Path):
    folder = tmp_path / "album"
    shutil.copytree(photos, folder)
    assert only(FolderChanged, list(unloaded.look())) == [FolderChanged(0, 0, 0)]
    opened(unloaded, folder)
    files = list(unloaded.files)
    assert only(FolderChanged, list(unloaded.look())) == [FolderChanged(0, 0, 0)]
    shutil.copy(files[0], folder / "new.png")
    files[1].unlink()
    assert only(FolderChanged, list(unloaded.look())) == [FolderChanged(1, 0, 1)]
    assert list(unloaded.files) == files
    opened(unloaded, folder)
    assert only(FolderChanged, list(unloaded.look())) == [FolderChanged(0, 0, 0)]


# The model


def test_the_bundled_model_is_loaded(unloaded: Engine):
    events = list(unloaded.load_model())
    (ready,) = only(ModelReady, events)
    assert ready.name == BUNDLED
    assert ready.device == unloaded.devices()[0]
    assert not only(Notice, events)
    assert events[-1] == Finished(1, 0)


@pytest.mark.parametrize("name", ["nonesuch", "..", "a" * 300])
def test_an_unknown_model_is_told(unloaded: Engine, name: str):
    with pytest.raises(ModelError, match=r"there is no model .*Installed: pocket|cannot be used"):
        list(unloaded.load_model(name))


def test_an_unknown_device_is_told(unloaded: Engine):
    with pytest.raises(ModelError, match=r"“abacus” is not available here; this machine has .*cpu"):
        list(unloaded.load_model(device="abacus"))


def test_a_remembered_device_that_is_gone_gives_way(engine: Engine, settings: Settings, photos: Path):
    settings.device = "abacus"
    opened(engine, photos)
    events = list(engine.rank("brighter"))
    (notice,) = only(Notice, events)
    assert "abacus" in notice.text
    assert only(ModelReady, events)
    assert only(Ranked, events)[-1].complete
    assert settings.device == "abacus", "the choice is the user's: it may come back"


def test_a_remembered_model_that_is_gone_gives_way(engine: Engine, settings: Settings):
    settings.model = "nonesuch"
    events = list(engine.load_model())
    assert "nonesuch" in only(Notice, events)[0].text
    assert only(ModelReady, events)[0].name == BUNDLED
    assert "brighter" in engine.attributes()


def test_what_was_asked_for_by_name_does_not_give_way(engine: Engine, settings: Settings):
    settings.model = "nonesuch"
    with pytest.raises(ModelError, match="abacus"):
        list(engine.load_model(device="abacus"))
    settings.model, settings.device = None, "abacus"
    with pytest.raises(ModelError, match="nonesuch"):
        list(engine.load_model("nonesuch"))


def imported(home: Home, name: str) -> Path:
    """A copy of the bundled model among the user's own."""
    folder = home.data / "models" / name
    shutil.copytree(bundled_models() / BUNDLED, folder)
    manifest = json.loads((folder / "model.json").read_text("utf-8"))
    (folder / "model.json").write_text(json.dumps(manifest | {"name": name, "title": "Mine"}), "utf-8")
    return folder


def test_a_model_of_the_user_can_be_chosen(unloaded: Engine, home: Home, settings: Settings):
    imported(home, "mine")
    assert [model.name for model in unloaded.models()] == [BUNDLED, "mine"]
    settings.model = "mine"
    assert only(ModelReady, list(unloaded.load_model()))[0].title == "Mine"
    assert only(ModelReady, list(unloaded.load_model(BUNDLED)))[0].name == BUNDLED


def test_a_model_makes_room_before_another_is_loaded(
    engine: Engine, home: Home, monkeypatch: pytest.MonkeyPatch
):
    imported(home, "mine")
    list(engine.load_model(BUNDLED))
    load, kept = engine._router.load, []
    monkeypatch.setattr(engine._router, "load", lambda *of: kept.append(engine.ranker) or load(*of))
    list(engine.load_model("mine"))
    assert kept == [None] and engine.ranker is not None


@pytest.mark.parametrize("part", ["model.json", "clip.safetensors", "adapter.safetensors"])
def test_a_damaged_model_is_told_and_the_bundled_one_stands_in(
    unloaded: Engine, home: Home, settings: Settings, part: str, caplog: pytest.LogCaptureFixture
):
    path = imported(home, "mine") / part
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"mine.*[Ii]nstall"):
        list(unloaded.load_model("mine"))
    settings.model = "mine"
    events = list(unloaded.load_model())
    assert "mine" in only(Notice, events)[0].text
    assert only(ModelReady, events)[0].name == BUNDLED


def test_completion_begins_with_one_query_for_each_attribute(unloaded: Engine):
    known = unloaded.attributes()
    assert {"brighter", "sharper", "noisier"} <= set(known[:7])
    assert {"darker", "blurry", "grainy"} <= set(known[7:])
    assert len(set(known)) == len(known)


# Reading


@pytest.mark.parametrize("query", ["", "  ", "less", "+", '"open'])
def test_a_query_that_is_none_is_told_before_any_work(unloaded: Engine, photos: Path, query: str):
    opened(unloaded, photos)
    with pytest.raises(QueryError):
        unloaded.check(query)
    with pytest.raises(QueryError):
        next(iter(unloaded.rank(query)))


def test_nothing_opened_is_an_empty_order(engine: Engine):
    assert len(ranked(engine, "brighter").file_ids) == 0


def test_broken_files_are_told_and_the_rest_is_ordered(engine: Engine, photos: Path, tmp_path: Path):
    folder = tmp_path / "mixed"
    shutil.copytree(photos, folder)
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.png").touch()
    opened(engine, folder)
    events = list(engine.rank("brighter"))
    assert {event.path.name for event in only(Unreadable, events)} == {"text.jpg", "empty.png"}
    assert len(only(Ranked, events)[-1].file_ids) == len(PHOTOGRAPHS) + len(SHADES)
    assert events[-1] == Finished(len(PHOTOGRAPHS) + len(SHADES), 2)


def test_the_second_engine_reads_no_file(
    engine: Engine, home: Home, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    opened(engine, photos)
    first = scores(engine, "brighter")
    engine.close()

    def forbidden(path: Path, progress: object) -> bytes:
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(reader, "read_seen", forbidden)
    later = Engine(home, Settings())
    opened(later, photos)
    assert scores(later, "brighter") == first
    assert list(scores(later, "less sharp"))
    later.close()


def test_opened_again_only_what_was_mended_or_replaced_is_read(
    engine: Engine, album: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second, third, *others = sorted(album.iterdir())
    whole = first.read_bytes()
    first.write_bytes(b"")
    opened(engine, album)
    assert only(Unreadable, list(engine.rank("brighter")))

    files_read: list[Path] = []
    read = reader.read_seen
    monkeypatch.setattr(
        reader, "read_seen", lambda path, progress: files_read.append(path) or read(path, progress)
    )
    first.write_bytes(whole)
    second.write_bytes(others[0].read_bytes() + b" ")
    third.unlink()
    opened(engine, album)
    events = list(engine.rank("brighter"))
    assert not only(Unreadable, events)
    assert len(only(Ranked, events)[-1].file_ids) == 2 + len(others)
    assert sorted(files_read) == [first, second]


def test_cancelled_and_resumed_each_image_is_encoded_once(
    engine: Engine, ranker: Ranker, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    encoded: list[int] = []
    encode = ranker.encode
    monkeypatch.setattr(ranker, "encode", lambda pixels: encoded.append(len(pixels)) or encode(pixels))
    monkeypatch.setattr(ranker, "batch_size", 2)
    opened(engine, photos)
    events = engine.index()
    done = 0
    while done < 4:
        event = next(events)
        done += len(event.file_ids) if isinstance(event, Indexed) else 0
    events.close()
    assert engine.usage().images == sum(encoded) == done

    assert len(ranked(engine, "brighter").file_ids) == len(engine.files)
    assert sum(encoded) == len(engine.files)


def test_a_clear_cache_is_empty_and_fills_again(engine: Engine, photos: Path):
    opened(engine, photos)
    before = scores(engine, "brighter")
    usage = engine.usage()
    assert usage.images == len(engine.files)
    assert 0 < usage.bytes <= usage.cap == 10_000_000_000
    engine.clear_cache()
    assert engine.usage().images == 0
    assert engine.usage().bytes < usage.bytes
    assert engine.thumbnail(0) is None
    assert list(scores(engine, "brighter")) == list(before)


def test_thumbnails_are_cleared_where_the_index_cannot_be(
    engine: Engine, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    opened(engine, photos)
    list(engine.index())
    key = engine._opened().keys[0]

    def full(_: ImageIndex) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(ImageIndex, "clear", full)
    assert engine._thumbnails.get(key)
    with pytest.raises(StorageError, match="full"):
        engine.clear_cache()
    assert engine._thumbnails.get(key) is None


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be deleted there")
def test_a_cache_that_is_deleted_is_begun_anew(engine: Engine, photos: Path, home: Home):
    opened(engine, photos)
    before = scores(engine, "brighter")
    shutil.rmtree(home.cache)
    assert scores(engine, "brighter") == before
    assert scores(engine, "darker").keys() == before.keys()
    again = ImageIndex(home.cache / "index", 10**9)
    assert again.usage()[0] == len(engine.files)
    again.close()
    shutil.rmtree(home.cache)
    engine.clear_cache()
    assert engine.usage().images == 0


def test_a_new_cache_limit_holds_without_a_restart(home: Home, tmp_path: Path):
    settings = Settings(cache_gigabytes=1.0)
    engine = Engine(home, settings)
    engine.usage()
    for limit in (2.0, 0.5):
        settings.cache_gigabytes = limit
        assert engine.usage().cap == int(limit * 1e9)
        assert engine._opened_index.now is not None and engine._opened_thumbnails.now is not None
        caps = engine._opened_index.now.cap_bytes, engine._opened_thumbnails.now.cap_bytes
        assert sum(caps) == pytest.approx(limit * 1e9)
    engine.close()


def test_thumbnails_do_not_wait_while_the_index_is_trimmed(home: Home, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(cache_gigabytes=1.0)
    engine = Engine(home, settings)
    engine.usage()
    settings.cache_gigabytes = 0.5
    waited: list[bool] = []

    def trim(self: ImageIndex, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        other = threading.Thread(target=lambda: engine._thumbnails.get(b"key"), daemon=True)
        other.start()
        other.join(10)
        waited.append(other.is_alive())

    monkeypatch.setattr(ImageIndex, "limit", trim)
    engine.usage()
    assert waited == [False]
    engine.close()


def test_thumbnails_do_not_wait_for_the_file_of_what_was_taught(home: Home, monkeypatch: pytest.MonkeyPatch):
    engine = Engine(home, Settings())
    begun, may_end = threading.Event(), threading.Event()

    def held(_: Path) -> TeachingStore:
        begun.set()
        assert may_end.wait(20)
        raise StorageError("another program holds the file")

    monkeypatch.setattr("imagesorter.school.TeachingStore", held)
    with ThreadPoolExecutor(1) as pool:
        names = pool.submit(engine.attributes)
        assert begun.wait(20)
        assert engine.usage().images == 0 and engine._thumbnails.get(b"key") is None
        assert not names.done()
        may_end.set()
        assert names.result(20), "what the model has learned is there all the same"
    engine.close()


# Pictures


def test_thumbnails_come_with_reading_and_are_made_again(
    engine: Engine, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    assert engine.thumbnail(0) is None
    opened(engine, photos)
    assert engine.thumbnail(0) is None
    list(engine.index())
    stored = engine.thumbnail(0)
    assert stored is not None
    assert max(Image.open(io.BytesIO(stored)).size) == 512

    engine._thumbnails.clear()
    again = engine.thumbnail(0)
    assert again is not None
    assert Image.open(io.BytesIO(again)).size == Image.open(io.BytesIO(stored)).size

    def full(*_: object) -> None:
        raise StorageError("disk full")

    engine._thumbnails.clear()
    monkeypatch.setattr(engine._thumbnails, "put_many", full)
    assert engine.thumbnail(0) is not None, "shown, though it cannot be kept"


def test_what_was_read_is_ordered_and_shown_on_a_full_disk(
    engine: Engine, photos: Path, full_disk: Callable[[], AbstractContextManager[None]]
):
    opened(engine, photos)
    before = ranked(engine, "brighter")
    thumbnail = engine.thumbnail(0)
    engine.close()
    with full_disk():
        opened(engine, photos)
        events = list(engine.rank("brighter"))
        assert only(Ranked, events)[-1].file_ids.tolist() == before.file_ids.tolist()
        assert not [notice for notice in only(Notice, events) if "read again" in notice.text]
        assert engine.thumbnail(0) == thumbnail is not None
        engine.close()


def test_no_thumbnail_of_a_file_that_went_away(engine: Engine, photos: Path, tmp_path: Path):
    path = tmp_path / "one.jpg"
    shutil.copy(photos / "coffee.jpg", path)
    opened(engine, path)
    list(engine.index())
    engine._thumbnails.clear()
    path.unlink()
    assert engine.thumbnail(0) is None


def test_a_picture_for_viewing(unloaded: Engine, tmp_path: Path, sample: Image.Image):
    exif = Image.Exif()
    exif[274] = 6  # stored lying, shown standing
    sample.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    picture = unloaded.picture(tmp_path / "turned.jpg", 100)
    assert (picture.width, picture.height) == (66, 100)
    assert len(picture.rgb) == 3 * 66 * 100
    shown = np.frombuffer(picture.rgb, np.uint8).reshape(100, 66, 3)
    expected = sample.transpose(Image.Transpose.ROTATE_270).resize((66, 100), Image.Resampling.LANCZOS)
    assert np.abs(shown.astype(int) - np.asarray(expected)).mean() < 4


def test_a_small_picture_is_not_enlarged(unloaded: Engine, photos: Path):
    picture = unloaded.picture(photos / "shade-0.jpg", 4000)
    assert (picture.width, picture.height) == (451, 300)


def test_a_picture_tells_the_size_it_has_in_its_file(unloaded: Engine, photos: Path):
    picture = unloaded.picture(photos / "shade-0.jpg", 100)
    assert (picture.width, picture.whole_width, picture.whole_height) == (100, 451, 300)


def test_no_more_pixels_are_shown_than_the_memory_should_hold(
    unloaded: Engine, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagesorter.library.viewing.MOST_PIXELS", 30_000)
    picture = unloaded.picture(photos / "shade-0.jpg", 1 << 16)
    assert 29_000 < picture.width * picture.height <= 30_000
    assert (picture.whole_width, picture.whole_height) == (451, 300)


def test_a_picture_that_cannot_be_read(unloaded: Engine, tmp_path: Path):
    with pytest.raises(DecodeError, match="no longer there"):
        unloaded.picture(tmp_path / "gone.jpg", 100)


# Export


def test_an_exported_order(engine: Engine, photos: Path, tmp_path: Path):
    opened(engine, Path(shutil.copytree(photos, tmp_path / "copy")))
    ranking = ranked(engine, "brighter")
    assert engine.export(ranking, tmp_path / "order.csv") == 0
    engine.export(ranking.first(2), tmp_path / "order.json")
    with (tmp_path / "order.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    engine.files[0].unlink()
    assert engine.export(ranking, tmp_path / "again.csv") == 1, "one is no longer there"
    assert [Path(row["path"]) for row in rows] == [engine.files[i] for i in ranking.file_ids]
    assert [float(row["score"]) for row in rows] == pytest.approx(ranking.scores.tolist(), abs=1e-4)
    assert {row["query"] for row in rows} == {"brighter"}
    assert {row["model"] for row in rows} == {BUNDLED}
    assert len(json.loads((tmp_path / "order.json").read_text("utf-8"))["images"]) == 2


def test_an_export_that_fails_is_told(engine: Engine, photos: Path, tmp_path: Path):
    opened(engine, photos)
    with pytest.raises(ExportError):
        engine.export(ranked(engine, "brighter"), tmp_path / "absent" / "order.csv")


# Weight


def test_torch_waits_until_a_model_is_loaded(photos: Path):
    script = """
import sys
import threading
from pathlib import Path
from imagesorter.engine import Engine
from imagesorter.paths import Home
from imagesorter.settings import Settings
def heavy(): return [name for name in ("torch", "numpy", "PIL", "PySide6") if name in sys.modules]
print(heavy())
engine = Engine(Home.default(), Settings())
print(heavy())
engine.models(), engine.attributes()
print(heavy())
engine.usage()
list(engine.open([Path(sys.argv[1])], recursive=True, include_hidden=False))
print("torch" in sys.modules, "PySide6" in sys.modules)
engine.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(photos)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["[]", "[]", "[]", "False False"], done.stderr


def test_threads_that_ask_at_once_share_one_store(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    made: list[ThumbnailStore] = []
    together = threading.Barrier(4)
    begin = ThumbnailStore.__init__

    def counted(self: ThumbnailStore, folder: Path, cap_bytes: int, *, unwritable: bool) -> None:
        made.append(self)
        begin(self, folder, cap_bytes, unwritable=unwritable)

    monkeypatch.setattr(ThumbnailStore, "__init__", counted)

    def ask() -> None:
        together.wait(10)
        engine.usage()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
