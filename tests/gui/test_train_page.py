"""The Train tab with a scripted engine: its states, its keys, its pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from imagesorter.answers import Pair
from imagesorter.errors import QueryError, StorageError
from imagesorter.events import FilesFound, Finished, Opened, Progress, TeachingReady
from imagesorter.gui.activity import Activity
from imagesorter.gui.label_view import MANY_SKIPS
from imagesorter.gui.pair_view import MOST_PIXELS
from imagesorter.gui.teaching_state import State


def test_an_attribute_without_a_name_is_asked_for(tab):
    QTest.keyClick(tab.page.naming.edit, Qt.Key.Key_Return)
    assert tab.page.naming.error.isVisible()
    assert tab.teacher.state is State.NAMING
    QTest.keyClicks(tab.page.naming.edit, "k")
    assert not tab.page.naming.error.isVisible()


@pytest.mark.parametrize("name", ["gloomy “x”", '"keepers"', "19„ wheels", "＂wide＂"])
def test_a_name_with_quotation_marks_is_refused(tab, name):
    tab.page.naming.edit.setText(name)
    QTest.keyClick(tab.page.naming.edit, Qt.Key.Key_Return)
    assert tab.page.naming.error.text().startswith("Leave out the quotation marks")
    tab.page.naming.edit.setText("\u200b")
    tab.page.naming.button.click()
    assert tab.page.naming.error.text().startswith("Type a name first")
    assert tab.page.naming.error.isVisible()
    assert tab.teacher.state is State.NAMING


def test_without_a_folder_one_is_asked_for_and_then_used(tab, photos, monkeypatch):
    tab.name("keepers")
    assert tab.teacher.state is State.CLOSED
    assert tab.title() == "Open a folder of photographs"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    QTest.mouseClick(tab.page.notice.button, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    assert tab.engine.teaching.attribute == "keepers"
    tab.shown()
    assert tab.teacher.pair == Pair(0, 1)
    assert tab.window.tabs.currentWidget() is tab.page


def test_the_keys_reach_the_tab_while_it_waits_for_a_folder(tab, photos):
    notice = tab.page.notice
    tab.engine.automatic = False
    tab.engine.files = ()
    tab.name("keepers")
    assert notice.button.hasFocus()
    tab.window.open_paths([photos])
    assert tab.teacher.state is State.SCANNING
    assert notice.hasFocus()
    paths = tuple(sorted(photos.iterdir()))
    tab.engine.files = paths
    tab.stream("open").end(FilesFound(0, paths), Opened(len(paths), 0), Finished(len(paths), 0))
    tab.wait(State.PREPARING)
    assert notice.button.hasFocus()
    assert notice.button.text() == "Stop"


def test_the_keys_stay_where_they_are_while_the_tab_is_not_shown(tab, photos):
    tab.name("keepers")
    tab.window.tabs.setCurrentWidget(tab.window.sort_page)
    tab.window.sort_page.query.edit.setFocus()
    tab.engine.automatic = False
    tab.window.session.open((photos,))
    assert tab.teacher.state is State.SCANNING
    assert tab.window.sort_page.query.edit.hasFocus()


def test_a_folder_without_images_is_no_folder(tab, tmp_path):
    tab.name("keepers")
    empty = tmp_path / "empty"
    empty.mkdir()
    tab.window.open_paths([empty])
    tab.qtbot.waitUntil(lambda: tab.window.session.activity is Activity.IDLE)
    assert tab.teacher.state is State.CLOSED


def test_one_photograph_is_too_few(tab, photos):
    tab.window.open_paths([photos / "00.png"])
    tab.qtbot.waitUntil(lambda: tab.window.sort_page.images.rowCount() == 1)
    tab.window.tabs.setCurrentWidget(tab.page)
    tab.name("keepers")
    tab.wait(State.TOO_FEW)
    assert tab.title() == "Two different photographs are needed"
    assert tab.page.notice.button.isVisible()


def test_progress_is_shown_while_photographs_are_read_and_stopping_can_be_taken_back(tab, photos):
    tab.window.open_paths([photos])
    tab.opened()
    tab.window.tabs.setCurrentWidget(tab.page)
    tab.engine.automatic = False
    tab.name("keepers")
    preparing = tab.stream("prepare")
    preparing.put(Progress("index", 3, 12, 2.0, 30.0))
    tab.qtbot.waitUntil(lambda: tab.page.notice.bar.value() == 3)
    assert tab.title() == "Reading photographs …"
    assert "3 of 12" in tab.page.notice.explanation.text()
    QTest.mouseClick(tab.page.notice.button, Qt.MouseButton.LeftButton)
    assert tab.teacher.state is State.STOPPED
    tab.qtbot.waitUntil(preparing.closed.is_set)
    QTest.mouseClick(tab.page.notice.button, Qt.MouseButton.LeftButton)
    tab.stream("prepare", 2).end(TeachingReady(12, tab.engine.teaching.standing()), Finished(12, 0))
    tab.wait(State.ASKING)


def test_each_stage_of_getting_ready_is_called_what_it_is(tab, photos):
    tab.engine.automatic = False
    tab.engine.files = tuple(sorted(photos.glob("*.png")))
    tab.window.open_paths([photos])
    tab.stream("open").end(FilesFound(0, tab.engine.files), Opened(12, 0), Finished(12, 0))
    tab.window.tabs.setCurrentWidget(tab.page)
    tab.name("keepers")
    preparing = tab.stream("prepare")
    for done, (stage, title) in enumerate(
        [("model", "Loading the model …"), ("index", "Reading photographs …"), ("fit", "Getting ready …")], 1
    ):
        preparing.put(Progress(stage, done, 12))
        tab.qtbot.waitUntil(lambda done=done: tab.page.notice.explanation.text() == f"{done} of 12")
        assert tab.page.notice.title.text() == title


@pytest.mark.parametrize("stopped_by", ["button", "escape", "status"])
def test_stopping_to_read_for_teaching_stops_all_reading(tab, photos, stopped_by):
    tab.engine.automatic = False
    tab.engine.files = tuple(sorted(photos.glob("*.png")))
    tab.window.open_paths([photos])
    tab.stream("open").end(FilesFound(0, tab.engine.files), Opened(12, 0), Finished(12, 0))
    tab.stream("index")
    tab.window.tabs.setCurrentWidget(tab.page)
    tab.name("keepers")
    tab.wait(State.PREPARING)
    preparing = tab.stream("prepare")
    if stopped_by == "escape":
        tab.window.menus.stop.trigger()
    else:
        button = tab.page.notice.button if stopped_by == "button" else tab.window.status.button
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    tab.qtbot.waitUntil(preparing.closed.is_set)
    assert tab.teacher.state is State.STOPPED
    assert tab.window.session.activity is Activity.STOPPED
    assert tab.engine.names().count("index") == 1
    QTest.mouseClick(tab.page.notice.button, Qt.MouseButton.LeftButton)
    tab.stream("prepare", 2)


def test_a_start_that_cannot_be_understood_is_told(tab, photos):
    tab.ask(photos)
    tab.page.leave()
    tab.engine.automatic = False
    tab.name("others")
    tab.stream("prepare", 2).fail(QueryError("Nothing to start from."))
    tab.wait(State.STOPPED)
    assert tab.banners() == ["Nothing to start from."]


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        (Qt.Key.Key_Left, "left"),
        (Qt.Key.Key_1, "left"),
        (Qt.Key.Key_Right, "right"),
        (Qt.Key.Key_2, "right"),
        (Qt.Key.Key_Up, "tie"),
        (Qt.Key.Key_T, "tie"),
        (Qt.Key.Key_Down, "skip"),
        (Qt.Key.Key_S, "skip"),
        (Qt.Key.Key_C, "cannot_tell"),
    ],
)
def test_each_key_answers(tab, photos, key, answer):
    tab.ask(photos)
    tab.answer(key)
    assert tab.answers == [answer]
    assert tab.teacher.pair == Pair(0, 2)


def test_each_button_answers_and_the_keys_still_work_after_it(tab, photos):
    tab.ask(photos)
    for count, (answer, button) in enumerate(tab.page.labels.buttons.items(), 1):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        tab.qtbot.waitUntil(lambda count=count: len(tab.answers) == count)
        tab.settle()
        assert tab.answers[-1] == answer
    focus = QApplication.focusWidget()
    QTest.keyClick(focus, Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: len(tab.answers) == 6)
    assert tab.answers[-1] == "left"


def test_an_answer_that_is_held_counts_once(tab, photos):
    tab.ask(photos)
    shortcuts = {s.key().toString(): s for s in tab.page.labels.findChildren(QShortcut)}
    assert not shortcuts["Left"].autoRepeat()
    assert shortcuts["Backspace"].autoRepeat()


def test_undo_has_no_limit(tab, photos):
    tab.ask(photos)
    assert not tab.page.undo.isEnabled()
    for _ in range(5):
        tab.answer(Qt.Key.Key_Left)
    assert tab.page.undo.isEnabled()
    tab.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    tab.qtbot.waitUntil(lambda: len(tab.answers) == 4)
    tab.settle()
    assert tab.teacher.pair == Pair(0, 5)
    for left in (3, 2, 1, 0):
        tab.key(Qt.Key.Key_Backspace)
        tab.qtbot.waitUntil(lambda left=left: len(tab.answers) == left)
        tab.settle()
    assert tab.teacher.pair == Pair(0, 1)
    assert not tab.page.undo.isEnabled()


def test_skip_and_cannot_tell_can_be_undone(tab, photos):
    tab.ask(photos)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_S, Qt.Key.Key_C):
        tab.answer(key)
    for pair in (Pair(0, 3), Pair(0, 2), Pair(0, 1)):
        tab.key(Qt.Key.Key_Backspace)
        tab.qtbot.waitUntil(lambda pair=pair: tab.teacher.pair == pair)
        tab.settle()
    assert not tab.page.undo.isEnabled()


def test_many_skips_in_a_row_bring_a_hint_once(tab, photos):
    tab.ask(photos)
    for _ in range(MANY_SKIPS - 1):
        tab.answer(Qt.Key.Key_Down)
    assert tab.banners() == []
    tab.answer(Qt.Key.Key_Down)
    (told,) = tab.banners()
    assert "another attribute" in told and "Cannot tell" in told
    tab.page.banners.clear()
    for _ in range(MANY_SKIPS):
        tab.answer(Qt.Key.Key_Down)
    assert tab.banners() == []
    tab.answer(Qt.Key.Key_Left)
    for _ in range(MANY_SKIPS):
        tab.answer(Qt.Key.Key_Down)
    assert tab.banners() == [told]
    tab.answer(Qt.Key.Key_Right)
    assert tab.banners() == []


def test_an_answer_about_other_photographs_is_not_taken_back_in_silence(tab, photos):
    tab.ask(photos)
    for _ in range(2):
        tab.answer(Qt.Key.Key_Left)
    tab.page.undo.click()
    tab.settle()
    assert tab.banners() == []
    undo = tab.engine.teaching.undo
    tab.engine.teaching.undo = lambda: undo() and None
    tab.page.undo.click()
    tab.settle()
    assert tab.answers == []
    assert tab.banners() == ["Taken back: an answer about photographs that are not open."]


def test_the_photographs_of_the_next_pair_are_there_before_the_choice(tab, photos):
    tab.ask(photos)
    following, loader = tab.engine.files[2], tab.page.pictures
    tab.qtbot.waitUntil(lambda: loader.image(following) is not None)
    assert tab.teacher.pair == Pair(0, 1)
    assert tab.view.photos[1].path != following
    ready: list[bool] = []
    tab.teacher.pair_changed.connect(lambda step: ready.append(tab.view.ready))
    tab.key(Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: tab.teacher.pair == Pair(0, 2))
    assert ready == [True], "shown at once"


def test_an_answer_is_stored_before_the_next_pair_is_shown(tab, photos):
    tab.ask(photos)
    seen: list[tuple[int, Pair | None]] = []
    tab.teacher.pair_changed.connect(lambda step: seen.append((len(tab.answers), step.pair)))
    tab.answer(Qt.Key.Key_Left)
    assert seen == [(1, Pair(0, 2))]
    assert tab.engine.teaching.threads == {tab.engine.thread}


def test_an_answer_that_cannot_be_stored_is_told_and_asked_again(tab, photos):
    tab.ask(photos)
    tab.engine.teaching.answer_error = StorageError("The disk is full. Free some space.")
    tab.key(Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: tab.banners() == ["The disk is full. Free some space."])
    assert tab.teacher.pair == Pair(0, 1)
    assert not tab.view.left.chosen
    tab.engine.teaching.answer_error = None
    tab.answer(Qt.Key.Key_S)
    assert tab.banners() == ["The disk is full. Free some space."], "a skip is not stored"
    tab.answer(Qt.Key.Key_Left)
    assert tab.teacher.pair == Pair(0, 3)
    assert tab.banners() == []


def test_what_kept_from_teaching_is_not_told_once_it_is_mended(tab, photos):
    tab.window.open_paths([photos])
    tab.opened()
    tab.engine.automatic = False
    tab.name("keepers")
    tab.stream("prepare").fail(StorageError("What you teach cannot be stored."))
    tab.wait(State.STOPPED)
    sort = tab.window.sort_page.banners
    told = [banner.text for banner in sort.banners()]
    assert told == ["What you teach cannot be stored."], "it was in front"
    assert tab.banners() == told
    tab.window.tabs.setCurrentWidget(tab.page)
    QTest.mouseClick(tab.page.notice.button, Qt.MouseButton.LeftButton)
    tab.stream("prepare", 2).end(TeachingReady(12, tab.engine.teaching.standing()), Finished(12, 0))
    tab.wait(State.ASKING)
    assert tab.banners() == []
    assert sort.banners() == []


def test_the_standing_is_told(tab, photos):
    tab.ask(photos)
    panel = tab.page.labels.panel
    assert not panel.learn.isEnabled()
    assert not panel.bars.isVisible()
    for _ in range(10):
        tab.answer(Qt.Key.Key_Right)
    assert panel.pairs.text() == "10"
    assert panel.learn.text() == "Learn from 10 pairs"
    assert "74" in panel.bars.accessibleName()
    assert "61 to 84" in panel.accuracy.text()
    assert "5 pairs asked twice" in panel.consistency.text()
    assert panel.advice.text() == "About 20 more pairs are worth your time."
    assert "about 20 more" in panel.line.text()
    tab.engine.teaching.standing_changes = {"may_stop": True, "more_worth": 0, "missing": 1, "ties": 2}
    tab.answer(Qt.Key.Key_Up)
    assert panel._done.isVisible()
    assert panel.missing.text().startswith("1 label kept, but left out")
    assert "2 ties" in panel.pairs_told.text()
    assert "enough" in panel.line.text()
    tab.engine.teaching.standing_changes = {"ratings": 40}
    tab.answer(Qt.Key.Key_Left)
    assert panel.pairs_told.text() == "pairs so far (with those from 40 ratings)"
    tab.engine.teaching.standing_changes = {"cannot_tell": 1}
    tab.answer(Qt.Key.Key_C)
    assert panel.pairs_told.text() == "pairs so far, beside 1 “cannot tell”"


def test_ties_alone_are_nothing_to_learn_from(tab, photos):
    tab.ask(photos)
    panel = tab.page.labels.panel
    tab.engine.teaching.standing_changes = {"ties": 1}
    tab.answer(Qt.Key.Key_Up)
    assert panel.pairs_told.text() == "pair so far (1 tie)"
    for button in (panel.learn, panel.learn_short):
        assert not button.isEnabled()
        assert button.toolTip().startswith("All answers so far are ties")
    tab.teacher.fit()
    assert tab.teacher.state is State.ASKING
    tab.answer(Qt.Key.Key_Left)
    assert panel.learn.isEnabled() and panel.learn.toolTip().startswith("Learn the order")


def test_a_narrow_window_tells_the_standing_in_a_line(tab, photos):
    tab.ask(photos)
    tab.window.resize(680, 440)
    panel = tab.page.labels.panel
    tab.qtbot.waitUntil(panel._row.isVisible)
    assert not panel._column.isVisible()
    assert (tab.window.width(), tab.window.height()) == (680, 440)
    assert tab.view.height() > 140
    assert panel.line.text() == "0 pairs  ·  Answer some ten pairs first."
    for _ in range(10):
        tab.answer(Qt.Key.Key_Right)
    assert panel.line.words.endswith("about 20 more are worth it")
    assert abs(tab.view.left.width() - tab.view.right.width()) <= 1
    tab.window.resize(1180, 780)
    tab.qtbot.waitUntil(panel._column.isVisible)


def test_when_every_pair_is_answered_it_says_so(tab, photos):
    tab.ask(photos)
    tab.engine.teaching.next_pair = lambda: None
    tab.answer(Qt.Key.Key_Left)
    labels = tab.page.labels
    assert labels.nothing.isVisible()
    assert labels.nothing.text().endswith("Open more photographs: these are too few to learn.")
    assert not any(button.isEnabled() for button in labels.buttons.values())
    assert labels.panel.learn.isEnabled()
    assert tab.page.undo.isEnabled()
    assert tab.page.question.words == "Teaching “keepers”"
    tab.page.undo.click()
    tab.settle()
    assert tab.page.question.words == "Which one comes first by “keepers”?"
    labels.show_pair(None)
    assert labels.nothing.text().endswith("Learn from them, or open more.")
    told = tab.teacher.standing
    for pairs, ties, words in ((3, 3, "All answers are ties"), (0, 0, "these are too few")):
        labels.show_pair(None, replace(told, pairs=pairs, ties=ties, accuracy=None))
        assert words in labels.nothing.text()


def test_before_the_first_pair_it_does_not_say_that_all_are_answered(tab, photos):
    tab.ask(photos)
    tab.page._on_pair(None)
    assert not tab.page.labels.nothing.isVisible()


def test_a_photograph_that_cannot_be_shown_is_told_and_skipped(tab, photos):
    tab.ask(photos)
    bad = tab.engine.files[3]
    tab.engine.unreadable = {bad}
    tab.answer(Qt.Key.Key_Left)
    tab.key(Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: tab.answers == ["left", "left", "skip"])
    tab.shown()
    assert tab.banners() == [f"{bad.name} cannot be shown: The file is damaged. The pair was skipped."]
    assert tab.teacher.pair == Pair(0, 4)


def test_a_pair_that_was_come_back_to_is_not_skipped(tab, photos):
    tab.ask(photos)
    for _ in range(3):
        tab.answer(Qt.Key.Key_Left)
    tab.engine.unreadable = {tab.engine.files[3]}
    tab.page.pictures.reset()
    tab.key(Qt.Key.Key_Backspace)
    tab.qtbot.waitUntil(lambda: bool(tab.view.right.failure))
    assert tab.teacher.pair == Pair(0, 3)
    assert tab.answers == ["left", "left"]


def test_a_folder_that_was_lost_is_not_skipped_through(tab, photos):
    tab.ask(photos)
    tab.engine.unreadable = set(tab.engine.files)
    tab.page.pictures.reset()
    tab.key(Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: tab.answers == ["left", *["skip"] * 5] and bool(tab.view.right.failure))
    tab.settle()
    assert tab.answers == ["left", *["skip"] * 5]


def test_what_cannot_be_seen_cannot_be_compared(tab, photos):
    tab.ask(photos)
    readable, tab.engine.unreadable = tab.engine.unreadable, set(tab.engine.files)
    tab.page.pictures.reset()
    tab.key(Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: len(tab.answers) == 6)
    tab.settle()  # failures of the pair before are still shown until then

    def enabled() -> set[str]:
        return {answer for answer, button in tab.page.labels.buttons.items() if button.isEnabled()}

    tab.qtbot.waitUntil(lambda: enabled() == {"skip", "cannot_tell"})
    for key in (Qt.Key.Key_Left, Qt.Key.Key_1, Qt.Key.Key_Up, Qt.Key.Key_T, Qt.Key.Key_Right, Qt.Key.Key_2):
        tab.key(key)
    assert not tab.teacher.busy
    tab.engine.unreadable = readable
    tab.answer(Qt.Key.Key_C)
    assert tab.answers[-2:] == ["skip", "cannot_tell"]
    tab.shown()
    tab.answer(Qt.Key.Key_Right)
    assert tab.answers[-1] == "right"
    tab.engine.unreadable = set(tab.engine.files)
    tab.page.pictures.reset()
    for _ in range(2):
        tab.page.undo.click()
        tab.settle()
    tab.qtbot.waitUntil(lambda: bool(tab.view.right.failure))
    assert not tab.page.labels.buttons["left"].isEnabled()
    assert tab.page.undo.isEnabled()


def test_a_reason_without_a_full_stop_gets_one(tab, photos):
    tab.ask(photos)
    tab.page._on_picture_failed(tab.engine.files[1], "the file is no longer there")
    told = "01.png cannot be shown: the file is no longer there. The pair was skipped."
    assert tab.banners() == [told]


def test_both_photographs_zoom_and_move_together(tab, photos):
    tab.ask(photos)
    view = tab.view
    tab.key(Qt.Key.Key_Plus)
    assert view.zoom == 1.5
    tab.key(Qt.Key.Key_Minus)
    assert view.zoom == 1
    at = QPointF(view.left.width() / 4, view.left.height() / 2)
    event = QWheelEvent(
        at, QPointF(view.left.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 480), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.left, event)
    assert view.zoom == pytest.approx(1.25**4)
    assert (view.left._zoom, view.left._centre) == (view.right._zoom, view.right._centre)
    before = view.centre.x()
    middle = view.right.rect().center()
    QTest.mousePress(view.right, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(view.right, middle - QPoint(20, 0))
    QTest.mouseRelease(view.right, Qt.MouseButton.LeftButton, pos=middle - QPoint(20, 0))
    assert view.centre.x() > before
    QTest.mouseDClick(view.right, Qt.MouseButton.LeftButton)
    assert view.zoom == 1
    tab.key(Qt.Key.Key_Plus)
    tab.answer(Qt.Key.Key_Left)
    assert view.zoom == 1, "the next pair is shown whole"


def test_zooming_holds_what_lies_under_the_mouse(tab, photos):
    tab.ask(photos)
    pane = tab.view.left
    at = QPointF(pane.width() * 0.4, pane._area().height() * 0.5)
    tab.view._zoom_at(4, pane, at)
    first = (at.x() - pane._target().x()) / pane._target().width()
    tab.view._zoom_at(2, pane, at)
    assert (at.x() - pane._target().x()) / pane._target().width() == pytest.approx(first, abs=1e-6)


def test_detail_is_loaded_only_for_a_zoomed_pair(tab, photos):
    tab.ask(photos)
    asked: list[int] = []
    picture = tab.engine.picture
    tab.engine.picture = lambda path, side: asked.append(side) or picture(path, side)
    tab.answer(Qt.Key.Key_Left)
    tab.shown()
    assert set(asked) <= {512, 1024}
    tab.key(Qt.Key.Key_Plus)
    tab.qtbot.waitUntil(lambda: asked.count(MOST_PIXELS) == 2)
    tab.qtbot.waitUntil(lambda: not tab.page.details._running)
    assert tab.view.ready
    assert tab.view.zoom == 1.5


def test_the_same_file_twice_is_shown_twice(tab, photos):
    tab.ask(photos)
    tab.engine.teaching.next_pair = lambda: Pair(4, 4)
    tab.answer(Qt.Key.Key_Left)
    tab.shown()
    assert tab.view.left.name == tab.view.right.name == "04.png"


def test_photographs_are_decoded_anew_for_panes_that_have_grown(tab, photos):
    tab.engine.large = set(tab.engine.files)
    tab.ask(photos)
    tab.engine.large = set(tab.engine.files)
    tab.window.resize(2400, 1400)
    tab.qtbot.waitUntil(lambda: tab.page.pictures._side >= max(tab.view.left.width(), tab.view.left.height()))


def test_a_thumbnail_stands_in_while_a_photograph_is_decoded(tab, photos):
    tab.ask(photos)
    held, ahead = tab.page.pictures._engine, tab.engine.files[2]
    tab.qtbot.waitUntil(lambda: tab.page.pictures.image(ahead) is not None)
    tab.page.pictures._images.clear()
    tab.page.pictures._engine = None
    tab.answer(Qt.Key.Key_Left)
    tab.qtbot.waitUntil(lambda: not tab.view.right._picture.isNull())
    assert not tab.view.right.shows_picture
    tab.page.pictures.set_engine(held)
    tab.shown()


def test_every_control_of_the_tab_can_be_spoken(tab, photos):
    tab.ask(photos)
    assert tab.view.left.accessibleName() == "Left photograph: 00.png"
    for answer, button in tab.page.labels.buttons.items():
        assert button.accessibleName()
        assert "(" in button.toolTip(), answer


def test_an_error_that_was_dismissed_in_one_tab_does_not_come_back_in_the_other(tab):
    sort, train = tab.window.sort_page.banners, tab.page.banners
    for here, there in (train, sort), (sort, train):
        tab.window.session.failed.emit("The model is damaged.", "")
        sort.add("Of this tab.", "info")
        assert "The model is damaged." in [banner.text for banner in there.banners()]
        QTest.mouseClick(here.banners()[-1].dismiss, Qt.MouseButton.LeftButton)
        assert [banner.text for banner in sort.banners()] == ["Of this tab."]
        assert train.banners() == []
