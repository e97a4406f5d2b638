"""The main window: menus, tabs, status line, dialogs, and what is remembered of them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QMainWindow, QTabWidget, QWidget

from imagesorter.events import ModelReady, Unreadable
from imagesorter.gui import no_images, text
from imagesorter.gui.activity import Activity
from imagesorter.gui.choices import Choices
from imagesorter.gui.chosen import Chosen
from imagesorter.gui.drop import DropOverlay, accept_as_copy, local_paths, remote_count
from imagesorter.gui.exporting import OrderExport
from imagesorter.gui.folder_watch import FolderWatch
from imagesorter.gui.menus import build_menus
from imagesorter.gui.model_import import ModelImports, is_checkpoint
from imagesorter.gui.order_status import OrderStatus
from imagesorter.gui.reading_again import ReadingAgain
from imagesorter.gui.saving import MovesSaver, SettingsSaver, remember, restore
from imagesorter.gui.session import Session
from imagesorter.gui.sort_page import SortPage
from imagesorter.gui.status import MeansButton, StatusLine
from imagesorter.gui.unreadable import UnreadableDialog
from imagesorter.gui.viewer import Viewer

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.gui.model_stock import ModelStock
    from imagesorter.gui.train_page import TrainPage
    from imagesorter.paths import Home
    from imagesorter.settings import Settings

_MEANS_SHARE = 4
"""Model and device take at most this fraction (1/n) of the window's width."""


