from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from driving import drag, drop, idle, local, names, running, type_query
from fake_engine import FakeEngine
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from imagesorter.events import Finished, ModelReady, Opened, Unreadable
from imagesorter.gui.drop import local_paths
from imagesorter.gui.model_import import ImportDialog
from imagesorter.gui.recent_folders import RecentFolders


def test_drop_type_order(window, engine, photos, qtbot):
    assert window.sort_page.welcome.isVisible()
    drop(window, local(photos))
    qtbot.waitUntil(lambda: len(names(window)) == 12)
    assert window.sort_page.grid.isVisible()
    assert engine.last("open").arguments[0] == (photos,)
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(qtbot, window)
    assert engine.last("rank").arguments == ("more colorful",)
    assert window.sort_page.images.rank(0) == 1
    assert "12 photographs" in window.status.message.text()


def test_files_and_folders_dropped_together(window, engine, photos, tmp_path, qtbot):
    single = tmp_path / "one.png"
    single.write_bytes((photos / "00.png").read_bytes())
    drop(window, local(single), local(photos))
    qtbot.waitUntil(lambda: len(names(window)) == 13)
    assert engine.last("open").arguments[0] == (single, photos)


def test_what_is_not_on_this_computer_is_politely_refused(window, engine, photos, qtbot):
    idle(qtbot, window)
    assert not drag(window, QUrl("https://example.org/a.jpg")).isAccepted()
    assert "on this computer" in window.status.message.text()
    drop(window, QUrl("https://example.org/a.jpg"), local(photos))
    qtbot.waitUntil(lambda: len(names(window)) == 12)
    assert any("1 link left out" in banner.text for banner in window.sort_page.banners.banners())


def test_the_overlay_shows_while_dragging(window, photos):
    assert drag(window, local(photos)).isAccepted()
    assert window._overlay.isVisible()
    drop(window, local(photos))
    assert not window._overlay.isVisible()


def test_a_drop_is_never_a_move(window, photos):
    data = QMimeData()
    data.setUrls([local(photos)])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.MoveAction | Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
    )
    event.setDropAction(Qt.DropAction.MoveAction)
    window.dropEvent(event)
    assert event.isAccepted()
    assert event.dropAction() is Qt.DropAction.CopyAction


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_dropped_link_stays_as_the_user_sees_it(window, engine, photos, tmp_path, qtbot):
    link = tmp_path / "link"
    link.symlink_to(photos)
    window.open_paths([link])
    qtbot.waitUntil(lambda: len(names(window)) == 12)
    assert engine.last("open").arguments[0] == (link,)


def test_a_folder_without_images_says_so(window, engine, qtbot):
    idle(qtbot, window)
    engine.automatic = False
    window.open_paths([Path("/photos")])
    running(qtbot, engine, "open").end(Opened(0, 48), Finished(0, 0))
    idle(qtbot, window)
    assert window.sort_page.welcome.isVisible()
    told = "Looked in /photos. There are 48 files, but none has the name of an image. Choose another folder."
    assert window.sort_page.welcome.explanation.text() == told
    assert window.sort_page.welcome.folder.isVisible()


def test_a_place_that_is_not_there_is_named(window, engine, qtbot):
    idle(qtbot, window)
    engine.automatic = False
    window.open_paths([Path("/nowhere")])
    gone = Unreadable(None, Path("/nowhere"), "there is no such file or folder")
    running(qtbot, engine, "open").end(gone, Opened(0, 0), Finished(0, 1))
    welcome = window.sort_page.welcome
    qtbot.waitUntil(lambda: welcome.title.text() == "No photographs found")
    assert welcome.explanation.text().startswith("/nowhere: there is no such file or folder.")


def test_nothing_is_taught_in_a_folder_without_images(window, engine, photos, qtbot):
    page = window.sort_page
    idle(qtbot, window)
    page.query.edit.setText("sharper")
    assert page.tools.teach_button.isEnabled(), "the Train tab asks for a folder"
    engine.automatic = False
    window.open_paths([Path("/photos")])
    running(qtbot, engine, "open").end(Opened(0, 0), Finished(0, 0))
    idle(qtbot, window)
    assert page.welcome.explanation.text() == "Looked in /photos. Choose another folder."
    assert not page.tools.teach_button.isEnabled()
    page.query.edit.setText("darker")
    assert not page.tools.teach_button.isEnabled()
    engine.automatic = True
    window.open_paths([photos])
    qtbot.waitUntil(page.tools.teach_button.isEnabled)


