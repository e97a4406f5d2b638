"""Closing the window while something is taught, learned or decided on."""

from __future__ import annotations

import time

import pytest
from driving import drop, local
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QMessageBox

from imagesorter.errors import StorageError
from imagesorter.events import Finished, ModelReady
from imagesorter.gui.closing import decided
from imagesorter.gui.confirming import confirmed
from imagesorter.gui.preferences import PreferencesDialog
from imagesorter.gui.teaching_state import State


def test_closing_while_a_model_loads_waits_for_an_answer(tab, photos):
    tab.ask(photos)
    tab.engine.automatic = False
    tab.window.session.choose_model()
    loading, stored, hurried = tab.stream("load_model", 2), [], []
    tab.window.closing_while_loading.connect(lambda: hurried.append(True))
    answer = tab.engine.teaching.answer

    def slow(pair, what):
        loading.started.wait(10)
        time.sleep(0.2)
        stored.append(what)
        return answer(pair, what)

    tab.engine.teaching.answer = slow
    tab.teacher.answer("left")
    tab.window.close()
    assert (stored, hurried) == (["left"], [])


@pytest.mark.parametrize("stores", [True, False])
def test_closing_while_a_model_loads_waits_for_a_pack_but_not_for_what_only_reads(tab, tmp_path, stores):
    rankers, hurried = tab.engine.rankers, []
    rankers.add("keepers", 20)
    tab.window.closing_while_loading.connect(lambda: hurried.append(True))
    tab.engine.automatic = False
    tab.window.session.choose_model()
    tab.stream("load_model", 2)
    if stores:
        tab.teacher.call(lambda engine: engine.rankers.export("keepers", tmp_path), lambda _: None)
    else:
        tab.teacher.read_rankers()
        tab.window.session.read_usage()
    tab.window.close()
    assert (len(rankers.exported), hurried) == ((1, []) if stores else (0, [True]))


@pytest.fixture
def deciding(tab, photos):
    """The Train tab, in which an order that is better waits to be kept."""
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    return tab


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_closing_asks_what_becomes_of_an_order_that_is_better(deciding, monkeypatch, answer):
    asked = []
    button = QMessageBox.StandardButton[answer]
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or button)
    deciding.window.close()
    assert len(asked) == 1 and asked[0].startswith("The order learned for “keepers” was not kept yet.")
    if answer == "Save":
        deciding.qtbot.waitUntil(lambda: deciding.engine.closed)
    assert deciding.engine.closed == (answer != "Cancel")
    assert [one.version is not None for one in deciding.engine.rankers.list()] == [True] * (answer == "Save")
    assert deciding.window.isVisible() == (answer == "Cancel")


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_opening_a_folder_asks_what_becomes_of_an_order_that_is_better(
    deciding, monkeypatch, answer, photos, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.png").write_bytes((photos / sorted(p.name for p in photos.iterdir())[0]).read_bytes())
    button = QMessageBox.StandardButton[answer]
    monkeypatch.setattr(QMessageBox, "exec", lambda _: button)
    deciding.window.open_paths([other])
    if answer == "Cancel":
        assert deciding.teacher.state is State.DECIDING
    expected = photos if answer == "Cancel" else other
    deciding.qtbot.waitUntil(lambda: deciding.window.session.roots == (expected,))
    kept = [one.version is not None for one in deciding.engine.rankers.list()]
    assert kept == [True] * (answer == "Save")
    deciding.opened()
    assert not any("was not kept" in told for told in deciding.banners())


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_reading_again_asks_what_becomes_of_an_order_that_is_better(deciding, monkeypatch, answer):
    button = QMessageBox.StandardButton[answer]
    monkeypatch.setattr(QMessageBox, "exec", lambda _: button)
    opened = deciding.engine.names().count("open")
    deciding.window.menus.again.trigger()
    if answer == "Cancel":
        assert deciding.teacher.state is State.DECIDING
    else:
        deciding.qtbot.waitUntil(lambda: deciding.engine.names().count("open") == opened + 1)
        deciding.opened()
    kept = [one.version is not None for one in deciding.engine.rankers.list()]
    assert kept == [True] * (answer == "Save")
    assert not any("was not kept" in told for told in deciding.banners())


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_going_back_asks_what_becomes_of_an_order_that_is_better(deciding, monkeypatch, qtbot, answer):
    asked = []

    def answered(box):
        asked.append(box.button(QMessageBox.StandardButton.Discard).text())
        return QMessageBox.StandardButton[answer]

    monkeypatch.setattr(QMessageBox, "exec", answered)
    QTest.mouseClick(deciding.page.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: asked == ["Go back without it"])
    if answer == "Cancel":
        assert deciding.teacher.state is State.DECIDING
        assert deciding.page.stack.currentWidget() is deciding.page.result
        assert deciding.engine.rankers.list() == ()
        return
    deciding.wait(State.NAMING)
    naming = deciding.page.naming
    assert deciding.page.stack.currentWidget() is naming and naming.edit.hasFocus()
    kept = [one.version is not None for one in deciding.engine.rankers.list()]
    assert kept == [True] * (answer == "Save")
    kept_as = "Kept as version 1. The Sort tab is ordered by “keepers”."
    assert deciding.banners() == [kept_as] * (answer == "Save")
    deciding.opened()
    deciding.name("others")
    deciding.wait(State.ASKING)
    assert (deciding.teacher.attribute, asked) == ("others", ["Go back without it"])


def test_nobody_goes_back_where_the_order_cannot_be_kept(deciding, monkeypatch, qtbot):
    def full():
        raise StorageError("The disk is full.")

    monkeypatch.setattr(deciding.engine.teaching, "keep", full)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save)
    QTest.mouseClick(deciding.page.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "The disk is full." in deciding.banners())
    assert deciding.teacher.state is State.DECIDING


