from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.events import ModelImported, Progress
from imagesorter.model.bundle import PUBLISHED, installed, read_manifest
from imagesorter.model.published import importer
from imagesorter.model.published.importer import attributes_by_name, import_checkpoint

Tensors = dict[str, Tensor]


def converted(path: Path, models: Path) -> Tensors:
    list(import_checkpoint(path, models, "made"))
    return load_file(models / "made" / "weights.safetensors")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def saved(path: Path, stored: Any, **options: Any) -> Path:
    torch.save(stored, path, **options)
    return path


# What is taken


@pytest.mark.parametrize(
    "shape",
    [
        lambda t: {"state_dict": t, "epoch": 1},
        lambda t: t,
        lambda t: {"state_dict": {f"module.{name}": tensor for name, tensor in t.items()}},
        lambda t: {f"module.{name}": tensor for name, tensor in t.items()},
    ],
    ids=["state_dict", "bare", "state_dict of module", "bare module"],
)
def test_weights_are_kept_to_the_bit(shape: Callable[[Tensors], Any], tensors: Tensors, tmp_path: Path):
    got = converted(saved(tmp_path / "x.pt", shape(tensors)), tmp_path / "models")
    assert got.keys() == tensors.keys()
    assert all(torch.equal(got[name], tensor) for name, tensor in tensors.items())


def test_the_older_format_and_safetensors_are_taken_too(tensors: Tensors, tmp_path: Path):
    old = saved(tmp_path / "old.pth", {"state_dict": tensors}, _use_new_zipfile_serialization=False)
    save_file(tensors, tmp_path / "new.safetensors")
    for number, path in enumerate((old, tmp_path / "new.safetensors")):
        got = converted(path, tmp_path / str(number))
        assert torch.equal(got["adapter.reg_tokens"], tensors["adapter.reg_tokens"])


def test_precision_is_the_files(tensors: Tensors, tmp_path: Path):
    half = {name: tensor.bfloat16() for name, tensor in tensors.items()}
    got = converted(saved(tmp_path / "x.pt", half), tmp_path / "models")
    assert {tensor.dtype for tensor in got.values()} == {torch.bfloat16}
    assert torch.equal(got["ln_final.weight"], half["ln_final.weight"])


def test_a_model_of_the_users_is_made(checkpoint: Path, tmp_path: Path):
    events = list(import_checkpoint(checkpoint, tmp_path / "models", "Zählen + more"))
    assert events[-1] == ModelImported("Zählen + more", "Zählen + more")
    progress = [event for event in events if isinstance(event, Progress)]
    assert {event.stage for event in progress} == {"import"}
    done = [event.done for event in progress]
    assert done == sorted(done) and done[-1] == progress[-1].total
    manifest = installed(tmp_path / "models")["Zählen + more"]
    assert manifest.kind == PUBLISHED
    assert manifest == read_manifest(tmp_path / "models" / "Zählen + more")
    assert names(tmp_path / "models") == ["Zählen + more"]
    assert manifest.adapter["prompt_tokens"] == 32


def test_the_id_follows_the_weights(tensors: Tensors, tmp_path: Path):
    digests = []
    for number, bias in enumerate((0.0, 0.0, 1.0)):
        changed = tensors | {"adapter.reg_ln.bias": tensors["adapter.reg_ln.bias"] + bias}
        list(import_checkpoint(saved(tmp_path / "x.pt", changed), tmp_path, f"m{number}"))
        digests.append(read_manifest(tmp_path / f"m{number}").digest())
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("cliprank-count.pt", ["number of people"]),
        ("cliprank-mos.pt", ["image quality"]),
        ("cliprank-count+mos+age+hci.pt", ["number of people", "image quality", "age",
                                            "decade of the photograph"]),
        ("cliprank_COUNT (1).pt", ["number of people"]),
        ("country-images.pt", []),
        ("epoch_12.pt", []),
    ],
)  # fmt: skip
def test_what_it_has_learned_is_read_off_the_files_name(name: str, known: list[str]):
    assert [attribute.query for attribute in attributes_by_name(Path(name))] == known


# What is not


