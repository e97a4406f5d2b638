"""The engine's own thread: jobs in, events out.

A job is one of the engine's generators. It is stopped by a flag that is looked at between
two events, and its events wait in a mailbox that the window empties at its own pace, so
that a generator that yields thousands of events a second costs the window next to nothing.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from PySide6.QtCore import QObject, QThread, Signal, Slot

from imagesorter.errors import ImagesorterError
from imagesorter.events import Event, FilesFound, Indexed, Progress, Ranked

logger = logging.getLogger(__name__)


class Face(Protocol):
    """What a thread can own: the engine, or another face of the application's."""

    def close(self) -> None:
        """Release files and memory."""


class Purpose(Enum):
    """What a job is for; the engine's, the most urgent first, then those of downloads."""

    CLEAR = auto()
    OPEN = auto()
    IMPORT = auto()
    LOAD = auto()
    TEACH = auto()
    RANK = auto()
    INDEX = auto()
    LOOK = auto()
    DOWNLOAD = auto()
    VERIFY = auto()


class Mailbox:
    """Events between two threads; what a later event makes obsolete is dropped on the way."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def put(self, event: Event) -> bool:
        """Add an event. True where the box was empty, so that the receiver has to be told."""
        with self._lock:
            self._events.append(event)
            return len(self._events) == 1

    def take(self) -> list[Event]:
        """Everything since the last call, in order, as few events as say the same."""
        with self._lock:
            events, self._events = self._events, []
        return _coalesce(events)


def _coalesce(events: list[Event]) -> list[Event]:
    """Keep the last Progress of each stage and the last Ranked; join runs of Indexed and of FilesFound."""
    kept: list[Event] = []
    superseded: set[object] = set()
    for event in reversed(events):
        match event:
            case Progress(stage=stage):
                if stage in superseded:
                    continue
                superseded.add(stage)
            case Ranked():
                if Ranked in superseded:
                    continue
                superseded.add(Ranked)
        kept.append(event)
    return _joined(kept[::-1])


def _joined(events: list[Event]) -> list[Event]:
    """One Indexed and one FilesFound, each at the place of its first."""
    joined: list[Event] = []
    places: dict[type, int] = {}
    parts: dict[type, list[Any]] = {Indexed: [], FilesFound: []}
    for event in events:
        if isinstance(event, Indexed | FilesFound):
            parts[type(event)].append(event)
            if type(event) in places:
                continue
            places[type(event)] = len(joined)
        joined.append(event)
    if len(parts[Indexed]) > 1:
        joined[places[Indexed]] = Indexed(
            tuple(i for event in parts[Indexed] for i in event.file_ids),
            tuple(w for event in parts[Indexed] for w in event.warnings),
        )
    if len(parts[FilesFound]) > 1:
        joined[places[FilesFound]] = FilesFound(
            parts[FilesFound][0].first_id,
            tuple(path for event in parts[FilesFound] for path in event.paths),
        )
    return joined


@dataclass(eq=False)
class Job:
    """One generator of a face and what came of it.

    Attributes:
        start: gives the generator.
        folder: number of the `open` whose file ids its events use.
        cancelled: set by the window; the worker stops at the next event.
        error: what the generator raised, None where it ended well or was cancelled.
        trace: the error's traceback as text.
    """

    purpose: Purpose
    start: Callable[[Any], Iterator[Event]]
    folder: int
    cancelled: threading.Event = field(default_factory=threading.Event)
    mailbox: Mailbox = field(default_factory=Mailbox)
    error: Exception | None = None
    trace: str = ""


@dataclass(eq=False)
class Call:
    """One short piece of engine work, done between two events of the running job.

    Attributes:
        succeeded: called with the result on the window's thread.
        failed: called with the error on the window's thread.
    """

    work: Callable[[Any], Any]
    succeeded: Callable[[Any], None]
    failed: Callable[[Exception], None]
    result: Any = None
    error: Exception | None = None


class EngineWorker(QObject):
    """Owns the engine. All its slots run on its own thread.

    Args:
        factory: makes the engine, on the worker's thread, at its first use.
    """

    engine_made = Signal(object)
    mail = Signal(object)
    ended = Signal(object)
    answered = Signal(object)

    def __init__(self, factory: Callable[[], Face]) -> None:
        super().__init__()
        self._factory = factory
        self._engine: Face | None = None
        self._calls: SimpleQueue[Call] = SimpleQueue()

    def enqueue(self, call: Call) -> None:
        """Any thread. `answer_calls` has to be invoked afterwards, for when no job runs."""
        self._calls.put(call)

    @Slot(object)
    def run(self, job: Job) -> None:
        """Run one job to its end, its error or its cancellation."""
        if not job.cancelled.is_set():
            try:
                self._consume(job)
            except Exception as error:
                job.error, job.trace = error, traceback.format_exc()
                if not isinstance(error, ImagesorterError):
                    logger.exception("%s failed", job.purpose.name.lower())
        self.ended.emit(job)

    def _consume(self, job: Job) -> None:
        engine = self._made()
        with closing(job.start(engine)) as events:  # type: ignore[type-var]
            for event in events:
                if job.mailbox.put(event):
                    self.mail.emit(job)
                if job.cancelled.is_set():
                    return
                self.answer_calls()

    @Slot()
    def answer_calls(self) -> None:
        """Do the calls that wait."""
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return
            try:
                call.result = call.work(self._made())
            except Exception as error:
                call.error = error
                if not isinstance(error, ImagesorterError):
                    logger.exception("a call of the engine failed")
            self.answered.emit(call)

    @Slot()
    def stop(self) -> None:
        """Close the engine and end the thread's event loop. The last slot to be called."""
        self.answer_calls()
        try:
            if self._engine is not None:
                self._engine.close()
        except Exception:
            logger.exception("the engine did not close cleanly")
        QThread.currentThread().quit()

    def _made(self) -> Face:
        if self._engine is None:
            self._engine = self._factory()
            self.engine_made.emit(self._engine)
        return self._engine


def told(error: Exception, trace: str = "") -> tuple[str, str]:
    """An error in a sentence for the user, and details for a bug report, "" where it says all itself."""
    if isinstance(error, ImagesorterError):
        return str(error), ""
    return "Something unexpected went wrong.", trace or repr(error)
