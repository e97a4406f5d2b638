"""Ranker packs: a taught attribute in one file, to hand on.

A ZIP archive of up to four members, stored by fixed names; nothing is ever extracted to disk:

    card.json             what it is: name, base model, the query whose order teaching starts from (null for
                          none), evaluation, licence, checksum of the weights
    ranker.safetensors    the weights
    answers.json          only where asked for: answers, photographs by content key; no paths, no images
    ratings.json          likewise: marks and ratings
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from imagesorter import __version__
from imagesorter.answers import Answer
from imagesorter.errors import QueryError, TeachingError, UnfitError
from imagesorter.library.files import may_never_end
from imagesorter.ranking.query import QUOTES, parse
from imagesorter.training.pairs.labels import MAX_RATING, Label, Rating, name_key
from imagesorter.training.pairs.taught import MAX_BYTES, TaughtRanker, from_bytes
from imagesorter.training.pairs.versions import Facts, facts_of
from imagesorter.writing import replace_bytes

FORMAT = 1

_MOST_PAIRS = 10**9

_OF_LINES = ("Cc", "Cs", "Zl", "Zp")
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")

_CARD, _WEIGHTS, _ANSWERS, _RATINGS = "card.json", "ranker.safetensors", "answers.json", "ratings.json"
_LIMITS = {_CARD: 100_000, _WEIGHTS: MAX_BYTES, _ANSWERS: 50_000_000, _RATINGS: 50_000_000}
_ABOUT = (
    "An order of photographs that somebody taught by choosing between pairs. It scores the stored tokens "
    "of the base model named here and of no other. “after” is how often it agreed with the answers of its "
    "teacher on pairs it had not been taught by, with an interval of 90 %; “before” is the same of the "
    "order it started from."
)


@dataclass(frozen=True)
class Pack:
    """What a pack holds.

    Attributes:
        name: of the attribute.
        base: id of the model it scores tokens of.
        facts: how it was taught and how good it was.
        ranker: weights.
        labels, ratings: where they were put in.
        start: query whose order teaching starts from; None for nothing, as in packs of earlier days.
    """

    name: str
    base: str
    facts: Facts
    ranker: TaughtRanker
    labels: tuple[Label, ...] = ()
    ratings: tuple[Rating, ...] = ()
    start: str | None = None


def write_pack(pack: Pack, path: Path) -> None:
    """Write a pack; replaced in one step where it exists.

    Raises:
        ExportError: it could not be written, or a photograph has that name; what was there before is
            untouched.
    """
    weights = pack.ranker.to_bytes()
    card = {
        "format": FORMAT,
        "about": _ABOUT,
        "name": pack.name,
        "base": pack.base,
        "start": pack.start,
        "application": f"imagesorter {__version__}",
        "licence": pack.facts.licence,
        "evaluation": asdict(pack.facts),
        "blake2b": _checksum(weights),
    }
    members = {_CARD: json.dumps(card, indent=1, ensure_ascii=False).encode(), _WEIGHTS: weights}
    if pack.labels:
        answers = [[label.left.hex(), label.right.hex(), label.answer] for label in pack.labels]
        members[_ANSWERS] = json.dumps(answers).encode()
    if pack.ratings:
        ratings = [[rating.photograph.hex(), rating.value, rating.scale] for rating in pack.ratings]
        members[_RATINGS] = json.dumps(ratings).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    replace_bytes(path, lambda file: file.write(buffer.getvalue()))


def read_pack(path: Path) -> Pack:
    """Read a pack of any origin; nothing of it is executed or written anywhere.

    Raises:
        TeachingError: it cannot be read, is damaged, or is no ranker pack.
    """
    try:
        if may_never_end(path):
            raise TeachingError(f"{path} cannot be read: it is not a file. Name the file of a ranker pack.")
        with zipfile.ZipFile(path) as archive:
            members = {name: _member(archive, name) for name in _expected(archive)}
        card = json.loads(members[_CARD])
        weights = members[_WEIGHTS]
        if card["format"] != FORMAT:
            raise TeachingError(
                f"{path} is a ranker pack of another kind ({card['format']!r:.20}). Update Imagesorter."
            )
        if card["blake2b"] != _checksum(weights):
            raise UnfitError("its checksum does not fit")
        name, base = card["name"], card["base"]
        if not isinstance(name, str) or not _may_name_a_model(base):
            raise UnfitError("its card does not name an attribute and a model")
        name_key(name)
        if QUOTES.search(name):
            raise UnfitError("its name holds quotation marks, which set a text apart in a query")
        facts = facts_of(card["evaluation"] | {"licence": card["licence"]})
        if not 0 <= facts.pairs <= _MOST_PAIRS:
            raise UnfitError("its number of pairs is out of range")
        labels = _labels(json.loads(members[_ANSWERS])) if _ANSWERS in members else ()
        ratings = _ratings(json.loads(members[_RATINGS])) if _RATINGS in members else ()
        ranker = from_bytes(weights)
        if not (ranker.tuned or ranker.weights.any() or (ranker.start and ranker.start_weight)):
            raise UnfitError("it orders nothing")
        return Pack(name, base, facts, ranker, labels, ratings, _start(card.get("start")))
    except TeachingError as error:
        if str(path) in str(error):
            raise
        raise TeachingError(_refusal(path, str(error))) from error
    except OSError as error:
        raise TeachingError(
            f"{path} cannot be read: {error.strerror or error}. Check its name, and that you may read it."
        ) from error
    except UnfitError as error:
        raise TeachingError(_refusal(path, str(error))) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise TeachingError(_refusal(path, "its card is not that of a ranker")) from error
    except (
        zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError,
        ValueError, RecursionError, OverflowError,
    ) as error:  # fmt: skip
        raise TeachingError(_refusal(path)) from error  # whose own words are for programmers


def _expected(archive: zipfile.ZipFile) -> Sequence[str]:
    entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise UnfitError("a part of it is compressed, which no pack's is")  # damage to one raises anything
    names = [entry.filename for entry in entries]
    unknown = sorted(set(names) - set(_LIMITS))
    if unknown or len(set(names)) != len(names):
        told = repr((unknown or names)[0])[1:-1]  # which escapes what a terminal would obey
        raise UnfitError(f"it holds “{told:.60}”, which no pack does")
    if not {_CARD, _WEIGHTS} <= set(names):
        raise UnfitError("a part of it is missing")
    return names


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes; no more is read than its limit, whatever the archive says of its size."""
    with archive.open(name) as file:
        data = file.read(_LIMITS[name] + 1)
    if len(data) > _LIMITS[name]:
        raise UnfitError(f"its {name} is too large")
    return data


