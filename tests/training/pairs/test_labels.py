"""Labels on disk: names, actions and their undoing, and processes that are killed."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imagesorter.errors import StorageError, TeachingError
from imagesorter.sqlite import set_aside
from imagesorter.training.pairs.labels import UNMARKED, Label, LabelStore, Rating, name_key, passed_by
from imagesorter.training.pairs.store import FILE_NAME, MIGRATIONS, TeachingStore

from .pupils import key_of

TESTS = Path(__file__).parents[2]
A, B, C = key_of(1), key_of(2), key_of(3)


@pytest.fixture
def labels(tmp_path: Path):
    store = TeachingStore(tmp_path)
    yield LabelStore(store)
    store.close()


@pytest.mark.parametrize(
    "name",
    [
        "keepers",
        "Käse",
        "  two  words ",
        "写真",
        "صورة",
        "🧀",
        "e\u0301te\u0301",
        "ﬁne",
        "a" * 100,
        "x'; DROP",
        "%s",
    ],
)
def test_any_name_is_found_again(labels: LabelStore, name: str):
    made = labels.begin(name, None)
    assert made.name == name.strip()
    assert labels.attribute(name.upper()) is None or labels.attribute(name.upper()) == made
    assert labels.attribute(f" {name}  ") == made
    assert labels.begin(name, "other") == made, "a name is taken once"
    assert labels.attributes() == [made]


def test_spellings_of_one_name_are_one():
    assert name_key("Été  Chaud") == name_key("e\u0301te\u0301 chaud") == name_key("ÉTÉ CHAUD")


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "a\nb", "\ud800", "a" * 101])
def test_what_can_be_no_name_is_told(labels: LabelStore, name: str):
    with pytest.raises(TeachingError):
        labels.begin(name, None)
    assert labels.attributes() == []


def test_undo_takes_back_one_action_after_the_other(labels: LabelStore):
    attribute = labels.begin("x", None)
    labels.add(attribute, [Label(A, B, "left", "chosen")])
    labels.add(attribute, [Label(A, B, "left", "moved"), Label(A, C, "left", "moved")])
    labels.add(attribute, (), [Rating(C, 1.0, "mark")])
    assert labels.last_source(attribute) == "mark"
    assert labels.undo(attribute) == []
    assert labels.ratings(attribute) == []
    assert labels.last_source(attribute) == "moved"
    assert [label.right for label in labels.undo(attribute)] == [B, C]
    assert [label.source for label in labels.undo(attribute)] == ["chosen"]
    assert labels.labels(attribute) == labels.undo(attribute) == []
    assert labels.last_source(attribute) is None


@pytest.fixture
def elsewhere(tmp_path: Path):
    """What another process has of the same labels."""
    store = TeachingStore(tmp_path)
    yield LabelStore(store)
    store.close()


def test_undo_leaves_what_others_did_meanwhile(labels: LabelStore, elsewhere: LabelStore):
    attribute = elsewhere.begin("x", None)
    elsewhere.add(attribute, [Label(A, B, "left", "chosen")])
    labels.take_up(attribute)
    theirs = [Label(B, C, "right", "imported"), Label(A, C, "left", "imported")]
    assert elsewhere.take_in(attribute, theirs[:1], [Rating(A, 1.0, "rating")]) == 0
    assert labels.last_source(attribute) == "chosen" and labels.last_action(attribute) == 1
    labels.add(attribute, (), [Rating(C, 1.0, "mark")])
    labels.add(attribute, [Label(A, C, "tie", "chosen")])
    assert elsewhere.take_in(attribute, theirs[1:]) == 0
    labels.take_up(attribute)
    assert [label.answer for label in labels.last(attribute)] == ["tie"]
    assert [label.answer for label in labels.undo(attribute)] == ["tie"]
    assert labels.last_source(attribute) == "mark" and labels.undo(attribute) == []
    labels.add(attribute, [Label(A, B, "right", "again")])
    assert [label.answer for label in labels.undo(attribute)] == ["right"]
    assert [label.id for label in labels.undo(attribute)] == [1], "it was there before"
    assert labels.last_source(attribute) is None and labels.last_action(attribute) == 0
    assert labels.undo(attribute) == labels.last(attribute) == []
    assert [(one.left, one.right, one.answer) for one in labels.labels(attribute)] == [
        (one.left, one.right, one.answer) for one in theirs
    ]
    assert labels.ratings(attribute) == [Rating(A, 1.0, "rating")]
    assert [label.right for label in elsewhere.undo(attribute)] == [C], "who did it can take it back"


def test_what_others_store_in_place_of_what_was_taken_back_is_theirs(
    labels: LabelStore, elsewhere: LabelStore
):
    attribute = labels.begin("x", None)
    for _ in range(2):
        labels.add(attribute, [Label(A, B, "left", "chosen")])
        assert len(labels.undo(attribute)) == 1
        elsewhere.add(attribute, [Label(B, C, "left", "chosen")])
        assert labels.undo(attribute) == [] and len(labels.labels(attribute)) == 1
        elsewhere.undo(attribute)
    elsewhere.add(attribute, [Label(B, C, "left", "chosen")])
    later = LabelStore(labels._store)
    assert len(later.undo(attribute)) == 1, "all that was there before"
    elsewhere.add(attribute, [Label(B, C, "left", "chosen")])
    assert later.undo(attribute) == [] and len(later.labels(attribute)) == 1


@pytest.mark.parametrize("both", [False, True])
def test_what_others_took_back_and_did_anew_is_theirs(labels: LabelStore, elsewhere: LabelStore, both: bool):
    attribute = labels.begin("x", None)
    if both:
        labels.add(attribute, [Label(A, B, "left", "chosen")])
    else:
        elsewhere.add(attribute, [Label(A, B, "left", "chosen")])
    labels.take_up(attribute)
    elsewhere.take_up(attribute)
    assert len(elsewhere.undo(attribute)) == 1
    elsewhere.add(attribute, [Label(B, C, "left", "chosen")])
    assert labels.last(attribute) == labels.undo(attribute) == []
    assert len(labels.labels(attribute)) == 1


def test_what_stored_nothing_is_no_action(labels: LabelStore, elsewhere: LabelStore):
    attribute = labels.begin("x", None)
    labels.take_up(attribute)
    labels.add(attribute, [])
    labels.take_in(attribute, [])
    labels.complete(attribute, [], [])
    elsewhere.add(attribute, [Label(A, B, "left", "chosen")])
    assert labels.last_source(attribute) is None and labels.undo(attribute) == []


def test_what_was_taken_in_and_completed_is_taken_back_whatever_came_after(
    labels: LabelStore, elsewhere: LabelStore
):
    attribute = labels.begin("x", None)
    labels.take_in(attribute, [Label(A, B, "left", "imported")])
    elsewhere.add(attribute, [Label(B, C, "left", "chosen")])
    labels.complete(attribute, [Label(A, C, "left", "imported")], [Rating(A, 1.0, "mark")])
    elsewhere.add(attribute, [Label(C, B, "left", "chosen")])
    assert [label.right for label in labels.undo(attribute)] == [C] and not labels.ratings(attribute)
    assert [label.right for label in labels.undo(attribute)] == [B]
    assert [label.source for label in labels.labels(attribute)] == ["chosen", "chosen"]


def test_undo_keeps_to_its_attribute(labels: LabelStore):
    one, other = labels.begin("one", None), labels.begin("other", None)
    labels.add(one, [Label(A, B, "left", "chosen")])
    labels.undo(other)
    assert len(labels.labels(one)) == 1


def test_a_rating_is_replaced_by_a_later_one(labels: LabelStore):
    attribute = labels.begin("x", None)
    labels.add(attribute, (), [Rating(A, 1.0, "rating"), Rating(A, 1.0, "mark")])
    labels.add(attribute, (), [Rating(A, 2.0, "rating")])
    assert labels.ratings(attribute) == [Rating(A, 2.0, "rating"), Rating(A, 1.0, "mark")]


def test_a_rating_that_is_given_again_is_no_new_one(labels: LabelStore):
    attribute = labels.begin("x", None)
    labels.add(attribute, (), [Rating(A, 1.0, "mark"), Rating(B, 0.0, "mark")])
    first = [rating.id for rating in labels.ratings(attribute)]
    assert first == sorted(set(first)) and first[0] > 0
    labels.add(attribute, (), [Rating(A, 1.0, "mark"), Rating(B, 1.0, "mark")])
    again = [rating.id for rating in labels.ratings(attribute)]
    assert again[0] == first[0] and again[1] > first[1]
    labels.undo(attribute)
    assert [rating.id for rating in labels.ratings(attribute)] == first


def test_removing_an_attribute_removes_its_labels(labels: LabelStore):
    attribute = labels.begin("x", None)
    labels.add(attribute, [Label(A, B, "left", "chosen")], [Rating(A, 1.0, "rating")])
    labels.remove(attribute)
    with pytest.raises(StorageError, match="removed by another window or command"):
        labels.add(attribute, [Label(A, B, "left", "chosen")], [])
    again = labels.begin("x", None)
    assert labels.labels(again) == [] and labels.ratings(again) == []


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u200d\u2060"])
def test_a_name_can_be_seen(name: str):
    with pytest.raises(TeachingError, match="has no name"):
        name_key(name)


def test_places_of_any_bytes(labels: LabelStore):
    places = {A: Path("/photos/ä b.jpg"), B: Path("/photos/\udcff.jpg")}
    labels.remember(places.items())
    assert labels.places([A, B, C]) == places


def test_where_photographs_lie_is_forgotten_with_all_that_names_them(labels: LabelStore):
    one, other = labels.begin("keepers", None), labels.begin("misty", None)
    labels.add(one, [Label(key_of(1), key_of(2), "left", "chosen")])
    labels.add(other, [], [Rating(key_of(2), 3.0, "rating")])
    labels.remember([(key_of(1), Path("/a/1.jpg")), (key_of(2), Path("/a/2.jpg"))])
    labels.remove(one)
    assert labels.places([key_of(1), key_of(2)]) == {key_of(2): Path("/a/2.jpg")}
    labels.remove(other)
    assert not labels.places([key_of(2)])


@pytest.mark.parametrize("answers", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
def test_killed_at_any_moment_no_answer_is_lost(tmp_path: Path, answers: int):
    command = [sys.executable, "-m", "training.pairs.label_writer", str(tmp_path)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        for _ in range(answers):
            process.stdout.readline()
        process.kill()  # at whatever it is doing now
        confirmed = answers + len([line for line in process.stdout.read().split("\n") if line.endswith(".")])
    store = TeachingStore(tmp_path)
    labels = LabelStore(store)
    attribute = labels.attribute("killed")
    assert attribute is not None
    stored = labels.labels(attribute)
    assert confirmed <= len(stored) <= confirmed + 1
    assert [label.left for label in stored] == [key_of(number) for number in range(len(stored))]
    labels.add(attribute, [Label(A, B, "tie", "chosen")])
    assert len(labels.labels(attribute)) == len(stored) + 1
    store.close()


def test_a_damaged_file_is_kept_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 100)
    store = TeachingStore(tmp_path)
    assert LabelStore(store).attributes() == []
    store.close()
    assert (tmp_path / f"{FILE_NAME}.damaged").read_bytes().startswith(b"this is no database")
    assert any(record.levelno == logging.WARNING for record in caplog.records)


@pytest.mark.usefixtures("caplog")
def test_no_damaged_file_takes_the_place_of_an_earlier_one(tmp_path: Path):
    names = [f"{FILE_NAME}.damaged{ending}" for ending in ("", "-2", "-3")]
    for number, name in enumerate(names):
        (tmp_path / FILE_NAME).write_bytes(b"this is no database %d" % number * 100)
        store = TeachingStore(tmp_path)
        assert store.damaged == tmp_path / name
        store.close()
    for number, name in enumerate(names):
        assert (tmp_path / name).read_bytes().startswith(b"this is no database %d" % number)


def test_the_log_of_a_damaged_file_is_kept_with_it(tmp_path: Path):
    path = tmp_path / "x.sqlite"
    for number in (1, 2):
        path.write_bytes(b"%d" % number)
        path.with_name("x.sqlite-wal").write_bytes(b"log %d" % number)
        set_aside(path, keep=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "x.sqlite.damaged": b"1",
        "x.sqlite.damaged-wal": b"log 1",
        "x.sqlite.damaged-2": b"2",
        "x.sqlite.damaged-2-wal": b"log 2",
    }


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StorageError, match="newer version"):
        TeachingStore(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot be opened.*you may read and write"):
        TeachingStore(tmp_path / "file" / "data")


def failing(code: int) -> Callable[[], sqlite3.Connection]:
    """Connects in vain, for one of SQLite's reasons."""
    error = sqlite3.OperationalError("no luck")
    error.sqlite_errorcode = code

    def connect() -> sqlite3.Connection:
        raise error

    return connect


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (sqlite3.SQLITE_CANTOPEN, "you may read and write it"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "you may read and write it"),
        (sqlite3.SQLITE_FULL, r"\. Free some disk space, then"),
        (sqlite3.SQLITE_BUSY, "Another program holds the file"),
        (sqlite3.SQLITE_IOERR, "Free some disk space, or make the folder writable"),
    ],
)
def test_what_fails_is_told_with_its_remedy(
    tmp_path: Path, code: int, remedy: str, monkeypatch: pytest.MonkeyPatch
):
    store = TeachingStore(tmp_path)
    monkeypatch.setattr(store._connections, "_connect", failing(code))
    monkeypatch.setattr("imagesorter.training.pairs.store.copy_in_memory", lambda *_: failing(code)())
    store._connections.drop_idle()
    with (
        pytest.raises(StorageError, match=rf"what you taught cannot be read \(no luck\).*{remedy}"),
        store.read(),
    ):
        pass
    with pytest.raises(StorageError, match=rf"what you teach cannot be stored.*{remedy}"), store.write():
        pass
    store.close()


