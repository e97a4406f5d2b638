"""The look of the window's controls, light and dark."""

from __future__ import annotations

import pytest
from colours import luminance
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QPushButton, QSlider, QWidget

from imagesorter.gui import theme


@pytest.fixture
def look(qapp):
    """Sets the look, and light again at the end."""
    yield lambda dark: theme.set_dark(qapp, dark)
    theme.set_dark(qapp, False)


def contrast(widget, area: QRect) -> float:
    """Of the strongest point of an area with the point at its corner."""
    image = widget.grab().toImage()
    points = [
        luminance(image.pixelColor(x, y))
        for x in range(area.left(), area.right() + 1)
        for y in range(area.top(), area.bottom() + 1)
    ]
    return max((max(points[0], seen) + 0.05) / (min(points[0], seen) + 0.05) for seen in points)


@pytest.mark.parametrize("dark", [False, True])
def test_the_words_of_a_link_that_leads_nowhere_now_can_be_read(look, qtbot, dark):
    look(dark)
    page = QWidget()
    page.setAutoFillBackground(True)
    qtbot.addWidget(page)
    link = QPushButton("Export…", page)
    link.setObjectName("link")
    link.setEnabled(False)
    page.show()
    assert contrast(page, link.geometry()) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_the_words_of_a_prominent_button_can_be_read(look, qtbot, dark, enabled):
    look(dark)
    button = QPushButton("Learn")
    button.setObjectName("primary")
    button.setEnabled(enabled)
    qtbot.addWidget(button)
    button.resize(160, 40)
    button.show()
    image = button.grab().toImage()
    middle = [image.pixelColor(x, y) for x in range(20, 140) for y in range(10, 30)]
    ground = luminance(image.pixelColor(20, 20))
    contrasts = [(max(ground, seen) + 0.05) / (min(ground, seen) + 0.05) for seen in map(luminance, middle)]
    assert max(contrasts) > 3


@pytest.mark.parametrize("dark", [False, True])
def test_the_icon_of_a_button_that_cannot_be_pressed_is_as_grey_as_its_words(look, window, dark):
    look(dark)
    for button in (window.sort_page.tools.export_button, window.train_page.undo):
        palette = button.palette()
        image = button.icon().pixmap(QSize(18, 18), QIcon.Mode.Disabled).toImage()
        drawn = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        strongest = max(drawn, key=QColor.alpha)
        grey = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        assert abs(strongest.lightness() - grey.lightness()) <= 4


def test_the_knob_of_a_slider_is_round(look, qtbot):
    look(False)
    slider = QSlider(Qt.Orientation.Horizontal)
    qtbot.addWidget(slider)
    assert slider.sizeHint().height() >= 18, "the knob, 16 high, and room above and below it"
    assert slider.minimumSizeHint().height() >= 18


def test_tools_beside_each_other_are_equally_high(tab, photos):
    tab.ask(photos)
    assert tab.page.undo.height() == tab.page.more.height()
    sort = tab.window.sort_page
    assert (
        len({b.sizeHint().height() for b in (sort.tools.open_button, sort.tools.teach_button, tab.page.more)})
        == 1
    )
