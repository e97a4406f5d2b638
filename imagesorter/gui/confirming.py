"""Asking before something is deleted or replaced."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from imagesorter.gui import text


def confirmed(parent: QWidget | None, title: str, words: str, act: str) -> bool:
    """Whether the user wants it; Cancel is what Enter and Escape choose.

    Args:
        act: what the other button says, for example "Remove"; a "Yes" is pressed without reading to what.
    """
    yes, cancel = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Cancel
    box = QMessageBox(QMessageBox.Icon.Question, title, text.message(words), yes | cancel, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    say_on(box, yes, act)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    answer = QMessageBox.StandardButton(box.exec())
    box.deleteLater()
    return answer == yes


def say_on(box: QMessageBox, standard: QMessageBox.StandardButton, words: str) -> None:
    """Say what a button does. A box makes room before the style adds its padding, and would cut the words."""
    button = box.button(standard)
    button.setText(words)
    button.ensurePolished()
    button.setMinimumWidth(button.sizeHint().width())


def with_suffix(parent: QWidget | None, path: Path, suffix: str) -> Path | None:
    """A path that was typed without its suffix; None where the file is there and is to be kept.

    The file dialog asked about the name as it was typed.
    """
    whole = path.with_name(path.name + suffix)
    question = f"“{whole.name}” already exists. Replace it?"
    there = os.path.exists(whole)  # noqa: PTH110 (never raises)
    return whole if not there or confirmed(parent, "Replace the file?", question, "Replace") else None
