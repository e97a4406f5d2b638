"""`models list | get | verify | remove` as they are typed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from safetensors.torch import save
from stand_in_hub import Fault, StandInHub, closed_port
from towers import config

from imagesorter import cli
from imagesorter.events import Progress
from imagesorter.model.tower_sources import build_towers
from imagesorter.paths import Home
from imagesorter.terminal import describe

NAME = "tests/tiny-clip"


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def weights() -> bytes:
    torch.manual_seed(3)
    return save(build_towers(config("ViT"), {}).clip.state_dict())


@pytest.fixture
def tiny(hub: StandInHub, weights: bytes) -> StandInHub:
    settings = {"model_cfg": config("ViT"), "preprocess_cfg": {}}
    hub.put(NAME, open_clip_model__safetensors=weights, open_clip_config__json=settings)
    return hub


@pytest.fixture
def models(imagesorter_home: Path) -> Path:
    return Home.under(imagesorter_home).data / "models"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(cli.logs, "set_up", lambda folder, verbose: None)

    def run(*arguments: str) -> Result:
        return Result(cli.run(["models", *arguments]), *capsys.readouterr())

    return run


def test_the_whole_way(run, tiny: StandInHub, photos: Path, monkeypatch, capsys):
    assert run("get", NAME) == (
        0,
        "“tiny-clip” is here; use it with: imagesorter rank … --model tiny-clip\n",
        "",
    )
    rows = {row[0]: row[1:] for row in (line.split("\t") for line in run("list").out.splitlines())}
    assert rows["pocket"][0] == "bundled"
    assert rows["tiny-clip"][0] == "installed" and int(rows["tiny-clip"][1]) > 6_000_000
    assert rows["ConvNeXt-L"][:2] == ["available", "1407000000"]
    done = run("verify")
    assert (done.code, done.err) == (0, "")
    assert [line.split("\t")[:2] for line in done.out.splitlines()] == [
        ["pocket", "sound"],
        ["tiny-clip", "sound"],
    ]
    assert cli.run(["rank", str(photos), "more cats", "--model", "tiny-clip", "--device", "cpu"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(list(photos.iterdir()))
    assert run("remove", "tiny-clip") == (0, "removed “tiny-clip”\n", "")


def test_a_changed_file_is_found(run, tiny: StandInHub, models: Path):
    run("get", NAME)
    with (models / "tiny-clip" / "clip.safetensors").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\1\2\3")
    done = run("verify", "tiny-clip")
    assert done == (1, "tiny-clip\tdamaged\tclip.safetensors is not what was installed\n", "")


def test_a_terminal_gets_a_table_and_the_way_to_the_published_ones(run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "90")
    out = run("list").out
    assert "ConvNeXt-L" in out and "1,407 MB" in out and "available" in out
    assert "arXiv 2412.06760" in out.replace("\n", " ")
    assert max(map(len, out.splitlines())) < 90


def test_the_help_tells_which_sizes_are_printed_where(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.run(["models", "list", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "a table with MB on a terminal, separated by tabs and in bytes in a pipe" in told


def test_ctrl_c_keeps_what_has_arrived(run, tiny: StandInHub, models: Path, monkeypatch):
    def interrupted(self: object, progress: Progress) -> None:
        if progress.done > 1_000_000:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("imagesorter.terminal.ProgressLine.show", interrupted)
        done = run("get", NAME)
    assert (done.code, done.out) == (cli.CANCELLED, "")
    assert "what has arrived is kept" in done.err
    rows = [line.split("\t") for line in run("list").out.splitlines()]
    assert ["tiny-clip", "partial"] in [row[:2] for row in rows]
    sent = tiny.sent
    assert run("get", NAME).code == 0
    assert tiny.sent - sent < 6_000_000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("get", "nonesuch"), "“nonesuch” is not in the catalog. There are: MobileCLIP2-S0"),
        (("get", "tests/absent"), "the hub has no such repository"),
        (("get", "aesthetic-ViT-B-32"), "Get that first"),
        (("verify", "nonesuch"), "there is no model “nonesuch”"),
        (("remove", "nonesuch"), "there is no model “nonesuch” to remove"),
        (("remove", "pocket"), "comes with the application"),
    ],
)
def test_wrong_use(run, hub: StandInHub, arguments: tuple[str, ...], says: str):
    done = run(*arguments)
    assert (done.code, done.out) == (cli.WRONG_USE, "")
    assert says in done.err


def test_without_a_connection_it_says_so(run, monkeypatch: pytest.MonkeyPatch, models: Path):
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    done = run("get", "ViT-B-32")
    assert done.code == cli.WRONG_USE
    assert "127.0.0.1 cannot be reached" in done.err and done.err.count("\n") == 1
    assert not list(models.glob("[!.]*"))
    assert run("list").code == 0


def test_a_killed_command_is_gone_on_with(run, tiny: StandInHub, models: Path, weights: bytes):
    """The process is killed while the server keeps still in the middle of the file."""
    release = threading.Event()
    tiny.faults.extend([Fault(), Fault(cut=3_000_000, hold=release)])
    command = [sys.executable, "-m", "imagesorter", "models", "get", NAME]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert tiny.holding.wait(60)
        process.kill()
    release.set()
    assert process.returncode != 0
    assert not list(models.glob("[!.]*"))
    sent = tiny.sent
    assert run("get", NAME).code == 0
    assert (models / "tiny-clip" / "clip.safetensors").read_bytes() == weights
    assert tiny.sent - sent <= len(weights)


def test_the_line_of_progress_counts_in_megabytes():
    line = describe(Progress("download", 300_000_000, 1_200_000_000, 12_400_000.0, 72.6))
    assert line == "downloading, MB  [######..................] 300/1,200  12/s  1:13 left"


def test_getting_and_listing_need_no_torch(tiny: StandInHub):
    script = (
        "import sys; from imagesorter import cli; "
        f"codes = [cli.run(['models', 'get', '{NAME}']), cli.run(['models', 'list']), "
        "cli.run(['models', 'verify'])]; "
        "sys.exit(any(codes) or 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
