from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fake_engine import ranked
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from imagesorter.answers import Picture
from imagesorter.errors import DecodeError
from imagesorter.gui import signs
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


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_the_key_that_opens_it_closes_it(viewer, window, key):
    QTest.keyClick(window.sort_page.grid, key)
    assert viewer.isVisible()
    QTest.keyClick(viewer, key)
    assert not viewer.isVisible()


def test_what_is_selected_stays_so_while_one_is_looked_at(viewer, window):
    grid, control = window.sort_page.grid, Qt.KeyboardModifier.ControlModifier
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(grid, key, control)
    assert grid.selected_rows() == [1, 3]
    QTest.keyClick(grid, Qt.Key.Key_Space)
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert grid.selected_rows() == [1, 3]
    assert grid.currentIndex().row() == 4


def test_the_path_of_what_is_shown_is_copied(viewer, window):
    viewer.show_row(1)
    viewer.step(1)
    window.sort_page.grid.selectAll()
    QTest.keyClick(viewer, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == str(window.sort_page.images.path(2))


def test_what_is_copied_or_exported_is_told_over_the_photograph(viewer, window, tmp_path, qtbot, monkeypatch):
    QTest.keyClick(window.sort_page.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    viewer.show_row(1)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    assert viewer.note == ""
    plain = viewer.grab().toImage()
    viewer._telling.setInterval(100)
    QTest.keyClick(viewer, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert viewer.note == "Copied 1 photograph; paste it into a folder" == window.status.message.text()
    assert viewer.grab().toImage() != plain
    qtbot.waitUntil(lambda: viewer.note == "")
    assert viewer.grab().toImage() == plain
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "order.csv"), ""))
    window.menus.export.setEnabled(True)
    window.menus.export.trigger()
    qtbot.waitUntil(lambda: viewer.note == "Exported 12 photographs to order.csv")
    viewer.leave()
    assert viewer.note == ""


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
    qtbot.waitUntil(lambda: all(window.viewer.pictures.image(path) is not None for path in ahead))
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


def test_every_pixel_of_the_file(viewer, window, engine, qtbot):
    path = window.sort_page.images.path(2)
    engine.large, engine.held = {path}, {}
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    engine.held[path] = threading.Event()
    viewer.toggle_whole_pixels()
    assert viewer.sign == "Loading every pixel …"
    assert not viewer.grab().isNull()  # what is on screen meanwhile is the scaled picture
    engine.held[path].set()
    qtbot.waitUntil(lambda: viewer.sign == "")
    shown, ratio = viewer.grab().toImage(), viewer.devicePixelRatioF()
    middle = viewer._area().center() * ratio
    places = [place(shown.pixelColor(middle.x() + k, middle.y() + 2 * k)) for k in range(-20, 60)]
    (x, y), *_ = places
    assert places == [(x + k, y + 2 * k) for k in range(80)]
    assert abs(places[20][0] - 1200) <= 2 and abs(places[20][1] - 800) <= 2


