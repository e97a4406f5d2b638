"""What is shown of what was learned: figures, the orders before and after, and what to do with it."""

from __future__ import annotations

import pytest
from fake_engine import ranked
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from imagesorter.answers import Estimate
from imagesorter.gui.result_view import LOW
from imagesorter.gui.teaching_state import State


def test_what_may_be_chance_is_called_probable(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    candidate = tab.engine.teaching.candidate(after=Estimate(0.66, 0.57, 0.75))
    tab.page.result.show_candidate(candidate, tab.window.sort_page.images.paths)
    assert tab.page.result.title.text() == "Probably better after 1 pair"


def test_what_nothing_tells_from_the_version_in_use_is_not_called_better(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    candidate = tab.engine.teaching.candidate(before=Estimate(0.81, 0.7, 0.9), after=Estimate(0.8, 0.7, 0.9))
    tab.page.result.show_candidate(candidate, tab.window.sort_page.images.paths)
    assert tab.page.result.title.text() == "Learned from 1 pair"
    assert not tab.page.result.keep.isHidden()


def test_where_there_was_no_order_before_no_photograph_has_a_rank(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    paths, result = tab.window.sort_page.images.paths, tab.page.result
    result.show_candidate(tab.engine.teaching.candidate(order_before=ranked(range(12), [0.0] * 12)), paths)
    images = result.before.images
    assert result.before.heading.text() == "Before: no order"
    assert images.rowCount() == 12 and {images.rank(row) for row in range(12)} == {None}
    assert "Rank" not in images.index(3, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert result.after.images.rank(0) == 1
    result.show_candidate(tab.engine.teaching.candidate(), paths)
    assert [images.rank(row) for row in (0, 11)] == [1, 12]


def in_sight(widget) -> int:
    """Height of what is seen of it, logical pixels."""
    return widget.visibleRegion().boundingRect().height()


def test_in_a_small_window_the_orders_are_in_sight_before_the_moves(tab, photos):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.window.resize(680, 440)
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    result = tab.page.result
    tab.qtbot.waitUntil(lambda: bool(result.strip.moves) and result.height() < LOW)
    QApplication.processEvents()
    assert not result.note.isVisible()
    assert all(in_sight(order.grid) >= 90 for order in (result.before, result.after))
    assert result._orders.y() < result._moves.y()
    tab.window.resize(1100, 720)
    tab.qtbot.waitUntil(result.note.isVisible)
    QApplication.processEvents()
    assert result._moves.y() < result._orders.y()
    assert result.strip.visibleRegion().boundingRect() == result.strip.rect()
    assert in_sight(result.after.grid) >= 150


def test_an_order_that_is_not_better_cannot_be_kept(tab, photos):
    result = tab.learn_nothing_better(photos)
    assert result.title.text() == "Not better yet"
    assert not result.keep.isVisible()
    assert not result.after.isVisible()
    QTest.mouseClick(result.discard, Qt.MouseButton.LeftButton)
    tab.wait(State.ASKING)
    assert tab.engine.rankers.taught == {}


def test_no_figure_is_shown_of_what_too_few_answers_say(tab, photos):
    result, paths = tab.learn_nothing_better(photos), tab.window.sort_page.images.paths
    assert result.bars.isVisible()
    result.show_candidate(tab.engine.teaching.candidate(known=False), paths)
    assert not result.bars.isVisible() and not result.note.isVisible()
    result.show_candidate(tab.engine.teaching.candidate(better=True), paths)
    assert result.bars.isVisible() and result.note.isVisible()


@pytest.mark.parametrize("size", [(1600, 1000), (680, 440)])
def test_what_is_not_better_is_said_in_the_middle_of_the_page(tab, photos, size):
    tab.window.resize(*size)
    result = tab.learn_nothing_better(photos)
    QApplication.processEvents()
    middle = result.mapToGlobal(result.rect().center()).x()
    for widget in (result.title, result.verdict, result.bars, result.discard):
        assert abs(widget.mapToGlobal(widget.rect().center()).x() - middle) <= 2
        assert widget.visibleRegion().boundingRect() == widget.rect()
    assert result.discard.hasFocus()
    assert result.title.geometry().bottom() < result.verdict.y() < result.bars.y() < result.discard.y()
    result.show_candidate(tab.engine.teaching.candidate(better=True), tab.window.sort_page.images.paths)
    QApplication.processEvents()
    assert result.keep.hasFocus()
    assert result.title.mapTo(result, result.title.rect().topLeft()).x() < 60
    assert abs(result.title.geometry().center().y() - result.discard.geometry().center().y()) <= 2
