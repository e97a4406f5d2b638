"""Photographs marked as best or worst in the sorted grid."""

from __future__ import annotations

import pytest
from driving import idle, type_query
from fake_engine import ranked
from grid_moves import centre, mark_as_best, notes
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from imagesorter.gui.help_menu import SHORTCUTS
from imagesorter.gui.image_model import Role
from imagesorter.gui.marking import NOT_COMPLETE
from imagesorter.gui.teaching_state import State
from imagesorter.gui.viewer_caption import facts


def test_best_and_worst_are_marked_in_the_menu(sorted_window, engine, qtbot):
    page = sorted_window.sort_page
    menu = page.context_menu(0, [0, 1])
    {action.text(): action for action in menu.actions()}["Mark as best of “more colorful”"].trigger()
    qtbot.waitUntil(lambda: bool(engine.teachings) and bool(engine.teaching.actions))
    menu = page.context_menu(11, [11])
    {action.text(): action for action in menu.actions()}["Mark as worst of “more colorful”"].trigger()
    qtbot.waitUntil(lambda: len(engine.teaching.actions) == 2)
    assert [a[:3] for a in engine.teaching.actions] == [("mark", (0, 1), ()), ("mark", (), (11,))]
    counts = ["Noted for “more colorful”. It counts once you learn from it."]
    qtbot.waitUntil(lambda: notes(sorted_window) == counts)


@pytest.mark.parametrize(("kind", "other"), [("best", "worst"), ("worst", "best")])
def test_marks_of_one_kind_are_said_to_need_one_of_the_other(sorted_window, engine, qtbot, kind, other):
    menu = sorted_window.sort_page.context_menu(3, [3])
    {action.text(): action for action in menu.actions()}[f"Mark as {kind} of “more colorful”"].trigger()
    told = f"Noted for “more colorful”. Marks count once a photograph is marked as {other}, too."
    qtbot.waitUntil(lambda: notes(sorted_window) == [told])


def test_marks_that_were_forgotten_go(sorted_window, engine, qtbot):
    window = sorted_window
    mark_as_best(window, 3)
    qtbot.waitUntil(lambda: signs(window) == {3: "best"})
    window.train_page.teacher.leave()
    engine.teachings.clear()  # what there was is deleted
    window.train_page.orders_changed.emit()
    qtbot.waitUntil(lambda: not signs(window))


def test_a_mark_is_taken_off_in_the_menu(sorted_window, engine, qtbot):
    page = sorted_window.sort_page
    mark_as_best(sorted_window, 3)
    qtbot.waitUntil(lambda: signs(sorted_window) == {3: "best"})
    assert "Take off the mark" not in [action.text() for action in page.context_menu(4, [4]).actions()]
    menu = page.context_menu(3, [0, 3, 8])
    {action.text(): action for action in menu.actions()}["Take off the mark"].trigger()
    qtbot.waitUntil(lambda: signs(sorted_window) == {})
    assert engine.teaching.actions[-1][:4] == ("mark", (), (), (3,))
    assert notes(sorted_window) == ["No photograph is marked for “more colorful” any more."]
    sorted_window.menus.undo.trigger()
    qtbot.waitUntil(lambda: signs(sorted_window) == {3: "best"})


@pytest.mark.parametrize(("pairs", "them"), [(1, "it"), (3, "them")])
def test_pairs_that_go_with_a_mark_are_to_be_left_out(sorted_window, engine, qtbot, pairs, them):
    window = sorted_window
    for row in (3, 4):
        mark_as_best(window, row)
    menu = window.sort_page.context_menu(11, [11])
    {action.text(): action for action in menu.actions()}["Mark as worst of “more colorful”"].trigger()
    qtbot.waitUntil(lambda: len(signs(window)) == 3)
    actions = engine.teaching.actions
    actions[-1] = (*actions[-1][:-1], pairs)  # what it has given

    def taken_off(best, worst, neither):
        actions.append(("mark", (), (), tuple(neither), -pairs))
        return engine.teaching.standing()

    engine.teaching.mark = taken_off
    menu = window.sort_page.context_menu(3, [3])
    {action.text(): action for action in menu.actions()}["Take off the mark"].trigger()
    fewer = "1 pair fewer" if pairs == 1 else f"{pairs} pairs fewer"
    told = f"{fewer} for “more colorful”. Learn again to leave {them} out."
    qtbot.waitUntil(lambda: notes(window) == [told])