def place(colour: QColor) -> tuple[int, int]:
    """Where a pixel lies in the large picture of `fake_engine`."""
    return colour.red() + 256 * (colour.blue() % 16), colour.green() + 256 * (colour.blue() // 16)


def test_what_is_under_the_pointer_stays_there(viewer, window, engine, qtbot):
    engine.large = {window.sort_page.images.path(2)}
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    target = viewer._target()
    point = (target.topLeft() + QPointF(target.width() / 3, target.height() / 4)).toPoint()
    QTest.mouseDClick(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    qtbot.waitUntil(lambda: viewer.sign == "")

    def under(at: QPoint) -> tuple[int, int]:
        ratio = viewer.devicePixelRatioF()
        return place(viewer.grab().toImage().pixelColor(at * ratio))

    x, y = under(point)
    assert abs(x - 800) <= 6 and abs(y - 400) <= 6
    QTest.mousePress(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    QTest.mouseMove(viewer, point - QPoint(50, 30))
    QTest.mouseRelease(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    moved_x, moved_y = under(point - QPoint(50, 30))
    assert abs(moved_x - x) <= 1 and abs(moved_y - y) <= 1


def test_every_pixel_of_the_photograph_before_is_not_shown(viewer, window, engine, qtbot):
    first, second = (window.sort_page.images.path(row) for row in (2, 3))
    engine.large = {first, second}
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture and viewer.pictures.image(second) is not None)
    engine.held = {first: threading.Event()}
    viewer.toggle_whole_pixels()
    viewer.step(1)
    with qtbot.waitSignal(viewer.details.loaded) as loaded:
        engine.held[first].set()
    assert loaded.args[0] == second
    assert viewer.sign == ""


def test_a_series_is_compared_at_every_pixel_until_that_is_left(viewer, window, engine, qtbot):
    first, second, _, fourth = paths = [window.sort_page.images.path(row) for row in range(2, 6)]
    engine.large, engine.unreadable = {first, second, fourth}, {paths[2]}
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    point = (viewer._target().topLeft() + QPointF(30, 20)).toPoint()
    QTest.mouseDClick(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    qtbot.waitUntil(lambda: viewer.sign == "")
    before = viewer.grab().toImage().pixelColor(point * viewer.devicePixelRatioF())
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: viewer.shows_picture and viewer.sign == "" and "2,400" in viewer.caption)
    assert viewer.grab().toImage().pixelColor(point * viewer.devicePixelRatioF()) == before, "the same part"
    viewer.step(1)
    qtbot.waitUntil(lambda: bool(viewer.failure))
    viewer.step(1)
    qtbot.waitUntil(lambda: viewer.shows_picture and "2,400" in viewer.caption)
    assert viewer.grab().toImage().pixelColor(point * viewer.devicePixelRatioF()) == before
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    assert "2,400" not in viewer.caption
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    assert "2,400" not in viewer.caption and not viewer.sign


def test_a_picture_too_large_for_the_memory_is_reduced_and_says_so(viewer, window, engine, qtbot):
    engine.large, engine.most_side = {window.sort_page.images.path(2)}, 1200
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    viewer.toggle_whole_pixels()
    qtbot.waitUntil(lambda: viewer.sign.startswith("Reduced to 1 of 4 megapixels"))
    assert not viewer.grab().isNull()


def test_pixels_that_cannot_be_loaded_leave_the_scaled_picture(viewer, window, engine, qtbot):
    path = window.sort_page.images.path(2)
    engine.large = {path}
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    engine.unreadable = {path}
    viewer.toggle_whole_pixels()
    qtbot.waitUntil(lambda: viewer.sign == "Not every pixel could be loaded: The file is damaged.")
    assert viewer.shows_picture
    assert viewer.failure == ""


def test_a_failure_that_is_known_is_told_at_once(viewer, window, engine):
    images = window.sort_page.images
    images.mark_unreadable(images.file_id(3), "the file is empty (0 bytes)")
    engine.held = {images.path(3): threading.Event()}
    viewer.show_row(3)
    assert viewer.failure == "the file is empty (0 bytes)"
    engine.held[images.path(3)].set()


def test_a_failure_that_becomes_known_is_told(viewer, window, engine):
    images = window.sort_page.images
    engine.held = {images.path(3): threading.Event()}
    viewer.show_row(3)
    assert viewer.failure == ""
    images.mark_unreadable(images.file_id(3), "the file is empty (0 bytes)")
    assert viewer.failure == "the file is empty (0 bytes)"
    engine.held[images.path(3)].set()


def test_a_file_that_was_mended_is_shown(viewer, window, qtbot):
    images = window.sort_page.images
    images.mark_unreadable(images.file_id(3), "the file is empty (0 bytes)")
    viewer.show_row(3)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    assert viewer.failure == ""


def test_a_failure_without_a_reason_is_told_too(viewer, window, engine, qtbot, monkeypatch):
    def picture(path: Path, side: int) -> None:
        raise DecodeError(path, "")

    monkeypatch.setattr(engine, "picture", picture)
    viewer.show_row(3)
    qtbot.waitUntil(lambda: viewer.failure == "It could not be shown; the log file says more.")


def test_a_strip_is_shown_however_long_it_is(viewer, engine, qtbot, monkeypatch):
    def picture(path: Path, side: int) -> Picture:
        width, height = (10, 8000) if side >= 8000 else (1, side)
        return Picture(width, height, b"\xff" * 3 * width * height, 10, 8000)

    monkeypatch.setattr(engine, "picture", picture)
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    middle = viewer._area().center()
    shown = viewer.grab().toImage()
    columns = range(middle.x() - 2, middle.x() + 3)
    assert any(shown.pixelColor(x, middle.y()).lightness() > 100 for x in columns)
    QTest.keyClick(viewer, Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: "8,000" in viewer.caption)
    assert viewer.grab().toImage().pixelColor(middle).lightness() > 200


def test_the_caption_tells_when_every_pixel_is_shown(viewer, window, engine, qtbot):
    path = window.sort_page.images.path(2)
    engine.large = {path}
    viewer.show_row(2)
    qtbot.waitUntil(lambda: viewer.shows_picture)
    assert viewer.caption == path.name
    viewer.toggle_whole_pixels()
    assert viewer.caption == path.name  # not yet
    qtbot.waitUntil(lambda: viewer.caption == f"{path.name}  ·  100\N{NO-BREAK SPACE}%, 2,400 × 1,600")
    viewer.toggle_whole_pixels()
    assert viewer.caption == path.name


def test_the_caption_counts_those_that_have_a_rank(viewer, window, qtbot, monkeypatch):
    places = []
    monkeypatch.setattr(signs, "caption", lambda *args: places.append(args[2]))
    window.sort_page.images.set_order(ranked(range(9)))
    viewer.show_row(0)
    viewer.grab()
    assert places[-1] == "1 of 9"
    viewer.show_row(11)
    viewer.grab()
    assert places[-1] == "not ranked"


def test_the_caption_counts_as_the_grid_does_where_one_was_moved(viewer, window, monkeypatch):
    told = []
    monkeypatch.setattr(signs, "caption", lambda *args: told.append((args[2], args[4])))
    images = window.sort_page.images
    images.set_order(ranked(range(12)))
    images.move(4, 1)
    for row, expected in enumerate(
        [("1 of 12", "score 12.00"), ("2 of 12", "moved, was 5  ·  score 8.00"), ("3 of 12", "score 11.00")]
    ):
        viewer.show_row(row)
        viewer.grab()
        assert told[-1] == expected
