"""Grab every state of the window, to be looked at.

    python tests/benchmarks/screenshots.py OUTPUT_FOLDER [PHOTO_FOLDER]
    python tests/benchmarks/screenshots.py --readme resources/screenshot.png

Runs offscreen, light and dark, at one and two device pixels per logical pixel. The engine
is scripted, so that states which pass in a moment can be held. Without PHOTO_FOLDER the
pictures are drawn (tests/scenes.py). --readme makes the README's picture, with the real
engine and the bundled model.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))

from fake_engine import FakeEngine, Stream, ranked
from import_screenshots import drag_over, take_importing
from models_screenshots import take_models
from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QEvent, QEventLoop, QIODevice, QPoint, Qt
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget
from scenes import save_album
from train_screenshots import take_training

from imagesorter.answers import Picture
from imagesorter.errors import DecodeError
from imagesorter.events import FilesFound, Finished, Indexed, ModelReady, Notice, Opened, Progress, Unreadable
from imagesorter.gui import help_menu, theme
from imagesorter.gui.app import make_window
from imagesorter.gui.window import MainWindow
from imagesorter.paths import Home
from imagesorter.settings import Settings

SUFFIXES = (".jpg", ".jpeg", ".png")


class PhotoEngine(FakeEngine):
    """The tests' engine with real photographs."""

    def __init__(self) -> None:
        super().__init__(automatic=False)
        self.read: set[int] = set()

    def thumbnail(self, file_id: int) -> bytes | None:
        if file_id not in self.read:
            return None
        image = _decoded(self.files[file_id], 384)
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "JPEG", 90)
        return bytes(data.data())

    def picture(self, path: Path, max_side: int) -> Picture:
        if "damaged" in path.name:
            raise DecodeError(path, "The file is damaged and cannot be decoded. Restore it from a backup.")
        image = _decoded(path, max_side).convertToFormat(QImage.Format.Format_RGB888)
        whole = QImageReader(str(path)).size()
        rows = [bytes(image.constScanLine(y))[: 3 * image.width()] for y in range(image.height())]
        return Picture(image.width(), image.height(), b"".join(rows), *whole.toTuple())


def _decoded(path: Path, side: int) -> QImage:
    reader = QImageReader(str(path))
    size = reader.size()
    if max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


class Stage:
    """One window, its engine, and a camera."""

    def __init__(self, output: Path, suffix: str, photos: list[Path]) -> None:
        self.output, self.suffix, self.photos = output, suffix, photos
        self.folder = tempfile.TemporaryDirectory()
        self.engine = PhotoEngine()
        self.window = MainWindow(Home.under(Path(self.folder.name)), Settings(), lambda: self.engine)
        self.window.resize(1180, 780)
        self.window.show()
        self.window.start()
        self.stream("load_model").end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
        self.settle(lambda: "Pocket" in self.window.means.text())

    def settle(self, until: Callable[[], bool] = lambda: True, rounds: int = 12) -> None:
        """Let events pass until a condition holds, and then for what follows from it."""
        loop = QEventLoop()
        for _ in range(500):
            loop.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            if until():
                rounds -= 1
                if rounds <= 0:
                    return
            QTest.qWait(10)
        raise TimeoutError("the window did not come to the state")

    def stream(self, name: str) -> Stream:
        """The generator of that name that runs now."""
        self.settle(lambda: (s := self.engine.last(name)) is not None and not s.closed.is_set(), rounds=1)
        found = self.engine.last(name)
        assert found is not None
        return found

    def grab(self, name: str, widget: QWidget | None = None) -> None:
        self.settle(lambda: not self.window.sort_page.thumbnails.busy)
        path = self.output / f"{name}-{self.suffix}.png"
        (widget or self.window).grab().save(str(path))
        print(path)

    def open(self, photos: list[Path]) -> None:
        """Open a folder and let the scan end."""
        self.engine.files, self.engine.read = photos, set()
        self.window.open_paths([photos[0].parent])
        opening = self.stream("open")
        opening.end(FilesFound(0, tuple(photos)), Opened(len(photos), 3), Finished(len(photos), 0))
        self.settle(lambda: self.window.sort_page.images.rowCount() == len(photos))

    def read(self, stream: Stream, file_ids: range, warnings: dict[int, str] | None = None) -> None:
        self.engine.read |= set(file_ids)
        stream.put(Indexed(tuple(file_ids), tuple((warnings or {}).get(i, "") for i in file_ids)))

    def close(self) -> None:
        for stream in self.engine.streams:
            stream.end()
        self.window.close()
        self.settle()
        self.folder.cleanup()


