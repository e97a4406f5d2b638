"""The whole way with the bundled model: drop, type, order, view, export, restart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from imagesorter.gui.activity import Activity
from imagesorter.gui.app import make_window
from imagesorter.gui.teaching_state import State
from imagesorter.gui.window import MainWindow
from imagesorter.model.device import devices
from imagesorter.paths import Home, bundled_models
from imagesorter.settings import Settings

pytestmark = pytest.mark.skipif(
    not (bundled_models() / "pocket" / "model.json").is_file(), reason="the bundled model is not there yet"
)

WAIT = 60_000
"""Milliseconds: torch is imported on the way."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """The same scene, lighter from file to file, and one file that is none."""
    from skimage import data

    scene = data.astronaut()
    image = QImage(scene.tobytes(), 512, 512, 3 * 512, QImage.Format.Format_RGB888)
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in range(9):
        shade = image.convertToFormat(QImage.Format.Format_RGB32)
        _darken(shade, 0.1 * (8 - k))
        shade.save(str(folder / f"{k}.jpg"), quality=92)
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def _darken(image: QImage, share: float) -> None:
    painter = QPainter(image)
    painter.setOpacity(share)
    painter.fillRect(image.rect(), QColor(0, 0, 0))
    painter.end()


@pytest.fixture
def window(home: Home, qtbot):
    made: list[MainWindow] = []

    def make() -> MainWindow:
        window = make_window(home, Settings.load(home.config))
        made.append(window)
        window.show()
        window.start()
        return window

    yield make
    for shown in made:
        shown.close()
        shown.deleteLater()


def _sorted_by(window: MainWindow, query: str, qtbot) -> list[str]:
    window.sort_page.query.edit.setText(query)
    QTest.keyClick(window.sort_page.query.edit, Qt.Key.Key_Return)
    images = window.sort_page.images
    qtbot.waitUntil(
        lambda: (
            window.session.activity is Activity.IDLE
            and images.ranking is not None
            and images.ranking.query == query
            and images.ranking.complete
        ),
        timeout=WAIT,
    )
    return [images.path(row).stem for row in range(images.rowCount()) if images.rank(row) is not None]


def test_the_main_job(window, home, photos, tmp_path, qtbot, monkeypatch):
    shown = window()
    shown.open_paths([photos])
    brightest = _sorted_by(shown, "brighter", qtbot)
    assert sorted(brightest) == [str(k) for k in range(9)]
    scores = [shown.sort_page.images.score(row) for row in range(9)]
    assert scores == sorted(scores, reverse=True)
    assert shown.status.unreadable.text() == "1 could not be read"
    assert shown.means.text() != "Model …"

    darkest = _sorted_by(shown, "less bright", qtbot)
    assert sorted(darkest) == sorted(brightest)
    assert darkest != brightest

    table = tmp_path / "order.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))
    shown.export()
    qtbot.waitUntil(lambda: table.exists() and "Exported 9" in shown.status.message.text(), timeout=WAIT)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["path"]).stem for row in rows] == darkest

    qtbot.waitUntil(lambda: shown.sort_page.thumbnails.cache.bytes > 0, timeout=WAIT)
    shown.viewer.show_row(0)
    qtbot.waitUntil(lambda: shown.viewer.shows_picture, timeout=WAIT)
    shown.close()

    again = window()
    assert again.sort_page.query.edit.completer().model().stringList()[0] == "less bright"
    again.open_paths([photos])
    assert _sorted_by(again, "brighter", qtbot) == brightest


def test_a_slip_of_the_hand_is_one_click_from_what_was_meant(window, photos, qtbot):
    shown = window()
    shown.open_paths([photos])
    _sorted_by(shown, "more brihgter pictures", qtbot)
    (banner,) = shown.sort_page.banners.banners()
    assert "Did you mean “more brighter pictures”?" in banner.text
    QTest.mouseClick(banner.offer, Qt.MouseButton.LeftButton)
    images = shown.sort_page.images
    qtbot.waitUntil(lambda: images.ranking.query == "more brighter pictures", timeout=WAIT)
    assert shown.sort_page.query.text == "more brighter pictures"
    assert shown.sort_page.banners.banners() == []


def test_cancel_and_resume(window, photos, qtbot):
    shown = window()
    shown.open_paths([photos])
    shown.session.sort("brighter")
    shown.session.cancel()
    assert shown.session.activity is Activity.STOPPED
    shown.session.resume()
    assert len(_sorted_by(shown, "brighter", qtbot)) == 9


@pytest.fixture
def evenings(tmp_path: Path) -> Path:
    """Four scenes, each in six brightnesses; the name begins with the brightness."""
    from skimage import data

    folder = tmp_path / "evenings"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        scene = getattr(data, name)()
        height, width = scene.shape[:2]
        image = QImage(scene.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        for k in range(6):
            shade = image.convertToFormat(QImage.Format.Format_RGB32).scaledToWidth(256)
            _darken(shade, 0.17 * (5 - k))
            shade.save(str(folder / f"{k}-{name}.jpg"), quality=92)
    return folder


def test_a_model_that_has_gone_gives_way_to_the_bundled_one(window, home, photos, qtbot):
    settings = Settings.load(home.config)
    settings.model, settings.device = "gone", "cuda" if "cuda" not in devices() else "mps"
    settings.save(home.config)
    shown = window()
    qtbot.waitUntil(lambda: shown.means.in_use == "pocket", timeout=WAIT)
    told = " ".join(banner.text for banner in shown.sort_page.banners.banners())
    assert "The bundled model is used instead." in told and "of the settings is not here" in told
    shown.open_paths([photos])
    assert len(_sorted_by(shown, "brighter", qtbot)) == 9


def test_teaching_from_the_first_pair_to_a_sorted_grid(window, evenings, qtbot):
    """A word that the model does not know, taught to mean dark."""
    shown = window()
    page, teacher = shown.train_page, shown.train_page.teacher
    shown.open_paths([evenings])
    shown.tabs.setCurrentWidget(page)
    page.naming.edit.setText("nachtstück")
    page.naming.button.click()
    qtbot.waitUntil(lambda: teacher.state is State.ASKING and page.labels.pair_view.ready, timeout=WAIT)
    for count in range(1, 25):
        pair = teacher.pair
        left, right = (int(page._images.paths[i].name[0]) for i in (pair.left_id, pair.right_id))
        key = Qt.Key.Key_Up if left == right else Qt.Key.Key_Left if left < right else Qt.Key.Key_Right
        QTest.keyClick(page.labels, key)
        qtbot.waitUntil(
            lambda count=count: teacher.standing.pairs == count and not teacher._busy, timeout=WAIT
        )
    assert teacher.standing.accuracy is not None
    QTest.keyClick(page.labels, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: teacher.state is State.DECIDING, timeout=WAIT)
    assert page.fit.curve.points
    assert page.result.keep.isVisible()
    before, after = page.result.bars.bars
    assert after.value > before.value
    page.result.keep.click()
    images = shown.sort_page.images
    qtbot.waitUntil(
        lambda: (
            images.ranking is not None and images.ranking.complete and images.ranking.query == "nachtstück"
        ),
        timeout=WAIT,
    )
    levels = [int(images.path(row).name[0]) for row in range(24)]
    assert sum(levels[:8]) < sum(levels[8:16]) < sum(levels[16:]), levels
    assert any("Kept as version 1" in banner.text for banner in page.banners.banners())
    words = shown.sort_page.query.edit.completer().model()
    qtbot.waitUntil(lambda: "nachtstück" in words.stringList(), timeout=WAIT)
    shown.close()

    again = window()
    again.open_paths([evenings])
    assert _sorted_by(again, "nachtstück", qtbot) == [images.path(row).stem for row in range(24)]
    qtbot.waitUntil(lambda: again.train_page.naming.tree.topLevelItemCount() == 1, timeout=WAIT)
    assert again.train_page.naming.tree.topLevelItem(0).text(1) == "24"
