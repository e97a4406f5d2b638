"""What the command line prints, a progress line and a table, and how it is stopped."""

from __future__ import annotations

import io
import math
import os
import re
import shlex
import shutil
import signal
import sys
import threading
import unicodedata
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from imagesorter.errors import ExportError
from imagesorter.events import Event, Judged, Notice, Progress, Ranked, Unreadable

_STAGES = {
    "scan": "finding",
    "model": "loading the model",
    "index": "reading",
    "rank": "ordering",
    "import": "importing, MB",
    "tokens": "reading",
    "train": "training",
    "judge": "judging",
    "labels": "reading",
    "fit": "learning",
    "download": "downloading, MB",
    "verify": "checking, MB",
}
_IN_BYTES = ("import", "download", "verify")
_BAR = 24
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Controls that show what follows in another order (Unicode Standard Annex 9, table 4)."""


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
        _say(_erase() + describe(progress)[:width], self._stream)
        self._shown = True

    def clear(self) -> None:
        """Take the line away, so that other output stands alone."""
        if self._shown:
            _say(_erase(), self._stream)
            self._shown = False

    def tell(self, text: str) -> None:
        """Print a line of its own, in the program's name."""
        self.clear()
        tell(text, self._stream)


def tell(text: str, stream: TextIO | None = None, *, before: str = "") -> None:
    """Print a line in the program's name.

    Args:
        stream: None for standard error.
        before: what comes ahead of the line, as it stands.
    """
    _say(f"{before}imagesorter: {one_line(text)}\n", stream or sys.stderr)


def _say(text: str, stream: TextIO) -> None:
    """Write what is said beside the output. Where nobody listens, or the disk that it goes to is full, the
    work goes on."""
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        drop(stream)


def _erase() -> str:
    """What empties a line of the terminal. Consoles of Windows may show an escape sequence as it stands."""
    if sys.platform == "win32":
        return f"\r{' ' * (shutil.get_terminal_size().columns - 1)}\r"
    return "\r\x1b[K"


_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What else asks a command to end: `kill`, the system that shuts down, a terminal that is closed."""


class _Interrupted(KeyboardInterrupt):
    """Python may end by SIGINT, whatever code is returned, where it has seen a KeyboardInterrupt itself."""


class Interrupt:
    """Ctrl-C or a signal to end as a KeyboardInterrupt, and the memory of it: importing torch swallows some.

    Attributes:
        came: one of them.
        exit_code: by the shells' convention, 128 and the number of the signal.
    """

    def __init__(self) -> None:
        self.came = False
        self.exit_code = 128 + signal.SIGINT

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self.exit_code = 128 + number
        raise _Interrupted


@contextmanager
def interruptible(interrupt: Interrupt, *, ending: bool = True) -> Iterator[None]:
    """Let `heeding` see each Ctrl-C within the block; a process that ignores it, or treats it in another way,
    goes on doing so.

    Args:
        ending: likewise SIGTERM and SIGHUP.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signal.SIGINT: signal.default_int_handler} | dict.fromkeys(
        _ENDING if ending else (), signal.SIG_DFL
    )
    taken = {number: usual for number, usual in before.items() if signal.getsignal(number) is usual}
    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, usual in taken.items():
            signal.signal(number, usual)


def heeding(events: Iterable[Event]) -> Generator[Event, None, None]:
    """Pass events on until Ctrl-C was pressed, or a signal to end came. Raises KeyboardInterrupt."""
    handlers = map(signal.getsignal, (signal.SIGINT, *_ENDING))
    interrupt = next((handler for handler in handlers if isinstance(handler, Interrupt)), None)
    try:
        for event in events:
            if interrupt is not None and interrupt.came:
                raise KeyboardInterrupt
            yield event
    finally:
        if isinstance(events, Generator):
            events.close()


def shown(events: Iterable[Event]) -> Iterator[Event]:
    """Pass events on; progress, notices and unreadable files go to standard error on the way."""
    line = ProgressLine(sys.stderr)
    try:
        for event in heeding(events):
            match event:
                case Progress():
                    line.show(event)
                    continue
                case Notice(text):
                    line.tell(text)
                case Unreadable(_, path, reason):
                    line.tell(f"not read: {path}: {reason}")
                case _:
                    line.clear()
            yield event
    finally:
        line.clear()


