"""Importing, listing, using and removing models: engine and command line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import seeded
import torch
from ordering import only, opened

from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.errors import ModelError
from imagesorter.events import Finished, ModelImported, ModelReady, Notice, Progress, Ranked
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.terminal import as_argument


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "cliprank-count.pt"
    torch.save({"state_dict": seeded.state("small")}, path)
    return path


@pytest.fixture
def models(imagesorter_home: Path) -> Path:
    return Home.under(imagesorter_home).data / "models"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setattr(cli.logs, "set_up", lambda folder, verbose: None)

    def run(*arguments: object) -> Result:
        try:
            code = cli.run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return Result(code, *capsys.readouterr())

    return run


def test_the_whole_way(command: Command, checkpoint: Path, photos: Path, models: Path):
    done = command("models", "import", checkpoint, "--name", "my counting")
    name = as_argument("my counting")
    assert done == (0, f"imported “my counting”; use it with: imagesorter rank … --model {name}\n", "")
    done = command("models", "list")
    assert done.code == 0
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[0] for row in rows if row[1] != "available"] == ["pocket", "my counting"]
    assert "learned: number of people" in done.out

    done = command("rank", photos, "number of people", "--model", "my counting", "--device", "cpu")
    assert (done.code, done.err) == (0, "imagesorter: Sorted by my counting: trained on this.\n")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert len(rows) == len(list(photos.iterdir()))
    assert len({score for _, score, _ in rows}) > len(rows) // 2
    guess = command("rank", photos, "sharper", "--model", "my counting", "--top", 1, "--device", "cpu")
    assert guess.code == 0
    assert "has not learned “sharper”: this order is a guess. It knows: number of people." in guess.err

    assert command("models", "remove", "my counting") == (0, "removed “my counting”\n", "")
    assert not list(models.iterdir())
    assert command("rank", photos, "sharper", "--model", "my counting").code == cli.WRONG_USE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("import", "{readme}", "--name", "x"), "readme.txt: this is not a checkpoint"),
        (("import", "{readme}x", "--name", "x"), "cannot be read (No such file or directory)"),
        (("import", "{readme}", "--name", "pocket"), "“pocket” is the name of a model that comes with"),
        (("import", "{readme}", "--name", "a/b"), "not allowed in it"),
        (("remove", "pocket"), "“pocket” comes with the application and stays"),
        (("remove", "nonesuch"), "there is no model “nonesuch” to remove. Imported: none."),
        (("import", "{readme}"), "--name"),
        ((), "required"),
    ],
)
def test_wrong_use(command: Command, tmp_path: Path, models: Path, arguments: tuple[str, ...], message: str):
    readme = tmp_path / "readme.txt"
    readme.write_text("Nothing but text.")
    done = command("models", *(argument.format(readme=readme) for argument in arguments))
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert message in done.err
    assert not models.exists() or not list(models.iterdir())


def test_a_damaged_model_is_listed_as_such(command: Command, models: Path):
    (models / "broken").mkdir(parents=True)
    done = command("models", "list")
    assert (done.code, done.out.split("\t")[0]) == (cli.UNREADABLE, "pocket")
    assert f"the model in {models / 'broken'} cannot be used" in done.err
    assert command("models", "remove", "broken").code == 0


def test_a_model_is_removed_where_no_folder_can_be_made(
    command: Command, models: Path, monkeypatch: pytest.MonkeyPatch
):
    (models / "broken").mkdir(parents=True)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "mkdir", full)
    assert command("models", "remove", "broken").code == 0
    assert not list(models.iterdir())


def test_listing_and_removing_need_no_torch(models: Path):
    (models / "broken").mkdir(parents=True)
    script = (
        "import sys; from imagesorter import cli; "
        "codes = [cli.run(['models', 'list']), cli.run(['models', 'remove', 'broken'])]; "
        "assert 'torch' not in sys.modules; sys.exit(codes != [1, 0])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_leaves_nothing(command: Command, checkpoint: Path, models: Path, monkeypatch):
    def interrupted(self: object, progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    monkeypatch.setattr("imagesorter.terminal.ProgressLine.show", interrupted)
    done = command("models", "import", checkpoint, "--name", "counting")
    assert done == (130, "", "imagesorter: cancelled; nothing was imported.\n")
    assert not list(models.iterdir())


def test_the_engine_tells_of_its_progress(unloaded: Engine, checkpoint: Path):
    unloaded.check_model_name("counting")
    events = list(unloaded.import_model(checkpoint, "counting"))
    assert events[0] == Progress("import", 0)
    assert events[-2:] == [ModelImported("counting", "counting"), Finished(1, 0)]
    assert [model.name for model in unloaded.models()] == ["pocket", "counting"]
    with pytest.raises(ModelError, match="already"):
        unloaded.check_model_name("counting")


def test_an_unknown_checkpoint_says_that_nothing_is_known_of_it(
    unloaded: Engine, settings: Settings, checkpoint: Path, photos: Path, tmp_path: Path
):
    unnamed = tmp_path / "epoch_3.pt"
    unnamed.hardlink_to(checkpoint)
    list(unloaded.import_model(unnamed, "mine"))
    settings.model, settings.device = "mine", "cpu"
    assert unloaded.attributes() == ()
    opened(unloaded, photos)
    events = list(unloaded.rank("sharper"))
    assert only(ModelReady, events) == [ModelReady("mine", "mine", "cpu")]
    assert only(Notice, events) == [
        Notice("What mine has learned is not known: any order by it may be a guess.")
    ]
    again = list(unloaded.rank("less sharp"))
    assert not any(isinstance(event, Progress) and event.stage == "index" for event in again)
    assert len(only(Ranked, again)[-1].file_ids) == len(unloaded.files)


def test_a_model_that_is_removed_while_it_is_loaded_gives_way(
    unloaded: Engine, settings: Settings, checkpoint: Path, photos: Path
):
    list(unloaded.import_model(checkpoint, "counting"))
    settings.model = "counting"
    list(unloaded.load_model())
    unloaded.remove_model("counting")
    opened(unloaded, photos)
    events = list(unloaded.rank("brighter"))
    assert only(ModelReady, events)[0].name == "pocket"
    assert only(Ranked, events)[-1].model == "pocket"
