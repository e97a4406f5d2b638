"""The line at the bottom of the window."""

from __future__ import annotations

from itertools import pairwise

import pytest
from driving import idle, manual, running, type_query
from fake_engine import ranked
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from imagesorter.events import ModelReady, Progress
from imagesorter.gui.activity import Activity
from imagesorter.gui.status import BAR

LONG = "CLIP ConvNeXt-L at 320 px, trained on two billion pictures"
PROGRESS = Progress("index", 8123, 12345, 38.2, 260.0)


@pytest.fixture
def narrow(window, qtbot):
    """The smallest window, where some files could not be read."""
    idle(qtbot, window)
    window.resize(680, 440)
    window.status.set_unreadable(2)
    return window


def laid_out(window) -> list[tuple[int, int]]:
    """Left and right edge of what stands in the line."""
    QApplication.processEvents()
    line = window.status
    line.grab()
    widgets = (line.message, line.bar, line.figures, line.button, line.unreadable)
    return [(w.x(), w.x() + w.width()) for w in widgets if w.isVisible()]


def whole(label) -> bool:
    return label.width() >= label.fontMetrics().horizontalAdvance(label.text())


@pytest.mark.parametrize("title", ["Pocket", LONG])
@pytest.mark.parametrize("activity", [Activity.INDEXING, Activity.TEACHING])
def test_nothing_stands_upon_anything_in_a_narrow_window(narrow, title, activity):
    line = narrow.status
    narrow.means.set_ready(ModelReady("m", title, "cpu"))
    line.set_activity(activity)
    line.set_progress(PROGRESS if activity is Activity.INDEXING else Progress("fit", 12, 20, None, 30.0))
    edges = laid_out(narrow)
    assert all(right <= left for (_, right), (left, _) in pairwise(edges))
    assert edges[-1][1] <= line.width()
    assert line.message.text() == line.message.words
    assert all(map(whole, (line.message, line.figures)))
    assert line.bar.width() in BAR


def test_the_speed_gives_way_first_then_the_time_left(narrow):
    line = narrow.status
    line.set_activity(Activity.INDEXING)
    line.set_progress(PROGRESS)
    told = []
    for width in range(1300, 200, -10):
        line.resize(width, line.height())
        told.append(line.figures.text())
    assert list(dict.fromkeys(told)) == [
        "8,123 of 12,345  ·  38/s  ·  4 min left",
        "8,123 of 12,345  ·  4 min left",
        "8,123 of 12,345",
        "",
    ]
    assert line.figures.toolTip() == told[0]


def test_in_a_wide_window_the_bar_is_long_and_all_is_told(narrow):
    narrow.resize(1300, 700)
    narrow.status.set_activity(Activity.INDEXING)
    narrow.status.set_progress(PROGRESS)
    laid_out(narrow)
    assert narrow.status.bar.width() == BAR.stop - 1
    assert "38/s" in narrow.status.figures.text()
    assert narrow.status.figures.toolTip() == ""


def test_what_has_not_changed_is_not_fitted_anew(narrow, monkeypatch):
    line = narrow.status
    fitted: list[str] = []
    monkeypatch.setattr(line, "_fit", lambda: fitted.append(line.unreadable.text()))
    for images, places in ((2, 0), (3, 0), (3, 0), (3, 1), (0, 0), (0, 0)):
        line.set_unreadable(images, places)
    assert fitted == ["3 could not be read", "3 photos and 1 place could not be read", ""]
    assert line.unreadable.isHidden()


def test_a_long_message_ends_in_an_ellipsis_and_is_read_in_its_tool_tip(narrow):
    message = (
        "The settings could not be saved: /home/anna/.config/imagesorter/settings.toml: the disk is full."
    )
    narrow.status.tell(message)
    laid_out(narrow)
    label = narrow.status.message
    assert label.text().endswith("…")
    assert whole(label)
    assert (label.toolTip(), label.accessibleName()) == (message, message)


def test_a_long_title_of_a_model_gives_up_its_middle(narrow):
    means = narrow.means
    means.set_ready(ModelReady("m", LONG, "cpu"))
    laid_out(narrow)
    assert means.text().startswith("CLIP ")
    assert "…" in means.text()
    assert means.text().endswith("  ·  CPU")
    assert means.width() >= means.sizeHint().width()
    assert LONG in means.toolTip()
    narrow.resize(2400, 440)
    laid_out(narrow)
    assert means.text() == f"{LONG}  ·  CPU"
    assert means.toolTip() == "Model and device"


def test_what_the_train_tab_tells_of_teaching_is_not_told_twice(window, qtbot):
    idle(qtbot, window)
    line = window.status
    told = lambda: [w.isVisible() for w in (line.bar, line.figures, line.button)]  # noqa: E731
    line.set_activity(Activity.TEACHING)
    assert told() == [True] * 3
    window.tabs.setCurrentWidget(window.train_page)
    line.set_progress(Progress("fit", 12, 20, None, 30.0))
    assert told() == [False] * 3
    assert line.message.text() == "Learning …"
    line.set_activity(Activity.INDEXING)
    assert told() == [True] * 3
    line.set_activity(Activity.TEACHING)
    window.tabs.setCurrentWidget(window.sort_page)
    assert told() == [True] * 3
    line.set_activity(Activity.STOPPED)
    window.tabs.setCurrentWidget(window.train_page)
    assert told() == [False, False, True]


def test_a_stopped_order_tells_how_many_are_in_it(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "sharper")
    rank = running(qtbot, engine, "rank")
    qtbot.waitUntil(lambda: window.session.activity is Activity.RANKING)
    rank.put(ranked([4, 3], query="sharper", complete=False), Progress("index", 2, 5))
    qtbot.waitUntil(lambda: window.status.figures.text() == "2 of 5")
    QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
    assert window.status.message.words == "Stopped: 2 of 5 photographs in order. What is done is kept."
