"""What was taught: where it is listed, its versions, its files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_teaching import damaged_pack
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from imagesorter.answers import Estimate
from imagesorter.errors import TeachingError
from imagesorter.events import Finished, ModelReady, Notice, Progress
from imagesorter.gui.ranker_files import PackOptions
from imagesorter.gui.teaching_state import State
from imagesorter.gui.versions import VersionsDialog

CANCEL = QMessageBox.StandardButton.Cancel


def test_teach_this_carries_the_query_over(tab, photos):
    window, sort = tab.window, tab.window.sort_page
    assert not sort.tools.teach_button.isEnabled()
    window.open_paths([photos])
    sort.query.edit.setText("less noise")
    assert sort.tools.teach_button.isEnabled()
    QTest.mouseClick(sort.tools.teach_button, Qt.MouseButton.LeftButton)
    assert window.tabs.currentWidget() is tab.page
    tab.wait(State.ASKING)
    assert (tab.engine.teaching.attribute, tab.engine.teaching.start) == ("noise", None)
    assert tab.page.question.words == "Which one comes first by “noise”?"


def test_no_photograph_hides_the_pair_that_the_keys_answer(tab, photos):
    window = tab.window
    window.open_paths([photos])
    tab.opened()
    window.tabs.setCurrentWidget(window.sort_page)
    window.sort_page.query.edit.setText("less noise")
    window.viewer.show_row(2)
    QTest.keyClick(window.viewer, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert window.tabs.currentWidget() is tab.page
    assert window.viewer.isHidden()
    tab.wait(State.ASKING)
    tab.shown()
    assert tab.page.labels.hasFocus()


def test_nothing_stays_the_start_while_orders_come_and_go(tab):
    naming = tab.page.naming
    naming.set_starts("sharper")
    naming.start.setCurrentIndex(naming.start.findData(""))
    for query in ("sharper", "", "darker"):
        naming.set_starts(query)
        assert naming.start.currentData() == ""
    naming.start.setCurrentIndex(naming.start.findData("darker"))
    naming.set_starts("")
    assert naming.start.currentData() is None, "that order is gone"


def test_teach_this_goes_on_with_what_was_taught(tab, photos):
    tab.engine.rankers.add("keepers", 30)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItemCount() == 1)
    tab.window.open_paths([photos])
    tab.window.sort_page.query.edit.setText("keepers")
    tab.window.sort_page.tools.teach_button.click()
    tab.wait(State.ASKING)
    assert (tab.engine.teaching.attribute, tab.engine.teaching.start) == ("keepers", None)


@pytest.mark.parametrize("name", ["夕焼け ☀", "naïve‍🙂", "a" * 100, "<b>bold</b> & 100 %", "שלום"])
def test_any_name_is_shown_as_it_is(tab, photos, name):
    tab.page.naming.edit.setText(name)
    tab.window.open_paths([photos])
    tab.opened()
    tab.window.tabs.setCurrentWidget(tab.page)
    tab.page.naming.button.click()
    tab.wait(State.ASKING)
    assert tab.engine.teaching.attribute == name
    assert tab.window.width() == 1180


def test_going_back_lists_what_was_taught(tab, photos):
    tab.ask(photos)
    tab.engine.rankers.add("keepers", 30)
    tab.engine.rankers.taught["autumn"] = []
    QTest.mouseClick(tab.page.back, Qt.MouseButton.LeftButton)
    naming = tab.page.naming
    tab.qtbot.waitUntil(lambda: naming.tree.topLevelItemCount() == 2)
    assert [naming.tree.topLevelItem(0).text(k) for k in (0, 2)] == ["autumn", "not kept yet"]
    assert [naming.tree.topLevelItem(1).text(k) for k in (0, 2)] == ["keepers", "version 1"]
    naming.tree.setCurrentItem(naming.tree.topLevelItem(0))
    assert not naming.sort.isEnabled()
    naming.tree.setCurrentItem(naming.tree.topLevelItem(1))
    naming.sort.click()
    assert tab.window.tabs.currentWidget() is tab.window.sort_page
    tab.qtbot.waitUntil(lambda: tab.window.sort_page.images.ranking is not None)
    assert tab.window.sort_page.images.ranking.query == "keepers"
    tab.window.tabs.setCurrentWidget(tab.page)
    naming.go_on.click()
    tab.wait(State.ASKING)
    assert tab.engine.teaching.attribute == "keepers"
    assert naming.start.findData("keepers") >= 0


def chosen(tab) -> str:
    item = tab.page.naming.tree.currentItem()
    return item.text(0) if item is not None else ""


def test_what_can_be_done_is_offered_for_the_first_at_once(tab):
    for name in ("autumn", "keepers"):
        tab.engine.rankers.add(name, 30)
    tab.teacher.read_rankers()
    naming = tab.page.naming
    tab.qtbot.waitUntil(lambda: naming.tree.topLevelItemCount() == 2)
    assert chosen(tab) == "keepers"
    buttons = (naming.go_on, naming.sort, naming.versions, naming.export, naming.remove)
    assert all(button.isEnabled() for button in buttons)
    naming.tree.setCurrentItem(naming.tree.topLevelItem(1))
    tab.teacher.read_rankers()
    tab.engine.rankers.add("haze", 10)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: naming.tree.topLevelItemCount() == 3)
    assert chosen(tab) == "autumn"


def test_the_attribute_that_was_just_left_is_chosen(tab, photos):
    tab.engine.rankers.add("autumn", 30)
    tab.engine.rankers.add("haze", 30)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: chosen(tab) == "haze")
    tab.ask(photos, "autumn")
    QTest.mouseClick(tab.page.back, Qt.MouseButton.LeftButton)
    tab.qtbot.waitUntil(lambda: chosen(tab) == "autumn")
    tab.page.naming.tree.setCurrentItem(tab.page.naming.tree.topLevelItem(0))
    tab.teacher.read_rankers()
    tab.engine.rankers.add("keepers", 30)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItemCount() == 3)
    assert chosen(tab) == "haze"


def test_in_a_low_window_the_symbol_makes_room_for_what_was_taught(tab):
    naming = tab.page.naming
    tab.window.resize(1000, 700)
    tab.qtbot.waitUntil(naming._symbol.isVisible)
    tab.window.resize(680, 440)
    tab.qtbot.waitUntil(lambda: not naming._symbol.isVisible())


def test_a_version_is_brought_back_and_the_order_is_made_anew(tab, photos):
    tab.engine.rankers.add("keepers", 20)
    tab.engine.rankers.add("keepers", 40)
    tab.ask(photos)
    tab.window.session.sort("keepers")
    tab.qtbot.waitUntil(lambda: tab.engine.names().count("rank") == 1)
    tab.page.files.show_versions("keepers")
    (dialog,) = tab.page.findChildren(VersionsDialog)
    tab.qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == 3)
    assert "in use" in dialog.list.topLevelItem(0).text(4)
    dialog.list.setCurrentItem(dialog.list.topLevelItem(0))
    assert not dialog.back.isEnabled()
    dialog.list.setCurrentItem(dialog.list.topLevelItem(1))
    dialog.back.click()
    tab.qtbot.waitUntil(lambda: [v.current for v in tab.engine.rankers.taught["keepers"]] == [True, False])
    tab.qtbot.waitUntil(lambda: tab.engine.names().count("rank") == 2)
    dialog.list.setCurrentItem(dialog.list.topLevelItem(2))
    dialog.back.click()
    tab.qtbot.waitUntil(lambda: not any(v.current for v in tab.engine.rankers.taught["keepers"]))
    dialog.close()


def test_a_pack_is_exported(tab, photos, tmp_path, monkeypatch):
    tab.engine.rankers.add("keepers", 20)
    tab.ask(photos)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    tab.page.files.export_pack("keepers")
    (options,) = tab.page.findChildren(PackOptions)
    options.labels.setChecked(True)
    options.licence.setText(" CC BY 4.0 ")
    options.accept()
    tab.qtbot.waitUntil(lambda: bool(tab.engine.rankers.exported))
    assert tab.engine.rankers.exported == [("keepers", tmp_path / "mine.ranker", True, "CC BY 4.0")]
    tab.qtbot.waitUntil(
        lambda: tab.banners() == ["Exported to mine.ranker with 10 answers, marks and ratings"]
    )


def test_a_pack_is_imported_or_refused_in_words(tab, tmp_path, monkeypatch):
    pack = tmp_path / "autumn.ranker"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(pack), ""))
    tab.engine.rankers.import_error = damaged_pack(pack)
    tab.page.naming.import_button.click()
    tab.qtbot.waitUntil(lambda: any("damaged" in text for text in tab.banners()))
    tab.engine.rankers.import_error = None
    tab.page.naming.import_button.click()
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItemCount() == 1)
    assert tab.page.naming.tree.topLevelItem(0).text(0) == "autumn"
    words = tab.window.sort_page.query.edit.completer().model()
    tab.qtbot.waitUntil(lambda: "autumn" in words.stringList())
    assert tab.banners() == ["autumn.ranker: “autumn” imported. Sort by it: autumn"]


def test_what_comes_with_a_pack_is_told(tab, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "autumn.ranker"), ""))
    tab.engine.rankers.brought = 40, 12
    tab.page.naming.import_button.click()
    words = (
        "autumn.ranker: “autumn” imported. 40 answers, marks and ratings came with it (already known: 12). "
        "Sort by it: autumn"
    )
    tab.qtbot.waitUntil(lambda: tab.banners() == [words])


def test_an_imported_order_in_the_place_of_another_is_told(tab, tmp_path, monkeypatch):
    tab.engine.rankers.add("autumn", 40, after=Estimate(0.94, 0.9, 0.97))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "autumn.ranker"), ""))
    tab.page.naming.import_button.click()
    words = (
        "in the place of version 1 (94\N{NO-BREAK SPACE}%), which “Versions…” brings back. Sort by it: autumn"
    )
    tab.qtbot.waitUntil(lambda: any(told.endswith(words) for told in tab.banners()))


@pytest.mark.parametrize(
    ("pack", "known", "times"), [("keepers", 12, 2), ("keepers", 40, 1), ("autumn", 12, 1)]
)
def test_labels_that_came_for_what_is_being_taught_count_at_once(
    tab, photos, tmp_path, monkeypatch, pack, known, times
):
    tab.ask(photos)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / f"{pack}.ranker"), ""))
    tab.engine.rankers.brought = 40, known
    tab.page.files.import_pack()
    tab.qtbot.waitUntil(lambda: len(tab.banners()) == 1)
    tab.wait(State.ASKING)
    assert tab.engine.names().count("prepare") == times


@pytest.mark.parametrize("better", [False, True])
def test_labels_that_came_beside_a_result_count_at_once_unless_that_waits_to_be_kept(
    tab, photos, tmp_path, monkeypatch, better
):
    tab.learn_nothing_better(photos)
    tab.engine.teaching.better = better
    candidate = tab.engine.teaching.candidate()
    tab.engine.rankers.brought = 40, 12

    def choose(*_):
        tab.teacher._candidate = candidate  # as if it had been learned by now
        return str(tmp_path / "keepers.ranker"), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    tab.page.files.import_pack()
    tab.qtbot.waitUntil(lambda: any("40 answers" in told for told in tab.banners()))
    if better:
        assert tab.teacher.state is State.DECIDING
        tab.teacher.keep()
    tab.wait(State.ASKING)
    assert tab.engine.names().count("prepare") == 1 + (not better)


def test_forgetting_is_asked_for_first(tab, photos, monkeypatch):
    tab.engine.rankers.add("keepers", 20)
    tab.engine.rankers.add("keepers", 40)
    tab.engine.rankers.starts = "prints", "album"
    tab.ask(photos)
    asked: list[str] = []

    def answer(button):
        def pressed(box: QMessageBox):
            assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
            asked.append(box.text())
            return button

        monkeypatch.setattr(QMessageBox, "exec", pressed)
        tab.page.files.remove("keepers")

    answer(QMessageBox.StandardButton.Cancel)
    tab.qtbot.waitUntil(lambda: len(asked) == 1)
    assert asked[0].startswith(
        "“keepers” will be deleted with 20 answers and 2 versions. “prints” and “album” will have lost "
        "their start. This cannot be undone"
    )
    with tab.qtbot.waitSignal(tab.teacher.rankers_changed):
        tab.teacher.read_rankers()  # which comes after whatever was asked of the engine before
    assert "keepers" in tab.engine.rankers.taught
    answer(QMessageBox.StandardButton.Yes)
    tab.wait(State.NAMING)
    assert tab.engine.rankers.taught == {}


@pytest.mark.parametrize("learned", [False, True])
def test_forgetting_what_is_being_learned_loses_nothing_that_is_worth_a_word(
    tab, photos, monkeypatch, learned
):
    tab.engine.rankers.add("keepers", 20)
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.engine.automatic = learned
    tab.teacher.fit()
    tab.wait(State.DECIDING if learned else State.FITTING)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Yes)
    tab.page.files.remove("keepers")
    tab.wait(State.NAMING)
    tab.settle()
    assert tab.banners() == []


def test_no_pack_is_imported_while_an_order_waits_that_was_compared_with_what_is_there(
    tab, photos, monkeypatch
):
    tab.ask(photos)
    tab.answer(Qt.Key.Key_Left)
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: pytest.fail("no file is asked for"))
    tab.page.files.import_pack()
    assert tab.banners() == ["First keep or discard what was learned for “keepers”."]


def test_it_is_told_of_what_kind_the_answers_are(tab, photos, monkeypatch):
    tab.engine.rankers.add("keepers", 20)
    taught = replace(tab.engine.rankers.find("keepers"), answers=40, cannot_tell=1, marks=3, ratings=10)
    tab.engine.rankers.list = lambda: (taught,)
    tab.teacher.read_rankers()
    naming = tab.page.naming
    tab.qtbot.waitUntil(lambda: naming.tree.topLevelItemCount() == 1)
    row = naming.tree.topLevelItem(0)
    kinds = "26 answers, 1 “cannot tell”, 3 marks"
    assert (row.text(1), row.toolTip(1)) == ("40", f"{kinds} and 10 ratings")
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or CANCEL)
    naming.remove.click()
    tab.qtbot.waitUntil(lambda: len(asked) == 1)
    assert f"will be deleted with {kinds}, 10 ratings and 1 version." in asked[0]


def test_what_was_told_of_a_forgotten_attribute_goes_with_it(tab, tmp_path, monkeypatch):
    tab.engine.rankers.add("keepers", 20)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItemCount() == 1)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    tab.page.naming.export.click()
    tab.page.findChildren(PackOptions)[0].accept()
    tab.qtbot.waitUntil(lambda: tab.banners() == ["Exported to mine.ranker"])
    monkeypatch.setattr(QMessageBox, "exec", lambda *_: QMessageBox.StandardButton.Yes)
    tab.page.naming.remove.click()
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItemCount() == 0)
    assert tab.banners() == []


def test_labels_are_imported_and_exported(tab, photos, tmp_path, monkeypatch):
    tab.ask(photos)
    table = tmp_path / "labels.csv"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    tab.page.files.import_labels()
    assert tab.teacher.state is State.IMPORTING
    tab.stream("import_csv").put(Progress("labels", 3, 9))
    tab.qtbot.waitUntil(lambda: tab.page.notice.explanation.text() == "3 of 9")
    for said in (tab.page.notice.title, tab.window.status.message):
        assert said.text() == "Importing pairs or ratings …"
    tab.stream("import_csv").end(Finished(23, 0))
    tab.wait(State.ASKING)
    assert tab.banners() == ["labels.csv: 23 rows imported"]
    tab.settle()
    tab.page.files.import_labels()
    tab.stream("import_csv", 2).fail(TeachingError(f"{table}, line 4: “middle” is no winner."))
    tab.wait(State.ASKING)
    assert any("line 4" in text for text in tab.banners())
    tab.settle()
    tab.page.files.import_labels()
    tab.stream("import_csv", 3).fail(TeachingError(f"{table} is no text."))
    tab.wait(State.ASKING)
    assert tab.banners() == [f"{table} is no text."]
    tab.settle()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    tab.page.files.export_labels(ratings=False)
    tab.qtbot.waitUntil(lambda: ("export", tmp_path / "mine.csv", False) in tab.engine.teaching.actions)
    tab.qtbot.waitUntil(lambda: "7 pairs written to mine.csv" in tab.banners())


def take_in(tab, path, *events, number: int) -> None:
    """Import a file of labels; `number`: which import it is, from 1."""
    tab.teacher.import_labels(path)
    tab.stream("import_csv", number).end(*events)
    tab.wait(State.ASKING)
    tab.settle()


def test_what_came_of_an_import_is_told_in_one_message_until_the_next(tab, photos, tmp_path):
    tab.ask(photos)
    pairs, ratings = tmp_path / "pairs.csv", tmp_path / "r10.csv"
    known = Notice(f"{ratings}: 10 of 10 labels were known already and count once.", "info")
    take_in(tab, pairs, Finished(0, 0), number=1)
    take_in(tab, ratings, Finished(10, 0), number=2)
    assert tab.banners() == ["r10.csv: 10 rows imported"]
    take_in(tab, ratings, known, Finished(0, 0), number=3)
    assert tab.banners() == ["r10.csv: all rows known already"]
    left_out = Notice(f"{pairs}: 1 photograph is left out. line 4: there is no such file.")
    take_in(tab, pairs, left_out, known, Finished(1, 2), number=4)
    told = "pairs.csv: 1 row imported, 2 left out, the others known already"
    assert tab.banners() == [told, left_out.text]
    take_in(tab, pairs, known, Finished(0, 1), number=5)
    assert tab.banners() == ["pairs.csv: 1 row left out, the others known already"]


def test_what_came_of_an_import_is_told_until_it_is_taken_back(tab, photos, tmp_path):
    tab.ask(photos)
    take_in(tab, tmp_path / "r10.csv", Finished(10, 0), number=1)
    tab.engine.teaching.actions.append(("import",))
    tab.teacher._last = tab.engine.teaching.last
    tab.teacher.undo()
    tab.settle()
    assert tab.banners() == ["Taken back: what was imported last."]


def test_a_pack_that_is_imported_again_is_told_anew(tab, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "autumn.ranker"), ""))
    install = tab.engine.rankers.install
    for new, words in (True, "“autumn” imported."), (False, "“autumn” was here already."):
        tab.engine.rankers.install = lambda path, new=new: replace(install(path), new=new, earlier=None)
        tab.page.naming.import_button.click()
        tab.qtbot.waitUntil(lambda: len(tab.banners()) == 1)
        assert tab.banners() == [f"autumn.ranker: {words} Sort by it: autumn"]


def test_where_photographs_are_open_they_are_sorted_by_an_imported_order(tab, photos, tmp_path, monkeypatch):
    tab.window.open_paths([photos])
    tab.opened()
    tab.window.tabs.setCurrentWidget(tab.page)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "autumn.ranker"), ""))
    tab.page.naming.import_button.click()
    tab.qtbot.waitUntil(lambda: tab.banners() == ["autumn.ranker: “autumn” imported."])
    (banner,) = tab.page.banners.banners()
    assert banner.offer.text() == "Sort by it"
    QTest.mouseClick(banner.offer, Qt.MouseButton.LeftButton)
    sort_page = tab.window.sort_page
    assert tab.window.tabs.currentWidget() is sort_page
    tab.qtbot.waitUntil(lambda: sort_page.images.ranking is not None)
    assert (sort_page.images.ranking.query, sort_page.query.text) == ("autumn", "autumn")


@pytest.mark.parametrize("dialog", ["getSaveFileName", "getOpenFileName"])
def test_it_is_told_that_a_file_was_chosen_while_photographs_are_read_again(
    tab, photos, tmp_path, monkeypatch, dialog
):
    tab.ask(photos)

    def choose(*_):
        tab.engine.automatic = False
        tab.window.session.choose_model()
        tab.stream("load_model", 2).end(ModelReady("large", "Large", "cpu"), Finished(1, 0))
        tab.wait(State.PREPARING)
        return str(tmp_path / "pairs.csv"), ""

    monkeypatch.setattr(QFileDialog, dialog, choose)
    if dialog == "getOpenFileName":
        tab.page.files.import_labels()
    else:
        tab.page.files.export_labels(ratings=False)
    assert tab.banners() == [
        "Nothing was done with the file you chose during reading. Choose it again once a pair is shown."
    ]


def test_pairs_are_exported_after_the_answer_that_is_being_stored(tab, photos, tmp_path, monkeypatch):
    tab.ask(photos)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "pairs.csv"), ""))
    tab.teacher.answer("left")
    assert tab.teacher.busy
    tab.page.files.export_labels(ratings=False)
    tab.qtbot.waitUntil(lambda: "7 pairs written to pairs.csv" in tab.banners())
    assert [action[0] for action in tab.engine.teaching.actions] == ["answer", "export"]


def test_the_names_of_labels_may_count_from_what_is_open(tab, photos, tmp_path):
    tab.ask(photos)
    tab.window.open_paths([photos, photos / "01.png", photos / "02.png", photos.parent / "elsewhere.png"])
    tab.qtbot.waitUntil(lambda: len(tab.engine.teachings) == 2)
    tab.wait(State.ASKING)
    tab.teacher.import_labels(tmp_path / "labels" / "pairs.csv")
    assert tab.stream("import_csv").arguments == (tmp_path / "labels" / "pairs.csv", (photos, photos.parent))


def test_the_menu_offers_what_can_be_done(tab, photos):
    tab.ask(photos)
    menu = tab.page.more.menu()
    menu.aboutToShow.emit()
    named = {action.text(): action for action in menu.actions() if action.text()}
    assert named["Import pairs or ratings…"].isEnabled()
    assert not named["Export a ranker pack…"].isEnabled()
    tab.answer(Qt.Key.Key_Left)
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    menu.aboutToShow.emit()
    assert not named["Import pairs or ratings…"].isEnabled()


def test_only_what_there_is_can_be_exported_and_the_menu_says_why(tab, photos):
    tab.ask(photos)
    menu = tab.page.more.menu()
    assert menu.toolTipsVisible()

    def offered() -> dict[str, str]:
        """Exports by whether they can be had, "" or why not; before the menu is opened, too."""
        exports = (action for action in menu.actions() if action.text().startswith("Export"))
        return {each.text(): "" if each.isEnabled() else each.toolTip() for each in exports}

    assert offered() == {
        "Export pairs…": "There are no answers to pairs yet.",
        "Export ratings…": "There are no ratings: they come from an imported table.",
        "Export a ranker pack…": "No version of the order is in use: keep one first.",
    }
    tab.engine.teaching.standing_changes = {"rated": 10}
    tab.answer(Qt.Key.Key_Left)
    assert [offered()[f"Export {kind}…"] for kind in ("pairs", "ratings")] == ["", ""]
    tab.teacher.fit()
    tab.wait(State.DECIDING)
    assert offered()["Export pairs…"] == "This can be done once a pair is shown."


def test_it_is_said_which_version_is_in_use(tab, photos):
    tab.engine.rankers.add("keepers", 20, after=Estimate(0.72, 0.6, 0.82))
    tab.engine.rankers.add("keepers", 40)
    tab.teacher.read_rankers()
    tab.ask(photos)
    used = tab.page.labels.panel.used
    tab.qtbot.waitUntil(lambda: used.text() == "In use: version 2, 81\N{NO-BREAK SPACE}%")
    assert used.isVisible()
    assert tab.page.labels.panel.line.words.endswith(used.text() + "  ·  Answer some ten pairs first.")
    tab.page.files.show_versions("keepers")
    revert = tab.page.findChild(VersionsDialog).revert_wanted.emit
    revert(1)
    tab.qtbot.waitUntil(lambda: used.text() == "In use: version 1, 72\N{NO-BREAK SPACE}%")
    revert(None)
    tab.qtbot.waitUntil(lambda: used.text() == "In use: the order before anything was taught")
    QTest.mouseClick(tab.page.back, Qt.MouseButton.LeftButton)
    tab.qtbot.waitUntil(lambda: tab.page.naming.tree.topLevelItem(0).text(2) == "none")


def test_of_what_was_never_kept_nothing_is_said_to_be_in_use(tab, photos):
    tab.ask(photos)
    assert not tab.page.labels.panel.used.isVisible()


@pytest.mark.parametrize(("kept", "why"), [(False, "Nothing was kept yet"), (True, "No version is in use")])
def test_why_an_order_cannot_be_sorted_by_is_told(tab, kept, why):
    rankers, naming = tab.engine.rankers, tab.page.naming
    rankers.taught["keepers"] = []
    if kept:
        rankers.add("keepers", 20, current=False)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: naming.tree.topLevelItemCount() == 1)
    naming.tree.setCurrentItem(naming.tree.topLevelItem(0))
    for button in (naming.sort, naming.export):
        assert not button.isEnabled() and button.toolTip().startswith(why)
    rankers.add("keepers", 20)
    tab.teacher.read_rankers()
    tab.qtbot.waitUntil(lambda: naming.sort.isEnabled())
    assert naming.sort.toolTip() == "Show the order in the Sort tab"
