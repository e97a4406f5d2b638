from __future__ import annotations

from pathlib import Path

import pytest

from imagesorter import paths
from imagesorter.paths import Home, bundled_models, resources


def test_a_home_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMAGESORTER_HOME", str(tmp_path / "own"))
    home = Home.default()
    folders = {home.cache, home.config, home.data, home.logs}
    assert len(folders) == 4
    assert {folder.parent for folder in folders} == {tmp_path / "own"}
    assert not (tmp_path / "own").exists()


def test_a_relative_home_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGESORTER_HOME", "own")
    home = Home.default()
    monkeypatch.chdir("/")
    assert home.cache == tmp_path / "own" / "cache"


@pytest.mark.parametrize("value", [None, ""])
def test_without_one_the_platform_decides(value: str | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("IMAGESORTER_HOME")
    if value is not None:
        monkeypatch.setenv("IMAGESORTER_HOME", value)
    home = Home.default()
    for folder in (home.cache, home.config, home.data, home.logs):
        assert folder.is_absolute()
        assert "imagesorter" in folder.parts


def test_a_checkout_has_models_and_resources_beside_the_package():
    assert (bundled_models() / "pocket" / "model.json").is_file()
    assert (resources() / "style.qss").is_file()


def test_an_installation_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("models", "resources"):
        (tmp_path / "imagesorter" / "_bundled" / name).mkdir(parents=True)
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "imagesorter")
    assert bundled_models() == tmp_path / "imagesorter" / "_bundled" / "models"
    assert resources() == tmp_path / "imagesorter" / "_bundled" / "resources"
