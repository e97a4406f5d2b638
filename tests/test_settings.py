from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagesorter.settings import HISTORY_LENGTH, Settings

CHANGED = Settings(
    model="other",
    device="cpu",
    recursive=False,
    include_hidden=True,
    cache_gigabytes=2.5,
    tile_size=240,
    history=["brighter", "“größer” + 2*шире"],
    last_folder="/photos/été",
    recent=["/photos/été", "/photos"],
    window={"splitter": "AAAA"},
)


def test_nothing_stored_gives_the_defaults(tmp_path: Path):
    assert Settings.load(tmp_path / "absent") == Settings()


def test_all_fields_come_back(tmp_path: Path):
    CHANGED.save(tmp_path / "new" / "folder")
    assert Settings.load(tmp_path / "new" / "folder") == CHANGED
    if sys.platform != "win32":  # what was asked for is nobody else's business
        assert stat.S_IMODE((tmp_path / "new" / "folder" / "settings.json").stat().st_mode) == 0o600
    assert all(getattr(CHANGED, f.name) != getattr(Settings(), f.name) for f in fields(Settings))


def test_a_folder_whose_name_is_no_text_comes_back(tmp_path: Path):
    Settings(last_folder=os.fsdecode(b"/photos/\xe9t\xe9")).save(tmp_path)
    assert Settings.load(tmp_path).last_folder == os.fsdecode(b"/photos/\xe9t\xe9")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"model": "x"} trailing'])
def test_a_broken_file_is_set_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert Settings.load(tmp_path) == Settings()
    assert "defaults are used" in caplog.text
    assert not path.exists()
    assert (tmp_path / "settings.json.broken").read_bytes() == content


def test_a_file_that_cannot_be_read_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    CHANGED.save(tmp_path)

    def refused(path: Path, encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as no_permission:
        no_permission.setattr(Path, "read_text", refused)
        settings = Settings.load(tmp_path)
    assert settings == Settings()
    assert "defaults are used" in caplog.text
    with pytest.raises(OSError, match=r"settings\.json could not be read and is left as it is"):
        settings.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    assert Settings.load(tmp_path) == CHANGED
    settings.save(tmp_path / "elsewhere")


def test_a_folder_in_its_place_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "settings.json").mkdir()
    assert Settings.load(tmp_path) == Settings()
    CHANGED.save(tmp_path)
    assert Settings.load(tmp_path) == CHANGED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", 3),
        ("device", ["cpu"]),
        ("recursive", "yes"),
        ("include_hidden", 1),
        ("cache_gigabytes", True),
        ("cache_gigabytes", -1),
        ("cache_gigabytes", float("nan")),
        ("cache_gigabytes", float("inf")),
        ("tile_size", 180.5),
        ("tile_size", 1_000_000),
        ("history", "brighter"),
        ("history", [1]),
        ("last_folder", 0),
        ("window", {"splitter": None}),
        ("colour_of_the_sky", "blue"),
    ],
)
def test_an_entry_of_the_wrong_kind_alone_is_left_out(tmp_path: Path, name: str, value: object):
    (tmp_path / "settings.json").write_text(json.dumps({name: value, "tile_size": 300} | {name: value}))
    expected = Settings() if name == "tile_size" else Settings(tile_size=300)
    assert Settings.load(tmp_path) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*vars(Settings())]), inner),
    )
)
def test_any_json_gives_usable_settings(tmp_path_factory: pytest.TempPathFactory, stored: object):
    folder = tmp_path_factory.mktemp("config")
    (folder / "settings.json").write_text(json.dumps(stored))
    loaded = Settings.load(folder)
    loaded.save(folder)
    assert Settings.load(folder) == loaded


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be replaced there")
def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    CHANGED.save(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Settings().save(tmp_path)
    assert Settings.load(tmp_path) == CHANGED
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


def test_the_history_holds_each_query_once_latest_first():
    settings = Settings()
    for query in ("brighter", "sharper", "brighter"):
        settings.remember(query)
    assert settings.history == ["brighter", "sharper"]
    for k in range(2 * HISTORY_LENGTH):
        settings.remember(str(k))
    assert len(settings.history) == HISTORY_LENGTH
    assert settings.history[0] == str(2 * HISTORY_LENGTH - 1)
