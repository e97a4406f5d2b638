from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from driving import manual, model_role, running
from fake_engine import ranked
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QMessageBox

from imagesorter.answers import Answerer
from imagesorter.events import Answered, Indexed, Unreadable
from imagesorter.gui import desktop
from imagesorter.gui.activity import Activity


def test_files_that_could_not_be_read_are_listed(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").put(
        Unreadable(2, engine.files[2], "The file is empty."),
        Unreadable(None, Path("/photos/sub"), "No permission."),
    )
    qtbot.waitUntil(lambda: window.status.unreadable.text() == "1 photo and 1 place could not be read")
    QTest.mouseClick(window.status.unreadable, Qt.MouseButton.LeftButton)
    assert window.unreadable.isVisible()
    assert window.unreadable.list.topLevelItem(0).text(1) == "The file is empty."
    window.unreadable.copy()
    assert QGuiApplication.clipboard().text().splitlines()[0] == f"{engine.files[2]}\tThe file is empty."
    window.unreadable.close()


def test_a_link_that_leads_nowhere_is_nowhere_called_a_file(window, engine, qtbot):
    manual(engine, qtbot, window)
    gone = Unreadable(None, Path("/photos/gone.jpg"), "this link leads to nothing that is there")
    running(qtbot, engine, "index").put(gone)
    qtbot.waitUntil(lambda: window.status.unreadable.text() == "1 place could not be read")
    dialog = window.unreadable
    told = [label.text() for label in dialog.findChildren(QLabel)]
    told += [dialog.windowTitle(), dialog.list.accessibleName(), window.status.unreadable.toolTip()]
    assert "All of these are left out of the order. None has been changed." in told
    assert not [words for words in told if "file" in words.lower()]


def test_the_counts_add_up(window, engine, qtbot):
    manual(engine, qtbot, window)
    gone = Unreadable(None, Path("/photos/gone.jpg"), "this link leads to a file that is not there")
    running(qtbot, engine, "index").end(gone, Unreadable(2, engine.files[2], "the file is empty"))
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    window.sort_page.sort("sharper")
    running(qtbot, engine, "rank").end(ranked([0, 1, 3, 4], query="sharper"))
    qtbot.waitUntil(lambda: window.status.message.text() == "Sorted 4 of 5 photographs by “sharper”")
    assert window.sort_page.tools.count.text() == "5 photos"
    assert window.status.unreadable.text() == "1 photo and 1 place could not be read"


def test_where_no_image_could_be_read_nobody_has_sorted_anything(window, engine, qtbot):
    manual(engine, qtbot, window, count=1)
    window.sort_page.query.ask("sharper")
    pocket = Answerer("sharper", "adapter", "Pocket", "trained on this")
    rank = running(qtbot, engine, "rank")
    rank.put(Answered("sharper", (pocket,)))
    qtbot.waitUntil(window.sort_page.answerer.isVisible)
    rank.end(Unreadable(0, engine.files[0], "the file is empty"), ranked([], query="sharper"))
    qtbot.waitUntil(lambda: window.status.message.text() == "Nothing was sorted by “sharper”")
    assert not window.sort_page.answerer.isVisible()
    window.sort_page.query.edit.setText("darker")
    assert not window.sort_page.answerer.isVisible()
    assert window.status.unreadable.text() == "1 could not be read"


def test_a_long_reason_can_be_read_to_its_end(window, engine, qtbot):
    manual(engine, qtbot, window)
    reason = "The file is too large; " + "and so on, " * 30 + "do this."
    running(qtbot, engine, "index").put(
        Unreadable(1, Path("/photos") / f"{'n' * 200}.jpg", "short"),
        Unreadable(2, Path("/photos") / f"{'n' * 200}.png", reason),
    )
    dialog = window.unreadable
    qtbot.waitUntil(lambda: dialog.counts() == (2, 0))
    dialog.show()
    qtbot.waitExposed(dialog)
    shown = dialog.list

    def heights() -> list[int]:
        return [shown.visualItemRect(shown.topLevelItem(row)).height() for row in range(2)]

    line = shown.fontMetrics().lineSpacing()
    for width in (430, 250):
        shown.header().resizeSection(1, width)
        room = QRect(0, 0, shown.columnWidth(1), 10_000)
        needed = shown.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, reason).height()
        qtbot.waitUntil(lambda needed=needed: heights()[1] >= needed)
        assert needed > 3 * line
        assert heights()[0] < 3 * line, "a long name is cut, not wrapped"
    dialog.close()


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


def test_those_that_come_at_once_are_told_at_once(window, engine, qtbot, monkeypatch):
    manual(engine, qtbot, window)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(window.status, "set_unreadable", lambda *counts: told.append(counts))
    for k, path in enumerate(engine.files):
        window.session.unreadable.emit(Unreadable(k, path, "No such file."))
    qtbot.waitUntil(lambda: bool(told))
    assert told == [(5, 0)]


def test_a_truncated_file_bears_a_mark(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").put(Indexed((1,), ("The file is cut off.",)))
    model = window.sort_page.images
    qtbot.waitUntil(lambda: model.index(1).data(model_role(model, "warning")) == "The file is cut off.")


@pytest.mark.parametrize("there", [True, False])
def test_a_place_that_cannot_be_shown_is_told(window, engine, tmp_path, qtbot, monkeypatch, there: bool):
    manual(engine, qtbot, window)
    broken = tmp_path / "broken.jpg"
    if there:
        broken.touch()
    monkeypatch.setattr(desktop, "show_in_file_manager", lambda path: False)
    running(qtbot, engine, "index").end(Unreadable(2, broken, "the file is empty"))
    dialog = window.unreadable
    qtbot.waitUntil(lambda: dialog.counts() == (1, 0))
    dialog.show()
    dialog._show_menu(dialog.list.visualItemRect(dialog.list.topLevelItem(0)).center())
    (menu,) = dialog.findChildren(QMenu)
    menu.actions()[0].trigger()
    (box,) = dialog.findChildren(QMessageBox)
    assert box.isVisible()
    assert box.text() == (
        f"No program on this computer could open {broken}." if there else f"{broken} is no longer there."
    )
    box.close()
    menu.close()
    dialog.close()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
def test_a_name_that_is_no_text_is_copied_as_an_address(window, engine, qtbot):
    manual(engine, qtbot, window)
    path = Path(os.fsdecode(b"/photos/caf\xe9.jpg"))
    running(qtbot, engine, "index").end(Unreadable(2, path, "the file is empty"))
    qtbot.waitUntil(lambda: window.unreadable.counts() == (1, 0))
    window.unreadable.copy()
    assert QGuiApplication.clipboard().text() == "file:///photos/caf%E9.jpg\tThe file is empty"
