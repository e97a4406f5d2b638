from __future__ import annotations

import pytest
from driving import drop, idle, local, manual, names, running, type_query
from fake_engine import ranked
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox

from imagesorter.answers import Answerer
from imagesorter.errors import QueryError, StorageError
from imagesorter.events import Answered, Finished, Notice, Progress
from imagesorter.gui.activity import Activity


def test_a_query_without_a_folder_waits_for_one(window, engine, photos, qtbot):
    idle(qtbot, window)
    type_query(window, "sharper")
    assert "drop a folder" in window.sort_page.banners.banners()[0].text
    drop(window, local(photos))
    qtbot.waitUntil(lambda: "rank" in engine.names())
    assert engine.last("rank").arguments == ("sharper",)


def test_of_two_queries_without_a_folder_the_first_is_sorted_by_where_the_second_is_refused(
    window, engine, qtbot
):
    idle(qtbot, window)
    type_query(window, "sharper")
    type_query(window, "+++")
    manual(engine, qtbot, window)
    running(qtbot, engine, "rank").fail(QueryError("Nothing to sort by."))
    running(qtbot, engine, "rank", 2).end(ranked(range(5), query="sharper"), Finished(5, 0))
    idle(qtbot, window)
    assert engine.last("rank").arguments == ("sharper",)


def test_an_empty_query_is_answered_in_words(window, engine, photos, qtbot):
    drop(window, local(photos))
    idle(qtbot, window)
    type_query(window, "   ")
    assert window.sort_page.query.error.isVisible()
    assert "rank" not in engine.names()


def test_a_refused_query_is_told_under_the_line(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "+++")
    running(qtbot, engine, "rank").fail(QueryError("Nothing to sort by."))
    qtbot.waitUntil(window.sort_page.query.error.isVisible)
    assert window.sort_page.query.error.text() == "Nothing to sort by."
    assert window.sort_page.query.text == "+++"
    words = window.sort_page.query.edit.completer().model().stringList()
    assert "+++" not in words, "what cannot be sorted by is not offered again"
    QTest.keyClicks(window.sort_page.query.edit, "x")
    assert not window.sort_page.query.error.isVisible()


@pytest.mark.parametrize(
    ("meant", "offered"),
    [
        ("more photogenic", "Sort by “more photogenic”"),
        ("salt & pepper", "Sort by “salt && pepper”"),
        ("the ones that I would print large", "Sort by “the ones that I…ld print large”"),
    ],
)
def test_the_button_says_what_it_would_sort_by(window, engine, qtbot, meant, offered):
    manual(engine, qtbot, window)
    type_query(window, "photogenik")
    running(qtbot, engine, "rank").put(Notice("Not learned.", meant=meant))
    qtbot.waitUntil(lambda: bool(window.sort_page.banners.banners()))
    (banner,) = window.sort_page.banners.banners()
    assert banner.offer.text() == offered
    QTest.mouseClick(banner.offer, Qt.MouseButton.LeftButton)
    assert window.sort_page.query.text == meant


def test_an_error_that_came_since_stays_when_the_order_comes(window, engine, qtbot):
    manual(engine, qtbot, window)
    page = window.sort_page
    type_query(window, "funnier")
    running(qtbot, engine, "rank").end(
        Notice("Not learned."), ranked([0, 1], query="funnier"), Finished(2, 0)
    )
    idle(qtbot, window)
    type_query(window, "sharper")
    page.banners.add("The import failed.", "error")
    running(qtbot, engine, "rank", 2).put(ranked([1, 0], query="sharper"))
    qtbot.waitUntil(lambda: page.images.ranking.query == "sharper")
    assert [banner.text for banner in page.banners.banners()] == ["The import failed."]


def test_in_the_smallest_window_no_message_is_cut(window, engine, qtbot):
    manual(engine, qtbot, window)
    window.resize(680, 440)
    page = window.sort_page
    page.answerer.tell(Answered("funnier", (Answerer("funnier", "guess", "Pocket", "a guess"),)), "")
    for severity in ("warning", "info", "error", "info"):
        page.banners.add(f"Something that is of kind {severity} has happened.", severity)
    page.query.show_error("Nothing to sort by.")
    QApplication.processEvents()
    shown = [banner for banner in page.banners.banners() if banner.isVisible()]
    assert shown
    for part in (page.query.edit, page.query.button, page.query.error, page.answerer, *shown):
        assert part.height() >= part.sizeHint().height(), part
    assert page.grid.isVisible()


