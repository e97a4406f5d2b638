"""A model on disk: a folder with an OpenCLIP configuration, its weights, and an adapter's.

model.json            what the folder holds, for people and for the window (no torch needed)
NAME.json             OpenCLIP configuration of the backbone
clip.safetensors      its weights, OpenCLIP's own tensor names, float16
adapter.safetensors   the adapter's weights, float16

A published checkpoint keeps its tensors, names and precision together in one file instead:

weights.safetensors   backbone and adapter, as in the authors' file

An OpenCLIP model without an adapter has a folder of its own layout (see `tower_sources`) and, where it
orders by linear heads too, or a folder of heads that stand on another model's towers, them alone:

head.safetensors      affine maps of the pooled embedding, see `heads`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from imagesorter.errors import ModelError
from imagesorter.model.language import Language
from imagesorter.model.learned import LearnedAttribute, as_stored, attribute_from
from imagesorter.model.phrases import as_key, words_of

MANIFEST = "model.json"
CLIP_WEIGHTS = "clip.safetensors"
ADAPTER_WEIGHTS = "adapter.safetensors"
PUBLISHED_WEIGHTS = "weights.safetensors"
HEAD_WEIGHTS = "head.safetensors"

WORK_SUFFIX = ".training"
"""Of the folder beside a model that holds what its training needs to go on."""

ADAPTER, TOWERS, PUBLISHED, CLIP = "adapter", "towers", "published", "clip"
"""Kinds of models: the bundled one's backbone and our adapter; the towers of any OpenCLIP model and an
adapter trained on them; the paper's, as its authors published it; an OpenCLIP model as it is, which
orders by its pooled embeddings."""

_READING = b"closer"
"""How an adapter's photographs are prepared, in at most 16 bytes: another word with every change of that."""

_SPECIAL = (
    "kind", "variant", "fingerprint", "on", "zero_shot", "subjects", "reads_as", "kinds", "stand_ins",
    "degrees", "apart", "heard",
)  # fmt: skip
"""Of a manifest, what is stored only where there is some."""


@dataclass(frozen=True)
class Manifest(Language):
    """What a model folder says of itself.

    Attributes:
        folder: where it lies.
        name: short name, as on the command line.
        title: name for people.
        description: one or two sentences.
        clip_config: file name of the OpenCLIP configuration.
        adapter: keyword arguments of `AdapterConfig`.
        attributes: what was trained; none where that is not known.
        vocabulary: words that training showed to the text tower; none where it has learned language
            before, so that any word may stand beside one that names an attribute.
        kind: which networks these are: ADAPTER, TOWERS or PUBLISHED, see `loading`.
        variant: of the adapter on towers, "ours" or "published".
        fingerprint: digest of the weights, taken when they were written; "" where it is to be computed.
        on: name of the model whose towers a folder of heads stands on; its fingerprint is that model's.
        zero_shot: the towers know pictures from texts, so that any text can be asked of them.
        subjects: words for what a photograph shows that the model recognises, more or less, the commonest
            first.
        reads_as: words that training did not show, and those of the same meaning that it did, to be read
            in their place.
        kinds: words in the singular for what comes in several kinds ("vehicle"), and those of its kinds that
            training showed ("car", "ferry"): they are asked for together in the word's place.
        stand_ins: wordings that mean a thing, too ("night"), and what alone of it was taught ("dark").
        degrees: words for how much is asked for ("low"), and those of training to be read in their place
            right before a wording ("less").
        apart: wordings that are asked for by themselves beside others and beside what a photograph shows:
            half of the score of "sharp portrait" is that of "sharp".
        heard: words that training showed in captions, which are not known well enough to be learned.
    """

    folder: Path
    name: str
    title: str
    description: str
    clip_config: str
    adapter: Mapping[str, int]
    attributes: tuple[LearnedAttribute, ...]
    vocabulary: frozenset[str]
    kind: str = ADAPTER
    variant: str = "ours"
    fingerprint: str = ""
    on: str = ""
    zero_shot: bool = False
    subjects: tuple[str, ...] = ()
    reads_as: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    degrees: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    heard: frozenset[str] = frozenset()

    def digest(self) -> str:
        """16 hex digits that change with the weights or the configuration; part of the index's key."""
        if self.fingerprint:
            return self.fingerprint
        paths = [self.folder / name for name in (self.clip_config, CLIP_WEIGHTS, ADAPTER_WEIGHTS)]
        computed = self.adapter.get("computed")
        try:
            return _digest(
                tuple(_as_it_is(path) for path in paths),
                _READING if self.kind == ADAPTER else b"",
                f"computed {computed}" if computed else "",  # it takes no weights
            )
        except OSError as error:
            raise ModelError(
                f"the model “{self.name}” is incomplete: {error.filename} cannot be read "
                f"({error.strerror}). Install the model, or the application, again."
            ) from error

    @property
    def id(self) -> str:
        """Name and digest: tokens of one id may be mixed, of two may not. Raises ModelError."""
        return f"{self.on or self.name}-{self.digest()}"

    def unlearned(self, phrase: str) -> tuple[str, ...]:
        """As `Language.unlearned`; a head has learned its own wordings alone."""
        if self.kind != CLIP:
            return super().unlearned(phrase)
        return words_of(phrase) if self.attribute_named(phrase) is None else ()


