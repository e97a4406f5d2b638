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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from imagesorter.errors import ModelError
from imagesorter.model.learned import LearnedAttribute, as_stored, attribute_from
from imagesorter.model.phrases import as_key, found, replaced, replaced_before, words_of

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

OWN = 3.0
"""How much a word says of what it stands for, against what its kinds say together."""

_SPECIAL = (
    "kind", "variant", "fingerprint", "on", "zero_shot", "subjects", "reads_as", "kinds", "stand_ins",
    "degrees", "heard",
)  # fmt: skip
"""Of a manifest, what is stored only where there is some."""

_SIGNS = " ,;.!?&/-"
_NOTHING: frozenset[str] = frozenset()
_FRAME = frozenset(
    {"a", "an", "the", "more", "most", "very", "looking", "score", "of", "this", "how", "is", "photo"}
    | {"photos", "photograph", "photographs", "picture", "pictures", "image", "images"}
)
"""Words around those that name a head's attribute."""
_BESIDE = _FRAME | frozenset(
    {"and", "by", "fewer", "first", "in", "least", "less", "like", "lower", "not", "on", "or", "order"}
    | {"show", "sort", "with", "without"}
)
"""Words that change nothing of what a wording beside them asks for, but its direction."""


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
        attributes: what was trained; none where that is not known.
        vocabulary: words that training showed to the text tower; none where it has learned language
            before, so that any word may stand beside one that names an attribute.
        kind: which networks these are: ADAPTER, TOWERS or PUBLISHED, see `loading`.
        variant: of the adapter on towers, "ours" or "published".
        fingerprint: digest of the weights, taken when they were written; "" where it is to be computed.
        on: name of the model whose towers a folder of heads stands on; its fingerprint is that model's.
        zero_shot: the towers know pictures from texts, so that any text can be asked of them.
        subjects: words for what a photograph shows that the model recognises, more or less.
        reads_as: words that training did not show, and those of the same meaning that it did, to be read
            in their place.
        kinds: words in the singular for what comes in several kinds ("vehicle"), and those of its kinds that
            training showed ("car", "ferry"): they are asked for together in the word's place.
        stand_ins: wordings that mean a thing, too ("night"), and what alone of it was taught ("dark").
        degrees: words for how much is asked for ("low"), and those of training to be read in their place
            right before a wording ("less").
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
    heard: frozenset[str] = frozenset()

    def digest(self) -> str:
        """16 hex digits that change with the weights or the configuration; part of the index's key."""
        if self.fingerprint:
            return self.fingerprint
        state = hashlib.blake2b(digest_size=8, salt=_READING if self.kind == ADAPTER else b"")
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
        return f"{self.on or self.name}-{self.digest()}"

    def texts(self, phrase: str) -> dict[str, float]:
        """What the text tower is asked for what is `heeded` of a phrase: where that is learned, in words that
        training showed, in several texts where a word stands for several kinds; else as it stands.

        Returns:
            by text, its share in the score; all together 1. A word that is itself among its kinds counts
            `OWN` times what the others do together.
        """
        phrase = self.heeded(phrase)
        if self.unlearned(phrase):
            return {phrase: 1.0}
        read, kinds = self._reworded(phrase), self.kinds_in(phrase)
        if len(kinds) > 1:  # of several such words, those that were taught too are asked for by themselves
            kinds = {word: of for word, of in kinds.items() if not any(word in _numbers(one) for one in of)}
        count = max((len(of) for of in kinds.values()), default=1)
        weights: dict[str, float] = {}
        for number in range(count):
            each = {word: of[number % len(of)] for word, of in kinds.items()}
            text = replaced(read, each | self._long_names)
            is_own = any(word in _numbers(one) for word, one in each.items())
            weights[text] = weights.get(text, 0.0) + (OWN * (count - 1) if is_own and count > 1 else 1.0)
        return {text: weight / sum(weights.values()) for text, weight in weights.items()}

    def heeded(self, phrase: str) -> str:
        """A phrase without the words that training never showed, where what is left asks for something:
        what the text tower makes of those is noise."""
        unheard = [word for word in self.unlearned(phrase) if word not in self.heard]
        if not unheard:
            return phrase
        rest = " ".join(replaced(self._reworded(phrase), dict.fromkeys(unheard, "")).split()).strip(_SIGNS)
        asks = rest and (not self.unlearned(rest) or not self.heard.isdisjoint(words_of(rest)))
        return rest if asks else phrase

    def kinds_in(self, phrase: str) -> dict[str, tuple[str, ...]]:
        """Words of a phrase that stand for several kinds, in either number, and the kinds; not "cat" in
        "wild cat", where that is a subject."""
        kinds = {form: of for kind, of in self.kinds.items() for form in _numbers(kind)}
        return {name: kinds[name] for name in self._names_in(phrase) if name in kinds}

    def stand_ins_in(self, phrase: str) -> dict[str, str]:
        """Of `stand_ins` those that a phrase has; not "black" in "black and white"."""
        texts = found(self._reworded(phrase), self.wordings) if self.stand_ins else ()
        return {text: self.stand_ins[text] for text in texts if text in self.stand_ins}

    def presentable(self, names: Iterable[str]) -> Iterator[str]:
        """Names of subjects but for those that go on from another one, as names of classes do: "car side"."""
        return (name for name in names if " " not in name or name.split()[0] not in self._names)

    def unlearned(self, phrase: str) -> tuple[str, ...]:
        """Words that keep a phrase from being an attribute this model was trained on.

        A head has learned its own wordings alone. Of the other kinds of models, a phrase is learned when
        training showed each of its words, and some are a wording of an attribute, or name a subject; where
        none do, all are returned. A word that training showed within wordings alone, such as "film" in "film
        grain", is known beside others of that attribute alone ("grainy film"); by a model that knows no
        subjects, whose wordings are but titles, everywhere.
        """
        words = words_of(self._reworded(phrase))
        if self.kind == CLIP:
            return words if self.attribute_named(phrase) is None else ()
        said, asked = self._words_of_names_in(phrase), frozenset(words)
        for each in self.attributes:
            if not self.subjects or any(wording <= asked for wording in each.word_sets):
                said |= each.words
        unknown = tuple(word for word in words if word not in said and not self._is_known_anywhere(word))
        return (unknown if self.vocabulary else ()) or (() if said & asked else words)

    def _is_known_anywhere(self, word: str) -> bool:
        """Whether training showed a word otherwise than as a part of wordings alone."""
        return word in self.vocabulary and (word in _BESIDE or word not in self._wording_words)

    @property
    def naming(self) -> frozenset[str]:
        """Words that name attributes, subjects or kinds, these in either number where it takes but an s."""
        names = {*self.subjects, *self.kinds}
        names |= {f"{name}s" for name in names if not name.endswith(("ch", "s", "sh", "x", "y", "z"))}
        return self._wording_words.union(*map(words_of, names))

    @cached_property
    def _wording_words(self) -> frozenset[str]:
        return frozenset().union(*(attribute.words for attribute in self.attributes))

    @cached_property
    def _names(self) -> frozenset[str]:
        """Subjects and kinds, in either number."""
        return frozenset(form for name in (*self.subjects, *self.kinds) for form in _numbers(name))

    @cached_property
    def _long_names(self) -> dict[str, str]:
        """Names of several words, which stay together, each by itself."""
        return {name: name for name in self._names if " " in name}

    @cached_property
    def _rewording(self) -> dict[str, str]:
        return {**self.reads_as, **self._long_names}

    @cached_property
    def wordings(self) -> frozenset[str]:
        """Of all attributes, as `found` looks for them."""
        return frozenset(as_key(wording) for each in self.attributes for wording in each.wordings)

    def _names_in(self, phrase: str) -> tuple[str, ...]:
        return found(self._reworded(phrase), self._names)

    def _words_of_names_in(self, phrase: str) -> set[str]:
        return {word for name in self._names_in(phrase) for word in words_of(name)}

    def _reworded(self, phrase: str) -> str:
        """A phrase in words that training showed, as far as such are known."""
        first, to, last = phrase.partition(" to ")
        if to and self._of_attributes.issuperset(map(as_key, (first, last))):  # "bright to dark"
            phrase = first
        read = replaced_before(phrase, self.degrees, self._of_attributes)
        return " ".join(replaced(read, self._rewording).split()) or phrase

    @cached_property
    def _of_attributes(self) -> frozenset[str]:
        """Wordings of attributes, and what is read as one."""
        read = (asked for asked, known in self.reads_as.items() if found(known, self.wordings))
        return self.wordings.union(read)

    def attribute_named(self, phrase: str) -> int | None:
        """Number of the attribute whose name or wording a phrase is, whatever frame stands around it."""
        for asked, frame in ((_word_set(phrase), _NOTHING), (_word_set(phrase) - _FRAME, _FRAME)):
            for number, attribute in enumerate(self.attributes):
                if asked and any(
                    asked == _word_set(text) - frame for text in (attribute.name, *attribute.wordings)
                ):
                    return number
        return None

    def named(self, phrase: str) -> LearnedAttribute | None:
        """The attribute that a phrase names: the one with the longest wording that it contains."""
        words = _word_set(self._reworded(phrase))
        fitting = [
            (len(wording), attribute)
            for attribute in self.attributes
            for wording in attribute.word_sets
            if wording <= words
        ]
        return max(fitting, key=lambda each: each[0])[1] if fitting else None

    def roughly(self, phrase: str) -> bool:
        """Whether a phrase asks for what a photograph shows, alone or beside an attribute ("red car"), or for
        two attributes at once ("soft light"): what was never taught as a whole."""
        if not self.subjects or self.unlearned(phrase):
            return False
        words, named = _word_set(self._reworded(phrase)), self.named(phrase)
        if named is None or self.stand_ins_in(phrase):
            return True
        beside = words.difference(*(wording for wording in named.word_sets if wording <= words)) - _BESIDE
        return not beside <= named.words or any(
            wording <= beside
            for other in self.attributes
            if other is not named
            for wording in other.word_sets
        )


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


def _word_set(text: str) -> set[str]:
    return set(words_of(text))


def _numbers(name: str) -> tuple[str, str]:
    """A name as `found` looks for it, in the singular and with an s."""
    return as_key(name), f"{as_key(name)}s"
