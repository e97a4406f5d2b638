"""Asking before something is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from imagesorter.gui.confirming import confirmed, with_suffix


@pytest.mark.parametrize(("pressed", "sure"), [("Remove", True), ("Cancel", False)])
def test_the_button_names_the_act(qapp, pressed, sure):
    told = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        buttons = {button.text().replace("&", ""): button for button in box.buttons()}
        told.append(sorted(buttons))
        buttons[pressed].click()

    QTimer.singleShot(0, press)
    assert confirmed(None, "Remove it?", "It will be deleted.", "Remove") is sure
    assert told == [["Cancel", "Remove"]]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_no_key_is_pressed_by_mistake(qapp, key):
    QTimer.singleShot(0, lambda: QTest.keyClick(QApplication.activeModalWidget(), key))
    assert not confirmed(None, "Remove it?", "It will be deleted.", "Remove")


def test_a_name_that_no_file_can_have_is_left_to_the_writing(tmp_path: Path):
    path = tmp_path / ("n" * 300)
    assert with_suffix(None, path, ".csv") == path.with_name(f"{path.name}.csv")