@pytest.mark.parametrize("learns", [True, False])
def test_going_back_asks_nothing_where_nothing_better_waits(tab, photos, monkeypatch, learns):
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail(box.text()))
    if learns:
        tab.learn_nothing_better(photos)
    else:
        tab.ask(photos)
    QTest.mouseClick(tab.page.back, Qt.MouseButton.LeftButton)
    assert tab.teacher.state is State.NAMING, "at once"
    assert tab.banners() == []


def choice(menu: QMenu, name: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == name)


CHOICES = {
    "subfolders": (
        "open",
        lambda window: window.sort_page.tools.recursive.click(),
        lambda window: not window.sort_page.tools.recursive.isChecked() and not window.settings.recursive,
    ),
    "model": (
        "load_model",
        lambda window: choice(window.means.menu(), "Large").trigger(),
        lambda window: choice(window.means.menu(), "Large").isChecked() and window.settings.model == "large",
    ),
    "device": (
        "load_model",
        lambda window: choice(window.means.menu(), "CPU").trigger(),
        lambda window: choice(window.means.menu(), "CPU").isChecked() and window.settings.device == "cpu",
    ),
}


@pytest.mark.parametrize("what", CHOICES)
@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_what_teaching_begins_anew_with_asks_what_becomes_of_an_order_that_is_better(
    deciding, monkeypatch, qtbot, what, answer
):
    """Nothing is switched before that is decided."""
    job, choose, holds = CHOICES[what]
    window, asked = deciding.window, []
    button = QMessageBox.StandardButton[answer]
    monkeypatch.setattr(QMessageBox, "exec", lambda _: asked.append(holds(window)) or button)
    before = deciding.engine.names().count(job)
    choose(window)
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [False]
    if answer != "Cancel":
        qtbot.waitUntil(lambda: deciding.engine.names().count(job) == before + 1)
        qtbot.waitUntil(lambda: holds(window))
        deciding.opened()
    assert holds(window) == (answer != "Cancel")
    assert (deciding.teacher.state is State.DECIDING) == (answer == "Cancel")
    assert deciding.engine.names().count(job) == before + (answer != "Cancel")
    kept = [one.version is not None for one in deciding.engine.rankers.list()]
    assert kept == [True] * (answer == "Save")
    assert not any("was not kept" in told for told in deciding.banners())


@pytest.mark.parametrize("what", CHOICES)
def test_nothing_is_switched_where_the_order_cannot_be_kept(deciding, monkeypatch, qtbot, what):
    def full():
        raise StorageError("The disk is full.")

    _, choose, holds = CHOICES[what]
    monkeypatch.setattr(deciding.engine.teaching, "keep", full)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save)
    choose(deciding.window)
    qtbot.waitUntil(lambda: "The disk is full." in deciding.banners())
    assert not holds(deciding.window) and deciding.teacher.state is State.DECIDING


@pytest.mark.parametrize("what", CHOICES)
def test_learning_that_is_not_over_is_cut_off_without_a_question(tab, fit, monkeypatch, qtbot, what):
    tab.engine.automatic = True
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail(box.text()))
    _, choose, holds = CHOICES[what]
    choose(tab.window)
    qtbot.waitUntil(fit.closed.is_set)
    qtbot.waitUntil(lambda: holds(tab.window))
    tab.opened()


