from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagesorter import __version__, cli, doctor
from imagesorter.paths import Home, bundled_models
from imagesorter.settings import Settings

if TYPE_CHECKING:
    from imagesorter.model.ranker import Ranker


@pytest.fixture
def loaded(ranker: Ranker, monkeypatch: pytest.MonkeyPatch) -> Ranker:
    """The model, whose loading costs nothing."""
    monkeypatch.setattr("imagesorter.model.ranker.Ranker", lambda manifest, device: ranker)
    return ranker


def failures() -> list[str]:
    return [line for line, good in doctor.report(Home.default(), Settings()) if not good]


def test_a_sound_installation(loaded: Ranker):
    home = Home.default()
    lines = list(doctor.report(home, Settings()))
    assert all(good for _, good in lines), lines
    text = "\n".join(line for line, _ in lines)
    assert text.startswith(f"imagesorter {__version__}, Python 3.")
    for told in ("torch", "Pocket (pocket) on cpu", "cache holds 0 images", str(home.cache), str(home.logs)):
        assert told in text
    assert lines[-1][0].startswith("self-test   pictures were read, stored and ordered")


def test_a_missing_reader_is_told_with_the_command_for_it(loaded: Ranker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "_EXTRAS", {"absent-package": "ODD"})
    lines = [line for line, _ in doctor.report(Home.default(), Settings())]
    told = f"ODD files cannot be read; {sys.executable} -m pip install absent-package"
    assert any(told in line for line in lines)


def test_the_self_test_leaves_the_users_cache_alone(loaded: Ranker):
    list(doctor.report(Home.default(), Settings()))
    lines = [line for line, _ in doctor.report(Home.default(), Settings())]
    assert any(line.startswith("cache holds 0 images") for line in lines)


def test_a_wrong_order_is_told(loaded: Ranker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loaded, "score", lambda tokens, phrase: np.zeros(len(tokens), np.float32))
    (failure,) = failures()
    assert failure.startswith("FAILED      self-test: pictures of brightness")


def test_a_damaged_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(bundled_models(), tmp_path / "models")
    (tmp_path / "models" / "pocket" / "adapter.safetensors").unlink()
    monkeypatch.setattr("imagesorter.model.shelf.bundled_models", lambda: tmp_path / "models")
    told = failures()
    assert len(told) == 2
    assert all("adapter.safetensors" in failure for failure in told)


def test_a_chosen_model_that_is_gone_is_told(loaded: Ranker):
    lines = list(doctor.report(Home.default(), Settings(model="nonesuch")))
    (failure,) = (line for line, good in lines if not good)
    assert failure.startswith("FAILED      ") and "nonesuch" in failure


def test_a_cache_that_cannot_be_used_is_told(loaded: Ranker, imagesorter_home: Path):
    imagesorter_home.touch()
    (failure,) = failures()
    assert str(imagesorter_home) in failure


def test_the_command_fails_where_something_does(
    loaded: Ranker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(cli.logs, "set_up", lambda folder, verbose: None)
    assert cli.run(["doctor"]) == cli.OK
    cache = Home.default().cache
    shutil.rmtree(cache)
    cache.touch()
    assert cli.run(["doctor"]) == cli.UNREADABLE
    out = capsys.readouterr().out
    assert "FAILED" in out
    assert f"{cache} cannot be used: it is not a folder" in out and "IMAGESORTER_HOME" in out