class _Code:
    """What runs a command where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def _jpeg(path: Path) -> Path:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path, "JPEG")
    return path


def _text(path: Path) -> Path:
    path.write_text("{not found}\n" * 10)
    return path


def _zip(path: Path) -> Path:
    return Path(shutil.make_archive(str(path), "zip", Path(__file__).parent, "__init__.py"))


def refused(path: Path, models: Path, match: str, caplog: pytest.LogCaptureFixture) -> str:
    """The message; nothing is imported."""
    with pytest.raises(ModelError, match=match) as caught:
        list(import_checkpoint(path, models, "made"))
    assert str(path) in str(caught.value)
    assert not models.exists() or not names(models)
    return str(caught.value)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_wants_to_run_code(zipped: bool, tensors: Tensors, tmp_path: Path, caplog):
    mark = tmp_path / "it ran"
    stored = {"state_dict": tensors, "extra": _Code(mark)}
    path = saved(tmp_path / "x.pt", stored, _use_new_zipfile_serialization=zipped)
    refused(path, tmp_path / "models", "would run code.*mkdir", caplog)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (_jpeg, "is not a checkpoint"),
        (_text, "is not a checkpoint"),
        (_zip, "damaged, cut short, or not a checkpoint"),
        (lambda path: path, r"cannot be read \(No such file"),
        (lambda path: path.mkdir() or path, "cannot be read"),
        (lambda path: path.touch() or path, "is empty"),
        (lambda path: saved(path, [torch.zeros(3)]), "no named weights"),
        (lambda path: saved(path, {}), "no named weights"),
        (lambda path: saved(path, {"epoch": 3}), "“epoch” is not a tensor"),
        (lambda path: saved(path, {"state_dict": {3: torch.zeros(3)}}), "“3” is not a tensor"),
    ],
)  # fmt: skip
def test_a_wrong_file(make: Callable[[Path], Path], match: str, tmp_path: Path, caplog):
    refused(make(tmp_path / "x.pt"), tmp_path / "models", match, caplog)


@pytest.mark.parametrize("part", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("kind", ["zip", "old", "safetensors"])
def test_a_truncated_file(part: float, kind: str, tensors: Tensors, tmp_path: Path, caplog):
    path = tmp_path / "x.pt"
    if kind == "safetensors":
        save_file(tensors, path)
    else:
        saved(path, {"state_dict": tensors}, _use_new_zipfile_serialization=kind == "zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    refused(path, tmp_path / "models", "cut short", caplog)


def _renamed(tensors: Tensors, old: str, new: str) -> Tensors:
    return {name.replace(old, new): tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: {n: x for n, x in t.items() if "adapter." not in n}, "a CLIP model without the adapter"),
        (lambda t: {"conv1.weight": torch.zeros(3)}, "Expected.*found something else: 1 tensors"),
        (lambda t: {n: x for n, x in t.items() if n != "ln_final.bias"}, r"1 tensors are not there \(“ln_f"),
        (lambda t: t | {"logit_bias": torch.zeros(1)}, r"1 are too many \(“logit_bias”"),
        (lambda t: t | {"ln_final.bias": torch.zeros(65)}, "“ln_final.bias” is 65, expected 64"),
        (lambda t: t | {"adapter.reg_tokens": torch.zeros(3)}, "another architecture"),
        (lambda t: _renamed(t, "stages.3", "stages.4"), "another architecture"),
        (lambda t: _renamed(t, "visual.trunk", "visual.tower"), r"Expected.*visual\.trunk"),
        (lambda t: t | {"visual.trunk.stages.0.blocks.0.conv_dw.bias": torch.zeros(96)}, "of widths 96/80/"),
        (lambda t: t | {"ln_final.bias": torch.zeros(64, dtype=torch.int64)}, "is of type torch.int64"),
        (lambda t: t | {"ln_final.bias": torch.ones(64) / 0}, "“ln_final.bias” holds values"),
        (lambda t: t | {"ln_final.bias": torch.zeros(64) / 0}, "“ln_final.bias” holds values"),
    ],
)  # fmt: skip
def test_another_architecture(change: Callable[[Tensors], Tensors], match: str, tensors, tmp_path, caplog):
    refused(saved(tmp_path / "x.pt", change(tensors)), tmp_path / "models", match, caplog)


def test_numbers_with_an_axis_or_without_are_the_same(tensors: Tensors, tmp_path: Path):
    changed = tensors | {"logit_scale": tensors["logit_scale"].reshape(1)}
    assert converted(saved(tmp_path / "x.pt", changed), tmp_path / "models")["logit_scale"].shape == (1,)


# Nothing half-imported


@pytest.mark.parametrize("events", [1, 2, 5])
def test_a_cancelled_import_leaves_nothing(
    events: int, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importer, "_PORTION", 100_000)
    importing = import_checkpoint(checkpoint, tmp_path / "models", "made")
    for _ in range(events):
        next(importing)
    assert not installed(tmp_path / "models")
    importing.close()
    assert not (tmp_path / "models").exists() or not names(tmp_path / "models")


def test_a_full_disk_is_told_before_and_on_the_way(checkpoint: Path, tmp_path: Path, monkeypatch, caplog):
    models = tmp_path / "models"
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=20_000_000))
        with pytest.raises(ModelError, match=r"models: there is no space for the model: 28 MB are needed"):
            list(import_checkpoint(checkpoint, models, "made"))
    assert not names(models)

    def fail(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(importer, "write_clip_config", fail)
    with pytest.raises(ModelError, match="there is no space"):
        list(import_checkpoint(checkpoint, models, "made"))
    assert not names(models)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_that_cannot_be_written_is_told(checkpoint: Path, tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(ModelError, match="cannot be written"):
        list(import_checkpoint(checkpoint, tmp_path / "models", "made"))
    tmp_path.chmod(0o700)


def test_a_name_that_is_taken_is_told_before_any_work(checkpoint: Path, imported: Path):
    with pytest.raises(ModelError, match="there is already a model “counting”"):
        list(import_checkpoint(checkpoint, imported.parent, "counting"))
    assert read_manifest(imported).name == "counting"
