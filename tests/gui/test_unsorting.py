"""Back to the folder's own order."""

from __future__ import annotations

from pathlib import Path

import pytest
from driving import idle, manual, names, running, type_query
from fake_engine import ranked
from grid_moves import MOVED, centre, drag, notes, shown
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from imagesorter.errors import QueryError, StorageError
from imagesorter.events import Answered, Answerer, Finished, Notice
from imagesorter.gui.activity import Activity

FOLDER = ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]


def empty_and_enter(window) -> None:
    edit = window.sort_page.query.edit
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def by_menu(window) -> None:
    window.menus.unsort.trigger()


@pytest.fixture
def upside_down(window, engine, qtbot):
    """Five photographs, the last of the folder on top, with a notice on the order."""
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").end(Finished(5, 0))
    type_query(window, "more colorful")
    running(qtbot, engine, "rank").end(
        Notice("The order is a guess.", "warning"), ranked([4, 3, 2, 1, 0]), Finished(5, 0)
    )
    idle(qtbot, window)
    assert names(window) == FOLDER[::-1]
    return window


@pytest.mark.parametrize("way", [empty_and_enter, by_menu])
def test_the_order_is_left_for_that_of_the_folder(upside_down, engine, qtbot, way):
    window, page = upside_down, upside_down.sort_page
    assert page.tools.export_button.isEnabled()
    assert window.menus.unsort.isEnabled()
    assert notes(window) == ["The order is a guess."]
    way(window)
    assert names(window) == FOLDER
    assert page.images.ranking is None
    assert page.images.rank(0) is None
    assert window.session.query is None
    assert notes(window) == []
    assert page.query.text == ""
    assert page.query.error.isHidden()
    for action in (
        page.tools.export_button,
        page.tools.teach_button,
        window.menus.export,
        window.menus.unsort,
    ):
        assert not action.isEnabled()
    assert window.status.message.text() == "In the folder's own order"
    assert [name for name in engine.names() if name == "rank"] == ["rank"], "nothing is ordered for it"


def test_the_grid_goes_to_the_top_of_the_folder(upside_down, qtbot):
    window, grid = upside_down, upside_down.sort_page.grid
    window.resize(window.minimumSize())
    window.sort_page.tools.tile_slider.setValue(384)
    qtbot.waitUntil(lambda: grid.verticalScrollBar().maximum() > 0)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    empty_and_enter(window)
    assert grid.verticalScrollBar().value() == 0


def test_what_is_being_typed_stays(upside_down):
    window, query = upside_down, upside_down.sort_page.query
    query.edit.setText("half typed")
    by_menu(window)
    assert names(window) == FOLDER
    assert query.text == "half typed"


def test_from_the_train_tab_the_order_that_is_left_is_shown(upside_down):
    window = upside_down
    window.tabs.setCurrentWidget(window.train_page)
    by_menu(window)
    assert window.tabs.currentWidget() is window.sort_page
    assert names(window) == FOLDER
    starts = window.train_page.naming.start
    offered = [starts.itemText(row) for row in range(starts.count())]
    assert offered == ["What the model knows by this name", "Nothing"], "there is no order to start from"


def test_only_what_was_told_of_the_order_goes(upside_down, engine, qtbot):
    window, page = upside_down, upside_down.sort_page
    type_query(window, "sharper")
    running(qtbot, engine, "rank", 2).fail(StorageError("the disk is full"))
    qtbot.waitUntil(lambda: len(notes(window)) == 2)
    page.banners.add("The settings could not be saved: the disk is full", "warning")
    empty_and_enter(window)
    failed, settings = notes(window)
    assert "the disk is full" in failed
    assert settings.startswith("The settings could not be saved")


