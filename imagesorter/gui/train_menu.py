"""What can be done with the attribute that is being taught, beside teaching it."""

from __future__ import annotations

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
        self.addAction("Versions…", lambda: files.show_versions(teacher.attribute))
        self.addSeparator()
        self._while_asking = [
            self.addAction("Import pairs or ratings…", files.import_labels),
            self.addAction("Export pairs…", lambda: files.export_labels(ratings=False)),
            self.addAction("Export ratings…", lambda: files.export_labels(ratings=True)),
        ]
        self.addSeparator()
        self._export_pack = self.addAction(
            "Export a ranker pack…", lambda: files.export_pack(teacher.attribute)
        )
        self.addAction("Import a ranker pack…", files.import_pack)
        self.addSeparator()
        self.addAction("Forget this attribute…", lambda: files.remove(teacher.attribute))
        self.aboutToShow.connect(self._enable)

    def set_taught(self, taught: TaughtAttribute | None) -> None:
        """What is listed of the attribute."""
        self._taught = taught

    def _enable(self) -> None:
        asking = self._teacher.state is State.ASKING
        for action in self._while_asking:
            action.setEnabled(asking)
        self._export_pack.setEnabled(self._taught is not None and self._taught.version is not None)
