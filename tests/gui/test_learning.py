"""Learning from pairs in the Train tab, and what may come in between."""

from __future__ import annotations

from itertools import pairwise

import pytest
from driving import type_query
from fake_engine import FakeEngine, ranked
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from train_tab import Tab

from imagesorter.errors import ModelError, TeachingError
from imagesorter.events import (
    CurvePoint,
    FilesFound,
    Finished,
    ModelReady,
    Notice,
    Opened,
    Progress,
    TeachingReady,
)
from imagesorter.gui.activity import Activity
from imagesorter.gui.moves_strip import GAP, SIDE
from imagesorter.gui.teaching_state import State
from imagesorter.gui.versions import VersionsDialog


def test_learning_shows_a_curve_and_can_be_cancelled(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.engine.automatic = False
    tab.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    fit, view = tab.stream("fit"), tab.page.fit
    assert tab.teacher.state is State.FITTING
    assert view.title.text() == "Learning “keepers” from 1 pair …"
    fit.put(Progress("fit", 1, 4, None, 12.0), CurvePoint("pairs", 5, 0.6), CurvePoint("pairs", 10, 0.75))
    tab.qtbot.waitUntil(lambda: view.curve.points == [(5, 0.6), (10, 0.75)])
    assert view.figures.text() == "25\N{NO-BREAK SPACE}%  ·  10 s left"
    assert "75" in view.curve.accessibleName()
    fit.put(CurvePoint("head", 1, 0.7))
    tab.qtbot.waitUntil(lambda: view.curve.points == [(1, 0.7)])
    assert view.curve.accessibleName().startswith("Tried: ") and "best pass" in view.curve.toolTip()
    QTest.mouseClick(view.cancel, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.qtbot.waitUntil(fit.closed.is_set)
    assert tab.answers == ["left"]
    assert tab.window.session.activity is Activity.IDLE


def test_it_is_told_that_an_order_asked_for_meanwhile_comes_afterwards(tab, fit):
    status = tab.window.status
    type_query(tab.window, "sharper")
    assert status.message.text() == "Learning, then sorting by “sharper” …"
    fit.put(Progress("index", 1, 4))
    tab.qtbot.waitUntil(lambda: status.message.text() == "Reading photographs, then sorting by “sharper” …")
    fit.end()
    tab.stream("rank")
    tab.qtbot.waitUntil(lambda: status.message.text() == "Sorting …")


def test_learning_waits_for_the_answer_that_is_being_stored(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.key(Qt.Key.Key_Right)
    assert tab.teacher.busy
    tab.hold_fit().end()
    tab.wait(State.ASKING)
    tab.settle()
    assert tab.answers == ["left", "right"]


def test_in_the_smallest_window_a_long_name_leaves_room_for_the_curve(tab, photos):
    tab.window.resize(680, 440)
    tab.ask(photos, "the ones that I would print large and hang in the hall where all who come in see them")
    tab.answer(Qt.Key.Key_Left)
    tab.hold_fit().put(Progress("fit", 1, 4, None, 12.0), CurvePoint("pairs", 5, 0.6))
    view = tab.page.fit
    tab.qtbot.waitUntil(lambda: bool(view.curve.points))
    QApplication.processEvents()
    parts = (view.title, view.bar, view.figures, view.curve, view.cancel)
    for above, below in pairwise(parts):
        assert above.geometry().bottom() < below.geometry().top()


def test_escape_cancels_learning_and_nothing_else(tab, fit):
    tab.window.menus.stop.trigger()
    tab.wait(State.ASKING)
    tab.qtbot.waitUntil(fit.closed.is_set)
    assert tab.window.session.activity is Activity.IDLE


def test_a_better_order_is_kept_and_the_grid_sorted_by_it(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    QTest.mouseClick(tab.page.labels.panel.learn, Qt.MouseButton.LeftButton)
    tab.wait(State.DECIDING)
    result = tab.page.result
    assert result.title.text() == "Better after 1 pair"
    assert "81 % of the pairs" in result.verdict.text()
    assert [(bar.label, bar.value) for bar in result.bars.bars] == [("Before", 0.58), ("After", 0.81)]
    assert [move.after for move in result.strip.moves] == [12, 11, 10]
    side = SIDE + GAP
    assert [result.strip.told_at(QPoint(k * side + 5, 20)) for k in range(4)] == [
        "00.png: from rank 1 to 12",
        "01.png: from rank 2 to 11",
        "02.png: from rank 3 to 10",
        "",
    ]
    assert "01.png: from rank 2 to 11" in result.strip.accessibleName()
    at = QPoint(side + 5, 20)
    QApplication.sendEvent(result.strip, QHelpEvent(QEvent.Type.ToolTip, at, result.strip.mapToGlobal(at)))
    assert QToolTip.text() == "01.png: from rank 2 to 11"
    QToolTip.hideText()
    assert result.before.images.path(0).name == "00.png"
    assert result.after.images.path(0).name == "11.png"
    assert result.keep.isVisible()
    QTest.mouseClick(result.keep, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.qtbot.waitUntil(lambda: tab.window.sort_page.images.ranking is not None)
    assert tab.window.sort_page.images.ranking.query == "keepers"
    assert tab.window.sort_page.query.text == "keepers"
    assert any("Kept as version 1" in text for text in tab.banners())
    words = tab.window.sort_page.query.edit.completer().model()
    tab.qtbot.waitUntil(lambda: "keepers" in words.stringList())
    assert tab.window.tabs.currentWidget() is tab.page


def is_kept(tab, photos) -> None:
    """A better order is kept, which is told."""
    learned(tab, photos)
    QTest.mouseClick(tab.page.result.keep, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.settle()
    images = tab.window.sort_page.images
    tab.qtbot.waitUntil(lambda: images.ranking is not None and images.ranking.query == "keepers")
    assert tab.banners() == ["Kept as version 1. The Sort tab is ordered by “keepers”."]


def go_back_to_before(tab) -> None:
    tab.page.files.show_versions("keepers")
    tab.page.findChild(VersionsDialog).revert_wanted.emit(None)


def take_all_back(tab) -> None:
    tab.page.undo.click()


def sort_by_another(tab) -> None:
    tab.window.session.sort("sharper")


@pytest.mark.parametrize("changed", [go_back_to_before, take_all_back, sort_by_another])
def test_that_an_order_was_kept_is_told_as_long_as_it_is_true(tab, photos, changed):
    is_kept(tab, photos)
    tab.answer(Qt.Key.Key_Left)
    tab.window.session.sort("keepers")
    tab.page.undo.click()
    tab.settle()
    assert len(tab.banners()) == 1
    changed(tab)
    tab.qtbot.waitUntil(lambda: tab.banners() == [])


@pytest.mark.parametrize("earlier", [0, 1])
def test_what_was_kept_is_taken_back_beside_where_it_is_told(tab, photos, earlier):
    for _ in range(earlier):
        tab.engine.rankers.add("keepers", 20)
    learned(tab, photos)
    QTest.mouseClick(tab.page.result.keep, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.settle()
    (banner,) = tab.page.banners.banners()
    assert banner.offer.text() == "Back to the earlier order"
    QTest.mouseClick(banner.offer, Qt.MouseButton.LeftButton)
    tab.qtbot.waitUntil(lambda: tab.banners() == [])
    in_use = [version.current for version in tab.engine.rankers.taught["keepers"]]
    assert in_use == [True] * earlier + [False]
    assert tab.answers == ["left"], "no answer is taken back"
    said = f"version {earlier}, 81" if earlier else "the order before anything was taught"
    tab.qtbot.waitUntil(lambda: f"In use: {said}" in tab.page.labels.panel.used.text())


def test_learning_again_is_not_urged_before_there_is_a_new_answer(tab, photos):
    tab.ask(photos)
    panel = tab.page.labels.panel
    buttons = panel.learn, panel.learn_short
    tab.answer(Qt.Key.Key_Left)
    assert {button.objectName() for button in buttons} == {"primary"}
    QTest.mouseClick(panel.learn, Qt.MouseButton.LeftButton)
    tab.wait(State.DECIDING)
    QTest.mouseClick(tab.page.result.keep, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.settle()
    assert {button.objectName() for button in buttons} == {"secondary"}
    assert panel.learn.isEnabled()
    tab.answer(Qt.Key.Key_Left)
    assert {button.objectName() for button in buttons} == {"primary"}


def test_a_better_order_can_be_discarded(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    QTest.mouseClick(tab.page.result.discard, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.settle()
    assert not tab.engine.teaching.candidate_given
    assert tab.engine.rankers.taught == {}


def test_what_cannot_be_learned_is_told(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Up)
    tab.hold_fit().fail(TeachingError("All answers are ties."))
    tab.wait(State.ASKING)
    assert tab.banners() == ["All answers are ties."]


def test_an_unforeseen_error_offers_details(tab, fit, caplog):
    fit.fail(ZeroDivisionError("surprise"))
    tab.wait(State.ASKING)
    (banner,) = tab.page.banners.banners()
    assert banner.severity == "error"
    assert "ZeroDivisionError" in banner._details
    assert "teach failed" in caplog.text


def test_a_notice_while_learning_is_told_here(tab, fit):
    fit.put(Notice("Your answers contradict each other."))
    tab.qtbot.waitUntil(lambda: tab.banners() == ["Your answers contradict each other."])
    assert tab.window.sort_page.banners.banners() == []


def test_another_folder_starts_over_with_the_same_attribute(tab, photos, tmp_path):
    tab.ask(photos)
    tab.window.open_paths([photos / "01.png", photos / "02.png"])
    tab.qtbot.waitUntil(lambda: len(tab.engine.teachings) == 2)
    tab.wait(State.ASKING)
    assert tab.engine.teaching.attribute == "keepers"
    tab.qtbot.waitUntil(lambda: tab.view.right.name == "02.png")


def test_another_folder_while_learning_ends_the_learning(tab, fit, photos):
    tab.window.open_paths([photos / "01.png"])
    tab.qtbot.waitUntil(fit.closed.is_set)
    assert tab.teacher.state is State.SCANNING
    tab.engine.files = (photos / "01.png",)
    opening = tab.stream("open", 2)
    opening.end(FilesFound(0, tab.engine.files), Opened(1, 0), Finished(1, 0))
    tab.stream("prepare", 2).end(TeachingReady(1, tab.engine.teaching.standing()), Finished(1, 0))
    tab.wait(State.TOO_FEW)


def test_another_model_prepares_anew(tab, photos):
    tab.ask(photos)
    tab.window.choices.use_model("large")
    tab.qtbot.waitUntil(lambda: len(tab.engine.teachings) == 2)
    tab.wait(State.ASKING)


def test_the_model_that_is_loaded_first_is_waited_for(make_window, photos, qtbot):
    engine = FakeEngine(automatic=False)
    window = make_window(engine)
    window.start([photos])
    tab = Tab(window, engine, qtbot)
    window.tabs.setCurrentWidget(tab.page)
    tab.name("keepers")
    assert tab.teacher.state is State.SCANNING
    engine.files = tuple(sorted(photos.glob("*.png")))
    tab.stream("open").end(FilesFound(0, engine.files), Opened(12, 0), Finished(12, 0))
    tab.wait(State.PREPARING)
    tab.stream("load_model").end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    tab.stream("prepare").end(TeachingReady(12, engine.teachings[0].standing()), Finished(12, 0))
    tab.wait(State.ASKING)
    assert len(engine.teachings) == 1


def test_while_an_order_is_made_first_its_reading_is_shown(tab, photos):
    tab.window.open_paths([photos])
    tab.opened()
    tab.window.tabs.setCurrentWidget(tab.page)
    tab.engine.automatic = False
    tab.name("keepers")
    tab.stream("prepare").put(Progress("index", 3, 12))
    tab.qtbot.waitUntil(lambda: tab.page.notice.explanation.text() == "3 of 12")
    tab.window.session.sort("sharper")
    ranking = tab.stream("rank")
    ranking.put(Progress("index", 7, 12))
    tab.qtbot.waitUntil(lambda: tab.page.notice.explanation.text() == "7 of 12")
    assert tab.teacher.state is State.PREPARING
    ranking.end(ranked(range(12), query="sharper"), Finished(12, 0))
    tab.stream("prepare", 2)
    assert tab.teacher.state is State.PREPARING


@pytest.fixture
def loading(make_window, photos, qtbot) -> Tab:
    """A folder was dropped and an attribute named while the model loads."""
    engine = FakeEngine(automatic=False)
    window = make_window(engine)
    window.start()
    tab = Tab(window, engine, qtbot)
    tab.stream("load_model")
    window.open_paths([photos])
    window.tabs.setCurrentWidget(tab.page)
    tab.name("keepers")
    assert (tab.teacher.state, window.session.activity) == (State.SCANNING, Activity.LOADING)
    return tab


def test_a_folder_that_waits_for_the_model_is_waited_for(loading):
    assert loading.title() == "Looking for photographs …"
    loading.engine.automatic = True
    loading.stream("load_model").end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    loading.wait(State.ASKING)


def test_a_scan_that_was_stopped_is_not_waited_for(make_window, photos, qtbot):
    engine = FakeEngine(automatic=False)
    window = make_window(engine)
    window.start([photos])
    tab = Tab(window, engine, qtbot)
    tab.stream("open")
    window.session.cancel()
    window.tabs.setCurrentWidget(tab.page)
    tab.name("keepers")
    assert tab.teacher.state is State.CLOSED


def test_a_folder_is_waited_for_no_longer_than_it_may_come(loading):
    loading.window.session.cancel()
    loading.wait(State.CLOSED)
    loading.engine.automatic = True
    loading.window.session.resume()
    loading.stream("load_model").end()
    loading.wait(State.ASKING)


def test_a_folder_is_not_waited_for_where_no_model_comes(loading):
    loading.stream("load_model").fail(ModelError("the model is damaged."))
    loading.wait(State.CLOSED)


NOT_KEPT = "What was learned for “keepers” was not kept. Learn again."


def learned(tab, photos) -> None:
    """A better order waits to be kept."""
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.teacher.fit()
    tab.wait(State.DECIDING)


def teach_this(tab, query: str) -> None:
    """The Sort tab's way to teach, as Ctrl+T."""
    tab.window.tabs.setCurrentWidget(tab.window.sort_page)
    tab.window.sort_page.query.edit.setText(query)
    tab.window.sort_page.teach()


def test_an_order_that_waits_is_decided_on_before_another_is_taught(tab, photos):
    learned(tab, photos)
    teach_this(tab, "sharper")
    assert tab.window.tabs.currentWidget() is tab.page
    assert (tab.teacher.state, tab.teacher.attribute) == (State.DECIDING, "keepers")
    assert tab.banners() == ["First keep or discard what was learned for “keepers”."]
    teach_this(tab, "keepers")
    assert tab.teacher.state is State.DECIDING
    assert tab.banners() == []
    QTest.mouseClick(tab.page.result.keep, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    assert len(tab.engine.rankers.taught["keepers"]) == 1


def notes(page) -> list[str]:
    return [banner.text for banner in page.banners.banners()]


@pytest.mark.parametrize("decide", ["keep", "discard"])
def test_that_something_is_to_be_decided_is_told_until_it_is(tab, photos, decide):
    learned(tab, photos)
    sort_page = tab.window.sort_page
    tab.window.tabs.setCurrentWidget(sort_page)
    tab.teacher.tell(tab.teacher.undecided)
    assert notes(sort_page) == ["First keep or discard what was learned for “keepers”, in the Train tab."]
    assert tab.banners() == ["First keep or discard what was learned for “keepers”."]
    tab.window.tabs.setCurrentWidget(tab.page)
    getattr(tab.page.result, decide).click()
    tab.wait(State.ASKING)
    assert notes(sort_page) == []
    assert not any("First keep" in told for told in tab.banners())


def test_learning_goes_on_where_the_same_is_to_be_taught(tab, fit):
    for query in ("keepers", "sharper"):
        teach_this(tab, query)
        assert (tab.teacher.state, tab.teacher.attribute) == (State.FITTING, "keepers")
    fit.end(tab.engine.teaching.candidate(), Finished(1, 0))
    tab.wait(State.DECIDING)


def test_what_is_no_better_does_not_keep_from_teaching_another(tab, photos):
    tab.learn_nothing_better(photos)
    teach_this(tab, "sharper")
    tab.qtbot.waitUntil(lambda: tab.teacher.attribute == "sharper")
    tab.wait(State.ASKING)
    assert tab.banners() == []


def go_back(tab) -> None:
    QTest.mouseClick(tab.page.back, Qt.MouseButton.LeftButton)


def open_again(tab) -> None:
    """Without a question, for which see test_closing.py; so those below."""
    tab.window.session.open(tab.window.session.roots)


def choose_model(tab) -> None:
    tab.window.session.choose_model()


def clear_cache(tab) -> None:
    tab.window.session.clear_cache()


@pytest.mark.parametrize("left", [open_again, choose_model, clear_cache])
def test_it_is_told_that_an_order_was_not_kept(tab, photos, left):
    learned(tab, photos)
    left(tab)
    tab.qtbot.waitUntil(lambda: tab.banners() == [NOT_KEPT])
    tab.qtbot.waitUntil(lambda: tab.window.session.activity in (Activity.IDLE, Activity.STOPPED))
    assert tab.banners() == [NOT_KEPT], "once, and not wiped away by what follows"


@pytest.mark.parametrize("left", [go_back, open_again, choose_model, clear_cache])
def test_it_is_told_that_learning_was_cut_off(tab, fit, left):
    tab.engine.automatic = True
    left(tab)
    tab.qtbot.waitUntil(fit.closed.is_set)
    tab.qtbot.waitUntil(lambda: tab.banners() == [NOT_KEPT])


@pytest.mark.parametrize("settled", ["keep", "discard"])
def test_nothing_is_told_of_what_was_decided_on(tab, photos, settled):
    learned(tab, photos)
    QTest.mouseClick(getattr(tab.page.result, settled), Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    tab.settle()
    go_back(tab)
    assert tab.banners() == []


def test_clearing_the_cache_asks_before_it_reads_again(tab, photos):
    tab.ask(photos)
    tab.window.session.clear_cache()
    tab.wait(State.STOPPED)
    QTest.mouseClick(tab.page.notice.button, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
