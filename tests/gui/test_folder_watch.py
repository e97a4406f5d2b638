from __future__ import annotations

import pytest
from driving import idle, manual, names, running, type_query
from fake_engine import FakeEngine, ranked
from grid_moves import notes
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from imagesorter.events import Finished, FolderChanged
from imagesorter.gui.activity import Activity
from imagesorter.gui.banner import MOST
from imagesorter.gui.folder_watch import sentence

TWO_ADDED = "Since the folder was read, 2 photographs were added."


def come_back(qtbot, window, engine: FakeEngine) -> None:
    """From another application, until what was looked at is told."""
    number = engine.names().count("look") + 1
    QGuiApplication.instance().applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    looking = running(qtbot, engine, "look", number)
    qtbot.waitUntil(looking.closed.is_set)
    answered: list[object] = []
    window.session.read(lambda _: None, answered.append)
    qtbot.waitUntil(lambda: bool(answered))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (FolderChanged(0, 0, 0), ""),
        (FolderChanged(1, 0, 0), "Since the folder was read, 1 photograph was added."),
        (FolderChanged(0, 2, 0), "Since the folder was read, 2 photographs were changed."),
        (FolderChanged(0, 0, 1), "Since the folder was read, 1 photograph is gone."),
        (FolderChanged(2, 0, 1), "Since the folder was read, 2 photographs were added and 1 is gone."),
        (
            FolderChanged(1200, 1, 3),
            "Since the folder was read, 1,200 photographs were added, 1 was changed and 3 are gone.",
        ),
    ],
)
def test_it_is_told_in_a_sentence(event, expected):
    assert sentence(event) == expected


def test_what_has_changed_is_told_and_read_again_where_that_is_wanted(filled, engine, photos, qtbot):
    type_query(filled, "sharper")
    idle(qtbot, filled)
    engine.changes = FolderChanged(2, 0, 0)
    come_back(qtbot, filled, engine)
    (banner,) = filled.sort_page.banners.banners()
    assert (banner.text, banner.severity, banner.offer.text()) == (TWO_ADDED, "info", "Read again")
    assert engine.names().count("open") == 1 and len(names(filled)) == 12
    (photos / "03.png").unlink()
    QTest.mouseClick(banner.offer, Qt.MouseButton.LeftButton)
    idle(qtbot, filled)
    assert len(names(filled)) == 11
    assert not notes(filled)
    assert engine.last("rank").arguments == ("sharper",) and engine.names().count("rank") == 2


def test_where_nothing_has_changed_nothing_is_told(filled, engine, qtbot):
    come_back(qtbot, filled, engine)
    assert not notes(filled)


def test_what_was_dismissed_is_not_told_again_until_more_has_changed(filled, engine, qtbot):
    engine.changes = FolderChanged(2, 0, 0)
    come_back(qtbot, filled, engine)
    QTest.mouseClick(filled.sort_page.banners.banners()[0].dismiss, Qt.MouseButton.LeftButton)
    come_back(qtbot, filled, engine)
    assert not notes(filled)
    engine.changes = FolderChanged(2, 0, 1)
    come_back(qtbot, filled, engine)
    assert notes(filled) == ["Since the folder was read, 2 photographs were added and 1 is gone."]


def test_what_was_put_back_is_told_no_more(filled, engine, qtbot):
    engine.changes = FolderChanged(0, 0, 2)
    come_back(qtbot, filled, engine)
    assert len(notes(filled)) == 1
    engine.changes = FolderChanged(0, 0, 0)
    come_back(qtbot, filled, engine)
    assert not notes(filled)


def test_another_folder_is_told_of_by_itself(filled, engine, photos, qtbot):
    engine.changes = FolderChanged(2, 0, 0)
    come_back(qtbot, filled, engine)
    filled.open_paths([photos / "01.png", photos / "02.png"])
    idle(qtbot, filled)
    assert not notes(filled)
    come_back(qtbot, filled, engine)
    assert notes(filled) == [TWO_ADDED]


def test_nobody_looks_while_there_is_something_to_do(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index")
    window.session.look()
    assert window.session.activity is Activity.INDEXING
    window.session.cancel()
    qtbot.waitUntil(lambda: window.session.activity is Activity.STOPPED)
    window.session.look()
    assert window.session.activity is Activity.STOPPED
    assert "look" not in engine.names()


def test_nobody_looks_before_a_folder_is_open(window, engine, qtbot):
    idle(qtbot, window)
    window.session.look()
    idle(qtbot, window)
    assert "look" not in engine.names()


def test_whatever_is_wanted_ends_the_looking(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").end(Finished(5, 0))
    idle(qtbot, window)
    window.session.look()
    looking = running(qtbot, engine, "look")
    assert window.session.activity is Activity.IDLE
    looking.put(FolderChanged(1, 0, 0))
    qtbot.waitUntil(lambda: bool(notes(window)))
    window.sort_page.sort("sharper")
    qtbot.waitUntil(looking.closed.is_set)
    assert not looking.ended
    running(qtbot, engine, "rank").end(ranked(range(5), query="sharper"), Finished(5, 0))
    qtbot.waitUntil(lambda: window.status.message.text() == "Sorted 5 photographs by “sharper”")
    assert engine.names().count("look") == 1


def test_a_fault_in_looking_stands_in_the_log_alone_and_nothing_stands_still(window, engine, qtbot, caplog):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").end(Finished(5, 0))
    idle(qtbot, window)
    window.session.look()
    running(qtbot, engine, "look").fail(RuntimeError("a fault"))
    qtbot.waitUntil(lambda: "look failed" in caplog.text)
    window.sort_page.sort("sharper")
    running(qtbot, engine, "rank").end(ranked(range(5), query="sharper"), Finished(5, 0))
    qtbot.waitUntil(lambda: window.status.message.text() == "Sorted 5 photographs by “sharper”")
    assert not notes(window)


def test_what_made_room_for_other_messages_is_told_again(filled, engine, qtbot):
    engine.changes = FolderChanged(2, 0, 0)
    come_back(qtbot, filled, engine)
    for number in range(MOST):
        filled.sort_page.banners.add(f"fault {number}", "error")
    assert TWO_ADDED not in notes(filled)
    filled.sort_page.banners.clear()
    come_back(qtbot, filled, engine)
    assert notes(filled) == [TWO_ADDED]


def test_photographs_put_into_an_empty_folder_are_told(window, engine, qtbot, tmp_path):
    idle(qtbot, window)
    window.session.open([tmp_path])
    idle(qtbot, window)
    engine.changes = FolderChanged(2, 0, 0)
    come_back(qtbot, window, engine)
    assert notes(window) == [TWO_ADDED]
