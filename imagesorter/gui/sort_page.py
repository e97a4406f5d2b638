"""The Sort tab: query, messages, tools, and the images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from imagesorter.events import Answered, FilesFound, Indexed, Notice, Opened, Ranked, Unreadable
from imagesorter.gui import desktop, text
from imagesorter.gui.activity import Activity
from imagesorter.gui.answerer_line import AnswererLine
from imagesorter.gui.banner import BannerArea, Severity
from imagesorter.gui.image_grid import ImageGrid
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.marking import NOT_COMPLETE, Marking
from imagesorter.gui.query_line import QueryLine
from imagesorter.gui.session import Session
from imagesorter.gui.thumbnails import ThumbnailLoader
from imagesorter.gui.tool_row import ToolRow
from imagesorter.gui.welcome import Welcome
from imagesorter.settings import Settings

_OFFERED = 30
"""Letters of a query on a button."""

_NOTHING_TO_SORT = "There is nothing to sort here. Drop another folder on the window, or choose one."


class SortPage(QWidget):
    """Shows what a session delivers and passes on what the user asks for.

    Signals:
        folder_wanted, photos_wanted, export_wanted: a button was pressed.
        view_wanted: row of the image to be shown large.
        teach_wanted: the query that is to be taught.
        moved: (query, file id, order before, position after): an image was dragged in the order.
    """

    folder_wanted = Signal()
    photos_wanted = Signal()
    export_wanted = Signal()
    view_wanted = Signal(int)
    teach_wanted = Signal(str)
    moved = Signal(str, int, object, int)

    def __init__(self, session: Session, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._not_scanned: list[Unreadable] = []
        self._shown_query: str | None = None
        self._empty: bool | None = None  # not known before all was looked through
        self._asked_early: object = None  # what was being looked through by then
        self._outdated: list[str] | None = None
        self._of_order: list[str] = []
        self._sent = ""
        self._answered: Answered | None = None
        self.images = ImageModel(self)
        self.marking = Marking(self.images, self)
        self.thumbnails = ThumbnailLoader(self)
        self.query = QueryLine(self)
        self.query.set_history(settings.history)
        self.query.submitted.connect(self.sort)
        self.query.emptied.connect(self._on_emptied)
        for follow in (self._enable_teaching, self._tell_answerer):
            self.query.edit.textChanged.connect(follow)
        self.banners = BannerArea(self)
        self.banners.follow(self.query.button)
        self.answerer = AnswererLine(self)
        self.grid = ImageGrid(self.images, self.thumbnails, self)
        self.grid.open_requested.connect(self.view_wanted)
        self.grid.moved.connect(self._on_moved)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.welcome = Welcome(self)
        self.welcome.folder_wanted.connect(self.folder_wanted)
        self.welcome.photos_wanted.connect(self.photos_wanted)
        self.tools = ToolRow(settings, self)
        self.tools.folder_wanted.connect(self.folder_wanted)
        self.tools.photos_wanted.connect(self.photos_wanted)
        self.tools.teach_wanted.connect(self.teach)
        self.tools.export_wanted.connect(self.export_wanted)
        self.tools.tile_size_changed.connect(self._on_tile_size)
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(60)  # rather than that of a page, for which the messages would be cut
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self.grid)

        head = QVBoxLayout()
        head.setContentsMargins(16, 14, 16, 8)
        head.setSpacing(8)
        head.addWidget(self.query)
        head.addWidget(self.banners)
        head.addWidget(self.answerer)
        head.addWidget(self.tools)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.grid.set_tile_size(self.tools.tile_slider.value())

        session.engine_made.connect(self.thumbnails.set_engine)
        session.folder_reset.connect(self._on_folder_reset)
        session.files_found.connect(self._on_files_found)
        session.opened.connect(self._on_opened)
        session.indexed.connect(self._on_indexed)
        session.unreadable.connect(self._on_unreadable)
        session.ranked.connect(self._on_ranked)
        session.unsorted.connect(self._on_unsorted)
        session.notice.connect(self._on_notice)
        session.activity_changed.connect(self._tell_answerer)
        session.query_refused.connect(self._on_refused)
        session.failed.connect(lambda message, details: self.banners.add(message, "error", details))
        session.mended.connect(self.banners.withdraw)

    def sort(self, query: str) -> None:
        """Order the images by a query, or wait for images."""
        self._settings.remember(query)
        self._sent = query
        self.query.set_history(self._settings.history)
        self._outdated = [banner.text for banner in self.banners.banners()]
        if self._shown_query is None:
            self._renew()
        if not self._session.roots:
            self.banners.add("Now drop a folder of photographs on the window, or choose one.", "info")
        elif self._empty:
            self.banners.add(_NOTHING_TO_SORT, "info")
        elif self._empty is None:
            self._asked_early = self._session.roots
        self._session.sort(query)

    def _on_emptied(self) -> None:
        """Where there is an order, nothing typed is the wish to have none."""
        if self._session.query is None:
            self.query.ask_for_words()
        else:
            self.unsort()

    def unsort(self) -> None:
        """Show the images as the folder has them. What is being typed stays."""
        if self.query.text == self._session.query:
            self.query.edit.clear()
        self._session.unsort()

    def teach(self) -> None:
        """Teach what is typed, or else what is shown."""
        query = self.query.text or self._shown_query
        if query:
            self.teach_wanted.emit(query)

    def close_loaders(self) -> None:
        """Let the loaders' threads come to their end."""
        self.thumbnails.close()

    def _on_tile_size(self, side: int) -> None:
        self._settings.tile_size = side
        self.grid.set_tile_size(side)

    def _on_folder_reset(self) -> None:
        self.images.reset(self._session.roots)
        self.thumbnails.reset()
        self._outdated = None
        self.banners.clear()
        self.query.clear_error()
        self._answered = None
        self.answerer.clear()
        self._not_scanned.clear()
        self._of_order.clear()
        self._shown_query = None
        self._empty = None
        self._enable_teaching()
        self.tools.count.set_words("")
        self.tools.export_button.setEnabled(False)
        self.welcome.wait(self._opened_place())
        self._stack.setCurrentWidget(self.welcome)

    def _opened_place(self) -> str:
        roots = self._session.roots
        return text.named(str(roots[0])) if len(roots) == 1 else text.count(len(roots), "place")

    def _on_files_found(self, found: FilesFound) -> None:
        self.images.add(found)
        self.tools.count.set_words(text.count(self.images.rowCount(), "photo"))
        if self.images.rowCount():
            self._stack.setCurrentWidget(self.grid)
            self.grid.request_thumbnails()

    def _on_opened(self, opened: Opened) -> None:
        self._empty = not opened.images
        early, self._asked_early = self._asked_early == self._session.roots, None
        self._enable_teaching()
        if self._empty:
            self.tools.count.set_words("")
            self.welcome.no_images(
                self._opened_place(),
                opened.passed_over,
                self._not_scanned,
                recursive=self._settings.recursive,
            )
            self._stack.setCurrentWidget(self.welcome)
            if early:
                self.banners.add(_NOTHING_TO_SORT, "info")
            return
        passed = f"{text.count(opened.passed_over, 'file')} skipped: not images by name"
        self.tools.count.set_words(
            text.count(opened.images, "photo"), more=passed if opened.passed_over else ""
        )

    def _on_indexed(self, indexed: Indexed) -> None:
        self.images.warn(indexed.file_ids, indexed.warnings)
        self.thumbnails.stored(indexed.file_ids)
        self.grid.request_thumbnails()

    def _on_unreadable(self, event: Unreadable) -> None:
        if event.file_id is None:
            self._not_scanned.append(event)
        else:
            self.images.mark_unreadable(event.file_id, event.reason)

    def _renew(self) -> None:
        """Take away what was told of the order before, once another one comes."""
        if self._outdated is not None:
            for told in self._outdated:
                self.banners.withdraw(told)
            self._outdated = self._answered = None
            self._of_order.clear()
            self.answerer.clear()

    def _on_refused(self, message: str) -> None:
        """The order shown stays, and what was told of it, unless another is on its way."""
        if self._session.query == self._shown_query:
            self._outdated = None
        self.query.show_error(message)
        self._settings.forget(self._sent)
        self.query.set_history(self._settings.history)

    def _on_ranked(self, ranked: Ranked) -> None:
        self._renew()
        new_query = ranked.query != self._shown_query
        self._shown_query = ranked.query
        self._enable_teaching()
        if ranked.complete:
            self.banners.withdraw(NOT_COMPLETE)
        if ranked.complete and not len(ranked.file_ids):
            self._answered = None  # nobody has ordered anything
            self.answerer.clear()
        self._tell_answerer()
        if moved := self.images.set_order(ranked):
            stand, put = ("stands", "it") if moved == 1 else ("stand", "them")
            self._tell_of_order(f"{text.count(moved, 'photograph')} {stand} again where you put {put}.")
        if new_query:  # what was asked for anew is read from its top; only then does the view hold still
            self.grid.go_to_top()
        self.tools.export_button.setEnabled(len(ranked.file_ids) > 0)

    def _on_unsorted(self) -> None:
        for told in (*self._of_order, NOT_COMPLETE):  # but not what has failed
            self.banners.withdraw(told)
        self._of_order.clear()
        self._outdated = self._shown_query = self._answered = self._asked_early = None
        self.answerer.clear()
        self._enable_teaching()
        self.images.unsort()
        self.grid.go_to_top()
        self.tools.export_button.setEnabled(False)

    def _enable_teaching(self) -> None:
        self.tools.teach_button.setEnabled(bool(self.query.text or self._shown_query) and not self._empty)

    def _on_moved(self, row: int, gap: int) -> None:
        ranking = self.images.ranking
        if ranking is None:
            return
        if not ranking.complete:
            self.banners.add(NOT_COMPLETE, "info")
            return
        place = gap - 1 if gap > row else gap
        file_id, order = self.images.file_id(row), self.images.ranked_ids
        self.images.move(file_id, place)
        self.moved.emit(ranking.query, file_id, order, place)

    def _on_notice(self, notice: Notice | Answered) -> None:
        self._renew()
        if isinstance(notice, Notice):
            meant = notice.meant
            named = text.named(meant, _OFFERED).replace("&", "&&")
            offer = (f"Sort by “{named}”", lambda: self.query.ask(meant)) if meant else None
            self._tell_of_order(notice.text, notice.severity, offer)
        else:
            self._answered = notice
            self._tell_answerer()

    def _tell_of_order(
        self, told: str, severity: Severity = "info", offer: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Until another order comes."""
        self._of_order.append(told)
        self.banners.add(told, severity, offer=offer)

    def _tell_answerer(self) -> None:
        """Say who made the order that is shown, or that is on its way."""
        answered = self._answered
        if answered is None:
            return
        if self._session.activity is Activity.STOPPED and answered.query != self._shown_query:
            self.answerer.clear()
            return
        self.answerer.tell(answered, self.query.text)
        # Where all of it is a guess, a message above says so.
        self.answerer.setVisible(any(answer.by != "guess" for answer in answered.answers))

    def _show_menu(self, point: QPoint) -> None:
        rows = self.grid.selected_rows()
        index = self.grid.indexAt(point)
        if not index.isValid():
            return
        row = index.row()
        menu = self.context_menu(row, rows if row in rows else [row])
        menu.popup(self.grid.viewport().mapToGlobal(point))

    def context_menu(self, row: int, rows: list[int]) -> QMenu:
        """The menu of a tile. `rows`: what is copied or marked. It stays with these photographs and their
        order, whatever stands in the rows by the time something is chosen."""
        file_id, path = self.images.file_id(row), self.images.path(row)
        paths = [self.images.path(r) for r in rows]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.images.modelAboutToBeReset.connect(menu.close)  # file ids mean nothing then
        view = menu.addAction("View large", lambda: self.view_wanted.emit(self.images.row(file_id)))
        view.setShortcut(QKeySequence(Qt.Key.Key_Space))
        menu.addAction("Open with the usual application", lambda: self._try(desktop.open_file, path))
        menu.addAction("Show in file manager", lambda: self._try(desktop.show_in_file_manager, path))
        menu.addSeparator()
        several = len(paths) > 1
        copied = f"Copy {len(paths):,} photographs" if several else "Copy photograph"
        menu.addAction(copied, lambda: desktop.copy_files(paths))
        menu.addAction(
            f"Copy {len(paths):,} paths" if several else "Copy path", lambda: desktop.copy_paths(paths)
        )
        menu.addAction("Copy file name", lambda: desktop.copy_name(path))
        self.marking.offer(menu, rows)
        return menu

    def _try(self, act: Callable[[Path], bool], path: Path) -> None:
        if wrong := desktop.failure(act, path):
            self.banners.add(wrong, "warning")