def _may_name_a_model(stored: Any) -> bool:
    """Whether this is text of one line, which nothing in it turns round: it is told as it stands."""
    return (
        isinstance(stored, str)
        and 0 < len(stored) <= 200
        and not any(
            unicodedata.category(c) in _OF_LINES or unicodedata.bidirectional(c) in _TURNING for c in stored
        )
    )


def _start(stored: Any) -> str | None:
    if stored is None:
        return None
    if not isinstance(stored, str):
        raise UnfitError("the order that it starts from is not text")
    try:
        parse(stored)
    except QueryError as error:
        raise UnfitError("the order that it starts from is not a query") from error
    return stored


def _labels(stored: Any) -> tuple[Label, ...]:
    labels = []
    for left, right, answer in stored:
        if answer == "skip" or answer not in get_args(Answer):
            raise UnfitError("an answer is invalid")
        labels.append(Label(_key(left), _key(right), answer, "imported"))
    # a file may lie twice in a folder, and be moved past itself: this tells nothing
    return tuple(label for label in labels if label.left != label.right)


def _ratings(stored: Any) -> tuple[Rating, ...]:
    ratings = []
    for photograph, value, scale in stored:
        if scale not in ("mark", "rating"):
            raise UnfitError("a rating is on no scale")
        if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > MAX_RATING:
            raise UnfitError("a rating is out of range")
        if scale == "mark" and value not in (0, 1):
            raise UnfitError("a mark is invalid")
        ratings.append(Rating(_key(photograph), float(value), scale))
    return tuple(ratings)


def _key(stored: Any) -> bytes:
    if not isinstance(stored, str) or not re.fullmatch("[0-9a-f]{32}", stored):
        raise UnfitError("a photograph's key is invalid")
    return bytes.fromhex(stored)


def _checksum(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def _refusal(path: Path, reason: str = "") -> str:
    why = f" ({reason})" if reason else ""
    return f"{path} is not a ranker pack, or is damaged{why}. Nothing was installed; ask for it again."
