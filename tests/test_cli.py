from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from ordering import PHOTOGRAPHS, SHADES

from imagesorter import __version__, cli
from imagesorter.__main__ import main
from imagesorter.engine import Engine
from imagesorter.events import Event, Indexed
from imagesorter.paths import Home, bundled_models
from imagesorter.settings import Settings
from imagesorter.training.pairs.labels import LabelStore
from imagesorter.training.pairs.store import TeachingStore

if TYPE_CHECKING:
    from imagesorter.model.ranker import Ranker

COUNT = len(PHOTOGRAPHS) + len(SHADES)
LEARNED = "imagesorter: Sorted by Pocket: trained on this.\n"

_WITHOUT_MODEL = """
import sys
import numpy as np
from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.events import Progress
from imagesorter.ranking.order import LiveOrder

def rank(self, query):
    count = len(self.files)
    yield Progress("rank", count, count)
    order = LiveOrder()
    order.add(np.arange(count), np.zeros(count))
    yield order.ranked(query, "none", True)

Engine.load_model = lambda self, name, device: iter(())
Engine.rank = rank
sys.exit(cli.run(sys.argv[1:]))
"""
"""The command with a model that finds all images equal, so that torch is not needed."""


class Result(NamedTuple):
    """What a command leaves."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """Fields of the printed lines."""
        return [line.split("\t") for line in self.out.splitlines()]


Command = Callable[..., Result]


@pytest.fixture
def command(ranker: Ranker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process, where the model is loaded already."""
    monkeypatch.setattr("imagesorter.model.ranker.Ranker", lambda manifest, device: ranker)
    monkeypatch.setattr(cli.logs, "set_up", lambda folder, verbose: None)

    def run(*arguments: object) -> Result:
        try:
            code = cli.run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return Result(code, *capsys.readouterr())

    return run


def process(*arguments: object, script: str | None = None) -> Result:
    """Run a command in a process of its own."""
    start = ["-m", "imagesorter"] if script is None else ["-c", script]
    done = subprocess.run(
        [sys.executable, *start, *map(str, arguments)], capture_output=True, text=True, timeout=100
    )
    return Result(done.returncode, done.stdout, done.stderr)


# The whole way, in a process of its own


def test_nobody_has_ordered_what_could_not_be_read(tmp_path: Path):
    (tmp_path / "broken.jpg").write_text("no picture")
    done = process("rank", tmp_path, "brighter")
    assert done.code == cli.UNREADABLE and done.rows == []
    assert len(done.err.splitlines()) == 1 and "not read: " in done.err


def test_a_folder_is_ordered(photos: Path, tmp_path: Path):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    (folder / "broken.jpg").write_text("no picture")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    table = tmp_path / "order.csv"
    done = process("rank", folder, "brighter", "--csv", table)

    assert done.code == cli.UNREADABLE
    assert done.err.startswith(f"{LEARNED}imagesorter: not read: {folder / 'broken.jpg'}: ")
    assert len(done.err.splitlines()) == 2
    assert len(done.rows) == COUNT
    assert [int(rank) for rank, _, _ in done.rows] == list(range(1, COUNT + 1))
    values = [float(score) for _, score, _ in done.rows]
    assert values == sorted(values, reverse=True)
    with table.open(encoding="utf-8", newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == [path for _, _, path in done.rows]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are Unix's")
def test_ctrl_c_keeps_what_was_read(photos: Path, imagesorter_home: Path):
    script = """
import signal, sys
from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.events import Indexed

rank = Engine.rank
def interrupted(self, query):
    for event in rank(self, query):
        yield event
        if isinstance(event, Indexed):
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
Engine.rank = interrupted
sys.exit(cli.run(sys.argv[1:]))
"""
    done = process("rank", photos, "brighter", script=script)
    assert (done.code, done.out) == (130, "")
    assert done.err.strip() == "imagesorter: cancelled; what was read is kept.", "nothing was ordered"
    engine = Engine(Home.under(imagesorter_home), Settings())
    assert 0 < engine.usage().images < COUNT
    engine.close()


def test_ctrl_c_before_the_command_line_is_read_ends_without_a_trace(monkeypatch: pytest.MonkeyPatch):
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    assert main(["rank", ".", "brighter"]) == 130


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are Unix's")
@pytest.mark.parametrize("arguments", [["rank", ".", "brighter"], ["evaluate", "--csv", "labels.csv"]])
def test_ctrl_c_that_something_on_the_way_swallows_still_counts(
    photos: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    script = """
import signal, sys
from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.events import Progress

def swallowing(self, name, device):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        pass  # as importing torch does at times
    yield Progress("model", 0)
    raise AssertionError("it went on")

signal.signal(signal.SIGINT, signal.default_int_handler)
Engine.load_model = swallowing
sys.exit(cli.run(sys.argv[1:]))
"""
    monkeypatch.chdir(tmp_path)
    shutil.copy(photos / "coffee.jpg", tmp_path)
    (tmp_path / "labels.csv").write_text("filepath,title,cname,value\ncoffee.jpg,Sort,horse,1\n")
    done = process(*arguments, script=script)
    assert (done.code, done.out) == (130, "")
    assert done.err == "\nimagesorter: cancelled; what was read is kept.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are Unix's")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_end_leaves_no_half_written_file(photos: Path, tmp_path: Path, name: str):
    script = f"""
import os, signal, sys
from imagesorter import cli

def ended(descriptor):
    signal.raise_signal(signal.{name})

signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a job in the background does
signal.signal(signal.{name}, signal.SIG_DFL)  # whoever runs the tests may ignore it
os.fsync = ended
sys.exit(cli.run(sys.argv[1:]))
"""
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "order.csv").write_text("before")
    done = process("rank", photos / "coffee.jpg", "brighter", "--csv", folder / "order.csv", script=script)
    assert done.code == 128 + signal.Signals[name]
    assert done.err.endswith("imagesorter: cancelled; what was read is kept.\n")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"order.csv": "before"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are Unix's")