def test_no_other_order_is_promised_or_said_to_stay(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index")
    type_query(window, "more colorful")
    running(qtbot, engine, "rank").put(ranked([4, 3], complete=False))
    qtbot.waitUntil(lambda: names(window)[0] == "4.jpg")
    type_query(window, "sharper")
    running(qtbot, engine, "rank", 2)
    window.session.cancel()
    assert "Still ordered by" in window.status.message.text()
    empty_and_enter(window)
    assert window.status.message.text() == "Stopped. What is done is kept."
    engine.automatic = True
    window.session.choose_model()
    idle(qtbot, window)
    engine.automatic = False
    window.session.choose_model()
    running(qtbot, engine, "load_model", 3)
    type_query(window, "sharper")
    assert "then sorting by" in window.status.message.text()
    empty_and_enter(window)
    assert "sorting by" not in window.status.message.text()


def test_the_menu_follows_what_is_asked_for(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").end(Finished(5, 0))
    type_query(window, "++")
    assert window.menus.unsort.isEnabled()
    running(qtbot, engine, "rank").fail(QueryError("That is no query."))
    qtbot.waitUntil(lambda: not window.menus.unsort.isEnabled())
    window.train_page.sort_wanted.emit("sharper")
    qtbot.waitUntil(window.menus.unsort.isEnabled)


def test_after_reading_again_the_next_order_is_shown_from_its_top(upside_down, engine, qtbot, photos):
    window, grid = upside_down, upside_down.sort_page.grid
    engine.automatic = True
    window.open_paths([photos])
    idle(qtbot, window)
    window.resize(window.minimumSize())
    window.sort_page.tools.tile_slider.setValue(384)
    empty_and_enter(window)
    grid.show_row(11)
    window.again.start()
    idle(qtbot, window)
    assert grid.verticalScrollBar().value() > 0, "what was current is in sight again"
    type_query(window, "sharper")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(qtbot, window)
    assert grid.verticalScrollBar().value() == 0


def test_where_there_is_no_order_something_is_to_be_typed(window, engine, qtbot):
    manual(engine, qtbot, window)
    assert not window.menus.unsort.isEnabled()
    empty_and_enter(window)
    assert not window.sort_page.query.error.isHidden()


def test_an_order_on_its_way_does_not_come_any_more_and_reading_goes_on(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index")
    type_query(window, "sharper")
    rank = running(qtbot, engine, "rank")
    rank.put(ranked([4, 3], query="sharper", complete=False))
    qtbot.waitUntil(lambda: names(window) == ["4.jpg", "3.jpg", "0.jpg", "1.jpg", "2.jpg"])
    rank.put(ranked([4, 3, 2, 1, 0], query="sharper"))
    empty_and_enter(window)
    again = running(qtbot, engine, "index", 2)
    assert rank.closed.is_set()
    assert window.session.activity is Activity.INDEXING
    again.end(Finished(5, 0))
    idle(qtbot, window)
    qtbot.wait(120)  # what was on its way would have come
    assert names(window) == FOLDER


def test_what_was_stopped_stays_so(window, engine, qtbot):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index")
    type_query(window, "sharper")
    rank = running(qtbot, engine, "rank")
    window.session.cancel()
    rank.put(ranked([4, 3, 2, 1, 0], query="sharper"))
    empty_and_enter(window)
    assert window.session.activity is Activity.STOPPED
    qtbot.waitUntil(rank.closed.is_set)
    qtbot.wait(120)
    assert names(window) == FOLDER
    window.session.resume()
    running(qtbot, engine, "index", 2).end(Finished(5, 0))
    idle(qtbot, window)
    assert engine.names().count("rank") == 1, "only reading was still wanted"


def test_the_next_folder_is_not_ordered_either(upside_down, engine, qtbot, photos):
    empty_and_enter(upside_down)
    engine.automatic = True
    upside_down.open_paths([photos])
    idle(qtbot, upside_down)
    assert names(upside_down)[:2] == ["00.png", "01.png"]
    assert engine.names().count("rank") == 1


def test_the_same_query_orders_again(upside_down, engine, qtbot):
    empty_and_enter(upside_down)
    type_query(upside_down, "more colorful")
    running(qtbot, engine, "rank", 2).end(ranked([4, 3, 2, 1, 0]), Finished(5, 0))
    idle(qtbot, upside_down)
    assert names(upside_down) == FOLDER[::-1]
    assert upside_down.menus.unsort.isEnabled()


def test_a_query_that_is_refused_afterwards_brings_nothing_back(upside_down, engine, qtbot):
    empty_and_enter(upside_down)
    type_query(upside_down, "++")
    running(qtbot, engine, "rank", 2).fail(QueryError("That is no query."))
    qtbot.waitUntil(lambda: not upside_down.sort_page.query.error.isHidden())
    idle(qtbot, upside_down)
    assert names(upside_down) == FOLDER
    assert upside_down.session.query is None
    assert engine.names().count("rank") == 2


def test_moved_photographs_go_back_and_their_pairs_stay(sorted_window, engine, qtbot):
    window = sorted_window
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(window.menus.undo.isEnabled)
    assert shown(window) == MOVED
    empty_and_enter(window)
    assert shown(window) == list(range(12))
    assert not window.menus.undo.isEnabled(), "what was moved is not to be seen"
    assert [a[0] for a in engine.teaching.actions] == ["move"]


def test_the_selection_goes_with_its_photographs(upside_down):
    page = upside_down.sort_page
    page.grid.select([0, 2])
    empty_and_enter(upside_down)
    assert [page.images.path(row) for row in page.grid.selected_rows()] == [
        Path("/photos/2.jpg"),
        Path("/photos/4.jpg"),
    ]


def test_who_answered_is_not_told_of_no_order(upside_down, engine, qtbot):
    type_query(upside_down, "sharper")
    answered = Answered("sharper", (Answerer("sharper", "head", "Pocket", "a head"),))
    running(qtbot, engine, "rank", 2).end(answered, ranked([1, 0, 2, 3, 4], query="sharper"), Finished(5, 0))
    idle(qtbot, upside_down)
    assert not upside_down.sort_page.answerer.isHidden()
    empty_and_enter(upside_down)
    assert upside_down.sort_page.answerer.isHidden()
