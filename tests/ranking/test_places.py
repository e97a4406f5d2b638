from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagesorter.events import Finished, FolderChanged, Opened, Progress
from imagesorter.library.files import ImageFile
from imagesorter.ranking import opening
from imagesorter.ranking.opening import Places


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photographs, one of them in a subfolder."""
    (tmp_path / "album" / "inner").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "c.jpg", "inner/d.jpg"):
        (tmp_path / "album" / name).write_bytes(name.encode())
    return tmp_path / "album"


def listed(places: Places) -> list[ImageFile]:
    files: list[ImageFile] = []
    events = list(places.find(files))
    assert Opened(len(files), 0) in events and events[-1] == Finished(len(files), 0)
    return files


def compared(places: Places, files: list[ImageFile]) -> FolderChanged:
    before = list(files)
    (found,) = [event for event in places.compare(files) if isinstance(event, FolderChanged)]
    assert files == before
    return found


def test_what_stays_as_it_was_has_not_changed(folder):
    places = Places((folder,))
    assert compared(places, listed(places)) == FolderChanged(0, 0, 0)


def test_added_changed_and_gone_are_counted_apart(folder):
    places = Places((folder,))
    files = listed(places)
    (folder / "e.jpg").write_bytes(b"e")
    (folder / "inner" / "f.jpg").write_bytes(b"f")
    (folder / "a.jpg").write_bytes(b"longer than before")
    os.utime(folder / "b.jpg", ns=(1, 1))
    (folder / "c.jpg").unlink()
    assert compared(places, files) == FolderChanged(2, 2, 1)


def test_a_renamed_photograph_is_one_gone_and_one_added(folder):
    places = Places((folder,))
    files = listed(places)
    (folder / "a.jpg").rename(folder / "z.jpg")
    assert compared(places, files) == FolderChanged(1, 0, 1)


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such permissions")
def test_other_permissions_are_no_other_picture(folder):
    places = Places((folder,))
    files = listed(places)
    (folder / "a.jpg").chmod(0o600)
    assert compared(places, files) == FolderChanged(0, 0, 0)


@pytest.mark.parametrize("recursive", [True, False])
def test_places_are_looked_at_as_they_were_opened(folder, recursive):
    places = Places((folder,), recursive=recursive)
    files = listed(places)
    (folder / "inner" / "e.jpg").write_bytes(b"e")
    (folder / ".hidden.jpg").write_bytes(b"h")
    assert compared(places, files) == FolderChanged(int(recursive), 0, 0)


def test_a_disk_that_was_pulled_has_lost_nothing(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.jpg").write_bytes(b"x")
    places = Places((folder, other, folder / "a.jpg"))
    files = listed(places)
    folder.rename(tmp_path / "elsewhere")
    (other / "x.jpg").unlink()
    assert compared(places, files) == FolderChanged(0, 0, 1)


def test_a_photograph_that_was_named_itself_may_be_gone_unseen(folder):
    """Its disk may be pulled, which looks the same."""
    places = Places((folder / "a.jpg", folder / "b.jpg"))
    files = listed(places)
    (folder / "a.jpg").unlink()
    assert compared(places, files) == FolderChanged(0, 0, 0)


def test_a_link_that_was_broken_before_hides_no_loss_elsewhere(folder):
    try:
        (folder / "broken.jpg").symlink_to(folder / "nowhere.jpg")
    except OSError:
        pytest.skip("this system makes no links")
    files: list[ImageFile] = []
    places = Places((folder,))
    list(places.find(files))
    (folder / "b.jpg").unlink()
    assert compared(places, files) == FolderChanged(0, 0, 1)


def test_it_can_be_ended_between_two_files(folder, monkeypatch):
    monkeypatch.setattr(opening, "_SECONDS_PER_EVENT", 0.0)
    places = Places((folder,))
    events = places.compare(listed(places))
    assert next(events) == Progress("scan", 1)
    events.close()


def test_of_nothing_opened_nothing_has_changed():
    assert compared(Places(), []) == FolderChanged(0, 0, 0)
