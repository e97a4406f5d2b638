from __future__ import annotations

import errno
import logging
import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from imagesorter.errors import StorageError
from imagesorter.index import database
from imagesorter.index.database import Database

ADD_A_CONTENT = "INSERT INTO content VALUES (x'00', 1, 2, '')"


def contents(opened: Database) -> int:
    with opened.read() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM content").fetchone()[0])


def test_begins_in_wal_mode_at_the_latest_version(tmp_path: Path) -> None:
    opened = Database(tmp_path / "new" / "index.sqlite")
    with opened.read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(database.MIGRATIONS),)
    opened.close()


def test_an_older_schema_is_brought_up_to_date_with_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite"
    old = Database(path)
    with old.write() as connection:
        connection.execute(ADD_A_CONTENT)
    old.close()
    step = ("ALTER TABLE content ADD COLUMN rating INTEGER NOT NULL DEFAULT 3",)
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, step))
    new = Database(path)
    with new.read() as connection:
        assert connection.execute("SELECT width, rating FROM content").fetchall() == [(1, 3)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(database.MIGRATIONS),)
    new.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.sqlite"
    Database(path).close()
    version = len(database.MIGRATIONS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE full (x PRIMARY KEY)")
        connection.execute("INSERT INTO full VALUES (1)")
        connection.commit()
    steps = (*database.MIGRATIONS, ("CREATE TABLE half (x)", "INSERT INTO full VALUES (1)"))
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    with pytest.raises(StorageError):
        Database(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)


def test_the_file_of_a_newer_version_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE from_the_future (x)")
    before = path.read_bytes()
    opened = Database(path)
    assert opened.path != path
    assert contents(opened) == 0
    opened.close()
    assert path.read_bytes() == before
    assert "newer version" in caplog.text


@pytest.mark.parametrize("damage", ["text", "zeroed pages", "strange tables"])
def test_a_damaged_file_is_set_aside_and_built_anew(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "index.sqlite"
    if damage == "text":
        path.write_text("this is no database at all, " * 100)
    elif damage == "zeroed pages":
        whole = Database(path)
        with whole.write() as connection:
            connection.executemany(
                "INSERT INTO content VALUES (?, 1, 2, ?)", [(bytes([k]), "w" * 500) for k in range(200)]
            )
        whole.close()
        data = bytearray(path.read_bytes())
        data[8192:-4096] = bytes(len(data) - 4096 - 8192)
        path.write_bytes(data)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE content (something_else)")
    damaged = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        opened = Database(path)
    assert contents(opened) == 0
    opened.close()
    assert (tmp_path / "index.sqlite.damaged").read_bytes() == damaged
    assert "damaged" in caplog.text


def test_a_transaction_that_raises_is_rolled_back(tmp_path: Path) -> None:
    opened = Database(tmp_path / "index.sqlite")
    with pytest.raises(ZeroDivisionError), opened.write() as connection:
        connection.execute(ADD_A_CONTENT)
        raise ZeroDivisionError
    assert contents(opened) == 0
    opened.close()


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    opened = Database(tmp_path / "index.sqlite")
    with pytest.raises(StorageError, match="disk is full"), opened.write():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageError, match="disk is full"), opened.write() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        connection.execute("INSERT INTO content VALUES (x'00', 1, 2, zeroblob(100000))")
    assert contents(opened) == 0
    opened.close()
    with pytest.raises(StorageError, match="closed"), opened.read():
        pass


def test_a_writer_that_does_not_let_go_is_named(tmp_path: Path) -> None:
    first, second = (Database(tmp_path / "index.sqlite", busy_seconds=0) for _ in range(2))
    with first.write(), pytest.raises(StorageError, match="another program"), second.write():
        pass
    first.close()
    second.close()


def test_a_folder_that_cannot_be_made_is_an_error_for_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="is writable"):
        Database(tmp_path / "file" / "index.sqlite")
    with pytest.raises(StorageError, match=r"the index cannot be used \(File exists\); .*\.$"):
        Database(tmp_path / "file" / "index.sqlite")


def test_a_read_only_folder_is_an_error_for_the_user(
    shared_folder: Path, unprivileged: AbstractContextManager[None]
) -> None:
    Database(shared_folder / "index.sqlite").close()
    shared_folder.chmod(0o555)
    with unprivileged, pytest.raises(StorageError, match="is writable"):
        Database(shared_folder / "index.sqlite")


def test_what_a_read_only_folder_holds_is_read_where_that_will_do(
    shared_folder: Path, unprivileged: AbstractContextManager[None]
) -> None:
    begun = Database(shared_folder / "index.sqlite")
    with begun.write() as connection:
        connection.execute(ADD_A_CONTENT)
    begun.close()
    shared_folder.chmod(0o555)
    with unprivileged:
        opened = Database(shared_folder / "index.sqlite", unwritable=True)
        assert contents(opened) == 1
        with pytest.raises(StorageError, match="is writable"), opened.write():
            pass
        assert contents(opened) == 1
    shared_folder.chmod(0o755)
    with opened.write() as connection:
        connection.execute("DELETE FROM content")
    assert contents(opened) == 0
    opened.close()


def test_a_file_that_another_process_holds_is_not_taken_for_unwritable(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="another program"):
            Database(path, busy_seconds=0, unwritable=True)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_told_by_any_of_its_names(tmp_path: Path, error: int) -> None:
    opened = Database(tmp_path / "index.sqlite")
    with pytest.raises(StorageError, match="disk is full"), opened.write():
        raise OSError(error, "no room")
    opened.close()
