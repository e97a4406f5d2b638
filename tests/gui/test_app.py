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
import sys, time
from imagesorter.__main__ import main
from imagesorter.engine import Engine
from imagesorter.gui import app
from imagesorter.gui.window import MainWindow

def endless(self, name=None, device=None):
    print("loading", flush=True)
    while True:
        time.sleep(0.1)
    yield

def start(window, paths):
    window.session.choose_model()
    window.close()

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
    assert done.returncode == 0, done.stderr


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