def test_after_a_refused_query_another_that_is_on_its_way_speaks_for_itself(window, engine, qtbot):
    manual(engine, qtbot, window)
    page = window.sort_page
    type_query(window, "funnier")
    order = ranked(range(5), query="funnier")
    running(qtbot, engine, "rank").end(Notice("Not learned."), order, Finished(5, 0))
    idle(qtbot, window)
    type_query(window, "sharper")
    running(qtbot, engine, "rank", 2)
    type_query(window, "+++")
    running(qtbot, engine, "rank", 3).fail(QueryError("Nothing to sort by."))
    qtbot.waitUntil(page.query.error.isVisible)
    running(qtbot, engine, "rank", 4).end(Notice("Rough."), ranked(range(5), query="sharper"), Finished(5, 0))
    idle(qtbot, window)
    assert [banner.text for banner in page.banners.banners()] == ["Rough."]


def test_notices_stand_until_dismissed_or_out_of_date(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "funnier")
    running(qtbot, engine, "rank").put(
        Notice("Not learned."), Notice("By the way.", "info"), Notice("Not learned.")
    )
    banners = window.sort_page.banners
    qtbot.waitUntil(lambda: len(banners.banners()) == 2)
    assert [(b.text, b.severity) for b in banners.banners()] == [
        ("By the way.", "info"),
        ("Not learned.", "warning"),
    ]
    QTest.mouseClick(banners.banners()[0].dismiss, Qt.MouseButton.LeftButton)
    assert [b.text for b in banners.banners()] == ["Not learned."]
    type_query(window, "sharper")
    assert banners.banners() == []


def test_a_refused_query_leaves_what_was_told_of_the_order_shown(window, engine, qtbot):
    manual(engine, qtbot, window)
    page = window.sort_page
    type_query(window, "funnier")
    shown = running(qtbot, engine, "rank")
    shown.put(
        Notice("Not learned."),
        Answered("funnier", (Answerer("funnier", "guess", "Small", "a guess"),)),
        ranked([0, 1], query="funnier"),
    )
    shown.end(Finished(2, 0))
    qtbot.waitUntil(lambda: page.images.ranking is not None)
    idle(qtbot, window)
    assert page.answerer.words == "Sorted by Small: a guess."
    assert [banner.text for banner in page.banners.banners()] == ["Not learned."]

    type_query(window, "+++")
    running(qtbot, engine, "rank", 2).fail(QueryError("Nothing to sort by."))
    qtbot.waitUntil(page.query.error.isVisible)
    assert [banner.text for banner in page.banners.banners()] == ["Not learned."]
    assert page.answerer.words == "“funnier”: sorted by Small: a guess."

    type_query(window, "sharper")
    running(qtbot, engine, "rank", 3).put(ranked([1, 0], query="sharper"))
    qtbot.waitUntil(lambda: page.images.ranking.query == "sharper")
    assert page.banners.banners() == []
    assert page.answerer.words == ""


def test_an_unforeseen_error_offers_details(window, engine, qtbot, caplog):
    manual(engine, qtbot, window)
    running(qtbot, engine, "index").fail(ZeroDivisionError("surprise"))
    banners = window.sort_page.banners
    qtbot.waitUntil(lambda: len(banners.banners()) == 1)
    banner = banners.banners()[0]
    assert banner.severity == "error"
    details = next(b for b in banner.findChildren(QAbstractButton) if b.text() == "Details…")
    QTest.mouseClick(details, Qt.MouseButton.LeftButton)
    (box,) = window.findChildren(QMessageBox)
    assert "ZeroDivisionError" in box.detailedText()
    assert "index failed" in caplog.text
    box.close()


def test_an_error_goes_from_both_tabs_once_it_is_mended(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "sharper")
    running(qtbot, engine, "rank").fail(StorageError("The cache cannot be written."))
    pages = window.sort_page, window.train_page
    qtbot.waitUntil(lambda: all(len(page.banners.banners()) == 1 for page in pages))
    QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
    running(qtbot, engine, "rank", 2).end(ranked(range(5), query="sharper"), Finished(5, 0))
    idle(qtbot, window)
    assert [page.banners.banners() for page in pages] == [[], []]