def signs(window) -> dict[int, str]:
    """What the grid shows to be marked, by file id."""
    images = window.sort_page.images
    rows = [images.index(row) for row in range(images.rowCount())]
    return {row.data(Role.FILE_ID): mark for row in rows if (mark := row.data(Role.MARK))}


def test_what_is_marked_is_seen_in_the_order_it_is_marked_in(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    mark_as_best(window, 3)
    qtbot.waitUntil(lambda: signs(window) == {3: "best"})
    tile = images.index(images.row(3))
    assert "Marked as best" in tile.data(Qt.ItemDataRole.ToolTipRole)
    assert tile.data(Qt.ItemDataRole.AccessibleTextRole).endswith(", marked as best")
    window.session.sort("sharper")
    qtbot.waitUntil(lambda: images.ranking.query == "sharper")
    assert signs(window) == {}
    window.session.sort("more colorful")
    qtbot.waitUntil(lambda: signs(window) == {3: "best"})
    window.train_page.undo.click()
    qtbot.waitUntil(lambda: signs(window) == {})


def test_marks_are_seen_also_where_something_else_is_taught_or_nothing(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    images = window.sort_page.images
    mark_as_best(window, 3)
    qtbot.waitUntil(lambda: signs(window) == {3: "best"})
    teacher.teach("keepers")
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and teacher.pair is not None)
    assert signs(window) == {3: "best"}
    for query, seen in (("sharper", {}), ("more colorful", {3: "best"})):
        window.session.sort(query)
        qtbot.waitUntil(lambda query=query: images.ranking.query == query)
        qtbot.waitUntil(lambda query=query: engine.marks_read[-1:] == [query])
        qtbot.waitUntil(lambda seen=seen: signs(window) == seen)
    teacher.leave()
    assert signs(window) == {3: "best"}


def test_the_menu_stays_with_its_photographs_and_their_order(sorted_window, qtbot):
    page = sorted_window.sort_page
    menu = page.context_menu(1, [1])
    actions = {action.text(): action for action in menu.actions()}
    page.images.set_order(ranked(range(11, -1, -1), query="darker"))
    actions["View large"].trigger()
    assert page.images.file_id(sorted_window.viewer.row) == 1
    with qtbot.waitSignal(page.marking.marked) as marked:
        actions["Mark as best of “more colorful”"].trigger()
    assert marked.args == ["more colorful", [1], []]


def test_the_menu_closes_when_its_photographs_are_gone(sorted_window, photos):
    page = sorted_window.sort_page
    page._show_menu(centre(sorted_window, 1))
    (menu,) = page.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert menu.isVisible()
    sorted_window.open_paths([photos])
    assert not menu.isVisible()


def press(window, key: Qt.Key, part: QWidget | None = None) -> None:
    QTest.keyClick(part or window.sort_page.grid, key, Qt.KeyboardModifier.AltModifier)


def taken(window, engine, qtbot, number: int) -> list[tuple]:
    """What was stored, once it is all there and nothing is under way."""
    teacher = window.train_page.teacher
    qtbot.waitUntil(lambda: bool(engine.teachings) and len(engine.teaching.actions) == number)
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and not teacher.busy and teacher.can_undo)
    return [action[1:-1] for action in engine.teaching.actions]


def test_keys_mark_what_is_selected_and_take_the_mark_off(sorted_window, engine, qtbot):
    window, grid = sorted_window, sorted_window.sort_page.grid
    grid.setFocus()
    grid.select([0, 2])
    press(window, Qt.Key.Key_Up)
    assert taken(window, engine, qtbot, 1) == [((0, 2), ())]
    qtbot.waitUntil(lambda: signs(window) == {0: "best", 2: "best"})
    assert grid.selected_rows() == [0, 2]
    grid.select([2, 5])
    press(window, Qt.Key.Key_Down)
    assert taken(window, engine, qtbot, 2)[1:] == [((), (2, 5))]
    qtbot.waitUntil(lambda: signs(window) == {0: "best", 2: "worst", 5: "worst"})
    press(window, Qt.Key.Key_Down)
    assert taken(window, engine, qtbot, 3)[2:] == [((), (), (2, 5))]
    qtbot.waitUntil(lambda: signs(window) == {0: "best"})
    grid.select([0, 1])
    press(window, Qt.Key.Key_Up)  # only where all are marked so, it is taken off
    qtbot.waitUntil(lambda: signs(window) == {0: "best", 1: "best"})


