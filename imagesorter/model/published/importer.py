"""Making a model of the user's out of a checkpoint that the paper's authors published."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.events import Event, ModelImported, Progress
from imagesorter.model.bundle import PUBLISHED, PUBLISHED_WEIGHTS, Manifest, write_manifest
from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.published.architecture import recognise, write_clip_config
from imagesorter.model.published.checkpoint import read_tensors
from imagesorter.model.shelf import check_name, new_model
from imagesorter.model.storing import not_written, require_space

_PORTION = 32_000_000
"""Bytes written between two chances to stop."""

_TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
"""What weights may be, and safetensors' names for it."""

TRAINED_ON = {
    "count": LearnedAttribute(
        "number of people", "number of people", ("number", "numbers", "count", "many", "amount", "quantity")
    ),
    "mos": LearnedAttribute("image quality", "image quality", ("quality",)),
    "age": LearnedAttribute("age", "age", ("age",)),
    "hci": LearnedAttribute("decade", "decade of the photograph", ("decade", "year")),
}
"""What a word in a published file's name says of its training. The wordings name the attribute; any
other word may stand beside them."""


def import_checkpoint(path: Path, models: Path, name: str) -> Iterator[Event]:
    """Convert a published checkpoint into the model `models/name`. Stopped on the way, it leaves nothing.

    Weights keep their precision and their names.

    Args:
        path: the authors' file, or a safetensors file of the same tensors.
        models: folder of the user's models, created where missing.
        name: of the new model.

    Yields: Progress("import", …) in bytes, ModelImported.

    Raises:
        ModelError: the name cannot be had; the file is none, is damaged, would run code, or holds
            another architecture; or the model cannot be written.
    """
    yield Progress("import", 0)
    check_name(name, models)
    yield from import_tensors(path, read_tensors(path), models, name)


def import_tensors(path: Path, tensors: Mapping[str, Tensor], models: Path, name: str) -> Iterator[Event]:
    """`import_checkpoint` for tensors that were read from `path` already."""
    try:
        architecture = recognise({key: tuple(tensor.shape) for key, tensor in tensors.items()})
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    total = sum(tensor.nbytes for tensor in tensors.values())
    with new_model(name, models) as folder:
        try:
            require_space(folder, total)
            digest = hashlib.blake2b(digest_size=8)
            for written in _write_weights(path, tensors, folder / PUBLISHED_WEIGHTS, digest):
                yield Progress("import", written, total)
            clip_config = write_clip_config(architecture, folder)
            learned = attributes_by_name(path)
            write_manifest(
                Manifest(
                    folder=folder,
                    name=name,
                    title=name,
                    description=_description(path, learned),
                    clip_config=clip_config,
                    adapter=asdict(architecture.adapter),
                    attributes=learned,
                    vocabulary=frozenset(),
                    kind=PUBLISHED,
                    fingerprint=digest.hexdigest(),
                )
            )
        except OSError as error:
            raise not_written(models, total, error) from error
    yield ModelImported(name, name)


def attributes_by_name(path: Path) -> tuple[LearnedAttribute, ...]:
    """What the authors trained a checkpoint on, by its file's name; nothing where that does not say."""
    words = set(re.findall(r"[a-z]+", path.stem.casefold()))
    return tuple(attribute for word, attribute in TRAINED_ON.items() if word in words)


def _description(path: Path, learned: tuple[LearnedAttribute, ...]) -> str:
    known = ", ".join(attribute.query for attribute in learned)
    return f"Ranking-aware adapter as published with the paper, imported from {path.name}. " + (
        f"By its name it has learned: {known}." if known else "What it has learned is not known."
    )


def _write_weights(
    path: Path, tensors: Mapping[str, Tensor], target: Path, digest: hashlib.blake2b
) -> Iterator[int]:
    """Write a safetensors file portion by portion, so that it can be stopped. Yields bytes written.

    The format: the header's length as eight bytes, little endian; the header, JSON, which gives each
    tensor's type, shape and place; then the numbers.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, tensor in tensors.items():
        if tensor.dtype not in _TYPES:
            raise ModelError(f"{path}: this is another architecture. “{name}” is of type {tensor.dtype}.")
        header[name] = {
            "dtype": _TYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, place + tensor.nbytes],
        }
        place += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    written = 0
    with target.open("wb") as file:
        for part in (len(text).to_bytes(8, "little"), text):
            file.write(part)
            digest.update(part)
        for name, tensor in tensors.items():
            if not torch.stack(torch.aminmax(tensor)).isfinite().all():
                raise ModelError(
                    f"{path}: the checkpoint is damaged: “{name}” holds values that are not numbers."
                )
            numbers = memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
            for start in range(0, len(numbers), _PORTION):
                portion = numbers[start : start + _PORTION]
                file.write(portion)
                digest.update(portion)
                written += len(portion)
                yield written
