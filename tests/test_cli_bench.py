from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from labelled import write_backbone, write_pictures

from imagesorter import cli, labelled
from imagesorter.events import Event, Judged, Studied
from imagesorter.training.study.options import METHODS, StudyOptions


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def test_a_study_is_printed_and_kept(run, labels: Path, tmp_path: Path, imagesorter_home: Path):
    (labels.parent / "broken.png").write_bytes(b"no picture")
    own = tmp_path / "own.csv"
    unreadable = "broken.png,Rank the redness.,red,3\nnever.png,Rank the redness.,red,3\n"
    own.write_text(labels.read_text("utf-8") + unreadable, "utf-8")
    bench = ("bench", own, "--images", labels.parent, "--backbone", write_backbone(tmp_path), "--steps", 2,
             "--batch", 8, "--width", 32, "--test", 0.3, "--validation", 0.4, "--seeds", 1, 2,
             "--device", "cpu")  # fmt: skip
    code, out, err = run(*bench, "--format", "csv", "--methods", "probe", "prototypes", "ours")
    assert code == cli.UNREADABLE
    assert err.count(f"not read: {labels.parent / 'broken.png'}: ") == err.count("broken.png") == 1
    assert f"not read: {labels.parent / 'never.png'}: there is no such file" in err
    assert err.count("never.png") == 1
    lines = list(csv.DictReader(out.splitlines()))
    assert [line["method"] for line in lines if line["category"] == "mean"] == ["probe", "prototypes", "ours"]
    assert float(lines[2]["srcc"]) > 0.8
    assert lines[2]["seeds"] == "2"
    assert len(list((imagesorter_home / "cache" / "bench").glob("own-*/study.json"))) == 1

    code, out, _ = run(*bench, "--methods", "zero-shot", "probe")
    assert code == cli.UNREADABLE
    assert [line.split(" | ")[0] for line in out.splitlines()[2:4]] == ["| zero-shot", "| linear probe"]

    code, out, _ = run(*bench, "--methods", "probe", "--batch", 9)
    assert code == cli.UNREADABLE, "nobody chose the folder, so it holds studies of any settings"
    assert "| linear probe" in out


def test_what_was_finished_is_printed_when_stopped(run, labels: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(engine: object, options: object) -> Iterator[Event]:
        figures = {"images": 3, "srcc": 0.25, "plcc": 0.5}
        yield Studied("probe", METHODS["probe"], 1, (Judged("mean", figures),), 9, 0.1, None)
        raise KeyboardInterrupt

    monkeypatch.setattr(labelled, "study", stopped)
    code, out, err = run("bench", labels)
    assert code == cli.CANCELLED
    assert "| linear probe | 0.250 | 0.500 | 9 | 0.1 |" in out
    assert "cancelled" in err


@pytest.mark.parametrize("stem", ["s" * 251, "🐎" * 62])
def test_labels_may_have_the_longest_name_there_is(
    run, labels: Path, imagesorter_home: Path, monkeypatch: pytest.MonkeyPatch, stem: str
):
    asked: list[StudyOptions] = []
    monkeypatch.setattr(labelled, "study", lambda engine, options: asked.append(options) or iter(()))
    code, _, err = run("bench", labels.with_name(f"{stem}.csv"))
    assert (code, err) == (cli.OK, "")
    asked[0].work.mkdir(parents=True)
    assert asked[0].work.parent == imagesorter_home / "cache" / "bench"


@pytest.mark.parametrize(("arguments", "message"), [
    (["absent.csv"], "absent.csv: the file cannot be read"),
    (["{labels}", "--methods", "oracle"], "no method “oracle”. Known: zero-shot, antonyms"),
    (["{labels}", "--validation", "0"], "--validation must be a share"),
    (["{labels}", "--test", "1.5"], "share from 0 to below 1"),
    (["{labels}", "--test", "absent.csv"], "absent.csv: the file cannot be read"),
    (["{labels}", "--seeds", "1", "1"], "different whole numbers"),
    (["{labels}", "--seeds", "x"], "invalid int"),
    (["{labels}", "--format", "pdf"], "invalid choice"),
    (["{labels}", "--backbone", "ViT-B-33"], "no OpenCLIP model “ViT-B-33”"),
])  # fmt: skip
def test_wrong_use_is_told(run, labels: Path, arguments: list[str], message: str):
    code, out, err = run("bench", *(argument.format(labels=labels) for argument in arguments))
    assert code == cli.WRONG_USE
    assert message in err
    assert not out
