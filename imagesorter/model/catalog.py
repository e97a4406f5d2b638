"""What models are known: `models/catalog.toml` as plain values. torch is not needed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagesorter import paths
from imagesorter.errors import ModelError

_REPOSITORY = re.compile(r"[^/.][^/]*/[^/.][^/]*")


@dataclass(frozen=True)
class CatalogModel:
    """An OpenCLIP model on the hub.

    Attributes:
        name: of the model on the shelf, once it is downloaded.
        title: name for people.
        repository: on the hub, "owner/name".
        good_for: what it is good for, a sentence or two.
        licence: of the weights.
        file: of the weights; None takes the first there is of those that OpenCLIP writes.
        architecture, pretrained: names of OpenCLIP's lists; None: the repository's own configuration counts.
        megabytes: to be downloaded, 10⁶ bytes; 0 where that is not known.
        memory: the most that the process takes while it reads, 10⁶ bytes; 0 where that is not known.
        size: side of the image tower's input in pixels; 0 where that is not known.
        quick_gelu: the weights want OpenAI's activation.
        preprocess: where it is not OpenCLIP's default; keys of its `preprocess_cfg`.
    """

    name: str
    title: str
    repository: str
    good_for: str
    licence: str
    file: str | None = None
    architecture: str | None = None
    pretrained: str | None = None
    megabytes: int = 0
    memory: int = 0
    size: int = 0
    quick_gelu: bool = False
    preprocess: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_repository(cls, repository: str) -> CatalogModel:
        """A model of the hub that is in no list."""
        name = repository.partition("/")[2]
        return cls(name, name, repository, f"OpenCLIP model {repository} on the hub.", "as its page says")


@dataclass(frozen=True)
class CatalogHead:
    """A head on a model's embeddings: one file somewhere on the network.

    Attributes:
        on: name of the model whose embeddings it scores.
        address: https.
        sha256: of the file, 64 hex digits.
        bytes: of the file.
    """

    name: str
    title: str
    on: str
    address: str
    sha256: str
    bytes: int
    good_for: str
    licence: str


@dataclass(frozen=True)
class CatalogBundled:
    """A model that comes with the application.

    Attributes:
        memory: as of `CatalogModel`.
        sha256: by file, 64 hex digits.
    """

    memory: int
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class Catalog:
    """All of it, in the order of the file.

    Attributes:
        bundled: what comes with the application, by name.
        published: how to get the checkpoints of the paper's authors.
        published_megabytes: size of one of them.
    """

    models: tuple[CatalogModel, ...]
    heads: tuple[CatalogHead, ...]
    bundled: Mapping[str, CatalogBundled]
    published: str
    published_megabytes: int

    def find(self, name: str) -> CatalogModel | CatalogHead:
        """The entry of a name, or a repository of the hub, "owner/name".

        Raises:
            ModelError: it is neither.
        """
        entries: tuple[CatalogModel | CatalogHead, ...] = (*self.models, *self.heads)
        for entry in entries:
            if entry.name == name:
                return entry
        if _REPOSITORY.fullmatch(name):
            return CatalogModel.of_repository(name)
        known = ", ".join(entry.name for entry in entries)
        raise ModelError(
            f"“{name}” is not in the catalog. There are: {known}. "
            "Any OpenCLIP model on the hub can be named as owner/name too."
        )


def read_catalog(path: Path | None = None) -> Catalog:
    """Read the list of known models; None is the one that comes with the application.

    Raises:
        ModelError: it is missing or damaged.
    """
    path = path or paths.catalog()
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
        return Catalog(
            tuple(_model(entry) for entry in stored["model"]),
            tuple(CatalogHead(**entry) for entry in stored["head"]),
            {name: CatalogBundled(**entry) for name, entry in stored["bundled"].items()},
            stored["published"]["how"].strip(),
            stored["published"]["megabytes"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path}: the catalog is damaged ({error}). Install the application again."
        ) from error


def _model(entry: dict[str, Any]) -> CatalogModel:
    preprocess: dict[str, Any] = {
        key: entry.pop(key) for key in ("mean", "std", "interpolation") if key in entry
    }
    if "resize" in entry:
        preprocess["resize_mode"] = entry.pop("resize")
    return CatalogModel(**entry, preprocess=preprocess)