def _order(photos: list[Path], file_ids: range) -> list[tuple[int, float]]:
    """Something worth looking at: mean saturation of a tiny version of each photograph."""
    scored = []
    for file_id in file_ids:
        image = _decoded(photos[file_id], 64).scaled(12, 12)
        pixels = [image.pixelColor(x, y) for x in range(12) for y in range(12)]
        scored.append((file_id, sum(p.hsvSaturationF() * p.valueF() for p in pixels) / len(pixels)))
    return sorted(scored, key=lambda item: -item[1])


def take_all(output: Path, suffix: str, photos: list[Path], tab: str | None) -> None:
    """Every state, one after the other; `tab`: of which part, None of all."""
    if tab in (None, "sort"):
        take_sorting(Stage(output, suffix, photos), photos)
    for name, take in (("train", take_training), ("models", take_models)):
        if tab in (None, name):
            stage = Stage(output, suffix, photos)
            take(stage)
            stage.close()


def take_sorting(stage: Stage, photos: list[Path]) -> None:
    """Every state of the Sort tab and of what lies around it."""
    window, page = stage.window, stage.window.sort_page
    stage.grab("01-empty")
    drag_over(window, photos[0].parent)
    stage.grab("02-drag-over")
    window._overlay.hide()
    page.query.edit.setText("co")
    page.query.edit.completer().complete()
    stage.settle()
    stage.grab("03-completion", page.query.edit.completer().popup())
    page.query.edit.completer().popup().hide()
    page.query.edit.clear()

    stage.open(photos)
    reading = stage.stream("index")
    stage.read(reading, range(len(photos) // 3))
    reading.put(Progress("index", len(photos) // 3, len(photos), 38.2, 12.0))
    stage.grab("04-indexing")

    page.query.edit.setText("more colorful")
    page.query.button.click()
    ranking = stage.stream("rank")
    half = len(photos) // 2
    stage.read(ranking, range(half))
    order = _order(photos, range(half))
    ranking.put(
        ranked([i for i, _ in order], [s for _, s in order], complete=False),
        Progress("index", half, len(photos), 41.0, 95.0),
    )
    stage.settle(lambda: page.images.ranking is not None)
    page.grid.setCurrentIndex(page.images.index(2))
    stage.grab("05-partial-order")

    window.session.cancel()
    stage.grab("06-stopped")
    window.session.resume()
    ranking = stage.stream("rank")
    everything = range(len(photos))
    stage.read(ranking, everything, {order[1][0]: "The file is cut off; the part that is there was used."})
    order = _order(photos, everything)
    scores = [s for _, s in order]
    scores[4] = scores[3]
    for k in (len(photos) - 2, len(photos) - 1):
        ranking.put(Unreadable(order[k][0], photos[order[k][0]], "The file is empty (0 bytes)."))
    ranking.end(
        ranked([i for i, _ in order][:-2], scores[:-2]),
        Finished(len(photos), 2),
    )
    stage.settle(lambda: bool(page.images.ranking and page.images.ranking.complete))
    stage.grab("07-sorted")
    page.grid.verticalScrollBar().setValue(10**6)
    stage.grab("08-end-of-order")
    page.grid.go_to_top()

    page.query.edit.setText("more photogenic to cats")
    page.query.button.click()
    stage.stream("rank").end(
        Notice("The model has not learned “photogenic to cats”; this order is a guess.", "warning"),
        Notice(
            "“cats” is read as part of the attribute. Put the whole in quotes to pass it on unchanged.",
            "info",
        ),
        ranked([i for i, _ in order], scores, query="more photogenic to cats"),
        Finished(len(photos), 2),
    )
    stage.settle(lambda: len(page.banners.banners()) == 2)
    stage.grab("09-notices")
    page.banners.clear()
    page.query.show_error(
        "“0.5 0.5” cannot be read as an attribute. Write for example: more colorful + 0.5 sharper"
    )
    stage.grab("10-query-error")
    page.query.clear_error()
    page.banners.add("Something unexpected went wrong.", "error", "Traceback …")
    stage.grab("11-fault")
    page.banners.clear()

    window.show_unreadable()
    stage.grab("12-unreadable", window.unreadable)
    window.unreadable.hide()
    window.viewer.show_row(0)
    stage.settle(lambda: window.viewer.shows_picture)
    stage.grab("13-viewer")
    window.viewer.toggle_whole_pixels()
    stage.settle(lambda: "100\N{NO-BREAK SPACE}%" in window.viewer.caption)
    stage.grab("19-viewer-every-pixel")
    window.viewer.leave()
    menu = page.context_menu(0, [0])
    menu.popup(QPoint(0, 0))
    stage.grab("14-context-menu", menu)
    menu.close()
    window.means.menu().popup(QPoint(0, 0))
    stage.grab("15-model-menu", window.means.menu())
    window.means.menu().close()
    _dialogs(stage)
    take_importing(stage)
    page.tools.tile_slider.setValue(96)
    stage.grab("20-small-tiles")
    page.tools.tile_slider.setValue(340)
    stage.grab("21-large-tiles")
    page.tools.tile_slider.setValue(180)
    window.resize(560, 640)
    stage.grab("22-narrow")
    window.resize(1180, 780)
    _long_names(stage)
    _no_images(stage)
    stage.close()


def _dialogs(stage: Stage) -> None:
    for name, show in (
        ("16-settings", stage.window.show_preferences),
        ("17-shortcuts", lambda: help_menu.show_shortcuts(stage.window)),
        ("18-about", lambda: help_menu.show_about(stage.window)),
    ):
        show()
        stage.settle()
        dialogs = [d for d in stage.window.findChildren(QDialog) if d.isVisible()]
        stage.grab(name, dialogs[-1])
        dialogs[-1].close()
        stage.settle()
    assert not [box for box in stage.window.findChildren(QMessageBox) if box.isVisible()]


def _long_names(stage: Stage) -> None:
    """Links with long and odd names to the same photographs."""
    folder = (
        Path(stage.folder.name) / "Holiday with names that are far longer than anyone would want them to be"
    )
    folder.mkdir()
    names = (
        "a very long file name that says everything about the photograph, twice",
        "日本の写真",
        "x",
        "öäü ß",
        "damaged",
    )
    links = []
    for k, photo in enumerate(stage.photos[:15]):
        link = folder / f"{names[k % len(names)]} {k:03}{photo.suffix}"
        link.symlink_to(photo)
        links.append(link)
    stage.open(links)
    stage.read(stage.stream("rank"), range(len(links)))
    stage.grab("23-long-names")
    stage.window.viewer.show_row(4)
    stage.settle(lambda: bool(stage.window.viewer.failure))
    stage.grab("24-viewer-damaged")
    stage.window.viewer.leave()


def _no_images(stage: Stage) -> None:
    stage.engine.files = []
    stage.window.open_paths([stage.photos[0].parent])
    opening = stage.stream("open")
    stage.grab("25-scanning")
    opening.end(Opened(0, 48), Finished(0, 0))
    stage.settle(lambda: "No photographs" in stage.window.sort_page.welcome.title.text())
    stage.grab("26-no-images")


def take_readme(target: Path) -> None:
    """The real window with an album in order, as a PNG of 86 levels a channel: two thirds of the size."""
    with tempfile.TemporaryDirectory() as folder:
        album = Path(folder) / "album"
        save_album(album, 24)
        window = make_window(Home.under(Path(folder)), Settings(tile_size=139, device="cpu"))
        window.resize(1280, 800)
        window.show()
        window.start([album])
        window.sort_page.query.edit.setText("more colorful")
        window.sort_page.query.button.click()
        loop, page = QEventLoop(), window.sort_page
        while not (page.images.ranking and page.images.ranking.complete) or page.thumbnails.busy:
            loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        QTest.qWait(500)
        window.grab().save(str(target))
        window.close()
    with Image.open(target) as image:
        coarse = image.convert("RGB").point([3 * round(level / 3) for level in range(256)] * 3)
    coarse.save(target, optimize=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, help="folder, or the file with --readme")
    parser.add_argument("photos", type=Path, nargs="?", help="folder of photographs")
    parser.add_argument("--readme", action="store_true", help="make the README's picture")
    parser.add_argument("--tab", choices=("sort", "train", "models"), help="only the states of this part")
    parser.add_argument("--look", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.readme or options.look:
        application = QApplication([])
        theme.apply(application)
        theme.set_dark(application, (options.look or "light").startswith("dark"))
        if options.readme:
            take_readme(options.output)
        else:
            photos = sorted(p for p in options.photos.rglob("*") if p.suffix.lower() in SUFFIXES)[:400]
            take_all(options.output, options.look, photos, options.tab)
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as drawn:
        folder = options.photos or Path(drawn)
        if options.photos is None:
            save_album(folder, 60)
        for scheme in ("light", "dark"):
            for scale in ("1", "2"):
                look = ["--look", f"{scheme}-{scale}x", *(["--tab", options.tab] if options.tab else [])]
                command = [sys.executable, __file__, str(options.output), str(folder), *look]
                subprocess.run(command, env=os.environ | {"QT_SCALE_FACTOR": scale}, check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
