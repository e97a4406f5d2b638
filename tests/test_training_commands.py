from __future__ import annotations

import errno
import json
import math
import os
import shutil
from pathlib import Path

import pytest
from labelled import COUNT, write_backbone, write_pictures

from imagesorter import cli, labelled
from imagesorter.engine import Engine
from imagesorter.errors import ModelError
from imagesorter.events import Judged
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.training.labelled.options import TrainingOptions


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def test_train_rank_evaluate(run, labels: Path, tmp_path: Path, imagesorter_home: Path):
    (labels.parent / "broken.png").write_bytes(b"no picture")
    with labels.open("a", encoding="utf-8") as file:
        file.write("broken.png,Rank the redness.,red,3\n")
    code, out, err = run(
        "train", "--csv", labels, "--backbone", write_backbone(tmp_path), "--name", "colours", "--steps", 40,
        "--batch", 16, "--lr", "3e-3", "--width", 32, "--validation", 0.25, "--device", "cpu",
    )  # fmt: skip
    assert code == cli.UNREADABLE
    assert f"not read: {labels.parent / 'broken.png'}: " in err
    assert "random weights" in err
    assert out.count("step ") == 21
    assert f"written: {imagesorter_home / 'data' / 'models' / 'colours'}" in out

    code, out, err = run("rank", labels.parent, "red", "--model", "colours", "--device", "cpu")
    assert code == cli.UNREADABLE
    assert len(out.splitlines()) == COUNT
    assert "has not learned" not in err
    folder = imagesorter_home / "data" / "models" / "colours"
    assert run("rank", labels.parent, "blue", "--model", folder, "--device", "cpu")[2].count(
        "has not learned “blue”"
    )

    figures = tmp_path / "figures.json"
    code, out, err = run(
        "evaluate", "--csv", labels, "--model", "colours", "--json", figures, "--device", "cpu"
    )
    assert code == cli.UNREADABLE
    rows = [line.split("\t") for line in out.splitlines()]
    assert rows[0] == ["category", "images", "plcc", "srcc", "mae", "accuracy", "pairs"]
    assert [row[0] for row in rows[1:]] == ["red", "bright", "mean"]
    stored = json.loads(figures.read_text("utf-8"))
    assert [one["category"] for one in stored] == ["red", "bright", "mean"]
    assert stored[0]["images"] == COUNT
    assert float(rows[1][3]) == pytest.approx(stored[0]["srcc"], abs=1e-6)
    assert stored[1]["srcc"] > 0.7


def test_the_bundled_model_can_be_judged_and_built_on(run, labels: Path, tmp_path: Path):
    own = tmp_path / "labels.csv"
    lines = labels.read_text("utf-8").splitlines()
    own.write_text("\n".join([lines[0], *(line for line in lines if ",bright," in line)]), "utf-8")
    own.write_text(
        own.read_text("utf-8").replace("Rank the brightness.,bright", "bright,brightness"), "utf-8"
    )
    code, out, _ = run(
        "evaluate", "--csv", own, "--images", labels.parent, "--model", "pocket", "--device", "cpu"
    )
    assert code == cli.OK
    assert len(out.splitlines()) == 3
    code, out, _ = run(
        "train", "--csv", own, "--images", labels.parent, "--backbone", "pocket",
        "--out", tmp_path / "onpocket", "--steps", 1, "--width", 32, "--validation", 0.25, "--device", "cpu",
    )  # fmt: skip
    assert code == cli.OK
    assert json.loads((tmp_path / "onpocket" / "open_clip_config.json").read_text())["preprocess_cfg"][
        "resize_mode"
    ] == "squash"  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), [
    (["--csv", "absent.csv", "--backbone", "ViT-B-32"], "absent.csv: the file cannot be read"),
    (["--csv", "{labels}", "--backbone", "ViT-B-33", "--validation", "0.4"], "no OpenCLIP model “ViT-B-33”"),
    (["--csv", "{labels}", "--backbone", "pocket", "--name", "pocket"], "cannot have the name"),
    (["--csv", "{labels}", "--backbone", "pocket", "--name", "../x"], "cannot have the name"),
    (["--csv", "{labels}", "--backbone", "pocket", "--name", "n" * 300], "this one has 300"),
    (["--csv", "{labels}", "--backbone", "pocket", "--name", "n" * 90], "at most 80 characters"),
    (["--csv", "{labels}", "--backbone", "pocket", "--name", "🐎" * 70], "this one has 280"),
    (["--csv", "{labels}", "--backbone", "pocket", "--out", "n" * 300], "at most 200 bytes"),
    (["--csv", "{labels}", "--backbone", "pocket", "--out", "n" * 300 + "/x"], "Name another folder"),
    (["--csv", "{labels}", "--backbone", "pocket", "--device", "abacus"], "invalid choice"),
    (["--csv", "{labels}", "--backbone", "pocket", "--steps", "0"], "whole number above zero"),
    (["--csv", "{labels}", "--backbone", "pocket", "--validation", "1.5"], "share from 0 to below 1"),
    (["--csv", "{labels}", "--backbone", "pocket", "--validation", "0"], "judged on images kept apart"),
    (["--csv", "{labels}", "--backbone", "pocket", "--lr", "-1"], "number above zero"),
    (["--csv", "{labels}", "--backbone", "pocket", "--negatives", "1"], "share from 0 to below 1"),
])  # fmt: skip
def test_wrong_use_is_told(run, labels: Path, arguments: list[str], message: str):
    code, out, err = run("train", *(argument.format(labels=labels) for argument in arguments))
    assert code == cli.WRONG_USE
    assert message in err
    assert not out


