"""How fast a training goes."""

from __future__ import annotations

import time

from imagesorter.events import Progress


class Pace:
    """Rate and time left, over all steps since the start.

    Args:
        done: steps done before.
        total: steps in all.
    """

    def __init__(self, done: int, total: int) -> None:
        self._first, self._total, self._start = done, total, time.monotonic()

    def progress(self, done: int, note: str) -> Progress:
        """How far it is after `done` steps; no rate in the first second."""
        taken = time.monotonic() - self._start
        if taken < 1:
            return Progress("train", done, self._total, note=note)
        rate = (done - self._first) / taken
        return Progress("train", done, self._total, rate, (self._total - done) / rate, note)
