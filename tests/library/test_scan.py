from __future__ import annotations

import inspect
import os
import socket
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from imagesorter.library.files import ImageFile
from imagesorter.library.scan import PassedOver, ScanProblem, natural_key, scan

posix = pytest.mark.skipif(os.name != "posix", reason="needs Unix file types")


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


class Found:
    """The outcome of a scan by kind."""

    def __init__(
        self, roots: Sequence[Path], *, recursive: bool = True, include_hidden: bool = False
    ) -> None:
        results = list(scan(roots, recursive=recursive, include_hidden=include_hidden))
        self.files = [item for item in results if isinstance(item, ImageFile)]
        self.paths = [item.path for item in self.files]
        self.problems = {item.path: item.reason for item in results if isinstance(item, ScanProblem)}
        self.passed_over = sum(item.count for item in results if isinstance(item, PassedOver))


def test_natural_order_files_before_subfolders(tmp_path: Path) -> None:
    names = ["img10.jpg", "img2.jpg", "IMG1.jpg", "a/z.png", "b10/q.png", "b9/q.png"]
    touch(*(tmp_path / name for name in names))
    expected = ["IMG1.jpg", "img2.jpg", "img10.jpg", "a/z.png", "b9/q.png", "b10/q.png"]
    assert Found([tmp_path]).paths == [tmp_path / name for name in expected]


def test_natural_key_orders_anything() -> None:
    names = ["1", "a", "", "01", "a1b", "1a", "A", "a\udcff2", "²"]
    assert sorted(names, key=natural_key) == sorted(sorted(names), key=natural_key)


def test_what_is_no_image_is_counted(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "a.txt", tmp_path / "sub/b.mp4", tmp_path / "sub/c")
    found = Found([tmp_path])
    assert found.paths == [tmp_path / "a.jpg"]
    assert found.passed_over == 3
    assert not found.problems


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(5, 1_234_567_000))
    (file,) = Found([tmp_path]).files
    assert (file.size, file.mtime_ns) == (1, 1_234_567_000)


def test_subfolders_by_choice(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "folder.jpg/b.jpg")
    assert Found([tmp_path], recursive=False).paths == [tmp_path / "a.jpg"]
    assert len(Found([tmp_path], recursive=True).paths) == 2


def test_hidden_by_choice(tmp_path: Path) -> None:
    touch(tmp_path / ".a.jpg", tmp_path / ".h/b.jpg", tmp_path / "._c.jpg", tmp_path / "c.jpg")
    assert Found([tmp_path]).paths == [tmp_path / "c.jpg"]
    assert Found([tmp_path]).passed_over == 2
    found = Found([tmp_path], include_hidden=True)
    assert found.paths == [tmp_path / ".a.jpg", tmp_path / "c.jpg", tmp_path / ".h/b.jpg"]
    assert found.passed_over == 1


def test_a_hidden_root_was_meant(tmp_path: Path) -> None:
    touch(tmp_path / ".h/a.jpg", tmp_path / ".b.jpg")
    assert Found([tmp_path / ".h", tmp_path / ".b.jpg"]).paths == [tmp_path / ".h/a.jpg", tmp_path / ".b.jpg"]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 1, 0, 0]])
def test_each_file_once(tmp_path: Path, order: list[int]) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "sub/b.jpg")
    roots = [tmp_path, tmp_path / "a.jpg", tmp_path / "sub/../sub/b.jpg", tmp_path / "sub"]
    assert sorted(Found([roots[k] for k in order]).paths) == [tmp_path / "a.jpg", tmp_path / "sub/b.jpg"]