def test_a_place_that_is_no_file_is_told(tmp_path: Path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageError, match=r"cannot be opened.*See to it that this is a file"):
        TeachingStore(tmp_path)


@pytest.mark.parametrize(
    ("to", "expected"),
    [(0, (True, [10, 11])), (4, (False, [14, 13])), (2, (False, [])), (1, (True, [11]))],
)
def test_a_drag_passes_those_between(to: int, expected: tuple[bool, list[int]]):
    assert passed_by(12, [10, 11, 12, 13, 14], to) == expected


def test_a_long_drag_passes_few_and_the_nearest(labels: LabelStore):
    up, passed = passed_by(500, list(range(501)), 0)
    assert up and len(passed) == 12
    assert passed[0] == 0 and passed[-1] == 499


def test_of_the_moves_past_one_photograph_the_last_counts(labels: LabelStore):
    keepers = labels.begin("keepers", None)

    def winners() -> list[bytes | None]:
        return [label.winner for label in labels.labels(keepers)]

    labels.add(keepers, [Label(A, B, "left", "moved"), Label(A, C, "left", "moved")])
    first = labels.labels(keepers)
    labels.add(keepers, [Label(A, B, "left", "moved"), Label(C, A, "right", "moved")])
    assert labels.labels(keepers) == first, "said again, it is the same"
    labels.add(keepers, [Label(B, A, "left", "moved")])
    assert winners() == [A, B]
    labels.add(keepers, [Label(A, B, "left", "chosen"), Label(A, B, "left", "chosen")])
    assert winners() == [A, B, A, A], "answers to a pair are each one of their own"
    assert labels.take_in(keepers, [Label(B, A, "left", "imported")]) == 1
    assert labels.take_in(keepers, [Label(A, B, "left", "imported")]) == 1, "by the answers"
    for _ in range(2):
        labels.undo(keepers)
    assert winners() == [A, A], "what is taken back has replaced nothing"
    labels.undo(keepers)
    assert labels.labels(keepers) == first


