"""Asking before something is deleted or replaced."""

from __future__ import annotations

from pathlib import Path

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


def with_suffix(parent: QWidget | None, path: Path, suffix: str) -> Path | None:
    """A path that was typed without its suffix; None where the file is there and is to be kept.

    The file dialog asked about the name as it was typed.
    """
    whole = path.with_name(path.name + suffix)
    question = f"“{whole.name}” is there already. Replace it?"
    return whole if not whole.exists() or confirmed(parent, "Replace the file?", question) else None
