from __future__ import annotations

import random
from pathlib import Path

import pytest
from fake_engine import ranked
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from imagesorter.events import FilesFound
from imagesorter.gui.image_model import ImageModel, Role


@pytest.fixture
def model(qapp) -> ImageModel:
    model = ImageModel()
    model.tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.add(FilesFound(0, tuple(Path(f"/photos/{name}.jpg") for name in "abcd")))
    return model


def shown(model: ImageModel) -> list[str]:
    return [model.index(row).data() for row in range(model.rowCount())]


def test_files_appear_in_the_order_they_are_found(model):
    model.add(FilesFound(4, (Path("/photos/e.jpg"),)))
    assert shown(model) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]
    assert [model.rank(row) for row in range(5)] == [None] * 5


def test_files_must_follow_each_other(model):
    with pytest.raises(ValueError, match="id 7 follow 4"):
        model.add(FilesFound(7, (Path("/photos/x.jpg"),)))


def test_an_order_of_some_leaves_the_others_behind_them(model):
    model.set_order(ranked([3, 1], [0.5, 0.25]))
    assert shown(model) == ["d.jpg", "b.jpg", "a.jpg", "c.jpg"]
    assert [model.rank(row) for row in range(4)] == [1, 2, None, None]
    assert [model.score(row) for row in range(4)] == [0.5, 0.25, None, None]
    assert [model.row(file_id) for file_id in range(4)] == [2, 1, 3, 0]


def test_an_order_changes_no_rows_and_announces_all_of_them(model, qtbot):
    with qtbot.waitSignal(model.dataChanged) as changed, qtbot.assertNotEmitted(model.layoutChanged):
        model.set_order(ranked([3, 2, 1, 0]))
    first, last, _ = changed.args
    assert (first.row(), last.row()) == (0, 3)


def test_ties_are_known(model):
    model.set_order(ranked([0, 1, 2, 3], [3, 2, 2, 1]))
    assert [model.rank(row) for row in range(4)] == [1, 2, 2, 4]
    assert [model.tied(row) for row in range(4)] == [False, True, True, False]


def test_the_last_two_scored_may_be_tied(model):
    model.set_order(ranked([0, 1], [1, 1]))
    assert [model.tied(row) for row in range(4)] == [True, True, False, False]


def test_roles_have_names_and_values(model):
    model.set_order(ranked([2, 0, 1, 3]))
    model.warn((2, 0), ("cut off", ""))
    model.mark_unreadable(3, "empty")
    names = {bytes(name.data()).decode() for name in model.roleNames().values()}
    assert {"file_id", "path", "rank", "score", "tied", "warning", "unreadable"} <= names
    first, last = model.index(0), model.index(3)
    assert first.data(Role.FILE_ID) == 2
    assert first.data(Role.PATH) == Path("/photos/c.jpg")
    assert first.data(Role.WARNING) == "cut off"
    assert last.data(Role.UNREADABLE) == "empty"
    assert "Cut off" in first.data(Qt.ItemDataRole.ToolTipRole)
    assert first.data(Qt.ItemDataRole.AccessibleTextRole) == "c.jpg, rank 1"


def test_any_move_can_be_taken_back(model):
    model.set_order(ranked([0, 1, 2, 3]))
    model.move(3, 0)
    model.move(2, 1)
    assert shown(model) == ["d.jpg", "c.jpg", "a.jpg", "b.jpg"]
    model.put_back(3)
    assert shown(model) == ["c.jpg", "a.jpg", "b.jpg", "d.jpg"], "what was moved after it stays above others"
    assert [model.index(row).data(Role.MOVED) for row in range(4)] == [True, False, False, False]
    model.put_back(3)
    assert shown(model)[0] == "c.jpg"
    model.put_back(2)
    assert shown(model) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert not model.has_moved
    model.put_back(2)