@pytest.mark.parametrize(
    "command", [("evaluate", "--csv"), ("train", "--backbone", "pocket", "--csv"), ("bench",)]
)
def test_a_misspelt_folder_of_images_is_told_before_a_model_is_loaded(
    run, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
):
    for work in ("evaluate", "train", "study"):
        monkeypatch.setattr(labelled, work, lambda *arguments, **more: iter(()))
    assert run(*command, labels, "--images", labels.parent)[0] == cli.OK
    code, _, err = run(*command, labels, "--images", tmp_path / "nope")
    assert code == cli.WRONG_USE
    assert f"{tmp_path / 'nope'}: no such folder or file. Check the spelling." in err


def test_the_engine_refuses_a_bundled_models_name(tmp_path: Path):
    engine = Engine(Home.under(tmp_path), Settings())
    with pytest.raises(ModelError, match="“pocket”"):
        next(labelled.train(engine, TrainingOptions(tmp_path, "pocket", tmp_path / "pocket", "pocket")))


def test_a_model_is_not_replaced_and_its_work_folder_is_no_model(
    run, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("IMAGESORTER_HOME", str(tmp_path))
    csv = labels.read_text("utf-8").splitlines()
    own = labels.parent / "own.csv"
    own.write_text("\n".join([csv[0], *(row for row in csv if ",bright," in row)]), "utf-8")
    train = (
        "train", "--csv", own, "--backbone", "pocket", "--steps", 1, "--width", 32,
        "--validation", 0.25, "--device", "cpu", "--name",
    )  # fmt: skip
    assert run(*train, "mine")[0] == cli.OK
    assert run(*train, "mine")[0] == cli.OK, "the same command goes on"
    code, out, err = run("models", "list")
    assert (code, err) == (cli.OK, "")
    assert "mine\t" in out

    models = Home.default().data / "models"
    weights = (models / "mine" / "model.json").read_bytes()
    shutil.rmtree(models / "mine.training")
    code, _, err = run(*train, "mine")
    assert code == cli.WRONG_USE
    assert "there is already a model “mine”" in err
    assert (models / "mine" / "model.json").read_bytes() == weights
    for name in (".hidden", "a:b", "Pocket", "  "):
        assert run(*train, name)[0] == cli.WRONG_USE, name

    (models / "mine.training").mkdir()
    assert run("models", "remove", "mine")[0] == cli.OK
    assert list(models.iterdir()) == []


def test_a_figure_that_is_no_number_is_null_in_json(
    run, tmp_path: Path, labels: Path, monkeypatch: pytest.MonkeyPatch
):
    figures = {"images": 2, "plcc": math.nan, "mae": math.inf, "srcc": 0.5}
    monkeypatch.setattr(labelled, "evaluate", lambda *arguments: iter([Judged("red", figures)]))
    out = tmp_path / "figures.json"
    code, shown, _ = run("evaluate", "--csv", labels, "--json", out)
    assert code == cli.OK
    assert "red\t2\tnan\tinf\t0.500000" in shown

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    stored = json.loads(out.read_text("utf-8"), parse_constant=refuse)
    assert stored == [{"category": "red", "images": 2, "plcc": None, "mae": None, "srcc": 0.5}]


@pytest.mark.parametrize("name", ["photo.jpg", "photo.json"])
def test_figures_never_replace_a_photograph(
    run, tmp_path: Path, labels: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    asked: list[object] = []
    monkeypatch.setattr(labelled, "evaluate", lambda *arguments: asked.append(arguments) or iter(()))
    photo = tmp_path / name
    photo.write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    code, _, err = run("evaluate", "--csv", labels, "--json", photo)
    assert code != cli.OK and name in err and "image" in err
    assert photo.read_bytes() == b"\xff\xd8\xff\xe0 a photograph"
    assert not asked, "told before the work"


def test_figures_that_cannot_be_written_are_shown_and_leave_the_old_file(
    run, tmp_path: Path, labels: Path, monkeypatch: pytest.MonkeyPatch
):
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(labelled, "evaluate", lambda *arguments: iter([Judged("red", {"srcc": 0.5})]))
    out = tmp_path / "figures.json"
    out.write_text("old")
    monkeypatch.setattr(os, "fsync", no_space)
    code, shown, err = run("evaluate", "--csv", labels, "--json", out)
    assert code != cli.OK and "red\t0.500000" in shown
    assert "the disk is full" in err and str(out) in err
    assert out.read_text() == "old"