def test_what_a_file_says_is_taken_in_once(labels: LabelStore):
    light = labels.begin("light", None)
    said = [(A, B, "left"), (B, A, "right"), (A, B, "left")]
    file = [Label(left, right, answer, "imported") for left, right, answer in said]
    assert labels.take_in(light, file) == 0, "a file may hold an answer twice, and a pair both ways around"
    assert labels.take_in(light, file) == 3
    assert len(labels.labels(light)) == 3
    assert labels.last_action(light) == 1, "there is nothing more to undo"
    assert labels.take_in(light, [*file, Label(A, B, "right", "imported")]) == 3
    labels.add(light, [Label(A, C, "left", "again")])
    labels.add(light, [Label(A, C, "left", "again")])
    assert labels.take_in(light, [Label(A, C, "left", "imported")]) == 1
    assert len(labels.labels(light)) == 6, "the user may say the same again"
    assert labels.take_in(labels.begin("other", None), file) == 0


def test_a_file_brings_back_what_a_mistaken_move_has_replaced(labels: LabelStore):
    light = labels.begin("light", None)
    labels.add(light, [Label(A, B, "left", "moved")])
    labels.add(light, [Label(B, A, "left", "moved")])
    file = [Label(A, B, "left", "imported")]
    assert labels.take_in(light, file) == 0
    assert [(label.winner, label.source) for label in labels.labels(light)] == [
        (B, "moved"),
        (A, "imported"),
    ]
    assert labels.take_in(light, file) == 1, "once"