def test_the_words_on_a_button_are_not_cut(deciding, monkeypatch, qtbot):
    widths = []

    def shown(box):
        box.show()
        qtbot.waitExposed(box)
        widths.extend((button.width(), button.sizeHint().width()) for button in box.buttons())
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "exec", shown)
    decided(deciding.window, deciding.teacher, "Change to whatever that was without it", lambda: None)
    confirmed(deciding.window, "Remove?", "Is it?", "Remove whatever that was without keeping it")
    assert len(widths) == 5 and all(width >= needed for width, needed in widths)


@pytest.fixture
def asked(monkeypatch):
    """What the button that lets an order go says, for each question; all are answered with Cancel."""
    asked = []

    def stay(box):
        asked.append(box.button(QMessageBox.StandardButton.Discard).text())
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "exec", stay)
    return asked


def test_hidden_files_and_an_empty_cache_ask_too(deciding, asked, monkeypatch, qtbot):
    window = deciding.window
    monkeypatch.setattr("imagesorter.gui.preferences.confirmed", lambda *_: True)
    window.show_preferences()
    (dialog,) = window.findChildren(PreferencesDialog)
    dialog.clear.click()
    qtbot.waitUntil(lambda: asked == ["Clear without it"])
    dialog.hidden.click()
    dialog.accept()
    qtbot.waitUntil(lambda: asked[1:] == ["Read again without it"])
    assert (deciding.engine.cleared, deciding.engine.names().count("open")) == (0, 1)
    assert deciding.teacher.state is State.DECIDING


def test_the_model_in_use_is_not_removed_before_it_is_decided(deciding, asked, monkeypatch, qtbot):
    window = deciding.window
    monkeypatch.setattr("imagesorter.gui.model_stock.confirmed", lambda *_: True)
    window.stock._on_wanted("remove", window.means.in_use)
    qtbot.waitUntil(lambda: asked == ["Remove without it"])
    assert deciding.engine.removed == [] and deciding.teacher.state is State.DECIDING
    window.stock._on_wanted("remove", "large")
    qtbot.waitUntil(lambda: deciding.engine.removed == ["large"])
    assert len(asked) == 1


def test_a_dropped_folder_is_asked_about_after_the_drop(deciding, monkeypatch, tmp_path, qtbot):
    dropping, asked = [True], []

    def exec_(_):
        asked.append(bool(dropping))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "exec", exec_)
    drop(deciding.window, local(tmp_path))
    dropping.clear()
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [False]


@pytest.mark.parametrize("closes", [1, 2])
def test_a_window_whose_order_cannot_be_kept_stays(deciding, monkeypatch, closes):
    def full():
        raise StorageError("The disk is full.")

    monkeypatch.setattr(deciding.engine.teaching, "keep", full)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save)
    for _ in range(closes):
        deciding.window.close()
    deciding.qtbot.waitUntil(lambda: "The disk is full." in deciding.banners())
    assert deciding.window.isVisible() and not deciding.engine.closed
    assert deciding.teacher.state is State.DECIDING


def test_an_order_is_kept_before_the_window_closes_though_another_model_came(deciding, monkeypatch):
    deciding.engine.automatic = False
    deciding.window.session.choose_model()
    loading = deciding.stream("load_model", 2)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save)
    keep, teaching = deciding.engine.teaching.keep, deciding.engine.teaching

    def late():
        time.sleep(0.2)
        return keep()

    monkeypatch.setattr(teaching, "keep", late)
    deciding.window.close()
    loading.end(ModelReady("large", "Large", "cpu"), Finished(1, 0))
    deciding.qtbot.waitUntil(lambda: deciding.engine.closed)
    assert [one.version is not None for one in deciding.engine.rankers.list()] == [True]
    assert not any("not kept" in told for told in deciding.banners())


@pytest.mark.parametrize("clicked", ["keep", "discard"])
def test_closing_asks_nothing_where_it_is_being_decided(deciding, monkeypatch, clicked):
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail(box.text()))
    getattr(deciding.page.result, clicked).click()
    assert deciding.teacher.busy
    deciding.window.close()
    deciding.qtbot.waitUntil(lambda: deciding.engine.closed)
    assert [one.version is not None for one in deciding.engine.rankers.list()] == [True] * (clicked == "keep")


def test_closing_asks_nothing_where_nothing_is_lost(tab, photos, monkeypatch):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.engine.teaching.better = False
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail(box.text()))
    tab.window.close()
    assert tab.engine.closed


def test_closing_while_learning_leaves_no_thread(tab, fit):
    tab.window.close()
    assert fit.closed.is_set()
    assert tab.page.pictures._pool.activeThreadCount() == 0
    assert tab.window.session._thread.isFinished()
