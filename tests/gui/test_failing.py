from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMessageBox

from imagesorter.gui import failing


@pytest.mark.parametrize(
    ("platform", "display", "told"),
    [("xcb", ":0", True), ("", ":0", True), ("offscreen", ":0", False), ("", "", False)],
)
def test_a_dialog_tells_where_there_is_a_screen(qapp, monkeypatch, platform, display, told):
    shown: list[str] = []
    monkeypatch.setattr(QMessageBox, "critical", lambda _parent, _title, words: shown.append(words))
    monkeypatch.setattr(failing.sys, "platform", "linux")
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    failing.show("the folder is gone.")
    assert shown == (["Imagesorter cannot start: the folder is gone."] if told else [])
