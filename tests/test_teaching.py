"""Teaching from end to end with the bundled model, through the engine's face."""

from __future__ import annotations

import os
import shutil
import zipfile
from itertools import combinations, islice
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from lessons import brightness, candidate_of, choose, prepared, write_pairs
from ordering import names, only, opened

from imagesorter.engine import Engine
from imagesorter.errors import ExportError, QueryError, StorageError, TeachingError
from imagesorter.events import Answered, Candidate, CurvePoint, Finished, Notice, Progress, Ranked
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.teaching import Teaching
from imagesorter.training.pairs.labels import LabelStore
from imagesorter.training.pairs.versions import VersionStore


def test_from_the_first_pair_to_a_kept_order(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    assert teaching.last is None
    choose(engine, teaching, 30)
    standing = teaching.standing()
    assert standing.pairs == 30 and standing.asked_again == 2
    assert standing.consistency is not None and standing.consistency.mean == 1
    assert standing.accuracy is not None and standing.advice

    events = list(teaching.fit())
    assert only(CurvePoint, events) and only(Progress, events)
    (candidate,) = only(Candidate, events)
    assert candidate.better, candidate.verdict
    with pytest.raises(TeachingError, match="to keep"):
        prepared(engine, album).keep()
    version = teaching.keep()
    assert (version.number, version.current, version.pairs, version.fits) == (1, True, 30, True)

    ranked = only(Ranked, engine.rank("My  LIGHT"))[-1]
    np.testing.assert_array_equal(ranked.file_ids, candidate.order_after.file_ids)
    np.testing.assert_allclose(ranked.scores, candidate.order_after.scores, atol=2e-4)
    light = np.array([brightness(path) for path in engine.files])
    assert np.corrcoef(ranked.scores, light[ranked.file_ids])[0, 1] > 0.6
    assert engine.attributes()[0] == "my light"
    assert names(engine, "less my light") == names(engine, "my light")[::-1]
    assert not only(Notice, engine.rank("my light + 0.5 brighter")), "all of it was learned"


def test_answers_survive_and_can_all_be_undone(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    choose(engine, teaching, 14)
    again = prepared(engine, album, " My   Light ")
    now, before = again.standing(), teaching.standing()
    assert (now.pairs, now.asked_again, now.missing) == (before.pairs, before.asked_again, 0)
    while again.last is not None:
        pair = again.undo()
        assert pair is not None and again.next_pair() == pair, "it is shown again"
    assert again.standing().pairs == 0
    assert again.undo() is None


def test_undone_pairs_come_back_as_they_were(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    choose(engine, teaching, 3)
    pair = teaching.next_pair()
    assert pair is not None
    teaching.answer(pair, "tie")
    assert teaching.standing().ties == 1
    assert teaching.undo() == pair


def test_skips_are_undone_in_their_turn(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    asked = []
    for answer in ("left", "skip", "skip", "cannot_tell", "right"):
        pair = teaching.next_pair()
        assert pair is not None
        asked.append(pair)
        teaching.answer(pair, answer)
    for pair in reversed(asked):
        assert teaching.last and teaching.undo() == pair == teaching.next_pair()
    assert teaching.last is None and teaching.standing().pairs == 0
    choose(engine, teaching, 1)
    pair = teaching.next_pair()
    assert pair is not None
    teaching.answer(pair, "skip")
    again = prepared(engine, album)
    assert again.undo() == asked[0], "a skip is forgotten with the folder"


def test_it_is_known_what_would_be_taken_back(engine: Engine, album: Path, tmp_path: Path):
    teaching = prepared(engine, album)
    for answer in ("left", "skip"):
        pair = teaching.next_pair()
        assert pair is not None
        teaching.answer(pair, answer)
    order = list(range(len(engine.files)))
    teaching.move(order[3], order, 1)
    teaching.mark([0], [1])
    for name, lines in (("pairs", "left,right,winner\n{0},{1},left"), ("ratings", "file,value\n{0},3")):
        table = tmp_path / f"{name}.csv"
        table.write_text(lines.format(*engine.files[:2]) + "\n", "utf-8")
        list(teaching.import_csv(table))
    taken = []
    while teaching.last is not None:
        taken.append(teaching.last)
        teaching.undo()
    assert taken == ["import", "import", "marks", "drag", "skip", "answer"]


def test_an_answer_that_cannot_be_stored_does_not_count(
    engine: Engine, album: Path, monkeypatch: pytest.MonkeyPatch
):
    teaching = prepared(engine, album)
    pair = teaching.next_pair()
    assert pair is not None

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    for step in ("add", "remember"):
        with monkeypatch.context() as patch:
            patch.setattr(LabelStore, step, full)
            with pytest.raises(StorageError, match="full"):
                teaching.answer(pair, "left")
        assert prepared(engine, album).standing().pairs == 0


def test_an_answer_about_another_photograph_than_was_read_is_not_noted(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    pair = teaching.next_pair()
    assert pair is not None
    left, right = (engine.files[file_id] for file_id in (pair.left_id, pair.right_id))
    os.utime(right, (1, 1))
    assert teaching.answer(pair, "right").pairs == 1, "of the same content"
    pair = teaching.undo()
    assert pair is not None
    left.write_bytes(right.read_bytes())
    with pytest.raises(TeachingError, match=rf"{left.name} has changed .* \(F5\)"):
        teaching.answer(pair, "left")
    assert teaching.standing().pairs == 0
    assert teaching.answer(pair, "skip").pairs == 0
    left.unlink()
    assert teaching.answer(pair, "left").pairs == 1, "it was seen before it was deleted"


def test_what_comes_next_is_known_before_the_answer(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    for k in range(15):
        pair = teaching.next_pair()
        assert pair is not None
        answer = ("left", "right", "tie", "cannot_tell")[k % 4]
        expected = [teaching.next_after(pair, answer) for _ in range(2)]
        assert teaching.next_pair() == pair, "nothing changes by asking"
        teaching.answer(pair, answer)
        assert [teaching.next_pair()] * 2 == expected


def test_a_pair_is_known_for_what_it_is_after_something_was_done_in_the_grid(engine: Engine, album: Path):
    """The window shows it until it is answered, though another would be asked for by now."""
    teaching = prepared(engine, album)
    seen = set()
    for dragged, other in islice(combinations(range(len(engine.files)), 2), 40):
        pair = teaching.next_pair()
        assert pair is not None
        teaching.move(dragged, [other, dragged], 0)
        teaching.next_pair()
        following = teaching.next_after(pair, "left")
        teaching.answer(pair, "left")
        assert teaching.next_pair() == following
        label = teaching._workshop.labels.labels(teaching._attribute)[-1]
        assert label.source == pair.source
        assert pair.asked_again == (label.source == "again")
        seen.add(pair.source)
    assert seen == {"chosen", "random", "again"}


def test_skipping_says_nothing_and_cannot_tell_is_kept(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    first = teaching.next_pair()
    assert first is not None
    assert teaching.answer(first, "skip").pairs == 0 and teaching.last
    second = teaching.next_pair()
    assert second is not None and second != first
    assert teaching.answer(second, "cannot_tell").pairs == 0 and teaching.last
    assert teaching.next_pair() != second


def test_moved_files_are_found_and_gone_ones_left_out(engine: Engine, album: Path, tmp_path: Path):
    teaching = prepared(engine, album)
    choose(engine, teaching, 12)
    pair = teaching.next_pair()
    assert pair is not None
    teaching.answer(pair, "left")
    gone = engine.files[pair.left_id].name
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in album.iterdir():
        path.rename(moved / f"x {path.name}")
    standing = prepared(engine, moved).standing()
    assert (standing.pairs, standing.missing) == (13, 0)
    (moved / f"x {gone}").unlink()
    standing = prepared(engine, moved).standing()
    assert standing.missing >= 1 and standing.pairs + standing.missing == 13


def test_two_files_of_one_content_are_one_photograph(engine: Engine, photos: Path, tmp_path: Path):
    folder = tmp_path / "copies"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(photos / "coffee.jpg", folder / name)
    teaching = prepared(engine, folder)
    assert teaching.next_pair() is None
    with pytest.raises(TeachingError, match="no labels"):
        list(teaching.fit())
    shutil.copy(photos / "rocket.jpg", folder / "c.jpg")
    teaching = prepared(engine, folder)
    pair = teaching.next_pair()
    assert pair is not None
    assert teaching.answer(pair, "left").pairs == 1
    assert teaching.next_pair() is None, "there is but one pair"
    candidate = candidate_of(teaching)
    assert not candidate.better and "too little" in candidate.verdict
    assert not candidate.known
    assert len(candidate.order_after.file_ids) == 3, "both copies are in the order"
    with pytest.raises(TeachingError, match="too little"):
        teaching.keep()


def test_an_empty_folder_has_nothing_to_ask(engine: Engine, tmp_path: Path):
    teaching = prepared(engine, tmp_path)
    assert teaching.next_pair() is None and teaching.standing().pairs == 0


def test_marks_are_told_as_they_were_given_last(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    teaching.mark(best=[0, 1])
    teaching.mark(worst=[1])
    assert teaching.marks == {0: True, 1: False}
    teaching.undo()
    assert prepared(engine, album).marks == {0: True, 1: True}
    assert engine.marks(teaching.attribute.upper()) == {0: True, 1: True}, "also where nothing is taught"
    assert engine.marks("another") == {}
    teaching.mark(worst=[2])
    assert teaching.standing().pairs == 2
    assert teaching.mark(neither=[1, 2]).pairs == 0
    assert teaching.marks == prepared(engine, album).marks == {0: True}
    teaching.mark(best=[1])
    assert teaching.marks == {0: True, 1: True}
    teaching.undo()
    teaching.undo()
    assert teaching.marks == {0: True, 1: True, 2: False}


@pytest.mark.parametrize(
    "name", ["🧀", "صورة", '"quoted"', "a + b - c", "less noise", "first", "3*x", "é" * 50]
)
def test_any_name_is_a_query(engine: Engine, album: Path, name: str):
    teaching = prepared(engine, album, name)
    light = sorted(range(len(engine.files)), key=lambda i: brightness(engine.files[i]))
    teaching.mark(best=light[-5:], worst=light[:5])
    assert candidate_of(teaching).better
    teaching.keep()
    assert name in engine.attributes()
    engine.check(name)
    order = only(Ranked, engine.rank(name))[-1]
    assert set(order.file_ids[:3].tolist()) <= set(light[10:])
    assert engine.rankers.list()[0].query == name


def start_of(teaching: Teaching) -> str | None:
    """The query whose order it starts from."""
    return teaching._attribute.start


def test_the_start_is_what_was_asked_for(engine: Engine):
    assert start_of(engine.teach("brighter")) == "brighter", "the model has learned its words"
    assert start_of(engine.teach("keepers")) is None
    assert start_of(engine.teach("KEEPERS", "less noise + 0.5 sharper")) == "less noise + 0.5 sharper"
    assert start_of(engine.teach("keepers")) == "less noise + 0.5 sharper", "as before"
    assert start_of(engine.teach("keepers", "")) is None
    with pytest.raises(QueryError):
        engine.teach("other", "a + ")
    with pytest.raises(TeachingError, match="no name"):
        engine.teach("  ")


def test_another_spelling_goes_on_with_what_was_taught(engine: Engine):
    engine.teach("keepers", "sharper")
    for spelling in ("Keepers", "more keepers", "keepers ", "most Keepers first"):
        teaching = engine.teach(spelling, spelling)
        assert (teaching.attribute, start_of(teaching)) == ("keepers", "sharper")
    assert engine.teach("less keepers", "less keepers").attribute == "less keepers"


def test_a_start_that_is_right_is_not_beaten(engine: Engine, album: Path):
    teaching = prepared(engine, album, "brighter", None)
    order = only(Ranked, engine.rank("brighter"))[-1]
    place = {file_id: rank for rank, file_id in enumerate(order.file_ids.tolist())}
    for _ in range(20):
        pair = teaching.next_pair()
        assert pair is not None
        teaching.answer(pair, "left" if place[pair.left_id] < place[pair.right_id] else "right")
    assert not candidate_of(teaching).better


def test_a_taught_order_can_be_the_start_of_another(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    choose(engine, teaching, 30)
    assert candidate_of(teaching).better
    teaching.keep()
    dark = prepared(engine, album, "dark", "my light")
    light = [brightness(path) for path in engine.files]
    for _ in range(30):
        pair = dark.next_pair()
        assert pair is not None
        dark.answer(pair, "left" if light[pair.left_id] < light[pair.right_id] else "right")
    assert candidate_of(dark).better
    dark.keep()
    before = names(engine, "dark")
    engine.rankers.remove("my light")
    assert names(engine, "dark") == before, "it holds all that it needs"


def test_a_better_order_from_another_start_takes_the_place_of_a_kept_one(engine: Engine, album: Path):
    """Though no answer came in between."""
    teaching = prepared(engine, album, "my light", "more cluttered")
    choose(engine, teaching, 30)
    assert (kept := candidate_of(teaching)).better
    teaching.keep()
    again = prepared(engine, album, "my light", "brighter")
    found = candidate_of(again)
    assert found.before.mean == pytest.approx(kept.after.mean, abs=0.1)
    assert found.better and found.after.mean > found.before.mean
    assert again.keep().number == 2
    assert not candidate_of(prepared(engine, album, "my light", "more cluttered")).better, "nor goes back"


def test_a_cancelled_fit_leaves_the_order_in_use(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    choose(engine, teaching, 20)
    assert candidate_of(teaching).better
    teaching.keep()
    choose(engine, teaching, 5)
    order, versions, standing = names(engine, "my light"), teaching.versions(), teaching.standing()
    pair = teaching.next_pair()
    whole = list(teaching.fit())
    for steps in (1, len(whole) // 2, len(whole) - 2):  # the last before there is a candidate
        fitting = teaching.fit()
        assert not only(Candidate, [next(fitting) for _ in range(steps)])
        fitting.close()  # type: ignore[attr-defined]
        with pytest.raises(TeachingError, match="nothing to keep"):
            teaching.keep()
    assert names(engine, "my light") == order
    assert (teaching.versions(), teaching.standing(), teaching.next_pair()) == (versions, standing, pair)
    (candidate,) = only(Candidate, whole)
    assert candidate_of(teaching).after == candidate.after


def test_versions_come_and_go(engine: Engine, album: Path, monkeypatch: pytest.MonkeyPatch):
    teaching = prepared(engine, album)
    choose(engine, teaching, 20)
    assert candidate_of(teaching).better
    with monkeypatch.context() as full:
        full.setattr(VersionStore, "add", Mock(side_effect=StorageError("the disk is full")))
        with pytest.raises(StorageError, match="full"):
            teaching.keep()
    teaching.keep()
    first = names(engine, "my light")
    own = "my light"
    teaching.discard()
    with pytest.raises(TeachingError, match="nothing to keep"):
        teaching.keep()
    engine.rankers.revert(own, None)
    assert own not in engine.attributes()
    (told,) = only(Answered, engine.rank("my light"))
    assert [answer.ranker for answer in told.answers] == ["Pocket"], "not what was taught any more"
    engine.rankers.revert(own, 1)
    assert names(engine, own) == first
    with pytest.raises(TeachingError, match="no version 7"):
        engine.rankers.revert(own, 7)


@pytest.mark.parametrize(("name", "start"), [("my light", ""), ("brighter", None)])
def test_a_damaged_version_is_no_obstacle_to_teaching_anew(
    engine: Engine, album: Path, name: str, start: str | None
):
    teaching = prepared(engine, album, name, start)
    choose(engine, teaching, 20)
    candidate_of(teaching)
    assert teaching._proposal is not None and teaching._model is not None
    proposal, base = teaching._proposal, teaching._model.id
    teaching._workshop.versions.add(teaching._attribute, base, proposal.facts, proposal.ranker)
    with teaching._workshop.versions._store.write() as connection:
        connection.execute("UPDATE version SET weights = ?", (b"damaged",))
    with pytest.raises(TeachingError, match="Teach it again, or bring back another version"):
        list(engine.rank(name))

    again = prepared(engine, album, name)
    events = list(again.fit())
    (notice,) = only(Notice, events)
    assert "damaged" in notice.text and notice.text.endswith("compared with the start instead.")
    (candidate,) = only(Candidate, events)
    assert "the start" in candidate.verdict
    engine.rankers.revert(name, None)
    assert only(Ranked, engine.rank(name))


def test_dragging_teaches(engine: Engine, album: Path):
    teaching = prepared(engine, album)
    order = list(range(len(engine.files)))
    assert not teaching.dragged
    assert teaching.move(5, order, 2).pairs == 3
    assert teaching.dragged == {engine.files[5]}
    assert teaching.move(5, order, 5).pairs == 3, "it went nowhere"
    teaching.move(3, order, 4)
    assert teaching.dragged == {engine.files[3]}
    pair = teaching.next_pair()
    assert pair is not None
    teaching.answer(pair, "left")
    assert not teaching.dragged, "it is not what is taken back next"
    teaching.undo()
    teaching.undo()
    assert teaching.dragged == {engine.files[5]}
    teaching.undo()
    assert teaching.standing().pairs == 0 and not teaching.dragged


def test_a_drag_past_copies_of_itself_alone_tells_nothing(engine: Engine, album: Path):
    first = min(album.iterdir())
    shutil.copy(first, album / f"zz{first.suffix}")
    teaching = prepared(engine, album)
    copies = [i for i, file in enumerate(engine.files) if file.name in (first.name, f"zz{first.suffix}")]
    others = [i for i in range(len(engine.files)) if i not in copies]
    teaching.mark(best=others[:1])
    with pytest.raises(TeachingError, match="past its own copies alone"):
        teaching.move(copies[1], [*copies, *others], 0)
    assert teaching.last == "marks"


def test_what_was_dragged_is_known_by_all_its_copies_and_where_none_is_open(
    engine: Engine, album: Path, tmp_path: Path
):
    copied = tmp_path / "copied"
    shutil.copytree(album, copied)
    teaching = prepared(engine, copied)
    order = list(range(len(engine.files)))
    teaching.move(5, order, 2)
    original = engine.files[5]
    twin = shutil.copy(original, copied / f"twin{original.suffix}")
    assert prepared(engine, copied).dragged == {original, twin}
    few = tmp_path / "few"
    few.mkdir()
    for path in [path for path in engine.files if path not in (original, twin)][:3]:
        shutil.copy(path, few)
    assert prepared(engine, few).dragged == {original}


def test_a_pack_goes_from_one_home_to_another(
    engine: Engine, album: Path, tmp_path: Path, settings: Settings
):
    teaching = prepared(engine, album)
    choose(engine, teaching, 30)
    assert candidate_of(teaching).better
    teaching.keep()
    pack = tmp_path / "light.ranker"
    engine.rankers.export("my light", pack, licence="CC0")
    own = tmp_path / "own.ranker"
    engine.rankers.export("my light", own)
    other = Engine(Home.under(tmp_path / "other"), settings)
    assert other.rankers.install(pack).attribute.name == "my light"
    assert names_of(other, album, "my light") == names(engine, "my light")
    (version,) = other.rankers.versions("my light")
    assert version.imported and version.fits and version.after == teaching.versions()[0].after
    assert version.source == "light.ranker"
    (told,) = [event.text for event in other.rank("my light") if isinstance(event, Answered)]
    assert told.startswith("Sorted by the order imported from “light.ranker”: ")
    assert "of its teacher's held-out pairs right" in told and "you" not in told
    other.rankers.export("my light", pack)
    with zipfile.ZipFile(pack) as archive:
        card = archive.read("card.json").decode()
    assert "light.ranker" not in card, "no pack tells of the user's files"
    with zipfile.ZipFile(own) as archive:
        assert '"learned": null' in archive.read("card.json").decode(), "nor of the ids of labels"
    (told,) = [event.text for event in engine.rank("my light") if isinstance(event, Answered)]
    assert told.startswith("Sorted by what you taught: ")
    other.close()


def test_an_imported_order_for_another_model_does_not_speak_of_answers(
    engine: Engine, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    teaching = prepared(engine, album)
    choose(engine, teaching, 20)
    assert candidate_of(teaching).better
    teaching.keep()
    pack = tmp_path / "light.ranker"
    engine.rankers.export("my light", pack)
    engine.rankers.remove("my light")
    engine.rankers.install(pack)
    assert engine.ranker is not None
    monkeypatch.setattr(engine.ranker, "id", "another-0000000000000000")
    told = [
        notice.text for notice in only(Notice, engine.rank("my light")) if "a model other than" in notice.text
    ]
    assert len(told) == 1 and "It was imported" in told[0] and "Your answers" not in told[0]


def names_of(engine: Engine, folder: Path, query: str) -> list[str]:
    opened(engine, folder)
    return names(engine, query)


def test_a_pack_for_another_model_is_refused(
    engine: Engine, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    teaching = prepared(engine, album)
    choose(engine, teaching, 20)
    assert candidate_of(teaching).better
    teaching.keep()
    pack = tmp_path / "light.ranker"
    engine.rankers.export("my light", pack)
    engine.rankers.remove("my light")
    monkeypatch.setattr("imagesorter.model.shelf.Shelf.ids", lambda shelf: {"pocket-0000000000000000"})
    with pytest.raises(TeachingError, match=r"not on this computer.*Nothing was installed"):
        engine.rankers.install(pack)
    assert engine.rankers.list() == ()


def test_an_order_for_another_model_is_told(engine: Engine, album: Path, monkeypatch: pytest.MonkeyPatch):
    teaching = prepared(engine, album)
    choose(engine, teaching, 20)
    assert candidate_of(teaching).better
    teaching.keep()
    ranker = engine.ranker
    assert ranker is not None
    for id_, told in (
        ("another-0000000000000000", "a model other than"),
        ("pocket-0000000000000000", "an earlier"),
    ):
        monkeypatch.setattr(ranker, "id", id_)
        notices = only(Notice, engine.rank("my light"))
        assert any(told in notice.text for notice in notices)


def test_ratings_teach_and_come_back_as_csv(engine: Engine, album: Path, tmp_path: Path):
    path = tmp_path / "ratings.csv"
    rows = [f"{file},{brightness(file)}" for file in sorted(album.iterdir())]
    path.write_text("file,value\n" + "\n".join(rows) + "\n", "utf-8")
    teaching = prepared(engine, album)
    events = list(teaching.import_csv(path))
    assert events[-1] == Finished(20, 0)
    assert teaching.standing().ratings == 20 < teaching.standing().pairs
    assert (teaching.standing().answers, teaching.standing().rated) == (0, 20)
    with pytest.raises(ExportError, match="there are no answers to pairs of “my light” yet"):
        teaching.export_csv(tmp_path / "pairs.csv")
    assert candidate_of(teaching).better
    assert teaching.export_csv(tmp_path / "out.csv", ratings=True) == 20
    choose(engine, teaching, 3)
    pair = teaching.next_pair()
    assert pair is not None
    standing = teaching.answer(pair, "cannot_tell")
    assert (standing.answers, standing.cannot_tell, standing.rated) == (3, 1, 20)
    listed = engine.rankers.find("my light")
    assert (listed.answers, listed.cannot_tell, listed.marks, listed.ratings) == (24, 1, 0, 20)
    assert teaching.export_csv(tmp_path / "pairs.csv") == 3
    other = prepared(engine, album, "copy")
    assert list(other.import_csv(tmp_path / "pairs.csv"))[-1] == Finished(3, 0)
    assert other.standing().pairs == 3
    other.mark([0], [1])
    with pytest.raises(ExportError, match="there are no ratings of “copy”"):
        other.export_csv(tmp_path / "none.csv", ratings=True)
    assert not (tmp_path / "none.csv").exists()


def test_a_cancelled_import_takes_nothing_in(engine: Engine, album: Path, tmp_path: Path):
    teaching = prepared(engine, album)
    importing = teaching.import_csv(write_pairs(tmp_path / "pairs.csv", album))
    next(importing)
    importing.close()  # type: ignore[attr-defined]
    assert teaching.last is None


@pytest.mark.usefixtures("caplog")
def test_lost_rankers_are_told_once(engine: Engine, album: Path, imagesorter_home: Path):
    data = Home.under(imagesorter_home).data
    data.mkdir(parents=True, exist_ok=True)
    (data / "teaching.sqlite").write_bytes(b"this is no database" * 100)
    opened(engine, album)
    engine.attributes()
    told = [notice.text for notice in only(Notice, engine.index())]
    assert len(told) == 1 and str(data / "teaching.sqlite.damaged") in told[0]
    assert not only(Notice, engine.rank("brighter"))