def test_where_one_was_moved_each_has_the_number_of_its_place(model):
    model.set_order(ranked([0, 1, 2, 3], [3, 2, 2, 1]))
    model.move(3, 1)
    assert [model.rank(row) for row in range(4)] == [1, 2, 3, 4]
    assert not any(model.tied(row) for row in range(4))
    assert [model.former_rank(row) for row in range(4)] == [None, 4, None, None]
    assert [model.score(row) for row in range(4)] == [3, 1, 2, 2], "its own"
    model.move(3, 3)
    assert [model.rank(row) for row in range(4)] == [1, 2, 2, 4], "there and back"
    tile = model.index(3)
    assert tile.data(Qt.ItemDataRole.AccessibleTextRole) == "d.jpg, rank 4, moved"
    assert "\nMoved by you; learning" in tile.data(Qt.ItemDataRole.ToolTipRole)


def test_what_was_only_moved_past_the_one_put_back_stays(model):
    model.set_order(ranked([0, 1, 2, 3]))
    model.move(3, 0)
    model.move(0, 0)
    model.put_back(3)
    assert shown(model) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


@pytest.mark.parametrize("seed", range(20))
def test_the_others_stay_as_they_are_when_one_is_put_back(model, seed):
    chosen = random.Random(seed)
    model.add(FilesFound(4, tuple(Path(f"/photos/{name}.jpg") for name in "efgh")))
    model.set_order(ranked(range(7)))
    orders = [shown(model)]
    moved = chosen.sample(range(7), 4)
    for file_id in moved:
        model.move(file_id, chosen.randrange(7))
        orders.append(shown(model))
    taken = chosen.choice(moved)
    model.put_back(taken)
    assert sorted(shown(model)) == sorted(orders[0]) and shown(model)[-1] == "h.jpg"
    name = f"{'abcdefg'[taken]}.jpg"
    assert [n for n in shown(model) if n != name] == [n for n in orders[-1] if n != name]
    for other in set(moved) - {taken}:
        model.put_back(other)
    assert shown(model) == orders[0]


def moved(model: ImageModel) -> list[str]:
    return [name for row, name in enumerate(shown(model)) if model.index(row).data(Role.MOVED)]


def reset(model: ImageModel, names: str, opened: object) -> None:
    model.reset(opened)
    model.add(FilesFound(0, tuple(Path(f"/photos/{name}.jpg") for name in names)))


def test_what_was_moved_is_so_again_when_the_order_comes_again(model):
    order = ranked([0, 1, 2, 3])
    model.set_order(order)
    model.move(3, 1)
    model.set_order(ranked([2, 1, 0, 3], query="sharper"))
    assert shown(model) == ["c.jpg", "b.jpg", "a.jpg", "d.jpg"] and not moved(model)
    model.move(3, 0)
    assert model.set_order(ranked([0, 1], complete=False)) == 0
    assert shown(model)[:2] == ["a.jpg", "b.jpg"], "not among some of them"
    assert model.set_order(order) == 1
    assert shown(model) == ["a.jpg", "d.jpg", "b.jpg", "c.jpg"] and moved(model) == ["d.jpg"]
    model.unsort()
    assert model.set_order(order) == 1 and moved(model) == ["d.jpg"]
    model.take_back({Path("/photos/d.jpg")}, lambda query: query == order.query)
    assert shown(model) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"] and not moved(model)
    model.set_order(ranked([2, 1, 0, 3], query="sharper"))
    assert moved(model) == ["d.jpg"], "each order its own"
    assert model.set_order(order) == 0 and not moved(model)


def test_what_was_moved_is_so_again_where_the_last_part_of_the_order_had_all(model):
    order = ranked([0, 1, 2, 3])
    model.set_order(order)
    model.move(3, 1)
    reset(model, "abcd", None)
    for _ in range(2):
        assert model.set_order(ranked([0, 1, 2, 3], complete=False)) == 0 and not moved(model)
    assert model.set_order(order) == 1
    assert shown(model) == ["a.jpg", "d.jpg", "b.jpg", "c.jpg"] and moved(model) == ["d.jpg"]
    assert model.set_order(order) == 0, "it stands there already"
    assert moved(model) == ["d.jpg"]