def _as_it_is(path: Path) -> tuple[Path, int, int, int]:
    """A file, and what tells whether it is still the same. Raises OSError."""
    info = path.stat()
    return path, info.st_size, info.st_mtime_ns, info.st_ino


@lru_cache(maxsize=64)
def _digest(files: tuple[tuple[Path, int, int, int], ...], salt: bytes, more: str) -> str:
    """16 hex digits of files' contents; read again only where one is not as it was. Raises OSError."""
    state = hashlib.blake2b(digest_size=8, salt=salt)
    for path, *_ in files:
        state.update(path.read_bytes())
    state.update(more.encode())
    return state.hexdigest()


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
            attributes=tuple(attribute_from(a) for a in stored["attributes"]),
            vocabulary=frozenset(stored["vocabulary"]),
            kind=str(stored.get("kind", ADAPTER)),
            variant=str(stored.get("variant", "ours")),
            fingerprint=str(stored.get("fingerprint", "")),
            on=str(stored.get("on", "")),
            zero_shot=bool(stored.get("zero_shot", False)),
            subjects=tuple(stored.get("subjects", ())),
            reads_as={as_key(asked): str(known) for asked, known in stored.get("reads_as", {}).items()},
            kinds={str(kind): tuple(of) for kind, of in stored.get("kinds", {}).items()},
            stand_ins={str(text): str(known) for text, known in stored.get("stand_ins", {}).items()},
            apart=frozenset(as_key(str(wording)) for wording in stored.get("apart", ())),
            heard=frozenset(str(word) for word in stored.get("heard", ())),
            degrees={as_key(asked): str(known) for asked, known in stored.get("degrees", {}).items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the model in {folder} cannot be used: {path.name} is missing or damaged ({error}). "
            "Install the model, or the application, again."
        ) from error


def write_manifest(manifest: Manifest) -> None:
    """Write `model.json` into the manifest's folder."""
    plain = Manifest(Path(), "", "", "", "", {}, (), frozenset())
    special = {name: value for name in _SPECIAL if (value := getattr(manifest, name)) != getattr(plain, name)}
    special |= {name: sorted(value) for name, value in special.items() if isinstance(value, frozenset)}
    text = json.dumps(
        special
        | {
            "name": manifest.name,
            "title": manifest.title,
            "description": manifest.description,
            "clip_config": manifest.clip_config,
            "adapter": dict(manifest.adapter),
            "attributes": [as_stored(attribute) for attribute in manifest.attributes],
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
            if path.parent.name.startswith("."):
                continue  # on its way in or out
            try:
                manifest = read_manifest(path.parent)
            except ModelError:
                continue
            found.setdefault(manifest.name, manifest)
    return found
