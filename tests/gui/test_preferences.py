from __future__ import annotations

import json

from driving import drop, idle, local, type_query
from fake_engine import FakeEngine, Stream
from PySide6.QtWidgets import QApplication, QFormLayout, QLineEdit, QMessageBox

from imagesorter.errors import ModelError
from imagesorter.events import Finished, ModelReady
from imagesorter.gui.activity import Activity
from imagesorter.gui.preferences import PreferencesDialog
from imagesorter.gui.status import MeansButton


def test_a_restart_finds_what_was_left(make_window, home, photos, qtbot):
    first = make_window(FakeEngine())
    first.start([photos])
    type_query(first, "more colorful")
    first.sort_page.tools.tile_slider.setValue(240)
    first.sort_page.tools.recursive.click()
    first.tabs.setCurrentIndex(1)
    first.resize(740, 600)
    first.close()
    stored = json.loads((home.config / "settings.json").read_text())
    assert stored["history"] == ["more colorful"]

    second = make_window(FakeEngine())
    assert second.sort_page.tools.tile_slider.value() == second.sort_page.grid.tile_size == 240
    assert not second.sort_page.tools.recursive.isChecked()
    assert second.tabs.currentIndex() == 1
    assert (second.width(), second.height()) == (740, 600)
    assert second._settings.last_folder == str(photos)
    words = second.sort_page.query.edit.completer().model().stringList()
    assert words[0] == "more colorful"


def test_settings_that_cannot_be_saved_are_no_reason_to_fail(window, home, photos, qtbot, caplog):
    home.config.parent.mkdir(parents=True, exist_ok=True)
    home.config.write_text("a file where the folder should be")
    drop(window, local(photos))
    type_query(window, "sharper")
    idle(qtbot, window)
    assert window.sort_page.images.ranking is not None
    banners = window.sort_page.banners
    qtbot.waitUntil(lambda: bool(banners.banners()))
    (banner,) = banners.banners()
    assert banner.text.startswith("The settings could not be saved: ")
    assert str(home.config) in banner.text
    banner.dismiss.click()
    type_query(window, "less noise")
    qtbot.waitUntil(lambda: caplog.text.count("settings not saved") > 1)
    idle(qtbot, window)
    assert banners.banners() == [], "once is enough"


def test_model_and_device_are_shown_and_can_be_changed(window, engine, photos, qtbot):
    means = window.findChild(MeansButton)
    qtbot.waitUntil(lambda: means.text() == "Pocket  ·  CPU")
    drop(window, local(photos))
    idle(qtbot, window)
    qtbot.waitUntil(lambda: len(means.menu().actions()) == 10)
    actions = {action.text(): action for action in means.menu().actions()}
    assert actions["Pocket"].isChecked()
    assert actions["Automatic"].isChecked()
    actions["Large"].trigger()
    qtbot.waitUntil(lambda: engine.names().count("load_model") == 2)
    assert engine.last("load_model").arguments == ("large", None)
    idle(qtbot, window)
    {action.text(): action for action in means.menu().actions()}["NVIDIA GPU (CUDA)"].trigger()
    qtbot.waitUntil(lambda: engine.names().count("load_model") == 3)
    assert engine.last("load_model").arguments == ("large", "cuda")
    qtbot.waitUntil(lambda: means.text().endswith("CUDA"))


def test_the_model_in_use_can_be_chosen_where_another_one_is_wanted(window, engine, qtbot):
    """A model that cannot be loaded gives way to the bundled one; the wish for it can be given up."""
    idle(qtbot, window)
    engine.automatic = False

    def pick(title: str, count: int) -> Stream:
        qtbot.waitUntil(lambda: title in [action.text() for action in window.means.menu().actions()])
        {action.text(): action for action in window.means.menu().actions()}[title].trigger()
        qtbot.waitUntil(lambda: engine.names().count("load_model") == count)
        return engine.last("load_model")

    pick("Large", 2).end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    idle(qtbot, window)
    assert (window._settings.model, window.means.in_use) == ("large", "pocket")
    pick("Pocket", 3).end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    idle(qtbot, window)
    assert window._settings.model == "pocket"
    {action.text(): action for action in window.means.menu().actions()}["Pocket"].trigger()
    pick("Large", 4).fail(ModelError("“large” does not fit. Choose another model."))
    qtbot.waitUntil(lambda: window.session.activity is Activity.STOPPED)
    pick("Pocket", 5).end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    idle(qtbot, window)


def test_the_cache_is_shown_capped_and_cleared(window, engine, qtbot, monkeypatch):
    idle(qtbot, window)
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    qtbot.waitUntil(lambda: dialog.usage.text() == "56.7 MB for 1,234 photographs")
    monkeypatch.setattr(QMessageBox, "exec", lambda *_: QMessageBox.StandardButton.Yes)
    dialog.clear.click()
    qtbot.waitUntil(lambda: dialog.usage.text() == "0 B for 0 photographs")
    assert window.status.message.text() == "The cache was cleared."
    dialog.cap.setValue(2.5)
    dialog.accept()
    assert window._settings.cache_gigabytes == 2.5


def test_clearing_is_asked_for_first(window, engine, qtbot, monkeypatch):
    idle(qtbot, window)
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    monkeypatch.setattr(QMessageBox, "exec", lambda *_: QMessageBox.StandardButton.Cancel)
    dialog.clear.click()
    idle(qtbot, window)
    assert engine.cleared == 0
    dialog.reject()


def test_the_size_of_the_cache_looks_like_the_other_fields(window, qtbot):
    idle(qtbot, window)
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    QApplication.processEvents()
    line = QLineEdit(dialog)
    line.ensurePolished()
    assert abs(dialog.cap.height() - line.sizeHint().height()) <= 4
    (form,) = dialog.findChildren(QFormLayout)
    for field in (dialog.cap, dialog.hidden):
        label = form.labelForField(field)
        assert abs(label.geometry().center().y() - field.geometry().center().y()) <= 1
    dialog.reject()
