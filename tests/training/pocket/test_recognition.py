"""Which words a model is said to know, by the order of photographs left out."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagesorter.model.bundle import Manifest
from imagesorter.training.pocket import recognition
from imagesorter.training.pocket.annotations import Annotations
from imagesorter.training.pocket.bank import held_out
from imagesorter.training.pocket.knowing import Known, Seen, know, telling
from imagesorter.training.pocket.recognition import Finding, recognise

SIGHT = {"ketch": 9.0, "schooner": 8.0, "car": 1.0, "cheese": 0.5}
"""What the model below sees in a photograph of each class: how much it is like a ship."""

PLAIN = Manifest(Path(), "small", "Small", "", "", {}, (), frozenset())


@dataclass(frozen=True)
class Sees:
    """Knows ships from others; cars are what it sees last, and any other word is noise."""

    manifest: Manifest

    def under(self, manifest: Manifest) -> Sees:
        return replace(self, manifest=manifest)

    def score(self, tokens: np.ndarray, phrase: str) -> np.ndarray:
        scores = [self._of(text, tokens[:, 0, 0].astype(float)) for text in self.manifest.texts(phrase)]
        return np.mean(scores, axis=0).astype(np.float32)

    def deviation(self, phrase: str) -> float:
        return self.manifest.deviation(phrase)

    def _of(self, text: str, ship: np.ndarray) -> np.ndarray:
        for name in ("ketch", "schooner"):
            if name in text:
                return -np.abs(ship - SIGHT[name])
        noise = np.random.default_rng(zlib.crc32(text.encode())).normal(size=len(ship))
        return noise - ship if "car" in text else noise


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Known, list[Finding]]:
    folder = tmp_path / "classes"
    folder.mkdir()
    lines = ["file,attribute,value"]
    for name in SIGHT:
        for number in range(120):
            Image.new("RGB", (8, 8)).save(folder / f"{name}{number}.png")
            lines.append(f"{name}{number}.png,class,{name}")
    Image.new("RGB", (8, 8)).save(folder / "yawl.png")
    (folder / "labels.csv").write_text("\n".join([*lines, "yawl.png,class,yawl"]), "utf-8")

    def encode(_: object, photographs: list[np.ndarray]) -> np.ndarray:
        seen = [SIGHT[name.rstrip("0123456789")] for name in left_out(tmp_path)]
        assert len(seen) == len(photographs)
        return np.array(seen, np.float16)[:, None, None]

    monkeypatch.setattr(recognition, "encode", encode)
    return recognise(Sees(PLAIN), tmp_path)


@pytest.fixture
def known(judged: tuple[Known, list[Finding]]) -> Known:
    return judged[0]


def left_out(root: Path) -> list[str]:
    found = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))
    return [Path(name).stem for name in found if held_out(name) and "yawl" not in name]


def test_classes_are_known_that_stand_out(known: Known):
    assert known.subjects == ["ketch", "schooner"]


def test_deviations_of_attributes_are_measured_and_told(known: Known):
    told = telling(PLAIN, known)
    assert set(known.deviations) == {attribute.name for attribute in told.attributes}
    for attribute in told.attributes:  # each the spread of noise
        assert attribute.deviation == known.deviations[attribute.name] == pytest.approx(1, abs=0.3)


def test_a_word_for_several_kinds_is_known_by_them(known: Known):
    assert known.kinds["sailboat"] == ("ketch", "schooner")
    assert "vehicle" not in known.kinds, "cars are not told from others"
    told = telling(PLAIN, known)
    assert told.texts("more sailboats") == {"more ketch": 0.5, "more schooner": 0.5}
    assert told.reads_as["yacht"] == "ship"
    assert told.unlearned("more cheese") and told.unlearned("more yawl")


def test_what_a_manifest_told_before_is_forgotten(known: Known):
    before = replace(PLAIN, subjects=("cheese",), kinds={"food": ("cheese",)}, reads_as={"brie": "cheese"})
    told = telling(before, known)
    assert "cheese" not in told.subjects and "food" not in told.kinds and "brie" not in told.reads_as


def test_the_area_of_words_for_several_kinds_is_reported(judged: tuple[Known, list[Finding]]):
    (found,) = [f for f in judged[1] if "several kinds" in f.what]
    assert found.value == 1.0


def captioned() -> tuple[Annotations, list[str], np.ndarray]:
    """Photographs, half of them with one of some words that few captions say; those left out, and whether
    these show a ketch."""
    words = ["ketch", "ford", "trout", "yew", "zither", "quay"]
    names = [f"photos/{number}.jpg" for number in range(3000)]
    apart = [name for name in names if held_out(name)][: 12 * len(words)]
    taught = [name for name in names if not held_out(name)][: 60 * len(words)]
    said = {}
    for some, of_each in ((apart, 6), (taught, 30)):
        for place, name in enumerate(some):
            word = words[place // of_each] if place < of_each * len(words) else "something"
            said[name] = [f"a picture of a {word}"]
    return Annotations(said), apart, np.array(["ketch" in said[name][0] for name in apart])


def test_a_word_of_few_captions_is_known_where_chance_would_not_do_as_well():
    annotations, apart, is_ketch = captioned()
    tokens = np.where(is_ketch, SIGHT["ketch"], 0.0).astype(np.float16)[:, None, None]
    assert know(Seen(Sees(PLAIN), apart, tokens), annotations).subjects == ["ketch"]
    blind = np.zeros_like(tokens)
    assert know(Seen(Sees(PLAIN), apart, blind), annotations).subjects == []


def test_a_word_of_few_captions_that_is_no_subject_is_none(monkeypatch: pytest.MonkeyPatch):
    annotations, apart, is_ketch = captioned()
    tokens = np.where(is_ketch, SIGHT["ketch"], 0.0).astype(np.float16)[:, None, None]
    monkeypatch.setattr("imagesorter.training.pocket.knowing._COMPARED", {"ketch"})
    assert know(Seen(Sees(PLAIN), apart, tokens), annotations).subjects == []
