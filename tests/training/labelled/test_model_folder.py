"""A trained model takes the place of the one before, or leaves it where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagesorter.errors import StorageError
from imagesorter.training.labelled.model_folder import staged


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "weights").write_text("before")
    return out


def write(out: Path) -> None:
    with staged(out) as folder:
        (folder / "weights").write_text("after")


def test_a_model_takes_the_place_of_the_one_before(out: Path):
    write(out)
    assert (out / "weights").read_text() == "after"
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("last", [1, 2])
def test_what_cannot_be_exchanged_leaves_the_model_before(
    out: Path, last: int, monkeypatch: pytest.MonkeyPatch
):
    """Another program has a file of it open, say."""
    rename, renames = Path.rename, 0

    def rename_or_refuse(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == last:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_or_refuse)
    with pytest.raises(StorageError, match=r"mine.*Permission denied"):
        write(out)
    assert (out / "weights").read_text() == "before"
    assert list(out.parent.iterdir()) == [out]


def test_nothing_is_lost_where_nothing_can_be_put_back(out: Path, monkeypatch: pytest.MonkeyPatch):
    rename, renames = Path.rename, 0

    def rename_once(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames > 1:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_once)
    with pytest.raises(StorageError):
        write(out)
    assert [path.read_text() for path in out.parent.rglob("weights")] == ["before"]
