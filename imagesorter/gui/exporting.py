"""Writing the order that is shown to a file of the user's choice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from imagesorter.errors import ExportError
from imagesorter.events import Ranked
from imagesorter.gui import text
from imagesorter.gui.confirming import with_suffix
from imagesorter.gui.session import Session
from imagesorter.settings import Settings


class OrderExport(QObject):
    """Asks where, and has the engine write there.

    Args:
        window: stands below the questions.

    Signals:
        told: it was written, in a sentence.
    """

    told = Signal(str)

    def __init__(self, session: Session, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._settings, self._window = session, settings, window

    def choose(self, ranking: Ranked, arranged: Sequence[int] | None = None) -> None:
        """Ask for a place, then write the order on the engine's thread. `arranged`: its file ids as they
        stand where the user has moved images."""
        proposed = Path(self._settings.last_folder or "") / f"{text.file_stem(ranking.query)}.csv"
        name, kind = QFileDialog.getSaveFileName(
            self._window, "Export the order", str(proposed), "CSV table (*.csv);;JSON (*.json)"
        )
        path = Path(name) if name else None
        if path is not None and path.suffix.lower() not in (".csv", ".json"):
            path = with_suffix(self._window, path, ".json" if "json" in kind else ".csv")
        if path is None:
            return
        self._session.call(
            lambda engine: engine.export(ranking, path, arranged),
            lambda gone: self._on_written(ranking, path, gone, moved=arranged is not None),
            lambda error: self._on_failed(error, path),
        )

    def _on_written(self, ranking: Ranked, path: Path, gone: int, *, moved: bool) -> None:
        told = f"Exported {text.count(len(ranking.file_ids), 'photograph')} to {text.named(path.name)}"
        if gone:  # first: a narrow window cuts off the end
            told += f"; {gone:,} of them {'is' if gone == 1 else 'are'} no longer there (F5 reads again)"
        told += "" if ranking.complete else "; the order was not yet complete"
        told += "; as you arranged them, with the ranker’s scores" if moved else ""
        self.told.emit(told)

    def _on_failed(self, error: Exception, path: Path) -> None:
        told = text.message(f"“{path.name}” was not written.")
        box = QMessageBox(QMessageBox.Icon.Warning, "Not exported", told, parent=self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        known = isinstance(error, ExportError)
        box.setInformativeText(text.message(str(error)) if known else "Something unexpected went wrong.")
        if not known:
            box.setDetailedText(repr(error))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
