"""Child process: the real window at work while a heartbeat in its event loop is timed.

    python -m tests.benchmarks.watched_window FOLDER QUERY QUERY
    python -m tests.benchmarks.watched_window bare SECONDS

Prints one JSON object: the beats of each phase.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from imagesorter.events import ModelReady, Opened, Ranked
from imagesorter.gui.app import run
from imagesorter.gui.window import MainWindow

INTERVAL = 0.005
"""Seconds between two beats of an event loop that has nothing else to do."""

_SETTLING = 1.0
"""Seconds after the end of a phase that still count to it: the last order is shown in them."""


@dataclass
class Phase:
    """Times between beats.

    Attributes:
        gaps: seconds from one beat to the next.
    """

    gaps: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Seconds, and counts of gaps."""
        gaps = sorted(self.gaps)
        return {
            "seconds": sum(gaps),
            "longest": gaps[-1],
            "quantile": gaps[int(0.999 * (len(gaps) - 1))],
            "over_50_ms": sum(gap > 0.05 for gap in gaps),
            "over_100_ms": sum(gap > 0.1 for gap in gaps),
        }


class Heartbeat(QObject):
    """Notes how long the event loop takes from one beat to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.phases: dict[str, Phase] = {}
        self._last: float | None = None
        self._current = Phase()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(round(1000 * INTERVAL))

    def begin(self, phase: str) -> None:
        """Count the coming beats to another phase."""
        self._current = self.phases[phase] = Phase()

    def stop(self) -> None:
        """Beat no more."""
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self._current.gaps.append(now - self._last)
        self._last = now


class User(QObject):
    """Does what a user does: opens a folder, types while the model loads, types again, leaves."""

    def __init__(self, heartbeat: Heartbeat, queries: list[str]) -> None:
        super().__init__()
        self._heartbeat = heartbeat
        self._queries = queries
        self.images = 0
        self._model_ready = False
        heartbeat.begin("load")
        QTimer.singleShot(0, self._meet_window)

    def _meet_window(self) -> None:
        windows = QApplication.topLevelWidgets()
        self._window = next(window for window in windows if isinstance(window, MainWindow))
        session = self._window.session
        session.opened.connect(self._on_opened)
        session.model_ready.connect(self._on_model_ready)
        session.ranked.connect(self._on_ranked)
        session.failed.connect(self._on_failed)

    def _on_opened(self, opened: Opened) -> None:
        self.images = opened.images
        self._type()

    def _on_model_ready(self, ready: ModelReady) -> None:
        self._heartbeat.begin("read")

    def _on_ranked(self, ranked: Ranked) -> None:
        if ranked.complete:
            QTimer.singleShot(round(1000 * _SETTLING), self._go_on)

    def _on_failed(self, message: str, trace: str) -> None:
        print(message, trace, sep="\n", file=sys.stderr, flush=True)
        os._exit(1)

    def _go_on(self) -> None:
        if self._queries:
            self._heartbeat.begin("ask again")
            self._type()
        else:
            self._heartbeat.stop()  # a window that closes is hidden before it waits for its threads
            self._window.close()

    def _type(self) -> None:
        line = self._window.sort_page.query
        line.edit.setText(self._queries.pop(0))
        line.button.click()


def _watch_application(folder: Path, queries: list[str]) -> dict[str, object]:
    application = QApplication(["imagesorter"])
    heartbeat = Heartbeat()
    user = User(heartbeat, queries)
    run([folder])
    del application
    phases = {name: phase.figures() for name, phase in heartbeat.phases.items()}
    return {"images": user.images, "phases": phases}


def _watch_bare(seconds: float) -> dict[str, object]:
    """A bare window while as many threads as cores compute without holding the interpreter lock."""
    application = QApplication(["imagesorter"])
    window = QMainWindow()
    window.show()
    heartbeat = Heartbeat()
    heartbeat.begin("bare")
    stop = threading.Event()
    block = bytes(8_000_000)

    def compute() -> None:
        while not stop.is_set():
            hashlib.sha256(block)

    threads = [threading.Thread(target=compute) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    QTimer.singleShot(round(1000 * seconds), application.quit)
    application.exec()
    stop.set()
    for thread in threads:
        thread.join()
    return {"phases": {"bare": heartbeat.phases["bare"].figures()}}


def main() -> None:
    first, *rest = sys.argv[1:]
    result = _watch_bare(float(rest[0])) if first == "bare" else _watch_application(Path(first), rest)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
