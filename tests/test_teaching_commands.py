"""Teaching from the command line with the bundled model: `train --pairs` and `rankers`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lessons import choose, prepared, write_pairs

from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.events import Event, TeachingReady
from imagesorter.paths import Home


@pytest.fixture
def no_loading(engine: Engine) -> Engine:
    """The model of `engine` serves all engines of this test."""
    return engine


def test_train_keeps_a_better_order_and_rankers_show_it(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs = write_pairs(tmp_path / "pairs.csv", album)
    assert (
        cli.run(["train", "--pairs", str(pairs), "--attribute", "my light", "--start", "", str(album)]) == 0
    )
    out = capsys.readouterr().out
    assert "before" in out and "after" in out and "Better than the start" in out
    assert cli.run(["rankers", "list"]) == 0
    assert capsys.readouterr().out.startswith("my light\t40 labels\tversion 1")
    pack = tmp_path / "x.ranker"
    assert cli.run(["rankers", "export", "My light", str(pack), "--licence", "CC0"]) == 0
    assert cli.run(["rankers", "import", str(pack)]) == 0
    assert cli.run(["rankers", "revert", "my light", "1"]) == 0
    capsys.readouterr()
    assert cli.run(["rankers", "show", "my light"]) == 0
    (shown,) = capsys.readouterr().out.splitlines()
    assert shown.endswith("in use"), "one's own, under whatever licence it was handed on"
    assert cli.run(["rank", "--top", "3", str(album), "my light"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert cli.run(["rankers", "remove", "my light"]) == 0
    assert cli.run(["rankers", "show", "my light"]) == 2
    assert "no taught attribute" in capsys.readouterr().err


def test_what_a_command_takes_in_is_not_taken_back_by_a_window_that_teaches_meanwhile(
    engine: Engine, album: Path, tmp_path: Path
):
    teaching = prepared(engine, album)
    choose(engine, teaching, 2)
    pairs = str(write_pairs(tmp_path / "pairs.csv", album))
    assert cli.run(["train", "--pairs", pairs, "--attribute", "my light", str(album)]) == cli.OK
    pair = teaching.next_pair()
    assert pair is not None and teaching.last == "answer"
    teaching.answer(pair, "skip")
    assert teaching.last == "skip" and teaching.undo() == pair
    assert teaching.answer(pair, "left").pairs == 43 and teaching.undo() == pair
    again = prepared(engine, album)
    for _ in range(2):
        assert again.last == "answer" and again.undo() is not None
    assert again.last is None and again.standing().pairs == 40


def test_the_same_pack_again_is_no_other_version(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def printed(*arguments: str) -> list[str]:
        assert cli.run(["rankers", *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    pairs, pack = write_pairs(tmp_path / "pairs.csv", album), str(tmp_path / "x.ranker")
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "my light", "--start", ""]) == 0
    printed("export", "my light", pack)
    assert "here already" in printed("import", pack)[0], "one's own is known too"
    printed("remove", "my light")
    assert "here already" not in printed("import", pack)[0]
    printed("revert", "my light")
    assert not printed("show", "my light")[0].endswith("in use, imported")
    again = printed("import", pack)
    assert len(again) == 1 and "here already" in again[0]
    shown = printed("show", "my light")
    assert len(shown) == 1 and "in use" in shown[0], "it is used again"
    printed("export", "my light", pack, "--licence", "CC0")
    (line,) = printed("import", pack)
    assert "here already" in line, "a licence makes no other order"
    assert ", in the place of " not in line
    assert printed("show", "my light") == shown


def test_each_change_of_a_ranker_is_told_in_a_line(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def printed(*arguments: str) -> str:
        assert cli.run(["rankers", *arguments]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        return line

    pairs, pack = write_pairs(tmp_path / "pairs.csv", album), str(tmp_path / "x.ranker")
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "My light", "--start", ""]) == 0
    capsys.readouterr()
    assert printed("export", "my LIGHT", pack) == (
        f"written: {pack}, version 1 of “My light” (labels included: 0)"
    )
    assert printed("export", "my light", pack, "--labels").endswith("(labels included: 40)")
    assert printed("revert", "my light") == (
        "reverted: “My light”, no version is in use any more; versions kept: 1"
    )
    assert printed("list") == "My light\t40 labels\tno version in use"
    assert cli.run(["rankers", "export", "my light", pack]) == 2
    assert "No version of “My light” is in use: bring one back first." in capsys.readouterr().err
    assert printed("revert", "my light", "1").startswith("reverted: “My light”, version 1 is in use: ")
    school = no_loading.rankers._labels
    school.set_start(school.begin("child", None), "my light")
    assert printed("remove", "my light") == (
        "removed: “My light” (labels: 40, versions: 1); "
        "it was the start of “child”: name another with --start"
    )
    printed("remove", "child")
    told = printed("import", pack)
    assert told.startswith("installed: “My light”, version 1 is in use: ")
    assert told.endswith("; labels in it: 40, known already: 0")
    assert printed("list").startswith("My light\t40 labels\tversion 1\t")
    assert re.search(r"\t\d+\.\d % \(\d+\.\d to \d+\.\d %\)$", printed("list"))
    told = printed("import", pack)
    assert told.startswith("here already: “My light”, version 1 is in use: ")
    assert told.endswith("; labels in it: 40, known already: 40")


def test_labels_of_photographs_that_were_not_opened_are_told(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs, first = write_pairs(tmp_path / "pairs.csv", album), min(album.iterdir())
    nameless = album / "no picture's name"
    nameless.write_bytes(first.read_bytes() + b"\0")
    with pairs.open("a", encoding="utf-8") as file:
        file.write(f"{nameless},{first},left\n")
    command = ["train", "--pairs", str(pairs), "--attribute", "my light", "--start", ""]
    assert cli.run(command) == 0
    told = capsys.readouterr().err
    assert "1 label left out: of photographs that were not opened" in told
    assert "Name the folders of the former, too, and --recursive to read their subfolders." in told
    cli.run([*command, "--recursive", str(album)])
    assert "Name the folders of the former, too." in capsys.readouterr().err


def test_no_rankers_are_told_beside_the_output(no_loading: Engine, capsys: pytest.CaptureFixture[str]):
    assert cli.run(["rankers", "list"]) == 0
    assert capsys.readouterr() == ("", "imagesorter: nothing was taught or imported yet.\n")


def test_the_same_file_again_is_no_more_evidence(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs = write_pairs(tmp_path / "pairs.csv", album)
    command = ["train", "--pairs", str(pairs), "--attribute", "my light", "--start", ""]
    assert cli.run(command) == 0
    assert "known already" not in capsys.readouterr().err
    cli.run(command)
    told = capsys.readouterr()
    assert f"{pairs}: 40 of 40 labels were known already and count once." in told.err
    assert "pairs       40\n" in told.out
    write_pairs(pairs, album, count=45)  # the first forty are the same
    cli.run(command)
    assert f"{pairs}: 40 of 45 labels were known already and count once." in capsys.readouterr().err
    cli.run(["rankers", "list"])
    assert capsys.readouterr().out.startswith("my light\t45 labels\t")


def test_the_same_fit_to_the_same_answers_is_no_other_version(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    command = ["train", "--attribute", "my light", "--start", "", "--pairs"]
    command.append(str(pairs := write_pairs(tmp_path / "pairs.csv", album)))
    assert cli.run(command) == 0
    capsys.readouterr()
    assert cli.run(command) == 1  # it is in use, and nothing can be better than itself
    assert "Not kept." in capsys.readouterr().out
    cli.run(["rankers", "revert", "my light"])
    assert cli.run(command) == 0
    told = capsys.readouterr()
    assert "Version 1 is the same order from the same answers: it is in use again" in told.err
    assert "Better than the start" in told.out
    assert cli.run(["rankers", "show", "my light"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("1\t") and line.endswith("in use")
    write_pairs(pairs, album, count=45)
    cli.run(["rankers", "revert", "my light"])
    assert cli.run(command) == 0
    assert "the same order" not in capsys.readouterr().err
    cli.run(["rankers", "list"])
    assert capsys.readouterr().out.startswith("my light\t45 labels\tversion 2\t")


def test_train_leaves_out_what_is_not_better(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs = write_pairs(tmp_path / "pairs.csv", album, wrong=0.5, count=30)
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "chance", "--start", ""]) == 1
    out = capsys.readouterr().out
    assert "Not kept." in out and "%" in out
    assert cli.run(["rankers", "list"]) == 0
    assert "nothing kept" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("absent.jpg", "none of its photographs is there (line 2: "),
        ("x" * 300, "none of its photographs is there (line 2: "),
        ("broken.jpg", "none of its photographs can be read. line 2: "),
    ],
)
def test_a_file_without_photographs_leaves_no_attribute(
    no_loading: Engine, album: Path, tmp_path: Path, name: str, told: str, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "broken.jpg").write_bytes(b"")
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"left,right,winner\n{name},absent-too.jpg,left\n")
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "lost", str(album)]) == 2
    err = capsys.readouterr().err
    assert f"{pairs}: {told}" in err and "Names are relative to the folder of the CSV" in err
    assert no_loading.rankers.names() == ()


def test_a_misspelt_folder_teaches_nothing(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    command = ["train", "--pairs", str(write_pairs(tmp_path / "pairs.csv", album)), "--attribute", "lost"]
    assert cli.run([*command, str(album), str(tmp_path / "nope")]) == 2
    assert f"{tmp_path / 'nope'}: no such folder or file. Check the spelling." in capsys.readouterr().err
    assert no_loading.rankers.names() == ()


def test_an_order_is_kept_and_told_where_some_photographs_cannot_be_read(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs = write_pairs(tmp_path / "pairs.csv", album)
    (album / "broken.jpg").write_bytes(b"no photograph")
    command = ["train", "--pairs", str(pairs), "--attribute", "my light", "--start", "", str(album)]
    assert cli.run(command) == 1
    told = capsys.readouterr()
    assert f"not read: {album / 'broken.jpg'}: " in told.err
    assert "Better than the start" in told.out and "Not kept." not in told.out
    cli.run(["rankers", "list"])
    assert capsys.readouterr().out.startswith("my light\t40 labels\tversion 1\t")


def test_cancelled_before_any_label_is_stored_it_leaves_no_attribute(
    no_loading: Engine,
    album: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def interrupted(events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, TeachingReady):
                raise KeyboardInterrupt
            yield event

    monkeypatch.setattr("imagesorter.cli_teach.shown", interrupted)
    pairs = write_pairs(tmp_path / "pairs.csv", album)
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "x", "--start", ""]) == 130
    monkeypatch.undo()
    monkeypatch.setenv("IMAGESORTER_HOME", str(tmp_path / "home"))
    assert no_loading.rankers.names() == ()


def test_a_file_of_pairs_without_effect_leaves_no_attribute(
    no_loading: Engine, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs = tmp_path / "pairs.csv"
    photo = next(album.iterdir())
    pairs.write_text(f"left,right,winner\n{photo},{photo},left\n{photo},{tmp_path / 'absent.jpg'},left\n")
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "lost"]) == 2
    err = capsys.readouterr().err
    assert "both are the same photograph" in err
    assert f"{pairs}: “lost” has no labels to learn from. A pair needs two different photographs, and" in err
    assert no_loading.rankers.names() == ()
    no_loading.rankers._labels.begin("named", None)
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "named"]) == 2
    assert no_loading.rankers.names() == ("named",), "it was there before"
    pairs.write_text(f"file,value\n{photo},3\n")
    assert cli.run(["train", "--pairs", str(pairs), "--attribute", "lost"]) == 2
    assert "two different photographs, and so do ratings: add a line." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "--pairs", "absent.csv", "--attribute", "x"], "cannot be read"),
        (["train", "--pairs", "absent.csv"], "add --attribute NAME"),
        (["train", "--pairs", "absent.csv", "--attribute", "gloomy “x”"], "leave out the quotation marks"),
        (["train"], "train needs labels"),
        (["train", "--attribute", "x"], "train needs labels"),
        (["train", "--backbone", "pocket"], "train needs labels"),
        (["train", "--csv", "absent.csv"], "name one with --backbone"),
        (["train", "--pairs", "a.csv", "--attribute", "x", "--steps", "5"], "--steps: only with --csv"),
        (["train", "--pairs", "a.csv", "--attribute", "x", "--presence"], "--presence: only with --csv"),
        (["train", "--pairs", "a.csv", "--attribute", "x", "--out", "b"], "--out: only with --csv"),
        (["train", "--csv", "a.csv", "--backbone", "pocket", "b"], "FOLDER: only with --pairs"),
        (["train", "--csv", "a.csv", "--backbone", "pocket", "--start", ""], "--start: only with --pairs"),
        (["train", "--csv", "a.csv", "--backbone", "x", "--recursive"], "--recursive: only with --pairs"),
        (["rankers", "import", "absent.ranker"], "cannot be read"),
        (["rankers", "export", "x", "y.ranker"], "no taught attribute"),
        (["rankers", "revert", "x", "3"], "no taught attribute"),
    ],
)
def test_wrong_use_is_told(
    no_loading: Engine, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.run(arguments) == 2
    assert told in capsys.readouterr().err


def test_labels_of_both_kinds_are_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        cli.run(["train", "--pairs", "a.csv", "--csv", "b.csv"])
    assert end.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_train_teaches_on_the_device_that_is_named(
    no_loading: Engine, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str | None] = []
    load = Engine.load_model

    def noted(engine: Engine, name: str | None = None, device: str | None = None) -> Iterator[Event]:
        asked.append(device)
        return load(engine, name, device)

    monkeypatch.setattr(Engine, "load_model", noted)
    pairs = write_pairs(tmp_path / "pairs.csv", album, count=12)
    cli.run(["train", "--pairs", str(pairs), "--attribute", "x", "--start", "", "--device", "cpu"])
    assert asked == ["cpu"]


@pytest.mark.usefixtures("caplog")
def test_lost_rankers_are_told(imagesorter_home: Path, capsys: pytest.CaptureFixture[str]):
    data = Home.under(imagesorter_home).data
    data.mkdir(parents=True, exist_ok=True)
    (data / "teaching.sqlite").write_bytes(b"this is no database" * 100)
    assert cli.run(["rankers", "list"]) == 0
    assert "teaching.sqlite.damaged" in capsys.readouterr().err
