"""What the Train tab knows and asks of the engine: one attribute, its pairs, its candidate.

All work on a `Teaching` is done on the engine's thread: long work as a job of the session, short
work as a call. Nothing here blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from imagesorter.answers import Action, Answer, Pair, Standing
from imagesorter.events import Candidate, CurvePoint, Event, Notice, Opened, Progress, TeachingReady
from imagesorter.gui import text
from imagesorter.gui.activity import Activity
from imagesorter.gui.session import Session
from imagesorter.gui.teaching_state import Kept, State, Step, Work, acted, answered, kept, step_of, undone
from imagesorter.gui.telling import Telling

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.teaching import Teaching


class Teacher(Telling):
    """The window's side of a `Teaching`.

    Signals:
        state_changed: the State now.
        pair_changed: a pair is to be shown; the Step that led to it, None where there is none (yet).
        standing_changed: a Standing, None where it is not known.
        progress, curve_point, candidate: events of the running job.
        kept: the Kept that says what was.
        rankers_changed: what can be sorted by has changed; the attributes (tuple of TaughtAttribute).
    """

    state_changed = Signal(object)
    pair_changed = Signal(object)
    standing_changed = Signal(object)
    progress = Signal(object)
    curve_point = Signal(object)
    candidate = Signal(object)
    kept = Signal(object)
    rankers_changed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(session, parent)
        self._state = State.NAMING
        self._attribute = self._named = ""  # the latter as it was asked for
        self._start: str | None = None
        self._work: Work | None = None
        self._pair: Pair | None = None
        self._standing: Standing | None = None
        self._last: Action | None = None
        self._busy = self._enough = False
        self._images: int | None = None
        self._candidate: Candidate | None = None
        session.activity_changed.connect(self._on_activity)
        session.folder_reset.connect(self._on_folder_reset)
        session.opened.connect(self._on_opened)
        session.model_ready.connect(self._on_model_ready)
        session.cache_cleared.connect(self._on_cache_cleared)
        session.taught.connect(self._on_event)
        session.teaching_ended.connect(self._on_ended)
        session.teaching_stopped.connect(self._on_stopped)
        session.teaching_interrupted.connect(self._on_interrupted)
        session.teaching_failed.connect(self._on_failed)

    @property
    def state(self) -> State:
        return self._state

    @property
    def attribute(self) -> str:
        """The attribute being taught, "" for none."""
        return self._attribute

    @property
    def pair(self) -> Pair | None:
        return self._pair

    @property
    def standing(self) -> Standing | None:
        return self._standing

    @property
    def busy(self) -> bool:
        """Whether an answer, or another action, is being stored."""
        return self._busy

    @property
    def undecided(self) -> str:
        """`decide_first`, for whoever is not in the Train tab."""
        return f"{self.decide_first[:-1]}, in the Train tab." if self.decide_first else ""

    @property
    def decide_first(self) -> str:
        """What has to be done before another attribute is taught; "" unless an order waits to be kept."""
        waits = self._candidate is not None and self._candidate.better
        if self._state is State.FITTING or (self._state is State.DECIDING and waits):
            return f"First keep or discard what was learned for “{self._attribute}”."
        return ""

    @property
    def can_undo(self) -> bool:
        return self._last is not None and not self._busy and self._state is State.ASKING

    @property
    def last(self) -> Action | None:
        """What `undo` would take back."""
        return self._last

    # Which attribute.

    def teaches(self, attribute: str) -> bool:
        """Whether it is being taught, under its name or as it was asked for."""
        return attribute in (self._attribute, self._named)

    def teach(self, attribute: str, start: str | None = None, begun: Work | None = None) -> None:
        """Begin, or go on with, an attribute, unless an order waits to be kept; see `Engine.teach`.
        `begun`: what of it is begun already."""
        if self.decide_first:
            if not self.teaches(attribute):
                self.tell(self.undecided)
            return
        self._session.stop_teaching()
        self._attribute = self._named = attribute
        self._start = start
        self._prepare(begun)

    def leave(self) -> None:
        """Back to the choice of an attribute."""
        self._lose()
        self._session.stop_teaching()
        self._forget_pair()
        self._attribute = self._named = ""
        self._work = None
        self._set_state(State.NAMING)
        self.tell_lost()
        self.read_rankers()

    def resume(self) -> None:
        """Prepare again after it was stopped or failed."""
        if self._state is State.STOPPED:
            self._prepare()

    # Pairs.

    def answer(self, answer: Answer) -> None:
        """Answer the pair shown; the next is shown when it is on disk."""
        pair = self._pair
        if self._state is State.ASKING and pair is not None:
            self._step(lambda teaching: answered(teaching, pair, answer))

    def undo(self) -> None:
        """Take back the last action."""
        if self.can_undo:
            self._step(undone)

    def note(
        self,
        attribute: str,
        action: Callable[[Teaching], Standing],
        noted: Callable[[str, int, Step], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Store what was done in the order by `attribute`, then get ready to teach that, if need be. `noted`
        is told the attribute, the number of pairs that it has given, and what there is now."""
        work = (self._work if self.teaches(attribute) else None) or Work(attribute)

        def taken(result: tuple[int, Step]) -> None:
            pairs, step = result
            self._mend()
            noted(work.made.attribute, pairs, step)
            if work is self._work and self._state is State.ASKING:
                self._last = step.last
                self._set_standing(step.standing)

        self._session.call(lambda engine: acted(work.begun(engine), action), taken, failed)
        if not self.teaches(attribute):
            self.teach(attribute, begun=work)
        elif self._state is State.ASKING:
            self.ask()
        else:
            self.resume()

    # Learning.

    def fit(self) -> None:
        """Learn from all labels."""
        standing = self._standing
        if self._state is State.ASKING and standing is not None and standing.pairs > standing.ties:
            self._run(State.FITTING, lambda work: work.made.fit())

    def import_labels(self, path: Path) -> None:
        """Take in a CSV of pairs or ratings."""
        if self._state is State.ASKING:
            self.withdraw_results()
            self._run(State.IMPORTING, partial(Work.take_in, path=path, roots=self._session.roots))

    def cancel(self) -> None:
        """Stop what runs; nothing is lost."""
        self._session.cancel_teaching()

    def keep(self) -> None:
        """Make the candidate the attribute's order."""

        def shown(done: Kept) -> None:
            self._mend()
            self.rankers_changed.emit(done.rankers)
            self.kept.emit(done)
            self.ask()

        if self._state is State.DECIDING:
            self._call(kept, shown)

    def discard(self) -> None:
        """Forget the candidate; the labels stay."""
        if self._state is State.DECIDING:
            self._call(lambda teaching, _: teaching.discard(), lambda _: self.ask())

    # Versions and files.

    def read_rankers(self) -> None:
        """Ask what was taught; `rankers_changed` tells it."""
        self.read(lambda engine: engine.rankers.list(), self.rankers_changed.emit)

    def call_teaching(self, work: Callable[[Teaching], Any], succeeded: Callable[[Any], None]) -> None:
        """Short work on what is being taught, while pairs are asked, after what is under way."""
        if self._state is State.ASKING and (taught := self._work) is not None:
            self.call(lambda _: work(taught.made), succeeded)

    def look_ahead(self, pair: Pair, answer: Answer, found: Callable[[Pair | None], None]) -> None:
        """Find the pair that will follow an answer, beside whatever else is asked for."""
        if (work := self._work) is not None:
            self.read(lambda _: work.made.next_after(pair, answer), found)

    def ask(self) -> None:
        """Show the next pair and the standing as they are now."""
        self._set_state(State.ASKING)
        self._step(step_of)

    # How it is done.

    def _prepare(self, begun: Work | None = None) -> None:
        """Take up the attribute with the photographs that are open now."""
        self._forget_pair()
        self.tell_lost()
        if not self._images:
            self._set_state(self._without_images)
        else:
            self._work = work = begun or Work(self._attribute, self._start)
            self._set_state(State.PREPARING)
            self._session.teach(work.prepare, reads=True)

    @property
    def _without_images(self) -> State:
        still = self._session.activity not in (Activity.STOPPED, Activity.CLEARING)
        return State.SCANNING if self._images is None and self._session.roots and still else State.CLOSED

    def _run(self, state: State, start: Callable[[Work], Iterator[Event]]) -> None:
        """Begin long work; it comes after an action that is still being stored."""
        if (work := self._work) is not None:
            self._candidate = None
            self._set_state(state)
            self._session.teach(lambda _: start(work))

    def _call(self, action: Callable[[Teaching, Engine], Any], succeeded: Callable[[Any], None]) -> None:
        """Do one action at a time; an answer that comes when something else is taught is not heard."""
        if (work := self._work) is None or self._busy:
            return
        self._busy = True

        def heard(take: Callable[[Any], None], result: Any) -> None:
            if work is self._work:
                self._busy = False
                take(result)

        done, failed = partial(heard, succeeded), partial(heard, self._fail)
        self._session.call(lambda engine: action(work.made, engine), done, failed)

    def _step(self, action: Callable[[Teaching], Step]) -> None:
        before = self._standing.pairs if self._standing is not None else 0

        def show(step: Step) -> None:
            if action is not step_of and step.last != "skip":  # it has stored something
                self._mend()
            if step.taken == "import":
                self.withdraw_results()
                gone = before - step.standing.pairs
                pairs = f" ({text.count(gone, 'pair')})" if gone > 0 else ""
                self.tell(f"Taken back: what was imported last{pairs}.")
            self._pair, self._last = step.pair, step.last
            self._set_standing(step.standing)
            self.pair_changed.emit(step)
            if step.taken == "answer" and not step.undone:
                self.tell("Taken back: an answer about photographs that are not open.")

        self._call(lambda teaching, _: action(teaching), show)

    def _lose(self) -> None:
        """What is being learned, or waits to be kept, will be gone, which is told once a folder has come."""
        if self.decide_first and not self._busy:  # else it is being kept, or let go
            self.lose(self._attribute)

    def _forget_pair(self) -> None:
        self._lose()
        self._pair, self._last, self._busy = None, None, False
        self.pair_changed.emit(None)
        self._set_standing(None)

    def _set_standing(self, standing: Standing | None) -> None:
        self._standing = standing
        self.standing_changed.emit(standing)

    def _set_state(self, state: State) -> None:
        self._state = state
        self.hold(self.undecided, self.decide_first)
        self.state_changed.emit(state)

    # What the session tells.

    def _on_event(self, event: Event) -> None:
        match event:
            case Progress():
                self.progress.emit(event)
            case CurvePoint():
                self.curve_point.emit(event)
            case Notice():
                tell = self.tell_result if self._state is State.IMPORTING else self.tell
                tell(event.text, event.severity)
            case TeachingReady() if self._state is State.PREPARING:
                assert self._work is not None
                self._attribute = self._work.made.attribute  # it was asked for in another spelling, maybe
                self._set_standing(event.standing)
                self._enough = event.photographs > 1
            case Candidate() if self._state is State.FITTING:
                self._candidate = event

    def _on_ended(self) -> None:
        self._mend()
        match self._state:
            case State.PREPARING if not self._enough:
                self._set_state(State.TOO_FEW)
            case State.FITTING if self._candidate is not None:
                self._set_state(State.DECIDING)
                self.candidate.emit(self._candidate)
            case State.PREPARING | State.IMPORTING | State.FITTING:
                self.ask()

    def _on_stopped(self) -> None:
        if self._state is State.PREPARING:
            self._set_state(State.STOPPED)
        elif self._state in (State.FITTING, State.IMPORTING):
            self.ask()

    def _on_interrupted(self) -> None:
        self._lose()
        self._on_stopped()

    def _on_failed(self, message: str, details: str) -> None:
        if self._state is State.IMPORTING:
            self.tell_result(message, "error", details)
        else:
            self.fail(message, details)
        self._on_stopped()

    def _on_activity(self) -> None:
        if self._state in (State.SCANNING, State.CLOSED) and self._state is not self._without_images:
            self._set_state(self._without_images)

    def _on_folder_reset(self) -> None:
        self._images = None
        if self._attribute:
            self._work = None
            self._forget_pair()
            self._set_state(State.SCANNING)

    def _on_opened(self, opened: Opened) -> None:
        self._images = opened.images
        if self._attribute:
            self._prepare()

    def _on_model_ready(self) -> None:
        """Another model sees the photographs differently; the first one is waited for by `prepare`."""
        if self._state not in (State.NAMING, State.PREPARING, State.CLOSED, State.SCANNING):
            self._prepare()
        self.read_rankers()

    def _on_cache_cleared(self) -> None:
        if self._state not in (State.NAMING, State.CLOSED, State.SCANNING):
            self._forget_pair()
            self._set_state(State.STOPPED)
            self.tell_lost()
