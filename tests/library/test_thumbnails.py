from __future__ import annotations

import hashlib
import io
import multiprocessing
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagesorter.errors import StorageError
from imagesorter.library.thumbnails import ThumbnailStore, make_thumbnail
from imagesorter.sqlite import set_aside

from .pictures import gradient


def key(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ThumbnailStore]:
    store = ThumbnailStore(tmp_path / "cache/thumbnails", 10**8)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (2000, 1500, (400, 300)),  # by a whole number, which takes a third of the time
        (1000, 500, (500, 250)),
        (500, 1000, (250, 500)),
        (767, 500, (384, 250)),
        (513, 500, (384, 374)),
        (512, 400, (512, 400)),  # reducing it would cost more than it saves
        (40, 30, (40, 30)),
        (2000, 1, (400, 1)),
    ],
)
def test_thumbnail_size(width: int, height: int, size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(make_thumbnail(Image.fromarray(gradient(width, height))))) as image:
        assert image.format == "JPEG"
        assert image.size == size


def test_thumbnail_looks_like_the_picture() -> None:
    with Image.open(io.BytesIO(make_thumbnail(Image.fromarray(gradient(768, 512))))) as image:
        small = np.asarray(image).astype(int)
    assert np.abs(small - gradient(384, 256)).mean() < 3


def test_making_a_thumbnail_leaves_the_picture_as_it_is() -> None:
    picture = Image.fromarray(gradient(700, 600))
    make_thumbnail(picture)
    assert (np.asarray(picture) == gradient(700, 600)).all()


def test_what_is_put_is_got(store: ThumbnailStore) -> None:
    assert store.get(key(1)) is None
    store.put_many([(key(1), b"one"), (key(2), b"two")])
    store.put_many([])
    assert store.get(key(1)) == b"one"
    assert store.missing([key(3), key(2), key(4)]) == [key(3), key(4)]
    assert store.missing([]) == []
    assert store.usage()[0] == 2


def test_many_keys_at_once(store: ThumbnailStore) -> None:
    store.put_many((key(n), b"x") for n in range(0, 12000, 2))
    assert store.missing([key(n) for n in range(12000)]) == [key(n) for n in range(1, 12000, 2)]


def test_the_same_picture_twice(store: ThumbnailStore) -> None:
    store.put_many([(key(1), b"one"), (key(1), b"one")])
    store.put_many([(key(1), b"one")])
    assert store.usage()[0] == 1


def test_kept_between_runs(tmp_path: Path) -> None:
    first = ThumbnailStore(tmp_path, 10**8)
    first.put_many([(key(1), b"one")])
    first.close()
    second = ThumbnailStore(tmp_path, 10**8)
    assert second.get(key(1)) == b"one"
    second.close()


def test_the_oldest_go_first(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, 1_000_000)
    for start in range(0, 100, 10):
        store.put_many((key(n), bytes(20_000)) for n in range(start, start + 10))
    count, size = store.usage()
    assert 30 < count < 50
    assert size <= 1_300_000
    assert store.missing([key(n) for n in range(100)]) == [key(n) for n in range(100 - count)]
    store.close()


def test_a_thumbnail_above_the_cap_ends(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, 1000)
    store.put_many([(key(1), bytes(50_000))])
    assert store.usage()[0] == 0
    store.close()


def test_clear_gives_the_space_back(store: ThumbnailStore) -> None:
    store.put_many((key(n), bytes(20_000)) for n in range(100))
    assert store.usage()[1] > 2_000_000
    store.clear()
    count, size = store.usage()
    assert count == 0
    assert size < 100_000
    assert store.get(key(1)) is None


def test_threads_share_it(store: ThumbnailStore) -> None:
    def work(number: int) -> bytes | None:
        store.put_many([(key(number), b"%d" % number)])
        return store.get(key(number))

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(200))) == [b"%d" % number for number in range(200)]
    assert store.usage()[0] == 200


def _fill(folder: str, start: int) -> None:
    store = ThumbnailStore(Path(folder), 10**8)
    for number in range(start, start + 30):
        store.put_many([(key(number), b"%d" % number)])
    store.close()


def test_processes_share_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_fill, args=(str(tmp_path), start)) for start in (0, 30)]
    for worker in workers:
        worker.start()
    _fill(str(tmp_path), 60)
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    store = ThumbnailStore(tmp_path, 10**8)
    assert store.missing([key(number) for number in range(90)]) == []
    store.close()


def test_begun_while_another_process_begins_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "thumbnails"
    folder.mkdir()
    connect = sqlite3.connect
    with closing(connect(folder / "thumbnails.sqlite", isolation_level=None)) as other:
        other.execute("CREATE TABLE held (x)")
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(
            sqlite3, "connect", lambda *args, timeout, **kwargs: connect(*args, **kwargs, timeout=0)
        )
        monkeypatch.setattr("imagesorter.sqlite.time.sleep", lambda _: other.rollback())
        store = ThumbnailStore(folder, 10**8)
    store.put_many([(key(1), b"one")])
    assert store.get(key(1)) == b"one"
    store.close()


