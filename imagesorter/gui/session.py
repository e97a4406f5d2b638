"""The window's side of the engine's thread: wishes become jobs, and jobs' events become signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from imagesorter.errors import QueryError
from imagesorter.events import (
    Answered,
    Event,
    FilesFound,
    FolderChanged,
    Indexed,
    ModelImported,
    ModelReady,
    Notice,
    Opened,
    Progress,
    Ranked,
    Unreadable,
)
from imagesorter.gui.activity import Activity, activity_for
from imagesorter.gui.delivery import Delivery
from imagesorter.gui.jobs import start_of
from imagesorter.gui.schedule import Schedule
from imagesorter.gui.worker import Call, EngineWorker, Job, Purpose, told

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.settings import Settings


class Session(QObject):
    """The window's side of the engine's thread.

    Args:
        factory: makes the engine, on its own thread.
        settings: read when a folder is opened or a model is loaded.

    `mended` gives the text of what `failed` has told, once the same has ended well.
    """

    engine_made = Signal(object)
    folder_reset = Signal()
    files_found = Signal(object)
    opened = Signal(object)
    indexed = Signal(object)
    unreadable = Signal(object)
    folder_changed = Signal(object)
    ranked = Signal(object)
    progress = Signal(object)
    notice = Signal(object)
    model_ready = Signal(object)
    model_imported = Signal(object)
    import_cancelled = Signal()
    unsorted = Signal()
    query_refused = Signal(str)
    failed = Signal(str, str)
    mended = Signal(str)
    activity_changed = Signal(object)
    usage_read = Signal(object)
    cache_cleared = Signal()
    taught = Signal(object)
    teaching_ended = Signal()
    teaching_stopped = Signal()
    teaching_interrupted = Signal()
    teaching_failed = Signal(str, str)

    _submitted = Signal(object)
    _called = Signal()
    _stopping = Signal()

    def __init__(
        self, factory: Callable[[], Engine], settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._schedule = Schedule(settings)
        self._job: Job | None = None
        self._latest: Job | None = None
        self._storing: set[Call] = set()
        self._given_up: set[Job] = set()  # imports that may have been done by then
        self._activity = Activity.IDLE
        self._teaching_reads = False
        self._failures: dict[Purpose, str] = {}
        self._closed = False
        self._delivery = Delivery(self._dispatch, self)
        self._of_folder = {
            Indexed: self.indexed,
            Unreadable: self.unreadable,
            FolderChanged: self.folder_changed,
        }

        self._thread = QThread()
        self._thread.setObjectName("engine")
        self._worker = EngineWorker(factory)
        self._worker.moveToThread(self._thread)
        self._submitted.connect(self._worker.run)
        self._called.connect(self._worker.answer_calls)
        self._stopping.connect(self._worker.stop)
        self._worker.engine_made.connect(self.engine_made)
        self._worker.mail.connect(self._delivery.note)
        self._worker.ended.connect(self._on_ended)
        self._worker.answered.connect(self._on_answered)
        self._thread.start()

    @property
    def activity(self) -> Activity:
        return self._activity

    @property
    def query(self) -> str | None:
        """The query whose order is shown or on its way."""
        return self._schedule.query

    @property
    def roots(self) -> tuple[Path, ...]:
        """What was opened last."""
        return self._schedule.roots

    def open(self, roots: Sequence[Path]) -> None:
        """Replace the list of images by those under `roots`."""
        self._interrupt(Purpose.OPEN, Purpose.TEACH, Purpose.INDEX, Purpose.RANK)
        self._schedule.open(roots)
        self.folder_reset.emit()
        self._advance()

    def sort(self, query: str) -> None:
        """Order the images by `query`, at once or as soon as there are some."""
        self._interrupt(Purpose.INDEX, Purpose.RANK)
        if self._teaching_reads and (self._drop(Purpose.TEACH) or self._schedule.give_up(Purpose.TEACH)):
            self._schedule.teach_after_order()  # which reads the same photographs, and shows what it has
        self._schedule.sort(query)
        self._advance()

    def unsort(self) -> None:
        """Order the images no longer; `unsorted` follows. Reading them goes on, unless it was stopped."""
        self._drop(Purpose.RANK)
        if self._job is None:
            self._latest = None  # an order may be on its way to the window
        self._schedule.unsort()
        if self._activity is not Activity.STOPPED or not self._schedule.waits:
            self._advance()
        self.unsorted.emit()

    def choose_model(self) -> None:
        """Load the model and device of the settings, then bring the order up to date with it."""
        self._interrupt(Purpose.TEACH, Purpose.INDEX, Purpose.RANK, Purpose.LOAD)
        self._schedule.load()
        self._advance()

    def import_model(self, path: Path, name: str) -> None:
        """Make a model out of a checkpoint; before anything is read or ordered."""
        self._interrupt(Purpose.INDEX, Purpose.RANK)
        self._schedule.import_model(path, name)
        self._advance()

    def teach(self, start: Callable[[Engine], Iterator[Event]], *, reads: bool = False) -> None:
        """Run a generator of a `Teaching` before reading and ordering go on; `reads`: it is there to read
        photographs, and gives way to a query. `taught` passes on what it yields; one of `teaching_ended`,
        `teaching_failed` and `teaching_stopped` follows, or `teaching_interrupted` where something else that
        is wanted has ended it; none where another folder is opened before it has begun."""
        self._interrupt(Purpose.INDEX, Purpose.RANK)
        self._teaching_reads = reads
        self._schedule.teach(start)
        self._advance()

    def stop_teaching(self) -> None:
        """Cancel it; everything else goes on."""
        if self._schedule.give_up(Purpose.TEACH) or self._drop(Purpose.TEACH):
            self.teaching_stopped.emit()
            self._advance()

    def cancel_teaching(self) -> None:
        """Cancel it as the user wants: where it reads photographs, nothing else reads on instead."""
        if not self._teaching_reads or self._drop(Purpose.TEACH) is None:
            self.stop_teaching()
            return
        self.teaching_stopped.emit()
        if self._schedule.waits:
            self._set_activity(Activity.STOPPED)
        else:
            self._advance()

    def look(self) -> None:
        """See whether the folder has changed on disk, unless more is to be done; `folder_changed` tells."""
        if self._activity is Activity.IDLE and self._schedule.roots:
            self._schedule.look()
            self._advance()

    def clear_cache(self) -> None:
        """Forget index and thumbnails on disk. Reading again waits until it is asked for."""
        self._interrupt(*Purpose)
        self._schedule.clear()
        self._advance()

    def cancel(self) -> None:
        """Stop; what is done stays, and `resume` goes on. Teaching ends; an import is given up, and
        `import_cancelled` or, where it was done already, `model_imported` tells what came of it."""
        job = self._job
        if job is not None and job.purpose is Purpose.TEACH:
            self.cancel_teaching()
        elif job is not None and self._interrupt(Purpose.IMPORT):
            self._given_up.add(job)
            self._schedule.end_import()
            self._advance()
        elif self._interrupt(Purpose.OPEN, Purpose.LOAD, Purpose.INDEX, Purpose.RANK):
            self._set_activity(Activity.STOPPED)

    def resume(self) -> None:
        """Go on with what was cancelled or failed."""
        self._schedule.rests = False
        self._advance()

    def call(
        self,
        work: Callable[[Engine], Any],
        succeeded: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Do short engine work between two events; the answer comes to the window's thread."""
        self._storing.add(self._enqueue(Call(work, succeeded, failed or self._report)))

    def read(
        self,
        work: Callable[[Engine], Any],
        succeeded: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """`call` for what only reads: nothing is lost where it is never done."""
        self._enqueue(Call(work, succeeded, failed or self._report))

    @property
    def storing(self) -> bool:
        """Whether something that was called for is not, or not known to be, done yet."""
        return bool(self._storing)

    def _enqueue(self, call: Call) -> Call:
        self._worker.enqueue(call)
        self._called.emit()
        return call

    def read_usage(self) -> None:
        """Ask for the size of the cache; `usage_read` tells it."""
        self.read(lambda engine: engine.usage(), self.usage_read.emit)

    def close(self) -> None:
        """Cancel, let the thread come to its end, and wait for it. Nothing is delivered afterwards."""
        if self._closed:
            return
        self._closed = True
        self._interrupt(*Purpose)
        self._given_up.clear()
        self._delivery.stop()
        self._stopping.emit()
        self._thread.wait()

    def _advance(self) -> None:
        """After a wish, or a job's end: start the most urgent one that is owed, unless one is running."""
        if self._schedule.waits:
            self._drop(Purpose.LOOK)
        if self._closed or self._job is not None:
            return
        purpose = self._schedule.next()
        if purpose is None:
            self._set_activity(Activity.IDLE)
            return
        if purpose is Purpose.OPEN:
            self._schedule.forget_images()
            self.folder_reset.emit()
        start = start_of(purpose, self._schedule.wanted())
        self._job = self._latest = Job(purpose, start, self._schedule.folder)
        self._set_activity(activity_for(purpose, reads=self._teaching_reads))
        self._submitted.emit(self._job)

    def _interrupt(self, *purposes: Purpose) -> bool:
        """Cancel the running job if it is for one of these; it is owed again, or reported."""
        dropped = self._drop(*purposes)
        if dropped is Purpose.TEACH:
            self.teaching_interrupted.emit()
        elif dropped not in (None, Purpose.LOOK):
            self._schedule.owe(dropped)
        return dropped is not None

    def _drop(self, *purposes: Purpose) -> Purpose | None:
        """Cancel the running job if it is for one of these; which it was."""
        job = self._job
        if job is None or job.purpose not in purposes:
            return None
        job.cancelled.set()
        self._job = None
        return job.purpose

    def _set_activity(self, activity: Activity) -> None:
        if activity is Activity.STOPPED and self._schedule.give_up_later_teaching():
            self.teaching_stopped.emit()  # it would wait for an order that nobody makes
        if activity is not self._activity:
            self._activity = activity
            self.activity_changed.emit(activity)

    def _dispatch(self, job: Job, event: Event) -> None:
        """Pass an event on, unless it speaks of another folder or of a job that was replaced."""
        of_files = job.purpose not in (Purpose.LOAD, Purpose.IMPORT)
        if self._closed or (job.folder != self._schedule.folder and of_files):
            return
        match event:
            case Indexed() | Unreadable() | FolderChanged():
                self._of_folder[type(event)].emit(event)
                return
            case ModelImported():
                if job is self._latest or job in self._given_up:
                    self._given_up.discard(job)
                    self.model_imported.emit(event)
                return
        if job is not self._latest or job.purpose is Purpose.LOOK:
            return
        if job.purpose is Purpose.TEACH:
            self.taught.emit(event)
        match event:
            case Progress():
                self.progress.emit(event)
            case FilesFound():
                self._schedule.images = event.first_id + len(event.paths)
                self.files_found.emit(event)
            case Opened():
                self._schedule.images = event.images
                self.opened.emit(event)
            case ModelReady():
                self.model_ready.emit(event)
            case Notice() | Answered() if job.purpose is not Purpose.TEACH:
                self.notice.emit(event)
            case Ranked():
                self.ranked.emit(event)

    @Slot(object)
    def _on_ended(self, job: Job) -> None:
        self._delivery.empty(job)
        if job in self._given_up:
            self._given_up.discard(job)
            self.import_cancelled.emit()
        if job is not self._job:
            return
        self._job = None
        if job.purpose is Purpose.TEACH:
            self._advance()
            if job.error is None:
                self.teaching_ended.emit()
            else:
                self.teaching_failed.emit(*told(job.error, job.trace))
            return
        match job.error:
            case None:
                self._schedule.settle(job.purpose)
                self._mend(job.purpose)
                if job.purpose is Purpose.CLEAR and self._schedule.waits and self._schedule.rests:
                    self._set_activity(Activity.STOPPED)
                else:
                    self._advance()
                if job.purpose is Purpose.CLEAR:
                    self.cache_cleared.emit()
            case QueryError() as error:
                self._schedule.refuse_query()
                self.query_refused.emit(str(error))
                self._advance()
            case error if job.purpose in (Purpose.IMPORT, Purpose.LOOK):
                self._schedule.settle(job.purpose)  # it is over, too
                if job.purpose is Purpose.IMPORT:  # nobody has asked for the other; the log has it
                    self._report(error, job.trace)
                self._advance()
            case error:
                if job.purpose is not Purpose.CLEAR:
                    self._schedule.owe(job.purpose)
                self._set_activity(Activity.STOPPED)
                self._failures[job.purpose] = told(error)[0]
                self._report(error, job.trace)

    def _mend(self, purpose: Purpose) -> None:
        """What failed of it has ended well; an order has read the photographs, too."""
        for done in (purpose, Purpose.INDEX) if purpose is Purpose.RANK else (purpose,):
            if failure := self._failures.pop(done, ""):
                self.mended.emit(failure)

    def _report(self, error: Exception, trace: str = "") -> None:
        self.failed.emit(*told(error, trace))

    @Slot(object)
    def _on_answered(self, call: Call) -> None:
        self._storing.discard(call)
        if self._closed:
            return
        if call.error is None:
            call.succeeded(call.result)
        else:
            call.failed(call.error)
