"""Our drawings as icons in the colour of the text that they stand beside."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from imagesorter.paths import resources

_SIDES = (16, 20, 24, 32, 40, 48, 64, 128)


def pixmap(name: str, colour: QColor, side: int, ratio: float = 1.0) -> QPixmap:
    """A drawing of `resources/icons`, `side` logical pixels wide and high."""
    drawing = _drawing(name).replace("currentColor", colour.name())
    device = round(side * ratio)
    made = QPixmap(device, device)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, device, device))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


def icon(
    name: str, colour: QColor, sides: tuple[int, ...] = (20, 40), disabled: QColor | None = None
) -> QIcon:
    """A drawing for buttons and menus; `sides` in device pixels. `disabled`: its colour on a button that
    cannot be pressed, for what Qt makes of the other one hardly differs on a dark ground."""
    made = QIcon()
    for side in sides:
        made.addPixmap(pixmap(name, colour, side))
        if disabled is not None:
            made.addPixmap(pixmap(name, disabled, side), QIcon.Mode.Disabled)
    return made


def application_icon() -> QIcon:
    return icon("imagesorter", QColor(), _SIDES)


@lru_cache
def _drawing(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text("utf-8")