@pytest.mark.parametrize("damage", [b"this is no database" * 1000, b"SQLite format 3\0" + bytes(9000)])
@pytest.mark.usefixtures("caplog")
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "thumbnails.sqlite").write_bytes(damage)
    store = ThumbnailStore(tmp_path, 10**8)
    store.put_many([(key(1), b"one")])
    assert store.get(key(1)) == b"one"
    assert (tmp_path / "thumbnails.sqlite.damaged").read_bytes() == damage
    store.close()


@pytest.mark.usefixtures("caplog")
def test_damage_while_open(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, 10**8)
    store.put_many((key(n), bytes(5000)) for n in range(300))
    store.close()
    path = tmp_path / "thumbnails.sqlite"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    store = ThumbnailStore(tmp_path, 10**8)
    assert store.get(key(7)) is None
    store.put_many([(key(7), b"seven")])
    assert store.get(key(7)) == b"seven"
    store.close()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.usefixtures("caplog")
def test_what_is_stored_after_damage_is_kept_though_a_thread_had_the_old_file_open(
    tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ThumbnailStore(tmp_path, 10**8)
    aside = tmp_path / "thumbnails.sqlite.damaged"

    def find_damage(_: sqlite3.Connection) -> None:
        if not aside.exists():
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    with ExitStack() as thread:

        def set_aside_meanwhile(path: Path, *, keep: bool) -> Path:
            if when == "meanwhile":
                thread.enter_context(store._connections.use())
            return set_aside(path, keep=keep)

        monkeypatch.setattr("imagesorter.sqlite.set_aside", set_aside_meanwhile)
        if when == "before":
            thread.enter_context(store._connections.use())
        store._run(find_damage)
    assert aside.exists()
    store.put_many([(key(1), b"one")])
    store.close()
    again = ThumbnailStore(tmp_path, 10**8)
    assert again.get(key(1)) == b"one"
    again.close()


@pytest.mark.usefixtures("caplog")
def test_a_table_of_another_make_is_set_aside(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "thumbnails.sqlite")
    connection.execute("CREATE TABLE thumbnail (something TEXT)")
    connection.close()
    store = ThumbnailStore(tmp_path, 10**8)
    store.put_many([(key(1), b"one")])
    assert store.get(key(1)) == b"one"
    store.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        ThumbnailStore(tmp_path / "file", 10**8)


def test_a_folder_that_may_not_be_written(
    shared_folder: Path, unprivileged: AbstractContextManager[None]
) -> None:
    shared_folder.chmod(0o555)
    with unprivileged, pytest.raises(StorageError, match="thumbnails cannot be stored"):
        ThumbnailStore(shared_folder, 10**8)


def test_a_full_disk_is_told_and_nothing_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    store = ThumbnailStore(tmp_path, 10**8)
    store.put_many([(key(1), b"one")])
    with pytest.raises(StorageError, match="full"):
        store.put_many((key(n), bytes(20_000)) for n in range(2, 100))
    assert store.get(key(1)) == b"one"
    assert store.usage()[0] == 1
    store.close()


def keep_one(folder: Path) -> None:
    """A store that holds one thumbnail."""
    before = ThumbnailStore(folder, 10**8)
    before.put_many([(key(1), b"one")])
    before.close()


def test_a_store_on_a_full_disk_is_read_and_added_to_once_there_is_room(
    tmp_path: Path, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    keep_one(tmp_path)
    with full_disk():
        with pytest.raises(StorageError, match="the disk is full"):
            ThumbnailStore(tmp_path, 10**8)
        store = ThumbnailStore(tmp_path, 10**8, unwritable=True)
        begun = ThumbnailStore(tmp_path / "new", 10**8, unwritable=True)
        assert store.get(key(1)) == b"one"
        assert begun.missing([key(1)]) == [key(1)]
        for each in (store, begun):
            each.limit(10)
            with pytest.raises(StorageError, match=r"the disk is full\); free some space"):
                each.put_many([(key(2), b"two")])
            with pytest.raises(StorageError, match="thumbnails cannot be stored"):
                each.clear()
            each.limit(10**8)
    for each, count in ((store, 2), (begun, 1)):
        each.put_many([(key(2), b"two")])
        assert each.get(key(2)) == b"two"
        assert each.usage()[0] == count
        each.close()


def test_a_store_of_a_full_disk_can_be_cleared_once_there_is_room(
    tmp_path: Path, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    keep_one(tmp_path)
    with full_disk():
        store = ThumbnailStore(tmp_path, 10**8, unwritable=True)
    store.clear()
    assert store.usage()[0] == 0
    store.close()


def test_closed_is_closed(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, 10**8)
    store.close()
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.get(key(1))


def test_closing_while_threads_read(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, 10**8)
    store.put_many([(key(1), b"one")])
    begun = threading.Event()

    def read() -> None:
        try:
            while True:
                assert store.get(key(1)) == b"one"
                begun.set()
        except StorageError:
            return

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        begun.wait()
        store.close()
        assert [reader.result() for reader in readers] == [None] * 4


def test_another_cap_holds_at_once(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, 400_000)
    thumbnails = [(key(number), bytes(10_000)) for number in range(100)]
    store.put_many(thumbnails)
    assert store.usage()[0] < 40
    store.limit(4_000_000)
    store.put_many(thumbnails)
    assert store.usage()[0] == 100
    store.limit(400_000)
    count, size = store.usage()
    assert 0 < count < 40
    assert size <= 400_000
    store.close()
    store.limit(1)
    assert store.cap_bytes == 1
