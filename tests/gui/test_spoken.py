"""What is written on a button is part of its name, or nobody could press it by saying what is written
(WCAG 2.5.3)."""

from __future__ import annotations

import re

import pytest
from driving import idle
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QToolButton
from train_tab import Tab

from imagesorter.errors import ModelError
from imagesorter.gui.ranker_files import PackOptions
from imagesorter.gui.teaching_state import State


def words(text: str) -> str:
    """Without signs, arrows and dots."""
    return " ".join(re.findall(r"\w+", text.replace("&", "").casefold()))


def spoken(button: QAbstractButton) -> str:
    return QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name)


def is_written_on(button: QAbstractButton) -> bool:
    """Whether it shows words."""
    icon_only = isinstance(button, QToolButton) and (
        button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly and not button.icon().isNull()
    )
    return bool(words(button.text())) and not icon_only


def visible_buttons() -> list[QAbstractButton]:
    """Those with words, in all windows."""
    shown = [top for top in QApplication.topLevelWidgets() if top.isVisible()]
    buttons = [button for top in shown for button in top.findChildren(QAbstractButton) if button.isVisible()]
    return [each for each in buttons if is_written_on(each)]


def check(*expected: str) -> None:
    """All visible buttons, `expected` ones among them."""
    buttons = visible_buttons()
    unspoken = {b.text(): spoken(b) for b in buttons if words(b.text()) not in words(spoken(b))}
    assert unspoken == {}
    assert {words(text) for text in expected} <= {words(button.text()) for button in buttons}


def test_the_sort_tab(window, photos, qtbot):
    idle(qtbot, window)
    check("Sort", "Open", "Teach this", "Export…")
    window.open_paths([photos])
    window.session.sort("sharper")
    qtbot.waitUntil(lambda: window.sort_page.images.ranking is not None)
    page = window.sort_page
    page.banners.add("No such thing.", "error", "Traceback", offer=("Try another", page.teach))
    check("Export…", "Try another", "Details…")
    assert spoken(page.tools.export_button) == "Export…"
    assert page.tools.export_button.accessibleDescription() == "Save the order as a CSV or JSON file"


def test_the_train_tab(tab: Tab, photos):
    tab.engine.rankers.add("autumn", 30)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItemCount() == 1)
    check("Teach", "Go on teaching", "Forget…")
    tab.window.resize(1180, 780)
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    check("Undo", "More", "Left", "Cannot tell", "Learn from 1 pair")
    tab.window.resize(680, 440)
    tab.qtbot.waitUntil(tab.page.labels.panel.learn_short.isVisible)
    check("Learn")
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    check("Keep it", "Discard")


def test_what_is_waited_for(tab: Tab, photos):
    tab.name("keepers")
    check("Choose folder…")
    tab.window.open_paths([photos])
    tab.wait(State.ASKING)
    tab.shown()
    tab.answer(Qt.Key.Key_Left)
    fit = tab.hold_fit()
    check("Cancel")
    fit.fail(ModelError("no memory"))
    tab.wait(State.ASKING)


@pytest.mark.parametrize("name", ["settings", "models", "unreadable", "versions", "pack"])
def test_the_dialogs(tab: Tab, name: str):
    tab.engine.rankers.add("autumn", 30)
    page, window = tab.page, tab.window
    {
        "settings": window.show_preferences,
        "models": window.stock.show,
        "unreadable": window.show_unreadable,
        "versions": lambda: page.files.show_versions("autumn"),
        "pack": lambda: PackOptions("autumn", page).open(),
    }[name]()
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    assert dialogs
    check()
    for dialog in dialogs:
        dialog.close()
