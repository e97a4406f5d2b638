"""Heads and OpenCLIP folders become models, whole or not at all."""

from __future__ import annotations

import errno
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from clip_models import installed, with_line_ends_of_windows, write_head, write_open_clip
from safetensors.torch import load_file, save_file
from towers import config

from imagesorter.errors import ModelError
from imagesorter.events import ModelImported, Progress
from imagesorter.model import importing
from imagesorter.model.bundle import CLIP
from imagesorter.model.importing import import_model
from imagesorter.model.shelf import Shelf
from imagesorter.model.tower_sources import build_towers


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return installed(tmp_path / "models")


def names(shelf: Shelf) -> list[str]:
    return sorted(path.name for path in shelf.own.iterdir())


def test_an_open_clip_folder_keeps_every_bit(tmp_path: Path):
    source = write_open_clip(tmp_path / "downloaded")
    shelf = Shelf(tmp_path / "models")
    events = list(import_model(source, shelf, "mine"))
    assert events[-1] == ModelImported("mine", "mine")
    done = [event for event in events if isinstance(event, Progress)]
    assert done[-1].done == done[-1].total
    manifest = shelf.find("mine")
    assert (manifest.kind, manifest.zero_shot, manifest.attributes) == (CLIP, True, ())
    stored, was = (
        load_file(manifest.folder / "clip.safetensors"),
        load_file(source / "open_clip_model.safetensors"),
    )
    assert stored.keys() == was.keys()
    assert all(torch.equal(stored[name].float(), tensor.float()) for name, tensor in was.items())


def test_a_model_has_one_fingerprint_on_all_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source, shelf = write_open_clip(tmp_path / "downloaded"), Shelf(tmp_path / "models")
    list(import_model(source, shelf, "here"))
    with_line_ends_of_windows(monkeypatch)
    list(import_model(source, shelf, "there"))
    assert shelf.find("there").fingerprint == shelf.find("here").fingerprint


def test_half_precision_stays_half(tmp_path: Path):
    source = write_open_clip(tmp_path / "downloaded")
    weights = source / "open_clip_model.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(weights).items()}, weights)
    shelf = Shelf(tmp_path / "models")
    list(import_model(source, shelf, "mine"))
    size = (shelf.own / "mine" / "clip.safetensors").stat().st_size
    assert size < 1.1 * weights.stat().st_size


def test_other_weights_are_another_model(tmp_path: Path):
    shelves = [installed(tmp_path / str(seed) / "models", seed=seed) for seed in range(2)]
    ids = [shelf.find("vit").id for shelf in shelves]
    assert ids[0] != ids[1]
    assert all(one.startswith("vit-") for one in ids)


def test_a_head_stands_on_the_only_model_that_fits(shelf: Shelf, tmp_path: Path):
    installed(shelf.own, "wide", "CoCa")
    head = write_head(tmp_path / "sac+logos+ava1-test.pth", chain=True)
    assert list(import_model(head, shelf, "liked"))[-1] == ModelImported("liked", "liked")
    manifest = shelf.find("liked")
    assert (manifest.on, manifest.kind, manifest.id) == ("vit", CLIP, shelf.find("vit").id)
    assert manifest.attributes[0].name == "aesthetic quality"
    assert sorted(path.name for path in manifest.folder.iterdir()) == ["head.safetensors", "model.json"]
    assert shelf.base(manifest) == shelf.find("vit")
    assert shelf.heads(shelf.find("vit")) == (manifest,)
    assert shelf.heads(manifest) == ()
    assert shelf.heads(shelf.find("wide")) == ()


def test_which_of_several_has_to_be_said(shelf: Shelf, tmp_path: Path):
    installed(shelf.own, "other", seed=1)
    head = write_head(tmp_path / "head.safetensors.pth")
    with pytest.raises(ModelError, match=r"may belong to “other”, “vit”.*name it with --on"):
        list(import_model(head, shelf, "liked"))
    list(import_model(head, shelf, "a", on="other"))
    list(import_model(head, shelf, "b", chosen="vit"))
    assert [shelf.find(name).on for name in ("a", "b")] == ["other", "vit"]


