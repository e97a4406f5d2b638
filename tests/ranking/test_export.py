from __future__ import annotations

import csv
import errno
import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagesorter.errors import ExportError, ImagesorterError
from imagesorter.events import Ranked
from imagesorter.ranking.export import COLUMNS, Row, export, read_csv, write_csv, write_json
from imagesorter.ranking.order import order

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX file names or permissions")


def ranking(scores: Sequence[float], query: str = "more colorful", model: str = "pocket") -> Ranked:
    return Ranked(query, model, *order(range(len(scores)), scores), complete=True)


def pictures(folder: Path, *names: str) -> list[Path]:
    return [folder / name for name in names]


@pytest.fixture
def small(tmp_path: Path) -> tuple[Ranked, list[Path]]:
    return ranking([0.1, 2.0, -3.5]), pictures(tmp_path / "photos", "a.jpg", "b.jpg", "c, d.jpg")


def cells_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_csv_has_header_and_rows_best_first(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    ranked, paths = small
    target = tmp_path / "order.csv"
    export(ranked, paths, target)
    folder = tmp_path / "photos"
    assert cells_of(target) == [
        list(COLUMNS),
        ["1", str(folder / "b.jpg"), "b.jpg", "2.0", "100.0", "more colorful", "pocket"],
        ["2", str(folder / "a.jpg"), "a.jpg", "0.1", "50.0", "more colorful", "pocket"],
        ["3", str(folder / "c, d.jpg"), "c, d.jpg", "-3.5", "0.0", "more colorful", "pocket"],
    ]
    assert not target.read_bytes().startswith(b"\xef\xbb\xbf")
    assert target.read_bytes().endswith(b"\r\n")


def test_json_has_query_and_model_once(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    ranked, paths = small
    target = tmp_path / "order.JSON"
    export(ranked, paths, target)
    stored = json.loads(target.read_text("utf-8"))
    assert (stored["query"], stored["model"]) == ("more colorful", "pocket")
    assert stored["images"][1] == {
        "rank": 2,
        "path": str(paths[0]),
        "file": "a.jpg",
        "score": 0.1,
        "percentile": 50.0,
    }
    assert [image["file"] for image in stored["images"]] == ["b.jpg", "a.jpg", "c, d.jpg"]


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_what_was_arranged_by_hand_is_written_so(
    suffix: str, small: tuple[Ranked, list[Path]], tmp_path: Path
) -> None:
    ranked, paths = small
    arranged = ranked.file_ids.tolist()[::-1]
    destination = tmp_path / f"order.{suffix}"
    export(ranked, paths, destination, arranged)
    if suffix == "csv":
        rows = [(row.path, row.rank, row.score, row.percentile) for row in read_csv(destination)]
    else:
        images = json.loads(destination.read_text("utf-8"))["images"]
        rows = [(Path(i["path"]), i["rank"], i["score"], i["percentile"]) for i in images]
    assert [row[0] for row in rows] == [paths[file_id].absolute() for file_id in arranged]
    assert [row[1] for row in rows] == list(range(1, len(paths) + 1))
    assert [row[2] for row in rows] == pytest.approx(ranked.scores[::-1].tolist()), "each image has its own"
    assert [row[3] for row in rows] == pytest.approx(np.linspace(100, 0, len(paths)).round(4))
    with pytest.raises(ValueError, match="other images"):
        export(ranked, paths, destination, arranged[1:])


def test_no_images(tmp_path: Path) -> None:
    write_csv(ranking([]), [], tmp_path / "order.csv")
    write_json(ranking([]), [], tmp_path / "order.json")
    assert cells_of(tmp_path / "order.csv") == [list(COLUMNS)]
    assert list(read_csv(tmp_path / "order.csv")) == []
    assert json.loads((tmp_path / "order.json").read_text("utf-8"))["images"] == []


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(ranking([1.0]), [Path("a.jpg")], Path("order.csv"))
    (row,) = read_csv(tmp_path / "order.csv")
    assert row.path == tmp_path / "a.jpg"


NAMES = st.binary(min_size=1, max_size=40).map(lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_"))
SIGNS = [bytes([code]) for code in b"=+-@';,\"\t\r\n \xff%a"]
TRICKY = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=12).map(b"".join)
SCORES = st.floats(allow_nan=False, allow_infinity=False, width=32)


def test_a_percentile_has_four_decimals_at_most(tmp_path: Path) -> None:
    paths = pictures(tmp_path, *(f"{k}.jpg" for k in range(18)))
    export(ranking(range(18)), paths, tmp_path / "order.csv")
    assert [row[4] for row in cells_of(tmp_path / "order.csv")[1:4]] == ["100.0", "94.1176", "88.2353"]


@POSIX
@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(NAMES | TRICKY, SCORES), max_size=5))
@example([(b"=1+1;-2\n@x\xff'.jpg", 1e-38)])
@example([(b"'quoted'", 0.1), (b"file:%41", 16777216.0)])
def test_any_name_survives_a_round_trip(images: list[tuple[bytes, float]]) -> None:
    paths = [Path(os.fsdecode(b"/photos/" + name)) for name, _ in images]
    ranked = ranking([score for _, score in images])
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "order.csv")
        write_csv(ranked, paths, target)
        rows = list(read_csv(target))
        write_json(ranked, paths, Path(folder, "order.json"))
        listed = json.loads(Path(folder, "order.json").read_bytes())["images"]
    assert [os.fsencode(row.path) for row in rows] == [os.fsencode(paths[i]) for i in ranked.file_ids]
    np.testing.assert_array_equal(np.float32([row.score for row in rows]), ranked.scores)
    percentiles = ranked.percentiles.round(4).tolist()
    assert [row.percentile for row in rows] == percentiles == [image["percentile"] for image in listed]
    np.testing.assert_array_equal(np.float32([image["score"] for image in listed]), ranked.scores)
    assert [row.rank for row in rows] == ranked.ranks.tolist() == [image["rank"] for image in listed]


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
@example("-noise", "'model'")
@example("\t=1;+2", "\uff1d1")
def test_any_query_survives_a_round_trip(query: str, model: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "order.csv")
        write_csv(ranking([1.0], query, model), [Path(folder, "a.jpg")], target)
        (row,) = read_csv(target)
    assert (row.query, row.model) == (query, model)


