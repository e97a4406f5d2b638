from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from PySide6.QtCore import QUrl
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


BYTES = Path(os.fsdecode(b"/photos/caf\xe9 #1.jpg"))
"""As old cameras and archives write it."""
on_linux = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")


@on_linux
def test_a_name_that_is_no_text_is_handed_on_by_its_bytes(monkeypatch):
    urls: list[bytes] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toEncoded().data()) or True)
    desktop.open_file(BYTES)
    assert urls == [b"file:///photos/caf%E9%20%231.jpg"]


@on_linux
def test_a_name_that_is_no_text_is_copied_as_an_address(qapp):
    desktop.copy_paths([Path("/photos/café.jpg"), BYTES])
    assert QGuiApplication.clipboard().text() == "/photos/café.jpg\nfile:///photos/caf%E9%20%231.jpg"
    desktop.copy_name(BYTES)
    assert QGuiApplication.clipboard().text() == "caf%E9%20%231.jpg"
    desktop.copy_name(BYTES.with_suffix("") / "é.jpg")
    assert QGuiApplication.clipboard().text() == "é.jpg"


def test_files_are_copied_for_file_managers_and_as_text(qapp, tmp_path):
    paths = [tmp_path / "a #1.jpg", tmp_path / "b.jpg"]
    desktop.copy_files(paths)
    data = QGuiApplication.clipboard().mimeData()
    assert data.urls() == [QUrl.fromLocalFile(str(path)) for path in paths]
    assert data.text() == f"{paths[0]}\n{paths[1]}"
    action, *urls = bytes(data.data("x-special/gnome-copied-files").data()).decode().split("\n")
    assert (action, urls) == ("copy", [path.as_uri() for path in paths])


def test_a_process_that_has_copied_files_ends_well():
    """On a clipboard of the process's own they would be destroyed after Python."""
    script = (
        "from pathlib import Path; from PySide6.QtGui import QGuiApplication;"
        "from imagesorter.gui import desktop;"
        "application = QGuiApplication([]); desktop.copy_files([Path('/photos/a.jpg')]);"
        "desktop.leave_clipboard(); print(QGuiApplication.clipboard().text())"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith("a.jpg")


@on_linux
def test_a_file_whose_name_is_no_text_is_copied_by_its_bytes(qapp):
    desktop.copy_files([BYTES])
    data = QGuiApplication.clipboard().mimeData()
    assert [url.toEncoded().data() for url in data.urls()] == [b"file:///photos/caf%E9%20%231.jpg"]
    assert (
        bytes(data.data("x-special/gnome-copied-files").data()) == b"copy\nfile:///photos/caf%E9%20%231.jpg"
    )


@pytest.mark.parametrize("path", [r"C:\Photos\a b#é.jpg", r"\\server\share\a%20b.jpg"])
def test_windows_paths_are_handed_on_as_qt_reads_them(monkeypatch, path):
    urls: list[QUrl] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url) or True)
    desktop.open_file(PureWindowsPath(path))
    assert urls == [QUrl.fromLocalFile(path)]


def test_paths_are_copied_one_a_line(qapp):
    desktop.copy_paths([Path("/photos/a.jpg"), Path("/photos/b c.jpg")])
    assert QGuiApplication.clipboard().text() == "/photos/a.jpg\n/photos/b c.jpg"