class MainWindow(QMainWindow):
    """Everything that is on screen.

    Args:
        settings: changed in place, saved in `home.config`.
        factory: makes the engine on its own thread.

    Signals:
        painted: once, after the window was painted for the first time.
        closing_while_loading: the window closes, and a model is, or may be, still being loaded, which
            nothing can interrupt; nothing else is lost.
    """

    painted = Signal()
    closing_while_loading = Signal()

    def __init__(self, home: Home, settings: Settings, factory: Callable[[], Engine]) -> None:
        super().__init__()
        self._settings, self._home = settings, home
        self._was_painted = False
        self.setWindowTitle("Imagesorter")
        self.setAcceptDrops(True)
        self.setMinimumSize(680, 440)
        self.session = Session(factory, settings, self)
        self._saver = SettingsSaver(settings, home.config, self)
        self.sort_page = SortPage(self.session, settings, self)
        self._moves = MovesSaver(self.sort_page.images, home.config, self)
        self.status = StatusLine(self)
        self.means = MeansButton(settings, self)
        self.exports = OrderExport(self.session, settings, self)
        self.again = ReadingAgain(self.session, self.sort_page)
        self.watch = FolderWatch(self.session, self.sort_page.banners, self.read_again)
        self.imports = ModelImports(self.session, self.sort_page.banners, self)
        self.choices = Choices(
            self, settings, self._saver, lambda: self._train_page.teacher if self._train_page else None
        )
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self.sort_page, "Sort")
        self._train_page: TrainPage | None = None
        self._train_place = QWidget()
        self.tabs.addTab(self._train_place, "Train")
        self.tabs.currentChanged.connect(self._on_tab)
        self.setCentralWidget(self.tabs)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.status, 1)
        self.statusBar().addPermanentWidget(self.means)
        self.viewer = Viewer(self.sort_page.images, self.sort_page.thumbnails.cache, self)
        self.chosen = Chosen(self.sort_page, self.viewer, self._tell_below)
        self._overlay = DropOverlay(self)
        self.unreadable = UnreadableDialog(self)
        # Thousands come at once where a disk is pulled.
        self._unreadable_told = QTimer(self, singleShot=True, interval=0)
        self._unreadable_told.timeout.connect(lambda: self.status.set_unreadable(*self.unreadable.counts()))
        self.menus = build_menus(self)
        self._connect()
        restore(self, self.tabs, self._settings.window)

    @property
    def settings(self) -> Settings:
        """Changed in place."""
        return self._settings

    @property
    def train_page(self) -> TrainPage:
        """The page of the Train tab. Made when first needed, or after the first paint, not to delay it."""
        if self._train_page is None:
            from imagesorter.gui.between_tabs import take_place

            self._train_page = take_place(
                self._train_place,
                self.tabs,
                self.sort_page,
                self.session,
                self._settings,
                self.menus.undo,
            )
            self._train_page.folder_wanted.connect(self.choose_folder)
            self._train_page.again_wanted.connect(self.read_again)
            back, leave = self._train_page.back.clicked, self._train_page.leave
            back.connect(lambda: self.choices.after_asking("Go back without it", leave))
            # The viewer covers the messages.
            self._train_page.teacher.told.connect(lambda message, *_: self.viewer.tell(message))
            # What both tabs tell was read in one of them.
            self._train_page.banners.dismissed.connect(self.sort_page.banners.withdraw)
            self.sort_page.banners.dismissed.connect(self._train_page.banners.withdraw)
        return self._train_page

    @cached_property
    def stock(self) -> ModelStock:
        """All about getting models; made as late as the page of the Train tab."""
        from imagesorter.gui.model_stock import stock_of

        return stock_of(self, self._home)

    def read_again(self) -> None:
        """Read again what is open."""
        if self.choices.may_lose("Read again without it", self.read_again):
            self.train_page.teacher.discard()  # so that it is not told as lost
            self.again.start()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Show the images under `paths`, or go on teaching with them. What is open stays where there are none
        by their names."""
        teacher = self.train_page.teacher  # it follows what is opened
        if why_not := no_images.reason(paths):
            self._tell_in_front(why_not)
            return
        if not self.choices.may_lose("Open without it", lambda: self.open_paths(paths)):
            return
        teacher.discard()  # so that it is not told as lost
        roots = tuple(map(_rooted, paths))
        for folder in filter(os.path.isdir, reversed(roots)):
            self._settings.remember_folder(str(folder))
        self._settings.last_folder = str(roots[0] if os.path.isdir(roots[0]) else roots[0].parent)  # noqa: PTH112 (never raises)
        self.session.open(roots)
        if self.tabs.currentWidget() is self.sort_page or not teacher.attribute:
            self.tabs.setCurrentWidget(self.sort_page)
            self.sort_page.query.edit.setFocus()

    def start(self, paths: Sequence[Path] = ()) -> None:
        """Begin to work: open `paths`, then load the model."""
        if paths:
            self.open_paths(paths)
        self.sort_page.query.edit.setFocus()
        self.session.choose_model()
        QTimer.singleShot(0, self._moves.load)
        QTimer.singleShot(0, lambda: self.train_page)
        QTimer.singleShot(0, lambda: self.stock)

    def _connect(self) -> None:
        session, page = self.session, self.sort_page
        session.engine_made.connect(self._on_engine)
        session.activity_changed.connect(self.status.set_activity)
        session.progress.connect(self.status.set_progress)
        session.unreadable.connect(self._on_unreadable)
        session.folder_reset.connect(self._on_folder_reset)
        session.model_ready.connect(self._on_model_ready)
        self.order = OrderStatus(session, page.images, self.status, self.menus)
        session.cache_cleared.connect(lambda: self.status.tell("The cache was cleared."))
        self.status.cancelled.connect(session.cancel)
        self.status.resumed.connect(session.resume)
        self.status.unreadable_wanted.connect(self.show_unreadable)
        self.unreadable.again_wanted.connect(self.read_again)
        self.means.import_wanted.connect(self.imports.choose)
        self.means.models_wanted.connect(lambda: self.stock.show())
        self.imports.told.connect(self._tell_in_front)  # the line at the bottom tells what goes on at once
        self.exports.told.connect(self._tell_below)
        page.folder_wanted.connect(self.choose_folder)
        page.photos_wanted.connect(self.choose_photos)
        page.export_wanted.connect(self.export)
        page.view_wanted.connect(self.viewer.show_row)
        page.query.submitted.connect(self._on_submitted)
        once = Qt.ConnectionType.SingleShotConnection  # they are saved with each query, each move
        self._saver.failed.connect(self._on_settings_not_saved, once)
        self._moves.failed.connect(self._on_moves_not_saved, once)
        self.viewer.row_changed.connect(page.grid.show_row)
        self.viewer.closed.connect(page.grid.setFocus)

    # Choosing and exporting.

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder", self._settings.last_folder or "")
        if folder:
            self.open_paths([Path(folder)])

    def choose_photos(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, "Choose photographs", self._settings.last_folder or "")
        if files:
            self.open_paths([Path(file) for file in files])

    def export(self) -> None:
        images = self.sort_page.images
        if images.ranking is not None:
            self.exports.choose(images.ranking, list(images.ranked_ids) if images.has_moved else None)

    # Dropping.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = local_paths(event.mimeData())
        if paths:
            accept_as_copy(event)
            self._overlay.invite(paths, "Import" if all(map(is_checkpoint, paths)) else "Open")
        elif remote_count(event.mimeData()):
            self.status.tell("Only files on this computer can be opened. Save them to a folder first.")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._overlay.hide()
        paths = local_paths(event.mimeData())
        if not paths:
            return
        accept_as_copy(event)
        if checkpoints := [path for path in paths if is_checkpoint(path)]:
            self.imports.offer(checkpoints)
        if pictures := [path for path in paths if path not in checkpoints]:
            if self.train_page.teacher.decide_first:  # which is asked once the other program has its answer
                QTimer.singleShot(0, self, lambda: self.open_paths(pictures))
            else:
                self.open_paths(pictures)
        if remote := remote_count(event.mimeData()):
            self.sort_page.banners.add(
                f"{text.count(remote, 'link')} left out: only files on this computer can be opened.", "info"
            )

    # What the session tells.

    def _on_engine(self, engine: Engine) -> None:
        self.viewer.set_engine(engine)
        self.train_page.set_engine(engine)
        self.session.read(lambda engine: engine.attributes(), self.sort_page.query.set_known)
        self.session.read(lambda engine: engine.models(), self.means.set_models)

    def _on_model_ready(self, ready: ModelReady) -> None:
        means = self.means
        means.set_ready(ready)
        self.session.read(lambda engine: engine.attributes(), self.sort_page.query.set_known)
        self.session.read(lambda engine: engine.devices(), means.set_devices)

    def _on_folder_reset(self) -> None:
        first, *more = self.session.roots
        named = f"{text.named(first.name) or first}{f' and {len(more):,} more' if more else ''}"
        self.setWindowTitle(f"{named} \N{EN DASH} Imagesorter")
        self.menus.again.setEnabled(True)
        self.unreadable.reset()
        self.status.set_unreadable(0)
        self.menus.export.setEnabled(False)

    def _on_unreadable(self, event: Unreadable) -> None:
        self.unreadable.add(event)
        self._unreadable_told.start()

    def _on_submitted(self, query: str) -> None:
        self._saver.save()
        self.order.follow_query()
        self.status.set_waiting(query)

    def _on_settings_not_saved(self, why: str) -> None:
        self.sort_page.banners.add(f"The settings could not be saved: {why}", "warning")

    def _on_moves_not_saved(self, why: str) -> None:
        self.sort_page.banners.add(f"What you moved by hand could not be saved: {why}", "warning")

    def report(self, error: BaseException) -> None:
        """Tell of a fault that nothing else has caught."""
        trace = "".join(traceback.format_exception(error))
        self.sort_page.banners.add("Something unexpected went wrong.", "error", trace)

    # Small things.

    def _tell_in_front(self, message: str) -> None:
        if self.tabs.currentWidget() is self.train_page:
            self.train_page.tell(message, "info")
        else:
            self.sort_page.banners.add(message, "info")

    def _tell_below(self, message: str) -> None:
        """In the line at the bottom, and over what covers it."""
        self.status.tell(message)
        self.viewer.tell(message)

    def _on_tab(self) -> None:
        _ = self.train_page
        self.viewer.leave()  # it covers the tabs, and would hide what the keys now reach
        self.status.set_elsewhere(self.tabs.currentWidget() is not self.sort_page)

    def show_unreadable(self) -> None:
        """Show the list of files that could not be read."""
        self.unreadable.show()
        self.unreadable.raise_()

    def focus_query(self) -> None:
        """Let a query be typed, wherever the user is."""
        self.viewer.leave()
        self.tabs.setCurrentWidget(self.sort_page)
        self.sort_page.query.edit.setFocus()
        self.sort_page.query.edit.selectAll()

    def unsort(self) -> None:
        """Show the images as the folder has them."""
        self.tabs.setCurrentWidget(self.sort_page)
        self.sort_page.unsort()

    def toggle_full_screen(self) -> None:
        """Take the whole screen, or give it back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_preferences(self) -> None:
        """Open the settings dialog."""
        from imagesorter.gui import preferences

        preferences.show(self._settings, self.session, self.choices, self._saver.save, self)

    # The window's own life.

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for cover in (self.viewer, self._overlay):
            cover.setGeometry(self.rect())
        self.means.set_room(self.width() // _MEANS_SHARE)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.choices.may_lose("Close without it", self.close):
            event.ignore()
            return
        remember(self, self.tabs, self._settings.window)
        self.hide()
        self._saver.close()
        self._moves.close()
        self.unreadable.close()
        busy = self.session.activity in (Activity.LOADING, Activity.STOPPED) or self.stock.downloads.task
        if busy and not self.session.storing:
            self.closing_while_loading.emit()
        self.stock.close()
        self.sort_page.close_loaders()
        if self._train_page is not None:
            self._train_page.close_loaders()
        self.viewer.close_loaders()
        self.session.close()  # last: loaders would open the engine's stores again
        super().closeEvent(event)


def _rooted(path: Path) -> Path:
    """An absolute path whose links stay as they are, unless it has a "..", before which they are followed."""
    return Path(os.path.realpath(path) if ".." in path.parts else os.path.abspath(path))  # noqa: PTH100
