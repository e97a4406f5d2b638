from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from imagesorter.gui.banner import MOST, BannerArea


@pytest.fixture
def area(qtbot) -> BannerArea:
    area = BannerArea()
    qtbot.addWidget(area)
    return area


def texts(area: BannerArea) -> list[str]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [banner.text for banner in area.banners()]


def test_it_takes_room_only_while_it_says_something(area):
    assert area.isHidden()
    area.add("One.", "warning")
    assert not area.isHidden()
    area.clear()
    assert area.isHidden()
    assert texts(area) == []
    area.add("Two.", "info")
    assert texts(area) == ["Two."]


def test_a_message_stands_once_until_it_is_dismissed(area):
    area.add("One.", "warning")
    area.add("One.", "warning")
    area.add("Two.", "info")
    assert texts(area) == ["Two.", "One."]
    QTest.mouseClick(area.banners()[1].dismiss, Qt.MouseButton.LeftButton)
    assert texts(area) == ["Two."]
    area.add("One.", "warning")
    assert texts(area) == ["Two.", "One."]


def test_a_message_that_stands_already_comes_anew(area):
    pressed = []
    for text in ("One.", "Two.", "Three."):
        area.add(text, "info")
    area.add("One.", "info", offer=("Now", lambda: pressed.append(True)))
    assert texts(area) == ["Two.", "Three.", "One."]
    QTest.mouseClick(area.banners()[-1].offer, Qt.MouseButton.LeftButton)
    assert pressed == [True]


def test_the_oldest_makes_room(area):
    for number in range(MOST + 2):
        area.add(str(number), "info")
    assert texts(area) == [str(number) for number in range(2, MOST + 2)]


def test_the_oldest_makes_room_wherever_it_stands(area):
    for number in range(MOST):
        area.add(str(number), "info")
    area.banners()[-1].more.click()  # the latest goes behind the others
    assert texts(area) == ["3", "0", "1", "2"]
    area.add("4", "info")
    assert texts(area) == ["3", "1", "2", "4"]


def test_notes_make_room_for_warnings(area):
    area.add("guess", "warning")
    for number in range(MOST + 2):
        area.add(str(number), "info")
    assert texts(area) == ["3", "4", "5", "guess"]
    area.add("damaged", "error")
    assert texts(area) == ["4", "5", "guess", "damaged"]
    area.add("worn", "warning")
    area.add("torn", "warning")
    area.add("by the way", "info")
    assert texts(area) == ["guess", "damaged", "worn", "torn"]


def test_a_way_on_is_offered_beside_the_message(area):
    pressed = []
    area.add("No such thing.", "warning", offer=("Try another", lambda: pressed.append(True)))
    area.add("Nothing to do.", "warning")
    first, second = area.banners()
    assert (first.offer.text(), second.offer.isVisibleTo(area)) == ("Try another", False)
    QTest.mouseClick(first.offer, Qt.MouseButton.LeftButton)
    assert pressed == [True]


def test_in_a_low_window_the_older_ones_wait_behind_the_latest(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    area = BannerArea(page)
    column.addWidget(area)
    column.addStretch(1)
    page.resize(500, 800)
    page.show()
    for number in range(4):
        area.add(str(number), "info")
    shown = lambda: [b.text for b in area.banners() if b.isVisible()]  # noqa: E731
    assert shown() == ["0", "1", "2", "3"]
    page.resize(500, 360)
    assert shown() == ["2", "3"]
    page.resize(500, 40)
    assert shown() == ["3"]
    QTest.mouseClick(area.banners()[3].dismiss, Qt.MouseButton.LeftButton)
    assert shown() == ["2"]
    assert texts(area) == ["0", "1", "2"]
    page.resize(500, 800)
    assert shown() == ["0", "1", "2"]


def test_the_latest_says_how_many_wait_behind_it_and_brings_them_forward(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    area = BannerArea(page)
    QVBoxLayout(page).addWidget(area)
    page.resize(500, 40)
    page.show()
    for number in range(3):
        area.add(str(number), "info")
    more = lambda: [(b.text, b.more.text()) for b in area.banners() if b.more.isVisible()]  # noqa: E731
    assert more() == [("2", "2 more")]
    QTest.mouseClick(area.banners()[-1].more, Qt.MouseButton.LeftButton)
    assert more() == [("1", "2 more")]
    QTest.mouseClick(area.banners()[-1].dismiss, Qt.MouseButton.LeftButton)
    assert more() == [("0", "1 more")]
    page.resize(500, 800)
    assert more() == []
    assert all(banner.isVisible() for banner in area.banners())


def test_the_symbol_is_level_with_a_single_line(area):
    area.add("One.", "warning")
    area.resize(500, area.sizeHint().height())
    area.show()
    (banner,) = area.banners()
    symbol, words = banner._symbol.geometry(), banner._label.geometry()
    assert abs(symbol.center().y() - words.center().y()) <= 1


def test_text_is_shown_as_it_stands(area):
    area.add("<b>not bold</b> & so on", "error", "details")
    assert area.banners()[0].accessibleName() == "error: <b>not bold</b> & so on"
