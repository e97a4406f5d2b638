"""Downloads and checks of models, on a thread of their own: sorting goes on beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from imagesorter.events import Event, ModelImported, Notice, Progress, Verified
from imagesorter.gui.worker import Call, EngineWorker, Job, Purpose, told

if TYPE_CHECKING:
    from imagesorter.stock import Stock

MAIL_INTERVAL = 100
"""Milliseconds between two deliveries of events to the window."""


@dataclass(frozen=True)
class Task:
    """Something to be done with the model of a name, one after the other."""

    kind: Literal["get", "verify"]
    name: str


class Downloads(QObject):
    """The window's side of the downloads' thread, which starts with the first of them.

    Args:
        factory: makes the stock, on its own thread.

    Signals:
        items: what there is, a tuple of `StockItem`.
        changed: what is running or waiting, or how far it is.
        arrived: name of a model that can be used now.
        verified: a `Verified`.
        noticed: a sentence about a download.
        failed: (name, sentence, details) of a task.
    """

    items = Signal(object)
    changed = Signal()
    arrived = Signal(str)
    verified = Signal(object)
    noticed = Signal(str)
    failed = Signal(str, str, str)

    _submitted = Signal(object)
    _called = Signal()
    _stopping = Signal()

    def __init__(self, factory: Callable[[], Stock], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Task] = []
        self._task: Task | None = None
        self._job: Job | None = None
        self._closed = False
        self.progress: Progress | None = None
        self._delivery = QTimer(self, singleShot=True, interval=MAIL_INTERVAL)
        self._delivery.timeout.connect(self._deliver)
        self._thread = QThread()
        self._thread.setObjectName("downloads")
        self._worker = EngineWorker(factory)
        self._worker.moveToThread(self._thread)
        self._submitted.connect(self._worker.run)
        self._called.connect(self._worker.answer_calls)
        self._stopping.connect(self._worker.stop)
        self._worker.mail.connect(self._on_mail)
        self._worker.ended.connect(self._on_ended)
        self._worker.answered.connect(self._on_answered)

    @property
    def task(self) -> Task | None:
        """What is being done."""
        return self._task

    def is_waiting(self, name: str) -> bool:
        """Whether something is to be done with a model when its turn comes."""
        return any(task.name == name for task in self._waiting)

    def get(self, name: str) -> None:
        """Download a model, or go on with that, when those before it are done."""
        self._add(Task("get", name))

    def verify(self, name: str) -> None:
        """Compare a model with its checksums."""
        self._add(Task("verify", name))

    def cancel(self, name: str) -> None:
        """Stop, or no longer want, what is done with a model. What has arrived stays."""
        self._waiting = [task for task in self._waiting if task.name != name]
        if self._task is not None and self._task.name == name and self._job is not None:
            self._job.cancelled.set()
        self.changed.emit()

    def read(self) -> None:
        """Ask what there is; `items` tells it."""
        self.call(lambda stock: stock.items(), self.items.emit)

    def call(self, work: Callable[[Stock], Any], succeeded: Callable[[Any], None]) -> None:
        """Do something short with the stock, then call `succeeded` on the window's thread."""
        self._worker.enqueue(Call(work, succeeded, lambda error: self.failed.emit("", *told(error))))
        self._start()
        self._called.emit()

    def close(self) -> None:
        """Stop, and wait for the thread. Nothing is delivered afterwards."""
        if self._closed:
            return
        self._closed = True
        self._delivery.stop()
        self._waiting.clear()
        if self._job is not None:
            self._job.cancelled.set()
        if self._thread.isRunning():
            self._stopping.emit()
            self._thread.wait()

    def _start(self) -> None:
        if not self._thread.isRunning() and not self._closed:
            self._thread.start()

    def _add(self, task: Task) -> None:
        if task != self._task and task not in self._waiting:
            self._waiting.append(task)
        self._advance()

    def _advance(self) -> None:
        """Begin the next task, unless one is being done."""
        if self._job is None and self._waiting and not self._closed:
            task = self._task = self._waiting.pop(0)
            self.progress = None
            purpose = Purpose.DOWNLOAD if task.kind == "get" else Purpose.VERIFY
            self._job = Job(purpose, _start_of(task), 0)
            self._start()
            self._submitted.emit(self._job)
        self.changed.emit()

    @Slot(object)
    def _on_mail(self, job: Job) -> None:
        if not self._delivery.isActive():
            self._delivery.start()

    @Slot()
    def _deliver(self) -> None:
        if self._job is None or self._closed:
            return
        for event in self._job.mailbox.take():
            match event:
                case Progress():
                    self.progress = event
                    self.changed.emit()
                case ModelImported(name=name):
                    self.arrived.emit(name)
                case Verified():
                    self.verified.emit(event)
                case Notice(text=text):
                    self.noticed.emit(text)

    @Slot(object)
    def _on_ended(self, job: Job) -> None:
        if self._closed:
            return
        self._deliver()
        task, self._task, self._job, self.progress = self._task, None, None, None
        if job.error is not None and task is not None:
            self.failed.emit(task.name, *told(job.error, job.trace))
        self.read()
        self._advance()

    @Slot(object)
    def _on_answered(self, call: Call) -> None:
        if self._closed:
            return
        if call.error is not None:
            call.failed(call.error)
        else:
            call.succeeded(call.result)


def _start_of(task: Task) -> Callable[[Stock], Iterator[Event]]:
    if task.kind == "get":
        return lambda stock: stock.get(task.name)
    return lambda stock: stock.verify(task.name)
