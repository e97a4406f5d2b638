"""The window of a test, driven as a hand would drive it."""

from __future__ import annotations

from pathlib import Path

from fake_engine import FakeEngine, Stream
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest

from imagesorter.events import FilesFound, Finished, Opened
from imagesorter.gui.activity import Activity


def drag(window, *urls: QUrl) -> QDragEnterEvent:
    data = QMimeData()
    data.setUrls(list(urls))
    event = QDragEnterEvent(
        QPoint(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    event.data_ = data
    QGuiApplication.sendEvent(window, event)
    return event


def drop(window, *urls: QUrl) -> None:
    let_go(window, drag(window, *urls))


def let_go(window, entered: QDragEnterEvent) -> None:
    QGuiApplication.sendEvent(
        window,
        QDropEvent(
            QPointF(50, 50),
            Qt.DropAction.CopyAction,
            entered.data_,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        ),
    )


def local(path: Path) -> QUrl:
    return QUrl.fromLocalFile(str(path))


def names(window) -> list[str]:
    model = window.sort_page.images
    return [model.path(row).name for row in range(model.rowCount())]


def idle(qtbot, window) -> None:
    qtbot.waitUntil(lambda: window.session.activity is Activity.IDLE)


def type_query(window, query: str) -> None:
    window.sort_page.query.edit.selectAll()
    QTest.keyClicks(window.sort_page.query.edit, query)
    QTest.keyClick(window.sort_page.query.edit, Qt.Key.Key_Return)


def running(qtbot, engine: FakeEngine, name: str, number: int = 1) -> Stream:
    def found() -> list[Stream]:
        return [s for s in engine.streams if s.name == name and s.started.is_set()]

    qtbot.waitUntil(lambda: len(found()) >= number)
    return found()[number - 1]


def manual(engine: FakeEngine, qtbot, window, count: int = 5, folder: Path = Path("/photos")) -> None:
    """Open a folder that is not there, every event by hand from now on."""
    idle(qtbot, window)
    engine.automatic = False
    engine.files = tuple(folder / f"{k}.jpg" for k in range(count))
    window.open_paths([folder])
    opening = running(qtbot, engine, "open", engine.names().count("open") or 1)
    opening.end(FilesFound(0, engine.files), Opened(count, 0), Finished(count, 0))
    qtbot.waitUntil(lambda: window.sort_page.images.rowCount() == count)


def model_role(model, name: str) -> int:
    return next(role for role, known in model.roleNames().items() if bytes(known.data()).decode() == name)