def test_a_signal_that_a_process_was_told_to_ignore_is_ignored(photos: Path):
    script = """
import signal, sys
from imagesorter import cli
from imagesorter.engine import Engine

rank = Engine.rank
def hung_up(self, query):
    signal.raise_signal(signal.SIGHUP)
    yield from rank(self, query)

signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
Engine.rank = hung_up
sys.exit(cli.run(sys.argv[1:]))
"""
    assert process("rank", photos / "coffee.jpg", "brighter", script=script).code == cli.OK


def test_a_reader_that_has_enough_is_no_error(photos: Path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_MODEL, "rank", photos, "brighter"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=100,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("full", [True, False], ids=["full", "gone"])
def test_messages_that_nobody_can_read_cost_no_order(photos: Path, tmp_path: Path, full: bool):
    shutil.copytree(photos, folder := tmp_path / "photos")
    (folder / "gone.jpg").symlink_to("nowhere")
    reading, writing = os.pipe()
    os.close(reading)
    table = tmp_path / "order.csv"
    with open("/dev/full", "w") as device:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", _WITHOUT_MODEL, "rank", folder, "brighter", "--csv", table],
            stdout=subprocess.PIPE,
            stderr=device if full else writing,
            text=True,
            timeout=100,
        )
    os.close(writing)
    assert done.returncode == cli.UNREADABLE
    assert len(table.read_text("utf-8").splitlines()) == len(done.stdout.splitlines()) + 1 == COUNT + 1


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed otherwise there")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_the_caller_has_closed_are_no_failure(photos: Path, tmp_path: Path, closed: str):
    table = tmp_path / "order.csv"
    start = [sys.executable, "-c", _WITHOUT_MODEL, "rank", str(photos), "brighter", "--csv", str(table)]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *start], capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(table.read_text("utf-8").splitlines()) == COUNT + 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_ties_share_a_rank_and_progress_leaves_no_trace(photos: Path):
    import pty
    import select

    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", _WITHOUT_MODEL, "rank", photos, "brighter"], stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 100)[0]:
        try:
            portion = os.read(ours, 65536)
        except OSError:  # how Linux tells the end
            break
        if not portion:
            break
        shown += portion
    os.close(ours)
    assert child.wait(100) == 0
    lines = shown.decode().split("\r\x1b[K")
    assert any(line.startswith("ordering  [####") for line in lines)
    heading, *rows = lines[-1].splitlines()
    assert heading.split() == ["rank", "score", "photograph"]
    assert [row.split()[:2] for row in rows] == [["1", "0.000"]] * COUNT


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_come_out_of_a_pipe_as_they_are_on_disk(
    photos: Path, tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    folder = tmp_path / "names"
    folder.mkdir()
    names = ["été.jpg".encode(), b"\xe9t\xe9.jpg", "写真.jpg".encode(), b" = + .jpg"]
    for name in names:
        shutil.copy(photos / "coffee.jpg", os.fsencode(folder) + b"/" + name)
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_MODEL, "rank", folder, "brighter"], capture_output=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, b"")
    paths = [line.split(b"\t")[2] for line in done.stdout.splitlines()]
    assert sorted(paths) == sorted(os.fsencode(folder) + b"/" + name for name in names)


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
@pytest.mark.parametrize("arguments", [["train", "--help"], ["rankers", "remove", "写真"]])
def test_a_terminal_without_these_characters_is_no_failure(
    imagesorter_home: Path, encoding: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
):
    store = TeachingStore(Home.under(imagesorter_home).data)
    LabelStore(store).begin("写真", None)
    store.close()
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = process(*arguments)
    assert (done.code, done.err) == (0, "")
    told = "\\u2026" if arguments[0] == "train" else "removed: \\u201c\\u5199\\u771f\\u201d"
    assert told in done.out