def test_the_order_forms_and_never_jumps_under_the_selection(window, engine, qtbot):
    manual(engine, qtbot, window, count=2000)
    type_query(window, "sharper")
    rank, grid, model = running(qtbot, engine, "rank"), window.sort_page.grid, window.sort_page.images
    rank.put(ranked(range(0, 2000, 4), complete=False, query="sharper"))
    qtbot.waitUntil(lambda: model.ranking is not None)
    held = model.file_id(200)
    grid.show_row(200)
    before = grid.visualRect(model.index(200)).top()
    rank.put(ranked(range(0, 2000, 2), complete=False, query="sharper"))
    qtbot.waitUntil(lambda: len(model.ranking.file_ids) == 1000)
    row = model.row(held)
    assert row == 400
    assert grid.selected_rows() == [row]
    assert grid.visualRect(model.index(row)).top() == before


@pytest.mark.parametrize("shown", [0, 1000])
def test_a_new_query_is_shown_from_its_top(window, engine, qtbot, shown: int):
    manual(engine, qtbot, window, count=2000)
    type_query(window, "sharper")
    running(qtbot, engine, "rank").end(ranked(range(2000), query="sharper"), Finished(2000, 0))
    idle(qtbot, window)
    window.sort_page.grid.show_row(shown)
    type_query(window, "darker")
    running(qtbot, engine, "rank", 2).end(ranked(range(1999, -1, -1), query="darker"), Finished(2000, 0))
    idle(qtbot, window)
    assert window.sort_page.grid.verticalScrollBar().value() == 0
    assert window.sort_page.grid.selected_rows() == [1999 - shown]


def test_progress_is_told_and_cancel_keeps_what_is_done(window, engine, qtbot):
    manual(engine, qtbot, window)
    type_query(window, "sharper")
    rank = running(qtbot, engine, "rank")
    rank.put(ranked([3, 1], complete=False, query="sharper"), Progress("index", 2, 5, 12.5, 90.0))
    qtbot.waitUntil(lambda: "2 of 5" in window.status.figures.text())
    assert "12/s" in window.status.figures.text()
    assert "2 min left" in window.status.figures.text()
    assert (window.status.bar.value(), window.status.bar.maximum()) == (2, 5)
    QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
    assert window.session.activity is Activity.STOPPED
    assert names(window)[:2] == ["3.jpg", "1.jpg"]
    assert window.status.button.text() == "Resume"
    qtbot.waitUntil(rank.closed.is_set)
    QTest.mouseClick(window.status.button, Qt.MouseButton.LeftButton)
    running(qtbot, engine, "rank", 2)


def test_cancelled_before_its_order_came_a_query_claims_nothing(window, engine, qtbot):
    manual(engine, qtbot, window)
    page, status = window.sort_page, window.status

    def trained(query: str, by: str) -> Answered:
        return Answered(query, (Answerer(query, "adapter", by, "trained on this"),))

    type_query(window, "red")
    running(qtbot, engine, "rank").end(trained("red", "Large"), ranked(range(5), query="red"), Finished(5, 0))
    idle(qtbot, window)
    type_query(window, "darker")
    rank = running(qtbot, engine, "rank", 2)
    rank.put(trained("darker", "Small"))
    qtbot.waitUntil(lambda: page.answerer.words == "Sorted by Small: trained on this.")
    QTest.mouseClick(status.button, Qt.MouseButton.LeftButton)
    assert status.message.words == "Stopped. Still ordered by “red”."
    assert not page.answerer.isVisible()
    window.session.ranked.emit(ranked(range(4, -1, -1), query="darker"))  # too late to be held back
    assert status.message.words == "Stopped. What is done is kept."
    assert page.answerer.isVisible()
    qtbot.waitUntil(rank.closed.is_set)


def test_completion_knows_history_and_model(window, engine, photos, qtbot):
    edit = window.sort_page.query.edit
    qtbot.waitUntil(lambda: "sharper" in edit.completer().model().stringList())
    drop(window, local(photos))
    type_query(window, "less noise in the sky")
    edit.clear()
    QTest.keyClicks(edit, "NOISE")
    found = edit.completer().completionModel()
    assert [found.index(k, 0).data() for k in range(found.rowCount())] == [
        "less noise in the sky",
        "less noise",
    ]
    edit.completer().popup().hide()
