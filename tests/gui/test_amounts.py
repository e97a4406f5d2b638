"""Bars and figures of how far a stage is."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QProgressBar
from pytestqt.qtbot import QtBot

from imagesorter.events import Progress
from imagesorter.gui.amounts import amount_of, show_on
from imagesorter.gui.notice_view import NoticeView
from imagesorter.gui.teaching_state import State


@pytest.mark.parametrize("total", [10, 2**31 - 1, 2**31, 3_500_000_000, 2**40])
def test_a_bar_takes_any_total(qtbot: QtBot, total: int):
    bar = QProgressBar()
    qtbot.addWidget(bar)
    show_on(bar, Progress("import", total // 2, total))
    assert bar.value() / bar.maximum() == pytest.approx(0.5, abs=1e-3)
    show_on(bar, Progress("import", 3 * total, total))
    assert bar.value() == bar.maximum()
    show_on(bar, Progress("index", 3))
    assert bar.maximum() == 0, "busy without an end"


def test_files_are_counted_in_bytes():
    assert amount_of(Progress("import", 1_000_000_000, 3_500_000_000)) == "1.0 GB of 3.5 GB"
    assert amount_of(Progress("index", 1_200, 3_400)) == "1,200 of 3,400"


def test_teaching_that_waits_for_a_large_import_tells_of_it(qtbot: QtBot):
    notice = NoticeView()
    qtbot.addWidget(notice)
    notice.show_state(State.PREPARING, 3)
    notice.set_progress(Progress("import", 1_000_000_000, 3_500_000_000))
    assert notice.title.text() == "Importing a model …"
    assert notice.explanation.text() == "1.0 GB of 3.5 GB"
