from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_engine import ranked
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtTest import QTest

from imagesorter.events import FilesFound, Indexed
from imagesorter.gui.image_grid import ImageGrid
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.thumbnails import ThumbnailLoader
from imagesorter.gui.tile import PADDING

COUNT = 1001


@pytest.fixture
def grid(qtbot, engine) -> Iterator[ImageGrid]:
    model, loader = ImageModel(), ThumbnailLoader()
    loader.set_engine(engine)
    model.add(FilesFound(0, tuple(Path(f"/photos/{k:04}.jpg") for k in range(COUNT))))
    view = ImageGrid(model, loader)
    view.model_, view.loader = model, loader
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    qtbot.waitExposed(view)
    yield view
    loader.close()


def shuffled(seed: int, count: int = COUNT, **options):
    order = list(range(COUNT))
    random.Random(seed).shuffle(order)
    return ranked(order[:count], **options)


def top(grid: ImageGrid, file_id: int) -> int:
    return grid.visualRect(grid.model_.index(grid.model_.row(file_id))).top()


def select(grid: ImageGrid, file_id: int) -> None:
    grid.setCurrentIndex(grid.model_.index(grid.model_.row(file_id)))


def selected(grid: ImageGrid) -> set[int]:
    return {grid.model_.file_id(row) for row in grid.selected_rows()}


def test_places_and_points_agree(grid):
    for row in (0, 1, 7, 8, 500, COUNT - 1):
        index = grid.model_.index(row)
        grid.scrollTo(index)
        assert grid.viewport().rect().contains(grid.visualRect(index).center())
        assert grid.indexAt(grid.visualRect(index).center()).row() == row


def test_nothing_lies_outside_the_tiles(grid):
    assert not grid.indexAt(QPoint(1, 100)).isValid()
    grid.verticalScrollBar().setValue(10**6)
    assert not grid.indexAt(QPoint(grid.viewport().width() - 20, grid.viewport().height() - 20)).isValid()


def test_tiles_fill_the_width_without_overlap(grid):
    for width in (400, 777, 1300):
        grid.resize(width, 500)
        first_line = [grid.visualRect(grid.model_.index(k)) for k in range(grid._columns())]
        assert all(a.right() < b.left() for a, b in itertools.pairwise(first_line))
        assert first_line[-1].right() <= grid.viewport().width()


def test_the_selected_image_keeps_its_place_under_new_orders(grid):
    grid.model_.set_order(shuffled(1))
    grid.verticalScrollBar().setValue(4000)
    file_id = grid.model_.file_id(grid._first_row() + 5)
    select(grid, file_id)
    before = top(grid, file_id)
    moved = 0
    for seed in range(2, 12):
        grid.model_.set_order(shuffled(seed))
        assert selected(grid) == {file_id}
        assert grid.model_.file_id(grid.currentIndex().row()) == file_id
        bar = grid.verticalScrollBar()
        if bar.minimum() < bar.value() < bar.maximum():
            assert top(grid, file_id) == before
            moved += 1
    assert moved


def test_several_selected_images_stay_selected(grid):
    grid.selectionModel().select(grid.model_.index(3), grid.selectionModel().SelectionFlag.Select)
    grid.selectionModel().select(grid.model_.index(90), grid.selectionModel().SelectionFlag.Select)
    grid.model_.set_order(shuffled(5))
    assert selected(grid) == {3, 90}


def test_without_a_selection_the_first_visible_image_is_held(grid):
    grid.model_.set_order(shuffled(1))
    grid.verticalScrollBar().setValue(9000)
    file_id = grid.model_.file_id(grid._first_row())
    before = top(grid, file_id)
    grid.model_.set_order(shuffled(4))
    assert top(grid, file_id) == before


def test_at_the_top_without_a_selection_the_view_stays_at_the_top(grid):
    grid.model_.set_order(shuffled(1))
    grid.model_.set_order(shuffled(2))
    assert grid.verticalScrollBar().value() == 0


def test_a_selected_image_out_of_sight_does_not_pull_the_view(grid):
    select(grid, 900)
    grid.go_to_top()
    grid.model_.set_order(shuffled(3))
    assert grid.verticalScrollBar().value() == 0
    assert selected(grid) == {900}


def test_keys_move_in_the_grid(grid):
    columns = grid._columns()
    grid.setFocus()
    grid.show_row(0)
    moves = [
        (Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 1 + columns), (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0), (Qt.Key.Key_Up, 0), (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_End, COUNT - 1), (Qt.Key.Key_Right, COUNT - 1), (Qt.Key.Key_Home, 0),
    ]  # fmt: skip
    for key, row in moves:
        QTest.keyClick(grid, key)
        assert grid.currentIndex().row() == row
        assert grid.viewport().rect().intersects(grid.visualRect(grid.currentIndex()))
    QTest.keyClick(grid, Qt.Key.Key_PageDown)
    assert grid.currentIndex().row() % columns == 0
    assert grid.currentIndex().row() > columns


