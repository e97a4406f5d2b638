from __future__ import annotations

from pathlib import Path

import pytest
from driving import drop, idle, local, type_query
from fake_engine import disk_full
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox


def test_export_writes_where_it_was_told(window, engine, photos, tmp_path, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(qtbot, window)
    proposals: list[str] = []

    def choose(parent, title, proposed, kinds):
        proposals.append(proposed)
        return str(tmp_path / "order"), "CSV table (*.csv)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    QTest.mouseClick(window.sort_page.tools.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Exported 12 photographs to order.csv" in window.status.message.text())
    assert Path(proposals[0]) == photos / "more-colorful.csv"
    ((ranking, path),) = engine.exported
    assert path == tmp_path / "order.csv"
    assert ranking is window.sort_page.images.ranking


def test_what_was_moved_by_hand_is_written_where_it_stands(
    window, engine, photos, tmp_path, qtbot, monkeypatch
):
    drop(window, local(photos))
    type_query(window, "more colorful")
    idle(qtbot, window)
    images = window.sort_page.images
    images.move(images.file_id(3), 0)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "order.csv"), ""))
    window.export()
    qtbot.waitUntil(lambda: "as you arranged them" in window.status.message.text())
    assert engine.arranged == [3, 0, 1, 2, *range(4, 12)] == images.ranked_ids
    images.put_back(3)
    assert not images.has_moved
    images.move(images.file_id(3), 0)
    images.move(images.file_id(0), 3)
    assert not images.has_moved, "there and back"


def test_it_is_told_how_many_photographs_are_gone(window, photos, tmp_path, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    idle(qtbot, window)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "order.csv"), ""))
    for name, told in (("03.png", "; 1 of them is no longer there"), ("04.png", "; 2 of them are no longer")):
        (photos / name).unlink()
        window.export()
        qtbot.waitUntil(lambda told=told: told in window.status.message.text())


@pytest.mark.parametrize("sure", [True, False])
def test_a_file_that_is_there_is_replaced_only_when_told(
    window, engine, photos, tmp_path, qtbot, monkeypatch, sure: bool
):
    """The dialog asks about the name as it was typed, without its suffix."""
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    idle(qtbot, window)
    (tmp_path / "order.csv").write_text("precious")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "order"), ""))
    answer = QMessageBox.StandardButton.Yes if sure else QMessageBox.StandardButton.Cancel
    monkeypatch.setattr(QMessageBox, "exec", lambda *_: answer)
    window.export()
    qtbot.waitUntil(lambda: not window.session.storing)
    assert [path for _, path in engine.exported] == ([tmp_path / "order.csv"] if sure else [])


def test_a_failed_export_is_told_in_a_box(window, engine, photos, tmp_path, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    target = tmp_path / "order.csv"
    engine.export_error = disk_full(target)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    window.export()
    qtbot.waitUntil(lambda: len(window.findChildren(QMessageBox)) == 1)
    (box,) = window.findChildren(QMessageBox)
    assert "order.csv" in box.text()
    assert "disk is full" in box.informativeText()
    box.close()


def test_a_cancelled_export_does_nothing(window, engine, photos, qtbot, monkeypatch):
    drop(window, local(photos))
    type_query(window, "more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    window.export()
    idle(qtbot, window)
    assert engine.exported == []


def test_there_is_nothing_to_export_before_there_is_an_order(window, photos, qtbot):
    assert not window.sort_page.tools.export_button.isEnabled()
    drop(window, local(photos))
    idle(qtbot, window)
    assert not window.sort_page.tools.export_button.isEnabled()
    assert not window.menus.export.isEnabled()
