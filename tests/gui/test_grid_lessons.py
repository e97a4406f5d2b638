"""What is moved or marked in the grid is stored at once, also while the Train tab only gets ready."""

from __future__ import annotations

import pytest
from driving import idle, running
from grid_moves import MOVED, centre, drag, mark_as_best, moves, notes, shown
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from imagesorter.errors import StorageError, TeachingError
from imagesorter.events import Finished, Progress, TeachingReady
from imagesorter.gui.activity import Activity
from imagesorter.gui.image_model import Role
from imagesorter.gui.teaching_state import State

NOTED = "3 pairs noted for “more colorful”. They count once you learn from them."


def drag_up(window, row: int) -> None:
    drag(window, row, centre(window, 1) - QPoint(40, 0))


@pytest.fixture
def getting_ready(sorted_window, engine, qtbot):
    """A photograph was dragged, and what is read for the Train tab is held back."""
    engine.automatic = False
    drag_up(sorted_window, 4)
    running(qtbot, engine, "prepare")
    return sorted_window


def end_reading(window, engine, qtbot, number: int = 1) -> None:
    teaching = engine.teaching
    running(qtbot, engine, "prepare", number).end(TeachingReady(12, teaching.standing()), Finished(12, 0))
    teacher = window.train_page.teacher
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and teacher.pair is not None)


def test_what_is_moved_and_marked_is_stored_and_seen_before_anything_is_read(getting_ready, engine, qtbot):
    window, images, teacher = getting_ready, getting_ready.sort_page.images, getting_ready.train_page.teacher
    qtbot.waitUntil(lambda: notes(window) == [NOTED])
    mark_as_best(window, 0)
    qtbot.waitUntil(lambda: images.index(0).data(Role.MARK) == "best")
    assert [action[0] for action in engine.teaching.actions] == ["move", "mark"]
    assert teacher.state is State.PREPARING and engine.names().count("prepare") == 1
    assert not window.menus.undo.isEnabled(), "not yet"
    end_reading(window, engine, qtbot)
    assert len(engine.teachings) == 1 and teacher.standing.pairs == 3
    assert images.index(0).data(Role.MARK) == "best" and shown(window) == MOVED
    for actions in (1, 0):
        qtbot.waitUntil(lambda: window.menus.undo.isEnabled() and teacher.can_undo)
        window.menus.undo.trigger()
        qtbot.waitUntil(lambda actions=actions: len(engine.teaching.actions) == actions)
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))


def test_a_drag_is_stored_before_the_reading_begins(sorted_window, engine, qtbot):
    stored = []
    stream = engine._stream

    def begun(name, *arguments):
        if name == "prepare":
            stored.append(len(moves(engine)))
        return stream(name, *arguments)

    engine._stream = begun
    drag_up(sorted_window, 4)
    qtbot.waitUntil(lambda: stored == [1])


def test_getting_ready_is_not_called_learning(getting_ready, engine, qtbot):
    window, status = getting_ready, getting_ready.status
    assert window.session.activity is Activity.PREPARING
    reading = running(qtbot, engine, "prepare")
    qtbot.waitUntil(lambda: status.message.text() == "Reading photographs …")
    reading.put(Progress("fit", 6, 12))
    qtbot.waitUntil(lambda: status.figures.text() == "6 of 12")
    assert status.message.text() == "Getting the Train tab ready …"
    assert status.button.isVisible() and status.button.text() == "Cancel"
    window.tabs.setCurrentWidget(window.train_page)
    assert not status.button.isVisible(), "the tab has one itself"


def test_after_a_cancel_the_next_drag_or_mark_is_stored_too_and_makes_ready(getting_ready, engine, qtbot):
    window, images, teacher = getting_ready, getting_ready.sort_page.images, getting_ready.train_page.teacher
    for number, act in enumerate((lambda: drag_up(window, 5), lambda: mark_as_best(window, 0)), 1):
        QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: teacher.state is State.STOPPED)
        idle(qtbot, window)
        assert shown(window)[1] == (4, 5)[number - 1], "it stays where it was put"
        act()
        assert teacher.state is State.PREPARING
        qtbot.waitUntil(lambda number=number: len(engine.teaching.actions) == number + 1)
    qtbot.waitUntil(lambda: images.index(0).data(Role.MARK) == "best")
    end_reading(window, engine, qtbot, 3)
    assert teacher.standing.pairs == 3 + 4
    qtbot.waitUntil(window.menus.undo.isEnabled)


