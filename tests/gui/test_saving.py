from __future__ import annotations

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
    assert failed.args[0]
    assert "settings not saved" in caplog.text
    saver.close()
