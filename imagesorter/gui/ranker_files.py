"""What is done with taught attributes beside teaching: versions, packs, label files, forgetting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from imagesorter.answers import Installed, TaughtAttribute, Version
from imagesorter.gui import text
from imagesorter.gui.confirming import confirmed, with_suffix
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.naming_view import given
from imagesorter.gui.teacher import Teacher
from imagesorter.gui.teaching_state import State
from imagesorter.gui.versions import VersionsDialog

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.settings import Settings

PACK = ".ranker"

_TOO_SOON = "Nothing was done with the file you chose during reading. Choose it again once a pair is shown."


class PackOptions(QDialog):
    """What goes into a ranker pack."""

    def __init__(self, attribute: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export a ranker pack")
        self.setMinimumWidth(460)
        told = QLabel(
            f"One file with the order “{text.named(attribute)}”: what was learned, how well it did "
            "in tests, and which model it is for. It contains no photographs and no paths.",
            wordWrap=True,
        )
        told.setTextFormat(Qt.TextFormat.PlainText)
        self.labels = QCheckBox("Include my answers, marks and ratings")
        self.labels.setToolTip("Photographs are identified only by a fingerprint of their content")
        self.licence = QLineEdit(placeholderText="for example CC BY 4.0")
        self.licence.setAccessibleName("Licence")
        note = QLabel("With these, somebody who has the same photographs can go on teaching.", wordWrap=True)
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.setHorizontalSpacing(16)
        form.addRow("Answers:", self.labels)
        form.addRow("", note)
        form.addRow("Licence:", self.licence)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton("Choose a file…", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        column.addWidget(told)
        column.addLayout(form)
        column.addWidget(buttons)


class RankerFiles(QObject):
    """Asks for files and confirmation, and has it done.

    Args:
        images: the opened photographs.
        page: parent of the dialogs.

    Signals:
        changed: attributes or versions are not what they were.
        removed: name of an attribute that is no more.
    """

    changed = Signal()
    removed = Signal(str)

    def __init__(self, teacher: Teacher, settings: Settings, images: ImageModel, page: QWidget) -> None:
        super().__init__(page)
        self._teacher, self._settings, self._images, self._page = teacher, settings, images, page

    def show_versions(self, attribute: str) -> None:
        """List the versions; bring one back."""
        dialog = VersionsDialog(attribute, self._page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        open_ = [True]
        dialog.finished.connect(lambda _: open_.clear())

        def read(engine: Engine) -> tuple[Version, ...]:
            return engine.rankers.versions(attribute)

        def show(versions: tuple[Version, ...]) -> None:
            if open_:
                dialog.set_versions(versions)

        def revert(number: int | None) -> None:
            def work(engine: Engine) -> tuple[Version, ...]:
                engine.rankers.revert(attribute, number)
                return read(engine)

            def reverted(versions: tuple[Version, ...]) -> None:
                show(versions)
                self.changed.emit()

            self._teacher.call(work, reverted)

        dialog.revert_wanted.connect(revert)
        self._teacher.read(read, show)
        dialog.open()

    def bring_back(self, attribute: str, number: int | None) -> None:
        """Make a version the one in use; None: the order before anything was taught."""
        self._teacher.call(
            lambda engine: engine.rankers.revert(attribute, number), lambda _: self.changed.emit()
        )

    def export_pack(self, attribute: str) -> None:
        """Ask what goes in and where, then write."""
        options = PackOptions(attribute, self._page)
        options.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        options.accepted.connect(
            lambda: self._save_pack(attribute, options.labels.isChecked(), options.licence.text().strip())
        )
        options.open()

    def import_pack(self) -> None:
        """Ask for a pack and install it; not while an order waits that was compared with what is there."""
        if self._teacher.decide_first:
            self._teacher.tell(self._teacher.decide_first)
            return
        path = self._ask_open("Import a ranker pack", f"Ranker packs (*{PACK})")
        if path is None:
            return

        def imported(found: Installed) -> None:
            taught = found.attribute
            if self._images.rowCount():
                self._teacher.tell_result(_came(path, found), query=taught.query)
            else:
                self._teacher.tell_result(f"{_came(path, found)} Sort by it: {taught.query}")
            asked = self._teacher.state in (State.ASKING, State.DECIDING)
            if asked and taught.name == self._teacher.attribute and found.known < found.labels:
                self._teacher.teach(taught.name)  # with what came, unless a better order waits
            self.changed.emit()

        self._teacher.withdraw_results()
        self._teacher.call(lambda engine: engine.rankers.install(path), imported, as_result=True)

    def remove(self, attribute: str) -> None:
        """Forget an attribute, once the user has confirmed it."""

        def read(engine: Engine) -> tuple[TaughtAttribute, tuple[str, ...]]:
            return engine.rankers.find(attribute), engine.rankers.starting_from(attribute)

        def ask(found: tuple[TaughtAttribute, tuple[str, ...]]) -> None:
            taught, others = found
            versions = [text.count(taught.kept, "version")] if taught.kept else []
            lost = text.listed([*given(taught), *versions])
            names = " and ".join(f"“{text.printable(each)}”" for each in others)
            starts = f"{names} will have lost {'their' if len(others) > 1 else 'its'} start. "
            if confirmed(
                self._page,
                "Forget this attribute?",
                f"“{text.printable(attribute)}” will be deleted with {lost}. {starts if others else ''}This "
                "cannot be undone: only what an exported ranker pack holds can be brought back. Your "
                "photographs are not touched.",
                "Forget",
            ):
                self._teacher.call(
                    lambda engine: engine.rankers.remove(attribute), lambda _: self._removed(attribute)
                )

        self._teacher.read(read, ask)

    def _removed(self, attribute: str) -> None:
        self.removed.emit(attribute)
        self.changed.emit()

    def import_labels(self) -> None:
        """Ask for a CSV of pairs or ratings and take it in."""
        path = self._ask_open("Import pairs or ratings", "CSV tables (*.csv);;All files (*)")
        if path is not None and self._still_asks():
            self._teacher.import_labels(path)

    def export_labels(self, *, ratings: bool) -> None:
        """Ask where, then write all pairs, or all ratings, of what is being taught."""
        kind = "ratings" if ratings else "pairs"
        proposed = f"{text.file_stem(self._teacher.attribute)}-{kind}.csv"
        path = self._ask_save(f"Export the {kind}", proposed, "CSV table (*.csv)", ".csv")
        if path is not None and self._still_asks():
            self._teacher.call_teaching(
                lambda teaching: teaching.export_csv(path, ratings=ratings),
                lambda rows: self._teacher.tell(
                    f"{text.count(rows, kind[:-1])} written to {text.named(path.name)}"
                ),
            )

    def _still_asks(self) -> bool:
        """Whether pairs are asked, else that is told: a model may have come while the user chose a file."""
        asks = self._teacher.state is State.ASKING
        if not asks:
            self._teacher.tell(_TOO_SOON, "warning")
        return asks

    def _save_pack(self, attribute: str, labels: bool, licence: str) -> None:
        path = self._ask_save(
            "Export a ranker pack", text.file_stem(attribute) + PACK, f"Ranker pack (*{PACK})", PACK
        )
        if path is None:
            return

        def exported(count: int) -> None:
            with_labels = f" with {_labels(count)}" if labels else ""
            self._teacher.tell(f"Exported to {text.named(path.name)}{with_labels}")

        self._teacher.call(
            lambda engine: engine.rankers.export(attribute, path, labels=labels, licence=licence), exported
        )

    def _ask_open(self, title: str, kinds: str) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(self._page, title, self._settings.last_folder or "", kinds)
        return Path(name) if name else None

    def _ask_save(self, title: str, proposed: str, kinds: str, suffix: str) -> Path | None:
        place = Path(self._settings.last_folder or "") / proposed
        name, _ = QFileDialog.getSaveFileName(self._page, title, str(place), kinds)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix.lower() == suffix else with_suffix(self._page, path, suffix)


def _came(path: Path, found: Installed) -> str:
    """What came of the import of a pack."""
    what = "imported" if found.new else "was here already"
    labels = f" {_labels(found.labels)} came with it (already known: {found.known:,})."
    named = f"{text.named(path.name)}: “{text.printable(found.attribute.name)}” {what}."
    return f"{named}{_replaced(found)}{labels if found.labels else ''}"


def _labels(number: int) -> str:
    return text.count(number, "answer, mark or rating", "answers, marks and ratings")


def _replaced(found: Installed) -> str:
    """That an imported order has taken the place of another one, with what is known of both."""
    now, earlier = found.attribute.version, found.earlier
    if now is None or earlier is None:
        return ""
    is_now, was = text.percent(now.after.mean), text.share(earlier.after)
    return (
        f" It is version {now.number} ({is_now} of {now.after.pairs} right, as its teacher says), in the "
        f"place of version {earlier.number} ({was}), which “Versions…” brings back."
    )
