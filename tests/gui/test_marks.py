"""Photographs marked as best or worst in the sorted grid."""

from __future__ import annotations

import pytest
from fake_engine import ranked
from grid_moves import centre, mark_as_best, notes
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from imagesorter.gui.image_model import Role
from imagesorter.gui.teaching_state import State


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
    with qtbot.waitSignal(page.marked) as marked:
        actions["Mark as best of “more colorful”"].trigger()
    assert marked.args == ["more colorful", [1], []]


def test_the_menu_closes_when_its_photographs_are_gone(sorted_window, photos):
    page = sorted_window.sort_page
    page._show_menu(centre(sorted_window, 1))
    (menu,) = page.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert menu.isVisible()
    sorted_window.open_paths([photos])
    assert not menu.isVisible()
