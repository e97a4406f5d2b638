"""What was taught, where nothing can be written: the disk is full, or the file may only be read."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from imagesorter.errors import StorageError
from imagesorter.training.pairs import store
from imagesorter.training.pairs.labels import Label, LabelStore
from imagesorter.training.pairs.store import FILE_NAME, TeachingStore

pytestmark = pytest.mark.skipif(os.name == "nt", reason="files are made useless here in ways of Unix")


def teach(folder: Path, *names: str) -> None:
    opened = TeachingStore(folder)
    for name in names:
        LabelStore(opened).begin(name, None)
    opened.close()


def names(opened: TeachingStore) -> list[str]:
    return [attribute.name for attribute in LabelStore(opened).attributes()]


def without_room(folder: Path) -> None:
    """SQLite cannot make the file that processes share, as on a full disk: it follows no link there."""
    shared = folder / f"{FILE_NAME}-shm"
    shared.unlink(missing_ok=True)
    shared.symlink_to("nowhere")


def with_room(folder: Path) -> None:
    (folder / f"{FILE_NAME}-shm").unlink()


def test_what_was_taught_is_read_where_nothing_can_be_written(tmp_path: Path):
    teach(tmp_path, "mess", "glow")
    without_room(tmp_path)
    opened = TeachingStore(tmp_path)
    assert names(opened) == ["mess", "glow"]
    with (
        pytest.raises(StorageError, match=rf"{FILE_NAME}: what you teach cannot be stored \(.*\)\. .*, then"),
        opened.write(),
    ):
        pytest.fail("there is nothing to write to")
    assert names(opened) == ["mess", "glow"] and opened.damaged is None
    with pytest.raises(sqlite3.OperationalError, match="readonly"), opened._to_read() as connection:
        connection.execute("DELETE FROM attribute")
    opened.close()
    with pytest.raises(StorageError, match="closed"), opened.read():
        pass
    assert sorted(file.name for file in tmp_path.iterdir()) == [FILE_NAME, f"{FILE_NAME}-shm"]


def test_it_is_written_once_there_is_room_and_read_as_it_is_then(tmp_path: Path):
    teach(tmp_path, "mess")
    without_room(tmp_path)
    opened = TeachingStore(tmp_path)
    assert names(opened) == ["mess"]
    with_room(tmp_path)
    teach(tmp_path, "by another")
    assert names(opened) == ["mess", "by another"]
    LabelStore(opened).begin("glow", None)
    assert names(opened) == ["mess", "by another", "glow"]
    opened.close()


def test_a_disk_that_fills_while_the_file_is_open_leaves_it_readable(tmp_path: Path):
    teach(tmp_path, "mess")
    opened = TeachingStore(tmp_path)
    LabelStore(opened).begin("glow", None)
    with suppress(StorageError), opened.write():  # as a write that fails: its connection was the only one
        raise sqlite3.OperationalError("database or disk is full")
    without_room(tmp_path)
    assert names(opened) == ["mess", "glow"]
    with pytest.raises(StorageError, match="cannot be stored"), opened.write():
        pytest.fail("there is nothing to write to")
    with_room(tmp_path)
    LabelStore(opened).begin("light", None)
    assert names(opened) == ["mess", "glow", "light"]
    opened.close()


def test_what_only_the_log_holds_is_read_too(tmp_path: Path):
    """As after a process that was killed."""
    there, lost = tmp_path / "there", tmp_path / "lost"
    opened = TeachingStore(there)
    LabelStore(opened).begin("mess", None)
    lost.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(there / f"{FILE_NAME}{ending}", lost)
    opened.close()
    assert (lost / f"{FILE_NAME}-wal").stat().st_size
    without_room(lost)
    opened = TeachingStore(lost)
    assert names(opened) == ["mess"]
    opened.close()


def test_where_nothing_was_taught_there_is_nothing_to_be_told(tmp_path: Path):
    without_room(tmp_path)
    (tmp_path / FILE_NAME).touch()
    opened = TeachingStore(tmp_path)
    assert names(opened) == []
    opened.close()


def test_an_older_file_is_read_as_one_of_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    teach(tmp_path, "mess")
    step = ("ALTER TABLE attribute ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",)
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, step))
    without_room(tmp_path)
    opened = TeachingStore(tmp_path)
    with opened.read() as connection:
        assert connection.execute("SELECT name, colour FROM attribute").fetchall() == [("mess", "red")]
    opened.close()
    monkeypatch.undo()
    with_room(tmp_path)
    teach(tmp_path)  # the file itself has stayed as it was


def test_a_damaged_file_is_told_where_none_can_take_its_place(tmp_path: Path):
    teach(tmp_path, "mess")
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 100)
    (tmp_path / f"{FILE_NAME}.lock").mkdir()  # what a new one needs cannot be written
    with pytest.raises(StorageError, match="what you taught cannot be opened"):
        TeachingStore(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == b"this is no database" * 100


@pytest.mark.parametrize("file", [True, False])
def test_a_folder_that_may_only_be_read_is_read(
    shared_folder: Path, unprivileged: AbstractContextManager[None], file: bool
):
    teach(shared_folder, "mess")
    if file:
        (shared_folder / FILE_NAME).chmod(0o444)
    shared_folder.chmod(0o555)
    with unprivileged:
        opened = TeachingStore(shared_folder)
        assert names(opened) == ["mess"]
        with pytest.raises(StorageError, match=r"stored.*you may read and write it"), opened.write():
            pytest.fail("there is nothing to write to")
        opened.close()
    assert [found.name for found in shared_folder.iterdir()] == [FILE_NAME]


def test_a_file_without_its_log_is_not_taken_for_whole(
    shared_folder: Path, unprivileged: AbstractContextManager[None], tmp_path: Path
):
    opened = TeachingStore(tmp_path)
    LabelStore(opened).begin("mess", None)
    for ending in ("", "-wal"):
        shutil.copy(tmp_path / f"{FILE_NAME}{ending}", shared_folder)
    opened.close()
    (shared_folder / FILE_NAME).chmod(0o444)
    shared_folder.chmod(0o555)
    with (
        unprivileged,
        pytest.raises(StorageError, match=r"cannot be opened.*you may read and write it and its folder"),
    ):
        TeachingStore(shared_folder)


def test_a_file_that_another_process_holds_is_not_read_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    teach(tmp_path, "mess")
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.1)
    holder = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StorageError, match="Another program holds the file"):
            TeachingStore(tmp_path)
        without_room(tmp_path)
        with pytest.raises(StorageError):
            TeachingStore(tmp_path)
    finally:
        holder.close()


def test_nothing_is_stored_in_a_file_that_is_gone(tmp_path: Path):
    """An answer would be lost with it, without a word."""
    opened = TeachingStore(tmp_path / "here")
    LabelStore(opened).begin("mess", None)
    (tmp_path / "here").rename(tmp_path / "there")
    with pytest.raises(
        StorageError, match=rf"{FILE_NAME} was deleted or replaced .* Start Imagesorter again"
    ):
        LabelStore(opened).begin("glow", None)
    teach(tmp_path / "here", "another")
    assert names(opened) == ["mess"], "it still reads what it had"
    shutil.rmtree(tmp_path / "here")
    (tmp_path / "there").rename(tmp_path / "here")
    LabelStore(opened).begin("glow", None)
    assert names(opened) == ["mess", "glow"]
    opened.close()


def test_a_transaction_within_another_is_part_of_it(tmp_path: Path):
    opened = TeachingStore(tmp_path)
    labels = LabelStore(opened)
    done: list[str] = []
    with pytest.raises(RuntimeError, match="over"), opened.write():
        labels.begin("mess", None)
        opened.once_stored(lambda: done.append("mess"))
        with opened.write():
            labels.begin("glow", None)
        raise RuntimeError("it is all over")
    assert names(opened) == [] and done == []
    with opened.write():
        labels.begin("glow", None)
        opened.once_stored(lambda: done.append("glow"))
        assert done == []
    assert names(opened) == done == ["glow"]
    opened.close()


def test_an_action_that_was_rolled_back_is_nobodys(tmp_path: Path):
    opened = TeachingStore(tmp_path)
    labels, others = LabelStore(opened), LabelStore(opened)
    attribute = labels.begin("mess", None)
    labels.take_up(attribute)
    answer = Label(b"a", b"b", "left", "random")
    with suppress(RuntimeError), opened.write():
        labels.add(attribute, [answer])
        raise RuntimeError
    others.add(attribute, [answer])  # as another window, with the number that is free again
    assert labels.last(attribute) == [] and len(others.last(attribute)) == 1
    opened.close()
