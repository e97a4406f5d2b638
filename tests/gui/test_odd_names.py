"""Names that would turn round what is written after them, wherever the window tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from driving import idle, manual, running
from fake_engine import ranked
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QMessageBox, QTreeWidget, QWidget

from imagesorter.answers import ModelInfo
from imagesorter.errors import ExportError
from imagesorter.events import Finished, Notice, Opened, Unreadable
from imagesorter.gui import text
from imagesorter.gui.banner import BannerArea
from imagesorter.gui.confirming import with_suffix
from imagesorter.gui.elided import ElidedLabel
from imagesorter.gui.image_model import Role

NAME = "a\u202egpj.exe.jpg"
SHOWN = "a\ufffdgpj.exe.jpg"


def written(part: QWidget) -> list[str]:
    """All that is written, or read out, in a part of the window."""
    widgets = [part, *part.findChildren(QWidget)]
    found = [told for each in widgets for told in (each.toolTip(), each.accessibleName())]
    found += [each.text() for each in widgets if isinstance(each, QLabel | QAbstractButton)]
    for tree in part.findChildren(QTreeWidget):
        lines = map(tree.topLevelItem, range(tree.topLevelItemCount()))
        found += [line.text(column) for line in lines for column in range(tree.columnCount())]
    found += [told for each in part.findChildren(QAction) for told in (each.text(), each.toolTip())]
    return [*found, part.windowTitle()]


def turned(part: QWidget) -> list[str]:
    return [told for told in written(part) if "\u202e" in told]


def test_spaces_of_any_width_are_shown_and_lines_stay_in_messages():
    for name in ("日本\N{IDEOGRAPHIC SPACE}写真.jpg", "85\N{NO-BREAK SPACE}%", "1\N{THIN SPACE}000"):
        assert text.printable(name) == name
    assert text.printable("a\u2028b\tc") == "a\ufffdb\ufffdc"
    assert text.message(f"{NAME}\nis damaged") == f"{SHOWN}\nis damaged"
    assert text.sentence(f"the folder {NAME} is gone") == f"The folder {SHOWN} is gone"


def test_a_message_is_shown_printable_and_goes_by_what_it_was(qtbot):
    area = BannerArea()
    qtbot.addWidget(area)
    area.add(f"{NAME}: 3 of 4 labels were known already", "info")
    assert turned(area) == [] and f"{SHOWN}: 3 of 4 labels were known already" in written(area)
    area.withdraw(f"{NAME}: 3 of 4 labels were known already")
    assert area.banners() == []


def test_names_from_right_to_left_leave_the_order_of_what_is_beside_them(qtbot):
    """By where it is drawn: digits and brackets after such a name stood before it."""

    def ink(told: str) -> list[int]:
        label = QLabel(told, wordWrap=True)
        qtbot.addWidget(label)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # as in a banner
        label.resize(600, 30)
        picture = label.grab().toImage()
        paper = picture.pixel(picture.width() - 1, 0)
        columns = range(picture.width())
        return [x for x in columns if any(picture.pixel(x, y) != paper for y in range(picture.height()))]

    def stays(told: str, more: str) -> bool:
        whole, without = ink(f"{told} {more}"), ink(told)
        return [x for x in whole if x <= without[-1]] == without and whole[-1] > without[-1] + 20

    name = "\u05e9\u05de\u05e9"
    for told in (f"2 pairs for “{name}”", f"“{name}”"):
        assert stays(text.message(told), "12 (3)") and not stays(told, "12 (3)")


def test_a_line_is_shown_printable_though_its_name_is_cut(qtbot):
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(400, 20)
    label.show()
    label.set_words(f"Which one comes first by “{NAME * 5}”?", NAME * 5, more=NAME)
    label.grab()
    assert turned(label) == [] and label.words == f"Which one comes first by “{SHOWN * 5}”?"
    assert label.text().endswith("”?") and "…" in label.text()


def test_no_name_turns_round_what_the_window_says(window, engine, qtbot):
    page = window.sort_page
    manual(engine, qtbot, window, folder=Path(f"/{NAME}"))
    engine.files = ()
    reason = f"it is a link to /{NAME}, which is not there"
    running(qtbot, engine, "index").end(Unreadable(0, Path(f"/{NAME}/0.jpg"), reason), Finished(5, 1))
    window.session.sort("sharper")
    notice = Notice(f"“{NAME}” was not learned.", "warning")
    running(qtbot, engine, "rank").end(notice, ranked([1, 2, 3, 4], query=f"sharper {NAME}"))
    idle(qtbot, window)
    window.means.set_models((ModelInfo("odd", f"{NAME} & co", f"made of {NAME}"),))
    page.query.show_error(f"“{NAME}” cannot be read.")
    window.show_unreadable()
    assert turned(window) == [] and turned(window.unreadable) == []
    assert f"“{SHOWN}” was not learned." in written(window)
    assert f"{SHOWN} && co" in written(window)
    row = page.images.row(0)
    assert page.images.index(row).data(Role.UNREADABLE) == reason
    assert "\u202e" not in page.images.index(row).data(Qt.ItemDataRole.ToolTipRole)
    window.viewer.show_row(row)
    window.viewer.tell(NAME)
    assert window.viewer.note == SHOWN
    window.viewer.leave()
    window.unreadable.close()
    window.open_paths([Path(f"/none/{NAME}")])
    gone = Unreadable(None, Path(f"/none/{NAME}"), f"/none/{NAME} is not there")
    running(qtbot, engine, "open", 2).end(gone, Opened(0, 0), Finished(0, 1))
    qtbot.waitUntil(lambda: page.welcome.title.text() == "No photographs found")
    assert turned(window) == [] and SHOWN in page.welcome.explanation.text()


def test_questions_about_a_file_name_it_as_plain_text(qtbot, tmp_path, monkeypatch):
    asked: list[tuple[str, Qt.TextFormat]] = []

    def cancel(box: QMessageBox) -> QMessageBox.StandardButton:
        asked.append((box.text(), box.textFormat()))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "exec", cancel)
    try:
        (tmp_path / f"<b>{NAME}.csv").write_text("")
    except OSError:
        pytest.skip("such a name cannot be had here")
    assert with_suffix(None, tmp_path / f"<b>{NAME}", ".csv") is None
    assert asked == [(f"“<b>{SHOWN}.csv” already exists. Replace it?", Qt.TextFormat.PlainText)]


def test_what_was_not_exported_is_named(sorted_window, engine, qtbot, tmp_path, monkeypatch):
    path = tmp_path / f"{NAME}.csv"
    monkeypatch.setattr(
        "imagesorter.gui.exporting.QFileDialog.getSaveFileName", lambda *_: (str(path), "CSV table (*.csv)")
    )
    engine.export_error = ExportError(f"{path} could not be written.")
    sorted_window.export()
    qtbot.waitUntil(lambda: bool(sorted_window.findChildren(QMessageBox)))
    (box,) = sorted_window.findChildren(QMessageBox)
    assert box.text() == f"“{SHOWN}.csv” was not written." and turned(box) == []
    box.close()
