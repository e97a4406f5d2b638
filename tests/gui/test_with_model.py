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
from imagesorter.gui.window import MainWindow
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


def test_cancel_and_resume(window, photos, qtbot):
    shown = window()
    shown.open_paths([photos])
    shown.session.sort("brighter")
    shown.session.cancel()
    assert shown.session.activity is Activity.STOPPED
    shown.session.resume()
    assert len(_sorted_by(shown, "brighter", qtbot)) == 9
