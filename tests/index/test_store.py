from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagesorter.errors import StorageError
from imagesorter.index import database
from imagesorter.index.segments import SegmentFiles, record_type
from imagesorter.index.store import ImageIndex
from imagesorter.index.tokens import TokenStore

from .fakes import SHAPE, FakeEncoder, content_of, file_of, key_of, tokens_of

MODEL = FakeEncoder.id
LARGE = (10, 1000)


def add(index: ImageIndex, numbers: Sequence[int], model: str = MODEL) -> None:
    files = [(file_of(number), content_of(number)) for number in numbers]
    index.add(model, files, [key_of(number) for number in numbers], tokens_of(list(numbers)))


def test_lookup_tells_known_from_new_and_edited(index: ImageIndex) -> None:
    add(index, [1, 2])
    edited = replace(file_of(2), mtime_ns=file_of(2).mtime_ns + 1)
    grown = replace(file_of(2), size=file_of(2).size + 1)
    known, *others = index.lookup([file_of(1), edited, grown, file_of(3)], MODEL)
    assert known is not None
    assert known.content == content_of(1)
    assert known.has_tokens
    assert others == [None, None, None]


def test_a_change_that_left_size_and_time_is_told(index: ImageIndex) -> None:
    file = replace(file_of(1), ctime_ns=2**64 + 7)
    index.add(MODEL, [(file, content_of(1))], [key_of(1)], tokens_of([1]))
    known, *others = index.lookup([file, replace(file, ctime_ns=2**64 + 8), file_of(1)], MODEL)
    assert known is not None
    assert others == [None, None]


def test_an_index_of_the_first_version_is_read_on_and_its_files_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as first_version:
        first_version.setattr(database, "MIGRATIONS", database.MIGRATIONS[:1])
        old = database.Database(tmp_path / "index.sqlite")
        tokens = TokenStore(old, tmp_path / "index.tokens")
        tokens.register(MODEL, SHAPE)
        with old.write() as connection:
            connection.execute("INSERT INTO content VALUES (?, 41, 30, '')", (key_of(1),))
            row = os.fsencode(file_of(1).path), file_of(1).size, file_of(1).mtime_ns, key_of(1)
            connection.execute("INSERT INTO file (path, size, mtime_ns, key) VALUES (?, ?, ?, ?)", row)
            tokens.write(connection, MODEL, [key_of(1)], tokens_of([1]))
        old.close()
    index = ImageIndex(tmp_path, 10**9)
    index.register(MODEL, SHAPE)
    file = replace(file_of(1), ctime_ns=5)
    assert index.lookup([file], MODEL) == [None]
    assert index.content(key_of(1)) == content_of(1)
    assert stored(index, [1]) == [1], "only the file is read again, the model is not asked"
    index.add(MODEL, [(file, content_of(1))], [], tokens_of([]))
    assert index.lookup([file], MODEL)[0] is not None
    index.close()


@pytest.mark.parametrize("time_ns", [2**63 + 1, 2**64 + 5, -(2**63) - 5, 12 * 10**18])
def test_a_file_of_a_time_beyond_64_bits_is_known_until_it_changes(index: ImageIndex, time_ns: int) -> None:
    far = replace(file_of(1), mtime_ns=time_ns)
    assert index.lookup([far], MODEL) == [None]
    index.add(MODEL, [(far, content_of(1))], [key_of(1)], tokens_of([1]))
    known, *others = index.lookup([far, replace(far, mtime_ns=time_ns + 1), file_of(2)], MODEL)
    assert known is not None
    assert known.has_tokens
    assert others == [None, None]


def test_tokens_belong_to_their_model(index: ImageIndex) -> None:
    add(index, [1])
    index.register("another", SHAPE)
    (known,) = index.lookup([file_of(1)], "another")
    assert known is not None
    assert not known.has_tokens


def test_lookup_of_many_files_in_any_order(index: ImageIndex) -> None:
    add(index, range(6000))
    order = np.random.default_rng(0).permutation(6500).tolist()
    known = index.lookup([file_of(number) for number in order], MODEL)
    assert [entry and entry.content for entry in known] == [
        content_of(number) if number < 6000 else None for number in order
    ]


def test_a_path_of_any_bytes(index: ImageIndex) -> None:
    odd = replace(file_of(1), path=Path(os.fsdecode(b"/photos/caf\xe9\n'\".jpg")))
    index.add(MODEL, [(odd, content_of(1))], [key_of(1)], tokens_of([1]))
    assert index.lookup([odd], MODEL)[0] is not None