def test_clicking_selects_and_shift_extends(grid):
    def click(row, keys=Qt.KeyboardModifier.NoModifier):
        point = grid.visualRect(grid.model_.index(row)).center()
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, keys, point)

    click(2)
    assert grid.selected_rows() == [2]
    click(5, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selected_rows() == [2, 3, 4, 5]
    click(3, Qt.KeyboardModifier.ControlModifier)
    assert grid.selected_rows() == [2, 4, 5]
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(1, 100))
    assert grid.selected_rows() == []


def test_space_and_double_click_open(grid, qtbot):
    grid.setFocus()
    grid.show_row(4)
    with qtbot.waitSignal(grid.open_requested) as opened:
        QTest.keyClick(grid, Qt.Key.Key_Space)
    assert opened.args == [4]
    point = grid.visualRect(grid.model_.index(2)).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=point)
    with qtbot.waitSignal(grid.open_requested) as opened:
        QTest.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert opened.args == [2]


def test_images_that_lie_apart_are_selected_with_keys(grid):
    grid.setFocus()
    grid.show_row(4)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(grid, key, Qt.KeyboardModifier.ControlModifier)
    assert grid.selected_rows() == [4, 6]
    QTest.keyClick(grid, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert grid.selected_rows() == [4]


def test_only_what_is_in_sight_is_loaded(grid, engine, qtbot):
    near = grid.visible_rows(margin=2)
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and not grid.loader.busy)
    assert set(engine.thumbnails_asked) == set(near)


def test_what_has_scrolled_away_is_not_loaded(grid, engine, qtbot):
    qtbot.waitUntil(lambda: not grid.loader.busy and grid.loader.cache.side(0) > 0)
    engine.thumbnails_asked.clear()
    bar = grid.verticalScrollBar()
    for value in range(0, bar.maximum(), 500):
        bar.setValue(value)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: not grid.loader.busy and grid.loader.cache.side(COUNT - 1) > 0)
    assert set(engine.thumbnails_asked) <= set(grid.visible_rows(margin=2))


def test_what_an_order_brought_into_sight_while_hidden_is_loaded_when_shown(grid, engine, qtbot):
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and not grid.loader.busy)
    grid.hide()
    grid.model_.set_order(ranked(range(COUNT - 1, -1, -1)))
    qtbot.wait(20)
    assert grid.loader.cache.side(COUNT - 1) == 0
    grid.show()
    qtbot.waitUntil(lambda: grid.loader.cache.side(COUNT - 1) > 0)


def test_a_thumbnail_that_comes_into_being_is_fetched(grid, engine, qtbot):
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and not grid.loader.busy)
    engine.thumbnails_asked.clear()
    engine.missing_thumbnails = set(range(COUNT))
    grid.loader.reset()
    grid.request_thumbnails()
    qtbot.waitUntil(lambda: 0 in engine.thumbnails_asked and not grid.loader.busy)
    engine.missing_thumbnails = set()
    indexed = Indexed((0, 1), ("", ""))
    grid.loader.stored(indexed.file_ids)
    grid.request_thumbnails()
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and grid.loader.cache.side(1) > 0)
    assert grid.loader.cache.side(2) == 0


def test_changing_the_tile_size_keeps_the_place_and_loads_anew(grid, engine, qtbot):
    grid.verticalScrollBar().setValue(7000)
    first = grid._first_row()
    grid.set_tile_size(120)
    assert first in grid.visible_rows()
    qtbot.waitUntil(lambda: grid.loader.cache.side(first) == round(120 * grid.devicePixelRatioF()))


def test_painting_every_kind_of_tile(grid, qtbot):
    model = grid.model_
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and not grid.loader.busy)
    plain = grid.grab().toImage()
    model.set_order(shuffled(1, count=3, scores=[1, 1, 0]))
    model.warn((model.file_id(0),), ("cut off",))
    model.mark_unreadable(model.file_id(4), "empty")
    grid.selectAll()
    assert grid.grab().toImage() != plain


def test_a_mark_is_seen_on_its_tile(grid, qtbot):
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and not grid.loader.busy)

    def tiles() -> list[QImage]:
        rects = [grid.visualRect(grid.model_.index(row)) for row in (0, 1)]
        return [grid.viewport().grab(rect).toImage() for rect in rects]

    plain = tiles()
    grid.model_.set_marks({grid.model_.file_id(0): False})
    assert [now == before for now, before in zip(tiles(), plain, strict=True)] == [False, True]


def test_a_strip_is_seen_in_a_smaller_tile_too(grid, qtbot):
    qtbot.waitUntil(lambda: grid.loader.cache.side(0) > 0 and not grid.loader.busy)
    strip = QPixmap(1, 384)
    strip.fill(QColor("red"))
    grid.loader.cache.put(0, strip, 384)
    shown = grid.viewport().grab(grid.visualRect(grid.model_.index(0))).toImage()
    line = [shown.pixelColor(x, PADDING + grid.tile_size // 2) for x in range(shown.width())]
    assert any(colour.saturation() > 80 for colour in line)