def test_a_rating_counts_again_where_it_has_changed(labels: LabelStore):
    light = labels.begin("light", None)
    assert labels.take_in(light, (), [Rating(A, 1.0, "rating"), Rating(B, 2.0, "rating")]) == 0
    assert labels.take_in(light, (), [Rating(A, 1.0, "rating"), Rating(B, 3.0, "rating")]) == 1
    assert labels.ratings(light) == [Rating(A, 1.0, "rating"), Rating(B, 3.0, "rating")]
    labels.add(light, (), [Rating(A, 1.0, "mark")])
    assert labels.take_in(light, (), [Rating(A, 1.0, "rating")]) == 1


def test_of_two_values_in_a_file_the_last_counts_however_often_it_is_given(labels: LabelStore):
    light = labels.begin("light", None)
    file = [Rating(A, 1.0, "rating"), Rating(B, 2.0, "rating"), Rating(A, 5.0, "rating")]
    assert labels.take_in(light, (), file) == 1
    for _ in range(3):
        assert labels.take_in(light, (), file) == 3
        assert labels.ratings(light) == [Rating(A, 5.0, "rating"), Rating(B, 2.0, "rating")]
    assert labels.last_action(light) == 1, "there is nothing more to undo"


def test_what_somebody_else_says_completes_what_the_user_said(labels: LabelStore):
    light = labels.begin("light", None)
    labels.add(
        light, [Label(A, B, "left", "chosen"), Label(B, C, "skip", "chosen")], [Rating(A, 1.0, "mark")]
    )
    pack = [Label(B, A, "left", "imported"), Label(B, C, "tie", "imported"), Label(A, C, "left", "imported")]
    rated = [Rating(A, 0.0, "mark"), Rating(A, 3.0, "rating"), Rating(B, 1.0, "mark")]
    known, stored = labels.complete(light, pack, rated)
    assert known == 2
    assert [(label.left, label.right, label.answer) for label in labels.labels(light)] == [
        (A, B, "left"), (B, C, "skip"), (B, C, "tie"), (A, C, "left"),
    ]  # fmt: skip
    assert labels.ratings(light) == [Rating(A, 1.0, "mark"), Rating(A, 3.0, "rating"), Rating(B, 1.0, "mark")]
    assert stored == [1, 3, 4, -1, -2, -3]
    assert labels.complete(light, pack, rated) == (6, stored)
    labels.undo(light)
    assert len(labels.labels(light)) == 2, "all that came is one action"
    assert labels.last_action(light) == 1