@POSIX
def test_a_name_that_is_no_text_becomes_a_uri(tmp_path: Path) -> None:
    path = Path(os.fsdecode(b"/photos/100% caf\xe9.jpg"))
    write_csv(ranking([1.0]), [path], tmp_path / "order.csv")
    write_json(ranking([1.0]), [path], tmp_path / "order.json")
    _, cells = cells_of(tmp_path / "order.csv")
    assert cells[1:3] == ["file:///photos/100%25%20caf%E9.jpg", "100%25%20caf%E9.jpg"]
    (image,) = json.loads((tmp_path / "order.json").read_text("utf-8"))["images"]
    assert [image["path"], image["file"]] == cells[1:3]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\xa0=", "\uff1d"])
def test_formulas_are_made_safe(start: str, tmp_path: Path) -> None:
    name = f"{start}1.jpg"
    target = tmp_path / "order.csv"
    write_csv(ranking([-1.0], query="-noise"), [tmp_path / name], target)
    _, cells = cells_of(target)
    assert cells[2] == "'" + name
    assert cells[3] == "-1.0"
    assert cells[5] == "'-noise"


FORMULA = re.compile(r"[\s\0\u200b\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\0]")


@POSIX
@settings(deadline=None, max_examples=50)
@given(TRICKY)
def test_no_cell_starts_a_formula_even_where_semicolons_split_lines(name: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "order.csv")
        write_csv(ranking([1.0]), [Path(os.fsdecode(b"/photos/" + name))], target)
        _, cells = cells_of(target)
        content = target.read_text("utf-8")
    assert not any(FORMULA.match(cell) for cell in cells)
    for piece in re.split(r"[;\t\r\n]", content):
        assert not FORMULA.match(piece)


def test_hundred_thousand_rows_are_streamed(tmp_path: Path) -> None:
    n = 100_000
    paths = [tmp_path / f"{i}.jpg" for i in range(n)]
    write_csv(ranking(np.linspace(0, 1, n).tolist()), paths, tmp_path / "order.csv")
    with (tmp_path / "order.csv").open("rb") as file:
        assert sum(1 for _ in file) == n + 1


