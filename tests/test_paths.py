from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagesorter import cli, paths
from imagesorter.errors import StorageError
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


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["rank", ".", "brighter"],
        ["models", "list"],
        ["models", "get", "ViT-B-32"],
        ["models", "verify"],
        ["rankers", "list"],
        ["train", "--pairs", "a.csv", "--attribute", "x"],
        ["train", "--csv", "a.csv", "--backbone", "pocket"],
        ["evaluate", "--csv", "a.csv"],
        ["bench", "a.csv"],
    ],
)
@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_home_that_cannot_be_used_is_told_before_any_work(
    run: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    place: str,
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMAGESORTER_HOME", str(tmp_path / place))
    monkeypatch.setattr("imagesorter.gui.app.run", lambda paths: pytest.fail("the window has opened"))
    code, out, err = run(*arguments)
    assert (code, out) == (cli.WRONG_USE, "")
    assert err.startswith(f"imagesorter: IMAGESORTER_HOME is set to {tmp_path / place}, and ")
    assert "a part of its path is not a folder" in err and err.count("\n") == 1


def test_a_place_of_the_platform_that_cannot_be_used_is_told_with_the_way_out(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("IMAGESORTER_HOME")
    (tmp_path / "cache").touch()
    told = r"cache cannot be used: it is not a folder.*set IMAGESORTER_HOME to"
    with pytest.raises(StorageError, match=told):
        Home.under(tmp_path).require()


@pytest.mark.skipif(os.name == "nt", reason="file permissions of this kind are Unix's")
def test_a_folder_that_may_only_be_read_will_do_but_not_one_that_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = Home.under(tmp_path)
    home.require()
    may = {os.R_OK, os.X_OK}
    monkeypatch.setattr(os, "access", lambda _, how: not any(how & each for each in {1, 2, 4} - may))
    home.require()
    with pytest.raises(StorageError, match="cache cannot be used: Permission denied"):
        home.require(writable=True)  # as the doctor asks
    may.discard(os.R_OK)
    with pytest.raises(StorageError, match="cache cannot be used: Permission denied"):
        home.require()


def test_a_home_of_a_user_who_is_not_there_is_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGESORTER_HOME", "~nobody-of-this-name/x")
    assert Home.default().cache == tmp_path / "~nobody-of-this-name" / "x" / "cache"
