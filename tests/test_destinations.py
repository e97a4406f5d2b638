"""Files that a command is to write at its end: refused before the work, and told where that fails later."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lessons import keep_order
from ordering import PHOTOGRAPHS, SHADES

from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.errors import ExportError
from imagesorter.events import Event
from imagesorter.paths import Home, bundled_models
from imagesorter.writing import check_destination, check_folder, replace_text

COUNT = len(PHOTOGRAPHS) + len(SHADES)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever begins the long work fails."""

    def reads(*_: object, **__: object) -> Iterator[Event]:
        pytest.fail("the work has begun")

    for name in ("open", "load_model", "rank"):
        monkeypatch.setattr(Engine, name, reads)


@pytest.mark.usefixtures("no_reading")
@pytest.mark.parametrize("option", ["--csv", "--json"])
@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("absent/order.csv", "its folder does not exist"),
        ("file/order.csv", "a part of its path is not a folder"),
        ("folder", "it is a folder"),
        ("new.jpg", "has the name of an image"),
        ("picture", "is an image"),
        ("x" * 300, "its name is too long"),
    ],
)
def test_rank_refuses_a_bad_destination_before_any_work(
    run: Run,
    photos: Path,
    tmp_path: Path,
    imagesorter_home: Path,
    option: str,
    place: str,
    told: str,
):
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture").write_bytes((photos / "coffee.jpg").read_bytes())
    before = {path for path in tmp_path.rglob("*") if imagesorter_home not in (path, *path.parents)}
    code, out, err = run("rank", photos, "brighter", option, tmp_path / place)
    assert (code, out) == (cli.WRONG_USE, "")
    assert told in err and str(tmp_path / place) in err
    after = {path for path in tmp_path.rglob("*") if imagesorter_home not in (path, *path.parents)}
    assert after == before


@pytest.mark.usefixtures("no_reading")
def test_two_files_of_one_name_are_refused(run: Run, photos: Path, tmp_path: Path):
    code, out, err = run("rank", photos, "brighter", "--csv", tmp_path / "o", "--json", tmp_path / "o")
    assert (code, out) == (cli.WRONG_USE, "")
    assert f"{tmp_path / 'o'} is written already by this command" in err


