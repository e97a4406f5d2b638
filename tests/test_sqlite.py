"""Files that several processes open at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from imagesorter.errors import StorageError
from imagesorter.sqlite import while_busy
from imagesorter.training.pairs import store
from imagesorter.training.pairs.store import FILE_NAME, TeachingStore


def busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


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
