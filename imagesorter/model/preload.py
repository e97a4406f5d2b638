"""Mapping torch's libraries into the process without stopping the other threads.

An import of an extension module holds the interpreter's lock while the dynamic loader works;
for torch that is up to half a second in which a window cannot paint (measured: 268 ms). The
loader called through ctypes runs without the lock, and the import then finds its work done.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from pathlib import Path

from imagesorter.paths import Home

logger = logging.getLogger(__name__)

_INDUCTOR = "TORCHINDUCTOR_CACHE_DIR"

_LIBRARIES = (
    "libtorch_global_deps",
    "libc10",
    "libtorch_cpu",
    "libtorch_cuda",
    "libtorch",
    "libtorch_python",
)


def preload_torch() -> None:
    """Do the slow part of `import torch` with the interpreter's lock released; never fails.

    On Windows, where torch is loaded before the window, and where torch is imported already, nothing is
    loaded.
    """
    # Else importing torch looks for a folder for temporary files, and fails where their disk is full. The
    # application compiles nothing, so nothing comes to lie there.
    os.environ.setdefault(_INDUCTOR, str(Home.default().cache / "inductor"))
    if sys.platform == "win32" or "torch" in sys.modules:
        return
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name in _LIBRARIES:
        path = Path(spec.origin).parent / "lib" / (name + suffix)
        # torch itself opens its global dependencies with RTLD_GLOBAL
        scope = os.RTLD_GLOBAL if name == "libtorch_global_deps" else os.RTLD_LOCAL
        if path.exists() and not dlopen(os.fsencode(path), os.RTLD_LAZY | scope):
            logger.info("not loaded ahead: %s", path)