def test_the_old_file_is_replaced_whole(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    target = tmp_path / "order.csv"
    target.write_text("old\n" * 1000)
    export(*small, target)
    assert len(cells_of(target)) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["order.csv"]


@POSIX
def test_permissions_are_those_of_a_new_file_or_of_the_old(
    small: tuple[Ranked, list[Path]], tmp_path: Path
) -> None:
    mask = os.umask(0o027)
    try:
        export(*small, tmp_path / "new.csv")
        assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == 0o640
        for mode in (0o600, 0o666):
            (tmp_path / "new.csv").chmod(mode)
            export(*small, tmp_path / "new.csv")
            assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == mode
    finally:
        os.umask(mask)


@POSIX
def test_a_link_stays_and_its_target_is_replaced(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = tmp_path / "elsewhere" / "real.csv"
    real.write_text("old")
    link, dangling = tmp_path / "link.csv", tmp_path / "dangling.csv"
    link.symlink_to("elsewhere/real.csv")
    dangling.symlink_to("elsewhere/new.csv")
    export(*small, link)
    export(*small, dangling)
    assert link.is_symlink() and dangling.is_symlink()
    assert real.read_bytes() == (tmp_path / "elsewhere" / "new.csv").read_bytes() != b"old"


def refuse(ranked: Ranked, paths: list[Path], target: Path, said: str) -> None:
    with pytest.raises(ExportError, match=said) as caught:
        export(ranked, paths, target)
    assert str(target) in str(caught.value)


def test_a_missing_folder_and_a_folder_are_refused(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    refuse(*small, tmp_path / "nowhere" / "order.csv", "Create the folder")
    (tmp_path / "order.csv").mkdir()
    refuse(*small, tmp_path / "order.csv", "is a folder")
    (tmp_path / "file").write_text("")
    refuse(*small, tmp_path / "file" / "order.csv", "not a folder")
    refuse(*small, tmp_path / ("x" * 300 + ".csv"), "too long")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "order.csv"]


@POSIX
def test_devices_and_looping_links_are_refused(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    refuse(*small, pipe, "not an ordinary file")
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    refuse(*small, loop, "circle")
    assert loop.is_symlink() and pipe.exists() and not leftovers(tmp_path)


@pytest.mark.parametrize("name", ["order.jpg", "order.NEF", "a.heic"])
def test_names_of_images_are_refused(name: str, small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    refuse(*small, tmp_path / name, "name of an image")
    assert not list(tmp_path.iterdir())


@POSIX
def test_originals_are_never_replaced(tmp_path: Path) -> None:
    misnamed = tmp_path / "photo.csv"
    misnamed.write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    listed = tmp_path / "listed.csv"
    listed.write_bytes(b"damaged")
    jpeg = tmp_path / "photo.jpg"
    jpeg.write_bytes(b"\xff\xd8\xff\xe0 another")
    link = tmp_path / "link.csv"
    link.symlink_to(jpeg)
    content = {path: path.read_bytes() for path in (misnamed, listed, jpeg)}
    for target, said in ((misnamed, "is an image"), (listed, "is an image"), (link, "name of an image")):
        refuse(ranking([1.0]), [listed], target, said)
    assert {path: path.read_bytes() for path in content} == content
    assert not leftovers(tmp_path)


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder of one's own, and no rights beyond: where the tests run as root, they step down."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if os.geteuid() != 0:
            yield folder
            return
        os.chown(folder, 65534, 65534)
        os.setresuid(65534, 65534, 0)
        try:
            yield folder
        finally:
            os.setresuid(0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="steps down from root with setresuid")
def test_without_permission_nothing_changes() -> None:
    ranked, paths = ranking([1.0]), [Path("/photos/a.jpg")]
    with ordinary_user() as folder:
        target = folder / "order.csv"
        target.write_text("old")
        target.chmod(0o444)
        refuse(ranked, paths, target, "no permission")
        target.chmod(0o644)
        folder.chmod(0o555)
        refuse(ranked, paths, target, "no permission")
        refuse(ranked, paths, folder / "new.csv", "no permission")
        folder.chmod(0o755)
        assert target.read_text() == "old"
        assert [path.name for path in folder.iterdir()] == ["order.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    import resource

    target = tmp_path / "order.csv"
    target.write_text("old")
    paths = [tmp_path / f"{i}.jpg" for i in range(5000)]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        refuse(ranking([0.5] * 5000), paths, target, "larger than this disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["order.csv"]


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "break_it",
    [
        lambda patch: patch.setattr(os, "fsync", _no_space),
        lambda patch: patch.setattr(Path, "replace", _no_space),
        lambda patch: patch.setattr(Path, "touch", _no_space),
    ],
    ids=["fsync", "replace", "create"],
)
@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_failure_at_any_step_leaves_the_old_file(
    break_it: Callable[[pytest.MonkeyPatch], None],
    suffix: str,
    small: tuple[Ranked, list[Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = tmp_path / f"order{suffix}"
    target.write_text("old")
    with monkeypatch.context() as patch:
        break_it(patch)
        refuse(*small, target, "the disk is full. Free some space")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_an_interruption_leaves_no_trace(small: tuple[Ranked, list[Path]], tmp_path: Path) -> None:
    class Interrupting(list[Path]):
        def __getitem__(self, _: object) -> Path:  # type: ignore[override]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(small[0], Interrupting(small[1]), tmp_path / "order.csv")
    assert not list(tmp_path.iterdir())


def test_read_csv_takes_what_a_spreadsheet_saved(tmp_path: Path) -> None:
    target = tmp_path / "order.csv"
    path = tmp_path / "a.jpg"
    target.write_text(
        f'\ufeff"rank","path","file","score","percentile","query","model"\n1,"{path}","\'-a.jpg",2,100,q,m\n',
        encoding="utf-8",
    )
    assert list(read_csv(target)) == [Row(1, path, 2.0, 100.0, "q", "m")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line must be"),
        (b"path\r\na\r\n", "first line must be"),
        (",".join(COLUMNS).encode() + b"\n1,2\n", "line 2"),
        (",".join(COLUMNS).encode() + b"\nx,/a,a,1,1,q,m\n", "line 2"),
        (",".join(COLUMNS).encode() + b'\n1,"/a,a,1,1,q,m\n', "not a CSV in UTF-8"),
        (b"\xff\xfe\x00", "not a CSV in UTF-8"),
    ],
)
def test_read_csv_names_what_it_cannot_read(content: bytes, said: str, tmp_path: Path) -> None:
    target = tmp_path / "order.csv"
    target.write_bytes(content)
    with pytest.raises(ImagesorterError, match=said) as caught:
        list(read_csv(target))
    assert str(target) in str(caught.value)


def test_read_csv_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImagesorterError, match="cannot be read"):
        list(read_csv(tmp_path / "none.csv"))
