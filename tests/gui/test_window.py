from __future__ import annotations

import sys
import threading

import pytest
from driving import drop, idle, local, running
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLineEdit,
    QListView,
    QMessageBox,
    QSlider,
    QWidget,
)

from imagesorter.events import Opened
from imagesorter.gui import desktop, help_menu


def test_the_context_menu(window, engine, photos, qtbot, monkeypatch):
    drop(window, local(photos))
    idle(qtbot, window)
    done: list = []
    monkeypatch.setattr(desktop, "open_file", lambda path: done.append(("open", path)) or True)
    monkeypatch.setattr(desktop, "show_in_file_manager", lambda path: done.append(("show", path)) or False)
    page = window.sort_page
    page.grid.show_row(2)
    paths = [page.images.path(2), page.images.path(3)]
    menu = page.context_menu(2, [2, 3])
    actions = {action.text(): action for action in menu.actions() if action.text()}
    actions["Open with the usual application"].trigger()
    actions["Show in file manager"].trigger()
    assert done == [("open", paths[0]), ("show", paths[0])]
    assert "could open" in page.banners.banners()[0].text
    actions["Copy 2 photographs"].trigger()
    assert QGuiApplication.clipboard().mimeData().urls() == [QUrl.fromLocalFile(str(path)) for path in paths]
    actions["Copy 2 paths"].trigger()
    assert not QGuiApplication.clipboard().mimeData().hasUrls()
    assert QGuiApplication.clipboard().text() == f"{paths[0]}\n{paths[1]}"
    actions["Copy file name"].trigger()
    assert QGuiApplication.clipboard().text() == "02.png"
    actions["View large"].trigger()
    assert window.viewer.row == 2
    menu.close()


def test_a_file_that_is_gone_is_told_as_such(window, photos, qtbot, monkeypatch):
    drop(window, local(photos))
    idle(qtbot, window)
    monkeypatch.setattr(desktop, "open_file", lambda path: pytest.fail("there is nothing to open"))
    page = window.sort_page
    path = page.images.path(2)
    path.unlink()
    menu = page.context_menu(2, [2])
    menu.actions()[1].trigger()
    assert [banner.text for banner in page.banners.banners()] == [f"{path} is no longer there."]
    menu.close()


def test_copying_the_selected_photographs_with_the_keyboard(window, photos, qtbot):
    drop(window, local(photos))
    idle(qtbot, window)
    window.sort_page.grid.setFocus()
    window.sort_page.grid.show_row(1)
    QTest.keyClick(window.sort_page.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == str(photos / "01.png")
    assert QGuiApplication.clipboard().mimeData().urls() == [QUrl.fromLocalFile(str(photos / "01.png"))]
    assert window.status.message.text().startswith("Copied 1 photograph; paste it into a folder")


def test_painted_is_told_once(make_window, engine, home, qtbot):
    from imagesorter.gui.window import MainWindow
    from imagesorter.settings import Settings

    window = MainWindow(home, Settings(), lambda: engine)
    told: list = []
    window.painted.connect(lambda: told.append(engine.names()))
    window.show()
    qtbot.waitUntil(lambda: bool(told))
    window.repaint()
    window.repaint()
    assert told == [[]]
    window.close()


def test_closing_leaves_no_threads(make_window, engine, photos, qtbot):
    before = set(threading.enumerate())
    window = make_window(engine)
    window.start([photos])
    qtbot.waitUntil(lambda: window.sort_page.thumbnails.cache.bytes > 0)
    idle(qtbot, window)
    engine.automatic = False
    window.sort_page.sort("sharper")
    rank = running(qtbot, engine, "rank")
    window.close()
    assert rank.closed.is_set()
    assert engine.closed
    assert window.session._thread.isFinished()
    assert window.sort_page.thumbnails._pool.activeThreadCount() == 0
    assert window.viewer.pictures._pool.activeThreadCount() == 0
    assert {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)} <= before


def test_nothing_reads_from_an_engine_that_is_closed(window, engine, qtbot, monkeypatch):
    idle(qtbot, window)  # the engine is made
    closed: list[bool] = []
    for loaders in (window.sort_page, window.train_page, window.viewer):
        close = loaders.close_loaders
        monkeypatch.setattr(
            loaders, "close_loaders", lambda close=close: (closed.append(engine.closed), close())
        )
    window.close()
    assert engine.closed and closed == [False] * 3


