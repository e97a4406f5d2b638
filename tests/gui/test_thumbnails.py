from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from fake_engine import jpeg
from PySide6.QtGui import QPixmap

from imagesorter.gui.thumbnails import ThumbnailCache, ThumbnailLoader


@pytest.fixture
def loader(qapp) -> Iterator[ThumbnailLoader]:
    loader = ThumbnailLoader()
    yield loader
    loader.close()


class Gate:
    """An engine whose thumbnails wait until they are let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked: list[int] = []
        self.threads: set[int] = set()
        self.answer: dict[int, bytes | None] = {}

    def thumbnail(self, file_id: int) -> bytes | None:
        self.asked.append(file_id)
        self.threads.add(threading.get_ident())
        self.open.wait(10)
        return self.answer.get(file_id, jpeg(file_id))


def test_the_cache_keeps_to_its_budget_and_drops_the_oldest(qapp):
    cache = ThumbnailCache(budget=3 * 40 * 40 * 4)
    for file_id in range(3):
        cache.put(file_id, QPixmap(40, 40), 40)
    assert cache.get(0) is not None
    cache.put(3, QPixmap(40, 40), 40)
    assert cache.get(1) is None
    assert cache.get(0) is not None
    assert cache.bytes == 3 * 40 * 40 * 4
    cache.put(3, QPixmap(20, 20), 20)
    assert cache.bytes == (2 * 40 * 40 + 20 * 20) * 4


def test_images_are_scaled_to_fit_off_this_thread(loader, engine, qtbot):
    with qtbot.waitSignal(loader.loaded) as loaded:
        loader.set_engine(engine)
        loader.request([5], 48)
    assert loaded.args == [5]
    pixmap = loader.cache.get(5)
    assert (pixmap.width(), pixmap.height()) == (48, 32)


def test_a_later_request_goes_first_and_an_obsolete_one_is_dropped(loader, qtbot):
    gate = Gate()
    loader.set_engine(gate)
    loader.request(list(range(100)), 48)
    qtbot.waitUntil(lambda: len(gate.asked) == 2)
    loader.request([200, 201], 48)
    gate.open.set()
    qtbot.waitUntil(lambda: loader.cache.side(201) > 0 and not loader.busy)
    assert set(gate.asked) <= {0, 1, 2, 3, 200, 201}
    assert threading.get_ident() not in gate.threads
    assert len(gate.threads) <= 2


def test_tiles_resized_while_they_load_are_loaded_in_their_new_size(loader, qtbot):
    gate = Gate()
    loader.set_engine(gate)
    loader.request(list(range(6)), 24)
    qtbot.waitUntil(lambda: len(gate.asked) == 2)
    loader.request([1, 2, 3, 4, 5], 48)
    gate.open.set()
    qtbot.waitUntil(lambda: not loader.busy)
    assert [loader.cache.side(file_id) for file_id in range(6)] == [24, 48, 48, 48, 48, 48]
    assert gate.asked.count(0) == 1, "it is out of sight"


def test_results_of_before_a_reset_are_dropped(loader, qtbot):
    gate = Gate()
    loader.set_engine(gate)
    loader.request([1], 48)
    qtbot.waitUntil(lambda: gate.asked == [1])
    loader.reset()
    gate.open.set()
    loader.request([2], 48)
    qtbot.waitUntil(lambda: loader.cache.side(2) > 0)
    assert loader.cache.side(1) == 0


def test_a_thumbnail_stored_while_it_was_looked_for_is_looked_for_again(loader, qtbot):
    gate = Gate()
    gate.answer[1] = None
    loader.set_engine(gate)
    loader.request([1], 48)
    qtbot.waitUntil(lambda: gate.asked == [1])
    loader.stored([1])
    gate.open.set()
    qtbot.waitUntil(lambda: len(gate.asked) >= 2)
    del gate.answer[1]
    loader.stored([1])
    loader.request([1], 48)
    qtbot.waitUntil(lambda: loader.cache.side(1) > 0)


def test_an_absent_thumbnail_is_not_asked_for_twice(loader, engine, qtbot):
    engine.missing_thumbnails = {1}
    loader.set_engine(engine)
    loader.request([1], 48)
    qtbot.waitUntil(lambda: not loader.busy)
    loader.request([1, 2], 48)
    qtbot.waitUntil(lambda: loader.cache.side(2) > 0)
    assert engine.thumbnails_asked.count(1) == 1


def test_an_engine_that_fails_is_logged_and_the_next_is_loaded(loader, engine, qtbot, caplog):
    good = engine.thumbnail

    def thumbnail(file_id):
        if file_id == 1:
            raise RuntimeError("surprise")
        return good(file_id)

    engine.thumbnail = thumbnail
    loader.set_engine(engine)
    loader.request([1, 2], 48)
    qtbot.waitUntil(lambda: loader.cache.side(2) > 0 and not loader.busy)
    assert "thumbnail of file 1" in caplog.text
