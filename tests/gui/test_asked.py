"""Which attribute is taught by what is done in an order of the Sort tab."""

from __future__ import annotations

import pytest
from driving import idle
from grid_moves import MOVED, centre, drag, moves, notes, shown, take_back
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from imagesorter.answers import TaughtAttribute
from imagesorter.gui.activity import Activity
from imagesorter.gui.image_model import Role
from imagesorter.gui.teaching_state import State
from imagesorter.rankers import Asked, asked_by

TAUGHT = [
    TaughtAttribute(name, query, 20, None)
    for name, query in (
        ("Glow", "glow"),
        ("less mess", "less mess"),
        ("a + b", "a + b"),
        ("R\u00e9tro", "r\u00e9tro"),
        ("\N{GRINNING FACE}", "\N{GRINNING FACE}"),
    )
]


@pytest.mark.parametrize(
    ("query", "attribute", "is_reversed"),
    [
        ("Glow", "Glow", False),
        ("glow", "Glow", False),
        ("less glow", "Glow", True),
        ("least Glow first", "Glow", True),
        ("- 2 glow", "Glow", True),
        ("less mess", "less mess", False),
        ("Less  Mess", "less mess", False),
        ('less "less mess"', "less mess", True),
        ("more glow", "Glow", False),
        ('less "Glow"', "Glow", True),
        ('less "a + b"', "a + b", True),
        ("less R\u00c9TRO", "R\u00e9tro", True),
        ("less \N{GRINNING FACE}", "\N{GRINNING FACE}", True),
    ],
)
def test_an_attribute_is_known_in_its_order_and_in_the_reverse(query, attribute, is_reversed):
    assert asked_by(query, TAUGHT) == Asked(attribute, is_reversed)


@pytest.mark.parametrize(
    "query",
    ["sharper", "more mess", "mess", "less glow + sharper", "less noise, less haze", 'less "noise"', "less",
     '"', "", "less " + 150 * "x"],
)  # fmt: skip
def test_others_are_new_attributes(query):
    assert asked_by(query, TAUGHT) == Asked(query)


@pytest.mark.parametrize(
    ("query", "attribute"),
    [
        ("-noise", "noise"),
        ("less noise", "noise"),
        ("noise-free", "noise"),
        ("Least Noise first", "noise"),
        ("- 2 noise", "noise"),
        ("less 2 people", "2 people"),
    ],
)
def test_asking_for_less_of_what_is_not_taught_begins_it_the_other_way_round(query, attribute):
    assert asked_by(query, TAUGHT) == Asked(attribute, True)
    taught = [*TAUGHT, TaughtAttribute(attribute, attribute, 1, None)]
    assert asked_by(query, taught) == Asked(attribute, True), "and goes on with it"


@pytest.mark.parametrize("name", ["-noise", "less noise"])
def test_an_attribute_named_for_less_of_something_is_found_under_its_own_name(name):
    assert asked_by(name, [TaughtAttribute(name, name, 1, None)]) == Asked(name)


def test_a_drag_by_less_of_what_is_new_begins_to_teach_that_from_its_own_order(window, engine, photos, qtbot):
    window.open_paths([photos])
    window.session.sort("-noise")
    qtbot.waitUntil(
        lambda: window.sort_page.images.ranking is not None and window.session.activity is Activity.IDLE
    )
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: bool(moves(engine)))
    assert (engine.teaching.attribute, engine.teaching.start) == ("noise", None), "its own, where it is known"
    assert moves(engine)[0][:4] == ("move", 4, tuple(range(11, -1, -1)), 10)
    qtbot.waitUntil(lambda: bool(notes(window)))
    assert notes(window)[0].endswith("noted for “noise”. They count once you learn from them.")


@pytest.fixture
def reversed_window(window, engine, photos, qtbot):
    """Twelve photographs in the order of their names, by the least of “glow”, which is taught."""
    engine.rankers.add("glow", 20)
    window.train_page.teacher.read_rankers()
    qtbot.waitUntil(lambda: bool(window.train_page._rankers))
    window.open_paths([photos])
    window.session.sort("less glow")
    qtbot.waitUntil(
        lambda: window.sort_page.images.ranking is not None and window.session.activity is Activity.IDLE
    )
    return window


