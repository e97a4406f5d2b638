"""From an answer in the Train tab to the next pair on screen: the real window, engine and model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from imagesorter.gui.app import make_window
from imagesorter.gui.teaching_state import State
from imagesorter.paths import Home
from imagesorter.settings import Settings
from tests.benchmarks.context import CHECKOUT, Context
from tests.benchmarks.photographs import mosaics
from tests.benchmarks.report import Table, verdict

BAR = 0.1
_PHOTOGRAPHS = 60
_PAIRS = 40
_LIMIT = 3600
_SHOWN, _DECODED = "the next pair on screen", "both of its photographs decoded"


def measure(context: Context) -> Table:
    folder = context.work / "labelling"
    mosaics(context.photos, folder, context.count(_PHOTOGRAPHS))
    command = [sys.executable, "-m", "tests.benchmarks.labelling", str(folder), str(context.count(_PAIRS))]
    environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
    child = subprocess.run(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True, timeout=_LIMIT, check=True
    )
    steps: dict[str, list[float]] = json.loads(child.stdout)
    table = Table("A step of labelling", ("from the key to", "median", "longest", "bar", "met"))
    for name, bar in ((_SHOWN, BAR), (_DECODED, None)):
        times = sorted(steps[name])
        median, longest = times[len(times) // 2], times[-1]
        aim = ("", "") if bar is None else (f"≤ {1000 * bar:.0f} ms", verdict(longest <= bar))
        table.rows.append((name, f"{1000 * median:.0f} ms", f"{1000 * longest:.0f} ms", *aim))
    table.notes = [
        f"{len(steps[_SHOWN])} answers, {context.count(_PHOTOGRAPHS)} photographs of 12 megapixels. A pair "
        "is on screen when both photographs are painted, decoded or as their stored thumbnails.",
    ]
    return table


def _until(done: Callable[[], bool]) -> None:
    loop = QEventLoop()
    while not done():
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _watch(folder: Path, pairs: int) -> dict[str, list[float]]:
    application = QApplication([])
    steps: dict[str, list[float]] = {_SHOWN: [], _DECODED: []}
    with tempfile.TemporaryDirectory() as home:
        window = make_window(Home.under(Path(home)), Settings())
        window.resize(1600, 1000)
        window.show()
        window.start([folder])
        page, teacher = window.train_page, window.train_page.teacher
        window.tabs.setCurrentWidget(page)
        page.naming.edit.setText("keepers")
        page.naming.button.click()
        view = page.labels.pair_view
        _until(lambda: teacher.state is State.ASKING and view.ready)
        for k in range(pairs):
            shown, start = teacher.pair, time.perf_counter()
            QTest.keyClick(page.labels, (Qt.Key.Key_Left, Qt.Key.Key_Right)[k % 2])
            _until(
                lambda shown=shown: (
                    teacher.pair != shown and view.left.shows_something and view.right.shows_something
                )
            )
            view.repaint()
            steps[_SHOWN].append(time.perf_counter() - start)
            _until(lambda: view.ready)
            view.repaint()
            steps[_DECODED].append(time.perf_counter() - start)
            QTest.qWait(300)  # somebody looks
        window.close()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return steps


if __name__ == "__main__":
    print(json.dumps(_watch(Path(sys.argv[1]), int(sys.argv[2]))))
