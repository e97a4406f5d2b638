"""The index under several processes, and under processes that are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imagesorter.index.store import ImageIndex

from .fakes import SHAPE, content_of, file_of, key_of, tokens_of
from .writer import BATCH

TESTS = Path(__file__).parent.parent


def start(folder: Path, first: int, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"{__package__}.writer", str(folder), str(first), str(last)]
    return subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True)


def check(index: ImageIndex, numbers: list[int]) -> None:
    """All of `numbers` are known and their tokens are right."""
    known = index.lookup([file_of(number) for number in numbers], "m")
    assert [entry and entry.content for entry in known] == [content_of(number) for number in numbers]
    tokens, found = index.read_tokens("m", [key_of(number) for number in numbers])
    assert found.all()
    np.testing.assert_array_equal(tokens, tokens_of(numbers))


@pytest.mark.parametrize("batches", [1, 3, 10, 40])
def test_killed_at_any_moment_the_next_start_is_sound(tmp_path: Path, batches: int) -> None:
    with start(tmp_path, 0, 100_000) as process:
        assert process.stdout is not None
        for _ in range(batches):
            process.stdout.readline()
        process.kill()  # at whatever it is doing now
        committed = batches + len(process.stdout.read().split())
    index = ImageIndex(tmp_path, 10**9)
    index.register("m", SHAPE)
    check(index, list(range(committed * BATCH)))
    numbers = list(range(committed * BATCH, (committed + 2) * BATCH))
    known = index.lookup([file_of(number) for number in numbers], "m")
    states = {entry is not None and entry.has_tokens for entry in known[:BATCH]}
    assert len(states) == 1, "a batch is there wholly or not at all"
    assert not any(known[BATCH:])
    files = [(file_of(number), content_of(number)) for number in numbers]
    index.add("m", files, [key_of(number) for number in numbers], tokens_of(numbers))
    check(index, list(range((committed + 2) * BATCH)))
    with index._database.read() as connection:
        names = {f"{name}.tokens" for (name,) in connection.execute("SELECT name FROM segment")}
    assert {path.name for path in (tmp_path / "index.tokens").iterdir()} == names
    index.close()


def test_processes_write_at_the_same_time(tmp_path: Path) -> None:
    ranges = [(0, 60), (30, 90), (60, 120)]
    processes = [start(tmp_path, *limits) for limits in ranges]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    index = ImageIndex(tmp_path, 10**9)
    index.register("m", SHAPE)
    check(index, list(range(120 * BATCH)))
    assert index.usage()[0] == 120 * BATCH
    index.close()


def test_cleared_while_another_process_writes(tmp_path: Path) -> None:
    index = ImageIndex(tmp_path, 10**9)
    index.register("m", SHAPE)
    with start(tmp_path, 0, 150) as process:
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout):
            if number % 20 == 10:
                index.clear()
    assert process.returncode == 0
    numbers = list(range(150 * BATCH))
    tokens, found = index.read_tokens("m", [key_of(number) for number in numbers])
    expected = tokens_of(numbers)
    np.testing.assert_array_equal(tokens[found], expected[found])
    known = index.lookup([file_of(number) for number in numbers], "m")
    assert [entry is not None for entry in known] == found.tolist()
    index.clear()
    assert index.usage()[0] == 0
    assert not list((tmp_path / "index.tokens").iterdir())
    index.close()
