"""The Models dialog, driven against a server that stands in for the hub."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from stand_in_hub import Fault, StandInHub, closed_port

from imagesorter.errors import ModelError
from imagesorter.gui.activity import Activity
from imagesorter.gui.model_import import ImportDialog
from imagesorter.gui.models_dialog import ModelsDialog
from imagesorter.gui.window import MainWindow
from imagesorter.model.bundle import installed
from imagesorter.model.catalog import read_catalog
from imagesorter.paths import Home
from imagesorter.stock import Stock

CONTENT = random.Random(2).randbytes(2_000_000)
ENTRY = next(model for model in read_catalog().models if model.name == "ViT-B-32")
NAME = ENTRY.name


@pytest.fixture
def served(hub: StandInHub) -> StandInHub:
    """A hub with a small file in the place of one of the catalog's models."""
    hub.put(ENTRY.repository, open_clip_model__safetensors=CONTENT)
    return hub


@pytest.fixture
def models(home: Home) -> Path:
    return home.data / "models"


@pytest.fixture
def dialog(window: MainWindow, qtbot) -> ModelsDialog:
    """Opened, its list there, the model chosen."""
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    window.stock.show()
    dialog = window.stock.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: NAME in dialog.rows() and dialog.rows()["pocket"].state == "In use")
    dialog.select(NAME)
    return dialog


def state(dialog: ModelsDialog, name: str = NAME) -> str:
    return dialog.rows()[name].state


def held(served: StandInHub, *, after: int = 1_000_000) -> threading.Event:
    """Let the server keep still in the middle of the file, until the event is set."""
    release = threading.Event()
    served.faults.append(Fault(cut=after, hold=release))
    return release


def done(window: MainWindow) -> bool:
    return window.stock.downloads.task is None


def banners(dialog: ModelsDialog) -> list[str]:
    return [banner.text for banner in dialog.banners.banners()]


def test_everything_is_listed_with_what_is_known_of_it(dialog: ModelsDialog, served: StandInHub):
    rows = dialog.rows()
    groups = list(dict.fromkeys(row.group for row in rows.values()))
    assert groups == ["On this computer", "Can be downloaded", "Heads, each for one of these models"]
    assert rows["pocket"].state == "In use" and not rows["pocket"].action
    row = rows[NAME]
    assert (row.size, row.memory, row.state, row.action_name) == ("605 MB", "1.2 GB", "", "Get")
    assert dialog.good_for.text() == ENTRY.good_for
    assert dialog.facts.text() == "Sees 224 × 224 px  ·  licence: Apache-2.0"
    assert rows["published"].action == "import" and "arXiv 2412.06760" in rows["published"].good_for
    assert served.requests == []


def test_get_and_use(dialog: ModelsDialog, window: MainWindow, engine, served: StandInHub, models, qtbot):
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: state(dialog) == "Installed" and done(window))
    assert list(installed(models)) == [NAME]
    assert dialog.rows()[NAME].group == "On this computer"
    assert window.status.message.text() == f"“{NAME}” is here and ready to use"
    assert engine.last("load_model").arguments[0] is None, "nothing is used that was not chosen"
    assert dialog.primary.text() == "Use"
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: state(dialog) == "In use")
    assert engine.last("load_model").arguments[0] == NAME
    assert window._settings.model == NAME
    assert not dialog.primary.isEnabled()
    assert state(dialog, "pocket") == "Built in"


def test_progress_cancel_and_resume(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, models: Path, qtbot
):
    release = held(served)
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Downloading 50\N{NO-BREAK SPACE}%")
    assert dialog.figures.text().startswith("1.0 MB of 2.0 MB")
    assert not dialog.bar.isHidden() and dialog.bar.value() == 500
    assert window.stock.note.text() == f"Downloading {NAME}, 50\N{NO-BREAK SPACE}%"
    assert not window.stock.note.isHidden()
    assert dialog.primary.text() == "Cancel" and dialog.remove.isHidden() and dialog.verify.isHidden()
    dialog.primary.click()
    release.set()
    qtbot.waitUntil(lambda: done(window) and state(dialog).startswith("Stopped"))
    assert installed(models) == {} and banners(dialog) == []
    assert dialog.bar.isHidden() and window.stock.note.isHidden()
    assert (dialog.primary.text(), dialog.remove.text()) == ("Resume", "Discard")
    sent = served.sent
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    assert served.sent - sent == 1_000_000
    digest = hashlib.sha256((models / NAME / "clip.safetensors").read_bytes()).digest()
    assert digest == hashlib.sha256(CONTENT).digest()


def test_sorting_goes_on_beside_a_download(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, photos: Path, qtbot
):
    release = held(served)
    dialog.primary.click()
    qtbot.waitUntil(served.holding.is_set)
    window.open_paths([photos])
    window.session.sort("sharper")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    assert not done(window)
    release.set()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")