def test_every_control_has_a_name(window):
    for kind in (QAbstractButton, QLineEdit, QSlider, QListView):
        for widget in window.centralWidget().findChildren(kind):
            if widget.objectName().startswith("qt_") or type(widget.parent()).__name__ in (
                "QTabBar",
                "QLineEdit",
            ):
                continue
            named = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
            assert named, f"{widget} in {widget.parent()}"


def test_dark_and_light_are_told_apart(window, qapp):
    from imagesorter.gui import theme

    window.sort_page.banners.add("Careful.", "warning")
    try:
        theme.set_dark(qapp, True)
        dark = window.grab().toImage().pixelColor(5, window.height() // 2)
        theme.set_dark(qapp, False)
        light = window.grab().toImage().pixelColor(5, window.height() // 2)
    finally:
        theme.set_dark(qapp, False)
    assert dark.lightness() < 60
    assert light.lightness() > 200


@pytest.mark.parametrize("show", [help_menu.show_shortcuts, help_menu.show_about])
def test_help_opens(window, show):
    show(window)
    (box,) = window.findChildren(QMessageBox)
    assert box.isVisible()
    box.close()


@pytest.fixture
def on_a_mac(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")


def test_a_mac_is_told_its_own_keys(on_a_mac, tab):
    told = [widget.toolTip() for widget in tab.window.findChildren(QWidget)]
    help_menu.show_shortcuts(tab.window)
    (box,) = tab.window.findChildren(QMessageBox)
    told.append(box.text())
    box.close()
    assert not [words for words in told if "Ctrl" in words]
    for keys in ("(⌘T)", "(⌘Enter)", "(⌘Z or", "<b>⇧⌘O</b>", "<b>⌘+, ⌘−</b>"):
        assert any(keys in words for words in told)


def stops(window, start, count: int) -> list:
    """Where the Tab key leads from a widget."""
    start.setFocus()
    found = []
    for _ in range(count):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        found.append(QApplication.focusWidget())
    return found


def test_the_tab_key_comes_to_messages_where_they_stand(window, photos, qtbot):
    page = window.sort_page
    drop(window, local(photos))
    idle(qtbot, window)
    page.banners.add("First.", "warning", offer=("Try", lambda: None))
    page.banners.add("Second.", "error", "details")
    first, second = page.banners.banners()
    found = stops(window, page.query.button, 5)
    assert found[:2] == [first.offer, first.dismiss]
    assert found[2].text() == "Details…"
    assert found[3:] == [second.dismiss, page.tools.open_button]


def test_the_title_tells_of_all_that_is_open(window, photos, tmp_path):
    window.open_paths([photos])
    assert window.windowTitle() == "photos \N{EN DASH} Imagesorter"
    window.open_paths([photos, tmp_path])
    assert window.windowTitle() == "photos and 1 more \N{EN DASH} Imagesorter"
    window.open_paths(sorted(photos.glob("*.png")))
    assert window.windowTitle() == "00.png and 11 more \N{EN DASH} Imagesorter"


def test_the_number_of_images_stands_apart_in_the_smallest_window(window, photos, qtbot):
    window.resize(680, 440)
    drop(window, local(photos))
    idle(qtbot, window)
    QApplication.processEvents()
    page = window.sort_page
    assert page.tools.count.x() - page.tools.recursive.geometry().right() >= 20


def test_what_the_box_includes_is_read_in_the_smallest_window(window, photos, qtbot):
    window.resize(680, 440)
    drop(window, local(photos))
    idle(qtbot, window)
    page = window.sort_page
    for images in (12, 3_895, 1_123_895):
        window.session.opened.emit(Opened(images, 0))
        QApplication.processEvents()
        assert page.tools.recursive.width() >= page.tools.recursive.sizeHint().width()
        assert page.tools.count.x() - page.tools.recursive.geometry().right() >= 20
        page.grab()
        narrowest = page.tools.tile_slider.width() == page.tools.tile_slider.minimumWidth()
        assert narrowest or "…" not in page.tools.count.text(), "the slider gives way first"
