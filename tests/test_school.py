"""What was taught as the engine asks for it, while it is damaged or changed by another process."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from imagesorter.answers import Estimate
from imagesorter.errors import StorageError, TeachingError
from imagesorter.ranking.query import parse
from imagesorter.school import School, _naming
from imagesorter.training.pairs.labels import Attribute, Label, Rating
from imagesorter.training.pairs.taught import MAX_DEPTH, StartTerm, TaughtRanker, from_bytes
from imagesorter.training.pairs.taught_model import TaughtModel
from imagesorter.training.pairs.versions import Facts

BASE = "pocket-0000000000000000"
FACTS = Facts("ridge", 30, 30, Estimate(0.5, 0.4, 0.6), Estimate(0.8, 0.7, 0.9))
NOTHING = np.zeros(0, np.float32)


@pytest.fixture
def school(tmp_path: Path):
    made = School(tmp_path, lambda: (BASE,))
    for name in ("keepers", "misty"):
        keep(made, name)
    yield made
    made.close()


def keep(school: School, name: str, start: float = 1.0) -> None:
    attribute = school._labels.begin(name, None)
    school._versions.add(
        attribute, BASE, FACTS, TaughtRanker("x", (StartTerm(start, "x"),), 1.0, NOTHING, NOTHING, 1.0)
    )


def damage(school: School, stored: str) -> None:
    """Write other facts in the place of those of the latest version of keepers."""
    with school._store.write() as connection:
        connection.execute(
            "UPDATE version SET facts = ? WHERE attribute = 1 AND number = "
            "(SELECT MAX(number) FROM version WHERE attribute = 1)",
            (stored,),
        )


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("sharper", "sharper"),
        ("less sharp", "less sharp"),
        ("cosy evening", None),
        ("sharper + cosy evening", None),
        ("misty + sharper", "misty + sharper"),
        ("more misty, less cosy", None),
    ],
)
def test_what_is_new_starts_from_its_own_order_where_all_of_it_is_known(
    school: School, name: str, start: str | None
):
    """What the model has to guess is no start: answers would have to outdo it first."""
    manifest = SimpleNamespace(id=BASE, unlearned=lambda text: () if "sharp" in text else tuple(text.split()))
    school.teach(name, None, manifest, lambda: iter(()), lambda: None, lambda: None)
    assert school._labels.attribute(name).start == start


def test_what_is_damaged_is_no_start(school: School):
    damage(school, "{}")
    manifest = SimpleNamespace(id=BASE, unlearned=lambda text: () if "sharp" in text else tuple(text.split()))
    school.teach("keepers + sharper", None, manifest, lambda: iter(()), lambda: None, lambda: None)
    assert school._labels.attribute("keepers + sharper").start is None


def test_what_was_taught_with_another_model_is_no_start(school: School):
    manifest = SimpleNamespace(id="other-0000000000000000", unlearned=lambda text: tuple(text.split()))
    school.teach("misty + keepers", None, manifest, lambda: iter(()), lambda: None, lambda: None)
    assert school._labels.attribute("misty + keepers").start is None


def test_a_version_is_known_though_another_process_brings_back_an_earlier_order(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    in_use = school._versions.in_use

    def reverted_meanwhile():
        found = in_use()
        other = School(tmp_path, lambda: (BASE,))
        other.rankers.revert("keepers", None)
        other.close()
        return found

    query = school.parse("keepers")
    with monkeypatch.context() as patch:
        patch.setattr(school._versions, "in_use", reverted_meanwhile)
        base, version = school.taught(query)["keepers"]
        assert (base, version.number) == (BASE, 1)
        school.rankers.revert("keepers", 1)
        rankers, [(attribute, made_for, imported)] = school._named(query, "another-0000000000000000")
        assert (rankers, attribute.name, made_for, imported) == ({}, "keepers", BASE, False)
    assert school.taught(query) == {}


@pytest.mark.parametrize("stored", ['{"method": "rid', "{}", "[]", '"x"', '{"before": 1}'])
def test_a_damaged_version_hides_no_other(school: School, stored: str):
    keep(school, "keepers")
    damage(school, stored)
    listed = {ranker.name: ranker.version for ranker in school.rankers.list()}
    assert listed["keepers"] is None and listed["misty"] is not None
    assert [version.number for version in school.rankers.versions("keepers")] == [1]
    assert school.taught(school.parse("misty"))["misty"][1].number == 1
    assert school.names() == ("keepers", "misty")

    query = school.parse("keepers")
    for ask in (
        lambda: school.taught(query),
        lambda: school._named(query, BASE),
        lambda: school.rankers.export("keepers", Path("keepers.ranker")),
    ):
        with pytest.raises(TeachingError, match=r"“keepers” cannot be used.*bring back another version"):
            ask()
    school.rankers.revert("keepers", 1)
    assert school.taught(query)["keepers"][1].number == 1


def test_a_pack_is_installed_beside_a_damaged_version_of_its_weights(school: School, tmp_path: Path):
    school.rankers.export("keepers", tmp_path / "keepers.ranker")
    damage(school, "{}")
    found = school.rankers.install(tmp_path / "keepers.ranker")
    assert found.new and found.attribute.version is not None and found.attribute.version.number == 2


A, B, C = (bytes([number]) * 16 for number in range(3))


def teach(school: School, *labels: Label, ratings: tuple[Rating, ...] = ()) -> Attribute:
    """Store labels of keepers."""
    keepers = school._labels.begin("keepers", None)
    school._labels.add(keepers, labels, ratings)
    return keepers


def answers(school: School, attribute: Attribute) -> list[tuple[bytes, bytes, str]]:
    return [(label.left, label.right, label.answer) for label in school._labels.labels(attribute)]


def test_what_a_pack_holds_of_labels_comes_back_after_forgetting(school: School, tmp_path: Path):
    pack, ratings = tmp_path / "keepers.ranker", (Rating(A, 1.0, "mark"), Rating(B, 3.5, "rating"))
    labels = Label(A, B, "left", "chosen"), Label(A, C, "skip", "chosen"), Label(B, C, "tie", "again")
    teach(school, *labels, ratings=ratings)
    assert school.rankers.export("keepers", pack, labels=True) == 4
    school.rankers.remove("keepers")
    found = school.rankers.install(pack)
    assert (found.new, found.labels, found.known, found.attribute.answers) == (True, 4, 0, 4)
    keepers = school._labels.begin("keepers", None)
    assert answers(school, keepers) == [(A, B, "left"), (B, C, "tie")]
    assert school._labels.ratings(keepers) == list(ratings)
    again = school.rankers.install(pack)
    assert (again.new, again.labels, again.known, again.attribute.answers) == (False, 4, 4, 4)


def test_a_pack_is_installed_as_a_whole_or_not_at_all(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pack = tmp_path / "keepers.ranker"
    teach(school, Label(A, B, "left", "chosen"))
    school.rankers.export("keepers", pack, labels=True)
    school.rankers.remove("keepers")

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(school._versions, "take_in", full)
        with pytest.raises(StorageError, match="disk is full"):
            school.rankers.install(pack)
    assert school._labels.attribute("keepers") is None
    assert school.rankers.install(pack).attribute.answers == 1


def test_an_imported_order_says_which_one_it_takes_the_place_of(school: School, tmp_path: Path):
    pack = tmp_path / "keepers.ranker"
    school.rankers.export("keepers", pack)
    assert school.rankers.install(pack).earlier is None, "the same is in use again"
    keep(school, "keepers", start=2.0)
    found = school.rankers.install(pack)
    assert found.earlier is not None and found.attribute.version is not None
    assert (found.earlier.number, found.attribute.version.number) == (2, 1)
    school.rankers.revert("keepers", None)
    assert school.rankers.install(pack).earlier is None


def test_it_is_known_what_starts_from_an_order(school: School):
    for name, start in (("one", "Keepers + sharper"), ("two", None), ("three", "sharper")):
        school._labels.set_start(school._labels.begin(name, None), start)
    assert school.rankers.starting_from("keepers") == ("one",)
    assert school.rankers.starting_from("three") == ()


def test_a_pack_overrides_nothing_that_the_user_said(school: School, tmp_path: Path):
    pack = tmp_path / "keepers.ranker"
    keepers = teach(school, Label(A, B, "left", "chosen"), Label(A, C, "left", "chosen"))
    school.rankers.export("keepers", pack, labels=True)
    school._labels.undo(keepers)
    teach(school, Label(B, A, "left", "chosen"))
    found = school.rankers.install(pack)
    assert (found.labels, found.known) == (2, 1)
    assert answers(school, keepers) == [(B, A, "left"), (A, C, "left")]


def test_labels_that_came_with_an_order_are_no_test_of_it(school: School, tmp_path: Path):
    pack, bare = tmp_path / "keepers.ranker", tmp_path / "bare.ranker"
    teach(school, Label(A, B, "left", "chosen"), ratings=(Rating(C, 1.0, "rating"),))
    school.rankers.export("keepers", pack, labels=True)
    school.rankers.export("keepers", bare)
    school.rankers.remove("keepers")
    school.rankers.install(bare)
    school.rankers.install(pack)
    keepers = teach(school, Label(B, C, "left", "chosen"))
    current = school._versions.current(keepers)
    assert current is not None
    learned = [current[1].has_learned(label.id) for label in school._labels.labels(keepers)]
    assert learned == [True, False], "what the user answered later is one"
    (rating,) = school._labels.ratings(keepers)
    assert current[1].has_learned(-rating.id)


@dataclass(frozen=True)
class Model:
    """As much of one as tells whether an order was taught with it."""

    id: str
    manifest = SimpleNamespace(title="Pocket")


def told_with(school: School, model: str) -> str:
    """What is said of keepers, asked for with the model of an id."""
    (notice,) = school.model_for(school.parse("keepers"), Model(model))
    return notice.text


LATER, ANOTHER = "pocket-1111111111111111", "another-0000000000000000"


def test_an_order_taught_with_an_earlier_version_of_the_model_is_told(school: School):
    told = told_with(school, LATER)
    assert "was taught with an earlier version of Pocket" in told
    assert "Your answers are kept: learn from them again" in told
    assert "was taught with a model other than Pocket" in told_with(school, ANOTHER)


def test_an_imported_order_for_an_earlier_version_of_the_model_is_told(school: School, tmp_path: Path):
    pack, bare = tmp_path / "keepers.ranker", tmp_path / "bare.ranker"
    teach(school, Label(A, B, "left", "chosen"))
    school.rankers.export("keepers", pack, labels=True)
    school.rankers.export("keepers", bare)
    school.rankers.remove("keepers")
    school.rankers.install(bare)
    told = told_with(school, LATER)
    assert "an earlier version of Pocket" in told and "ask for a pack for this version" in told
    assert "choose the model that it was taught with" in told_with(school, ANOTHER)
    school.rankers.install(pack)
    told = told_with(school, LATER)
    assert "Its answers are kept: learn from them again" in told


@pytest.mark.parametrize(
    ("start", "carried"),
    [
        ("less noise + sharper", "less noise + sharper"),
        ("keepers", "keepers"),  # its own words, as the model reads them
        (None, None),
        ("sharper + misty", None),  # the taught one, which comes with no pack but its own
        ("MISTY", None),
        ("first", None),  # no query, but the name of one that is no more
    ],
)
def test_a_pack_carries_the_order_that_teaching_starts_from(
    school: School, tmp_path: Path, start: str | None, carried: str | None
):
    pack = tmp_path / "keepers.ranker"
    school._labels.set_start(school._labels.begin("keepers", None), start)
    school.rankers.export("keepers", pack)
    school.rankers.remove("keepers")
    school.rankers.install(pack)
    assert school._labels.begin("keepers", None).start == carried


def test_a_pack_changes_no_start_that_is_here(school: School, tmp_path: Path):
    pack = tmp_path / "keepers.ranker"
    keepers = school._labels.set_start(school._labels.begin("keepers", None), "sharper")
    school.rankers.export("keepers", pack)
    school._labels.set_start(keepers, "brighter")
    school.rankers.install(pack)
    assert school._labels.begin("keepers", None).start == "brighter"


def test_a_pack_with_damaged_labels_leaves_everything_as_it_was(school: School, tmp_path: Path):
    pack = tmp_path / "keepers.ranker"
    teach(school, Label(A, B, "left", "chosen"))
    school.rankers.export("keepers", pack, labels=True)
    school.rankers.remove("keepers")
    pack.write_bytes(pack.read_bytes().replace(b'"left"', b'"best"'))
    with pytest.raises(TeachingError, match="Nothing was installed"):
        school.rankers.install(pack)
    assert [ranker.name for ranker in school.rankers.list()] == ["misty"]


def test_a_name_as_it_stands_is_no_other_attributes():
    best, hash_best, more = (Attribute(k, name, None) for k, name in enumerate(("best", "#best", "more fun")))
    assert _naming([best, hash_best, more]) == {
        best: {"best"},
        hash_best: {"#best"},
        more: {"more fun", "fun"},
    }
    assert _naming([hash_best])[hash_best] == {"#best", "best"}


def test_why_an_order_that_was_taught_is_not_in_use(school: School):
    query = school.parse("more keepers + misty - half done")
    assert school.unused(query) == {}
    school.rankers.revert("keepers", None)
    school._labels.add(school._labels.begin("half done", None), [Label(A, B, "left", "chosen")])
    school._labels.begin("only named", None)
    assert school.unused(query) == {
        "keepers": "No version of “keepers” is in use: bring one back to sort by it.",
        "half done": "Nothing was kept of “half done” yet: teach it, and keep what is better.",
    }
    assert school.unused(school.parse("only named")) == {}


def test_what_was_only_named_is_not_told_as_taught(school: School):
    school._labels.begin("only named", None)
    with pytest.raises(TeachingError, match=r"“nothing”\. There are: “keepers”, “misty”\.$"):
        school.rankers.find("nothing")
    assert [one.name for one in school.rankers.list()] == ["keepers", "misty"]
    assert school.rankers.find("only named").answers == 0


def test_of_two_attributes_that_one_phrase_names_the_same_is_sorted_by_and_taught(school: School):
    for name, start in (("more fun", 1.0), ("fun first", 2.0)):
        keep(school, name, start)
    rankers, _ = school._named(school.parse("fun"), BASE)
    assert rankers["fun"].start[0].weight == 2.0
    manifest = SimpleNamespace(id=BASE, unlearned=lambda _: ())
    assert school.teach("fun", None, manifest, None, None, None).attribute == "fun first"


def test_the_latest_of_two_that_were_never_kept_is_told(school: School):
    for name in ("more fun", "fun first"):
        attribute = school._labels.begin(name, None)
        school._labels.add(attribute, [Label(b"1" * 16, b"2" * 16, "left", "chosen")])
    assert "“fun first”" in school.unused(school.parse("fun"))["fun"]


def test_a_start_that_could_not_be_read_again_is_none():
    ranker = TaughtRanker("x", (), 0.0, NOTHING, NOTHING, 1.0)
    for number in range(MAX_DEPTH):
        ranker = TaughtRanker("x", (StartTerm(1.0, f"{number}", ranker),), 1.0, NOTHING, NOTHING, 1.0)
    assert from_bytes(ranker.to_bytes()).depth == MAX_DEPTH
    inner = ranker.start[0].taught
    shape = {"token_shape": (1, 1), "min_side": 1, "batch_size": 1}
    model = SimpleNamespace(id=BASE, name="pocket", deviation=lambda _: 1.0, **shape)
    assert inner is not None
    (term,) = TaughtModel(model, {"glow": inner}).start_terms(parse("glow"))
    assert term.taught is inner
    with pytest.raises(TeachingError, match=r"“glow” starts from .* 4 deep\. Start from"):
        TaughtModel(model, {"glow": ranker}).start_terms(parse("glow"))
