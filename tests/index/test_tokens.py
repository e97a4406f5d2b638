from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imagesorter.index.database import Database
from imagesorter.index.segments import record_type
from imagesorter.index.tokens import TokenStore

from .fakes import SHAPE, key_of, tokens_of

RECORD = record_type(*SHAPE).itemsize
NUMBERS = st.lists(st.integers(0, 40), max_size=12, unique=True)


class StoreAgainstDict(RuleBasedStateMachine):
    """Two processes' stores over one folder, against a set of numbers whose tokens are stored."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.databases: list[Database] = []
        self.stores = [self._open(), self._open()]
        self.stored: set[int] = set()

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder)

    def _open(self) -> TokenStore:
        database = Database(self.folder / "index.sqlite")
        self.databases.append(database)
        store = TokenStore(database, self.folder / "tokens", segment_bytes=5 * RECORD)
        store.register("m", SHAPE)
        return store

    @rule(which=st.integers(0, 1), numbers=NUMBERS)
    def write(self, which: int, numbers: list[int]) -> None:
        with self.databases[which].write() as connection:
            keys = [key_of(number) for number in numbers]
            self.stores[which].write(connection, "m", keys, tokens_of(numbers))
        self.stored |= set(numbers)

    @rule(which=st.integers(0, 1), numbers=NUMBERS)
    def write_that_is_rolled_back(self, which: int, numbers: list[int]) -> None:
        with pytest.raises(ZeroDivisionError), self.databases[which].write() as connection:
            keys = [key_of(number) for number in numbers]
            self.stores[which].write(connection, "m", keys, -tokens_of(numbers))
            raise ZeroDivisionError
        self.stores[which].tidy()

    @rule(which=st.integers(0, 1), numbers=st.lists(st.integers(0, 40), max_size=20))
    def read(self, which: int, numbers: list[int]) -> None:
        tokens, found, _ = self.stores[which].read("m", [key_of(number) for number in numbers])
        assert found.tolist() == [number in self.stored for number in numbers]
        expected = np.where(found[:, None, None], tokens_of(numbers), 0)
        np.testing.assert_array_equal(tokens, expected)

    @rule(which=st.integers(0, 1), records=st.integers(1, 12))
    def evict(self, which: int, records: int) -> None:
        with self.databases[which].write() as connection:
            before = self.stores[which].stored_bytes(connection)
            names, keys = self.stores[which].evict(connection, records * RECORD, keep=())
            after = self.stores[which].stored_bytes(connection)
        self.stores[which].remove_files(names)
        assert before - after >= min(records * RECORD, before)
        self.stored -= {number for number in self.stored if key_of(number) in keys}

    @rule(which=st.integers(0, 1), byte=st.integers(0, RECORD - 1), slot=st.integers(0, 4))
    def tear(self, which: int, byte: int, slot: int) -> None:
        """Change a byte of a record, as a power cut might; padding may be what it likes."""
        files = sorted((self.folder / "tokens").glob("*"))
        if not files or 20 <= byte < 32:
            return
        with files[0].open("r+b") as file:
            file.seek(slot * RECORD + byte)
            old = file.read(1)
            file.seek(slot * RECORD + byte)
            file.write(bytes([old[0] ^ 0x55]))
        numbers = sorted(self.stored)
        _, found, _ = self.stores[which].read("m", [key_of(number) for number in numbers])
        assert (~found).sum() <= 1
        self.stored = {number for number, there in zip(numbers, found, strict=True) if there}

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        self.databases[which].close()
        store = self._open()
        self.databases[which] = self.databases.pop()
        self.stores[which] = store

    @rule()
    def leftovers_of_a_killed_writer(self) -> None:
        (self.folder / "tokens").mkdir(exist_ok=True)
        leftover = self.folder / "tokens" / "0123456789abcdef.tokens"
        leftover.write_bytes(b"half a record")
        self.reopen(0)
        assert not leftover.exists()

    @invariant()
    def files_are_those_of_the_rows(self) -> None:
        with self.databases[0].read() as connection:
            names = {f"{name}.tokens" for (name,) in connection.execute("SELECT name FROM segment")}
            filled = connection.execute("SELECT MAX(filled - capacity) FROM segment").fetchone()[0]
        assert names == {path.name for path in (self.folder / "tokens").glob("*")}
        assert filled is None or filled <= 0


StoreAgainstDict.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
test_store_against_dict = pytest.mark.usefixtures("caplog")(StoreAgainstDict.TestCase)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "index.sqlite")


def test_models_and_shapes_do_not_mix(database: Database, tmp_path: Path) -> None:
    store = TokenStore(database, tmp_path / "tokens")
    store.register("a", SHAPE)
    store.register("b", SHAPE)
    with database.write() as connection:
        store.write(connection, "a", [key_of(1)], tokens_of([1]))
    assert store.read("a", [key_of(1)])[1].all()
    assert not store.read("b", [key_of(1)])[1].any()
    store.register("a", (2, 2))
    tokens, found, _ = store.read("a", [key_of(1)])
    assert tokens.shape == (1, 2, 2)
    assert not found.any()
    database.close()


def test_tokens_of_another_shape_are_refused(database: Database, tmp_path: Path) -> None:
    store = TokenStore(database, tmp_path / "tokens")
    store.register("a", SHAPE)
    with pytest.raises(ValueError, match="shape"), database.write() as connection:
        store.write(connection, "a", [key_of(1)], np.zeros((1, 2, 2), np.float16))
    with pytest.raises(KeyError):
        store.read("never registered", [key_of(1)])
    database.close()


@pytest.mark.usefixtures("caplog")
def test_files_removed_by_hand_are_missing_not_wrong(database: Database, tmp_path: Path) -> None:
    store = TokenStore(database, tmp_path / "tokens")
    store.register("a", SHAPE)
    with database.write() as connection:
        store.write(connection, "a", [key_of(1), key_of(2)], tokens_of([1, 2]))
    shutil.rmtree(tmp_path / "tokens")
    assert not store.read("a", [key_of(1)])[1].any()
    with database.write() as connection:
        store.write(connection, "a", [key_of(1)], tokens_of([1]))
    assert store.read("a", [key_of(1), key_of(2)])[1].tolist() == [True, False]
    database.close()


@pytest.mark.usefixtures("caplog")
def test_a_file_cut_short_is_missing_not_fatal(database: Database, tmp_path: Path) -> None:
    store = TokenStore(database, tmp_path / "tokens")
    store.register("a", SHAPE)
    with database.write() as connection:
        store.write(connection, "a", [key_of(1)], tokens_of([1]))
    (file,) = (tmp_path / "tokens").glob("*")
    with file.open("r+b") as opened:
        opened.truncate(10)
    assert not store.read("a", [key_of(1)])[1].any()
    database.close()


@pytest.mark.usefixtures("caplog")
@pytest.mark.parametrize("size", [0, 3 * RECORD])
def test_nothing_is_added_to_a_file_cut_short_and_the_next_start_drops_it(
    database: Database, tmp_path: Path, size: int
) -> None:
    store = TokenStore(database, tmp_path / "tokens", segment_bytes=5 * RECORD)
    store.register("a", SHAPE)
    with database.write() as connection:
        store.write(connection, "a", [key_of(1)], tokens_of([1]))
    (cut,) = (tmp_path / "tokens").glob("*")
    with cut.open("r+b") as opened:
        opened.truncate(size)
    with database.write() as connection:
        store.write(connection, "a", [key_of(2)], tokens_of([2]))
    tokens, found, _ = store.read("a", [key_of(1), key_of(2)])
    assert found.tolist() == [False, True]
    np.testing.assert_array_equal(tokens[1], tokens_of([2])[0])
    store.tidy()
    assert not cut.exists()
    with database.read() as connection:
        assert connection.execute("SELECT COUNT(*) FROM segment").fetchone() == (1,)
    assert store.read("a", [key_of(2)])[1].all()
    database.close()
