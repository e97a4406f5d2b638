"""The Train tab: an attribute, pairs to choose between, and what was learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from imagesorter.answers import Action, Answer, Pair, Standing, TaughtAttribute
from imagesorter.events import Candidate, Progress
from imagesorter.gui import icons, text, theme
from imagesorter.gui.banner import BannerArea, Severity
from imagesorter.gui.elided import ElidedLabel
from imagesorter.gui.fit_view import FitView
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.label_view import STUCK, LabelView
from imagesorter.gui.naming_view import NamingView
from imagesorter.gui.notice_view import NoticeView
from imagesorter.gui.pair_view import PairView, Photo
from imagesorter.gui.pictures import PictureLoader
from imagesorter.gui.ranker_files import RankerFiles
from imagesorter.gui.result_view import ResultView
from imagesorter.gui.session import Session
from imagesorter.gui.teacher import Teacher
from imagesorter.gui.teaching_state import State, Step
from imagesorter.gui.thumbnails import ThumbnailLoader
from imagesorter.gui.train_menu import TrainMenu
from imagesorter.rankers import Asked, asked_by
from imagesorter.settings import Settings

if TYPE_CHECKING:
    from imagesorter.engine import Engine

_MOST_SKIPPED = 5
"""Pairs skipped one after the other because a photograph cannot be shown; then the user is asked."""

_CHOICES: tuple[Answer, ...] = ("left", "right")
"""Answers whose following pairs are loaded ahead."""

_IN_MEMORY = 8
"""Decoded photographs: the pair, those that may come next, the last one."""


class TrainPage(QWidget):
    """Shows what a `Teacher` tells, and passes on what the user does.

    Args:
        images: paths of the opened photographs by file id.

    Signals:
        folder_wanted, again_wanted: another folder, or the same read again; a button was pressed.
        sort_wanted: a query whose order is to be shown in the Sort tab.
        rankers_changed: what can be sorted by is not what it was (tuple of TaughtAttribute).
        orders_changed: orders by taught attributes are not what they were.
    """

    folder_wanted = Signal()
    again_wanted = Signal()
    sort_wanted = Signal(str)
    rankers_changed = Signal(object)
    orders_changed = Signal()

    def __init__(
        self, session: Session, settings: Settings, images: ImageModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._images = session, images
        self._rankers: Sequence[TaughtAttribute] = ()
        self._query = ""
        self._undone = False
        self._skipped, self._skipping, self._not_shown = 0, False, ""
        self.teacher = Teacher(session, self)
        self.files = RankerFiles(self.teacher, settings, images, self)
        self.pictures = PictureLoader(self, kept=_IN_MEMORY)
        self.details = PictureLoader(self, kept=2)
        self.thumbnails = ThumbnailLoader(self)
        self.banners = BannerArea(self)
        self.naming = NamingView()
        self.notice = NoticeView()
        self.undo = self._make_undo()
        self.labels = LabelView(PairView(self.pictures, self.details, self.thumbnails), self.undo)
        self.fit = FitView()
        self.result = ResultView()
        self.stack = QStackedWidget()
        for view in (self.naming, self.notice, self.labels, self.fit, self.result):
            self.stack.addWidget(view)
        self._header = self._make_header()
        self.banners.follow(self.more)
        told = QVBoxLayout()
        told.setContentsMargins(16, 4, 16, 6)
        told.addWidget(self.banners)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addLayout(told)
        column.addWidget(self.stack, 1)
        self._connect()
        self._colour()
        self._on_state(State.NAMING)

    def set_engine(self, engine: Engine) -> None:
        """Let the loaders begin, and list what was taught."""
        self.pictures.set_engine(engine)
        self.details.set_engine(engine)
        self.thumbnails.set_engine(engine)
        self.result.set_engine(engine)
        self.teacher.read_rankers()

    def close_loaders(self) -> None:
        """Let the loaders' threads come to their end."""
        self.pictures.close()
        self.details.close()
        self.thumbnails.close()
        self.result.close_loaders()

    def teach(self, query: str) -> None:
        """Teach what the Sort tab sorts by: the attribute of that query, or one named like it."""
        self.banners.clear()
        self.teacher.teach(self.asked_by(query).attribute)

    def leave(self) -> None:
        """Back to the choice of an attribute; what waits to be kept is lost."""
        self.naming.select(self.teacher.attribute)
        self.teacher.leave()
        self.naming.edit.setFocus()

    def take_focus(self) -> None:
        """The tab is shown: let the keys reach what it shows."""
        state = self.teacher.state
        if state is State.NAMING:
            self.naming.edit.setFocus()
        elif state is State.ASKING:
            self.labels.setFocus()

    def tell(self, message: str, severity: Severity, details: str = "", query: str = "") -> None:
        """Show a message in the tab, with a way to the order of a query where one is given."""
        self.labels.pair_view.mark(None)
        if message == self.teacher.undecided:
            message = self.teacher.decide_first
        offer = ("Sort by it", lambda: self.sort_wanted.emit(query)) if query else None
        self.banners.add(message, severity, details, offer)

    def asked_by(self, query: str) -> Asked:
        """The attribute that a query sorts by, among those that are taught."""
        return asked_by(query, self._rankers)

    def set_query(self, query: str) -> None:
        """What the Sort tab shows: one of the orders to start from."""
        self._query = query
        self.naming.set_starts(query)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_header"):
            self._colour()

    def _make_header(self) -> QWidget:
        header = QWidget()
        self.back = QToolButton()
        self.back.setObjectName("flat")
        self.back.setIconSize(QSize(18, 18))
        self.back.setToolTip("Another attribute")
        self.back.setAccessibleName("Another attribute")
        self.back.clicked.connect(self.banners.clear)  # before it is told what is kept; then see `leave`
        self.question = ElidedLabel()
        theme.set_font(self.question, 18, heavy=True)
        self.more = QToolButton()
        self.more.setObjectName("tool")
        self.more.setText("More")
        self.more.setToolTip("Versions, files, and forgetting")
        self.more.setAccessibleName("More: versions, files, forgetting")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = TrainMenu(self.teacher, self.files, self.more)
        self.more.setMenu(self._menu)
        row = QHBoxLayout(header)
        row.setContentsMargins(8, 10, 16, 4)
        row.setSpacing(8)
        row.addWidget(self.back)
        row.addWidget(self.question, 1)
        row.addWidget(self.undo)
        row.addWidget(self.more)
        self.setTabOrder(self.back, self.undo)
        self.setTabOrder(self.undo, self.more)
        return header

    def _make_undo(self) -> QToolButton:
        undo = QToolButton()
        undo.setObjectName("tool")
        undo.setText("Undo")
        undo.setToolTip(_taking_back(None))
        undo.setAccessibleName("Undo the last answer")
        undo.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        undo.setIconSize(QSize(18, 18))
        return undo

    def _connect(self) -> None:
        teacher, session = self.teacher, self._session
        teacher.state_changed.connect(self._on_state)
        teacher.pair_changed.connect(self._on_pair)
        teacher.standing_changed.connect(self._on_standing)
        teacher.progress.connect(self.fit.set_progress)
        teacher.progress.connect(self.notice.set_progress)
        session.progress.connect(self._on_reading)
        teacher.curve_point.connect(self.fit.add_point)
        teacher.candidate.connect(self._on_candidate)
        teacher.rankers_changed.connect(self._on_rankers)
        teacher.told.connect(self.tell)
        session.failed.connect(lambda message, details: self.banners.add(message, "error", details))
        session.mended.connect(self.banners.withdraw)
        session.folder_reset.connect(self._on_folder_reset)
        session.indexed.connect(lambda event: self.thumbnails.stored(event.file_ids))
        self.naming.named.connect(self._on_named)
        self.naming.chosen.connect(self._on_chosen)
        self.naming.sort_wanted.connect(self.sort_wanted)
        self.naming.versions_wanted.connect(self.files.show_versions)
        self.naming.export_wanted.connect(self.files.export_pack)
        self.naming.remove_wanted.connect(self.files.remove)
        self.naming.import_wanted.connect(self.files.import_pack)
        self.notice.folder_wanted.connect(self.folder_wanted)
        self.notice.resume_wanted.connect(teacher.resume)
        self.notice.stop_wanted.connect(teacher.cancel)
        self.labels.answered.connect(self._on_answer)
        self.undo.clicked.connect(teacher.undo)
        self.labels.learn_wanted.connect(teacher.fit)
        self.labels.stuck.connect(lambda: self.banners.add(STUCK, "info"))
        self.labels.pair_view.failed.connect(self._on_picture_failed)
        self.labels.pair_view.shown.connect(self._on_pair_shown)
        self.fit.cancelled.connect(teacher.cancel)
        self.result.kept.connect(teacher.keep)
        self.result.discarded.connect(teacher.discard)
        self.files.changed.connect(self._on_files_changed)
        self.files.removed.connect(self._on_removed)

    # What the user does.

    def _on_named(self, name: str, start: str | None) -> None:
        self.banners.clear()
        self.naming.edit.clear()
        self.teacher.teach(name, start)

    def _on_chosen(self, name: str) -> None:
        self._on_named(name, None)

    def _on_answer(self, answer: str) -> None:
        self._skipped = 0
        if answer != "skip":
            self.banners.withdraw(STUCK)
        if answer in ("left", "right"):
            self.labels.pair_view.mark(answer)  # type: ignore[arg-type]
        self.teacher.answer(answer)  # type: ignore[arg-type]

    # What the teacher tells.

    def _on_state(self, state: State) -> None:
        self._header.setVisible(state is not State.NAMING)
        self.undo.setVisible(state is State.ASKING)
        self._head(asking=state is State.ASKING)
        self._show_taught()
        if state is not State.DECIDING:
            self.result.clear()
        if state is not State.ASKING:
            self.banners.withdraw(self._not_shown)  # what it offers would break off what goes on now
        match state:
            case State.NAMING:
                self.stack.setCurrentWidget(self.naming)
            case State.ASKING:
                self.stack.setCurrentWidget(self.labels)
                if self.isVisible():  # else the grid would lose the keys by a drag
                    self.labels.setFocus()
            case State.FITTING:
                standing = self.teacher.standing
                self.fit.begin(self.teacher.attribute, standing.pairs if standing else 0)
                self.stack.setCurrentWidget(self.fit)
                self.fit.cancel.setFocus()
            case State.DECIDING:
                self.stack.setCurrentWidget(self.result)
            case _:
                self.notice.show_state(state, self._images.rowCount())
                self.stack.setCurrentWidget(self.notice)
                if self.isVisible():  # else the status bar's would have it, once a button is hidden
                    self.notice.take_focus()

    def _head(self, *, asking: bool) -> None:
        """Say above all what is asked, or what is taught."""
        name = text.printable(self.teacher.attribute)
        self.question.set_words(
            f"Which one comes first by “{name}”?" if asking else f"Teaching “{name}”", name
        )

    def _on_reading(self, progress: Progress) -> None:
        if self.teacher.state is State.PREPARING:  # an order that is made first reads, too
            self.notice.set_progress(progress)

    def _on_pair(self, step: Step | None) -> None:
        pair = step.pair if step is not None else None
        self._undone, self._skipping = step is not None and step.undone, False
        view = self.labels.pair_view
        self.undo.setEnabled(self.teacher.can_undo)
        self.undo.setToolTip(_taking_back(self.teacher.last))
        self.labels.show_pair(pair, step.standing if step is not None else None, waiting=step is None)
        if self.teacher.state is State.ASKING:
            self._head(asking=pair is not None or step is None)
        if step is None or pair is None:
            view.clear()
        else:
            left, right = self._photos(pair)
            view.show_pair(left, right)
            self._look_ahead(pair)

    def _look_ahead(self, pair: Pair) -> None:
        """Have loaded what either choice will bring, so that it is shown at once."""

        def expect(following: Pair | None) -> None:
            if self.teacher.pair is pair and following is not None:
                self.labels.pair_view.expect(self._photos(following))

        for answer in _CHOICES:
            self.teacher.look_ahead(pair, answer, expect)

    def _photos(self, pair: Pair | None) -> Sequence[Photo]:
        ids = () if pair is None else (pair.left_id, pair.right_id)
        return [Photo(file_id, self._images.paths[file_id]) for file_id in ids]

    def _on_standing(self, standing: Standing | None) -> None:
        self.labels.panel.set_standing(standing)

    def _on_pair_shown(self) -> None:
        self._skipped = 0
        self.labels.allow_choice(True)

    def _on_picture_failed(self, path: Path, reason: str) -> None:
        """Tell and go on, but neither past what the user came back to nor through a whole lost folder."""
        again = self._skipping  # the other one of the pair
        skip = not self._undone and not again and self._skipped < _MOST_SKIPPED
        self.labels.allow_choice(False)
        told = f"{text.named(path.name)} cannot be shown: {reason.rstrip('.')}."
        told += " The pair was skipped." if skip or again else " F5 reads the folder again."
        self.banners.withdraw(self._not_shown)  # of a lost folder one message is enough
        self._not_shown = told
        offer = "Read again", self.again_wanted.emit
        self.banners.add(told, "warning", offer=None if skip or again else offer)
        if skip:
            self._skipping = True
            self._skipped += 1
            self.teacher.answer("skip")

    def _on_candidate(self, candidate: Candidate) -> None:
        self.banners.clear()
        self.labels.panel.set_learned()
        self.result.show_candidate(candidate, self._images.paths)

    def _on_rankers(self, rankers: Sequence[TaughtAttribute]) -> None:
        self._rankers = rankers
        self._show_taught()
        self.naming.set_rankers(rankers)
        self.naming.set_starts(self._query)
        self.rankers_changed.emit(rankers)

    def _on_files_changed(self) -> None:
        self.teacher.read_rankers()
        self.orders_changed.emit()

    def _on_removed(self, attribute: str) -> None:
        if attribute == self.teacher.attribute:
            self.leave()
        self.banners.clear()  # what they say of it is out of date

    def _on_folder_reset(self) -> None:
        self.banners.clear()
        self.pictures.reset()
        self.details.reset()
        self.thumbnails.reset()

    def _show_taught(self) -> None:
        """Show what is listed of the attribute that is being taught."""
        taught = next((r for r in self._rankers if r.name == self.teacher.attribute), None)
        self.labels.panel.set_used(taught)
        self._menu.set_taught(taught)

    def _colour(self) -> None:
        colour, disabled = self.palette().windowText().color(), theme.disabled(self.palette())
        self.undo.setIcon(icons.icon("undo", colour, (18, 36), disabled))
        self.back.setIcon(icons.icon("previous", colour, (18, 36)))


def _taking_back(action: Action | None) -> str:
    last = "answer, drag, mark or import" if action is None else action
    return text.keys(f"Take back the last {last} (Ctrl+Z or Backspace)")