def test_keys_mark_what_is_shown_large_and_its_caption_tells(sorted_window, engine, qtbot):
    window, images = sorted_window, sorted_window.sort_page.images
    window.sort_page.grid.select([7])
    window.viewer.show_row(1)
    press(window, Qt.Key.Key_Down, window.viewer)
    qtbot.waitUntil(lambda: signs(window) == {1: "worst"})
    assert window.viewer.row == 1, "the key walks no further"
    assert facts(images, 1).startswith("marked as worst  ·  score")
    press(window, Qt.Key.Key_Down, window.viewer)
    qtbot.waitUntil(lambda: signs(window) == {})
    assert facts(images, 1).startswith("score")


def test_where_nothing_can_be_marked_it_is_said_why(filled, engine, qtbot):
    page = filled.sort_page
    page.grid.setFocus()
    page.grid.select([0])
    press(filled, Qt.Key.Key_Up)
    no_order = "Sort the photographs first: they are marked as best or worst of an order."
    assert notes(filled) == [no_order]
    filled.viewer.show_row(0)
    press(filled, Qt.Key.Key_Up, filled.viewer)
    assert filled.viewer.note == no_order
    filled.viewer.leave()
    type_query(filled, "more colorful")
    idle(qtbot, filled)
    page.grid.select([])
    page.grid.setFocus()
    press(filled, Qt.Key.Key_Up)
    assert notes(filled) == ["Select the photographs that are to be marked."]
    page.images.set_order(ranked(range(4), complete=False))
    page.grid.select([0])
    press(filled, Qt.Key.Key_Up)
    assert notes(filled) == [NOT_COMPLETE]
    page.images.set_order(ranked(range(4)))
    page.grid.select([8])
    press(filled, Qt.Key.Key_Up)
    assert notes(filled) == ["Only photographs that have a rank can be marked."]
    assert not engine.teachings


def test_the_viewer_tells_that_something_else_is_to_be_decided_first(sorted_window, engine, qtbot):
    window, teacher = sorted_window, sorted_window.train_page.teacher
    teacher.teach("keepers")
    qtbot.waitUntil(lambda: teacher.pair is not None)
    teacher.answer("left")
    qtbot.waitUntil(lambda: not teacher.busy)
    teacher.fit()
    qtbot.waitUntil(lambda: teacher.state is State.DECIDING)
    window.viewer.show_row(0)
    press(window, Qt.Key.Key_Up, window.viewer)
    assert window.viewer.note == teacher.undecided != ""


def test_the_menu_shows_the_key_where_it_does_what_is_written(sorted_window, qtbot):
    page = sorted_window.sort_page

    def keys(*rows: int) -> dict[str, str]:
        actions = page.context_menu(rows[0], list(rows)).actions()
        return {a.text(): a.shortcut().toString() for a in actions if "ark" in a.text()}

    best, worst = "Mark as best of “more colorful”", "Mark as worst of “more colorful”"
    assert keys(3) == {best: "Alt+Up", worst: "Alt+Down"}
    mark_as_best(sorted_window, 3)
    qtbot.waitUntil(lambda: signs(sorted_window) == {3: "best"})
    assert keys(3) == {best: "", worst: "Alt+Down", "Take off the mark": "Alt+Up"}
    assert keys(3, 4) == {best: "Alt+Up", worst: "Alt+Down", "Take off the mark": ""}


def test_no_two_keys_are_the_same_and_all_are_listed(window):
    actions = [a for a in window.findChildren(QAction) if not a.shortcut().isEmpty()]
    keys = [key.toString() for action in actions for key in action.shortcuts()]
    assert sorted(keys) == sorted(set(keys))
    listed = ", ".join(keys for keys, _ in SHORTCUTS)
    assert "Alt+↑, Alt+↓" in listed
    assert {"Alt+Up", "Alt+Down"} <= set(keys)


def test_letters_in_the_grid_go_to_a_name(sorted_window):
    grid = sorted_window.sort_page.grid
    grid.setFocus()
    QTest.keyClicks(grid, "07")
    assert grid.currentIndex().data(Role.FILE_ID) == 7
