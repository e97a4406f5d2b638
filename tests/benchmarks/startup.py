"""From the start of the process to the painted window, against a bare PySide6 window."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.context import CHECKOUT, Context
from tests.benchmarks.report import Table, verdict

BAR = 3.0
_PROCESSES = 15
_CHILD = Path(__file__).with_name("first_paint.py")


def measure(context: Context) -> Table:
    rounds = context.count(_PROCESSES, least=3)
    seconds: dict[str, list[float]] = {"bare": [], "app": []}
    imported: set[str] = set()
    with context.scratch() as home:
        for kind in seconds:  # the first start fills the caches of disk and interpreter
            _start(kind, home)
        for _ in range(rounds):
            for kind, measured in seconds.items():
                taken, heavy = _start(kind, home)
                measured.append(taken)
                if kind == "app":
                    imported |= heavy
    bare, app = median(seconds["bare"]), median(seconds["app"])
    platform = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    table = Table("Start", ("process start to painted window", "median", "range", "ratio", "bar", "met"))
    table.rows = [
        ("bare `QMainWindow`", f"{bare:.3f} s", _range(seconds["bare"]), "1", "", ""),
        (
            "`imagesorter`",
            f"{app:.3f} s",
            _range(seconds["app"]),
            f"{app / bare:.2f}",
            f"≤ {BAR:g}",
            verdict(app / bare <= BAR),
        ),
        ("torch imported by then", "yes" if "torch" in imported else "no", "", "", "no",
         verdict("torch" not in imported)),
    ]  # fmt: skip
    table.notes = [
        f"{rounds} fresh processes each, in turn, disk cache warm, Qt platform “{platform}”.",
        f"Heavy packages imported by then: {', '.join(sorted(imported)) or 'none'}.",
    ]
    return table


def _start(kind: str, home: Path) -> tuple[float, set[str]]:
    """Seconds to the painted window in a fresh process, and the heavy packages it had imported."""
    environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ | {"IMAGESORTER_HOME": str(home)}
    # installed packages come with their bytecode, and an application that has run once has its own
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    started = time.monotonic_ns()
    child = subprocess.run(
        [sys.executable, str(_CHILD), kind],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    painted, *heavy = child.stdout.split()
    return (int(painted) - started) / 1e9, set(heavy)


def _range(values: list[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f} s"