def test_what_has_arrived_is_discarded(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, models: Path, qtbot
):
    release = held(served)
    dialog.primary.click()
    qtbot.waitUntil(lambda: dialog.bar.value() == 500)
    dialog.primary.click()
    release.set()
    qtbot.waitUntil(lambda: state(dialog).startswith("Stopped"))
    dialog.remove.click()
    qtbot.waitUntil(lambda: state(dialog) == "")
    assert list((models / ".downloads").glob("*/*")) == []


def test_downloads_wait_for_one_another(dialog: ModelsDialog, window: MainWindow, served: StandInHub, qtbot):
    other = next(model for model in read_catalog().models if model.name == "ViT-B-16")
    served.put(other.repository, open_clip_model__safetensors=CONTENT[::-1])
    release = held(served)
    dialog.primary.click()
    qtbot.waitUntil(served.holding.is_set)
    dialog.select(other.name)
    dialog.primary.click()
    assert state(dialog, other.name) == "Waiting" and dialog.primary.text() == "Cancel"
    dialog.primary.click()
    assert state(dialog, other.name) == "" and dialog.primary.text() == "Get"
    dialog.primary.click()
    release.set()
    qtbot.waitUntil(lambda: state(dialog, other.name) == "Installed")
    assert state(dialog) == "Installed"


@pytest.mark.parametrize("kind", ["offline", "forbidden", "bytes", "missing", "space"])
def test_what_goes_wrong_is_told_and_can_be_tried_again(
    dialog: ModelsDialog,
    window: MainWindow,
    served: StandInHub,
    models: Path,
    qtbot,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
):
    says = {
        "offline": "127.0.0.1 cannot be reached",
        "forbidden": "HF_HUB_OFFLINE is set",
        "bytes": "wrong checksum",
        "missing": "there is no such file on the server",
        "space": "there is no space for the model: 2 MB are needed, 1 MB are free",
    }[kind]
    with monkeypatch.context() as patched:
        if kind == "offline":
            patched.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
        if kind == "forbidden":
            patched.setenv("HF_HUB_OFFLINE", "1")
        if kind == "bytes":
            served.faults.append(Fault(flipped=True))
        if kind == "missing":
            served.faults.append(Fault(status=404))
        if kind == "space":
            usage = dataclasses.make_dataclass("Usage", ["free"])(1_000_000)
            patched.setattr("imagesorter.model.storing.shutil.disk_usage", lambda _: usage)
        dialog.primary.click()
        qtbot.waitUntil(lambda: bool(banners(dialog)))
        (banner,) = dialog.banners.banners()
        assert banner.severity == "error" and says in banner.text
        assert window.sort_page.banners.banners() == []
        qtbot.waitUntil(lambda: done(window) and dialog.primary.text() == "Get")
    assert installed(models) == {}
    assert state(dialog, "pocket") == "In use"
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    assert banners(dialog) == [], "an error does not outlive its cause"


def test_a_closed_dialog_leaves_the_download_and_the_window_tells(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, qtbot
):
    release = held(served)
    dialog.primary.click()
    qtbot.waitUntil(served.holding.is_set)
    dialog.close()
    served.faults.append(Fault(status=404))
    release.set()
    qtbot.waitUntil(lambda: bool(window.sort_page.banners.banners()))
    assert "no such file" in window.sort_page.banners.banners()[0].text
    qtbot.waitUntil(window.stock.note.isHidden)
    window.stock.downloads.get(NAME)
    qtbot.waitUntil(lambda: "ready to use" in window.status.message.text())


def test_verify_says_what_it_finds(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, models: Path, qtbot
):
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    assert dialog.verify.text() == "Check"
    dialog.verify.click()
    qtbot.waitUntil(lambda: "checked: everything as installed" in dialog.facts.text())
    assert banners(dialog) == []
    path = models / NAME / "clip.safetensors"
    path.write_bytes(b"?" + CONTENT[1:])
    qtbot.waitUntil(lambda: done(window) and dialog.verify.isVisible())
    dialog.verify.click()
    qtbot.waitUntil(lambda: bool(banners(dialog)))
    assert f"“{NAME}” is damaged: clip.safetensors is not what was installed. Remove it" in banners(dialog)[0]
    assert "damaged" in dialog.facts.text()


@pytest.mark.parametrize("sure", [True, False])
def test_remove_asks_first(
    dialog: ModelsDialog, window: MainWindow, engine, served: StandInHub, qtbot, monkeypatch, sure: bool
):
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "In use")
    answer = QMessageBox.StandardButton.Yes if sure else QMessageBox.StandardButton.Cancel
    asked = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or answer)
    dialog.remove.click()
    assert f"“{ENTRY.title}” will be deleted" in asked[0]
    if not sure:
        assert engine.removed == [] and state(dialog) == "In use"
        return
    qtbot.waitUntil(lambda: engine.removed == [NAME])
    qtbot.waitUntil(lambda: engine.last("load_model").arguments[0] is None)
    assert window._settings.model is None
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)


