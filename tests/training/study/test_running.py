"""A study from files to results, and what of it can go wrong."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from labelled import COUNT, write_backbone, write_pictures

from imagesorter.errors import ImagesorterError, StorageError
from imagesorter.events import Event, Finished, Notice, Progress, Studied, Unreadable
from imagesorter.training.labelled.dataset import LabelsError
from imagesorter.training.study import running
from imagesorter.training.study.options import METHODS, StudyOptions
from imagesorter.training.study.report import markdown, rows
from imagesorter.training.study.running import read_parts, study


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def options(labels: Path, tmp_path: Path) -> StudyOptions:
    return StudyOptions(
        labels, str(write_backbone(tmp_path)), tmp_path / "work", seeds=(1, 2), steps=2, batch=8, width=32,
        test=0.3, validation=0.4, device="cpu",
    )  # fmt: skip


def results(events: list[Event]) -> list[Studied]:
    return [event for event in events if isinstance(event, Studied)]


def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of all fits from here on that are no search for a learning rate."""
    seeds: list[int] = []
    own = running.fit

    def counted(*arguments: object, seed: int, **more: object):
        seeds.append(seed)
        return own(*arguments, seed=seed, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "fit", counted)
    return seeds


def test_every_method_has_its_row_and_a_second_run_fits_nothing(
    options: StudyOptions, monkeypatch: pytest.MonkeyPatch
):
    events = list(study(options))
    found = results(events)
    assert [(one.method, one.seed) for one in found] == [(name, seed) for name in METHODS for seed in (1, 2)]
    assert isinstance(events[-1], Finished)
    assert (events[-1].done, events[-1].unreadable) == (COUNT, 0)
    assert [notice.text for notice in events if isinstance(notice, Notice)] == [
        f"{options.backbone} has random weights: name weights with --pretrained."
    ]
    steps = [event for event in events if isinstance(event, Progress) and event.stage == "train"]
    trained = len(METHODS) - len(running.DIRECT)
    assert [event.done for event in steps] == list(range(1, trained * (3 + 2) * options.steps + 1))
    assert {event.total for event in steps} == {len(steps)}
    for one in found:
        assert [judged.category for judged in one.judged] == ["red", "bright", "mean"]
        assert (one.rate is None) == (one.method in running.DIRECT)
        assert (one.parameters == 0) == (one.method in ("zero-shot", "antonyms"))
    table = markdown(rows(found))
    assert all(f"| {title} | " in table for title in METHODS.values())
    probe = next(one for one in found if one.method == "probe")
    assert probe.judged[-1].figures["srcc"] > 0.8, "plain colours are told by any tower"

    seeds = fits(monkeypatch)
    assert results(list(study(options))) == found
    assert not seeds


def test_images_are_counted_once_in_whatever_linesthey_are(
    options: StudyOptions, labels: Path, tmp_path: Path
):
    heading, *lines = labels.read_text("utf-8").splitlines()
    several = tmp_path / "several.csv"
    several.write_text("\n".join([heading, *lines, *lines[::2]]) + "\n", "utf-8")
    options = replace(options, methods=("probe",), seeds=(1,))
    (once,) = rows(results(list(study(options))))
    options = replace(options, csv=several, images=labels.parent, work=tmp_path / "several")
    (again,) = rows(results(list(study(options))))
    assert again.images == once.images and set(again.images.values()) == {again.total} == {once.total}