@pytest.mark.parametrize(
    ("width", "on", "message"),
    [
        (24, "nonesuch", "there is no model “nonesuch”"),
        (24, "pocket", "a head can be used only with an OpenCLIP model, and “pocket” is not one"),
        (25, "vit", "reads embeddings of 25 numbers; those of “vit” have 24"),
        (25, None, "embeddings of 25 numbers, and there is none of that kind here"),
    ],
)
def test_a_model_that_does_not_fit_is_told(
    shelf: Shelf, tmp_path: Path, width: int, on: str | None, message: str
):
    with pytest.raises(ModelError, match=message):
        list(import_model(write_head(tmp_path / "head.pth", width), shelf, "liked", on=on))
    assert names(shelf) == ["vit"]


def test_a_model_that_was_replaced_or_removed_under_a_head_is_told(shelf: Shelf, tmp_path: Path):
    list(import_model(write_head(tmp_path / "head.pth"), shelf, "liked"))
    shutil.rmtree(shelf.own / "vit")
    with pytest.raises(ModelError, match="“liked” needs the model “vit”, which is not here"):
        shelf.base(shelf.find("liked"))
    installed(shelf.own, "vit", seed=5)
    with pytest.raises(ModelError, match="in a different version from the one here"):
        shelf.base(shelf.find("liked"))
    assert shelf.heads(shelf.find("vit")) == ()


class _Payload:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def _hostile(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weight": _Payload()}))


def _hostile_zip(path: Path) -> None:
    torch.save({"weight": _Payload(), "bias": torch.zeros(1)}, path)


def _cut(path: Path) -> None:
    write_head(path, 512)
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_hostile, "this is not a checkpoint|would run code"),
        (_hostile_zip, "opening it as it asks would run code"),
        (_cut, "damaged, cut short"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(b"GIF89a" * 10), "this is not a checkpoint"),
        (lambda path: torch.save({"weight": torch.ones(2, 24), "bias": torch.ones(2)}, path), "2 scores"),
        (lambda path: torch.save({"weight": torch.ones(1, 24)}, path), "this head cannot be used"),
        (lambda path: torch.save({"weight": 3.0, "bias": 2.0}, path), "is not a tensor"),
        (lambda path: torch.save(build_towers(config("ViT"), {}).clip.state_dict(), path),
         "weights of an OpenCLIP model without the adapter.*Import the folder"),
        (lambda path: torch.save({"fc.weight": torch.ones(1, 24)}, path), "another architecture"),
        (lambda path: path.mkdir(), "holds no OpenCLIP model"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_and_leaves_nothing(
    shelf: Shelf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path], object],
    message: str,
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "head.pth"
    write(path)
    with pytest.raises(ModelError, match=message) as told:
        list(import_model(path, shelf, "liked"))
    assert str(path) in str(told.value)
    assert names(shelf) == ["vit"]
    assert not (tmp_path / "executed").exists()


def test_on_is_for_heads(shelf: Shelf, tmp_path: Path):
    with pytest.raises(ModelError, match="this head cannot be used with “vit”"):
        list(import_model(write_open_clip(tmp_path / "another"), shelf, "mine", on="vit"))


def test_a_full_disk_leaves_nothing(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(importing, "write_head", full)
    monkeypatch.setattr(importing, "save_towers", full)
    for source in (write_head(tmp_path / "head.pth"), write_open_clip(tmp_path / "another")):
        with pytest.raises(ModelError, match="there is no space for the model"):
            list(import_model(source, shelf, "mine"))
    assert names(shelf) == ["vit"]


def test_stopped_on_the_way_it_leaves_nothing(tmp_path: Path):
    source = write_open_clip(tmp_path / "another")
    shelf = Shelf(tmp_path / "models")
    events = import_model(source, shelf, "mine")
    while not (isinstance(event := next(events), Progress) and event.done):
        pass
    events.close()
    assert not list(shelf.own.iterdir())


def test_a_name_that_no_file_can_have_is_told(shelf: Shelf, tmp_path: Path):
    with pytest.raises(ModelError, match="cannot be read"):
        list(import_model(tmp_path / f"{'n' * 300}.pt", shelf, "mine"))
