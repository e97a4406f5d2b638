"""A probe from labels to a model that ranks: command line and engine."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clip_models import installed, write_open_clip
from labelled import COUNT, asked, write_pictures

from imagesorter import cli
from imagesorter.events import Finished
from imagesorter.model.bundle import CLIP
from imagesorter.model.shelf import Shelf
from imagesorter.paths import Home
from imagesorter.training.labelled import probe

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def shelf(imagesorter_home: Path) -> Shelf:
    return Shelf(Home.under(imagesorter_home).data / "models")


def figures(out: str) -> dict[str, dict[str, float]]:
    """The printed table, by category and column."""
    rows = [line.split("\t") for line in out.splitlines() if "\t" in line]
    return {row[0]: dict(zip(rows[0][1:], map(float, row[1:]), strict=True)) for row in rows[1:]}


def test_on_a_model_of_the_users_own(run: Command, shelf: Shelf, labels: Path):
    installed(shelf.own)
    train = ("train", "--csv", labels, "--backbone", "vit", "--probe", "--name", "colours",
             "--validation", 0.3, "--device", "cpu")  # fmt: skip
    code, out, err = run(*train)
    assert (code, err) == (cli.OK, "")
    judged = figures(out)
    assert list(judged) == ["red", "bright", "mean"]
    assert judged["mean"]["srcc"] > 0.8
    assert f"written: {shelf.own / 'colours'} (srcc {judged['mean']['srcc']:.3f})" in out

    manifest = shelf.find("colours")
    assert (manifest.kind, manifest.on, manifest.id) == (CLIP, "vit", shelf.find("vit").id)
    assert sorted(path.name for path in manifest.folder.iterdir()) == ["head.safetensors", "model.json"]
    code, out, err = run("rank", labels.parent, "red", "--model", "colours", "--device", "cpu")
    assert (code, len(out.splitlines())) == (cli.OK, COUNT)
    assert err == "imagesorter: Sorted by colours on vit: a linear head trained on this.\n"

    code, out, _ = run("evaluate", "--csv", labels, "--model", "colours", "--device", "cpu")
    whole = figures(out)
    assert code == cli.OK
    assert whole["red"]["images"] == COUNT
    assert whole["red"]["srcc"] > 0.8
    assert whole["bright"]["mae"] < 2.0, "scores come back on the labels' scale"
    assert run(*train[:-2])[0] == cli.OK, "the same command may be given again"


def test_images_are_counted_once_in_whatever_rows_they_are(run: Command, labels: Path, tmp_path: Path):
    heading, *rows = labels.read_text("utf-8").splitlines()
    counts = []
    for name, listed in (("once", rows), ("several", [*rows, *rows[::2], *rows])):
        table = tmp_path / f"{name}.csv"
        table.write_text("\n".join([heading, *listed]) + "\n", "utf-8")
        code, out, _ = run("train", "--csv", table, "--images", labels.parent, "--backbone", "pocket",
                           "--probe", "--validation", 0.3, "--out", tmp_path / name)  # fmt: skip
        assert code == cli.OK
        counts.append({category: row["images"] for category, row in figures(out).items()})
    assert counts[0] == counts[1]
    assert 1 < counts[0]["red"] == counts[0]["bright"] == counts[0]["mean"] < COUNT / 2


def test_a_folder_of_open_clip_is_copied_whole(run: Command, shelf: Shelf, labels: Path, tmp_path: Path):
    source = write_open_clip(tmp_path / "downloaded")
    code, _, err = run("train", "--csv", labels, "--backbone", source, "--probe", "--name", "own",
                       "--validation", 0.3, "--device", "cpu")  # fmt: skip
    assert (code, err) == (cli.OK, "")
    manifest = shelf.find("own")
    assert (manifest.on, manifest.zero_shot, (manifest.folder / "clip.safetensors").is_file()) == (
        "",
        True,
        True,
    )
    for query, who in (("bright", "own: a linear head"), ("horses", "own: without training")):
        code, _, err = run("rank", labels.parent, query, "--model", "own", "--device", "cpu")
        assert code == cli.OK
        assert f"Sorted by {who}" in err


def test_on_pocket_it_stays_honest(run: Command, shelf: Shelf, labels: Path):
    code, out, _ = run("train", "--csv", labels, "--backbone", "pocket", "--probe", "--name", "own",
                       "--validation", 0.3, "--device", "cpu")  # fmt: skip
    assert code == cli.OK
    assert figures(out)["bright"]["srcc"] > 0.8
    code, _, err = run("rank", labels.parent, "horses", "--model", "own", "--device", "cpu")
    assert code == cli.OK
    assert "own has not learned “horses”: this order is a guess. It knows: red, bright." in err


def test_what_was_read_is_not_read_again(
    run: Command, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = write_open_clip(tmp_path / "downloaded")
    asked: list[int] = []
    embed = probe._embed

    def counted(towers: object, pixels: np.ndarray) -> np.ndarray:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(pixels))
        return embed(towers, pixels)

    monkeypatch.setattr(probe, "_embed", counted)
    train = ("train", "--csv", labels, "--backbone", source, "--probe", "--out", tmp_path / "made",
             "--validation", 0.3, "--device", "cpu")  # fmt: skip
    assert run(*train)[0] == 130
    assert not (tmp_path / "made").exists()
    asked[:] = [-9] * 9
    assert run(*train)[0] == cli.OK
    read = asked[9:]
    assert sum(read[1:]) == COUNT - 16, "one batch was done; the first reading tells the width"


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="elsewhere room is not asked for")
def test_a_full_disk_is_told_each_time(
    run: Command, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    for _ in range(2):
        code, _, err = run("train", "--csv", labels, "--backbone", "pocket", "--probe", "--out",
                           tmp_path / "made", "--validation", 0.3, "--device", "cpu")  # fmt: skip
        assert code == cli.WRONG_USE
        assert "the embeddings cannot be stored" in err and "Free some space" in err
        assert not list(tmp_path.rglob("embeddings-*"))


def test_an_unreadable_image_is_listed_and_left_out(run: Command, labels: Path, tmp_path: Path):
    folder = tmp_path / "labelled"
    folder.mkdir()
    write_pictures(folder)
    (folder / "3.png").write_bytes(b"no picture")
    code, out, err = run("train", "--csv", folder / "labels.csv", "--probe", "--out", tmp_path / "made",
                         "--backbone", write_open_clip(tmp_path / "downloaded"),
                         "--validation", 0.3, "--device", "cpu")  # fmt: skip
    assert code == cli.UNREADABLE
    assert f"not read: {folder / '3.png'}" in err
    assert figures(out)["mean"]["srcc"] > 0.7
    again = asked(folder / "labels.csv", tmp_path / "downloaded", tmp_path / "made", validation=0.3)
    assert list(probe.train_probe(again))[-1] == Finished(COUNT - 1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "4", "--lr", "0.1"], "--steps, --lr: not with --probe"),
        (["--unfreeze", "all"], "--unfreeze: not with --probe"),
        (["--seed", "2"], "--seed: not with --probe"),
        (["--validation", "0.999"], "no image is left to learn from"),
        (["--name", "pocket"], "cannot have the name"),
    ],
)
def test_wrong_use_is_told(run: Command, labels: Path, arguments: list[str], message: str):
    code, _, err = run("train", "--csv", labels, "--backbone", "pocket", "--probe", *arguments)
    assert code == cli.WRONG_USE
    assert message in err


def test_labels_without_difference_are_told(run: Command, labels: Path, tmp_path: Path):
    table = tmp_path / "labels.csv"
    rows = labels.read_text("utf-8").splitlines()
    table.write_text("\n".join([rows[0], *(f"{k}.png,a,b,1" for k in range(20))]), "utf-8")
    judged = tmp_path / "judged.csv"
    judged.write_text("\n".join([rows[0], *(f"{k}.png,a,b,{k}" for k in range(20, 29))]), "utf-8")
    code, _, err = run("train", "--csv", table, "--images", labels.parent, "--backbone", "pocket", "--probe",
                       "--name", "x", "--validation", judged, "--device", "cpu")  # fmt: skip
    assert code == cli.WRONG_USE
    assert "there is nothing to learn" in err