def test_a_stopped_study_goes_on(options: StudyOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    options = replace(options, methods=("zero-shot", "prototypes", "contrastive"))
    seeds = fits(monkeypatch)
    whole = results(list(study(replace(options, work=tmp_path / "whole"))))
    assert seeds == [1, 2, 1, 2]

    events = study(options)
    found = []
    while len(found) < 4:
        if isinstance(event := next(events), Studied):
            found.append(event)
    while not (isinstance(event := next(events), Progress) and "contrastive" in event.note):
        pass
    events.close()  # type: ignore[attr-defined]
    del seeds[:]
    again = results(list(study(options)))
    assert seeds == [1, 2], "one fit each of the last method"
    assert again[:4] == found
    assert [replace(one, seconds=0) for one in again] == [replace(one, seconds=0) for one in whole]
    more = results(list(study(replace(options, methods=("prototypes", "probe"), seeds=(2, 3)))))
    assert more[0] == again[3]
    assert len(more) == 4
    assert len(seeds) == 3


def test_a_record_of_other_settings_is_left_alone(options: StudyOptions):
    options = replace(options, methods=("zero-shot",))
    list(study(options))
    record = options.work / "study.json"
    before = record.read_bytes()
    with pytest.raises(StorageError, match=r"other settings \(steps\).*--work"):
        list(study(replace(options, steps=3)))
    assert record.read_bytes() == before
    for damaged in ("{", "[]", '{"plan": 1}'):
        record.write_text(damaged, "utf-8")
        with pytest.raises(StorageError, match=r"study\.json is damaged"):
            list(study(options))


def test_studies_of_other_settings_and_labels_stand_beside_each_other(
    options: StudyOptions, labels: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(labels.read_text("utf-8").replace(",red,1", ",red,2", 1), "utf-8")
    asked = replace(options, methods=("prototypes",), seeds=(1,), images=labels.parent, beside=True)
    asked_of = [asked, replace(asked, steps=3), replace(asked, csv=corrected)]
    fitted = fits(monkeypatch)
    found = [results(list(study(one))) for one in asked_of]
    assert len(fitted) == 3
    assert len(list(options.work.glob("study*.json"))) == 3
    assert len(list(options.work.glob("embeddings-*"))) == 1
    assert [results(list(study(one))) for one in asked_of] == found
    assert len(fitted) == 3
    with pytest.raises(StorageError, match=r"other settings \(steps\)"):
        list(study(replace(asked, steps=3, beside=False)))


@pytest.mark.parametrize("beside", [True, False])
def test_a_study_of_other_photographs_is_one_of_its_own(
    options: StudyOptions, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
):
    photographs = tmp_path / "photographs"
    shutil.copytree(labels.parent, photographs)
    own = photographs / "labels.csv"
    aged = [f"{number}.jpg,Rank the age.,age,{number}\n" for number in range(30)]
    heading, *lines = labels.read_text("utf-8").splitlines(keepends=True)
    own.write_text("".join([heading, *aged, *lines]), "utf-8")
    asked = replace(options, csv=own, methods=("probe", "prototypes"), seeds=(1,), beside=beside)
    seeds = fits(monkeypatch)

    def told() -> tuple[list[Studied], list[list[str]], int]:
        del seeds[:]
        found = results(list(study(asked)))
        return found, [[judged.category for judged in one.judged] for one in found], len(seeds)

    first = told()
    assert first[1:] == ([["red", "bright", "mean"]] * 2, 1)
    for number in range(30):
        shutil.copy(labels.parent / f"{number}.png", photographs / f"{number}.jpg")
    corrected = told()
    assert corrected[1:] == ([["age", "red", "bright", "mean"]] * 2, 1)
    assert told() == (*corrected[:2], 0)
    with (photographs / "0.jpg").open("ab") as file:
        file.write(b"more")
    assert told()[1:] == corrected[1:], "another file may show something else"
    for number in range(30):
        (photographs / f"{number}.jpg").unlink()
    assert told() == (*first[:2], 0), "and what was finished with those of before is there"


def test_other_settings_are_refused_before_photographs_are_read(options: StudyOptions):
    options = replace(options, methods=("zero-shot",))
    list(study(options))
    events: list[Event] = []
    with pytest.raises(StorageError, match=r"\(steps\)"):
        events.extend(study(replace(options, steps=3)))
    assert {event.stage for event in events if isinstance(event, Progress)} == {"model"}


def test_each_photograph_is_in_one_part(options: StudyOptions, labels: Path, tmp_path: Path):
    learning, apart, test = (set(part.image.tolist()) for part in read_parts(options))
    assert not learning & apart | learning & test | apart & test
    assert len(learning | apart | test) == COUNT
    assert len(test) == pytest.approx(0.3 * COUNT, abs=5)
    assert len(apart) == pytest.approx(0.4 * 0.7 * COUNT, abs=5)

    lines = labels.read_text("utf-8").splitlines(keepends=True)
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    own.write_text("".join(lines[:61]), "utf-8")
    other.write_text(lines[0] + "".join(lines[61:]), "utf-8")
    asked = replace(options, csv=own, test=other, images=labels.parent)
    learning, apart, test = read_parts(asked)
    assert (len(learning) + len(apart), len(test)) == (60, 20)
    other.write_text(lines[0] + "".join(lines[60:]), "utf-8")
    with pytest.raises(LabelsError, match=r"29\.png is in .*own\.csv and in .*other\.csv"):
        read_parts(asked)


def test_what_cannot_be_learned_or_read_is_told(options: StudyOptions, labels: Path, tmp_path: Path):
    lines = labels.read_text("utf-8").splitlines(keepends=True)
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    own.write_text("".join(lines[:61]) + "absent.png,Rank the redness.,red,3\n", "utf-8")
    other.write_text(
        lines[0] + "".join(lines[61:]) + "38.png,Rank the age.,age,1\n39.png,Rank the age.,age,2\n", "utf-8"
    )
    events = list(
        study(replace(options, csv=own, test=other, images=labels.parent, methods=("zero-shot",), seeds=(1,)))
    )
    assert "age: left out, for no image of it is there to learn from." in [
        event.text for event in events if isinstance(event, Notice)
    ]
    assert {event.path.name for event in events if isinstance(event, Unreadable)} == {"absent.png"}
    assert [one.category for one in results(events)[0].judged] == ["red", "bright", "mean"]
    assert isinstance(events[-1], Finished)
    assert events[-1].unreadable == 1


@pytest.mark.parametrize(("changes", "message"), [
    ({"methods": ("zero-shot", "oracle")}, "no method “oracle”. Known: zero-shot, antonyms, probe, "),
    ({"methods": ()}, "no method is named"),
    ({"methods": ("probe", "probe")}, "named twice"),
    ({"seeds": ()}, "different whole numbers"),
    ({"seeds": (1, 1)}, "different whole numbers"),
    ({"validation": 0.0}, "--validation must be a share"),
])  # fmt: skip
def test_wrong_options_are_told(options: StudyOptions, changes: dict[str, object], message: str):
    with pytest.raises(ImagesorterError, match=message):
        replace(options, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kept", "message"), [
    (["0.png,a,red,1"], "no two images of different values in any category to "),
    ([f"{n}.png,a,red,{n}" for n in range(3)], "no two images of different values"),
    ([f"{n}.png,a,red,1" for n in range(30)], "to learn from. Label more images"),
    ([], "no labels below the line"),
])  # fmt: skip
def test_too_few_labels_are_told(
    options: StudyOptions, labels: Path, tmp_path: Path, kept: list[str], message: str
):
    few = tmp_path / "few.csv"
    few.write_text("\n".join(["filepath,title,cname,value", *kept]) + "\n", "utf-8")
    with pytest.raises(LabelsError, match=message):
        list(study(replace(options, csv=few, images=labels.parent)))
    assert not options.work.exists(), "nothing half-done stays"


def test_two_runs_give_the_same_figures(options: StudyOptions, tmp_path: Path):
    options = replace(options, methods=("context", "rank-attention", "ours"), seeds=(4,))
    first, second = (
        results(list(study(replace(options, work=tmp_path / name)))) for name in ("first", "second")
    )
    assert [replace(one, seconds=0) for one in first] == [replace(one, seconds=0) for one in second]
    stored = json.loads((tmp_path / "first" / "study.json").read_text("utf-8"))
    assert set(stored["rates"]) == {"context", "rank-attention", "ours"}
