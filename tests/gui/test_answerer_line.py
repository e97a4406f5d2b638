from __future__ import annotations

from PySide6.QtTest import QTest

from imagesorter.answers import Answerer
from imagesorter.events import Answered, Notice
from imagesorter.gui.answerer_line import AnswererLine


def answered(*answers: tuple[str, str], query: str = "query") -> Answered:
    return Answered(query, tuple(Answerer(phrase, "head", who, "a head") for phrase, who in answers))


def test_it_takes_room_only_while_it_says_something(qtbot):
    line = AnswererLine()
    qtbot.addWidget(line)
    assert line.isHidden()
    line.tell(answered(("fun", "Vit")), "query")
    assert not line.isHidden()
    assert line.words == "Sorted by Vit: a head."
    line.clear()
    assert line.isHidden()


def test_a_long_name_is_shortened_and_the_whole_is_the_tool_tip(qtbot):
    line = AnswererLine()
    qtbot.addWidget(line)
    line.tell(answered(("fun", "a model\nof a very long name " * 9), ("<b>joy</b>", "Vit")), "query")
    line.resize(300, 20)
    line.grab()
    assert line.text().endswith("…")
    assert line.minimumSizeHint().width() < 60
    assert "<b>joy</b>" in line.toolTip()
    assert "\n" not in line.toolTip()


def test_the_window_says_who_answered_until_something_else_is_asked(window, engine, qtbot, album):
    from driving import manual, running, type_query

    manual(engine, qtbot, window)
    type_query(window, "funnier")
    line = window.sort_page.answerer
    running(qtbot, engine, "rank").put(answered(("funnier", "Vit"), query="funnier"))
    qtbot.waitUntil(line.isVisible)
    assert line.words == "Sorted by Vit: a head."
    QTest.keyClicks(window.sort_page.query.edit, " + sharper")
    assert line.isVisible(), "it speaks of the order that is shown"
    assert line.words == "“funnier”: sorted by Vit: a head."
    window.sort_page.query.edit.setText("funnier ")
    assert line.words == "Sorted by Vit: a head."
    type_query(window, "sharper")
    assert not line.isVisible()


def test_that_an_order_is_a_guess_is_said_once(window, engine, qtbot):
    from driving import manual, running, type_query

    manual(engine, qtbot, window)
    page = window.sort_page
    guess, known = (
        Answerer(phrase, by, "Pocket", trust)
        for phrase, by, trust in (
            ("photogenik", "guess", "a guess"),
            ("sharper", "adapter", "trained on this"),
        )
    )
    warning = Notice("Pocket has not learned “photogenik”: this order is a guess.")
    type_query(window, "photogenik")
    running(qtbot, engine, "rank").put(Answered("photogenik", (guess,)), warning)
    qtbot.waitUntil(lambda: bool(page.banners.banners()))
    assert not page.answerer.isVisible()
    type_query(window, "photogenik + sharper")
    running(qtbot, engine, "rank", 2).put(Answered("photogenik + sharper", (guess, known)), warning)
    qtbot.waitUntil(page.answerer.isVisible)
    assert "“sharper” by Pocket: trained on this" in page.answerer.words
