from __future__ import annotations

import pytest
from colours import luminance
from PySide6.QtWidgets import QWidget

from imagesorter.gui import theme
from imagesorter.gui.curve import Bar, BarView, CurveView


def dark_pixels(widget: QWidget) -> int:
    """How much is drawn in the accent colour."""
    image = widget.grab().toImage()
    accent = widget.palette().highlight().color().rgb()
    return sum(image.pixel(x, y) == accent for x in range(image.width()) for y in range(image.height()))


@pytest.fixture
def curve(qtbot) -> CurveView:
    view = CurveView("Right, over pairs")
    qtbot.addWidget(view)
    view.resize(300, 160)
    return view


def test_an_empty_curve_has_nothing_to_show(curve):
    assert dark_pixels(curve) == 0
    assert curve.accessibleName() == "Right, over pairs"


def test_the_curve_grows_from_left_to_right(curve):
    curve.add(5, 0.5)
    one = dark_pixels(curve)
    curve.add(10, 0.7)
    assert 0 < one < dark_pixels(curve)
    assert curve.accessibleName() == "Right, over pairs, now 70\N{NO-BREAK SPACE}%"
    curve.restart("Right, over passes")
    assert curve.points == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.58, 0.81], (0.5, 0.9)),
        ([0.82, 0.58], (0.5, 0.9)),
        ([1.0, 1.0], (0.8, 1.0)),
        ([0.0], (0.0, 0.2)),
        ([0.86], (0.8, 1.0)),
    ],
)
def test_all_values_lie_within_what_is_drawn(curve, values, expected):
    for step, value in enumerate(values):
        curve.add(step, value)
    low, high = curve._range()
    assert (low, high) == pytest.approx(expected)


def test_a_long_curve_is_thinned_but_keeps_its_ends(curve):
    for step in range(10_001):
        curve.add(step, 0.5)
    assert len(curve.points) <= 4000
    assert (curve.points[0][0], curve.points[-1][0]) == (0, 10_000)


def test_bars_tell_their_figures(qtbot):
    bars = BarView("Right")
    qtbot.addWidget(bars)
    bars.resize(300, 80)
    bars.set_bars([Bar("Before", 0.5, 0.4, 0.6, strong=False), Bar("After", 0.8, 0.7, 0.9)])
    assert "After 80\N{NO-BREAK SPACE}%, 70 to 90\N{NO-BREAK SPACE}%" in bars.accessibleName()


@pytest.mark.parametrize("strong", [True, False])
@pytest.mark.parametrize("dark", [False, True])
def test_the_estimate_is_seen_on_its_band(qapp, qtbot, dark, strong):
    theme.set_dark(qapp, dark)
    bars = BarView("Right")
    qtbot.addWidget(bars)
    bars.set_bars([Bar("", 0.5, 0.2, 0.8, strong=strong)])
    bars.resize(300, bars.sizeHint().height())
    image = bars.grab().toImage()
    theme.set_dark(qapp, False)
    left, right = 8, 300 - bars.fontMetrics().horizontalAdvance("100 %") - 14
    middle = (left + right) // 2
    point, band = (luminance(image.pixelColor(x, 17)) for x in (middle, middle + 12))
    ground = luminance(image.pixelColor(2, 2))
    for other in (band, ground):
        assert (max(point, other) + 0.05) / (min(point, other) + 0.05) >= 3
    assert abs(band - ground) > 0.02


def test_what_was_before_is_seen_on_a_dark_ground_too(qapp, qtbot):
    theme.set_dark(qapp, True)
    bars = BarView("Right")
    qtbot.addWidget(bars)
    bars.set_bars([Bar("", 0.5, 0.5, 0.5, strong=False)])
    bars.resize(300, bars.sizeHint().height())
    image = bars.grab().toImage()
    theme.set_dark(qapp, False)
    left, right = 8, 300 - bars.fontMetrics().horizontalAdvance("100 %") - 14
    mark = image.pixelColor((left + right) // 2 + 3, 17)
    ground = image.pixelColor(2, 2)
    assert mark.lightness() - ground.lightness() > 90
