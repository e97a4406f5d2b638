from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imagesorter.events import Progress, Ranked
from imagesorter.ranking.order import order
from imagesorter.terminal import ProgressLine, as_argument, describe, table


class Screen(io.TextIOWrapper):
    """A stream in memory that may say it is a terminal."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def written(self) -> bytes:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue()


def ranking(scores: list[float]) -> Ranked:
    return Ranked("brighter", "pocket", *order(np.arange(len(scores)), scores), complete=True)


PATHS = [Path("/photos/a.jpg"), Path("/photos/b.jpg"), Path("/photos/c.jpg")]


def test_a_pipe_gets_tab_separated_lines():
    pipe = Screen(terminal=False)
    table(ranking([0.5, 2.25, -1]), PATHS, pipe)
    assert pipe.written == b"1\t2.2500\t/photos/b.jpg\n2\t0.5000\t/photos/a.jpg\n3\t-1.0000\t/photos/c.jpg\n"


def test_a_terminal_gets_columns_and_ties_share_their_rank():
    screen = Screen(terminal=True)
    table(ranking([1, 2, 2]), PATHS, screen)
    assert screen.written.decode().splitlines() == [
        "rank     score  photograph",
        "   1     2.000  /photos/b.jpg",
        "   1     2.000  /photos/c.jpg",
        "   3     1.000  /photos/a.jpg",
    ]


def test_no_images_no_lines():
    pipe = Screen(terminal=False)
    table(ranking([]), [], pipe)
    assert pipe.written == b""


def test_what_was_printed_before_stays_before():
    pipe = Screen(terminal=False)
    pipe.write("before\n")
    table(ranking([1]), PATHS, pipe)
    assert pipe.written.startswith(b"before\n1\t")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"two\nlines\t\x1b[31m.jpg", rb"two\nlines\t\x1b[31m.jpg"),
        ("line\u2028end.jpg".encode(), rb"line\u2028end.jpg"),
        ("a\u202egpj.exe".encode(), rb"a\u202egpj.exe"),
        ("11.05\u202fPM – été 👩\u200d🚀.jpg".encode(), "11.05\u202fPM – été 👩\u200d🚀.jpg".encode()),
        (b"{} {0} {rank} %s.jpg", b"{} {0} {rank} %s.jpg"),
    ],
)
def test_a_line_is_an_image_whatever_its_name(name: bytes, shown: bytes, terminal: bool):
    screen = Screen(terminal=terminal, encoding="ascii")
    table(ranking([1]), [Path(os.fsdecode(name))], screen)
    last = screen.written.removesuffix(b"\n").splitlines()[-1]
    assert last.endswith(shown)
    assert screen.written.count(b"\n") == 1 + terminal


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_written_as_it_is_on_disk():
    pipe = Screen(terminal=False)
    table(ranking([1]), [Path(os.fsdecode(b"/photos/\xe9t\xe9.jpg"))], pipe)
    assert pipe.written == b"1\t1.0000\t/photos/\xe9t\xe9.jpg\n"


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress("model", 0), "loading the model"),
        (Progress("scan", 12_345), "finding  12,345"),
        (Progress("index", 0, 0), "reading"),
        (
            Progress("index", 500, 1000, 21.6, 61.2),
            "reading  [############............] 500/1,000  22/s  1:01 left",
        ),
        (
            Progress("import", 750_000_000, 1_500_000_000),
            "importing, MB  [############............] 750/1,500",
        ),
        (Progress("rank", 10, 10, 5.0, 0.0), "ordering  [########################] 10/10  5/s  0:00 left"),
    ],
)
def test_progress_in_words(progress: Progress, shown: str):
    assert describe(progress) == shown


@pytest.mark.parametrize(
    ("system", "erased"), [("linux", "\r\x1b[K"), ("darwin", "\r\x1b[K"), ("win32", f"\r{' ' * 19}\r")]
)
def test_the_progress_line_is_written_over_and_taken_away(
    system: str, erased: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv("COLUMNS", "20")
    screen = Screen(terminal=True)
    line = ProgressLine(screen)
    line.show(Progress("index", 1, 1000, 21.6, 61.2))
    line.show(Progress("index", 2, 1000, 21.6, 61.2))
    line.clear()
    line.clear()
    _, first, second, last = screen.written.decode().split(erased)
    assert len(first) == len(second) == 19
    assert last == ""


@pytest.mark.parametrize(
    ("system", "plain", "spaced"),
    [("linux", "v2.1", "'my model'"), ("darwin", "v2.1", "'my model'"), ("win32", "v2.1", '"my model"')],
)
def test_a_name_to_be_typed(system: str, plain: str, spaced: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", system)
    assert (as_argument("v2.1"), as_argument("my model")) == (plain, spaced)


def test_no_progress_line_in_a_pipe():
    pipe = Screen(terminal=False)
    line = ProgressLine(pipe)
    line.show(Progress("index", 1, 10))
    line.clear()
    assert pipe.written == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("printed", ["table(ranking([1]), PATHS", "figures([Judged('a', {})]"])
def test_output_that_cannot_be_written_is_told_once(printed: str):
    program = (
        "import sys\n"
        "from imagesorter.errors import ExportError\n"
        "from imagesorter.events import Judged\n"
        "from imagesorter.terminal import figures, table\n"
        "from test_terminal import PATHS, ranking\n"
        "try:\n"
        f"    {printed}, sys.stdout)\n"
        "except ExportError as error:\n"
        "    sys.exit(str(error))\n"
    )
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("the output cannot be written (")
    assert len(done.stderr.splitlines()) == 1
