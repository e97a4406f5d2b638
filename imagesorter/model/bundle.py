"""A model on disk: a folder with an OpenCLIP configuration, its weights, and an adapter's.

model.json            what the folder holds, for people and for the window (no torch needed)
NAME.json             OpenCLIP configuration of the backbone
clip.safetensors      its weights, OpenCLIP's own tensor names, float16
adapter.safetensors   the adapter's weights, float16
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagesorter.errors import ModelError

MANIFEST = "model.json"
CLIP_WEIGHTS = "clip.safetensors"
ADAPTER_WEIGHTS = "adapter.safetensors"


@dataclass(frozen=True)
class LearnedAttribute:
    """An attribute that a model was trained on.

    Attributes:
        name: noun.
        query: the form offered for completion.
        wordings: texts that training used, of either direction.
    """

    name: str
    query: str
    wordings: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a model folder says of itself.

    Attributes:
        folder: where it lies.
        name: short name, as on the command line.
        title: name for people.
        description: one or two sentences.
        clip_config: file name of the OpenCLIP configuration.
        adapter: keyword arguments of `AdapterConfig`.
        attributes: what was trained.
        vocabulary: words that training showed to the text tower.
    """

    folder: Path
    name: str
    title: str
    description: str
    clip_config: str
    adapter: Mapping[str, int]
    attributes: tuple[LearnedAttribute, ...]
    vocabulary: frozenset[str]

    def digest(self) -> str:
        """16 hex digits that change with the weights or the configuration; part of the index's key."""
        state = hashlib.blake2b(digest_size=8)
        for name in (self.clip_config, CLIP_WEIGHTS, ADAPTER_WEIGHTS):
            try:
                state.update((self.folder / name).read_bytes())
            except OSError as error:
                raise ModelError(
                    f"the model “{self.name}” is incomplete: {self.folder / name} cannot be read "
                    f"({error.strerror}). Install the model, or the application, again."
                ) from error
        return state.hexdigest()

    @property
    def id(self) -> str:
        """Name and digest: tokens of one id may be mixed, of two may not. Raises ModelError."""
        return f"{self.name}-{self.digest()}"

    def unlearned(self, phrase: str) -> tuple[str, ...]:
        """Words that keep a phrase from being an attribute this model was trained on.

        A phrase is learned when training showed each of its words, and at least one of them
        names an attribute; frame words alone ("first photo") name none, and are returned.
        """
        words = _words(phrase)
        unknown = tuple(word for word in words if word not in self.vocabulary)
        if unknown:
            return unknown
        naming = {word for a in self.attributes for wording in a.wordings for word in _words(wording)}
        return () if naming.intersection(words) else words


def read_manifest(folder: Path) -> Manifest:
    """Read `folder/model.json`.

    Raises:
        ModelError: missing or damaged.
    """
    path = folder / MANIFEST
    try:
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Manifest(
            folder=folder,
            name=stored["name"],
            title=stored["title"],
            description=stored["description"],
            clip_config=stored["clip_config"],
            adapter=stored["adapter"],
            attributes=tuple(
                LearnedAttribute(a["name"], a["query"], tuple(a["wordings"])) for a in stored["attributes"]
            ),
            vocabulary=frozenset(stored["vocabulary"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the model in {folder} cannot be used: {path.name} is missing or damaged ({error}). "
            "Install the model, or the application, again."
        ) from error


def write_manifest(manifest: Manifest) -> None:
    """Write `model.json` into the manifest's folder."""
    text = json.dumps(
        {
            "name": manifest.name,
            "title": manifest.title,
            "description": manifest.description,
            "clip_config": manifest.clip_config,
            "adapter": dict(manifest.adapter),
            "attributes": [
                {"name": a.name, "query": a.query, "wordings": list(a.wordings)} for a in manifest.attributes
            ],
            "vocabulary": sorted(manifest.vocabulary),
        },
        indent=1,
        ensure_ascii=False,
    )
    (manifest.folder / MANIFEST).write_text(text + "\n", "utf-8")


def installed(*roots: Path) -> dict[str, Manifest]:
    """Models in the folders directly below `roots`, by name; the first of a name counts.

    A damaged model is left out here and reported when it is asked for by name.
    """
    found: dict[str, Manifest] = {}
    for root in roots:
        for path in sorted(root.glob(f"*/{MANIFEST}")):
            try:
                manifest = read_manifest(path.parent)
            except ModelError:
                continue
            found.setdefault(manifest.name, manifest)
    return found


def ids(*roots: Path) -> set[str]:
    """Ids of the installed models, as `Ranker.id`; a damaged one has none."""
    found = set()
    for manifest in installed(*roots).values():
        with suppress(ModelError):
            found.add(manifest.id)
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", text.casefold()))
