from __future__ import annotations

import pytest
from driving import idle, manual, names, running, type_query
from fake_engine import FakeEngine, ranked
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from imagesorter.events import FilesFound, Finished, Opened, Unreadable
from imagesorter.gui.teaching_state import State


def selected(window) -> set[str]:
    return {names(window)[row] for row in window.sort_page.grid.selected_rows()}


@pytest.mark.parametrize(
    "keys", [(Qt.Key.Key_F5,), (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)], ids=["F5", "Ctrl+R"]
)
def test_the_query_holds_and_what_is_selected_where_it_is_still_there(filled, engine, photos, qtbot, keys):
    type_query(filled, "sharper")
    idle(qtbot, filled)
    grid = filled.sort_page.grid
    filled.sort_page.tools.tile_slider.setValue(130)
    grid.select([2, 5, 7])
    grid.setFocus()
    (photos / "05.png").unlink()
    (photos / "03.png").rename(photos / "13.png")
    QTest.keyClick(grid, *keys)
    idle(qtbot, filled)
    assert len(names(filled)) == 11
    assert selected(filled) == {"02.png", "07.png"}
    assert engine.names().count("rank") == 2
    assert engine.last("rank").arguments == ("sharper",)
    assert filled.sort_page.query.text == "sharper"
    assert grid.tile_size == 130


def test_the_photograph_looked_at_is_still_in_sight(filled, photos, qtbot):
    type_query(filled, "sharper")
    idle(qtbot, filled)
    filled.resize(680, 440)
    grid = filled.sort_page.grid
    filled.sort_page.tools.tile_slider.setValue(384)
    grid.show_row(11)
    filled.menus.again.trigger()
    idle(qtbot, filled)
    assert names(filled)[grid.currentIndex().row()] == "11.png"
    assert 11 in grid.visible_rows()


def test_pressed_twice_nothing_is_lost(filled, qtbot):
    filled.sort_page.grid.select([1])
    filled.menus.again.trigger()
    filled.menus.again.trigger()
    idle(qtbot, filled)
    assert selected(filled) == {"01.png"}


def test_another_folder_does_not_inherit_what_was_selected(filled, engine, photos, qtbot):
    filled.sort_page.grid.select([1])
    filled.menus.again.trigger()
    filled.open_paths([photos / "01.png"])
    idle(qtbot, filled)
    assert names(filled) == ["01.png"]
    assert not selected(filled)


def test_there_is_nothing_to_read_again_before_a_folder_is_open(make_window):
    engine = FakeEngine()
    window = make_window(engine)
    assert not window.menus.again.isEnabled()
    window.again.start()
    assert not engine.names()


def test_what_could_not_be_read_is_tried_again(window, engine, qtbot):
    manual(engine, qtbot, window)
    dialog = window.unreadable
    assert not dialog.again.isEnabled()
    running(qtbot, engine, "index").end(Unreadable(2, engine.files[2], "the file is empty"))
    qtbot.waitUntil(lambda: dialog.counts() == (1, 0))
    dialog.show()
    QTest.mouseClick(dialog.again, Qt.MouseButton.LeftButton)
    assert dialog.counts() == (0, 0) and not dialog.again.isEnabled()
    running(qtbot, engine, "open", 2).end(FilesFound(0, engine.files), Opened(5, 0), Finished(5, 0))
    window.sort_page.sort("sharper")
    running(qtbot, engine, "rank").end(ranked(range(5), query="sharper"))
    qtbot.waitUntil(lambda: window.status.message.text() == "Sorted 5 photographs by “sharper”")
    assert not window.status.unreadable.isVisible()
    dialog.close()


def test_where_all_photographs_have_moved_it_is_told_how_they_are_found(tab, photos):
    tab.ask(photos)
    for number in range(8):
        tab.page._skipping = False  # each the first of another pair
        tab.page._on_picture_failed(tab.engine.files[number], "the file is no longer there")
        assert tab.page.banners.banners()[-1].offer.isVisible() is (number > 4), "not where it goes on itself"
    assert tab.banners()[-1].endswith("the file is no longer there. F5 reads the folder again.")
    offer = tab.page.banners.banners()[-1].offer
    assert offer.text() == "Read again"
    offer.click()
    assert tab.teacher.state is State.SCANNING and not tab.banners()
    tab.wait(State.ASKING)
    tab.shown()


def test_reading_again_is_not_offered_while_it_would_break_off_the_learning(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.page._skipped = 5
    tab.page._on_picture_failed(tab.engine.files[1], "the file is no longer there")
    assert tab.page.banners.banners()[-1].offer.isVisible()
    tab.teacher.fit()
    assert tab.teacher.state is State.FITTING and not tab.banners()
