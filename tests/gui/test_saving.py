from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from imagesorter.gui.saving import SettingsSaver
from imagesorter.settings import Settings


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[threading.Thread, list[str]]]:
    """Thread and history of each save."""
    saves: list[tuple[threading.Thread, list[str]]] = []
    save = Settings.save

    def watched(self: Settings, folder: Path) -> None:
        saves.append((threading.current_thread(), list(self.history)))
        save(self, folder)

    monkeypatch.setattr(Settings, "save", watched)
    return saves


def test_several_changes_become_one_file_on_another_thread(qtbot, tmp_path, written):
    settings = Settings()
    saver = SettingsSaver(settings, tmp_path)
    for query in ("sharper", "brighter"):
        settings.remember(query)
        saver.save()
    assert written == []
    qtbot.waitUntil(lambda: (tmp_path / "settings.json").exists())
    saver.close()
    assert {tuple(history) for _, history in written} == {("brighter", "sharper")}
    assert all(thread is not threading.main_thread() for thread, _ in written)


def test_closing_saves_what_waits(qtbot, tmp_path):
    settings = Settings()
    saver = SettingsSaver(settings, tmp_path)
    saver.save()
    settings.remember("sharper")
    saver.close()
    assert Settings.load(tmp_path).history == ["sharper"]


def test_a_change_made_while_it_is_written_is_written_next(qtbot, tmp_path, monkeypatch):
    settings = Settings()
    begun, go_on = threading.Event(), threading.Event()
    save = Settings.save

    def slow(self: Settings, folder: Path) -> None:
        begun.set()
        assert go_on.wait(10)
        save(self, folder)

    monkeypatch.setattr(Settings, "save", slow)
    saver = SettingsSaver(settings, tmp_path)
    saver.save()
    qtbot.waitUntil(begun.is_set)
    settings.remember("sharper")
    go_on.set()
    saver.close()
    assert Settings.load(tmp_path).history == ["sharper"]


def test_a_folder_that_cannot_be_written_is_told(qtbot, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    saver = SettingsSaver(Settings(), tmp_path / "file")
    with qtbot.waitSignal(saver.failed) as failed:
        saver.save()
    assert failed.args[0].startswith(f"{tmp_path / 'file' / 'settings.json'}: ")
    assert failed.args[0].endswith(" Make it writable.")
    assert "settings not saved" in caplog.text
    saver.close()


def test_a_full_disk_is_told_with_the_file(qtbot, tmp_path, monkeypatch, caplog):
    def full(self: Settings, folder: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder / ".settings-x.json")

    monkeypatch.setattr(Settings, "save", full)
    saver = SettingsSaver(Settings(), tmp_path)
    with qtbot.waitSignal(saver.failed) as failed:
        saver.save()
    assert failed.args == [f"{tmp_path / 'settings.json'}: No space left on device. Free some space."]
    saver.close()


def test_settings_that_could_not_be_read_are_told_with_the_file(qtbot, tmp_path, caplog):
    settings = Settings()
    settings._unread = tmp_path / "settings.json"
    saver = SettingsSaver(settings, tmp_path)
    with qtbot.waitSignal(saver.failed) as failed:
        saver.save()
    assert failed.args[0].startswith(f"{tmp_path / 'settings.json'} could not be read")
    assert failed.args[0].endswith("start again.")
    saver.close()