def test_a_drag_in_the_reverse_of_a_taught_order_teaches_the_opposite(reversed_window, engine, qtbot):
    drag(reversed_window, 4, centre(reversed_window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: bool(moves(engine)))
    assert moves(engine)[0][:4] == ("move", 4, tuple(range(11, -1, -1)), 10)
    qtbot.waitUntil(lambda: bool(notes(reversed_window)))
    assert notes(reversed_window)[0].endswith("noted for “glow”. They count once you learn from them.")


@pytest.mark.parametrize("other", [7, 4])
def test_a_drag_in_the_reverse_order_is_taken_back_in_that_one(reversed_window, engine, qtbot, other):
    window, images = reversed_window, reversed_window.sort_page.images
    teacher, undo = window.train_page.teacher, window.menus.undo

    def go_to(query):
        window.sort_page.query.ask(query)
        qtbot.waitUntil(lambda: images.ranking.query == query and images.ranking.complete)
        idle(qtbot, window)

    go_to("glow")
    drag(window, 4, centre(window, 1) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 1 and teacher.can_undo)
    go_to("less glow")
    assert not undo.isEnabled()
    drag(window, other, centre(window, 2) - QPoint(40, 0))
    qtbot.waitUntil(lambda: len(moves(engine)) == 2 and teacher.can_undo)
    assert undo.isEnabled()
    go_to("glow")
    assert shown(window) == MOVED
    take_back(window)
    assert not undo.isEnabled() and not teacher.busy, "it is not to be seen here"
    window.train_page.undo.click()
    qtbot.waitUntil(lambda: [move[1] for move in moves(engine)] == [4] and teacher.can_undo)
    qtbot.waitUntil(undo.isEnabled)
    assert shown(window) == MOVED
    take_back(window)
    qtbot.waitUntil(lambda: not moves(engine))
    qtbot.waitUntil(lambda: shown(window) == list(range(12)))
    go_to("less glow")
    assert shown(window) == list(range(12))


def test_marks_in_the_reverse_of_a_taught_order_are_of_the_other_end(reversed_window, engine, qtbot):
    page, images = reversed_window.sort_page, reversed_window.sort_page.images
    menu: QMenu = page.context_menu(3, [3])
    {action.text(): action for action in menu.actions()}["Mark as best of “less glow”"].trigger()
    qtbot.waitUntil(lambda: bool(engine.teachings) and bool(engine.teaching.actions))
    assert [action[:3] for action in engine.teaching.actions] == [("mark", (), (3,))]
    qtbot.waitUntil(lambda: images.index(images.row(3)).data(Role.MARK) == "best")
    (told,) = notes(reversed_window)
    assert told == "Noted for “glow”. Marks count once a photograph is marked as worst, too."


@pytest.fixture
def keep_noise(window, engine, photos, qtbot):
    """Teach what the Sort tab shows, sort by another query perhaps, and keep what was learned of “noise”."""
    page = window.train_page

    def keep(shown: str, then: str = "") -> None:
        window.open_paths([photos])
        window.sort_page.query.ask(shown)
        idle(qtbot, window)
        window.sort_page.teach()
        qtbot.waitUntil(lambda: page.teacher.state is State.ASKING and page.labels.pair_view.ready)
        assert page.teacher.attribute == "noise"
        page.teacher.answer("left")
        qtbot.waitUntil(lambda: not page.teacher.busy)
        page.teacher.fit()
        qtbot.waitUntil(lambda: page.teacher.state is State.DECIDING)
        if then:
            window.sort_page.query.ask(then)
            idle(qtbot, window)
        ranks = engine.names().count("rank")
        page.result.keep.click()
        qtbot.waitUntil(lambda: engine.names().count("rank") > ranks)
        idle(qtbot, window)

    return keep


@pytest.mark.parametrize("shown", ["less noise", "noise-free", "- 2 noise"])
@pytest.mark.parametrize("taught", [True, False])
def test_an_order_with_the_least_first_is_shown_so_once_it_was_learned(
    keep_noise, window, engine, qtbot, shown, taught
):
    if taught:
        engine.rankers.add("noise", 20)
    keep_noise(shown)
    page = window.sort_page
    assert (window.session.query, page.query.text, page.images.ranking.query) == (shown, shown, shown)
    told = [banner.text for banner in window.train_page.banners.banners()]
    version = 2 if taught else 1
    assert told == [f"Kept as version {version}. The Sort tab is ordered by “{shown}”."]
    window.session.sort("noise")
    qtbot.waitUntil(lambda: not window.train_page.banners.banners())


@pytest.mark.parametrize(
    ("shown", "then"),
    [("noise", ""), ("less noise", "noise"), ("less noise", "sharper"), ("less noise", "less noise, haze")],
)
def test_another_order_makes_way_for_the_one_that_was_learned(keep_noise, window, shown, then):
    keep_noise(shown, then)
    page = window.sort_page
    assert (window.session.query, page.query.text, page.images.ranking.query) == ("noise",) * 3
