"""What the status line and the menus know of the order."""

from __future__ import annotations

from PySide6.QtCore import QObject

from imagesorter.events import Ranked
from imagesorter.gui import text
from imagesorter.gui.activity import Activity
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.menus import MenuActions
from imagesorter.gui.session import Session
from imagesorter.gui.status import StatusLine


class OrderStatus(QObject):
    """Says what the images are sorted by, and enables what can be done with that. To be made after the status
    line has been connected, which it corrects."""

    def __init__(self, session: Session, images: ImageModel, status: StatusLine, menus: MenuActions) -> None:
        super().__init__(session)
        self._session, self._images, self._status, self._menus = session, images, status, menus
        self._left = False  # an order, for that of the folder
        session.ranked.connect(self._on_ranked)
        session.unsorted.connect(self._on_unsorted)
        session.query_refused.connect(self.follow_query)
        session.activity_changed.connect(self._on_activity)

    def follow_query(self) -> None:
        """Let an order be left where there is one, or one on its way."""
        self._menus.unsort.setEnabled(self._session.query is not None)

    def _on_ranked(self, ranked: Ranked) -> None:
        self._left = False
        self._menus.export.setEnabled(len(ranked.file_ids) > 0)
        self.follow_query()
        if self._session.activity is Activity.STOPPED:  # it was on its way to the window by then
            self._status.set_activity(Activity.STOPPED)
            self._tell()

    def _on_unsorted(self) -> None:
        self._left = True
        self._menus.export.setEnabled(False)
        self.follow_query()
        self._status.set_waiting("")
        self._tell()

    def _on_activity(self, activity: Activity) -> None:
        self._menus.stop.setEnabled(activity not in (Activity.IDLE, Activity.STOPPED))
        self.follow_query()
        self._tell()

    def _tell(self) -> None:
        """Say what the images are sorted by, now that no more is done for it."""
        ranking, activity, images = self._images.ranking, self._session.activity, self._images.rowCount()
        if ranking is None:
            if activity is Activity.IDLE and images and self._left:
                self._status.tell("In the folder's own order")
            elif activity is Activity.STOPPED:  # and no more of an order than that is true
                self._status.set_activity(activity)
            return
        named = text.shortened(text.printable(ranking.query))
        if activity is Activity.IDLE and not len(ranking.file_ids):
            self._status.tell(f"Nothing was sorted by “{named}”")
        elif activity is Activity.IDLE:
            self._status.tell(f"Sorted {text.part(len(ranking.file_ids), images, 'photograph')} by “{named}”")
        elif activity is Activity.STOPPED and ranking.query != self._session.query:
            self._status.tell(f"Stopped. Still ordered by “{named}”.")
        elif activity is Activity.STOPPED and not ranking.complete:
            ordered = text.part(len(ranking.file_ids), images, "photograph")
            self._status.tell(f"Stopped: {ordered} in order. What is done is kept.")
