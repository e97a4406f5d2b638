"""Events on their way from the engine's thread to the window, some at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from imagesorter.events import Event
from imagesorter.gui.worker import Job

MAIL_INTERVAL = 0.05
"""Seconds between two deliveries of events to the window."""


class Delivery(QObject):
    """Empties the mailboxes of jobs.

    Args:
        dispatch: called with each event, and the job that it comes from.
    """

    def __init__(self, dispatch: Callable[[Job, Event], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dispatch = dispatch
        self._unread: set[Job] = set()
        self._delivered_at = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._deliver)

    @Slot(object)
    def note(self, job: Job) -> None:
        """There is mail of a job; it is delivered soon, with what comes until then."""
        self._unread.add(job)
        if not self._timer.isActive():
            waited = time.monotonic() - self._delivered_at
            self._timer.start(max(0, round((MAIL_INTERVAL - waited) * 1000)))

    def empty(self, job: Job) -> None:
        """Deliver at once what there is of a job."""
        for event in job.mailbox.take():
            self._dispatch(job, event)

    def stop(self) -> None:
        """Deliver nothing more, unless there is new mail."""
        self._timer.stop()

    def _deliver(self) -> None:
        jobs, self._unread = self._unread, set()
        for job in jobs:
            self.empty(job)
        self._delivered_at = time.monotonic()
