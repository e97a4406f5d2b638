"""Ranker packs: there and back, damaged ones, and hostile ones."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from imagesorter.answers import Estimate
from imagesorter.errors import ExportError, TeachingError
from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.packs import Pack, _checksum, read_pack, write_pack
from imagesorter.training.pairs.taught import StartTerm, TaughtRanker, from_bytes
from imagesorter.training.pairs.taught_model import TaughtModel
from imagesorter.training.pairs.versions import Facts

from .pupils import FakeModel, key_of, tokens_of

RNG = np.random.default_rng(0)


def ranker(width: int = 24, start: tuple[StartTerm, ...] = ()) -> TaughtRanker:
    mean, weights = RNG.standard_normal((2, width)).astype(np.float32)
    return TaughtRanker("x", start, 1.5, mean, weights, 2.0)


def nested() -> TaughtRanker:
    inner = ranker(24, (StartTerm(1.0, "abc"),))
    return ranker(24, (StartTerm(-0.5, "b"), StartTerm(2.0, "c", inner)))


FACTS = Facts("ridge", 40, 44, Estimate(0.5, 0.5, 0.5), Estimate(0.8, 0.7, 0.9), licence="CC0")
LABELS = (Label(key_of(1), key_of(2), "left", "chosen"), Label(key_of(1), key_of(3), "tie", "chosen"))
RATINGS = (Rating(key_of(4), 1.0, "mark"), Rating(key_of(4), -2.5, "rating"))
START = "less noise + 2 sharper"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.ranker"
    write_pack(Pack("Käse 🧀", FakeModel.id, FACTS, nested(), LABELS, RATINGS, START), path)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_there_and_back(path: Path):
    pack = read_pack(path)
    assert (pack.name, pack.base, pack.facts) == ("Käse 🧀", FakeModel.id, FACTS)
    assert [(label.left, label.right, label.answer) for label in pack.labels] == [
        (label.left, label.right, label.answer) for label in LABELS
    ]
    assert (pack.ratings, pack.start) == (RATINGS, START)
    tokens = tokens_of(20)
    again = from_bytes(pack.ranker.to_bytes())
    np.testing.assert_array_equal(again.score(FakeModel(), tokens), pack.ranker.score(FakeModel(), tokens))
    assert pack.ranker.start[1].taught is not None


def test_an_answer_about_a_photograph_and_itself_tells_nothing(path: Path, tmp_path: Path):
    first, second = key_of(1).hex(), key_of(2).hex()
    answers = [[first, first, "left"], [first, second, "right"], [second, second, "tie"]]
    parts = members(path) | {"answers.json": json.dumps(answers).encode()}
    pack = read_pack(written(tmp_path / "same.ranker", parts))
    assert [(label.left, label.right, label.answer) for label in pack.labels] == [
        (key_of(1), key_of(2), "right")
    ]


def test_a_pack_of_earlier_days_starts_from_nothing(path: Path, tmp_path: Path):
    parts = members(path)
    card = json.loads(parts["card.json"])
    del card["start"]
    old = written(tmp_path / "old.ranker", parts | {"card.json": json.dumps(card).encode()})
    assert read_pack(old).start is None


def test_a_pack_tells_what_it_is_and_holds_no_paths(tmp_path: Path):
    path = tmp_path / "x.ranker"
    write_pack(Pack("x", FakeModel.id, FACTS, ranker()), path)
    parts = members(path)
    assert set(parts) == {"card.json", "ranker.safetensors"}
    card = json.loads(parts["card.json"])
    assert card["licence"] == "CC0" and card["base"] == FakeModel.id
    assert card["evaluation"]["after"]["mean"] == 0.8
    assert str(tmp_path).encode() not in b"".join(parts.values())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(ExportError, match="could not be written"):
        write_pack(Pack("x", "b", FACTS, ranker()), tmp_path / "none" / "x.ranker")


@pytest.mark.parametrize("name", ["photo.jpg", "photo.ranker"])
def test_a_photograph_is_never_replaced(tmp_path: Path, name: str):
    photo = tmp_path / name
    photo.write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    with pytest.raises(ExportError, match=r"photo.*image"):
        write_pack(Pack("x", "b", FACTS, ranker()), photo)
    assert photo.read_bytes() == b"\xff\xd8\xff\xe0 a photograph"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_pack_is_told(path: Path, share: float):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(TeachingError, match=r"x\.ranker.*Nothing was installed"):
        read_pack(path)


def test_changed_bytes_are_told(path: Path):
    data, whole = path.read_bytes(), read_pack(path).ranker
    places = range(0, len(data), max(len(data) // 60, 1))
    told = 0
    for at in places:
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])
        try:
            pack = read_pack(path)
        except TeachingError as error:
            assert str(path) in str(error)
            told += 1
        else:  # a byte that no checksum covers: dates, the card's words
            assert pack.ranker.to_bytes() == whole.to_bytes()
    assert told > 0.8 * len(places)


def _card(path: Path, **changes: object) -> dict[str, bytes]:
    parts = members(path)
    parts["card.json"] = json.dumps(json.loads(parts["card.json"]) | changes).encode()
    return parts


def _evaluation(path: Path) -> dict[str, object]:
    evaluation: dict[str, object] = json.loads(members(path)["card.json"])["evaluation"]
    return evaluation


def _weights(path: Path, data: bytes) -> dict[str, bytes]:
    return {**_card(path, blake2b=_checksum(data)), "ranker.safetensors": data}


def _header(length: int) -> bytes:
    return struct.pack("<Q", length) + b"{}"


def _with_facts(facts: object, **tensors: np.ndarray) -> bytes:
    return save(dict(tensors), metadata={"ranker": json.dumps(facts)})


def _answer(answer: object) -> bytes:
    return json.dumps([["0" * 32, "1" * 32, answer]]).encode()


def _rating(path: Path, key: object = "0" * 32, value: object = 1.0, scale: object = "rating"):
    return members(path) | {"ratings.json": json.dumps([[key, value, scale]]).encode()}


_PLAIN = {"phrase": "x", "start": [], "start_weight": 0.0, "spread": 1.0}
_ONES = np.ones(3, np.float32)


class _Evil:
    def __reduce__(self):
        return (Path.touch, (Path("touched-by-a-pickle"),))


def _deep(depth: int) -> dict[str, object]:
    facts: dict[str, object] = dict(_PLAIN)
    for _ in range(depth):
        facts = {**_PLAIN, "start": [{"weight": 1.0, "phrase": "x", "taught": facts}]}
    return facts


HOSTILE: dict[str, Callable[[Path], dict[str, bytes]]] = {
    "path traversal": lambda p: members(p) | {"../../evil.txt": b"x"},
    "absolute path": lambda p: members(p) | {"/tmp/evil": b"x"},
    "unknown member": lambda p: members(p) | {"run.py": b"print()"},
    "no weights": lambda p: {"card.json": members(p)["card.json"]},
    "no card": lambda p: {"ranker.safetensors": members(p)["ranker.safetensors"]},
    "card is a list": lambda p: members(p) | {"card.json": b"[]"},
    "card is deep": lambda p: members(p) | {"card.json": b"[" * 90_000},
    "card is huge": lambda p: members(p) | {"card.json": b" " * 200_000},
    "other checksum": lambda p: _card(p, blake2b="0" * 64),
    "newer format": lambda p: _card(p, format=2),
    "name is no text": lambda p: _card(p, name=3),
    "name is empty": lambda p: _card(p, name="  "),
    "name is long": lambda p: _card(p, name="x" * 5000),
    "name is quoted": lambda p: _card(p, name='"sharper"'),
    "name is quoted in print": lambda p: _card(p, name="my “mess”"),
    "start is a number": lambda p: _card(p, start=3),
    "start is a list": lambda p: _card(p, start=["sharper"]),
    "start is no query": lambda p: _card(p, start=" "),
    "start is long": lambda p: _card(p, start="x" * 400),
    "start is very long": lambda p: _card(p, start="x + " * 10_000),
    "start has too many terms": lambda p: _card(p, start=" + ".join("abcdefghijkl")),
    "start is no text": lambda p: _card(p, start="sharper\x00"),
    "a member writes to the terminal": lambda p: members(p) | {"\x1b]0;hi\x07\x1b[2J\nok": b""},
    "format writes to the terminal": lambda p: _card(p, format="\x1b]0;hi\x07\n"),
    "name writes to the terminal": lambda p: _card(p, name="\x1b]0;hi\x07"),
    "base writes to the terminal": lambda p: _card(p, base="\x1b]0;hi\x07evil\nNothing"),
    "base has another line": lambda p: _card(p, base="pocket\u2028Nothing"),
    "base is turned round": lambda p: _card(p, base="\u202etekcop"),
    "base is half a character": lambda p: _card(p, base="pocket\ud800"),
    "base is empty": lambda p: _card(p, base=""),
    "base is no text": lambda p: _card(p, base=["pocket"]),
    "method writes to the terminal": lambda p: _card(p, evaluation=_evaluation(p) | {"method": "\x1b[31m"}),
    "method is unknown": lambda p: _card(p, evaluation=_evaluation(p) | {"method": "magic"}),
    "method is a list": lambda p: _card(p, evaluation=_evaluation(p) | {"method": ["ridge"]}),
    "accuracy out of range": lambda p: _card(p, evaluation={}),
    "more pairs than there are": lambda p: _card(p, evaluation=_evaluation(p) | {"pairs": 10**60}),
    "less than no pairs": lambda p: _card(p, evaluation=_evaluation(p) | {"pairs": -5}),
    "endless pairs": lambda p: _card(p, evaluation=_evaluation(p) | {"pairs": float("inf")}),
    "immense accuracy": lambda p: _card(
        p, evaluation=_evaluation(p) | {"after": {"mean": 10**400, "low": 0, "high": 1}}
    ),
    "card of another": lambda p: members(p) | {"card.json": b"{}"},
    "huge header": lambda p: _weights(p, _header(2**62)),
    "header of a gigabyte": lambda p: _weights(p, _header(10**9)),
    "negative header": lambda p: _weights(p, _header(2**64 - 1)),
    "pickle": lambda p: _weights(p, pickle.dumps(_Evil())),
    "not a number": lambda p: _weights(p, _with_facts(_PLAIN, mean=_ONES, weights=_ONES * np.nan)),
    "infinite": lambda p: _weights(p, _with_facts(_PLAIN, mean=_ONES * np.inf, weights=_ONES)),
    "shapes differ": lambda p: _weights(p, _with_facts(_PLAIN, mean=_ONES, weights=_ONES[:2])),
    "orders nothing": lambda p: _weights(p, _with_facts(_PLAIN, mean=_ONES, weights=_ONES * 0)),
    "no spread": lambda p: _weights(p, _with_facts(_PLAIN | {"spread": 0}, mean=_ONES, weights=_ONES)),
    "spread next to none": lambda p: _weights(
        p, _with_facts(_PLAIN | {"spread": 1e-300}, mean=_ONES, weights=_ONES)
    ),
    "endless spread": lambda p: _weights(
        p, _with_facts(_PLAIN | {"spread": 1e300}, mean=_ONES, weights=_ONES)
    ),
    "no number as spread": lambda p: _weights(
        p, _with_facts(_PLAIN | {"spread": float("nan")}, mean=_ONES, weights=_ONES)
    ),
    "immense weights": lambda p: _weights(p, _with_facts(_PLAIN, mean=_ONES, weights=_ONES * 1e30)),
    "immense start": lambda p: _weights(
        p, _with_facts(_PLAIN | {"start_weight": 10**30}, mean=_ONES, weights=_ONES)
    ),
    "spread is text": lambda p: _weights(p, _with_facts(_PLAIN | {"spread": "1"}, mean=_ONES, weights=_ONES)),
    "integers": lambda p: _weights(p, _with_facts(_PLAIN, mean=np.ones(3, np.int64), weights=_ONES)),
    "no facts": lambda p: _weights(p, save({"mean": _ONES, "weights": _ONES})),
    "rankers without end": lambda p: _weights(p, _with_facts(_deep(9), mean=_ONES, weights=_ONES)),
    "answers are none": lambda p: members(p) | {"answers.json": b'[["../x", "y", "left"]]'},
    "an answer is none": lambda p: members(p) | {"answers.json": _answer("skip")},
    "an answer is a list": lambda p: members(p) | {"answers.json": _answer(["left"])},
    "answer of a hundred thousand lists": lambda p: members(p) | {"answers.json": b"[" * 100_000},
    "answers are too many": lambda p: members(p) | {"answers.json": b" " * 50_000_001},
    "an answer's key is a number": lambda p: members(p) | {"answers.json": b'[[1, 2, "left"]]'},
    "ratings are too many": lambda p: members(p) | {"ratings.json": b" " * 50_000_001},
    "ratings are none": lambda p: members(p) | {"ratings.json": b"3"},
    "a rating's key is a path": lambda p: _rating(p, key="../x"),
    "a rating's key is a number": lambda p: _rating(p, key=3),
    "a rating is no number": lambda p: _rating(p, value=float("nan")),
    "a rating is endless": lambda p: _rating(p, value=float("inf")),
    "a rating is immense": lambda p: _rating(p, value=1e300),
    "a rating is an immense whole number": lambda p: _rating(p, value=10**400),
    "a rating is text": lambda p: _rating(p, value="1"),
    "a rating is on no scale": lambda p: _rating(p, scale="stars"),
    "a rating's scale is a list": lambda p: _rating(p, scale=[]),
    "a mark is neither best nor worst": lambda p: _rating(p, scale="mark", value=0.5),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_packs_that_are_none_are_refused_in_words(path: Path, kind: str, tmp_path: Path):
    other = written(tmp_path / "other.ranker", HOSTILE[kind](path))
    with pytest.raises(TeachingError) as caught:
        read_pack(other)
    for words in ("Error", "Expecting", "codec", "literal", "recursion", "convert", "deserializ", "zip file"):
        assert words not in str(caught.value)
    assert str(caught.value).replace(str(other), "").isprintable(), "it is shown in the window as it is"


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_packs_are_refused(path: Path, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    hostile = written(tmp_path / "hostile.ranker", HOSTILE[kind](path))
    before = {p.name for p in tmp_path.iterdir()}
    with pytest.raises(TeachingError, match=r"hostile\.ranker"):
        read_pack(hostile)
    assert {p.name for p in tmp_path.iterdir()} == before, "nothing was written"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("damaged", [False, True])
def test_compressed_packs_are_refused(path: Path, tmp_path: Path, method: int, damaged: bool):
    """Bombs are, and so are damaged ones, each of whose methods raises errors of its own."""
    packed = tmp_path / "packed.ranker"
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members(path).items():
            archive.writestr(name, data)
    if damaged:
        data = bytearray(packed.read_bytes())
        data[50:90] = b"\xff" * 40  # in the first member, behind its name
        packed.write_bytes(data)
    with pytest.raises(TeachingError, match=r"packed\.ranker.*compressed"):
        read_pack(packed)


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"not a zip", b"x" * 999])
def test_other_files_are_told(tmp_path: Path, content: bytes):
    path = tmp_path / "other.ranker"
    path.write_bytes(content)
    with pytest.raises(TeachingError, match=r"other\.ranker"):
        read_pack(path)
    with pytest.raises(TeachingError, match=r"absent\.ranker cannot be read: .*\. Check its name"):
        read_pack(tmp_path / "absent.ranker")
    with pytest.raises(TeachingError, match="cannot be read"):
        read_pack(tmp_path)


def test_a_file_of_another_kind_is_told_in_words(tmp_path: Path):
    (other := tmp_path / "other.ranker").write_bytes(b"left,right,winner\n")
    with pytest.raises(TeachingError) as caught:
        read_pack(other)
    assert str(caught.value) == (
        f"{other} is not a ranker pack, or is damaged. Nothing was installed; ask for it again."
    )


@pytest.mark.parametrize("card", [b"{}", b"[1]", b"null", b'{"format": 1, "blake2b": 3}'])
def test_a_card_that_is_none_is_told_in_words(path: Path, tmp_path: Path, card: bytes):
    other = written(tmp_path / "other.ranker", members(path) | {"card.json": card})
    with pytest.raises(TeachingError, match=r"other\.ranker is not a ranker pack") as caught:
        read_pack(other)
    for word in ("indices", "'format'", "subscriptable", "NoneType"):
        assert word not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="devices are no files there")
def test_a_device_is_not_read_for_ever():
    with pytest.raises(TeachingError, match="it is not a file"):
        read_pack(Path("/dev/zero"))


def test_weights_of_another_width_are_told():
    with pytest.raises(TeachingError, match="another model"):
        replace(ranker(5)).score(FakeModel(), tokens_of(3))


class Shaped(FakeModel):
    token_shape, min_side, batch_size = (4, 12), 1, 1


def test_a_taught_order_that_does_not_fit_is_named_among_others():
    model = TaughtModel(Shaped(), {"misty": ranker(5)})
    with pytest.raises(TeachingError, match="“misty”: This ranker was taught with another model"):
        model.score(tokens_of(3), "misty")
    assert model.score(tokens_of(3), "sharper").shape == (3,)