def test_wrong_use_is_quick_and_clean(photos: Path):
    done = process("rank", photos, "less")
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert done.err.startswith("imagesorter: The query says how much, but not of what.")
    assert "Traceback" not in done.err


# The same, in this process


def test_all_goes_well(command: Command, photos: Path):
    done = command("rank", photos, "brighter")
    assert (done.code, done.err) == (cli.OK, LEARNED)
    shades = [Path(path).stem for _, _, path in done.rows if "shade" in path]
    assert shades == sorted(SHADES, reverse=True)


def test_files_and_folders_may_be_mixed(command: Command, photos: Path):
    done = command("rank", photos / "coffee.jpg", photos / "rocket.jpg", "brighter")
    assert {Path(path).name for _, _, path in done.rows} == {"coffee.jpg", "rocket.jpg"}


def test_top_shortens_screen_and_files(command: Command, photos: Path, tmp_path: Path):
    whole = command("rank", photos, "brighter")
    table, tree = tmp_path / "order.csv", tmp_path / "order.json"
    done = command("rank", photos, "brighter", "--top", 3, "--csv", table, "--json", tree)
    assert done.rows == whole.rows[:3]
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [path for _, _, path in done.rows]
    assert float(rows[2]["percentile"]) == pytest.approx(100 * (COUNT - 3) / (COUNT - 1), abs=0.01)
    stored = json.loads(tree.read_text("utf-8"))
    assert stored["query"] == "brighter"
    assert [image["path"] for image in stored["images"]] == [path for _, _, path in done.rows]


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5"])
def test_top_wants_a_count(command: Command, photos: Path, count: str):
    done = command("rank", photos, "brighter", f"--top={count}")
    assert done.code == cli.WRONG_USE
    assert "not a whole number above zero" in done.err


def test_subfolders_and_hidden_files_on_request(command: Command, photos: Path, tmp_path: Path):
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    shutil.copy(photos / "coffee.jpg", root / "inner")
    shutil.copy(photos / "rocket.jpg", root / ".hidden.jpg")
    done = command("rank", root, "brighter")
    assert done.code == cli.WRONG_USE
    assert f"no photographs in {root}. Subfolders are read with --recursive." in done.err
    assert len(command("rank", root, "brighter", "--recursive").rows) == 1
    assert len(command("rank", root, "brighter", "--recursive", "--hidden").rows) == 2


def test_a_folder_where_nothing_can_be_read(command: Command, tmp_path: Path):
    for k in range(3):
        (tmp_path / f"{k}.jpg").write_text("no picture")
    done = command("rank", tmp_path, "brighter")
    assert (done.code, done.out) == (cli.UNREADABLE, "")
    assert done.err.count("not read") == 3


def test_a_file_that_is_none_is_not_told_of_subfolders(command: Command, tmp_path: Path):
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    done = command("rank", text, "brighter")
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert done.err == f"imagesorter: no photographs in {text}.\n"


@pytest.mark.skipif(os.name == "nt", reason="links are for administrators there")
def test_a_link_that_leads_nowhere_is_told_as_one(command: Command, tmp_path: Path):
    link = tmp_path / "link.jpg"
    link.symlink_to("absent.jpg")
    done = command("rank", link, "brighter")
    assert (done.code, done.out) == (cli.UNREADABLE, "")
    assert done.err == f"imagesorter: not read: {link}: this link leads to a file that is not there\n"


@pytest.mark.parametrize("place", ["absent", "coffee.jpg/inner"])
def test_a_missing_folder(command: Command, photos: Path, place: str):
    done = command("rank", photos, photos / place, "brighter")
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert f"{photos / place}: no such folder or file. Check the spelling." in done.err


def test_a_place_that_cannot_be_is_told(command: Command, photos: Path):
    done = command("rank", photos, "x" * 300, "brighter")
    assert done.code == cli.UNREADABLE
    assert len(done.rows) == COUNT
    assert "not read: " in done.err


@pytest.mark.parametrize("query", ["", " ", "less", "sharp +", '"open'])
def test_a_query_that_is_none(command: Command, photos: Path, query: str):
    done = command("rank", photos, query)
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert done.err.startswith("imagesorter: ")