def test_folder_and_photos_are_chosen_in_dialogs(window, engine, photos, qtbot, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    QTest.mouseClick(window.sort_page.welcome.folder, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(names(window)) == 12)
    chosen = [str(photos / "03.png"), str(photos / "01.png")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (chosen, ""))
    window.choose_photos()
    qtbot.waitUntil(lambda: len(names(window)) == 2)
    assert names(window) == ["03.png", "01.png"]


def test_subfolders_by_choice(window, engine, photos, qtbot):
    drop(window, local(photos))
    idle(qtbot, window)
    assert engine.last("open").arguments[1] is True
    window.sort_page.tools.recursive.click()
    qtbot.waitUntil(lambda: engine.names().count("open") == 2)
    assert engine.last("open").arguments[1] is False


def test_the_window_opens_paths_it_was_started_with(make_window, photos, qtbot):
    engine = FakeEngine()
    window = make_window(engine)
    window.start([photos])
    qtbot.waitUntil(lambda: "index" in engine.names())
    assert engine.names() == ["open", "load_model", "index"]


@pytest.mark.parametrize("messages", [0, 1, 2])
def test_in_the_smallest_window_the_invitation_is_whole_or_scrolls(window, qtbot, messages):
    window.resize(680, 440)
    page, welcome = window.sort_page, window.sort_page.welcome
    for number in range(messages):
        page.banners.add(f"Message {number}.", "info")
    QApplication.processEvents()
    for part in (
        page.query.edit,
        welcome.title,
        welcome.explanation,
        welcome.folder,
        *page.banners.banners(),
    ):
        wraps = part.hasHeightForWidth()
        needed = part.heightForWidth(part.width()) if wraps else part.sizeHint().height()
        assert part.height() >= needed, part
    assert not welcome._symbol.isVisible()
    welcome.ensureWidgetVisible(welcome.folder)
    assert welcome.folder.visibleRegion().boundingRect() == welcome.folder.rect()
    window.resize(1000, 800)
    qtbot.waitUntil(welcome._symbol.isVisible)


def test_a_path_that_cannot_be_looked_at_is_left_to_the_scan(make_window, engine, tmp_path, qtbot):
    long = tmp_path / f"{'n' * 300}.jpg"
    engine.automatic = False
    window = make_window(engine)
    window.start([long])
    reason = "the name is too long for this system"
    running(qtbot, engine, "open").end(Unreadable(None, long, reason), Opened(0, 0), Finished(0, 1))
    running(qtbot, engine, "load_model").end()
    idle(qtbot, window)
    assert reason in window.sort_page.welcome.explanation.text()
    assert not window.sort_page.banners.banners()
    drop(window, local(long.with_suffix(".pt")))
    assert len(window.findChildren(ImportDialog)) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("notes.txt", "“notes.txt” was not opened: it does not have the name of an image."),
        ("snow.ranker", "“snow.ranker” is a ranker pack. Import it in the Train tab"),
        ("Pairs.CSV", "“Pairs.CSV” is a table. Pairs and ratings are imported in the Train tab"),
    ],
)
def test_what_is_open_stays_where_no_image_is_dropped(window, engine, photos, tmp_path, qtbot, name, says):
    drop(window, local(photos))
    idle(qtbot, window)
    other = tmp_path / name
    other.write_text("no image")
    drop(window, local(other))
    assert len(names(window)) == 12 and window.sort_page.grid.isVisible()
    (banner,) = window.sort_page.banners.banners()
    assert banner.text.startswith(says)
    assert engine.names().count("open") == 1
    window.tabs.setCurrentWidget(window.train_page)
    drop(window, local(other))
    (banner,) = window.train_page.banners.banners()
    assert banner.text.startswith(says) and banner.isVisible()


def test_of_several_that_are_no_images_the_first_is_named(window, photos, tmp_path, qtbot, monkeypatch):
    others = [tmp_path / "notes.txt", tmp_path / "list.csv"]
    for other in others:
        other.touch()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(other) for other in others], ""))
    window.choose_photos()
    (banner,) = window.sort_page.banners.banners()
    assert banner.text == "“notes.txt” and 1 more were not opened: none has the name of an image."
    drop(window, *map(local, others), local(photos / "00.png"))
    qtbot.waitUntil(lambda: "00.png" in names(window))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
def test_a_dropped_name_that_is_no_text_is_the_same_file(window, engine, photos, qtbot):
    path = photos / os.fsdecode(b"caf\xe9 %41 \xc3\xa9.png")
    (photos / "00.png").rename(path)
    drop(window, QUrl.fromEncoded(path.as_uri().encode()))
    qtbot.waitUntil(lambda: len(names(window)) == 1)
    assert engine.last("open").arguments[0] == (path,)
    assert path.exists()