def with_any_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let files be found in any letter case and normal form, as macOS does; Windows knows no letter case."""

    def plain(name: str) -> str:
        return unicodedata.normalize("NFC", name).lower()

    for name in ("stat", "lstat"):
        exactly = getattr(os, name)

        def found(path: Any, *args: Any, exactly: Any = exactly, **kwargs: Any) -> os.stat_result:
            there = Path(path)
            beside = there.parent.iterdir() if tmp_path in there.parents else []
            near = next((each for each in beside if plain(each.name) == plain(there.name)), path)
            return exactly(near, *args, **kwargs)  # type: ignore[no-any-return]

        monkeypatch.setattr(os, name, found)


@pytest.mark.parametrize("names", [["A.JPG", ""], ["", "A.JPG"], ["A.jpg", "a.JPG"], ["A.JPG", "", "a.jpg"]])
def test_a_file_in_another_letter_case_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "b.jpg")
    with_any_case(monkeypatch, tmp_path)
    found = Found([tmp_path / name for name in names])
    assert [path.name.lower() for path in found.paths].count("a.jpg") == 1
    assert not found.problems


def test_a_file_in_another_normal_form_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (unicodedata.normalize(form, "café.jpg") for form in ("NFC", "NFD"))
    touch(tmp_path / one)
    with_any_case(monkeypatch, tmp_path)
    assert Found([tmp_path, tmp_path / other]).paths == [tmp_path / one]
    assert Found([tmp_path / other, tmp_path]).paths == [tmp_path / other]


@posix
def test_files_that_differ_in_letter_case_are_two(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    if (tmp_path / "A.jpg").exists():
        pytest.skip("this file system knows no letter case")
    touch(tmp_path / "A.jpg")
    (tmp_path / "A.JPG").symlink_to(tmp_path / "A.jpg")
    files = [tmp_path / name for name in ("a.jpg", "A.jpg", "A.JPG")]
    assert sorted(Found([tmp_path]).paths) == sorted(Found(files).paths) == sorted(files)


@posix
def test_hard_links_that_differ_in_letter_case_are_two(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    if (tmp_path / "A.jpg").exists():
        pytest.skip("this file system knows no letter case")
    (tmp_path / "A.jpg").hardlink_to(tmp_path / "a.jpg")
    both = {tmp_path / "a.jpg", tmp_path / "A.jpg"}
    for roots in ([tmp_path], [tmp_path / "a.jpg", tmp_path], [tmp_path, tmp_path / "A.jpg"]):
        paths = Found(roots).paths
        assert set(paths) == both
        assert len(paths) == 2


def test_files_and_folders_together_in_the_order_given(tmp_path: Path) -> None:
    touch(tmp_path / "z.jpg", tmp_path / "sub/b.jpg", tmp_path / "notes.txt")
    found = Found([tmp_path / "z.jpg", tmp_path / "notes.txt", tmp_path / "sub"])
    assert found.paths == [tmp_path / "z.jpg", tmp_path / "sub/b.jpg"]
    assert found.passed_over == 1


def test_relative_roots_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.jpg")
    monkeypatch.chdir(tmp_path)
    assert Found([Path()]).paths == [tmp_path / "a.jpg"]


@posix
def test_a_folder_above_is_the_one_that_the_system_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "there/a.jpg", tmp_path / "there/sub/b.jpg", tmp_path / "here/c.jpg")
    (tmp_path / "here/link").symlink_to(tmp_path / "there/sub")
    (tmp_path / "there/shown").symlink_to("sub")
    monkeypatch.chdir(tmp_path / "here")
    there = tmp_path / "there"
    assert Found([Path("link/..")], recursive=False).paths == [there / "a.jpg"]
    assert Found([Path("link/../a.jpg")]).paths == [there / "a.jpg"]
    assert Found([Path("link/../shown")]).paths == [there / "shown/b.jpg"], "links after it stay"
    assert Found([Path("link/../../here/link")]).paths == [tmp_path / "here/link/b.jpg"]
    assert Found([Path("../here/c.jpg")]).paths == [tmp_path / "here/c.jpg"]
    (loop := tmp_path / "loop").symlink_to(loop)
    for wrong in ("gone/..", "gone/../c.jpg", "../loop/.."):
        found = Found([Path(wrong)])
        assert (found.paths, len(found.problems)) == ([], 1)


def test_a_subfolder_after_its_parent_without_recursion(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "sub/b.jpg")
    assert len(Found([tmp_path, tmp_path / "sub"], recursive=False).paths) == 2


@posix
def test_links_to_files_are_rows_of_their_own(tmp_path: Path) -> None:
    touch(tmp_path / "real/a.jpg")
    (tmp_path / "links").mkdir()
    (tmp_path / "links/b.jpg").symlink_to(tmp_path / "real/a.jpg")
    assert Found([tmp_path]).paths == [tmp_path / "links/b.jpg", tmp_path / "real/a.jpg"]


@posix
def test_links_that_loop(tmp_path: Path) -> None:
    touch(tmp_path / "a/b/c.jpg")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    (tmp_path / "a/self").symlink_to(tmp_path / "a/self")
    (tmp_path / "a/self.jpg").symlink_to(tmp_path / "a/self.jpg")
    found = Found([tmp_path])
    assert found.paths == [tmp_path / "a/b/c.jpg"]
    assert list(found.problems) == [tmp_path / "a/self.jpg", tmp_path / "a/self"]


@posix
def test_what_a_scan_cannot_reach_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    long = tmp_path / ("n" * 300)
    assert Found([tmp_path]).problems == {
        tmp_path / "self.jpg": "this link leads back to itself; delete it, or point it to a file"
    }
    assert Found([long]).problems[long].startswith("the name is too long for this system")
    assert Found([tmp_path / "a\0b"]).problems[tmp_path / "a\0b"].startswith("this is not a valid file name")


@posix
def test_broken_links_are_told(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    found = Found([tmp_path, tmp_path / "gone.jpg"])
    assert not found.paths
    assert found.problems[tmp_path / "gone.jpg"] == "this link leads to a file that is not there"
    assert found.passed_over == 1


@posix
def test_links_to_folders_that_cannot_be_reached_are_told(
    shared_folder: Path, unprivileged: AbstractContextManager[None]
) -> None:
    touch(shared_folder / "a.jpg", shared_folder / "closed/inner/b.jpg")
    links = {"unplugged": "/nowhere/disk", "2024.05": "/nowhere/2024", "St. Ives": "/nowhere/ives"}
    links |= {"loop": "loop", "no entry": "closed/inner", "notes.txt": "/nowhere/notes.txt", ".hidden": "x"}
    for name, target in links.items():
        (shared_folder / name).symlink_to(target)
    (shared_folder / "closed").chmod(0)
    with unprivileged:
        found = Found([shared_folder / "unplugged", shared_folder])
        flat = Found([shared_folder], recursive=False)
    assert found.paths == flat.paths == [shared_folder / "a.jpg"]
    told = {path.name: reason for path, reason in found.problems.items()}
    assert set(told) == {"unplugged", "2024.05", "St. Ives", "loop", "no entry", "closed"}
    assert "connect its disk" in told["unplugged"]
    assert "leads back to itself" in told["loop"]
    assert "permission" in told["no entry"]
    assert (found.passed_over, flat.passed_over, flat.problems) == (2, 7, {})


@posix
def test_folders_that_have_no_number_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network drives, and file systems of programs, give every file the inode 0."""
    touch(tmp_path / "1.jpg", tmp_path / "a/2.jpg", tmp_path / "b/3.jpg")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    stat = os.stat

    def without_number(*args: Any, **kwargs: Any) -> os.stat_result:
        mode, _, *rest = stat(*args, **kwargs)
        return os.stat_result((mode, 0, *rest))

    monkeypatch.setattr(os, "stat", without_number)
    found = Found([tmp_path, tmp_path / "a"])
    assert found.paths == [tmp_path / "1.jpg", tmp_path / "a/2.jpg", tmp_path / "b/3.jpg"]


