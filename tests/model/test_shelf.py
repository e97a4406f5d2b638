from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from imagesorter.errors import ModelError
from imagesorter.model.bundle import installed
from imagesorter.model.shelf import check_name, new_model, remove_model


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models" / "Counting").mkdir(parents=True)
    return tmp_path / "models"


@pytest.mark.parametrize("name", ["quality", "cliprank-count+mos+age+hci", "Zählen", "v2.1", "my model (2)"])
def test_names_that_may_be_given(name: str, models: Path):
    check_name(name, models)
    check_name(name, models / "absent")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("", "needs a name"), ("  ", "needs a name"), ("x" * 81, "at most 80"), ("a/b", "not allowed in it"),
        ("a\\b", "not allowed in it"), ("../up", "not allowed in it"), ("a:b", "not allowed in it"),
        ("a\nb", "not allowed in it"), ("..", "begin with a dot"), (".hidden", "begin with a dot"),
        ("-x", "a hyphen"), ("end.", "end with a dot"), (" x", "spaces at its ends"), ("NUL", "Windows"),
        ("com1.txt", "Windows"), ("pocket", "comes with the application"), ("Pocket", "comes with"),
        ("🐎" * 51, "at most 200 bytes"), ("counting", "already a model “counting”"),
        ("counting.Training", "holds the work of a training"),
    ],
)  # fmt: skip
def test_names_that_may_not(name: str, match: str, models: Path):
    with pytest.raises(ModelError, match=match):
        check_name(name, models)


def test_a_model_appears_as_a_whole_or_not_at_all(models: Path):
    with new_model("whole", models) as folder:
        (folder / "model.json").write_text("{}")
        assert not (models / "whole").exists()
        assert installed(models) == {}
    assert names(models / "whole") == ["model.json"]
    with pytest.raises(KeyboardInterrupt), new_model("half", models) as folder:
        (folder / "weights").write_text("…")
        raise KeyboardInterrupt
    assert names(models) == ["Counting", "whole"]


def test_a_name_that_another_process_took_meanwhile_is_not_overwritten(models: Path):
    with pytest.raises(ModelError, match="already"), new_model("late", models):
        (models / "late").mkdir()
        (models / "late" / "theirs").touch()
    assert names(models / "late") == ["theirs"]
    assert names(models) == ["Counting", "late"]


def test_a_folder_that_another_program_holds_open_is_told(models: Path, monkeypatch: pytest.MonkeyPatch):
    def in_use(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied")  # so Windows has it

    monkeypatch.setattr(Path, "rename", in_use)
    with (
        pytest.raises(ModelError, match=r"held: .* in its place \(Access is denied\)\. Close other programs"),
        new_model("held", models),
    ):
        pass
    assert names(models) == ["Counting"]


def test_what_killed_processes_left_is_swept_away_and_what_grows_is_not(models: Path):
    for name, age in ((".unfinished-old", 7200), (".unfinished-new", 60), (".removed-old", 7200)):
        (models / name).mkdir()
        (models / name / "weights").touch()
        for path in (models / name / "weights", models / name):
            os.utime(path, (time.time() - age,) * 2)
    with new_model("next", models):
        pass
    assert names(models) == [".unfinished-new", "Counting", "next"]


def test_removing(models: Path):
    (models / "Counting" / "weights").touch()
    remove_model("Counting", models)
    assert names(models) == []


@pytest.mark.parametrize(
    ("name", "match"),
    [("pocket", "comes with the application"), ("nonesuch", "Imported: Counting"), ("..", "no model"),
     ("", "no model"), ("counting", "no model")],
)  # fmt: skip
def test_removing_takes_nothing_else(name: str, match: str, models: Path):
    with pytest.raises(ModelError, match=match):
        remove_model(name, models)
    assert names(models) == ["Counting"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_removing_a_link_keeps_what_it_leads_to(models: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (models / "linked").symlink_to(tmp_path / "elsewhere")
    remove_model("linked", models)
    assert (tmp_path / "elsewhere").is_dir() and not (models / "linked").is_symlink()
