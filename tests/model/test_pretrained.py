from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub.errors import EntryNotFoundError

from imagesorter.errors import ModelError
from imagesorter.model import memory, pretrained, storing, tower_sources
from imagesorter.model.pretrained import require_room
from imagesorter.model.tower_sources import open_towers

MEGABYTE = 10**6


class Hub:
    """Stands in for the hub's downloads, with one file of a size in each repository."""

    def __init__(self, size: int, name: str = "open_clip_pytorch_model.bin", cached: bool = False) -> None:
        self.size, self.name, self.cached = size, name, cached
        self.asked: list[str] = []

    def __call__(self, repository: str, name: str, *, dry_run: bool) -> SimpleNamespace:
        assert dry_run, "only asked, nothing downloaded"
        self.asked.append(f"{repository}/{name}")
        if name != self.name:
            raise EntryNotFoundError(name)
        return SimpleNamespace(file_size=self.size, will_download=not self.cached)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, which is not there yet, on a disk with 300 MB free."""
    folder = tmp_path / "not yet" / "hub"
    monkeypatch.setattr(pretrained.constants, "HF_HUB_CACHE", str(folder))
    free = SimpleNamespace(free=300 * MEGABYTE)
    monkeypatch.setattr(storing.shutil, "disk_usage", lambda _: free)
    return folder


@pytest.fixture
def downloaded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What OpenCLIP was asked to download; nothing comes."""
    tags: list[object] = []

    def download(tag: object) -> str:
        tags.append(tag)
        raise OSError("no network")

    monkeypatch.setattr(tower_sources, "download_pretrained", download)
    return tags


def test_weights_without_room_on_the_disk_are_not_begun(
    cache: Path, downloaded: list[object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pretrained, "hf_hub_download", Hub(605 * MEGABYTE))
    with pytest.raises(ModelError) as told:
        open_towers("ViT-B-32", "laion2b_s34b_b79k")
    for part in (str(cache), "“laion2b_s34b_b79k” of ViT-B-32", "605 MB", "300 MB are free", "HF_HUB_CACHE"):
        assert part in str(told.value)
    assert not downloaded
    assert not cache.parent.exists()


def test_weights_that_have_room_are_downloaded(
    cache: Path, downloaded: list[object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pretrained, "hf_hub_download", Hub(200 * MEGABYTE))
    with pytest.raises(ModelError, match=r"could not be downloaded \(no network\)"):
        open_towers("ViT-B-32", "laion2b_s34b_b79k")
    assert downloaded


def test_weights_without_room_in_memory_are_not_begun(
    downloaded: list[object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(memory, "free", lambda _: 0)
    with pytest.raises(ModelError, match="“ViT-B-32” does not fit in memory"):
        open_towers("ViT-B-32", "laion2b_s34b_b79k")
    assert not downloaded


def test_weights_of_towers_that_cannot_be_used_are_not_begun(downloaded: list[object]):
    with pytest.raises(ModelError, match="text tower"):
        open_towers("roberta-ViT-B-32", "laion2b_s12b_b32k")
    assert not downloaded


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("someone/model/", "open_clip_model.safetensors"),
        ("someone/model/", "open_clip_pytorch_model.bin"),
        ("someone/model/weights.bin", "weights.safetensors"),
        ("someone/model/weights.bin", "weights.bin"),
    ],
)
@pytest.mark.usefixtures("cache")
def test_room_is_asked_for_the_file_that_open_clip_chooses(
    place: str, name: str, monkeypatch: pytest.MonkeyPatch
):
    hub = Hub(301 * MEGABYTE, name)
    monkeypatch.setattr(pretrained, "hf_hub_download", hub)
    with pytest.raises(ModelError, match="301 MB"):
        require_room(place, "weights")
    assert hub.asked[-1] == f"someone/model/{name}"


@pytest.mark.usefixtures("cache")
def test_weights_that_are_here_need_no_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pretrained, "hf_hub_download", Hub(10**12, cached=True))
    require_room("someone/model/", "weights")
