from __future__ import annotations

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
