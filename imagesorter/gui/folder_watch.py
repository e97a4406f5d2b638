"""Telling that the folder has changed on disk while the user was elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from imagesorter.events import FolderChanged
from imagesorter.gui import text
from imagesorter.gui.banner import BannerArea
from imagesorter.gui.session import Session


class FolderWatch(QObject):
    """Looks when the user comes back from another application, and offers to read the folder again.

    Nothing is read again unasked: the order would move under the eyes of who looks at it.

    Args:
        again: reads the folder again.
    """

    def __init__(self, session: Session, banners: BannerArea, again: Callable[[], None]) -> None:
        super().__init__(banners)
        self._session, self._banners, self._again = session, banners, again
        self._told = self._dismissed = ""
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.applicationStateChanged.connect(self._on_state)
        session.folder_changed.connect(self._tell)
        session.folder_reset.connect(self._forget)
        banners.dismissed.connect(self._note)

    def _on_state(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            self._session.look()

    def _tell(self, event: FolderChanged) -> None:
        told = sentence(event)
        stands = any(banner.text == told for banner in self._banners.banners())
        if told and (stands or told == self._dismissed):
            return
        self._banners.withdraw(self._told)
        self._told, self._dismissed = told, ""
        if told:
            self._banners.add(told, "info", offer=("Read again", self._again))

    def _note(self, dismissed: str) -> None:
        if dismissed == self._told:
            self._dismissed = dismissed

    def _forget(self) -> None:
        self._told = self._dismissed = ""


def sentence(event: FolderChanged) -> str:
    """For people; "" where nothing has changed."""
    parts: list[str] = []
    for number, one, many in (
        (event.added, "was added", "were added"),
        (event.changed, "was changed", "were changed"),
        (event.gone, "is gone", "are gone"),
    ):
        if number:
            named = f"{number:,}" if parts else text.count(number, "photograph")
            parts.append(f"{named} {one if number == 1 else many}")
    return f"Since the folder was read, {text.listed(parts)}." if parts else ""