def test_a_second_file_of_the_same_content_needs_no_tokens(index: ImageIndex) -> None:
    add(index, [1])
    copy = replace(file_of(1), path=Path("/photos/copy.jpg"))
    index.add(MODEL, [(copy, content_of(1))], [], tokens_of([]))
    (known,) = index.lookup([copy], MODEL)
    assert known is not None
    assert known.has_tokens
    assert index.usage()[0] == 1


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    for part in range(3):
        index = ImageIndex(tmp_path, 10**9)
        index.register(MODEL, SHAPE)
        add(index, range(part * 10, part * 10 + 10))
        assert index.usage()[0] == (part + 1) * 10
        index.close()


def large_index(folder: Path, images: int) -> ImageIndex:
    """An index with room for about so many images of 20 kB, one a segment."""
    index = ImageIndex(folder, images * record_type(*LARGE).itemsize + 120_000)
    index.register(MODEL, LARGE)
    return index


def add_large(index: ImageIndex, number: int) -> None:
    tokens = np.full((1, *LARGE), number, np.float16)
    index.add(MODEL, [(file_of(number), content_of(number))], [key_of(number)], tokens)


def stored(index: ImageIndex, numbers: Sequence[int]) -> list[int]:
    _, found = index.read_tokens(MODEL, [key_of(number) for number in numbers])
    return [number for number, there in zip(numbers, found, strict=True) if there]


def test_least_recently_used_are_trimmed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000, 2000))
    monkeypatch.setattr("imagesorter.index.tokens._now", lambda: next(clock))
    index = large_index(tmp_path, 40)
    for number in range(40):
        add_large(index, number)
    index.lookup([file_of(number) for number in range(10)], MODEL)
    for number in range(40, 55):
        add_large(index, number)
    assert not index.full
    assert set(stored(index, range(10))) == set(range(10)), "what was asked for last stays"
    assert set(stored(index, range(40, 55))) == set(range(40, 55)), "so does what came since"
    dropped = set(range(10, 40)) - set(stored(index, range(10, 40)))
    assert dropped == set(range(10, 10 + len(dropped)))
    assert index.lookup([file_of(10)], MODEL) == [None], "rows go with their tokens"
    assert index.usage()[1] <= index.cap_bytes
    index.close()


def test_what_this_run_needs_is_not_trimmed_for_more_of_the_same_run(tmp_path: Path) -> None:
    index = large_index(tmp_path, 10)
    index.lookup([file_of(number) for number in range(30)], MODEL)
    for number in range(30):
        add_large(index, number)
    assert index.full
    kept = stored(index, range(30))
    assert kept == list(range(len(kept)))
    assert len(kept) >= 8
    assert index.usage()[1] <= index.cap_bytes
    index.lookup([], MODEL)
    assert not index.full
    add_large(index, 99)
    assert stored(index, [99]) == [99]
    index.close()


