"""What can be pressed over a photograph that is shown large."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QToolButton, QWidget

from imagesorter.gui import icons

_SIDE, _EDGE = 40, 12


class ViewerButtons:
    """Back to the grid, and to the photographs on both sides.

    Args:
        viewer: what they stand on.
    """

    def __init__(
        self, viewer: QWidget, colour: QColor, leave: Callable[[], None], step: Callable[[int], None]
    ) -> None:
        self._viewer, self._colour = viewer, colour
        self._back = self._button("close", "Back to the grid (Esc)", leave)
        self._previous = self._button("previous", "Better ranked (Left)", lambda: step(-1))
        self._next = self._button("next", "Next in rank (Right)", lambda: step(1))

    def place(self, area: QRect) -> None:
        """In the corner, and beside the area of the photograph."""
        right, middle = self._viewer.width() - _SIDE - _EDGE, area.center().y() - _SIDE // 2
        self._back.move(right, _EDGE)
        self._previous.move(_EDGE, middle)
        self._next.move(right, middle)

    def show_ways(self, row: int, count: int) -> None:
        """Arrows only where there is somewhere to go."""
        self._previous.setVisible(row > 0)
        self._next.setVisible(row < count - 1)

    def _button(self, icon: str, tip: str, clicked: Callable[[], None]) -> QToolButton:
        button = QToolButton(self._viewer)
        button.setToolTip(tip)
        button.setObjectName("viewer")
        button.setAccessibleName(tip)
        button.setIcon(icons.icon(icon, self._colour, (22, 44)))
        button.setIconSize(QSize(22, 22))
        button.setFixedSize(_SIDE, _SIDE)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(clicked)
        return button
