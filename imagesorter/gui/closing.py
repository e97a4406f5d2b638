"""Asking before an order that was learned is lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from imagesorter.gui import text
from imagesorter.gui.confirming import say_on
from imagesorter.gui.teacher import Teacher
from imagesorter.gui.teaching_state import State


def decided(parent: QWidget, teacher: Teacher, without: str, go_on: Callable[[], object]) -> bool:
    """Whether what would lose it can be done now: an order that was learned and waits to be kept may be let
    go, or the user stays. To be kept, it is first; then `go_on` is called, but not where that fails, which
    is told.

    Args:
        without: what is done, on the button that lets the order go.
    """
    if teacher.state is not State.DECIDING or not teacher.undecided:
        return True
    if not teacher.busy:
        answer = _keep_or_leave(parent, teacher.attribute, without)
        if answer is not QMessageBox.StandardButton.Save:
            return answer is QMessageBox.StandardButton.Discard
        teacher.keep()

    def kept(_: object) -> None:
        if not teacher.undecided:
            go_on()

    # calls are answered in their order: by then it is known what came of keeping, or of letting go
    teacher.call(lambda _: None, kept)
    return False


def _keep_or_leave(parent: QWidget, attribute: str, without: str) -> QMessageBox.StandardButton:
    keep, leave, stay = (
        QMessageBox.StandardButton.Save,
        QMessageBox.StandardButton.Discard,
        QMessageBox.StandardButton.Cancel,
    )
    learned = f"The order learned for “{text.named(attribute, 40)}” was not kept yet."
    words = f"{learned} Your answers stay either way."
    box = QMessageBox(QMessageBox.Icon.Question, "Keep the order?", words, keep | leave | stay, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    say_on(box, keep, "Keep it")
    say_on(box, leave, without)
    box.setDefaultButton(keep)
    box.setEscapeButton(stay)
    answer = QMessageBox.StandardButton(box.exec())
    box.deleteLater()
    return answer