@posix
def test_pipes_and_sockets_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
        found = Found([tmp_path, tmp_path / "pipe.jpg"])
    assert not found.paths
    assert set(found.problems) == {tmp_path / "pipe.jpg", tmp_path / "socket.png"}
    assert found.passed_over == 1


def test_a_vanished_root_is_told_and_the_rest_read(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    found = Found([tmp_path / "gone", tmp_path])
    assert found.paths == [tmp_path / "a.jpg"]
    assert "no such file" in found.problems[tmp_path / "gone"]


def test_a_path_that_cannot_be() -> None:
    found = Found([Path("a\0b")])
    assert len(found.problems) == 1


def test_a_closed_folder_is_told_and_the_rest_read(
    shared_folder: Path, unprivileged: AbstractContextManager[None]
) -> None:
    touch(shared_folder / "a.jpg", shared_folder / "closed/b.jpg", shared_folder / "open/c.jpg")
    (shared_folder / "closed").chmod(0)
    with unprivileged:
        found = Found([shared_folder])
    assert found.paths == [shared_folder / "a.jpg", shared_folder / "open/c.jpg"]
    assert "permission" in found.problems[shared_folder / "closed"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\xff.jpg")
    touch(tmp_path / name)
    (file,) = Found([tmp_path]).files
    assert os.fsencode(file.path).endswith(b"caf\xe9\xff.jpg")
    assert file.path.read_bytes() == b"x"


def test_deeper_than_the_stack(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    touch(deep / "a.jpg")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        found = Found([tmp_path])
    finally:
        sys.setrecursionlimit(limit)
    assert found.paths == [deep / "a.jpg"]


def test_yields_as_it_goes(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "sub/b.jpg")
    found = scan([tmp_path], recursive=True, include_hidden=False)
    assert isinstance(first := next(found), ImageFile)
    assert first.path.name == "a.jpg"
    touch(tmp_path / "sub/c.jpg")
    assert [item.path.name for item in found if isinstance(item, ImageFile)] == ["b.jpg", "c.jpg"]


@pytest.mark.parametrize("kind", ["files", "others", "folders"])
def test_a_long_listing_gives_signs_of_life(tmp_path: Path, kind: str) -> None:
    """So that it can be ended before its first file comes."""
    for number in range(600):
        path = tmp_path / f"{number}{'.jpg' if kind == 'files' else ''}"
        if kind == "folders":
            path.mkdir()
        else:
            path.touch()
    results = list(scan([tmp_path], recursive=True, include_hidden=False))
    assert results.count(PassedOver(0)) >= 2
    assert results[0] == PassedOver(0)
    assert sum(isinstance(item, ImageFile) for item in results) == (600 if kind == "files" else 0)
    assert Found([tmp_path]).passed_over == (600 if kind == "others" else 0)
