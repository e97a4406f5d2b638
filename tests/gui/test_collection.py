from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from imagesorter.gui.collection import Collector


@pytest.fixture
def collector(qapp) -> Iterator[Collector]:
    made = Collector()
    yield made
    made.stop()


class _Cycle:
    """Never freed without a collection; tells which thread freed it."""

    def __init__(self) -> None:
        self.itself = self
        self.freed_on: list[threading.Thread] = []
        weakref.finalize(self, lambda on=self.freed_on: on.append(threading.current_thread()))


def _litter(count: int = 20_000) -> None:
    for _ in range(count):
        loop: list[object] = []
        loop.append(loop)


def test_no_other_thread_collects(collector: Collector, qtbot):
    freed_on = _Cycle().freed_on
    worker = threading.Thread(target=_litter)
    worker.start()
    worker.join()
    assert freed_on == []
    qtbot.waitUntil(lambda: freed_on == [threading.main_thread()])


def test_nothing_is_collected_below_the_threshold(collector: Collector):
    gc.collect()
    freed_on = _Cycle().freed_on
    collector.collect()
    assert freed_on == []


def test_what_is_settled_is_left_out_until_the_end(collector: Collector):
    cycle = _Cycle()
    freed_on = cycle.freed_on
    collector.settle()
    del cycle
    gc.collect()
    assert freed_on == []
    collector.stop()
    gc.collect()
    assert freed_on == [threading.main_thread()]


def test_settling_happens_once(collector: Collector):
    collector.settle()
    later = _Cycle()
    freed_on = later.freed_on
    collector.settle()
    del later
    gc.collect()
    assert len(freed_on) == 1


def test_python_collects_by_itself_again_at_the_end(collector: Collector):
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert isinstance(collector, QObject)
