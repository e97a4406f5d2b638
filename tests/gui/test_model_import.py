from __future__ import annotations

import time
from pathlib import Path

import pytest
from driving import drag, idle, let_go, local
from fake_engine import FakeEngine, Stream
from PySide6.QtWidgets import QFileDialog

from imagesorter.errors import ModelError
from imagesorter.events import Finished, ModelImported, Progress
from imagesorter.gui.activity import Activity
from imagesorter.gui.model_import import ImportDialog
from imagesorter.gui.window import MainWindow


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "cliprank-count.pt"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def window(window: MainWindow, qtbot) -> MainWindow:
    idle(qtbot, window)
    return window


def drop(window: MainWindow, *paths: Path) -> str:
    """Drag and drop; returns what the window said while the files hung over it."""
    entered = drag(window, *map(local, paths))
    said = window._overlay._text
    let_go(window, entered)
    return said


def dialog(window: MainWindow, qtbot) -> ImportDialog:
    def shown() -> list[ImportDialog]:
        return [d for d in window.findChildren(ImportDialog) if d.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[-1]


def importing(qtbot, engine: FakeEngine, number: int = 1) -> Stream:
    def found() -> list[Stream]:
        return [s for s in engine.streams if s.name == "import_model" and s.started.is_set()]

    qtbot.waitUntil(lambda: len(found()) >= number)
    return found()[number - 1]


def confirm(window: MainWindow, qtbot, name: str = "counting") -> None:
    asked = dialog(window, qtbot)
    asked.name.setText(name)
    asked.button.click()


def test_a_dropped_checkpoint_becomes_the_model_in_use(window, engine, checkpoint, qtbot):
    assert drop(window, checkpoint) == "Import “cliprank-count.pt”"
    asked = dialog(window, qtbot)
    assert asked.name.text() == "cliprank-count"
    assert asked.button.isEnabled()
    asked.button.click()
    qtbot.waitUntil(lambda: engine.names()[-1] == "load_model" and len(engine.streams) >= 3)
    assert engine.last("import_model").arguments == (checkpoint, "cliprank-count")
    assert engine.last("load_model").arguments[0] == "cliprank-count"
    idle(qtbot, window)
    assert window._settings.model == "cliprank-count"
    assert "cliprank-count" in [a.text() for a in window.means.menu().actions()]
    assert engine.last("open") is None


def test_photographs_dropped_beside_it_are_opened(window, engine, checkpoint, photos, qtbot):
    assert drop(window, checkpoint, photos).startswith("Open these 2")
    dialog(window, qtbot).reject()
    qtbot.waitUntil(lambda: window.sort_page.images.rowCount() == 12)
    assert engine.last("open").arguments[0] == (photos,)
    assert engine.last("import_model") is None


def test_several_at_once_are_taken_one_by_one(window, checkpoint, tmp_path, qtbot):
    drop(window, checkpoint, tmp_path / "other.pth")
    assert len([d for d in window.findChildren(ImportDialog) if d.isVisible()]) == 1
    assert "one at a time" in window.sort_page.banners.banners()[0].text


@pytest.mark.parametrize("chosen", [True, False])
def test_a_checkpoint_is_chosen_in_the_menu(window, checkpoint, qtbot, monkeypatch, chosen):
    path = str(checkpoint) if chosen else ""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    (action,) = [a for a in window.means.menu().actions() if a.text() == "Import model…"]
    action.trigger()
    if chosen:
        assert dialog(window, qtbot).name.text() == "cliprank-count"
    else:
        assert not window.findChildren(ImportDialog)


def test_a_name_that_cannot_be_had_is_told_while_it_is_typed(window, checkpoint, qtbot):
    drop(window, checkpoint)
    asked = dialog(window, qtbot)
    asked.name.setText("pocket")
    qtbot.waitUntil(lambda: "already" in asked.problem.text())
    assert not asked.button.isEnabled()
    asked.name.setText("counting")
    qtbot.waitUntil(lambda: not asked.problem.text())
    assert asked.button.isEnabled()
    asked.name.setText(" ")
    assert not asked.button.isEnabled()


def test_progress_is_shown_in_bytes(window, engine, checkpoint, qtbot):
    engine.automatic = False
    drop(window, checkpoint)
    confirm(window, qtbot)
    importing(qtbot, engine).put(Progress("import", 640_000_000, 3_000_000_000))
    qtbot.waitUntil(lambda: window.status.figures.text() == "640 MB of 3.0 GB")
    assert window.session.activity is Activity.IMPORTING
    assert window.status.message.text() == "Importing the model …"
    assert window.status.bar.maximum() > 0
    assert "nothing is imported" in window.status.button.toolTip()


def test_cancelling_gives_the_import_up_and_goes_on(window, engine, checkpoint, photos, qtbot):
    drop(window, photos)
    idle(qtbot, window)
    engine.automatic = False
    window.session.sort("sharper")
    drop(window, checkpoint)
    confirm(window, qtbot)
    stream = importing(qtbot, engine)
    told: list[str] = []
    window.imports.told.connect(told.append)
    window.status.button.click()
    qtbot.waitUntil(lambda: told == ["The import was cancelled; nothing of it was kept."])
    assert [banner.text for banner in window.sort_page.banners.banners()] == told
    assert stream.closed.is_set() and not stream.ended
    qtbot.waitUntil(lambda: engine.names()[-1] == "rank")
    assert engine.names().count("import_model") == 1
    assert window._settings.model is None


@pytest.mark.parametrize("waits", [True, False])
def test_an_import_that_is_done_when_it_is_cancelled_is_told_to_be(
    window, engine, checkpoint, photos, qtbot, waits
):
    if waits:  # something else begins at once
        drop(window, photos)
        idle(qtbot, window)
    engine.automatic = False
    drop(window, checkpoint)
    confirm(window, qtbot)
    stream = importing(qtbot, engine)
    if waits:
        window.session.sort("sharper")
    told: list[str] = []
    window.imports.told.connect(told.append)
    with qtbot.assertNotEmitted(window.session.import_cancelled):
        stream.put(ModelImported("counting", "counting"))
        while not stream.drained:  # the window has not heard of it
            time.sleep(0.001)
        window.status.button.click()
        qtbot.waitUntil(stream.closed.is_set)
        qtbot.waitUntil(lambda: told == ["Imported “counting”"])
    qtbot.waitUntil(lambda: engine.last("load_model").arguments[0] == "counting")


def test_a_failed_import_is_told_and_the_rest_goes_on(window, engine, checkpoint, qtbot):
    engine.automatic = False
    drop(window, checkpoint)
    confirm(window, qtbot)
    importing(qtbot, engine).fail(
        ModelError(f"{checkpoint}: the file is empty. Download it again, as a whole.")
    )
    idle(qtbot, window)
    (banner,) = window.sort_page.banners.banners()
    assert banner.severity == "error" and banner.text.endswith("Download it again, as a whole.")
    assert window.means.text() == "Pocket  ·  CPU"
    drop(window, checkpoint)
    confirm(window, qtbot, "again")
    importing(qtbot, engine, 2).end(ModelImported("again", "again"), Finished(1, 0))
    qtbot.waitUntil(lambda: engine.names()[-1] == "load_model")


def test_a_second_import_waits_for_the_first(window, engine, checkpoint, qtbot):
    engine.automatic = False
    for name in ("one", "two"):
        drop(window, checkpoint)
        confirm(window, qtbot, name)
        importing(qtbot, engine)
    assert engine.names().count("import_model") == 1
    importing(qtbot, engine).end(ModelImported("one", "one"), Finished(1, 0))
    importing(qtbot, engine, 2).end(ModelImported("two", "two"), Finished(1, 0))
    qtbot.waitUntil(
        lambda: engine.names()[-1] == "load_model" and engine.last("load_model").arguments[0] == "two"
    )


def test_a_folder_with_a_checkpoints_name_is_opened(window, engine, photos, qtbot):
    folder = photos.rename(photos.with_name("album.pt"))
    drop(window, folder)
    qtbot.waitUntil(lambda: window.sort_page.images.rowCount() == 12)
    assert not window.findChildren(ImportDialog)


def test_closing_the_window_ends_an_import(window, engine, checkpoint, qtbot):
    engine.automatic = False
    drop(window, checkpoint)
    confirm(window, qtbot)
    stream = importing(qtbot, engine)
    window.close()
    assert stream.closed.is_set() and engine.closed
