"""Asking before something is deleted."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def confirmed(parent: QWidget | None, title: str, words: str) -> bool:
    """Whether the user says yes; Cancel is what Enter and Escape choose."""
    answer = QMessageBox.question(
        parent,
        title,
        words,
        QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel,
        QMessageBox.StandardButton.Cancel,
    )
    return answer == QMessageBox.StandardButton.Yes