@pytest.mark.usefixtures("no_reading")
def test_a_hyphen_is_no_file(run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("rank", photos, "brighter", "--csv", "-")
    assert (code, out) == (cli.WRONG_USE, "") and "no name of a file" in err


@pytest.mark.usefixtures("no_reading")
def test_evaluate_does_not_write_over_its_labels(run: Run, tmp_path: Path):
    labels = tmp_path / "labels.csv"
    labels.write_text("filepath,title,cname,value\na.jpg,Sort,horse,1\n")
    code, _, err = run("evaluate", "--csv", labels, "--json", labels)
    assert code == cli.WRONG_USE
    assert f"{labels} is read by this command" in err


@pytest.mark.usefixtures("engine")
def test_a_file_that_fails_at_the_end_does_not_take_the_table_along(
    run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise ExportError("order.csv could not be written: the disk is full. Free some space.")

    monkeypatch.setattr("imagesorter.ranking.export.write_csv", full)
    tree = tmp_path / "order.json"
    code, out, err = run("rank", photos, "brighter", "--csv", tmp_path / "order.csv", "--json", tree)
    assert code == cli.WRONG_USE
    assert len(out.splitlines()) == COUNT
    assert err.endswith("order.csv could not be written: the disk is full. Free some space.\n")
    assert len(json.loads(tree.read_text("utf-8"))["images"]) == COUNT


@pytest.mark.usefixtures("engine")
def test_the_option_decides_the_form_and_not_the_name(run: Run, photos: Path, tmp_path: Path):
    table, tree = tmp_path / "table.json", tmp_path / "tree"
    assert run("rank", photos, "brighter", "--csv", table, "--json", tree)[0] == cli.OK
    assert table.read_text("utf-8").startswith("rank,path,")
    assert json.loads(tree.read_text("utf-8"))["query"] == "brighter"


@pytest.mark.usefixtures("no_reading")
@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_rank_writes_over_no_database_and_no_file_of_the_application(
    run: Run, photos: Path, tmp_path: Path, imagesorter_home: Path, option: str
):
    (database := tmp_path / "notes").write_bytes(b"SQLite format 3\0" + bytes(100))
    (log := tmp_path / "notes-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(100))
    for place in (database, log):
        code, out, err = run("rank", photos, "brighter", option, place)
        assert (code, out) == (cli.WRONG_USE, "")
        assert f"{place} is a database: choose another name" in err
    home = Home.under(imagesorter_home)
    files = (home.config / name for name in ("settings.json", "moves.json"))
    for own in (home.data / "models" / "mine" / "kept", *files, home.cache / "kept"):
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text("kept")
        (link := tmp_path / "link").symlink_to(own)
        for place in (own, link):
            code, out, err = run("rank", photos, "brighter", option, place)
            assert (code, out) == (cli.WRONG_USE, "")
            assert f"{place} is one of Imagesorter's own files" in err and "choose another folder" in err
        link.unlink()
        assert own.read_text() == "kept"
    code, _, err = run("rank", photos, "brighter", option, bundled_models() / "pocket" / "model.json")
    assert code == cli.WRONG_USE and "one of Imagesorter's own files" in err


@pytest.mark.usefixtures("engine")
def test_an_order_of_the_users_beside_what_was_taught_is_written_again(
    run: Run, photos: Path, imagesorter_home: Path
):
    order = Home.under(imagesorter_home).data / "order.csv"
    order.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        assert run("rank", photos, "brighter", "--csv", order)[0] == cli.OK


def test_what_was_taught_outlives_an_export_over_it(run: Run, imagesorter_home: Path):
    taught = Home.under(imagesorter_home).data / "teaching.sqlite"
    keep_order(taught.parent, "keepers")
    for place in (taught, taught.with_name("teaching.sqlite-wal")):
        code, out, err = run("rankers", "export", "keepers", place)
        assert (code, out) == (cli.WRONG_USE, "")
        assert str(place) in err and "never replaced" in err
    assert run("rankers", "list")[1].startswith("keepers\t")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions stop others only")
def test_a_folder_without_permission_is_found_out(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="no permission"):
        check_destination(tmp_path / "order.csv")
    tmp_path.chmod(0o700)


def test_a_good_destination_leaves_no_trace(tmp_path: Path):
    there = tmp_path / "there.csv"
    there.write_text("old")
    check_destination(there)
    check_destination(tmp_path / "new.csv")
    check_folder(tmp_path / "far" / "away")
    assert list(tmp_path.iterdir()) == [there]
    assert there.read_text() == "old"


@pytest.mark.parametrize(
    "arguments",
    [
        ["recipe", "--data", ".", "--work", "{}/work"],
        ["recipe", "--data", ".", "--work", ".", "--out", "{}/out"],
        ["bench", "labels.csv", "--work", "{}"],
        ["bench", "labels.csv", "--work", "{}/work"],
        ["train", "--csv", "labels.csv", "--backbone", "pocket", "--out", "{}/out"],
        ["train", "--csv", "labels.csv", "--backbone", "pocket", "--probe", "--out", "{}/out"],
    ],
)
def test_a_training_refuses_a_bad_place_at_once(run: Run, tmp_path: Path, arguments: list[str]):
    file = tmp_path / "file"
    file.write_text("text")
    code, _, err = run(*(argument.format(file) for argument in arguments))
    assert code == cli.WRONG_USE
    assert str(file) in err and "could not be written" in err


def test_what_a_killed_process_left_is_removed_by_the_next_that_writes_there(tmp_path: Path):
    left, live = (tmp_path / f".imagesorter-{digit * 16}.tmp" for digit in "ab")
    others = [
        tmp_path / ".imagesorter-0123456789abcdef.tmp.jpg",
        tmp_path / ".imagesorter-0123.tmp",
        tmp_path / "imagesorter-0123456789abcdef.tmp",
        tmp_path / ".imagesorter-0123456789ABCDEF.tmp",
    ]
    for path in (left, live, *others):
        path.write_text("x")
        if path != live:
            os.utime(path, (0, 0))
    (tmp_path / f".imagesorter-{'c' * 16}.tmp").mkdir()
    target = tmp_path / "order.csv"
    replace_text(target, lambda file: file.write("new"))
    assert {path for path in tmp_path.iterdir() if path.is_file()} == {live, target, *others}
    assert target.read_text() == "new"
