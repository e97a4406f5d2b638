"""Child process: start a window, tell when it was painted, and end.

    python first_paint.py bare | app

Prints the monotonic clock in nanoseconds, then the names of heavy packages imported by then.
"""

from __future__ import annotations

import os
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

HEAVY = ("torch", "open_clip", "numpy", "PIL")


class FirstPaint(QObject):
    """Sees the first paint event of a main window. Its children are painted in the same pass, so the
    window is on screen when the event loop comes round again."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._application = application
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint and isinstance(watched, QMainWindow):
            self._application.removeEventFilter(self)
            QTimer.singleShot(0, _tell)
        return False


def _tell() -> None:
    print(time.monotonic_ns(), *(name for name in HEAVY if name in sys.modules), flush=True)
    os._exit(0)


def main() -> None:
    application = QApplication(["imagesorter"])
    first_paint = FirstPaint(application)
    if sys.argv[1] == "bare":
        window = QMainWindow()
        window.show()
        application.exec()
    else:
        from imagesorter.__main__ import main as imagesorter

        imagesorter([])
    del first_paint


if __name__ == "__main__":
    main()