@pytest.mark.parametrize("stopped", [False, True])
def test_what_cannot_be_stored_is_told_and_goes_back(getting_ready, engine, qtbot, stopped):
    window, teacher = getting_ready, getting_ready.train_page.teacher
    qtbot.waitUntil(lambda: notes(window) == [NOTED])
    if stopped:
        teacher.cancel()
        qtbot.waitUntil(lambda: teacher.state is State.STOPPED)

    def full(*_):
        raise StorageError("The disk is full.")

    teaching = engine.teaching
    teaching.move = full
    drag_up(window, 5)
    qtbot.waitUntil(lambda: notes(window) == [NOTED, "The disk is full."])
    assert shown(window) == MOVED
    end_reading(window, engine, qtbot, 1 + stopped)
    assert "The disk is full." in notes(window), "that photographs were read mends nothing"
    del teaching.move
    drag_up(window, 5)
    qtbot.waitUntil(lambda: "The disk is full." not in notes(window))
    assert len(moves(engine)) == 2


def test_where_it_cannot_get_ready_what_is_moved_is_stored_and_why_is_told(getting_ready, engine, qtbot):
    window, teacher = getting_ready, getting_ready.train_page.teacher
    for number in (1, 2):
        running(qtbot, engine, "prepare", number).fail(TeachingError("The start is damaged."))
        qtbot.waitUntil(lambda: teacher.state is State.STOPPED)
        assert notes(window).count("The start is damaged.") == 1
        drag_up(window, 4 + number)
        qtbot.waitUntil(lambda number=number: len(moves(engine)) == number + 1)


def test_reading_the_folder_again_meanwhile_loses_nothing(getting_ready, engine, qtbot):
    window, images, teacher = getting_ready, getting_ready.sort_page.images, getting_ready.train_page.teacher
    mark_as_best(window, 0)
    engine.automatic = True
    window.menus.again.trigger()
    assert not shown(window)
    qtbot.waitUntil(lambda: images.ranking is not None and teacher.state is State.ASKING)
    idle(qtbot, window)
    assert shown(window) == MOVED
    qtbot.waitUntil(lambda: images.index(0).data(Role.MARK) == "best")
    assert [action[0] for action in engine.teaching.actions] == ["move", "mark"]
    assert notes(window)[-1] == "1 photograph stands again where you put it."
    qtbot.waitUntil(lambda: teacher.standing is not None and teacher.standing.pairs == 3)


@pytest.mark.parametrize("stopped", [False, True])
def test_closing_meanwhile_loses_nothing(getting_ready, engine, qtbot, stopped):
    window, teacher = getting_ready, getting_ready.train_page.teacher
    if stopped:
        teacher.cancel()
        qtbot.waitUntil(lambda: teacher.state is State.STOPPED)
    drag_up(window, 5)
    mark_as_best(window, 0)
    window.close()
    assert engine.closed
    assert [action[0] for action in engine.teaching.actions] == ["move", "move", "mark"]


def test_what_is_moved_while_an_order_waits_to_be_kept_is_stored(sorted_window, engine, qtbot, monkeypatch):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    drag_up(window, 4)
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and teacher.can_undo)
    teacher.fit()
    qtbot.waitUntil(lambda: teacher.state is State.DECIDING)
    drag_up(window, 5)
    qtbot.waitUntil(lambda: len(moves(engine)) == 2)
    assert teacher.state is State.DECIDING
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard)
    mark_as_best(window, 0)
    window.close()
    assert engine.closed
    assert [action[0] for action in engine.teaching.actions] == ["move", "move", "mark"]
