from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import COUNT, write_backbone, write_pictures

from imagesorter.errors import StorageError
from imagesorter.events import Progress
from imagesorter.model.tower_sources import open_towers
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.features import KeptFeatures, LiveFeatures
from imagesorter.training.labelled.parallel import Processes

ALONE = Processes(0, 1, "cpu")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = write_pictures(tmp_path_factory.mktemp("pictures")).parent
    return [folder / f"{number}.png" for number in range(COUNT)]


@pytest.fixture
def towers(tmp_path: Path) -> Towers:
    return open_towers(str(write_backbone(tmp_path)), None)[0].requires_grad_(False)


def test_kept_tokens_are_those_made_anew(towers: Towers, paths: list[Path], tmp_path: Path):
    kept = KeptFeatures(towers, paths, tmp_path, ALONE)
    done = [event for event in kept.prepare() if isinstance(event, Progress)]
    assert (done[0].total, done[-1].done) == (COUNT, COUNT)
    live = LiveFeatures(towers, paths, pixels=False)
    images, mirrored = np.array([3, 7, 3, 11]), np.array([False, True, True, False])
    first, there = kept.get(images, mirrored)
    assert there.all()
    torch.testing.assert_close(first, live.get(images, mirrored)[0], atol=5e-3, rtol=5e-3)
    assert not torch.allclose(first[0], first[2], atol=1e-2)
    live.close()

    again = KeptFeatures(towers, paths, tmp_path, ALONE)
    assert next(iter(again.prepare())) == Progress("tokens", 0, 0)
    os.utime(paths[5], (1, 1))
    assert next(iter(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())) == Progress("tokens", 0, 1)


def test_tokens_are_made_anew_where_their_file_is_gone(towers: Towers, paths: list[Path], tmp_path: Path):
    list(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())
    (file,) = tmp_path.glob("tokens-*.f16")
    before = file.read_bytes()
    file.unlink()
    assert next(iter(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())) == Progress("tokens", 0, COUNT)
    list(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())
    assert file.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="elsewhere room is not asked for")
def test_a_kill_while_a_lost_file_is_made_anew_leaves_no_zeros(
    towers: Towers, paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    list(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())
    next(tmp_path.glob("tokens-*.f16")).unlink()
    allocate = os.posix_fallocate

    def killed(*arguments: int) -> None:
        allocate(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "posix_fallocate", killed)
    with pytest.raises(KeyboardInterrupt):
        list(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())
    monkeypatch.setattr(os, "posix_fallocate", allocate)
    assert next(iter(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())) == Progress("tokens", 0, COUNT)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="elsewhere room is not asked for")
def test_a_full_disk_is_told_each_time(
    towers: Towers, paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    for _ in range(2):
        with pytest.raises(StorageError, match="Free some space"):
            list(KeptFeatures(towers, paths, tmp_path, ALONE).prepare())
        assert not list(tmp_path.glob("tokens-*"))


def test_no_more_is_read_ahead_than_is_asked_for(towers: Towers, paths: list[Path]):
    live = LiveFeatures(towers, paths, pixels=True)
    straight = np.zeros(4, np.bool_)
    first, second, other = np.array([1, 2, 3, 4]), np.array([3, 4, 5, 5]), np.array([9, 8, 7, 6])
    expected = live._expected
    live.expect(first, straight)
    ahead = expected[3]
    live.expect(second, straight)
    assert set(expected) == {3, 4, 5}, "what is not expected any more is dropped"
    assert expected[3] is ahead
    live.get(other, straight)
    assert set(expected) == {3, 4, 5}, "judging in between takes nothing away"
    live.get(second, straight)
    assert not expected
    live.expect(first, straight)
    live.close()
    assert not expected
