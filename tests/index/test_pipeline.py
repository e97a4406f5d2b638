from __future__ import annotations

import errno
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import StorageError
from imagesorter.index import pipeline, reader
from imagesorter.index.pipeline import Failed, Idle, IndexedBatch, NotStored, index_images
from imagesorter.index.segments import SegmentFiles
from imagesorter.index.store import ImageIndex
from imagesorter.library.decode import content_key, decode
from imagesorter.library.files import ImageFile
from imagesorter.library.thumbnails import ThumbnailStore

from .fakes import FakeEncoder, draw, stat

Event = IndexedBatch | Failed | NotStored | Idle


@pytest.fixture
def pictures(tmp_path: Path) -> list[tuple[int, ImageFile]]:
    """Twenty pictures with ids from 100."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    return [(100 + seed, draw(folder / f"{seed}.png", seed)) for seed in range(20)]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def run(
    files: list[tuple[int, ImageFile]], encoder: FakeEncoder, index: ImageIndex, thumbnails: ThumbnailStore
) -> list[Event]:
    return list(index_images(files, encoder, index, thumbnails, workers=3))


def batches(events: list[Event]) -> list[IndexedBatch]:
    return [event for event in events if isinstance(event, IndexedBatch)]


def ids(events: list[Event]) -> list[int]:
    return sorted(file_id for batch in batches(events) for file_id in batch.file_ids)


def test_every_picture_is_encoded_stored_and_given_a_thumbnail(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FakeEncoder()
    events = run(pictures, encoder, index, thumbnails)
    assert ids(events) == [file_id for file_id, _ in pictures]
    assert encoder.encoded == 20
    assert max(encoder.batches) <= encoder.batch_size
    files = dict(pictures)
    for batch in batches(events):
        assert batch.warnings == ("",) * len(batch.file_ids)
        for file_id, key, tokens in zip(batch.file_ids, batch.keys, batch.tokens, strict=True):
            data = files[file_id].path.read_bytes()
            assert key == content_key(data)
            mean = encoder.preprocess(decode(files[file_id].path).image).mean()
            np.testing.assert_allclose(tokens, mean, rtol=2e-3)
            stored, found = index.read_tokens(encoder.id, [key])
            assert found[0]
            np.testing.assert_array_equal(stored[0], tokens)
            assert thumbnails.get(key) is not None
    for known in index.lookup([file for _, file in pictures], encoder.id):
        assert known is not None
        assert known.has_tokens
        assert (known.content.width, known.content.height) == (56, 48)


def test_the_first_batch_is_small(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FakeEncoder()
    run(pictures, encoder, index, thumbnails)
    assert encoder.batches[0] <= 4


def test_no_files_give_no_events(index: ImageIndex, thumbnails: ThumbnailStore) -> None:
    assert run([], FakeEncoder(), index, thumbnails) == []


def test_moved_and_copied_pictures_are_not_encoded_or_decoded_again(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = FakeEncoder()
    before = batches(run(pictures, encoder, index, thumbnails))
    tokens_before = {
        key: tokens for batch in before for key, tokens in zip(batch.keys, batch.tokens, strict=True)
    }
    moved = []
    for file_id, file in pictures:
        moved.append((file_id, stat(file.path.rename(file.path.with_name(f"moved {file.path.name}")))))
    assert index.lookup([file for _, file in moved], encoder.id) == [None] * 20

    def no_decoding(*_: Any, **__: Any) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(reader, "decode", no_decoding)
    events = run(moved, encoder, index, thumbnails)
    assert ids(events) == [file_id for file_id, _ in pictures]
    assert encoder.encoded == 20
    for batch in batches(events):
        for key, tokens in zip(batch.keys, batch.tokens, strict=True):
            np.testing.assert_array_equal(tokens, tokens_before[key])
    assert all(known and known.has_tokens for known in index.lookup([f for _, f in moved], encoder.id))


def test_a_lost_thumbnail_is_made_again_without_the_model(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FakeEncoder()
    run(pictures, encoder, index, thumbnails)
    thumbnails.clear()
    events = run(pictures, encoder, index, thumbnails)
    assert ids(events) == [file_id for file_id, _ in pictures]
    assert encoder.encoded == 20
    assert thumbnails.usage()[0] == 20


def test_an_edited_picture_is_encoded_again(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FakeEncoder()
    run(pictures, encoder, index, thumbnails)
    edited = draw(pictures[3][1].path, seed=999)
    os.utime(edited.path, ns=(0, pictures[3][1].mtime_ns + 10**9))
    edited = stat(edited.path)
    assert index.lookup([edited], encoder.id) == [None]
    (batch,) = batches(run([(103, edited)], encoder, index, thumbnails))
    assert encoder.encoded == 21
    (known,) = index.lookup([edited], encoder.id)
    assert known is not None
    assert known.content.key == batch.keys[0] == content_key(edited.path.read_bytes())


def test_a_file_that_changes_after_the_scan_is_known_as_what_was_read(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    scanned, (_, other) = pictures[0][1], pictures[1]
    before = scanned.path.read_bytes()
    shutil.copy(other.path, scanned.path)
    os.utime(scanned.path, ns=(0, scanned.mtime_ns + 10**9))
    run(pictures, FakeEncoder(), index, thumbnails)  # one is a copy of the other now
    (known,) = index.lookup([stat(scanned.path)], FakeEncoder.id)
    assert known is not None
    assert known.content.key == content_key(other.path.read_bytes())
    scanned.path.write_bytes(before)
    os.utime(scanned.path, ns=(0, scanned.mtime_ns))  # as a backup brings it back
    assert replace(stat(scanned.path), ctime_ns=scanned.ctime_ns) == scanned
    assert index.lookup([scanned], FakeEncoder.id) == [None]
    assert index.lookup([stat(scanned.path)], FakeEncoder.id) == [None]
    (batch,) = batches(run(pictures[:1], FakeEncoder(), index, thumbnails))
    assert batch.keys == (content_key(before),)


@pytest.mark.skipif(sys.platform == "win32", reason="tells no time that a program cannot set back")
def test_a_change_that_leaves_size_and_time_is_seen_and_costs_no_encoding_of_known_content(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    folder = pictures[0][1].path.parent
    one, other = (draw(folder / f"{name}.bmp", seed).path for name, seed in (("one", 70), ("other", 71)))
    encoder = FakeEncoder()

    def read_both() -> list[bytes]:
        for path in (one, other):
            os.utime(path, ns=(0, 10**18))
        files = [stat(one), stat(other)]
        unknown = [
            (number, file)
            for number, (file, known) in enumerate(zip(files, index.lookup(files, encoder.id), strict=True))
            if known is None
        ]
        run(unknown, encoder, index, thumbnails)
        return [known.content.key for known in index.lookup(files, encoder.id) if known]

    before = read_both()
    spare = one.rename(folder / "spare")
    other.rename(one)
    spare.rename(other)
    assert read_both() == before[::-1]
    assert encoder.encoded == 2
    data = bytearray(one.read_bytes())
    data[-1] ^= 0x80
    one.write_bytes(data)
    assert read_both() == [content_key(bytes(data)), before[0]]
    assert encoder.encoded == 3


def test_the_same_content_twice_in_a_run_is_encoded_once(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FakeEncoder()
    copies = list(pictures)
    for file_id, file in pictures:
        for number in (1, 2):
            path = file.path.with_name(f"copy {number} of {file.path.name}")
            shutil.copy(file.path, path)
            copies.append((file_id + 100 * number, stat(path)))
    copies.sort(key=lambda copy: copy[0] % 100)  # the three of a kind are neighbours
    events = run(copies, encoder, index, thumbnails)
    assert ids(events) == sorted(file_id for file_id, _ in copies)
    assert encoder.encoded == 20
    assert all(known and known.has_tokens for known in index.lookup([f for _, f in copies], encoder.id))


def test_bad_files_among_good_ones_are_results(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    folder = pictures[0][1].path.parent
    bad = {
        1: (folder / "empty.jpg", b""),
        2: (folder / "text.png", b"no picture"),
        3: (folder / "header only.png", pictures[0][1].path.read_bytes()[:40]),
        4: (folder / "the same header only.png", pictures[0][1].path.read_bytes()[:40]),
    }
    files = list(pictures)
    for file_id, (path, data) in bad.items():
        path.write_bytes(data)
        files.insert(3 * file_id, (file_id, stat(path)))
    files.insert(0, (5, ImageFile(folder / "vanished.jpg", 10, 10)))
    events = run(files, FakeEncoder(), index, thumbnails)
    assert ids(events) == [file_id for file_id, _ in pictures]
    failures = {event.file_id: event for event in events if isinstance(event, Failed)}
    assert set(failures) == {1, 2, 3, 4, 5}
    assert failures[5].path == folder / "vanished.jpg"
    assert all(failure.reason for failure in failures.values())


def test_copies_of_a_damaged_file_fail_one_after_the_other(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = pictures[0][1].path.with_name("damaged.png")
    first.write_bytes(pictures[0][1].path.read_bytes()[:40])
    copy = Path(shutil.copy(first, first.with_name("damaged copy.png")))
    claim = reader.FileReader._claim
    waits, go_on = threading.Event(), threading.Event()

    def claim_then_tell(self: reader.FileReader, key: bytes, file_id: int) -> bool:
        claimed = claim(self, key, file_id)
        if not claimed:
            waits.set()
        return claimed

    def decode_later(path: Path, data: bytes, **wanted: Any) -> Any:
        go_on.wait(60)
        return decode(path, data, **wanted)

    monkeypatch.setattr(reader.FileReader, "_claim", claim_then_tell)
    monkeypatch.setattr(reader, "decode", decode_later)
    events: list[Event] = []
    idle = 0
    for event in index_images(
        [(1, stat(first)), (2, stat(copy))], FakeEncoder(), index, thumbnails, workers=2
    ):
        events.append(event)
        idle += isinstance(event, Idle) and waits.is_set()
        if idle == 2:  # the run knows of the copy by now
            go_on.set()
    assert sorted(event.file_id for event in events if isinstance(event, Failed)) == [1, 2]


def test_a_cut_off_picture_comes_with_its_warning_now_and_later(
    tmp_path: Path, index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    path = tmp_path / "cut.jpg"
    data = draw(path, 1, side=200).path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    (batch,) = batches(run([(1, stat(path))], FakeEncoder(), index, thumbnails))
    assert "cut off" in batch.warnings[0]
    (known,) = index.lookup([stat(path)], FakeEncoder.id)
    assert known is not None
    assert known.content.warning == batch.warnings[0]


def test_closing_keeps_what_was_yielded_and_a_second_run_does_the_rest(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FakeEncoder()
    events = index_images(pictures, encoder, index, thumbnails, workers=2)
    first = next(event for event in events if isinstance(event, IndexedBatch))
    events.close()  # type: ignore[attr-defined]
    known = index.lookup([file for _, file in pictures], encoder.id)
    done = {file_id for (file_id, _), entry in zip(pictures, known, strict=True) if entry}
    assert done == set(first.file_ids)
    assert thumbnails.missing(first.keys) == []
    rest = [(file_id, file) for file_id, file in pictures if file_id not in done]
    assert ids(run(rest, encoder, index, thumbnails)) == [file_id for file_id, _ in rest]
    assert encoder.encoded == 20


class FailingEncoder(FakeEncoder):
    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        if len(self.batches) == 2:
            raise RuntimeError("out of memory")
        return super().encode(pixels)


def test_an_error_of_the_model_propagates_and_keeps_what_was_done(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    encoder = FailingEncoder()
    events = index_images(pictures, encoder, index, thumbnails, workers=2)
    done: list[int] = []
    with pytest.raises(RuntimeError, match="out of memory"):
        for event in events:
            done += event.file_ids if isinstance(event, IndexedBatch) else ()
    known = index.lookup([file for _, file in pictures], encoder.id)
    assert sorted(done) == [file_id for (file_id, _), entry in zip(pictures, known, strict=True) if entry]
    assert len(done) == encoder.encoded > 0


@pytest.mark.usefixtures("caplog")
def test_a_full_disk_is_said_once_and_the_images_still_come(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SegmentFiles, "append", full)
    events = run(pictures, FakeEncoder(), index, thumbnails)
    (said,) = (event for event in events if isinstance(event, NotStored))
    assert "disk is full" in said.reason
    assert ids(events) == [file_id for file_id, _ in pictures]


@pytest.mark.usefixtures("caplog")
@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be deleted there")
def test_an_index_that_was_deleted_meanwhile_is_said_once_and_the_images_still_come(
    pictures: list[tuple[int, ImageFile]], tmp_path: Path, thumbnails: ThumbnailStore
) -> None:
    index = ImageIndex(tmp_path / "deleted", 10**9)
    events = index_images(pictures, FakeEncoder(), index, thumbnails, workers=2)
    index.usage()
    shutil.rmtree(tmp_path / "deleted")
    found = list(events)
    (said,) = (event for event in found if isinstance(event, NotStored))
    assert "deleted or replaced" in said.reason
    assert ids(found) == [file_id for file_id, _ in pictures]
    index.close()


@pytest.mark.usefixtures("caplog")
def test_tokens_are_stored_where_thumbnails_cannot_be(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = 0

    def full(*_: Any) -> None:
        nonlocal tries
        tries += 1
        raise StorageError("the disk of thumbnails is full")

    monkeypatch.setattr(thumbnails, "put_many", full)
    encoder = FakeEncoder()
    events = run(pictures, encoder, index, thumbnails)
    assert [event.reason for event in events if isinstance(event, NotStored)] == [
        "the disk of thumbnails is full"
    ]
    assert tries == 1 and ids(events) == [file_id for file_id, _ in pictures]
    assert all(index.lookup([file for _, file in pictures], encoder.id))


def test_an_index_that_cannot_be_used_is_an_error(
    pictures: list[tuple[int, ImageFile]], index: ImageIndex, thumbnails: ThumbnailStore
) -> None:
    index.close()
    with pytest.raises(StorageError, match="closed"):
        run(pictures, FakeEncoder(), index, thumbnails)


def test_a_full_index_still_yields_every_image(
    pictures: list[tuple[int, ImageFile]], tmp_path: Path, thumbnails: ThumbnailStore
) -> None:
    index = ImageIndex(tmp_path / "tiny", 1000)
    events = run(pictures, FakeEncoder(), index, thumbnails)
    assert ids(events) == [file_id for file_id, _ in pictures]
    assert index.full
    index.close()


@pytest.fixture
def hanging(
    pictures: list[tuple[int, ImageFile]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[threading.Event]:
    """Decoding the first picture hangs until the test ends; set once it does."""
    release, begun = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def decode_or_hang(path: Path, data: bytes, **wanted: Any) -> Any:
        if path == pictures[0][1].path:
            threads.append(threading.current_thread())
            begun.set()
            release.wait(60)
        return decode(path, data, **wanted)

    monkeypatch.setattr(reader, "decode", decode_or_hang)
    yield begun
    release.set()
    for thread in threads:
        thread.join(60)


def test_a_decoder_that_hangs_costs_its_file_only(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
    hanging: threading.Event,
) -> None:
    copy = pictures[0][1].path.with_name("copy.png")
    shutil.copy(pictures[0][1].path, copy)
    files = [*pictures, (500, stat(copy))]
    events: list[Event] = []
    for event in index_images(files, FakeEncoder(), index, thumbnails, workers=2):
        events.append(event)
        if isinstance(event, Idle) and len(ids(events)) == 19:
            monkeypatch.setattr(pipeline, "_HANGING_SECONDS", -1.0)
    assert ids(events) == [file_id for file_id, _ in pictures[1:]]
    failed = [event for event in events if isinstance(event, Failed)]
    assert {event.file_id for event in failed} == {100, 500}
    assert all("given up" in event.reason for event in failed)


def test_a_file_that_goes_on_after_it_was_given_up_keeps_no_copy_from_being_read(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (first, slow), (second, other) = pictures[:2]
    copy = slow.path.with_name("copy.png")
    shutil.copy(slow.path, copy)
    go_on, went_on = threading.Event(), threading.Event()
    read_seen, claim = reader.read_seen, reader.FileReader._claim

    def read_slowly(path: Path, progress: Callable[[], None]) -> tuple[bytes, ImageFile]:
        if path == slow.path:
            go_on.wait(60)
        if path == other.path:  # read by the thread that took the other one's place
            go_on.set()
            went_on.wait(60)
        return read_seen(path, progress)

    def claim_then_tell(self: reader.FileReader, key: bytes, file_id: int) -> bool:
        claimed = claim(self, key, file_id)
        if file_id == first:
            went_on.set()
        return claimed

    monkeypatch.setattr(reader, "read_seen", read_slowly)
    monkeypatch.setattr(reader.FileReader, "_claim", claim_then_tell)
    monkeypatch.setattr(pipeline, "_HANGING_SECONDS", 0.5)
    events: list[Event] = []
    for event in index_images([(first, slow), (second, other), (500, stat(copy))], FakeEncoder(), index,
                              thumbnails, workers=1):  # fmt: skip
        events.append(event)
        if any(isinstance(event, Failed) for event in events):
            monkeypatch.setattr(pipeline, "_HANGING_SECONDS", 60.0)
    assert [event.file_id for event in events if isinstance(event, Failed)] == [first]
    assert sorted(ids(events)) == [second, 500]


def test_files_that_wait_for_memory_are_read_after_one_that_hangs(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
    hanging: threading.Event,
) -> None:
    monkeypatch.setattr(reader.limits, "max_pixels", lambda: 48 * 56)  # one picture at a time
    events: list[Event] = []
    for event in index_images(pictures, FakeEncoder(), index, thumbnails, workers=4):
        events.append(event)
        if isinstance(event, Idle) and hanging.is_set():
            monkeypatch.setattr(pipeline, "_HANGING_SECONDS", 0.5)
    assert [event.file_id for event in events if isinstance(event, Failed)] == [100]
    assert ids(events) == [file_id for file_id, _ in pictures[1:]]


def test_a_fault_of_the_model_s_preprocessing_costs_one_file(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Picky(FakeEncoder):
        def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
            if image.height == 100:
                raise ValueError("odd shape")
            return super().preprocess(image)

    odd = draw(pictures[0][1].path.with_name("odd.png"), 1, side=100)
    events = run([*pictures, (7, odd)], Picky(), index, thumbnails)
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert failed.file_id == 7
    assert len(ids(events)) == 20
    assert "odd.png" in caplog.text


def test_idle_events_come_while_a_file_takes_long(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def slow_decode(path: Path, data: bytes, **wanted: Any) -> Any:
        release.wait(60)
        return decode(path, data, **wanted)

    monkeypatch.setattr(reader, "decode", slow_decode)
    events = index_images(pictures, FakeEncoder(), index, thumbnails, workers=2)
    assert isinstance(next(events), Idle)
    assert isinstance(next(events), Idle)
    release.set()
    assert ids(list(events)) == [file_id for file_id, _ in pictures]


@pytest.mark.parametrize(("asked", "min_side", "preview_side"), [(1024, 1024, 480), (16, 288, 288)])
def test_pictures_are_as_large_as_model_and_thumbnail_need(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
    asked: int,
    min_side: int,
    preview_side: int,
) -> None:
    class Wanting(FakeEncoder):
        pass

    Wanting.min_side = asked
    wanted_of_all: list[dict[str, int]] = []

    def noted(path: Path, data: bytes, **wanted: Any) -> Any:
        wanted_of_all.append(wanted)
        return decode(path, data, **wanted)

    monkeypatch.setattr(reader, "decode", noted)
    list(index_images(pictures[:1], Wanting(), index, thumbnails, workers=1))
    assert wanted_of_all == [{"min_side": min_side, "preview_side": preview_side}]


def test_no_more_is_read_ahead_than_a_batch_needs(
    pictures: list[tuple[int, ImageFile]],
    index: ImageIndex,
    thumbnails: ThumbnailStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[Path] = []

    def counted(path: Path, data: bytes, **wanted: Any) -> Any:
        decoded.append(path)
        return decode(path, data, **wanted)

    class Slow(FakeEncoder):
        batch_size = 2

        def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
            assert len(decoded) - self.encoded <= self.batch_size + 2 * 2 + len(pixels)
            return super().encode(pixels)

    monkeypatch.setattr(reader, "decode", counted)
    events = index_images(pictures, Slow(), index, thumbnails, workers=2)
    assert ids(list(events)) == [file_id for file_id, _ in pictures]
