from __future__ import annotations

import subprocess
import sys

import pytest

_PRELOAD = """
import sys
from imagesorter.model.preload import preload_torch
preload_torch()
assert "torch" not in sys.modules
print("libtorch_cpu" in open("/proc/self/maps").read())
import torch
print(torch.ones(2).sum().item())
preload_torch()
"""

_ENGINE = """
import sys
from pathlib import Path
from imagesorter.engine import Engine
from imagesorter.model import preload
from imagesorter.paths import Home
from imagesorter.settings import Settings

preload.preload_torch = lambda: print("preloading, torch imported:", "torch" in sys.modules)
engine = Engine(Home.under(Path(sys.argv[1])), Settings())
for event in engine.load_model():
    pass
print("loaded:", "torch" in sys.modules)
engine.close()
"""


def _python(code: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    ).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_libraries_are_mapped_before_torch_is_imported():
    assert _python(_PRELOAD).split() == ["True", "2.0"]


def test_the_engine_maps_them_before_anything_imports_torch(tmp_path):
    assert _python(_ENGINE, str(tmp_path)).splitlines() == [
        "preloading, torch imported: False",
        "loaded: True",
    ]
