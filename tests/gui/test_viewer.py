from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_engine import ranked
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest

from imagesorter.answers import Picture
from imagesorter.errors import DecodeError
from imagesorter.gui.activity import Activity
from imagesorter.gui.viewer import Viewer
from imagesorter.gui.whole_pixels import WholePixels


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


@pytest.fixture
def large(engine, monkeypatch) -> QImage:
    """What the file of each image holds: 3,000 by 2,000 pixels, of which no two neighbours are alike."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (2000, 3000, 3), dtype=np.uint8)
    whole = QImage(pixels.tobytes(), 3000, 2000, 9000, QImage.Format.Format_RGB888).copy()

    def picture(path: Path, max_side: int) -> Picture:
        if path in engine.unreadable:
            raise DecodeError(path, "The file is damaged.")
        if max_side >= 3000:
            return Picture(3000, 2000, pixels.tobytes())
        return Picture(300, 200, bytes([200, 100, 50]) * 60_000)

    monkeypatch.setattr(engine, "picture", picture)
    return whole.convertToFormat(QImage.Format.Format_RGB32)


def shown(viewer: Viewer) -> QImage:
    """What is painted where the image goes."""
    return viewer.grab(viewer._area()).toImage().convertToFormat(QImage.Format.Format_RGB32)


def part(image: QImage, viewer: Viewer, left: int, top: int) -> QImage:
    return image.copy(QRect(QPoint(left, top), viewer._area().size()))


def test_every_pixel_of_the_file_is_one_of_the_screen(viewer, large, qtbot):
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    fitted = shown(viewer)
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    assert shown(viewer) == fitted, "until it is there"
    qtbot.waitUntil(lambda: viewer.shows_whole_pixels)
    room = viewer._area()
    middle = round((3000 - room.width()) / 2), round((2000 - room.height()) / 2)
    assert shown(viewer) == part(large, viewer, *middle)
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    assert shown(viewer) == fitted


def test_what_was_clicked_twice_stays_and_is_dragged_to_the_edges(viewer, large, qtbot):
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    room, fitted = viewer._area(), viewer._target()
    spot = fitted.topLeft().toPoint() + QPoint(round(fitted.width() / 4), round(fitted.height() / 4))
    viewer.toggle_whole_pixels(QPointF(spot))
    qtbot.waitUntil(lambda: viewer.shows_whole_pixels)
    seen = viewer._whole.part(room.size())
    assert abs(seen.left() + spot.x() - room.left() - 750) <= 1 + 3000 / fitted.width()
    assert abs(seen.top() + spot.y() - room.top() - 500) <= 1 + 2000 / fitted.height()
    QTest.mousePress(viewer, Qt.MouseButton.LeftButton, pos=room.center())
    QTest.mouseMove(viewer, room.center() + QPoint(30, 20))
    QTest.mouseRelease(viewer, Qt.MouseButton.LeftButton, pos=room.center() + QPoint(30, 20))
    assert shown(viewer) == part(large, viewer, seen.left() - 30, seen.top() - 20)
    for _ in range(20):
        viewer._whole.drag(room.size(), QPointF(400, 400))
    assert shown(viewer) == part(large, viewer, 0, 0)


def test_two_screen_pixels_in_one_show_four_times_as_many(large):
    area, canvas = QRect(10, 20, 100, 80), QImage(240, 240, QImage.Format.Format_RGB32)
    canvas.setDevicePixelRatio(2)
    picture = WholePixels(large, area.size() * 2, QPointF(0.5, 0.5), QPointF(100, 80))
    painter = QPainter(canvas)
    picture.paint(painter, area, 2)
    painter.end()
    canvas.setDevicePixelRatio(1)
    assert canvas.copy(20, 40, 200, 160) == large.copy(1400, 920, 200, 160)


def test_another_image_is_fitted_again(viewer, large, qtbot):
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    viewer.step(1)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    qtbot.wait(100)
    assert not viewer.shows_whole_pixels


def test_an_image_too_large_to_be_shown_whole_says_so(viewer, window, engine, large, qtbot):
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    fitted = shown(viewer)
    engine.unreadable = {window.sort_page.images.path(2)}
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: "cannot be shown" in viewer._note)
    assert shown(viewer) == fitted


def test_a_file_known_to_be_damaged_says_so_at_once(viewer, window, engine, monkeypatch):
    images = window.sort_page.images
    images.mark_unreadable(images.file_id(3), "The file is damaged.")
    monkeypatch.setattr(window.pictures, "request", lambda *_: None)  # as where the file hangs
    viewer.show_row(3)
    assert viewer.failure == "The file is damaged."


def test_it_covers_the_window_at_every_size(viewer, window):
    viewer.show_row(2)
    window.resize(1000, 640)
    assert viewer.geometry() == window.rect()
