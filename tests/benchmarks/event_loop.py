"""The longest time for which the window does not answer while photographs are read and ordered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.context import CHECKOUT, Context
from tests.benchmarks.photographs import jpegs, numbered_copies
from tests.benchmarks.report import Table, verdict

BAR = 0.1
_PHOTOGRAPHS = 5000
_BARE_SECONDS = 20
_QUERIES = ("more colorful", "less noise")
_LIMIT = 3600

_LABELS = {
    "load": "folder opened, torch imported, model loaded",
    "read": "{images:,} photographs read and ordered",
    "ask again": "second query on {images:,} read photographs",
}


def measure(context: Context) -> Table:
    with context.scratch() as scratch:
        folder = scratch / "photographs"
        numbered_copies(jpegs(context.photos), folder, context.count(_PHOTOGRAPHS))
        bare = _watch(scratch / "home", "bare", str(context.count(_BARE_SECONDS, least=2)))
        application = _watch(scratch / "home", str(folder), *_QUERIES)
    reference = bare["phases"]["bare"]
    columns = ("phase", "lasts", "longest gap", "99.9 % of gaps", "gaps over 50 ms", "over 100 ms",
               "ratio", "bar", "met")  # fmt: skip
    table = Table("Event loop of the window", columns)
    table.rows.append(_row("bare window, all cores busy", reference, reference, None))
    phases: dict[str, dict[str, float]] = application["phases"]
    for name, figures in phases.items():
        label = _LABELS[name].format(images=application["images"])
        table.rows.append(_row(label, figures, reference, BAR))
    longest = max(figures["longest"] for figures in phases.values())
    table.rows.append(("all of it", "", _milliseconds(longest), "", "", "",
                       f"{longest / reference['longest']:.1f}", f"≤ {1000 * BAR:.0f} ms",
                       verdict(longest <= BAR)))  # fmt: skip
    table.notes = [
        "The real window, engine and model, in a fresh process with an empty cache; the query is typed as "
        "soon as the folder is open. A timer beats every 5 ms in the window's event loop; a gap is "
        "the time from one beat to the next.",
        "The ratio is that of the longest gap to the longest of a bare window whose cores are all kept busy.",
    ]
    return table


def _watch(home: Path, *arguments: str) -> dict[str, Any]:
    environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ | {"IMAGESORTER_HOME": str(home)}
    child = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.watched_window", *arguments],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_LIMIT,
        check=True,
    )
    result: dict[str, Any] = json.loads(child.stdout)
    return result


def _row(
    label: str, figures: dict[str, float], reference: dict[str, float], bar: float | None
) -> tuple[str, ...]:
    return (
        label,
        f"{figures['seconds']:.1f} s",
        _milliseconds(figures["longest"]),
        _milliseconds(figures["quantile"]),
        f"{figures['over_50_ms']:.0f}",
        f"{figures['over_100_ms']:.0f}",
        f"{figures['longest'] / reference['longest']:.1f}",
        "" if bar is None else f"≤ {1000 * bar:.0f} ms",
        "" if bar is None else verdict(figures["longest"] <= bar),
    )


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