def test_another_cap_holds_at_once(tmp_path: Path) -> None:
    index = large_index(tmp_path, 10)
    index.lookup([], MODEL)
    for number in range(20):
        add_large(index, number)
    assert index.full
    index.limit(3 * index.cap_bytes)
    index.lookup([], MODEL)
    for number in range(30):
        add_large(index, number)
    assert not index.full
    assert stored(index, range(30)) == list(range(30))
    index.lookup([], MODEL)
    index.limit(index.cap_bytes // 3)
    assert 1 <= len(stored(index, range(30))) < 20
    assert index.usage()[1] <= index.cap_bytes
    index.close()


def test_a_lower_cap_that_cannot_be_kept_at_once_is_no_error(tmp_path: Path) -> None:
    index = large_index(tmp_path, 10)
    index.close()
    index.limit(1)
    assert index.cap_bytes == 1


def test_a_lower_cap_is_kept_from_the_next_start_on(tmp_path: Path) -> None:
    index = large_index(tmp_path, 30)
    for number in range(30):
        add_large(index, number)
    index.close()
    index = large_index(tmp_path, 5)
    assert index.usage()[1] <= index.cap_bytes
    assert 1 <= index.usage()[0] <= 10
    on_disk = sum(path.stat().st_size for path in (tmp_path / "index.tokens").iterdir())
    assert on_disk <= index.cap_bytes
    index.close()


def test_clear_forgets_all_and_another_index_goes_on(index: ImageIndex, tmp_path: Path) -> None:
    other = ImageIndex(tmp_path / "cache", 10**9)
    other.register(MODEL, SHAPE)
    add(index, range(5))
    assert stored(other, range(5)) == list(range(5))
    index.clear()
    assert index.usage()[0] == 0
    assert other.lookup([file_of(1)], MODEL) == [None]
    assert stored(other, range(5)) == []
    add(other, range(5))
    assert stored(index, range(5)) == list(range(5))
    other.close()


def test_a_full_disk_is_said_and_costs_nothing_that_was_stored(
    index: ImageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(index, range(5))
    files = set((tmp_path / "cache" / "index.tokens").iterdir())

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(SegmentFiles, "append", full)
        for model in (MODEL, "begins a segment"):
            index.register(model, SHAPE)
            with pytest.raises(StorageError, match="disk is full"):
                add(index, range(5, 10), model)
    assert index.lookup([file_of(7)], MODEL) == [None]
    assert stored(index, range(10)) == list(range(5))
    assert set((tmp_path / "cache" / "index.tokens").iterdir()) == files, "no segment is left behind"
    add(index, range(5, 10))
    assert stored(index, range(10)) == list(range(10))


Disk = Callable[[], AbstractContextManager[None]]


def test_an_index_on_a_full_disk_is_read_and_added_to_once_there_is_room(
    tmp_path: Path, full_disk: Disk
) -> None:
    before = ImageIndex(tmp_path, 10**9)
    before.register(MODEL, SHAPE)
    add(before, range(5))
    before.close()
    with full_disk():
        index = ImageIndex(tmp_path, 10**9)
        index.register(MODEL, SHAPE)
        index.register("new", SHAPE)
        known = index.lookup([file_of(number) for number in range(6)], MODEL)
        assert [bool(entry and entry.has_tokens) for entry in known] == [True] * 5 + [False]
        assert stored(index, range(6)) == list(range(5))
        assert index.usage()[0] == 5
        for model in (MODEL, "new"):
            with pytest.raises(StorageError, match="the disk is full"):
                add(index, [5], model)
        with pytest.raises(StorageError, match="the disk is full"):
            index.clear()
    add(index, [5])
    add(index, [0, 5], "new")
    assert stored(index, range(6)) == list(range(6))
    index.register("new", SHAPE)
    assert index.read_tokens("new", [key_of(0), key_of(1), key_of(5)])[1].tolist() == [True, False, True]
    index.close()


def test_an_index_begun_on_a_full_disk_is_empty_until_there_is_room(tmp_path: Path, full_disk: Disk) -> None:
    with full_disk():
        index = ImageIndex(tmp_path, 10**9)
        index.register(MODEL, SHAPE)
        assert index.lookup([file_of(1)], MODEL) == [None]
        assert index.content(key_of(1)) is None
        assert stored(index, [1]) == []
        with pytest.raises(StorageError, match="the disk is full"):
            add(index, [1])
    add(index, [1])
    index.register(MODEL, SHAPE)
    assert index.lookup([file_of(1)], MODEL)[0] is not None
    assert stored(index, [1]) == [1]
    index.close()


def test_an_index_whose_log_cannot_be_read_counts_as_empty(tmp_path: Path, full_disk: Disk) -> None:
    killed = ImageIndex(tmp_path / "killed", 10**9)
    killed.register(MODEL, SHAPE)
    add(killed, [1])
    folder = tmp_path / "left"
    shutil.copytree(tmp_path / "killed", folder, ignore=shutil.ignore_patterns("*-shm"))
    killed.close()
    assert (folder / "index.sqlite-wal").stat().st_size
    with full_disk():
        index = ImageIndex(folder, 10**9)
        index.register(MODEL, SHAPE)
        assert index.lookup([file_of(1)], MODEL) == [None]
    index.close()
    index = ImageIndex(folder, 10**9)
    index.register(MODEL, SHAPE)
    assert index.lookup([file_of(1)], MODEL)[0] is not None
    index.close()


@pytest.mark.usefixtures("caplog")
def test_damaged_tokens_are_stored_anew(index: ImageIndex, tmp_path: Path) -> None:
    add(index, [1, 2])
    (file,) = (tmp_path / "cache" / "index.tokens").iterdir()
    data = bytearray(file.read_bytes()[:60])
    data[40] ^= 1
    with file.open("r+b") as opened:
        opened.write(data)
    assert stored(index, [1, 2]) == [2]
    add(index, [1])
    assert stored(index, [1, 2]) == [1, 2]