def test_a_pair_that_a_pack_answers_twice_is_answered_twice(labels: LabelStore):
    light = labels.begin("light", None)
    twice = [Label(A, B, "left", "imported"), Label(B, A, "left", "imported")]
    assert labels.complete(light, twice, ()) == (0, [1, 2])
    assert labels.complete(light, twice, ()) == (2, [1, 2])


def test_only_an_attribute_without_anything_is_removed_as_empty(labels: LabelStore):
    light, dark = labels.begin("light", None), labels.begin("dark", None)
    labels.add(light, [Label(A, B, "left", "imported")])
    for attribute in (light, dark):
        labels.remove_empty(attribute)
    labels.begin("only named", None)
    assert labels.attributes(bare=False) == [light]
    labels.remove_empty(labels.attributes()[-1])
    assert labels.attributes() == [light]


def test_a_mark_that_is_taken_off_and_given_again_is_the_same(labels: LabelStore):
    attribute = labels.begin("keepers", None)
    labels.add(attribute, (), [Rating(A, 1.0, "mark")])
    (first,) = labels.ratings(attribute)
    labels.add(attribute, (), [Rating(A, UNMARKED, "mark")])
    assert labels.ratings(attribute) == [] and labels.attributes(bare=False) == []
    known, _ = labels.complete(attribute, (), [Rating(A, 1.0, "mark")])
    assert (known, labels.ratings(attribute)) == (1, []), "what a pack says counts less than taking off"
    labels.add(attribute, (), [Rating(A, 1.0, "mark")])
    (again,) = labels.ratings(attribute)
    assert again.id == first.id
    assert labels.attributes(bare=False) == [attribute]
    labels.add(attribute, (), [Rating(A, 0.0, "mark")])
    assert labels.ratings(attribute)[0].id > first.id
