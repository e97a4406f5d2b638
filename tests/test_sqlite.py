"""Files that several processes open at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from imagesorter.errors import StorageError
from imagesorter.sqlite import begin, connect, set_aside, while_busy
from imagesorter.training.pairs import store
from imagesorter.training.pairs.store import FILE_NAME, TeachingStore


def busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def damage() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("file is not a database")
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    return error


def test_what_is_deleted_is_not_overwritten(tmp_path: Path):
    """Else the room for that is missing where a disk is full, and deleting is to make some."""
    with closing(connect(tmp_path / "some.sqlite", 1.0, "")) as connection:
        assert connection.execute("PRAGMA secure_delete").fetchone() == (0,)


def test_work_is_tried_again_while_another_process_holds_the_file():
    left = [busy(), busy()]

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    assert while_busy(work, 10) == "done"


def test_it_is_not_tried_for_ever_nor_where_that_would_not_help():
    def fail() -> None:
        raise busy()

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        while_busy(fail, 0)

    def damaged() -> None:
        tries.append(1)
        raise sqlite3.DatabaseError("malformed")

    tries: list[int] = []
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        while_busy(damaged, 10)
    assert len(tries) == 1


def make(path: Path, row: str = "") -> None:
    """Begin a file, or add a row to one."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS made (by TEXT)")
        connection.execute("INSERT INTO made VALUES (?)", (row,))


def test_of_two_that_find_a_damaged_file_the_second_leaves_the_new_one_of_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "file.sqlite"
    path.write_bytes(b"no database " * 100)
    asides: list[Path | None] = []

    def prepare() -> None:
        try:
            make(path, "second")
        except sqlite3.DatabaseError:
            asides.append(begin(path, lambda: make(path, "first"), 10)[1])
            raise  # what it found before the first was there

    asides.append(begin(path, prepare, 10)[1])
    assert asides == [tmp_path / "file.sqlite.damaged", None]
    assert asides[0].read_bytes() == b"no database " * 100
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT by FROM made").fetchall() == [("first",), ("second",)]
    assert len(caplog.messages) == 1


@pytest.mark.usefixtures("caplog")
def test_no_other_sets_a_file_aside_while_the_new_one_is_being_made(tmp_path: Path):
    path = tmp_path / "file.sqlite"
    path.write_bytes(b"no database " * 100)

    def other() -> None:
        raise damage()

    def prepare() -> None:
        if not path.exists():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                begin(path, other, 0)
        make(path)

    begin(path, prepare, 10)
    assert path.exists()


def test_the_log_of_a_damaged_file_goes_before_another_process_can_begin_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "file.sqlite"
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"file.sqlite{ending}").write_text("old")
    replace = Path.replace

    def replace_and_begin(self: Path, target: Path) -> Path:
        moved = replace(self, target)
        if self == path:
            (tmp_path / "file.sqlite-wal").write_text("new")
        return moved

    monkeypatch.setattr(Path, "replace", replace_and_begin)
    set_aside(path, keep=True)
    contents = {file.name: file.read_text() for file in tmp_path.glob("file*")}
    assert contents == {
        "file.sqlite.damaged": "old",
        "file.sqlite.damaged-wal": "old",
        "file.sqlite-wal": "new",
    }


def test_what_is_taught_waits_for_another_process_that_begins_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    migrate, left = TeachingStore._migrate, [busy()]

    def migrate_late(self: TeachingStore) -> None:
        if left:
            raise left.pop()
        migrate(self)

    monkeypatch.setattr(TeachingStore, "_migrate", migrate_late)
    opened = TeachingStore(tmp_path)
    assert opened.damaged is None
    opened.close()


def test_a_file_that_is_held_for_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    TeachingStore(tmp_path).close()
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.1)
    holder = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    opened = TeachingStore(tmp_path)
    try:
        with pytest.raises(StorageError, match="Another program holds the file"), opened.write():
            pass
    finally:
        opened.close()
        holder.close()
