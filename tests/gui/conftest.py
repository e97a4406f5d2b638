from __future__ import annotations

import gc
import os
import sys

if "QT_QPA_PLATFORM" not in os.environ and not (
    os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform in ("win32", "darwin")
):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driving import drop, idle, local
from fake_engine import FakeEngine, Stream
from PySide6.QtCore import Qt, QThreadPool
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from train_tab import Tab

from imagesorter.gui import desktop, theme
from imagesorter.gui.activity import Activity
from imagesorter.gui.window import MainWindow
from imagesorter.paths import Home
from imagesorter.settings import Settings


@pytest.fixture(scope="session")
def qapp(qapp):
    theme.apply(qapp)
    yield qapp
    desktop.leave_clipboard()


@pytest.fixture(autouse=True)
def collected() -> None:
    """Destroy what earlier tests have left here and now: were Python to find cycles of Qt objects
    while it runs on another thread, they would be destroyed there, which Qt does not survive."""
    gc.collect()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.under(tmp_path / "home")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of twelve pictures."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in range(12):
        image = QImage(30, 20, QImage.Format.Format_RGB32)
        image.fill(QColor.fromHsv(k * 30, 150, 200))
        image.save(str(folder / f"{k:02}.png"))
    return folder


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def make_window(qtbot: QtBot, home: Home) -> Iterator[Callable[[FakeEngine], MainWindow]]:
    """Windows that are closed, and waited for, at the end of the test."""
    made: list[MainWindow] = []

    def make(engine: FakeEngine, settings: Settings | None = None) -> MainWindow:
        engine.settings = settings or Settings.load(home.config)
        window = MainWindow(home, engine.settings, lambda: engine)
        made.append(window)
        window.show()
        qtbot.waitExposed(window)
        return window

    yield make
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard)
        for window in made:
            window.close()
            window.deleteLater()
    QThreadPool.globalInstance().waitForDone()


@pytest.fixture
def window(make_window, engine: FakeEngine) -> MainWindow:
    """A window with a started engine."""
    shown = make_window(engine)
    shown.start()
    return shown


@pytest.fixture
def filled(window: MainWindow, photos: Path, qtbot: QtBot) -> MainWindow:
    """A window with the twelve pictures."""
    drop(window, local(photos))
    idle(qtbot, window)
    return window


@pytest.fixture
def tab(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> Tab:
    """The Train tab in front, nothing open."""
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    window.tabs.setCurrentWidget(window.train_page)
    return Tab(window, engine, qtbot)


@pytest.fixture
def fit(tab: Tab, photos: Path) -> Stream:
    """A fit in the Train tab to one answer, held back: events are put in by hand from now on."""
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    return tab.hold_fit()


@pytest.fixture
def sorted_window(window, engine: FakeEngine, photos: Path, qtbot):
    """Twelve photographs in the order of their names."""
    window.open_paths([photos])
    window.session.sort("more colorful")
    qtbot.waitUntil(
        lambda: window.sort_page.images.ranking is not None and window.session.activity is Activity.IDLE
    )
    return window
