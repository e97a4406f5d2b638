"""Completion of the term that is being typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from imagesorter.gui.completion import completed
from imagesorter.gui.query_line import QueryLine
from imagesorter.ranking.query import parse

KNOWN = ("more colorful", "sharper", "less noise", "noise", "people", "car side")


@pytest.fixture
def line(qtbot) -> QueryLine:
    line = QueryLine()
    qtbot.addWidget(line)
    line.set_known(KNOWN)
    line.set_history(["brighter + sharper"])
    line.show()
    return line


def offered(line: QueryLine, typed: str) -> list[str]:
    """What the list below the line would put into it."""
    completer = line.edit.completer()
    completer.setCompletionPrefix(typed)
    model = completer.completionModel()
    places = [model.index(row, 0) for row in range(model.rowCount())]
    return [completed(typed, str(place.data())) for place in places]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("colo", ["more colorful"]),
        ("more colorful, less no", ["more colorful, less noise"]),
        ("more colorful and less no", ["more colorful and less noise"]),
        ("people + 0.5 colo", ["people + 0.5 more colorful"]),
        ("0.5 colo", ["0.5 more colorful"]),
        ("people + 2*colo", ["people + 2*more colorful"]),
        ("people - noi", ["people + less noise", "people - noise"]),
        ("people\N{MINUS SIGN}noi", ["people+less noise", "people\N{MINUS SIGN}noise"]),
        ("brighter + shar", ["brighter + sharper", "brighter + sharper"]),
        ("people - 0.5 noi", ["people + 0.5 less noise", "people - 0.5 noise"]),
        ("people - 2*noi", ["people + 2*less noise", "people - 2*noise"]),
        ("dogs without peo", ["dogs without people"]),
        ("people not noi", ["people not noise", "people not noise"]),
        ("more colorful less noi", ["more colorful less noise"]),
        ("2 peo", []),
        ("sharper + ", []),
        ('"a text with colo', []),
        ("old-car", []),
    ],
)
def test_the_last_term_is_completed(line, typed, expected):
    assert offered(line, typed) == expected


@pytest.mark.parametrize(
    ("typed", "query", "whole"),
    [
        ("people - noi", "without noise", "people + without noise"),
        ("people + noi", "- noise", "people + less noise"),
        ("people - noi", "- noise", "people + less noise"),
        ("people + 0.5*noi", "2*noise", "people + 0.5*noise"),
        ("people, noi", "no noise", "people, no noise"),
    ],
)
def test_what_was_typed_before_keeps_its_sense(typed, query, whole):
    assert completed(typed, query) == whole
    assert parse(whole)


def test_within_the_text_nothing_is_offered(line):
    QTest.keyClicks(line.edit, "sh + noise")
    line.edit.setCursorPosition(2)
    QTest.keyClicks(line.edit, "a")
    assert not line.edit.completer().popup().isVisible()
    assert line.edit.text() == "sha + noise"


def test_a_chosen_completion_leaves_what_stands_before(line, qtbot):
    QTest.keyClicks(line.edit, "people, less n")
    popup = line.edit.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Qt.Key.Key_Down)
    assert line.edit.text() == "people, less noise"
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert line.edit.text() == "people, less noise"


def test_the_whole_line_is_completed_from_what_was_typed_before(line, qtbot):
    QTest.keyClicks(line.edit, "brighter + s")
    popup = line.edit.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Qt.Key.Key_Down)
    assert line.edit.text() == "brighter + sharper"


def in_popup(line: QueryLine) -> list[str]:
    model = line.edit.completer().popup().model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_what_begins_so_comes_before_what_contains_it(line, qtbot):
    blends = ["brighter + sharper", "more colorful + 0.5 sharper"]
    line.set_history(blends)
    QTest.keyClicks(line.edit, "sha")
    qtbot.waitUntil(line.edit.completer().popup().isVisible)
    assert in_popup(line) == ["sharper", *blends]
    line.edit.selectAll()
    QTest.keyClicks(line.edit, "people - noi")
    assert in_popup(line) == ["noise", "less noise"]
    line.edit.selectAll()
    QTest.keyClicks(line.edit, "brighter + s")
    assert in_popup(line)[:2] == ["brighter + sharper", "sharper"]


def test_a_long_query_is_elided_in_the_list(line, qtbot):
    line.set_history(["sharper" + " + colorful" * 40, "shady"])
    line.resize(500, 80)
    QTest.keyClicks(line.edit, "sha")
    popup = line.edit.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    assert not popup.horizontalScrollBar().isVisible() and popup.horizontalScrollBar().maximum() == 0
    model = popup.model()
    assert len({popup.visualRect(model.index(row, 0)).width() for row in range(model.rowCount())}) == 1
    assert popup.visualRect(model.index(0, 0)).width() <= popup.viewport().width()
