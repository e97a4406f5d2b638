"""A foreign model's configuration and folder neither run code nor reach the network by its tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
from safetensors.torch import save_file
from towers import Sentences, config

from imagesorter.errors import ModelError
from imagesorter.model import tower_sources
from imagesorter.model.importing import import_model
from imagesorter.model.shelf import Shelf
from imagesorter.model.tokenizer_rules import tokenizer_options
from imagesorter.model.tower_sources import build_towers, read_towers


class Asked:
    """In place of OpenCLIP's `HFTokenizer`: what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, name: str, **options: Any) -> Sentences:
        self.calls.append((name, options))
        return Sentences(1, 1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    stand_in = Asked()
    monkeypatch.setattr(tower_sources, "HFTokenizer", stand_in)
    return stand_in


def write(folder: Path, options: Any, *names: str, hugging_face: bool = True) -> Path:
    """A model's folder as it comes from anywhere, with empty files of these names."""
    folder.mkdir()
    settings = config("SigLIP" if hugging_face else "ViT")
    save_file(
        build_towers(settings, {}, tokenizer=Sentences(1, 1)).clip.state_dict(), folder / "clip.safetensors"
    )
    settings["text_cfg"]["tokenizer_kwargs"] = options
    stored = {"model_cfg": settings, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(stored), "utf-8")
    for name in names:
        (folder / name).write_bytes(b"{}")
    return folder


def test_a_folders_tokenizer_is_made_of_its_files_alone(asked: Asked, tmp_path: Path):
    folder = write(tmp_path / "model", {"clean": "canonicalize", "strip_sep_token": True}, "tokenizer.json")
    read_towers(folder)
    ((name, options),) = asked.calls
    assert name == str(folder)
    assert options["clean"] == "canonicalize" and options["strip_sep_token"] is True
    assert options["trust_remote_code"] is False and options["local_files_only"] is True


@pytest.mark.parametrize("names", [(), ("tokenizer.py",), ("tokenizer_config.json",)])
def test_a_tokenizer_that_is_not_there_is_not_fetched(asked: Asked, tmp_path: Path, names: tuple[str, ...]):
    folder = write(tmp_path / "model", {}, *names)
    with pytest.raises(ModelError, match=r"model lacks the files of its tokenizer \(none\)"):
        read_towers(folder)
    assert not asked.calls


@pytest.mark.parametrize(
    ("options", "hugging_face"),
    [
        ({"trust_remote_code": True}, True),
        ({"cache_dir": "/"}, True),
        ({"clean": ["lower"]}, True),
        (["trust_remote_code"], True),
        ({"bpe_path": "/etc/passwd"}, False),
    ],
)
def test_an_import_with_other_options_is_refused(
    asked: Asked, tmp_path: Path, options: Any, hugging_face: bool
):
    folder = write(tmp_path / "model", options, "tokenizer.json", hugging_face=hugging_face)
    shelf = Shelf(tmp_path / "models")
    with pytest.raises(ModelError, match="tokenizer"):
        list(import_model(folder, shelf, "mine"))
    assert not asked.calls and not (tmp_path / "models" / "mine").exists()


def test_every_model_of_open_clip_may_have_its_tokenizer():
    for name in open_clip.list_models():
        tokenizer_options(open_clip.get_model_config(name)["text_cfg"])
