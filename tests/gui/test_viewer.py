from __future__ import annotations

import pytest
from fake_engine import ranked
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from imagesorter.gui.activity import Activity
from imagesorter.gui.viewer import Viewer


@pytest.fixture
def viewer(window, engine, photos, qtbot) -> Viewer:
    """The viewer of a window with twelve images in the order 11, 10, …, 0."""
    window.start([photos])
    qtbot.waitUntil(lambda: window.sort_page.images.rowCount() == 12)
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    window.sort_page.images.set_order(ranked(range(11, -1, -1)))
    window.sort_page.grid.show_row(1)
    window.sort_page.grid.setFocus()
    return window.viewer


def test_space_shows_and_hides_an_image(viewer, window, qtbot):
    QTest.keyClick(window.sort_page.grid, Qt.Key.Key_Space)
    assert viewer.isVisible()
    assert viewer.row == 1
    qtbot.waitUntil(lambda: viewer.shows_picture)
    QTest.keyClick(viewer, Qt.Key.Key_Space)
    assert not viewer.isVisible()
    assert viewer.row is None


def test_keys_move_through_the_rank_and_the_grid_follows(viewer, window, qtbot):
    viewer.show_row(1)
    for key, row in (
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_End, 11),
        (Qt.Key.Key_Right, 11),
    ):
        QTest.keyClick(viewer, key)
        assert viewer.row == row
        assert window.sort_page.grid.currentIndex().row() == row
    qtbot.waitUntil(lambda: viewer.shows_picture)
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert viewer.isHidden()
    assert window.sort_page.grid.selected_rows() == [11]


def test_neighbours_are_loaded_ahead(viewer, window, qtbot):
    viewer.show_row(5)
    images = window.sort_page.images
    ahead = [images.path(row) for row in (4, 5, 6, 7)]
    qtbot.waitUntil(lambda: all(window.pictures.image(path) is not None for path in ahead))
    viewer.step(1)
    assert viewer.shows_picture


def test_an_unreadable_image_says_why(viewer, window, engine, qtbot):
    engine.unreadable = {window.sort_page.images.path(3)}
    viewer.show_row(3)
    qtbot.waitUntil(lambda: viewer.failure == "The file is damaged.")
    assert not viewer.grab().isNull()
    viewer.step(1)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    assert viewer.failure == ""
    viewer.step(-1)
    qtbot.waitUntil(lambda: viewer.failure == "The file is damaged.")


def test_the_image_stays_when_the_order_changes(viewer, window):
    viewer.show_row(2)
    path = window.sort_page.images.path(2)
    window.sort_page.images.set_order(ranked(range(12)))
    assert window.sort_page.images.path(viewer.row) == path
    assert viewer.row == 9


def test_it_closes_when_another_folder_is_opened(viewer, window, photos):
    viewer.show_row(2)
    window.open_paths([photos])
    assert viewer.isHidden()


def test_whole_pixels(viewer, qtbot):
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    fitted = viewer.grab().toImage()
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    assert viewer.grab().toImage() != fitted
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    assert viewer.grab().toImage() == fitted


def test_it_covers_the_window_at_every_size(viewer, window):
    viewer.show_row(2)
    window.resize(1000, 640)
    assert viewer.geometry() == window.rect()