@pytest.mark.parametrize(
    ("platform", "url", "path"),
    [
        ("win32", "file:///C:/Photos/a%20b.jpg", QUrl("file:///C:/Photos/a%20b.jpg").toLocalFile()),
        ("win32", "file://server/share/a%25b.jpg", "//server/share/a%b.jpg"),
        ("darwin", "file:///Photos/caf%C3%A9.jpg", "/Photos/café.jpg"),
        ("linux", "file:///Photos/caf%C3%A9.jpg", "/Photos/café.jpg"),
        ("linux", "file://server/share/a.jpg", "//server/share/a.jpg"),
    ],
)
def test_paths_that_are_text_are_dropped_as_qt_reads_them(monkeypatch, platform, url, path):
    monkeypatch.setattr(sys, "platform", platform)
    data = QMimeData()
    data.setUrls([QUrl(url)])
    assert local_paths(data) == [Path(path)]


def test_a_query_where_there_are_no_photographs_says_what_to_do(window, engine, photos, tmp_path, qtbot):
    told = lambda: [banner.text for banner in window.sort_page.banners.banners()]  # noqa: E731
    idle(qtbot, window)
    (tmp_path / "empty").mkdir()
    drop(window, local(tmp_path / "empty"))
    qtbot.waitUntil(lambda: window.sort_page.welcome.title.text() == "No photographs found")
    idle(qtbot, window)
    for query in ("sharper", "more colorful"):
        type_query(window, query)
        assert told() == ["There is nothing to sort here. Drop another folder on the window, or choose one."]
    drop(window, local(photos))
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    assert told() == [] and engine.last("rank").arguments == ("more colorful",)


@pytest.mark.parametrize("loading", [True, False])
def test_a_query_while_an_empty_folder_is_looked_through_is_answered_too(make_window, qtbot, loading):
    engine = FakeEngine(automatic=False)
    window = make_window(engine)
    window.start()
    load = running(qtbot, engine, "load_model")
    if not loading:
        load.end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
        idle(qtbot, window)
    told = lambda: [banner.text for banner in window.sort_page.banners.banners()]  # noqa: E731

    def empty(number: int) -> None:
        running(qtbot, engine, "open", number).end(Opened(0, 0), Finished(0, 0))
        qtbot.waitUntil(lambda: window.sort_page.welcome.title.text() == "No photographs found")
        idle(qtbot, window)

    window.open_paths([Path("/photos")])
    type_query(window, "sharper")
    assert told() == []
    load.end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    empty(1)
    assert told() == ["There is nothing to sort here. Drop another folder on the window, or choose one."]
    window.open_paths([Path("/others")])
    assert told() == []
    empty(2)
    assert told() == [], "nothing was asked for there"


def test_a_query_that_was_taken_back_by_then_is_not_answered(window, engine, qtbot):
    idle(qtbot, window)
    engine.automatic = False
    window.open_paths([Path("/photos")])
    type_query(window, "sharper")
    window.unsort()
    running(qtbot, engine, "open").end(Opened(0, 0), Finished(0, 0))
    qtbot.waitUntil(lambda: window.sort_page.welcome.title.text() == "No photographs found")
    assert window.sort_page.banners.banners() == []


def test_what_was_wrong_with_the_query_goes_when_a_folder_is_opened(window, photos, qtbot):
    idle(qtbot, window)
    error = window.sort_page.query.error
    QTest.mouseClick(window.sort_page.query.button, Qt.MouseButton.LeftButton)
    assert error.isVisible()
    drop(window, local(photos))
    assert not error.isVisible() and not error.text()


def recent(window) -> list[str]:
    """What the File menu offers to open again."""
    file = window.menuBar().actions()[0].menu()
    file.aboutToShow.emit()
    menu = file.findChild(RecentFolders)
    assert menu.isEnabled() == bool(menu.actions())
    return [action.toolTip() for action in menu.actions()]


def test_the_last_folders_can_be_opened_again(make_window, photos, tmp_path, qtbot):
    window = make_window(FakeEngine())
    window.start()
    assert recent(window) == []
    folders = [tmp_path / f"a & {k}" for k in range(7)]
    for folder in folders:
        folder.mkdir()
        window.open_paths([folder])
    window.open_paths([photos / "00.png"])
    window.open_paths([folders[1], photos])
    folders[6].rmdir()
    expected = [str(folders[k]) for k in (1, 6, 5, 4)]
    expected.insert(1, str(photos))
    assert recent(window) == expected
    window.close()
    engine = FakeEngine()
    again = make_window(engine)
    assert recent(again) == expected
    action = again.menuBar().actions()[0].menu().findChild(RecentFolders).actions()[1]
    assert action.text().startswith("&2  ") and action.text().endswith("/photos")
    action.trigger()
    qtbot.waitUntil(lambda: len(names(again)) == 12)
    assert recent(again)[:2] == [str(photos), str(folders[1])]
    again.menuBar().actions()[0].menu().findChild(RecentFolders).actions()[2].trigger()
    # it is the engine that tells that it is gone
    qtbot.waitUntil(lambda: engine.last("open").arguments[0] == (folders[6],))
