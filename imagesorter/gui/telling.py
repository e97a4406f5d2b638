"""Short work on the engine, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from imagesorter.gui.session import Session
from imagesorter.gui.worker import told

if TYPE_CHECKING:
    from imagesorter.engine import Engine


class Telling(QObject):
    """Signals:
    told: (text, severity, details, query) for a banner; `query`: whose order it offers, "" for none.
    mended: the text of what has failed, once such work has ended well, or of what does not hold any more.
    """

    told = Signal(str, str, str, str)
    mended = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._failures: list[str] = []
        self._held: tuple[str, ...] = ()
        self._results: list[str] = []
        self._lost = ""  # the attribute of what was learned and not kept

    def call(
        self, work: Callable[[Engine], Any], succeeded: Callable[[Any], None], *, as_result: bool = False
    ) -> None:
        """Short work on the engine; a failure is told, perhaps as by `tell_result`."""
        self._session.call(work, succeeded, partial(self._tell, as_result=as_result))

    def read(self, work: Callable[[Engine], Any], succeeded: Callable[[Any], None]) -> None:
        """`call` for what only reads, which a closing window need not wait for."""
        self._session.read(work, succeeded, self._tell)

    def tell(self, message: str, severity: str = "info", details: str = "", query: str = "") -> None:
        """Something went as it was wanted, or did not."""
        self.told.emit(message, severity, details, query)

    def fail(self, message: str, details: str = "") -> None:
        """Something went wrong, which is told until it goes well."""
        self._failures.append(message)
        self.tell(message, "error", details)

    def tell_result(self, message: str, severity: str = "info", details: str = "", query: str = "") -> None:
        """What came of an import, which is told until the next one."""
        self._results.append(message)
        self.tell(message, severity, details, query)

    def withdraw_results(self) -> None:
        """Another import begins, or the last was taken back."""
        results, self._results = self._results, []
        for result in results:
            self.mended.emit(result)

    def hold(self, *messages: str) -> None:
        """What may be told holds until it is left out here."""
        outdated = [message for message in self._held if message not in messages]
        self._held = messages
        for message in outdated:
            self.mended.emit(message)

    def lose(self, attribute: str) -> None:
        """What was learned for an attribute will be gone without being kept."""
        self._lost = attribute

    def tell_lost(self) -> None:
        """Tell of that, once."""
        lost, self._lost = self._lost, ""
        if lost:
            self.tell(f"What was learned for “{lost}” was not kept. Learn again.", "warning")

    def _fail(self, error: Exception) -> None:
        self.fail(*told(error))

    def _mend(self) -> None:
        failures, self._failures = self._failures, []
        for failure in failures:
            self.mended.emit(failure)

    def _tell(self, error: Exception, *, as_result: bool = False) -> None:
        message, details = told(error)
        (self.tell_result if as_result else self.tell)(message, "error", details)
