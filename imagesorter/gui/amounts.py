"""How far a stage is, on a bar and in words."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar

from imagesorter.events import Progress
from imagesorter.gui import text


def show_on(bar: QProgressBar, progress: Progress) -> None:
    """Move a bar; busy without an end where the total is not known."""
    total = progress.total or 0
    share = 1 if total < 2**31 else 2**20  # the bar counts in 32 bits
    bar.setRange(0, total // share)
    if total:
        bar.setValue(min(progress.done, total) // share)


def amount_of(progress: Progress) -> str:
    """What is done of a known total; files that are imported are counted in bytes."""
    total = progress.total or 0
    if progress.stage == "import":
        return f"{text.size(progress.done)} of {text.size(total)}"
    return f"{progress.done:,} of {total:,}"
