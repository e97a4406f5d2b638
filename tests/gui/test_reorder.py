"""Dragging and marking photographs in the sorted grid."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from driving import idle, running
from fake_engine import ranked
from grid_moves import (
    MOVED,
    centre,
    drag,
    dragged_twice,
    mark_as_best,
    move_mouse,
    moves,
    notes,
    shown,
    take_back,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest

from imagesorter.errors import StorageError
from imagesorter.events import FilesFound, Finished, Opened, Progress
from imagesorter.gui.activity import Activity
from imagesorter.gui.image_model import Role
from imagesorter.gui.reorder import Reorder
from imagesorter.gui.teaching_state import State


def test_a_photograph_dragged_up_stands_above_those_it_passed(sorted_window, engine, qtbot):
    target = centre(sorted_window, 1) - QPoint(40, 0)
    drag(sorted_window, 4, target)
    qtbot.waitUntil(lambda: bool(engine.teachings) and bool(moves(engine)))
    assert moves(engine) == [("move", 4, tuple(range(12)), 1, 3)]
    assert (engine.teaching.attribute, engine.teaching.start) == ("more colorful", None)
    banners = sorted_window.sort_page.banners
    qtbot.waitUntil(lambda: len(banners.banners()) == 1)
    assert banners.banners()[0].text.startswith("3 pairs noted for “more colorful”.")
    assert banners.banners()[0].text.endswith("They count once you learn from them.")
    teacher = sorted_window.train_page.teacher
    qtbot.waitUntil(lambda: teacher.standing is not None and teacher.standing.pairs == 3)
    drag(sorted_window, 2, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: "1 pair noted" in banners.banners()[-1].text)
    assert banners.banners()[-1].text.endswith("It counts once you learn from it.")
    (banner,) = banners.banners()
    QTest.mouseClick(banner.offer, Qt.MouseButton.LeftButton)
    assert sorted_window.tabs.currentWidget() is sorted_window.train_page


@pytest.mark.parametrize("other", [Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton])
def test_another_button_lets_go_of_a_drag(sorted_window, engine, qtbot, other: Qt.MouseButton):
    viewport, to = sorted_window.sort_page.grid.viewport(), centre(sorted_window, 1) - QPoint(40, 0)
    drag(sorted_window, 4, to, release=False)
    QTest.mousePress(viewport, other, pos=to)
    QTest.mouseRelease(viewport, other, pos=to)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=to)
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=centre(sorted_window, 2))
    qtbot.wait(50)
    assert not sorted_window.sort_page.grid.findChild(Reorder).active
    assert not moves(engine) and shown(sorted_window) == list(range(12))


def test_a_dragged_photograph_stays_where_it_was_dropped(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    assert shown(window) == MOVED
    assert [images.index(row).data(Role.MOVED) for row in range(3)] == [False, True, False]
    assert [images.rank(row) for row in range(6)] == [1, 2, 3, 4, 5, 6], "where it is seen"
    assert [images.former_rank(row) for row in range(3)] == [None, 5, None]
    assert [images.score(row) for row in range(3)] == [12, 8, 11]
    assert not any(images.tied(row) for row in range(12))
    told = images.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert "Rank 2, score 8" in told and "Moved here from rank 5 by you" in told
    assert images.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "04.png, rank 2, moved from rank 5"
    drag(window, 1, centre(window, 3) + QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2)
    assert moves(engine)[1] == ("move", 4, tuple(MOVED), 3, 2), "past those it was shown among"
    assert shown(window) == [0, 1, 2, 4, 3, *range(5, 12)]
    assert images.ranking is not None
    assert images.ranking.file_ids.tolist() == list(range(12)), "the order itself is as it was"


@pytest.fixture
def scrolled(sorted_window):
    """The grid of a small window, a little below its top."""
    grid = sorted_window.sort_page.grid
    sorted_window.resize(680, 440)
    grid.set_tile_size(200)
    grid.verticalScrollBar().setValue(60)
    return grid


def test_the_view_stays_while_a_photograph_is_moved_and_put_back(sorted_window, scrolled, engine, qtbot):
    drag(sorted_window, 1, centre(sorted_window, 4) + QPoint(40, 0))
    assert scrolled.verticalScrollBar().value() == 60
    qtbot.waitUntil(lambda: bool(engine.teachings) and sorted_window.train_page.teacher.can_undo)
    take_back(sorted_window)
    qtbot.waitUntil(lambda: shown(sorted_window) == list(range(12)))
    assert scrolled.verticalScrollBar().value() == 60


def test_only_what_is_taken_hold_of_is_selected_while_it_is_moved(sorted_window, qtbot):
    grid = sorted_window.sort_page.grid
    grid.select([3, 4, 5])
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0), release=False)
    assert grid.selected_rows() == [4]


def test_asked_for_again_an_order_keeps_what_was_moved(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    dragged_twice(window, engine, qtbot)
    mark_as_best(window, 0)
    qtbot.waitUntil(lambda: any(told.startswith("Noted for") for told in notes(window)))
    before, moved = images.ranking, shown(window)
    engine.automatic = False
    window.session.sort("more colorful")
    sorting = running(qtbot, engine, "rank", 2)
    sorting.put(ranked(range(6), query="more colorful", complete=False), Progress("rank", 6, 12))
    qtbot.waitUntil(lambda: "6 of 12" in window.status.figures.text())
    assert shown(window) == moved, "also while it is on its way"
    sorting.end(ranked(range(12), query="more colorful"), Finished(12, 0))
    qtbot.waitUntil(lambda: images.ranking is not before)
    assert shown(window) == moved
    teacher = window.train_page.teacher
    for actions in (2, 1, 0):
        qtbot.waitUntil(lambda: teacher.can_undo)
        take_back(window)
        qtbot.waitUntil(lambda actions=actions: len(engine.teaching.actions) == actions)
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))


def test_it_goes_with_the_next_order(sorted_window, engine, qtbot):
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1)
    sorted_window.session.sort("sharper")
    images = sorted_window.sort_page.images
    qtbot.waitUntil(lambda: images.ranking.query == "sharper" and images.ranking.complete)
    assert shown(sorted_window) == list(range(12))
    assert not images.index(4).data(Role.MOVED)


AGAIN = "1 photograph stands again where you put it."


@pytest.mark.parametrize("by", ["F5", "another query", "the folder's own order"])
def test_it_is_there_again_when_its_order_comes_again(sorted_window, engine, qtbot, by):
    window, images = sorted_window, sorted_window.sort_page.images
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and window.train_page.teacher.can_undo)
    if by == "F5":
        window.menus.again.trigger()
        assert not shown(window)
    else:
        if by == "another query":
            window.sort_page.query.ask("sharper")
            qtbot.waitUntil(lambda: images.ranking.query == "sharper")
        else:
            window.unsort()
        assert shown(window) == list(range(12))
        window.sort_page.query.ask("more colorful")
    qtbot.waitUntil(lambda: len(shown(window)) == 12 and images.ranking is not None)
    qtbot.waitUntil(lambda: images.ranking.query == "more colorful")
    idle(qtbot, window)
    assert shown(window) == MOVED and images.has_moved
    assert images.index(1).data(Role.MOVED)
    assert notes(window) == [AGAIN]
    qtbot.waitUntil(window.menus.undo.isEnabled)
    window.menus.undo.trigger()
    qtbot.waitUntil(lambda: not moves(engine))
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))
    window.sort_page.query.ask("sharper")
    qtbot.waitUntil(lambda: notes(window) == [])


def test_taken_back_while_another_order_is_shown_it_is_not_there_again(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    dragged_twice(window, engine, qtbot)
    window.sort_page.query.ask("sharper")
    qtbot.waitUntil(lambda: images.ranking.query == "sharper")
    idle(qtbot, window)
    window.train_page.undo.click()
    qtbot.waitUntil(lambda: len(moves(engine)) == 1)
    window.sort_page.query.ask("more colorful")
    qtbot.waitUntil(lambda: images.ranking.query == "more colorful")
    assert shown(window) == MOVED


def test_it_goes_with_undo_but_not_with_that_of_an_answer(sorted_window, engine, qtbot):
    page, teacher = sorted_window.train_page, sorted_window.train_page.teacher
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and teacher.can_undo)
    teacher.answer("left")
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 2 and teacher.can_undo)
    page.undo.click()
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 1 and teacher.can_undo)
    assert shown(sorted_window) == MOVED
    page.undo.click()
    qtbot.waitUntil(lambda: not engine.teaching.actions)
    qtbot.waitUntil(lambda: shown(sorted_window) == list(range(12)))


def test_what_could_not_be_stored_goes_back(sorted_window, engine, qtbot):
    teacher = sorted_window.train_page.teacher
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and teacher.can_undo)

    def full(*_):
        raise StorageError("The disk is full.")

    engine.teaching.move = full
    drag(sorted_window, 5, centre(sorted_window, 2) - QPoint(40, 0))
    assert shown(sorted_window) != MOVED
    qtbot.waitUntil(lambda: shown(sorted_window) == MOVED)
    assert any(b.text == "The disk is full." for b in sorted_window.sort_page.banners.banners())
    del engine.teaching.move
    drag(sorted_window, 5, centre(sorted_window, 2) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2)
    qtbot.waitUntil(lambda: "The disk is full." not in notes(sorted_window))


def test_the_drag_that_could_not_be_stored_goes_back_and_not_the_one_after_it(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    teacher.teach("more colorful")
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and not teacher.busy)
    move = engine.teaching.move

    def full(file_id, *rest):
        if file_id == 4:
            raise StorageError("The disk is full.")
        return move(file_id, *rest)

    engine.teaching.move = full
    drag(window, 4, centre(window, 0) - QPoint(40, 0))
    drag(window, 5, centre(window, 1) - QPoint(40, 0))
    assert shown(window)[:3] == [4, 5, 0]
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and shown(window) == [5, *range(5), *range(6, 12)])
    images = window.sort_page.images
    assert [images.index(images.row(k)).data(Role.MOVED) for k in (4, 5)] == [False, True]


def test_undo_puts_back_one_drag_after_the_other(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    dragged_twice(window, engine, qtbot)
    assert shown(window) == [0, 5, 4, 1, 2, 3, *range(6, 12)]
    window.train_page.undo.click()
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and window.train_page.teacher.can_undo)
    assert shown(window) == MOVED
    assert [images.index(images.row(k)).data(Role.MOVED) for k in (4, 5)] == [True, False]
    assert [images.former_rank(row) for row in range(6)] == [None, 5, None, None, None, None]
    assert notes(window) == [], "what is told to be noted is no more"
    window.train_page.undo.click()
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))
    assert not images.index(images.row(4)).data(Role.MOVED)


def test_the_grid_takes_back_its_own_drags_by_ctrl_z(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    dragged_twice(window, engine, qtbot)
    take_back(window)
    qtbot.waitUntil(lambda: shown(window) == MOVED and teacher.can_undo)
    teacher.answer("left")
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 2 and teacher.can_undo)
    take_back(window)
    assert not teacher.busy, "an answer is not to be seen here"
    teacher.undo()
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 1 and teacher.can_undo)
    take_back(window)
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))
    assert engine.teaching.actions == []


def test_the_menu_takes_back_what_was_done_in_the_grid(sorted_window, engine, qtbot):
    window, teacher, undo = sorted_window, sorted_window.train_page.teacher, sorted_window.menus.undo
    assert not undo.isEnabled()
    dragged_twice(window, engine, qtbot)
    window.sort_page.query.edit.setFocus()
    assert undo.isEnabled()
    undo.trigger()
    qtbot.waitUntil(lambda: shown(window) == MOVED and teacher.can_undo)
    teacher.answer("left")
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 2 and teacher.can_undo)
    assert not undo.isEnabled(), "an answer is not to be seen here"
    teacher.undo()
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 1 and teacher.can_undo)
    assert undo.isEnabled()
    window.session.sort("sharper")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking.query == "sharper")
    assert not undo.isEnabled()


def test_another_model_s_order_is_shown_while_it_is_on_its_way(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    dragged_twice(window, engine, qtbot)
    engine.automatic = False
    window.session.sort("more colorful")
    other = replace(ranked(range(5, -1, -1), query="more colorful", complete=False), model="other")
    running(qtbot, engine, "rank", 2).put(other)
    qtbot.waitUntil(lambda: images.ranking.model == "other")
    assert shown(window)[:6] == [5, 4, 3, 2, 1, 0]
    assert not window.menus.undo.isEnabled()


def test_there_and_back_is_taken_back_one_after_the_other(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    teacher = window.train_page.teacher
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: bool(engine.teachings) and len(moves(engine)) == 1 and teacher.can_undo)
    drag(window, 1, centre(window, 4) + QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2 and teacher.can_undo)
    assert shown(window) == list(range(12))
    before = images.ranking
    engine.automatic = False
    window.session.sort("more colorful")
    sorting = running(qtbot, engine, "rank", 2)
    sorting.put(ranked(range(6), query="more colorful", complete=False))
    sorting.end(ranked(range(12), query="more colorful"), Finished(12, 0))
    qtbot.waitUntil(lambda: images.ranking is not before and images.ranking.complete)
    take_back(window)
    qtbot.waitUntil(lambda: len(moves(engine)) == 1)
    qtbot.waitUntil(lambda: shown(window) == MOVED)


def test_what_was_done_in_another_folder_is_not_taken_back_from_the_grid(
    sorted_window, engine, photos, qtbot
):
    window = sorted_window
    dragged_twice(window, engine, qtbot)
    others = photos.with_name("others")
    photos.rename(others)
    window.open_paths([others])
    assert not window.menus.undo.isEnabled()
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(qtbot, window)
    assert shown(window) == list(range(12)) and not window.menus.undo.isEnabled()


def test_of_two_folders_only_the_drag_that_is_taken_back_goes(sorted_window, engine, photos, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    teacher, undo = window.train_page.teacher, window.menus.undo
    others = shutil.copytree(photos, photos.with_name("others"))

    def go_to(folder):
        window.open_paths([folder])
        qtbot.waitUntil(lambda: images.ranking is not None and images.path(0).parent == folder)
        idle(qtbot, window)
        qtbot.waitUntil(lambda: teacher.can_undo)

    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1)
    go_to(others)
    drag(window, 7, centre(window, 2) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2)
    go_to(photos)
    assert shown(window) == MOVED
    assert not undo.isEnabled(), "it was done elsewhere"
    window.train_page.undo.click()
    qtbot.waitUntil(lambda: [move[1] for move in moves(engine)] == [4] and teacher.can_undo)
    qtbot.waitUntil(undo.isEnabled)
    assert shown(window) == MOVED
    undo.trigger()
    qtbot.waitUntil(lambda: not moves(engine))
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))
    window.open_paths([others])
    qtbot.waitUntil(lambda: images.ranking is not None and images.path(0).parent == others)
    idle(qtbot, window)
    assert shown(window) == list(range(12))


def test_a_mark_that_is_taken_back_leaves_the_drag_before_it(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and teacher.can_undo)
    mark_as_best(window, 0)
    qtbot.waitUntil(lambda: any(told.startswith("Noted for") for told in notes(window)))
    qtbot.waitUntil(lambda: teacher.can_undo)
    take_back(window)
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 1 and teacher.can_undo)
    assert shown(window) == MOVED
    assert notes(window) == []


def test_a_drag_is_taken_back_from_the_grid_only_where_it_is_seen(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and window.train_page.teacher.can_undo)
    window.session.sort("sharper")
    qtbot.waitUntil(lambda: images.ranking.query == "sharper")
    take_back(window)
    assert not window.train_page.teacher.busy
    window.session.sort("more colorful")
    qtbot.waitUntil(lambda: images.ranking.query == "more colorful")
    assert shown(window) == MOVED
    take_back(window)
    qtbot.waitUntil(lambda: not moves(engine))
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))


def test_a_mark_that_cannot_be_stored_moves_nothing(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and teacher.can_undo)

    def full(*_):
        raise StorageError("The disk is full.")

    engine.teaching.mark = full
    mark_as_best(window, 0)
    qtbot.waitUntil(lambda: "The disk is full." in notes(window))
    assert shown(window) == MOVED


def test_a_photograph_dragged_down_stands_below_them(sorted_window, engine, qtbot):
    drag(sorted_window, 0, centre(sorted_window, 2) + QPoint(40, 0))
    qtbot.waitUntil(lambda: bool(engine.teachings) and bool(moves(engine)))
    assert moves(engine) == [("move", 0, tuple(range(12)), 2, 2)]


def test_a_second_drag_needs_no_preparation(sorted_window, engine, qtbot):
    for row in (4, 3):
        drag(sorted_window, row, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2)
    assert engine.names().count("prepare") == 1
    drag(sorted_window, 5, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 3)
    assert engine.names().count("prepare") == 1


def test_a_photograph_put_back_moves_nothing(sorted_window, engine):
    drag(sorted_window, 3, centre(sorted_window, 3) + QPoint(40, 5))
    assert engine.teachings == []
    reorder = sorted_window.sort_page.grid.findChild(Reorder)
    assert not reorder.active


def test_escape_lets_go(sorted_window, engine):
    reorder = sorted_window.sort_page.grid.findChild(Reorder)
    drag(sorted_window, 3, centre(sorted_window, 1), release=False)
    assert reorder.active
    assert reorder._mark.isVisible()
    QTest.keyClick(sorted_window.sort_page.grid, Qt.Key.Key_Escape)
    assert not reorder.active
    assert not reorder._mark.isVisible()
    QTest.mouseRelease(sorted_window.sort_page.grid.viewport(), Qt.MouseButton.LeftButton)
    assert engine.teachings == []


@pytest.mark.parametrize("change", ["another order", "another folder"])
def test_a_drag_ends_when_its_photograph_may_stand_elsewhere(sorted_window, engine, photos, change):
    page = sorted_window.sort_page
    reorder = page.grid.findChild(Reorder)
    drag(sorted_window, 4, centre(sorted_window, 1), release=False)
    assert reorder.active
    if change == "another order":
        page.images.set_order(ranked(range(11, -1, -1)))
    else:
        sorted_window.open_paths([photos])
    assert not reorder.active
    assert not reorder._mark.isVisible()
    to = QPoint(200, 100)
    move_mouse(page.grid.viewport(), to)
    QTest.mouseRelease(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=to)
    assert engine.teachings == []


def test_a_strip_is_seen_under_the_mouse(sorted_window):
    grid = sorted_window.sort_page.grid
    sorted_window.sort_page.thumbnails.cache.put(4, QPixmap(1, 384), 384)
    drag(sorted_window, 4, centre(sorted_window, 1), release=False)
    ghost = grid.findChild(Reorder)._ghost
    assert ghost.isVisible()
    assert (ghost.width(), ghost.height()) == (1, 96)


def test_between_photographs_a_drag_still_selects(sorted_window, engine):
    grid = sorted_window.sort_page.grid
    last = centre(sorted_window, 11)
    start = QPoint(last.x(), grid.viewport().height() - 4)
    QTest.mousePress(grid.viewport(), Qt.MouseButton.LeftButton, pos=start)
    move_mouse(grid.viewport(), centre(sorted_window, 11))
    QTest.mouseRelease(grid.viewport(), Qt.MouseButton.LeftButton, pos=centre(sorted_window, 11))
    assert 11 in grid.selected_rows()
    assert engine.teachings == []


def test_an_order_that_is_still_forming_cannot_be_moved_in(window, engine, photos, qtbot):
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    engine.automatic = False
    engine.files = tuple(sorted(photos.glob("*.png")))
    window.open_paths([photos])
    qtbot.waitUntil(lambda: engine.last("open") is not None)
    engine.last("open").end(FilesFound(0, engine.files), Opened(12, 0), Finished(12, 0))
    window.session.sort("sharper")
    qtbot.waitUntil(lambda: engine.last("rank") is not None)
    engine.last("rank").put(ranked(range(6), query="sharper", complete=False))
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    assert "not complete yet" in window.sort_page.banners.banners()[0].text
    drag(window, 8, centre(window, 1) - QPoint(40, 0))
    assert engine.teachings == []
    engine.last("rank").put(ranked(range(12), query="sharper"))
    qtbot.waitUntil(lambda: window.sort_page.banners.banners() == [])


def test_that_it_counts_once_it_is_learned_from_is_told_until_it_is(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    dragged_twice(window, engine, qtbot)
    qtbot.waitUntil(lambda: not teacher.busy)
    teacher.fit()
    qtbot.waitUntil(lambda: teacher.state is State.DECIDING)
    assert notes(window) == []


def test_a_candidate_of_another_attribute_is_decided_on_first(sorted_window, engine, qtbot):
    teacher = sorted_window.train_page.teacher
    teacher.teach("keepers")
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and teacher.pair is not None)
    teacher.answer("left")
    qtbot.waitUntil(lambda: teacher.standing.pairs == 1)
    teacher.fit()
    qtbot.waitUntil(lambda: teacher.state is State.DECIDING)
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0))
    assert teacher.state is State.DECIDING
    assert shown(sorted_window) == list(range(12))
    for page, where in (sorted_window.train_page, ""), (sorted_window.sort_page, ", in the Train tab"):
        told = [banner.text for banner in page.banners.banners()]
        assert told == [f"First keep or discard what was learned for “keepers”{where}."]


def test_a_drag_among_photographs_that_are_gone_by_then_teaches(
    sorted_window, engine, photos, tmp_path, qtbot
):
    teacher = sorted_window.train_page.teacher
    engine.automatic = False
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: engine.last("prepare") is not None)
    qtbot.waitUntil(lambda: bool(notes(sorted_window)))
    assert teacher.state is State.PREPARING
    others = tmp_path / "others"
    others.mkdir()
    for path in photos.glob("*.png"):
        (others / path.name).write_bytes(path.read_bytes())
    engine.automatic = True
    sorted_window.open_paths([others])
    qtbot.waitUntil(lambda: len(engine.teachings) == 2 and teacher.state is State.ASKING)
    qtbot.waitUntil(lambda: teacher.pair is not None)
    assert moves(engine) == [("move", 4, tuple(range(12)), 1, 3)]
    assert shown(sorted_window) == list(range(12)) and notes(sorted_window) == []


def test_a_drag_under_another_spelling_needs_no_preparation(window, engine, photos, qtbot):
    window.open_paths([photos])
    window.session.sort("more keepers")
    images = window.sort_page.images
    qtbot.waitUntil(lambda: images.ranking is not None and window.session.activity is Activity.IDLE)
    teach = engine.teach

    def named(attribute: str, start: str | None):
        teaching = teach(attribute, start)
        teaching.attribute = "keepers"
        return teaching

    engine.teach = named
    for row in (4, 3):
        drag(window, row, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2)
    qtbot.waitUntil(lambda: window.train_page.teacher.attribute == "keepers")
    assert engine.names().count("prepare") == 1


def test_a_drag_after_the_tab_was_left_begins_anew(sorted_window, engine, qtbot):
    teacher = sorted_window.train_page.teacher
    drag(sorted_window, 4, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: bool(engine.teachings) and len(moves(engine)) == 1)
    teacher.leave()
    drag(sorted_window, 3, centre(sorted_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(engine.teachings) == 2 and len(moves(engine)) == 2)
