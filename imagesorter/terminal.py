"""What the command line prints: a progress line and a table."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from imagesorter.events import Progress, Ranked

_STAGES = {
    "scan": "finding",
    "model": "loading the model",
    "index": "reading",
    "rank": "ordering",
    "fit": "learning",
}
_BAR = 24


class ProgressLine:
    """One line that is written over; silent where the stream is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False
        self._active = stream.isatty()

    def show(self, progress: Progress) -> None:
        """Draw the state of a stage."""
        if not self._active:
            return
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r\x1b[K" + describe(progress)[:width])
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away, so that other output stands alone."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False


def describe(progress: Progress) -> str:
    """One line of text: stage, bar, count, rate, time left, as far as they are known."""
    parts = [_STAGES[progress.stage]]
    if progress.total:
        filled = _BAR * progress.done // progress.total
        parts.append(f"[{'#' * filled}{'.' * (_BAR - filled)}] {progress.done:,}/{progress.total:,}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if progress.per_second is not None:
        parts.append(f"{progress.per_second:,.0f}/s")
    if progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return "  ".join(parts)


def table(ranking: Ranked, paths: Sequence[Path], stream: TextIO) -> None:
    """Print an order: aligned columns with a heading on a terminal, tab-separated lines in a pipe.

    A name with bytes that are no UTF-8 is written as it is on disk; control characters in a
    name are escaped, so that a line is an image.
    """
    stream.flush()
    ranks, scores, file_ids = ranking.ranks.tolist(), ranking.scores.tolist(), ranking.file_ids.tolist()
    if stream.isatty():
        digits = max(len("rank"), len(str(ranks[-1])) if ranks else 0)
        _write(stream, f"{'rank':>{digits}}  {'score':>8}  photograph\n")
        line = f"{{:>{digits}}}  {{:>8.3f}}  {{}}\n"
    else:
        line = "{}\t{:.4f}\t{}\n"
    for rank, score, file_id in zip(ranks, scores, file_ids, strict=True):
        _write(stream, line.format(rank, score, one_line(paths[file_id])))
    stream.flush()


def one_line(path: Path) -> str:
    """A path as text without control characters and line breaks; these are escaped."""
    name = os.fspath(path)
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in name)


def _write(stream: TextIO, text: str) -> None:
    """Write names as they are on disk: the stream's own encoding may not have their characters."""
    stream.buffer.write(os.fsencode(text))
