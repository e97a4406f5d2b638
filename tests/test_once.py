"""Stores that are opened at their first use."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagesorter.errors import StorageError
from imagesorter.once import Once

SECONDS = 20.0


class Store:
    """Something to open."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_store_is_opened_once_by_whichever_thread_comes_first():
    once = Once(Store)
    assert once.now is None
    with ThreadPoolExecutor(8) as pool:
        found = {id(store) for store in pool.map(lambda _: once.get(), range(64))}
    assert found == {id(once.now)}


def test_a_store_that_could_not_be_opened_is_tried_again():
    answers = iter([StorageError("held"), Store()])

    def opening() -> Store:
        answer = next(answers)
        if isinstance(answer, StorageError):
            raise answer
        return answer

    once = Once(opening)
    with pytest.raises(StorageError, match="held"):
        once.get()
    assert once.now is None
    assert once.get() is once.now


def test_a_closed_store_is_opened_anew():
    once = Once(Store)
    once.close()
    first = once.get()
    once.close()
    assert first.closed and once.now is None
    assert once.get() is not first and not once.get().closed


def test_one_that_takes_long_keeps_no_other_waiting():
    begun, may_end = threading.Event(), threading.Event()

    def slowly() -> Store:
        begun.set()
        assert may_end.wait(SECONDS)
        return Store()

    slow, quick = Once(slowly), Once(Store)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow.get)
        assert begun.wait(SECONDS)
        quick.get()
        assert not waiting.done()
        may_end.set()
        waiting.result(SECONDS)
