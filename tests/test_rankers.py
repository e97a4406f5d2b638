"""The commands of `rankers` with packs and files that are not as they should be."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lessons import keep_order

from imagesorter import cli
from imagesorter.paths import Home

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