def test_a_model_that_cannot_be_removed_is_told(
    dialog: ModelsDialog, engine, served: StandInHub, qtbot, monkeypatch
):
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    engine.remove_error = ModelError("the model could not be removed (in use). Close other windows.")
    monkeypatch.setattr(QMessageBox, "exec", lambda *_: QMessageBox.StandardButton.Yes)
    dialog.remove.click()
    qtbot.waitUntil(lambda: bool(banners(dialog)))
    assert banners(dialog) == ["The model could not be removed (in use). Close other windows."]
    assert state(dialog) == "Installed"


def test_a_head_waits_for_its_model(dialog: ModelsDialog, served: StandInHub, qtbot):
    dialog.select("aesthetic-ViT-B-32")
    assert not dialog.primary.isEnabled()
    assert "Built on CLIP ViT-B/32" in dialog.facts.text()
    assert dialog.figures.text() == "Get CLIP ViT-B/32 first"
    dialog.select(NAME)
    dialog.primary.click()
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    dialog.select("aesthetic-ViT-B-32")
    assert dialog.primary.isEnabled() and dialog.figures.text() == ""


def test_the_keyboard_is_enough(dialog: ModelsDialog, served: StandInHub, qtbot):
    dialog.select("pocket")
    dialog.list.setFocus()
    names = []
    for _ in range(4):
        names.append(dialog.list.currentItem().text(0))
        QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    assert names == ["Pocket", "MobileCLIP2-S0", "CLIP ViT-B/32", "CLIP ViT-B/16"], "headings are passed over"
    dialog.select(NAME)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: state(dialog) == "Installed")
    assert served.contents_asked() == 1
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_files_are_imported_by_button_and_drop(
    dialog: ModelsDialog, window: MainWindow, tmp_path: Path, qtbot, monkeypatch
):
    path = tmp_path / "cliprank-count.pt"
    path.write_bytes(b"weights")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    dialog.from_file.click()
    (asked,) = window.findChildren(ImportDialog)
    assert asked.name.text() == "cliprank-count"
    asked.close()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, button, keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QGuiApplication.sendEvent(dialog, QDragEnterEvent(QPoint(50, 50), copy, data, button, keys))
    QGuiApplication.sendEvent(dialog, QDropEvent(QPointF(50, 50), copy, data, button, keys))
    asked = next(d for d in window.findChildren(ImportDialog) if d.isVisible())
    assert asked.name.text() == "cliprank-count"


def test_long_and_strange_names_are_shown_whole_somewhere(
    window: MainWindow, home: Home, models: Path, qtbot
):
    name = "a model that was trained on very many photographs of the garden behind our house"
    (models / name).mkdir(parents=True)
    (models / "broken").mkdir()
    window.stock.show()
    dialog = window.stock.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: name in dialog.rows())
    dialog.resize(dialog.minimumSize())
    dialog.select(name)
    assert dialog.title.words == name
    assert dialog.list.currentItem().toolTip(0) == name
    assert state(dialog, name) == "Damaged" and dialog.primary.isHidden()
    assert "cannot be used" in dialog.good_for.text()
    assert dialog.remove.text() == "Remove…"


@pytest.mark.parametrize(("kind", "logged"), [("get", "download failed"), ("verify", "verify failed")])
def test_an_unforeseen_error_is_logged_as_what_it_is(
    dialog: ModelsDialog, window: MainWindow, qtbot, monkeypatch, caplog, kind: str, logged: str
):
    def broken(*_):
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(Stock, kind, broken)
    getattr(window.stock.downloads, kind)(NAME)
    qtbot.waitUntil(lambda: banners(dialog) == ["Something unexpected went wrong."])
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [logged]


def test_closing_the_window_stops_a_download(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, home: Home, models: Path, qtbot, monkeypatch
):
    monkeypatch.setattr("imagesorter.model.transfer._READ_SECONDS", (0.2,) * 6)
    release = held(served)
    dialog.primary.click()
    qtbot.waitUntil(lambda: dialog.bar.value() == 500)
    with qtbot.waitSignal(window.closing_while_loading):
        window.close()
    release.set()
    assert installed(models) == {}
    (item,) = [item for item in Stock(home).items() if item.name == NAME]
    assert (item.state, item.arrived) == ("partial", 1_000_000)


def test_nothing_is_asked_of_the_network_before_a_click(
    dialog: ModelsDialog, window: MainWindow, served: StandInHub, qtbot
):
    for name in dialog.rows():
        dialog.select(name)
    dialog.close()
    window.stock.show()
    assert served.requests == []


def test_the_menus_lead_to_it(window: MainWindow, qtbot):
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)
    for menu in (window.menuBar().actions()[0].menu(), window.means.menu()):
        (action,) = [a for a in menu.actions() if a.text().replace("&", "") == "Models…"]
        action.trigger()
        assert window.stock.dialog is not None and window.stock.dialog.isVisible()
        window.stock.dialog.close()