def test_what_was_moved_is_so_again_among_the_files_that_are_still_there(model):
    reset(model, "abcdef", "here")
    model.set_order(ranked(range(6), [6, 5, 4, 3, 2, 1]))
    model.move(5, 1)
    model.move(4, 0)
    model.move(3, 2)
    assert shown(model) == [f"{name}.jpg" for name in "eadfbc"]
    reset(model, "xacdef", "here")  # b is gone, x is new
    assert not moved(model)
    model.set_order(ranked([1, 2, 3, 4, 0, 5], [6, 4, 3, 2, 1.5, 1]))
    assert shown(model) == [f"{name}.jpg" for name in "eadfcx"]
    assert moved(model) == ["e.jpg", "d.jpg", "f.jpg"]
    reset(model, "acdef", "elsewhere")
    assert model.set_order(ranked(range(5), [6, 4, 3, 2, 1])) == 0
    reset(model, "def", "here")
    model.set_order(ranked(range(2), [3, 2]))
    assert shown(model) == ["e.jpg", "d.jpg", "f.jpg"], "f has no place in it"


def test_an_order_by_other_scores_is_not_the_one_that_was_moved_in(model):
    model.set_order(ranked([0, 1, 2, 3], [4, 3, 2, 1]))
    model.move(3, 0)
    assert model.set_order(ranked([0, 3, 1, 2], [0.4, 0.3, 0.2, 0.1])) == 0
    assert not moved(model)
    assert model.set_order(ranked([0, 1, 2, 3], [4, 3, 2, 1])) == 0, "it was replaced, not left"


def test_the_order_of_many_is_known_again_by_the_scores_of_some(qapp):
    model = ImageModel()
    model.add(FilesFound(0, tuple(Path(f"/photos/{k // 300}/{k % 300}.jpg") for k in range(600))))
    model.set_order(ranked(range(600)))
    model.move(500, 0)
    model.set_order(ranked(range(600), query="sharper"))
    (kept,) = model._arrangements._kept.values()
    assert 50 < len(kept.scores) <= 100
    assert model.set_order(ranked(range(600))) == 1
    assert model.ranked_ids[:3] == [500, 0, 1]
    model.set_order(ranked(range(600), query="sharper"))
    assert model.set_order(ranked(range(599, -1, -1))) == 0, "it is another one by now"


def test_a_move_that_could_not_be_stored_is_none_when_the_order_comes_again(model):
    reset(model, "abcd", "here")
    model.set_order(ranked([0, 1, 2, 3]))
    model.move(3, 0)
    model.move(2, 0)
    reset(model, "xabcd", "here")
    model.put_back(3)  # by the ids of before
    model.set_order(ranked([1, 2, 3, 4, 0], [4, 3, 2, 1, 0]))
    assert shown(model) == [f"{name}.jpg" for name in "cabdx"] and moved(model) == ["c.jpg"]


def test_the_last_move_of_a_photograph_is_taken_back_in_whichever_order_it_was_made(model):
    order, other = ranked([0, 1, 2, 3]), ranked([3, 2, 1, 0], query="less colorful")
    d, colorful = {Path("/photos/d.jpg")}, lambda query: "colorful" in query
    model.set_order(order)
    model.move(3, 1)
    assert model.shows_last(d, colorful) and not model.shows_last(d, lambda _: False)
    model.set_order(other)
    model.move(3, 1)
    model.set_order(order)
    assert not model.shows_last(d, colorful)
    model.take_back(d, colorful)
    assert moved(model) == ["d.jpg"] and model.shows_last(d, colorful)
    model.take_back({Path("/photos/c.jpg"), Path("/elsewhere/d.jpg")}, colorful)
    assert moved(model) == ["d.jpg"]
    model.take_back(d | {Path("/elsewhere/d.jpg")}, colorful)
    assert not moved(model) and not model.shows_last(d, colorful)
    assert model.set_order(other) == 0


def test_reset_forgets_everything(model):
    model.set_order(ranked([3, 2, 1, 0]))
    model.reset()
    assert model.rowCount() == 0
    model.add(FilesFound(0, (Path("/others/z.jpg"),)))
    assert shown(model) == ["z.jpg"]


def test_names_that_are_not_text_are_shown(qapp):
    model = ImageModel()
    model.add(FilesFound(0, (Path("/photos/\udcff\n.jpg"),)))
    assert shown(model) == ["\ufffd\ufffd.jpg"]
