"""Starts the window."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if sys.platform == "win32":
    # torch does not load there once Qt is loaded; elsewhere it waits until the window is up.
    import torch  # noqa: F401

from PySide6.QtWidgets import QApplication

from imagesorter import __version__
from imagesorter.gui import desktop, icons, theme
from imagesorter.gui.collection import Collector
from imagesorter.gui.window import MainWindow
from imagesorter.paths import Home
from imagesorter.settings import Settings

if TYPE_CHECKING:
    from imagesorter.engine import Engine

logger = logging.getLogger(__name__)

LEAVING = 1.5
"""Seconds that a closed window waits for a model that is being loaded."""


def run(argv_paths: list[Path]) -> int:
    """Show the window, with the images under `argv_paths`, until it is closed.

    Returns:
        The exit code of the process.
    """
    started = time.perf_counter()
    home = Home.default()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("imagesorter")
    application.setApplicationDisplayName("Imagesorter")
    application.setApplicationVersion(__version__)
    application.setOrganizationName("imagesorter")
    application.setDesktopFileName("imagesorter")
    theme.apply(application)
    application.setWindowIcon(icons.application_icon())
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    collector = Collector()
    window = make_window(home, Settings.load(home.config))
    window.session.model_ready.connect(collector.settle)

    def painted() -> None:
        logger.info("window painted %.0f ms after the start of Qt", 1000 * (time.perf_counter() - started))
        window.start(argv_paths)

    def unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logger.critical("unforeseen", exc_info=(kind, error, trace))
        window.report(error)

    sys.excepthook = unforeseen
    window.painted.connect(painted)
    window.closing_while_loading.connect(_leave_soon)
    window.show()
    try:
        return application.exec()
    finally:
        collector.stop()
        desktop.leave_clipboard()


def _leave_soon() -> None:
    """End the process before long: an import cannot be interrupted, and nothing is lost with it."""
    watchdog = threading.Timer(LEAVING, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()


def make_window(home: Home, settings: Settings) -> MainWindow:
    """The window with the real engine, which is imported on its own thread."""

    def factory() -> Engine:
        from imagesorter.engine import Engine

        return Engine(home, settings)

    return MainWindow(home, settings, factory)
