"""Daemon threads for work that may hang: they can be given up, and never hold up the program's end."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Watch:
    """Since when a job makes no progress; it tells so itself."""

    def __init__(self) -> None:
        self._since: float | None = time.monotonic()

    def progress(self) -> None:
        """Count anew from now."""
        self._since = time.monotonic()

    def pause(self) -> None:
        """Do not count until the next `progress`: the job waits for others."""
        self._since = None

    def seconds(self) -> float | None:
        """How long it has hung; None while it waits. Any thread."""
        since = self._since
        return None if since is None else time.monotonic() - since


class WorkerPool(Generic[_Job, _Result]):
    """Applies a function to jobs in several threads; results come in the order of completion.

    Attributes:
        unfinished: jobs submitted whose results were not taken yet.
    """

    def __init__(self, work: Callable[[_Job, Watch], _Result], threads: int) -> None:
        """Start the threads.

        Args:
            work: must not raise. Its watch starts with the job.
            threads: how many jobs are worked on at a time.
        """
        self.unfinished = 0
        self._work = work
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[_Result] = queue.SimpleQueue()
        self._running: dict[threading.Thread, tuple[_Job, Watch]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []
        for _ in range(threads):
            self._start_thread()

    def submit(self, job: _Job) -> None:
        """Queue a job."""
        self.unfinished += 1
        self._jobs.put(job)

    def take(self, seconds: float) -> _Result | None:
        """The next result, None where none comes within `seconds`."""
        try:
            result = self._results.get(timeout=seconds)
        except queue.Empty:
            return None
        self.unfinished -= 1
        return result

    def give_up(self, seconds: float) -> list[_Job]:
        """Take jobs that have made no progress for longer than `seconds` away from their threads.

        Their results will be ignored, and fresh threads take the place of those that hang.
        """
        given_up: list[_Job] = []
        for thread, running in list(self._running.items()):
            job, watch = running
            hung = watch.seconds()
            if hung is not None and hung > seconds and self._claim(thread, running):
                given_up.append(job)
                self.unfinished -= 1
                self._threads.remove(thread)
                self._start_thread()
        return given_up

    def close(self, seconds: float) -> None:
        """Drop the jobs that wait and let the running ones end, for at most `seconds` in all."""
        self._closed.set()
        for _ in self._threads:
            self._jobs.put(None)
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
            if thread.is_alive():
                logger.warning("a file takes long to read; its thread %s is left behind", thread.name)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._loop, name="image reader", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _claim(self, thread: threading.Thread, running: tuple[_Job, Watch]) -> bool:
        """Take a job off its thread: once, and never the one that the thread went on to."""
        with self._lock:
            still = self._running.get(thread) is running
            if still:
                del self._running[thread]
            return still

    def _loop(self) -> None:
        thread = threading.current_thread()
        while (job := self._jobs.get()) is not None and not self._closed.is_set():
            running = job, Watch()
            self._running[thread] = running
            result = self._work(*running)
            if not self._claim(thread, running):
                return  # given up in the meantime; another thread has taken this one's place
            self._results.put(result)
