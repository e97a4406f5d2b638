"""Asking before something is deleted, replaced or lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox, QWidget

from imagesorter.gui import text
from imagesorter.gui.teaching_state import State

if TYPE_CHECKING:
    from imagesorter.gui.teacher import Teacher


def confirmed(parent: QWidget | None, title: str, words: str, act: str) -> bool:
    """Whether the user wants it; Cancel is what Enter and Escape choose.

    Args:
        act: what the other button says, for example "Remove"; a "Yes" is pressed without reading to what.
    """
    yes, cancel = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Cancel
    box = QMessageBox(QMessageBox.Icon.Question, title, words, yes | cancel, parent)
    box.button(yes).setText(act)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    answer = QMessageBox.StandardButton(box.exec())
    box.deleteLater()
    return answer == yes


def decided(parent: QWidget, teacher: Teacher) -> bool:
    """Whether all can be closed now: an order that was learned and waits to be kept may be let go, or the
    user stays. To be kept, it is first; then `parent` closes, but stays where that fails, which is told."""
    if teacher.state is not State.DECIDING or not teacher.undecided:
        return True
    if not teacher.busy:
        answer = _keep_or_leave(parent, teacher.attribute)
        if answer is not QMessageBox.StandardButton.Save:
            return answer is QMessageBox.StandardButton.Discard
        teacher.keep()

    def close(_: object) -> None:
        if not teacher.undecided:
            parent.close()

    # calls are answered in their order: by then it is known what came of keeping, or of letting go
    teacher.call(lambda _: None, close)
    return False


def _keep_or_leave(parent: QWidget, attribute: str) -> QMessageBox.StandardButton:
    keep, leave, stay = (
        QMessageBox.StandardButton.Save,
        QMessageBox.StandardButton.Discard,
        QMessageBox.StandardButton.Cancel,
    )
    learned = f"The order learned for “{text.shortened(text.printable(attribute))}” was not kept yet."
    words = f"{learned} Your answers stay either way."
    box = QMessageBox(QMessageBox.Icon.Question, "Keep the order?", words, keep | leave | stay, parent)
    box.button(keep).setText("Keep it")
    box.button(leave).setText("Close without it")
    box.setDefaultButton(keep)
    box.setEscapeButton(stay)
    answer = QMessageBox.StandardButton(box.exec())
    box.deleteLater()
    return answer


def with_suffix(parent: QWidget | None, path: Path, suffix: str) -> Path | None:
    """A path that was typed without its suffix; None where the file is there and is to be kept.

    The file dialog asked about the name as it was typed.
    """
    whole = path.with_name(path.name + suffix)
    question = f"“{whole.name}” already exists. Replace it?"
    there = os.path.exists(whole)  # noqa: PTH110 (never raises)
    return whole if not there or confirmed(parent, "Replace the file?", question, "Replace") else None
