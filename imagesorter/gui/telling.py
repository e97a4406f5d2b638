"""Short work on the engine, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from imagesorter.gui.session import Session
from imagesorter.gui.worker import told

if TYPE_CHECKING:
    from imagesorter.engine import Engine


class Telling(QObject):
    """Signals:
    told: (text, severity, details) for a banner.
    """

    told = Signal(str, str, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def call(self, work: Callable[[Engine], Any], succeeded: Callable[[Any], None]) -> None:
        """Short work on the engine; a failure is told."""
        self._session.call(work, succeeded, self._tell)

    def tell(self, message: str, severity: str = "info", details: str = "") -> None:
        """Something went as it was wanted, or did not."""
        self.told.emit(message, severity, details)

    def _tell(self, error: Exception) -> None:
        message, details = told(error)
        self.tell(message, "error", details)
