"""What can be done with the attribute that is being taught, beside teaching it."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from imagesorter.answers import TaughtAttribute
from imagesorter.gui.ranker_files import RankerFiles
from imagesorter.gui.teacher import Teacher
from imagesorter.gui.teaching_state import State


class TrainMenu(QMenu):
    """Versions, files, and forgetting."""

    def __init__(self, teacher: Teacher, files: RankerFiles, parent: QWidget) -> None:
        super().__init__(parent)
        self._teacher = teacher
        self._taught: TaughtAttribute | None = None
        self.setToolTipsVisible(True)
        self.addAction("Versions…", lambda: files.show_versions(teacher.attribute))
        self.addSeparator()
        self._import = self.addAction("Import pairs or ratings…", files.import_labels)
        self._export_pairs = self.addAction("Export pairs…", lambda: files.export_labels(ratings=False))
        self._export_ratings = self.addAction("Export ratings…", lambda: files.export_labels(ratings=True))
        self.addSeparator()
        self._export_pack = self.addAction(
            "Export a ranker pack…", lambda: files.export_pack(teacher.attribute)
        )
        self.addAction("Import a ranker pack…", files.import_pack)
        self.addSeparator()
        self.addAction("Forget this attribute…", lambda: files.remove(teacher.attribute))
        for changed in (self.aboutToShow, teacher.state_changed, teacher.standing_changed):
            changed.connect(self._enable)  # also for who reads or triggers an entry without opening the menu
        self._enable()

    def set_taught(self, taught: TaughtAttribute | None) -> None:
        """What is listed of the attribute."""
        self._taught = taught
        self._enable()

    def _enable(self) -> None:
        standing = self._teacher.standing
        answers, rated = (standing.answers, standing.rated) if standing is not None else (0, 0)
        for action, missing in (
            (self._import, ""),
            (self._export_pairs, "" if answers else "There are no answers to pairs yet."),
            (
                self._export_ratings,
                "" if rated else "There are no ratings: they come from an imported table.",
            ),
        ):
            asking = self._teacher.state is State.ASKING
            _allow(action, missing if asking else "This can be done once a pair is shown.")
        in_use = self._taught is not None and self._taught.version is not None
        _allow(self._export_pack, "" if in_use else "No version of the order is in use: keep one first.")


def _allow(action: QAction, hindrance: str) -> None:
    """Enable an action unless something hinders it, which its tool tip says."""
    action.setEnabled(not hindrance)
    action.setToolTip(hindrance)
