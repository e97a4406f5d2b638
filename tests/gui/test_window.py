from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from fake_engine import FakeEngine, Stream, disk_full, ranked
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLineEdit, QListView, QMessageBox, QSlider

from imagesorter.errors import QueryError
from imagesorter.events import FilesFound, Finished, Indexed, Notice, Opened, Progress, Unreadable
from imagesorter.gui import desktop, help_menu
from imagesorter.gui.activity import Activity
from imagesorter.gui.preferences import PreferencesDialog
from imagesorter.gui.status import MeansButton


def drag(window, *urls: QUrl) -> QDragEnterEvent:
    data = QMimeData()
    data.setUrls(list(urls))
    event = QDragEnterEvent(
        QPoint(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    event.data_ = data
    QGuiApplication.sendEvent(window, event)
    return event


def drop(window, *urls: QUrl) -> None:
    entered = drag(window, *urls)
    QGuiApplication.sendEvent(
        window,
        QDropEvent(
            QPointF(50, 50),
            Qt.DropAction.CopyAction,
            entered.data_,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        ),
    )


def local(path: Path) -> QUrl:
    return QUrl.fromLocalFile(str(path))


def names(window) -> list[str]:
    model = window.sort_page.images
    return [model.path(row).name for row in range(model.rowCount())]


def idle(qtbot, window) -> None:
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)


def type_query(window, query: str) -> None:
    window.sort_page.query.edit.selectAll()
    QTest.keyClicks(window.sort_page.query.edit, query)
    QTest.keyClick(window.sort_page.query.edit, Qt.Key.Key_Return)


def running(qtbot, engine: FakeEngine, name: str, number: int = 1) -> Stream:
    def found() -> list[Stream]:
        return [s for s in engine.streams if s.name == name and s.started.is_set()]

    qtbot.waitUntil(lambda: len(found()) >= number)
    return found()[number - 1]


def manual(engine: FakeEngine, qtbot, window, count: int = 5, folder: Path = Path("/photos")) -> None:
    """Open a folder that is not there, every event by hand from now on."""
    idle(qtbot, window)
    engine.automatic = False
    engine.files = tuple(folder / f"{k}.jpg" for k in range(count))
    window.open_paths([folder])
    opening = running(qtbot, engine, "open", engine.names().count("open") or 1)
    opening.end(FilesFound(0, engine.files), Opened(count, 0), Finished(count, 0))
    qtbot.waitUntil(lambda: window.sort_page.images.rowCount() == count)


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
    assert "12 images" in window.status.message.text()


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


def test_a_dropped_link_stays_as_the_user_sees_it(window, engine, photos, tmp_path, qtbot):
    link = tmp_path / "link"
    link.symlink_to(photos)
    window.open_paths([link])
    qtbot.waitUntil(lambda: len(names(window)) == 12)
    assert engine.last("open").arguments[0] == (link,)


def test_a_query_without_a_folder_waits_for_one(window, engine, photos, qtbot):
    idle(qtbot, window)
    type_query(window, "sharper")
    assert "drop a folder" in window.sort_page.banners.banners()[0].text
    drop(window, local(photos))
    qtbot.waitUntil(lambda: "rank" in engine.names())
    assert engine.last("rank").arguments == ("sharper",)


def test_an_empty_query_is_answered_in_words(window, engine, photos, qtbot):
    drop(window, local(photos))
    idle(qtbot, window)
    type_query(window, "   ")
    assert window.sort_page.query.error.isVisible()
    assert "rank" not in engine.names()


def test_a_refused_query_is_told_under_the_line(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "+++")
    running(qtbot, engine, "rank").fail(QueryError("Nothing to sort by."))
    qtbot.waitUntil(window.sort_page.query.error.isVisible)
    assert window.sort_page.query.error.text() == "Nothing to sort by."
    QTest.keyClicks(window.sort_page.query.edit, "x")
    assert not window.sort_page.query.error.isVisible()


def test_notices_stand_until_dismissed_or_out_of_date(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "funnier")
    running(qtbot, engine, "rank").put(
        Notice("Not learned."), Notice("By the way.", "info"), Notice("Not learned.")
    )
    banners = window.sort_page.banners
    qtbot.waitUntil(lambda: len(banners.banners()) == 2)
    assert [(b.text, b.severity) for b in banners.banners()] == [
        ("Not learned.", "warning"),
        ("By the way.", "info"),
    ]
    QTest.mouseClick(banners.banners()[1].dismiss, Qt.MouseButton.LeftButton)
    assert [b.text for b in banners.banners()] == ["Not learned."]
    type_query(window, "sharper")
    assert banners.banners() == []


def test_an_unforeseen_error_offers_details(window, engine, qtbot, caplog):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").fail(ZeroDivisionError("surprise"))
    banners = window.sort_page.banners
    qtbot.waitUntil(lambda: len(banners.banners()) == 1)
    banner = banners.banners()[0]
    assert banner.severity == "error"
    details = next(b for b in banner.findChildren(QAbstractButton) if b.text() == "Details…")
    QTest.mouseClick(details, Qt.MouseButton.LeftButton)
    (box,) = window.findChildren(QMessageBox)
    assert "ZeroDivisionError" in box.detailedText()
    assert "index failed" in caplog.text
    box.close()


def test_the_order_forms_and_never_jumps_under_the_selection(window, engine, qtbot):
    manual(engine, qtbot, window, count=2000)
    type_query(window, "sharper")
    rank, grid, model = running(qtbot, engine, "rank"), window.sort_page.grid, window.sort_page.images
    rank.put(ranked(range(0, 2000, 4), complete=False, query="sharper"))
    qtbot.waitUntil(lambda: model.ranking is not None)
    held = model.file_id(200)
    grid.show_row(200)
    before = grid.visualRect(model.index(200)).top()
    rank.put(ranked(range(0, 2000, 2), complete=False, query="sharper"))
    qtbot.waitUntil(lambda: len(model.ranking.file_ids) == 1000)
    row = model.row(held)
    assert row == 400
    assert grid.selected_rows() == [row]
    assert grid.visualRect(model.index(row)).top() == before


def test_a_new_query_is_shown_from_its_top(window, engine, qtbot):
    manual(engine, qtbot, window, count=2000)
    type_query(window, "sharper")
    running(qtbot, engine, "rank").end(ranked(range(2000), query="sharper"), Finished(2000, 0))
    idle(qtbot, window)
    window.sort_page.grid.show_row(1000)
    type_query(window, "darker")
    running(qtbot, engine, "rank", 2).end(ranked(range(1999, -1, -1), query="darker"), Finished(2000, 0))
    idle(qtbot, window)
    assert window.sort_page.grid.verticalScrollBar().value() == 0
    assert window.sort_page.grid.selected_rows() == [999]


def test_progress_is_told_and_cancel_keeps_what_is_done(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "sharper")
    rank = running(qtbot, engine, "rank")
    rank.put(Progress("index", 2, 5, 12.5, 90.0), ranked([3, 1], complete=False, query="sharper"))
    qtbot.waitUntil(lambda: "2 of 5" in window.status.figures.text())
    assert "12/s" in window.status.figures.text()
    assert "2 min left" in window.status.figures.text()
    assert (window.status.bar.value(), window.status.bar.maximum()) == (2, 5)
    QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
    assert window.session.activity is Activity.STOPPED
    assert names(window)[:2] == ["3.jpg", "1.jpg"]
    assert window.status.button.text() == "Resume"
    qtbot.waitUntil(rank.closed.is_set)
    QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
    running(qtbot, engine, "rank", 2)


def test_files_that_could_not_be_read_are_listed(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").put(
        Unreadable(2, engine.files[2], "The file is empty."),
        Unreadable(None, Path("/photos/sub"), "No permission."),
    )
    qtbot.waitUntil(lambda: window.status.unreadable.text() == "2 could not be read")
    QTest.mouseClick(window.status.unreadable, Qt.MouseButton.LeftButton)
    assert window.unreadable.isVisible()
    assert window.unreadable.list.topLevelItem(0).text(1) == "The file is empty."
    window.unreadable.copy()
    assert QGuiApplication.clipboard().text().splitlines()[0] == f"{engine.files[2]}\tThe file is empty."
    window.unreadable.close()


def test_a_place_that_is_not_there_is_named(window, engine, qtbot):
    idle(qtbot, window)
    engine.automatic = False
    window.open_paths([Path("/nowhere")])
    gone = Unreadable(None, Path("/nowhere"), "there is no such file or folder")
    running(qtbot, engine, "open").end(gone, Opened(0, 0), Finished(0, 1))
    welcome = window.sort_page.welcome
    qtbot.waitUntil(lambda: welcome.title.text() == "No images found")
    assert welcome.explanation.text().startswith("/nowhere: there is no such file or folder.")


def test_a_file_that_each_order_fails_to_read_is_listed_once(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").end(Unreadable(2, engine.files[2], "The file is empty."))
    for k, query in enumerate(("sharper", "more colorful"), 1):
        window.sort_page.sort(query)
        running(qtbot, engine, "rank", k).end(
            Unreadable(2, engine.files[2], f"No permission, {k}."), ranked([0, 1], query=query)
        )
        qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    assert window.status.unreadable.text() == "1 could not be read"
    assert window.unreadable.list.topLevelItemCount() == 1
    assert window.unreadable.list.topLevelItem(0).text(1) == "No permission, 2."


def test_a_truncated_file_bears_a_mark(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").put(Indexed((1,), ("The file is cut off.",)))
    model = window.sort_page.images
    qtbot.waitUntil(lambda: model.index(1).data(model_role(model, "warning")) == "The file is cut off.")


def model_role(model, name: str) -> int:
    return next(role for role, known in model.roleNames().items() if bytes(known.data()).decode() == name)


def test_a_folder_without_images_says_so(window, engine, qtbot):
    idle(qtbot, window)
    engine.automatic = False
    window.open_paths([Path("/photos")])
    running(qtbot, engine, "open").end(Opened(0, 48), Finished(0, 0))
    idle(qtbot, window)
    assert window.sort_page.welcome.isVisible()
    assert "48 files" in window.sort_page.welcome.explanation.text()
    assert window.sort_page.welcome.folder.isVisible()


def test_export_writes_where_it_was_told(window, engine, photos, tmp_path, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(qtbot, window)
    proposals: list[str] = []

    def choose(parent, title, proposed, kinds):
        proposals.append(proposed)
        return str(tmp_path / "order"), "CSV table (*.csv)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    QTest.mouseClick(window.sort_page.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Exported 12 images to order.csv" in window.status.message.text())
    assert Path(proposals[0]) == photos / "more-colorful.csv"
    ((ranking, path),) = engine.exported
    assert path == tmp_path / "order.csv"
    assert ranking is window.sort_page.images.ranking


def test_a_failed_export_is_told_in_a_box(window, engine, photos, tmp_path, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    target = tmp_path / "order.csv"
    engine.export_error = disk_full(target)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    window.export()
    qtbot.waitUntil(lambda: len(window.findChildren(QMessageBox)) == 1)
    (box,) = window.findChildren(QMessageBox)
    assert "order.csv" in box.text()
    assert "disk is full" in box.informativeText()
    box.close()


def test_a_cancelled_export_does_nothing(window, engine, photos, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    window.export()
    idle(qtbot, window)
    assert engine.exported == []


def test_there_is_nothing_to_export_before_there_is_an_order(window, photos, qtbot):
    assert not window.sort_page.export_button.isEnabled()
    drop(window, local(photos))
    idle(qtbot, window)
    assert not window.sort_page.export_button.isEnabled()
    assert not window.export_action.isEnabled()


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
    window.sort_page.recursive.click()
    qtbot.waitUntil(lambda: engine.names().count("open") == 2)
    assert engine.last("open").arguments[1] is False


def test_a_restart_finds_what_was_left(make_window, home, photos, qtbot):
    first = make_window(FakeEngine())
    first.start([photos])
    type_query(first, "more colorful")
    first.sort_page.tile_slider.setValue(240)
    first.sort_page.recursive.click()
    first.tabs.setCurrentIndex(1)
    first.resize(740, 600)
    first.close()
    stored = json.loads((home.config / "settings.json").read_text())
    assert stored["history"] == ["more colorful"]

    second = make_window(FakeEngine())
    assert second.sort_page.tile_slider.value() == second.sort_page.grid.tile_size == 240
    assert not second.sort_page.recursive.isChecked()
    assert second.tabs.currentIndex() == 1
    assert (second.width(), second.height()) == (740, 600)
    assert second._settings.last_folder == str(photos)
    words = second.sort_page.query.edit.completer().model().stringList()
    assert words[0] == "more colorful"


def test_settings_that_cannot_be_saved_are_no_reason_to_fail(window, home, photos, qtbot, caplog):
    home.config.parent.mkdir(parents=True, exist_ok=True)
    home.config.write_text("a file where the folder should be")
    drop(window, local(photos))
    type_query(window, "sharper")
    idle(qtbot, window)
    assert window.sort_page.images.ranking is not None
    qtbot.waitUntil(lambda: "The settings could not be saved" in window.status.message.text())
    assert "settings not saved" in caplog.text


def test_completion_knows_history_and_model(window, engine, photos, qtbot):
    edit = window.sort_page.query.edit
    qtbot.waitUntil(lambda: "sharper" in edit.completer().model().stringList())
    drop(window, local(photos))
    type_query(window, "less noise in the sky")
    edit.clear()
    QTest.keyClicks(edit, "NOISE")
    found = edit.completer().completionModel()
    assert [found.index(k, 0).data() for k in range(found.rowCount())] == [
        "less noise in the sky",
        "less noise",
    ]
    edit.completer().popup().hide()


def test_model_and_device_are_shown_and_can_be_changed(window, engine, photos, qtbot):
    means = window.findChild(MeansButton)
    qtbot.waitUntil(lambda: means.text() == "Pocket  ·  CPU")
    drop(window, local(photos))
    idle(qtbot, window)
    qtbot.waitUntil(lambda: len(means.menu().actions()) == 10)
    actions = {action.text(): action for action in means.menu().actions()}
    assert actions["Pocket"].isChecked()
    assert actions["Automatic"].isChecked()
    actions["Large"].trigger()
    qtbot.waitUntil(lambda: engine.names().count("load_model") == 2)
    assert engine.last("load_model").arguments == ("large", None)
    idle(qtbot, window)
    {action.text(): action for action in means.menu().actions()}["NVIDIA GPU (CUDA)"].trigger()
    qtbot.waitUntil(lambda: engine.names().count("load_model") == 3)
    assert engine.last("load_model").arguments == ("large", "cuda")
    qtbot.waitUntil(lambda: means.text().endswith("CUDA"))


def test_the_cache_is_shown_capped_and_cleared(window, engine, qtbot, monkeypatch):
    idle(qtbot, window)
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    qtbot.waitUntil(lambda: dialog.usage.text() == "56.7 MB for 1,234 images")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    dialog.clear.click()
    qtbot.waitUntil(lambda: dialog.usage.text() == "0 B for 0 images")
    assert window.status.message.text() == "The cache is cleared."
    dialog.cap.setValue(2.5)
    dialog.accept()
    assert window._settings.cache_gigabytes == 2.5


def test_clearing_is_asked_for_first(window, engine, qtbot, monkeypatch):
    idle(qtbot, window)
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Cancel)
    dialog.clear.click()
    idle(qtbot, window)
    assert engine.cleared == 0
    dialog.reject()


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
    assert "would open" in page.banners.banners()[0].text
    actions["Copy 2 paths"].trigger()
    assert QGuiApplication.clipboard().text() == f"{paths[0]}\n{paths[1]}"
    actions["Copy file name"].trigger()
    assert QGuiApplication.clipboard().text() == "02.png"
    actions["View large"].trigger()
    assert window.viewer.row == 2
    menu.close()


def test_copying_the_selected_paths_with_the_keyboard(window, photos, qtbot):
    drop(window, local(photos))
    idle(qtbot, window)
    window.sort_page.grid.setFocus()
    window.sort_page.grid.show_row(1)
    QTest.keyClick(window.sort_page.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == str(photos / "01.png")


def test_the_window_opens_paths_it_was_started_with(make_window, photos, qtbot):
    engine = FakeEngine()
    window = make_window(engine)
    window.start([photos])
    qtbot.waitUntil(lambda: "index" in engine.names())
    assert engine.names() == ["open", "load_model", "index"]


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
    engine.automatic = False
    window.sort_page.sort("sharper")
    rank = running(qtbot, engine, "rank")
    window.close()
    assert rank.closed.is_set()
    assert engine.closed
    assert window.session._thread.isFinished()
    assert window.sort_page.thumbnails._pool.activeThreadCount() == 0
    assert window.pictures._pool.activeThreadCount() == 0
    assert {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)} <= before


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
