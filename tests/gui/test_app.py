from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_START = """
import sys
from imagesorter.__main__ import main
from imagesorter.gui.window import MainWindow

def start(window, paths):
    heavy = [name for name in ("torch", "numpy", "imagesorter.engine") if name in sys.modules]
    print("painted", heavy, paths)
    window.close()

MainWindow.start = start
sys.exit(main([]))
"""


_CLOSED_WHILE_LOADING = """
import sys, threading
from PySide6.QtCore import QTimer
from imagesorter.__main__ import main
from imagesorter.engine import Engine
from imagesorter.gui import app
from imagesorter.gui.window import MainWindow

loading = threading.Event()

def endless(self, name=None, device=None):
    loading.set()
    threading.Event().wait()
    yield

def start(window, paths):
    window.session.choose_model()
    watch = QTimer(window, interval=5)
    watch.timeout.connect(lambda: loading.is_set() and window.close())
    watch.start()

Engine.load_model = endless
MainWindow.start = start
app.LEAVING = 0.1
main([])
"""


def test_closing_does_not_wait_for_a_model_that_is_being_loaded(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", _CLOSED_WHILE_LOADING],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "IMAGESORTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_window_is_painted_before_anything_heavy_is_imported(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", _START],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "IMAGESORTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "painted [] []\n"
    assert "window painted" in (tmp_path / "logs" / "imagesorter.log").read_text()
