"""The commands of `rankers` with packs and files that are not as they should be."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lessons import keep_order
from numpy.typing import NDArray

from imagesorter import cli
from imagesorter.model.bundle import read_manifest
from imagesorter.paths import Home, bundled_models
from imagesorter.training.pairs.packs import read_pack, write_pack
from imagesorter.training.pairs.taught import StartTerm, TaughtRanker

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pack(run: Run, imagesorter_home: Path, tmp_path: Path) -> Path:
    """A pack of “keepers”, which is kept here, too."""
    keep_order(Home.under(imagesorter_home).data, "keepers")
    path = tmp_path / "keepers.ranker"
    assert run("rankers", "export", "keepers", path)[0] == cli.OK
    return path


def changed(pack: Path, **card: object) -> Path:
    """Another pack, with other words on its card."""
    path = pack.with_name("changed.ranker")
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "card.json":
                data = json.dumps(json.loads(data) | card).encode()
            new.writestr(name, data)
    return path


def test_nothing_in_a_pack_writes_to_the_terminal(run: Run, pack: Path):
    hostile = "\x1b]0;hi\x07\x1b[2J\nx\ty"
    evaluation = {"method": "ridge", "pairs": 3, "last_label": 1, "imported": False, "learned": None}
    evaluation |= {key: {"mean": 0.5, "low": 0.5, "high": 0.5} for key in ("before", "after")}
    named = changed(pack, name="\u202ekeepers\u2028", licence=hostile, about=hostile, application=hostile,
                    evaluation=evaluation | {"source": hostile})  # fmt: skip
    told = [run("rankers", "import", named), run("rankers", "list"), run("rankers", "show", "nothing")]
    told.append(run("rankers", "show", "\u202ekeepers\u2028"))
    told.append(run("rankers", "remove", "\u202ekeepers\u2028"))
    for key in ("name", "base", "format"):
        code, out, err = run("rankers", "import", changed(pack, **{key: hostile}))
        assert (code, out) == (cli.WRONG_USE, "")
        told.append((code, out, err))
    code, out, err = run("rankers", "import", changed(pack, evaluation=evaluation | {"method": hostile}))
    assert (code, out) == (cli.WRONG_USE, "")
    told.append((code, out, err))
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr(hostile, b"")
    told.append(run("rankers", "import", pack))
    assert told[-1][0] == cli.WRONG_USE
    for _, out, err in told:
        for line in (out + err).split("\n"):
            assert line.replace("\t", "").isprintable()
        assert err.count("\n") <= 1, "no other line pretends to be one of ours"


def test_an_error_that_names_a_hostile_file_is_a_line(run: Run, tmp_path: Path):
    code, _, err = run("rankers", "import", tmp_path / "\x1b[31m\n.ranker")
    assert code == cli.WRONG_USE
    assert "\\x1b[31m\\n.ranker" in err and err.count("\n") == 1


def weighing(width: int, **tuned: NDArray[np.float32]) -> TaughtRanker:
    weights = np.ones(width, np.float32)
    return TaughtRanker(
        "x", (), 0.0, weights, weights, tuned={k.replace("_", "."): v for k, v in tuned.items()}
    )


UNFIT = {
    "three weights": weighing(3),
    "one weight too many": weighing(930),
    "a tensor of no model": weighing(929, junk=np.ones(3, np.float32)),
    "a lone tensor": weighing(0, reading_0_weight=np.ones((256, 128), np.float32)),
    "a tensor of another name": weighing(929, head_0_weight=np.ones((3, 3), np.float32)),
    "a start of three weights": replace(weighing(929), start=(StartTerm(1.0, "x", weighing(3)),)),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_pack_that_its_model_cannot_order_by_takes_no_place(run: Run, pack: Path, kind: str):
    before = run("rankers", "show", "keepers")
    write_pack(replace(read_pack(pack), ranker=UNFIT[kind]), pack)
    code, out, err = run("rankers", "import", pack)
    assert (code, out) == (cli.WRONG_USE, "")
    assert f"{pack} says that it was taught with the model “pocket”" in err
    assert "Nothing was installed" in err
    assert run("rankers", "show", "keepers") == before
    write_pack(replace(read_pack(pack), name="new", ranker=UNFIT[kind]), pack)
    assert run("rankers", "import", pack)[0] == cli.WRONG_USE
    assert run("rankers", "list")[1].count("\n") == 1


@pytest.mark.parametrize("width", [853, 929])
def test_a_pack_of_as_many_weights_as_its_model_has_is_installed(run: Run, pack: Path, width: int):
    write_pack(replace(read_pack(pack), ranker=weighing(width)), pack)
    code, out, _ = run("rankers", "import", pack)
    assert code == cli.OK and out.startswith("installed: “keepers”, version 2 is in use")


def test_a_pack_is_installed_where_the_models_folder_tells_no_sizes(
    run: Run, pack: Path, monkeypatch: pytest.MonkeyPatch
):
    damaged = replace(read_manifest(bundled_models() / "pocket"), folder=pack.parent, fingerprint="1")
    monkeypatch.setattr("imagesorter.model.shelf.Shelf.ids", lambda _: {damaged.id: damaged})
    write_pack(replace(read_pack(pack), base=damaged.id, ranker=weighing(3)), pack)
    assert run("rankers", "import", pack)[0] == cli.OK


def test_an_export_needs_the_name_of_a_file(run: Run, pack: Path, monkeypatch: pytest.MonkeyPatch):
    (folder := pack.parent / "here").mkdir()
    monkeypatch.chdir(folder)
    code, out, err = run("rankers", "export", "keepers", "-")
    assert (code, out) == (cli.WRONG_USE, "") and "“-” is no name of a file" in err
    for command in (["export", "keepers", ""], ["import", ""]):
        code, out, err = run("rankers", *command)
        assert (code, out) == (cli.WRONG_USE, "") and "the name of a folder or file is empty" in err
    assert not list(folder.iterdir())
