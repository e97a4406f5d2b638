from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from imagesorter.whole import write_text, write_whole


def test_a_text_is_written_as_it_is(tmp_path: Path):
    write_text(tmp_path / "a.json", "größer\n\r\n")
    assert (tmp_path / "a.json").read_bytes() == "größer\n\r\n".encode()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_stops_in_the_middle_leaves_the_old_file_alone(tmp_path: Path, error: BaseException):
    target = tmp_path / "a.json"
    write_text(target, "old")

    def stopped(file: BinaryIO) -> None:
        file.write(b"ne")
        raise error

    with pytest.raises(type(error)):
        write_whole(target, stopped)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.json": "old"}


@pytest.fixture
def mask() -> Iterator[None]:
    """New files may be read by the owner's group."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions there")
@pytest.mark.parametrize(
    ("before", "private", "after"),
    [(None, False, 0o640), (None, True, 0o600), (0o644, False, 0o644), (0o644, True, 0o600)],
)
def test_who_may_read_it(tmp_path: Path, mask: None, before: int | None, private: bool, after: int):
    target = tmp_path / "a.json"
    if before is not None:
        target.touch()
        target.chmod(before)
    write_text(target, "text", private=private)
    assert stat.S_IMODE(target.stat().st_mode) == after
