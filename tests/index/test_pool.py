from __future__ import annotations

import threading
import time

import pytest

from imagesorter.index.budget import Budget, ClosedError
from imagesorter.index.pool import Watch, WorkerPool


def take(pool: WorkerPool[int, int]) -> int:
    result = pool.take(30)
    assert result is not None
    return result


def test_all_jobs_give_a_result() -> None:
    pool = WorkerPool[int, int](lambda job, watch: job * job, threads=3)
    for job in range(50):
        pool.submit(job)
    assert pool.unfinished == 50
    assert sorted(take(pool) for _ in range(50)) == [job * job for job in range(50)]
    assert pool.unfinished == 0
    assert pool.take(0) is None
    pool.close(30)


def test_close_drops_waiting_jobs_and_joins_the_threads() -> None:
    started, release = threading.Event(), threading.Event()
    done: list[int] = []

    def work(job: int, watch: Watch) -> int:
        started.set()
        release.wait(30)
        done.append(job)
        return job

    before = threading.active_count()
    pool = WorkerPool(work, threads=1)
    for job in range(10):
        pool.submit(job)
    started.wait(30)
    closing = threading.Thread(target=pool.close, args=(30,))
    closing.start()
    release.set()
    closing.join(30)
    assert done in ([0], [0, 1])  # the second may start just before the close
    assert threading.active_count() == before


def test_a_hanging_job_is_given_up_and_does_not_hold_up_the_close(caplog: pytest.LogCaptureFixture) -> None:
    release, started, ended = threading.Event(), threading.Event(), threading.Event()

    def work(job: int, watch: Watch) -> int:
        if job == 13:
            started.set()
            release.wait(30)
            ended.set()
        return job

    pool = WorkerPool(work, threads=1)
    pool.submit(13)
    pool.submit(14)
    started.wait(30)
    assert pool.give_up(1000) == []
    assert pool.give_up(-1) == [13]
    assert take(pool) == 14, "another thread took the place of the one that hangs"
    assert pool.unfinished == 0
    release.set()
    ended.wait(30)
    started.clear()
    release.clear()
    pool.submit(13)
    started.wait(30)
    pool.close(0)
    assert "left behind" in caplog.text
    release.set()


def test_a_job_that_ends_while_it_is_given_up_is_not_taken_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow_begun, slow_ends = threading.Event(), threading.Event()
    next_begun, next_ends = threading.Event(), threading.Event()

    def work(job: int, watch: Watch) -> int:
        if job == 13:
            slow_begun.set()
            slow_ends.wait(30)
        else:
            next_begun.set()
            next_ends.wait(30)
        return job

    def seconds(watch: Watch) -> float:
        slow_ends.set()
        next_begun.wait(30)
        return 1000

    monkeypatch.setattr(Watch, "seconds", seconds)
    pool = WorkerPool(work, threads=1)
    pool.submit(13)
    pool.submit(14)
    slow_begun.wait(30)
    assert pool.give_up(10) == []
    next_ends.set()
    assert [take(pool), take(pool)] == [13, 14]
    assert pool.unfinished == 0
    pool.close(30)


def test_a_job_that_waits_for_others_is_not_given_up() -> None:
    waits, goes_on, ends = threading.Event(), threading.Event(), threading.Event()
    going = threading.Event()

    def work(job: int, watch: Watch) -> int:
        watch.pause()
        waits.set()
        goes_on.wait(30)
        watch.progress()
        going.set()
        ends.wait(30)
        return job

    pool = WorkerPool(work, threads=1)
    pool.submit(13)
    waits.wait(30)
    assert pool.give_up(-1) == []
    goes_on.set()
    going.wait(30)
    assert pool.give_up(1000) == []
    assert pool.give_up(-1) == [13]
    ends.set()
    pool.close(30)


def test_progress_counts_anew() -> None:
    watch = Watch()
    time.sleep(0.02)
    before = watch.seconds()
    watch.progress()
    after = watch.seconds()
    assert before is not None and after is not None and before >= 0.02 > after


def test_budget_takes_the_share_of_one_that_never_ends_back_once() -> None:
    budget = Budget(10)
    with budget.hold(10, "hangs"):
        budget.give_back("hangs")
        with budget.hold(10, "next"):
            pass
        budget.give_back("none")
        assert budget._used == 0
    assert budget._used == 0


def test_budget_lets_in_what_fits_and_one_that_is_too_large_alone() -> None:
    budget = Budget(10)
    entered = threading.Event()

    def large() -> None:
        with budget.hold(100):
            entered.set()

    with budget.hold(6), budget.hold(4):
        waiting = threading.Thread(target=large)
        waiting.start()
        assert not entered.wait(0.01)
    waiting.join(30)
    assert entered.is_set()


def test_a_closed_budget_turns_waiting_threads_away() -> None:
    budget = Budget(1)
    turned_away = threading.Event()

    def wait() -> None:
        try:
            with budget.hold(1):
                pass
        except ClosedError:
            turned_away.set()

    with budget.hold(1):
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        budget.close()
        for thread in threads:
            thread.join(30)
    assert turned_away.is_set()
    with pytest.raises(ClosedError), budget.hold(0):
        pass
