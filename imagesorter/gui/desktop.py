"""What the desktop does with a file: open it, show it, take a copy or its path."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from imagesorter.gui import text

logger = logging.getLogger(__name__)

_COPIED = "x-special/gnome-copied-files"
_has_copied = threading.Event()


def open_file(path: Path) -> bool:
    """Open with the application that the user has chosen for such files."""
    return QDesktopServices.openUrl(_url(path))


def show_in_file_manager(path: Path) -> bool:
    """Open the file's folder with the file selected, or just the folder where that is not possible."""
    if sys.platform == "darwin":
        return _started(["open", "-R", str(path)])
    if sys.platform == "win32":
        # explorer wants the quotes around the path alone, which a list of arguments cannot say.
        return _started(f'explorer /select,"{path}"')
    return _select_by_dbus(path)


def failure(act: Callable[[Path], bool], path: Path) -> str:
    """Do one of the two; what went wrong, in a sentence, "" where nothing did."""
    name = text.named(str(path))
    if _is_gone(path):
        return f"{name} is no longer there."
    return "" if act(path) else f"No program on this computer could open {name}."


def copy_files(paths: Sequence[Path]) -> None:
    """Put files on the clipboard: pasted into a folder they are copied there, into a text they are paths."""
    data = QMimeData()
    data.setText("\n".join(map(written, paths)))
    urls = [_url(path) for path in paths]
    data.setUrls(urls)
    # What GNOME's file manager asks for; see QClipboard's "Notes for X11 Users".
    data.setData(_COPIED, b"\n".join([b"copy", *(url.toEncoded().data() for url in urls)]))
    QGuiApplication.clipboard().setMimeData(data)
    _has_copied.set()


def leave_clipboard() -> None:
    """Leave text where files were put, to be called when the application ends: on a clipboard of the
    process's own, what Python has made is destroyed after Python. Windows and macOS keep files themselves."""
    clipboard = QGuiApplication.clipboard()
    if _has_copied.is_set() and QGuiApplication.platformName() not in ("windows", "cocoa"):
        _has_copied.clear()
        if clipboard.mimeData().hasFormat(_COPIED):  # else somebody has copied something since
            clipboard.setText(clipboard.text())


def copy_paths(paths: Sequence[Path]) -> None:
    """Put the paths on the clipboard, one a line."""
    copy_text("\n".join(map(written, paths)))


def copy_name(path: Path) -> None:
    """Put the last part of a path on the clipboard."""
    copy_text(path.name if _is_text(path.name) else path.as_uri().rpartition("/")[2])


def written(path: Path) -> str:
    """A path as text. One that is no Unicode becomes an address with percent escapes, as in an exported
    order: without the bytes that are no letters it would be another path."""
    return str(path) if _is_text(str(path)) else path.as_uri()


def copy_text(text: str) -> None:
    """Put text on the clipboard."""
    QGuiApplication.clipboard().setText(text)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _url(path: Path) -> QUrl:
    """Its address with the very bytes of the path, which on Linux need not be UTF-8, as Qt's text must."""
    if sys.platform == "win32" or _is_text(str(path)):
        return QUrl.fromLocalFile(str(path))
    return QUrl.fromEncoded(path.as_uri().encode())


def _is_gone(path: Path) -> bool:
    """Not where it only cannot be looked at."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _started(command: list[str] | str) -> bool:
    import subprocess  # seldom needed, and the window waits for what is imported

    try:
        subprocess.Popen(command)
    except OSError as error:
        logger.warning("the file manager could not be started: %s", error)
        return False
    return True


def _select_by_dbus(path: Path) -> bool:
    """Ask the file manager through the freedesktop.org FileManager1 interface; without an answer
    from one, open the folder."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    folder = _url(path.parent)
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return QDesktopServices.openUrl(folder)
    message = QDBusMessage.createMethodCall(
        "org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        "org.freedesktop.FileManager1",
        "ShowItems",
    )
    url = _url(path).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    message.setArguments([[url], ""])
    watcher = QDBusPendingCallWatcher(bus.asyncCall(message, 5000), QGuiApplication.instance())

    def answered() -> None:
        if watcher.isError():
            QDesktopServices.openUrl(folder)
        watcher.deleteLater()

    watcher.finished.connect(answered)
    return True