def describe(progress: Progress) -> str:
    """One line of text: stage, bar, count, rate, time left, as far as they are known."""
    parts = [_STAGES[progress.stage]]
    unit = 1_000_000 if progress.stage in _IN_BYTES else 1
    if progress.total:
        filled = _BAR * progress.done // progress.total
        counted = f"{progress.done // unit:,}/{progress.total // unit:,}"
        parts.append(f"[{'#' * filled}{'.' * (_BAR - filled)}] {counted}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if progress.per_second is not None:
        rate = progress.per_second / unit
        parts.append(f"{rate:,.0f}/s" if rate >= 1 else f"{rate:.1f}/s")
    if progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    if progress.note:
        parts.append(progress.note)
    return "  ".join(parts)


def table(ranking: Ranked, paths: Sequence[Path], stream: TextIO) -> None:
    """Print an order: aligned columns with a heading on a terminal, tab-separated lines in a pipe.

    A name with bytes that are no UTF-8 is written as it is on disk; control characters in a
    name are escaped, so that a line is an image.

    Raises:
        ExportError: the stream leads to a file that cannot be written.
    """
    ranks, scores, file_ids = ranking.ranks.tolist(), ranking.scores.tolist(), ranking.file_ids.tolist()
    if stream.isatty():
        digits = max(len("rank"), len(str(ranks[-1])) if ranks else 0)
        heading = f"{'rank':>{digits}}  {'score':>8}  photograph\n"
        line = f"{{:>{digits}}}  {{:>8.3f}}  {{}}\n"
    else:
        heading, line = "", "{}\t{:.4f}\t{}\n"
    with _writable(stream):
        stream.write(heading)
        stream.flush()
        for rank, score, file_id in zip(ranks, scores, file_ids, strict=True):
            _write(stream, line.format(rank, score, one_line(paths[file_id])))
        stream.flush()


def figures(judged: Sequence[Judged], stream: TextIO) -> None:
    """Print how a model agrees with labels: aligned columns on a terminal, tab-separated ones in a pipe.

    A figure that is not defined is "-" on a terminal, "nan" in a pipe.

    Raises:
        ExportError: the stream leads to a file that cannot be written.
    """
    names = list(judged[0].figures) if judged else []
    rows = [["category", *names]]
    for one in judged:
        rows.append(
            [_escaped(one.category), *(_figure(one.figures[name], stream.isatty()) for name in names)]
        )
    if stream.isatty():
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for name, *values in rows:
            cells = [f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=True)]
            lines.append("  ".join([f"{name:<{widths[0]}}", *cells]) + "\n")
    else:
        lines = ["\t".join(row) + "\n" for row in rows]
    with _writable(stream):
        stream.writelines(lines)
        stream.flush()


def _figure(value: float, terminal: bool) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "-" if terminal else "nan"
    return f"{value:.3f}" if terminal else f"{value:.6f}"


def one_line(path: Path | str) -> str:
    """A path or name as text without control characters, line breaks and changes of direction; these are
    escaped."""
    return _escaped(os.fspath(path))


def as_argument(name: str) -> str:
    """A model's name as it is typed on this system's command line."""
    if sys.platform == "win32":  # single quotes mean nothing there
        return name if re.fullmatch(r"[\w.+-]+", name) else f'"{name}"'
    return shlex.quote(name)


def _escaped(name: str) -> str:
    return "".join(
        ascii(c)[1:-1]
        if unicodedata.category(c) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(c) in _TURNING
        else c
        for c in name
    )


def prepare_streams() -> None:
    """Let output lead nowhere where the caller has closed it, and have characters that a terminal or pipe
    has no code for printed as escapes, instead of failing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def drop(stream: TextIO) -> None:
    """Let a stream that cannot be written lead nowhere: what it still holds must not fail at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _writable(stream: TextIO) -> Iterator[None]:
    """Tell a full disk from a reader that has gone; what the stream still holds is dropped."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        drop(stream)
        raise ExportError(
            f"the output cannot be written ({error.strerror}). Free some space, or write it elsewhere."
        ) from error


def _write(stream: TextIO, text: str) -> None:
    """Write names as they are on disk: the stream's own encoding may not have their characters."""
    stream.buffer.write(os.fsencode(text))
