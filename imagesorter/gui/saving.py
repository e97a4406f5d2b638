"""What is remembered of the window. Settings and moves go to disk on threads of their own: a slow disk must
not stop the window."""

from __future__ import annotations

import copy
import errno
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRunnable, QThreadPool, QTimer, Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from imagesorter.gui import text
from imagesorter.gui.arrangement import Arrangements
from imagesorter.gui.image_model import ImageModel
from imagesorter.settings import Settings

logger = logging.getLogger(__name__)

_GATHERED = 200
"""Milliseconds in which several changes become one file."""


class _Write(QRunnable):
    """Writes a file; `what` it holds is for the log."""

    def __init__(
        self, saver: SettingsSaver | MovesSaver, write: Callable[[], None], file: Path, what: str
    ) -> None:
        super().__init__()
        self._saver, self._write, self._file, self._what = saver, write, file, what

    def run(self) -> None:
        try:
            self._write()
        except OSError as error:
            logger.warning("%s not saved: %s", self._what, error)
            self._saver.failed.emit(_reason(error, self._file))


class SettingsSaver(QObject):
    """Signals:
    failed: the file, the reason and the remedy; on the window's thread.
    """

    failed = Signal(str)

    def __init__(self, settings: Settings, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings, self._folder = settings, folder
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)  # one after the other: the last change wins
        self._timer = QTimer(self, singleShot=True, interval=_GATHERED)
        self._timer.timeout.connect(self._start)

    def save(self) -> None:
        """Save the settings as they will be in a moment."""
        if not self._timer.isActive():
            self._timer.start()

    def close(self) -> None:
        """Save them now, and return when they are on disk."""
        self._timer.stop()
        self._start()
        self._pool.waitForDone()

    def _start(self) -> None:
        write = partial(copy.deepcopy(self._settings).save, self._folder)
        self._pool.start(_Write(self, write, self._folder / "settings.json", "settings"))


class MovesSaver(QObject):
    """Keeps what was moved by hand until the application is started again.

    Args:
        folder: of the file.

    Signals:
        failed: what was moved is not kept: the file, the reason and the remedy; on the window's thread.
    """

    failed = Signal(str)

    def __init__(self, images: ImageModel, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self._file = folder / "moves.json"
        self._hindrance = ""  # where the file is to be left as it is: see `failed`
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)  # one after the other: the last change wins
        self._timer = QTimer(self, singleShot=True, interval=_GATHERED)
        self._timer.timeout.connect(self._start)
        images.moves_changed.connect(self._timer.start)

    def load(self) -> None:
        """Bring what was kept, before the first order; a large file takes a tenth of a second."""
        try:
            self._images.bring_moves(Arrangements.load(self._file))
        except FileNotFoundError:
            pass
        except ValueError as error:
            logger.warning("what was moved by hand is forgotten: %s: %s", self._file, error)
        except OSError as error:
            logger.warning("what was moved by hand cannot be read, and is left as it is: %s", error)
            self._hindrance = _reason(error, self._file, "Make it readable, and start again")

    def close(self) -> None:
        """Save what waits, and return when it is on disk."""
        if self._timer.isActive():
            self._timer.stop()
            self._start()
        self._pool.waitForDone()

    def _start(self) -> None:
        if self._hindrance:
            self.failed.emit(self._hindrance)
        else:
            write = partial(self._images.moves().save, self._file)
            self._pool.start(_Write(self, write, self._file, "what was moved by hand is"))


def _reason(error: OSError, file: Path, remedy: str = "Make it writable") -> str:
    """The file, what is wrong with it, and the remedy."""
    if error.strerror is None:  # it says all that itself
        return text.printable(f"{error}.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free some space"
    return f"{text.named(str(file))}: {error.strerror}. {remedy}."


def remember(window: QWidget, tabs: QTabWidget, state: dict[str, str]) -> None:
    """Note a window's size, place and tab."""
    state["geometry"] = bytes(window.saveGeometry().toBase64().data()).decode("ascii")
    state["tab"] = str(tabs.currentIndex())


def restore(window: QWidget, tabs: QTabWidget, state: dict[str, str]) -> None:
    """Bring back what `remember` noted, or a fair size."""
    geometry = QByteArray.fromBase64(state.get("geometry", "").encode())
    if geometry.isEmpty() or not window.restoreGeometry(geometry):
        window.resize(1180, 780)
    tab = state.get("tab", "0")
    tabs.setCurrentIndex(int(tab) if tab in ("0", "1") else 0)
