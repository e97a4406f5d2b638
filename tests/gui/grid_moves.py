"""Moving and marking photographs in the sorted grid, as a user does."""

from __future__ import annotations

from fake_engine import FakeEngine
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication


def centre(window, row: int) -> QPoint:
    grid = window.sort_page.grid
    return grid.visualRect(grid.model().index(row)).center()


def drag(window, row: int, to: QPoint, *, release: bool = True) -> None:
    viewport, start = window.sort_page.grid.viewport(), centre(window, row)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    move_mouse(viewport, start + QPoint(20, 0))
    move_mouse(viewport, to)
    if release:
        QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=to)


def move_mouse(viewport, to: QPoint) -> None:
    """Offscreen, QTest moves the mouse without its button."""
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), QPointF(viewport.mapToGlobal(to)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


def moves(engine: FakeEngine) -> list[tuple]:
    return [a for t in engine.teachings[-1:] for a in t.actions if a[0] == "move"]


def shown(window) -> list[int]:
    images = window.sort_page.images
    return [images.file_id(row) for row in range(images.rowCount())]


MOVED = [0, 4, 1, 2, 3, *range(5, 12)]


def dragged_twice(window, engine, qtbot) -> None:
    """Two drags that are stored."""
    teacher = window.train_page.teacher
    for number, row in enumerate((4, 5), 1):
        drag(window, row, centre(window, 1) - QPoint(40, 0))
        qtbot.waitUntil(lambda number=number: len(moves(engine)) == number and teacher.can_undo)
    qtbot.waitUntil(lambda: bool(notes(window)))


def notes(window) -> list[str]:
    return [banner.text for banner in window.sort_page.banners.banners()]


def take_back(window) -> None:
    QTest.keyClick(window.sort_page.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def mark_as_best(window, row: int) -> None:
    menu = window.sort_page.context_menu(row, [row])
    {action.text(): action for action in menu.actions()}["Mark as best of “more colorful”"].trigger()
