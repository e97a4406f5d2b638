from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication

from imagesorter.gui import desktop


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    urls: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toLocalFile()) or True)
    return urls


def test_opening_a_file_hands_it_to_the_desktop(opened):
    assert desktop.open_file(Path("/photos/a b#1.jpg"))
    assert opened == ["/photos/a b#1.jpg"]


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("darwin", ["open", "-R", "/photos/a b.jpg"]),
        ("win32", 'explorer /select,"/photos/a b.jpg"'),
    ],
)
def test_the_file_manager_selects_the_file(monkeypatch, platform, command):
    started: list = []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(subprocess, "Popen", started.append)
    assert desktop.show_in_file_manager(Path("/photos/a b.jpg"))
    assert started == [command]


def test_a_file_manager_that_is_not_there_is_told(monkeypatch, caplog):
    def missing(command):
        raise FileNotFoundError(command[0])

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "Popen", missing)
    assert not desktop.show_in_file_manager(Path("/photos/a.jpg"))
    assert "could not be started" in caplog.text


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the freedesktop.org interface is tested")
def test_without_a_file_manager_on_the_bus_the_folder_is_opened(qapp, opened, monkeypatch, qtbot):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    assert desktop.show_in_file_manager(Path("/photos/a.jpg"))
    qtbot.waitUntil(lambda: opened == ["/photos"])


def test_paths_are_copied_one_a_line(qapp):
    desktop.copy_paths([Path("/photos/a.jpg"), Path("/photos/b c.jpg")])
    assert QGuiApplication.clipboard().text() == "/photos/a.jpg\n/photos/b c.jpg"