def test_a_query_that_begins_with_a_hyphen(command: Command, photos: Path):
    done = command("rank", "--top", 2, "--", photos, "-bright")
    assert done.rows == command("rank", photos, "less bright", "--top", 2).rows


def test_a_guess_is_told(command: Command, photos: Path):
    done = command("rank", photos, "more melancholic")
    assert done.code == cli.OK
    assert len(done.rows) == COUNT
    assert "has not learned “melancholic”: this order is a guess" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "nonesuch"], "there is no model “nonesuch”. Installed: pocket."),
        (["--device", "abacus"], "invalid choice: 'abacus'"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_unknown_choices(command: Command, photos: Path, options: list[str], message: str):
    done = command("rank", photos, "brighter", *options)
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert message in done.err


def test_a_device_that_is_not_there(command: Command, photos: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imagesorter.model.device.devices", lambda: ("cpu",))
    done = command("rank", photos, "brighter", "--device", "cuda")
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert "“cuda” is not available here; this machine has cpu" in done.err


def test_a_remembered_device_that_is_gone(
    command: Command, photos: Path, imagesorter_home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagesorter.model.device.devices", lambda: ("cpu",))
    Settings(device="cuda").save(Home.default().config)
    done = command("rank", photos, "brighter")
    assert done.code == cli.OK
    assert len(done.rows) == COUNT
    assert done.err == f"imagesorter: The device “cuda” of the settings is not here: cpu is used.\n{LEARNED}"


def test_broken_settings_stop_nothing(command: Command, photos: Path, caplog: pytest.LogCaptureFixture):
    config = Home.default().config
    config.mkdir(parents=True)
    (config / "settings.json").write_text("{")
    assert command("rank", photos, "brighter").code == cli.OK
    assert (config / "settings.json.broken").read_text() == "{"


def test_a_damaged_bundled_model(photos: Path, tmp_path: Path, command: Command, monkeypatch):
    models = tmp_path / "models"
    shutil.copytree(bundled_models(), models)
    (models / "pocket" / "model.json").write_text("{}")
    monkeypatch.setattr("imagesorter.model.shelf.bundled_models", lambda: models)
    done = command("rank", photos, "brighter")
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert str(models / "pocket") in done.err
    assert "Install the model, or the application, again." in done.err


def test_a_table_that_cannot_be_written(command: Command, photos: Path, tmp_path: Path):
    done = command("rank", photos, "brighter", "--csv", tmp_path / "absent" / "order.csv")
    assert done.code == cli.WRONG_USE
    assert "order.csv" in done.err


def test_a_cache_that_cannot_be_used(command: Command, photos: Path, imagesorter_home: Path):
    imagesorter_home.mkdir()
    cache = Home.default().cache
    cache.touch()
    done = command("rank", photos, "brighter")
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert str(cache) in done.err


def test_ctrl_c_while_the_folder_is_scanned(command: Command, photos: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(self: Engine, *_: object, **__: object) -> Iterator[Event]:
        yield Indexed((), ())
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "open", interrupted)
    done = command("rank", photos, "brighter")
    assert (done.code, done.out) == (cli.CANCELLED, "")


def test_without_a_command_the_window_opens(command: Command, photos: Path, monkeypatch: pytest.MonkeyPatch):
    shown: list[list[Path]] = []
    monkeypatch.setattr("imagesorter.gui.app.run", lambda paths: shown.append(paths) or 0)
    assert command().code == cli.OK
    assert command(photos, photos / "coffee.jpg").code == cli.OK
    assert shown == [[], [photos, photos / "coffee.jpg"]]


@pytest.mark.parametrize("arguments", [["--help"], ["rank", "--help"], ["doctor", "--help"], ["--version"]])
def test_help_and_version(command: Command, arguments: list[str]):
    done = command(*arguments)
    assert (done.code, done.err) == (cli.OK, "")
    expected = f"imagesorter {__version__}\n" if arguments == ["--version"] else "usage: imagesorter"
    assert done.out.startswith(expected)


def test_a_photograph_that_is_cut_off_is_ordered_with_a_warning(
    command: Command, photos: Path, tmp_path: Path
):
    whole = (photos / "astronaut.jpg").read_bytes()
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    for _ in range(2):  # read, and found in the index
        result = command("rank", tmp_path, "brighter")
        assert result.code == cli.OK
        assert len(result.rows) == 2
        assert result.err.count("cut.jpg: ") == 1
        assert "whole.jpg" not in result.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("command", ["models list", "doctor"])
def test_output_to_a_full_disk_is_told_in_one_line(command: str, imagesorter_home: Path):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "imagesorter", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"IMAGESORTER_HOME": str(imagesorter_home)},
        )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "imagesorter: No space left on device. Free some space, or write elsewhere."
    ]
