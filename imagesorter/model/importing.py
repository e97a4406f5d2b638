"""Making a model of the user's out of a file or a folder, by what it holds.

- a checkpoint of the paper's authors, see `published.importer`;
- a linear head on the embedding of a model that is here, see `heads`;
- a folder of an OpenCLIP model, see `tower_sources`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.events import Event, ModelImported, Progress
from imagesorter.model.bundle import CLIP, CLIP_WEIGHTS, Manifest, write_manifest
from imagesorter.model.heads import attribute_of, layers_of, looks_like_head, write_head
from imagesorter.model.published.checkpoint import read_tensors
from imagesorter.model.published.importer import import_tensors
from imagesorter.model.shelf import Shelf, check_name, new_model
from imagesorter.model.storing import not_written, require_space
from imagesorter.model.tower_sources import CONFIG, open_towers, save_towers
from imagesorter.model.towers import Towers

_PORTION = 32_000_000
"""Bytes read between two chances to stop."""


def import_model(
    path: Path, shelf: Shelf, name: str, *, on: str | None = None, chosen: str | None = None
) -> Iterator[Event]:
    """Make the model `name` of a file or folder. Stopped on the way, it leaves nothing.

    Args:
        path: see the module.
        shelf: of the user's models.
        on: the model whose embeddings a head reads; None takes the only one that fits, or `chosen`.
        chosen: the model in use.

    Yields: Progress("import", …) in bytes, ModelImported.

    Raises:
        ModelError: the name cannot be had; the file is nothing that is known, is damaged, or would run
            code; the head fits no model, or more than one; or the model cannot be written.
    """
    yield Progress("import", 0)
    check_name(name, shelf.own)
    if os.path.isdir(path):  # noqa: PTH112 (never raises)
        _only_for_heads(path, on)
        yield from import_open_clip(path, shelf.own, name)
        return
    tensors = read_tensors(path)
    if looks_like_head(tensors):
        yield from import_head(path, tensors, shelf, name, on=on, chosen=chosen)
        return
    _only_for_heads(path, on)
    if any(key.startswith("visual.") for key in tensors) and not any("adapter." in key for key in tensors):
        raise ModelError(
            f"{path}: these are weights of an OpenCLIP model without the adapter, and the file does not say "
            f"of which. Import the folder in which {CONFIG} lies beside the weights."
        )
    yield from import_tensors(path, tensors, shelf.own, name)


def import_head(
    path: Path,
    tensors: Mapping[str, Tensor],
    shelf: Shelf,
    name: str,
    *,
    on: str | None = None,
    chosen: str | None = None,
) -> Iterator[Event]:
    """`import_model` for the tensors of a linear head."""
    try:
        layers = layers_of(tensors)
    except ModelError as error:
        raise ModelError(f"{path}: this head cannot be used. {error}") from error
    base = _base(path, shelf, layers[0][0].shape[1], on, chosen)
    learned = (attribute_of(path, name),)
    with new_model(name, shelf.own) as folder:
        try:
            write_head(layers, folder)
            write_manifest(
                Manifest(
                    folder=folder,
                    name=name,
                    title=name,
                    description=f"Linear head on {base.title}, imported from {path.name}. By its name it "
                    f"scores: {learned[0].query}.",
                    clip_config=base.clip_config,
                    adapter={},
                    attributes=learned,
                    vocabulary=frozenset(),
                    kind=CLIP,
                    fingerprint=base.digest(),
                    on=base.name,
                    zero_shot=base.zero_shot,
                )
            )
        except (OSError, SafetensorError) as error:
            total = sum(tensor.nbytes for tensor in tensors.values())
            raise not_written(folder.parent, total, error) from error
    yield ModelImported(name, name)


def import_open_clip(source: Path, models: Path, name: str) -> Iterator[Event]:
    """`import_model` for a folder that OpenCLIP itself would take as `local-dir:`."""
    towers, config = open_towers(str(source))
    total = sum(tensor.nbytes for tensor in towers.clip.state_dict().values())
    with new_model(name, models) as folder:
        try:
            require_space(folder, total)
            yield Progress("import", 0, total)
            description = f"OpenCLIP model imported from {source.name}. Orders by any text, without training."
            yield from write_clip_model(towers, config, folder, name, description)
        except (OSError, SafetensorError) as error:
            raise not_written(folder.parent, total, error) from error
    yield ModelImported(name, name)


def write_clip_model(
    towers: Towers,
    config: dict[str, Any],
    folder: Path,
    name: str,
    description: str,
    title: str | None = None,
) -> Iterator[Progress]:
    """Write an OpenCLIP model into a folder as a model of kind "clip"; its weights keep their precision.

    Yields: Progress("import", …) in bytes.

    Raises:
        OSError, SafetensorError: it cannot be written.
    """
    save_towers(towers, config, folder, exact=True)
    digest = hashlib.blake2b((folder / CONFIG).read_bytes(), digest_size=8)
    total, done = (folder / CLIP_WEIGHTS).stat().st_size, 0
    with (folder / CLIP_WEIGHTS).open("rb") as file:
        while portion := file.read(_PORTION):
            digest.update(portion)
            done += len(portion)
            yield Progress("import", done, total)
    write_manifest(
        Manifest(
            folder=folder,
            name=name,
            title=title or name,
            description=description,
            clip_config=CONFIG,
            adapter={},
            attributes=(),
            vocabulary=frozenset(),
            kind=CLIP,
            fingerprint=digest.hexdigest(),
            zero_shot=True,
        )
    )


def embed_dim(manifest: Manifest) -> int:
    """Numbers in a model's pooled embedding; 0 where its configuration does not say."""
    try:
        stored = json.loads((manifest.folder / manifest.clip_config).read_text("utf-8"))
        return int(stored.get("model_cfg", stored)["embed_dim"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def _base(path: Path, shelf: Shelf, width: int, on: str | None, chosen: str | None) -> Manifest:
    """The model on whose towers a head of some width is to stand."""
    if on is not None:
        base = shelf.find(on)
        if base.kind != CLIP or base.on:
            raise ModelError(f"a head can be used only with an OpenCLIP model, and “{on}” is not one.")
        if embed_dim(base) != width:
            raise ModelError(
                f"{path}: this head reads embeddings of {width} numbers; those of “{on}” have "
                f"{embed_dim(base)}. Name the model that it was trained on with --on."
            )
        return base
    plain = [m for m in shelf.models().values() if m.kind == CLIP and not m.on]
    fitting = [manifest for manifest in plain if embed_dim(manifest) == width]
    if (picked := next((m for m in fitting if m.name == chosen), None)) is not None:
        return picked
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise ModelError(
            f"{path}: this is a head for an OpenCLIP model with embeddings of {width} numbers, and there is "
            "none of that kind here. Install the model that it was trained on first, then import the head."
        )
    names = ", ".join(f"“{manifest.name}”" for manifest in fitting)
    raise ModelError(
        f"{path}: this head may belong to {names}, and the file does not say on which. Choose the model "
        "that it was trained on before importing, or name it with --on."
    )


def _only_for_heads(path: Path, on: str | None) -> None:
    if on is not None:
        raise ModelError(f"{path}: this head cannot be used with “{on}”. Leave --on out.")
