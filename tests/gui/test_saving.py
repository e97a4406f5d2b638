from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path

import pytest
from fake_engine import FakeEngine, ranked

from imagesorter.events import FilesFound
from imagesorter.gui.arrangement import MOST_ORDERS, Arrangements
from imagesorter.gui.image_model import ImageModel
from imagesorter.gui.saving import MovesSaver, SettingsSaver
from imagesorter.settings import Settings


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[threading.Thread, list[str]]]:
    """Thread and history of each save."""
    saves: list[tuple[threading.Thread, list[str]]] = []
    save = Settings.save

    def watched(self: Settings, folder: Path) -> None:
        saves.append((threading.current_thread(), list(self.history)))
        save(self, folder)

    monkeypatch.setattr(Settings, "save", watched)
    return saves


def test_several_changes_become_one_file_on_another_thread(qtbot, tmp_path, written):
    settings = Settings()
    saver = SettingsSaver(settings, tmp_path)
    for query in ("sharper", "brighter"):
        settings.remember(query)
        saver.save()
    assert written == []
    qtbot.waitUntil(lambda: (tmp_path / "settings.json").exists())
    saver.close()
    assert {tuple(history) for _, history in written} == {("brighter", "sharper")}
    assert all(thread is not threading.main_thread() for thread, _ in written)


def test_closing_saves_what_waits(qtbot, tmp_path):
    settings = Settings()
    saver = SettingsSaver(settings, tmp_path)
    saver.save()
    settings.remember("sharper")
    saver.close()
    assert Settings.load(tmp_path).history == ["sharper"]


def test_a_change_made_while_it_is_written_is_written_next(qtbot, tmp_path, monkeypatch):
    settings = Settings()
    begun, go_on = threading.Event(), threading.Event()
    save = Settings.save

    def slow(self: Settings, folder: Path) -> None:
        begun.set()
        assert go_on.wait(10)
        save(self, folder)

    monkeypatch.setattr(Settings, "save", slow)
    saver = SettingsSaver(settings, tmp_path)
    saver.save()
    qtbot.waitUntil(begun.is_set)
    settings.remember("sharper")
    go_on.set()
    saver.close()
    assert Settings.load(tmp_path).history == ["sharper"]


def test_a_folder_that_cannot_be_written_is_told(qtbot, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    saver = SettingsSaver(Settings(), tmp_path / "file")
    with qtbot.waitSignal(saver.failed) as failed:
        saver.save()
    assert failed.args[0].startswith(f"{tmp_path / 'file' / 'settings.json'}: ")
    assert failed.args[0].endswith(" Make it writable.")
    assert "settings not saved" in caplog.text
    saver.close()


def test_a_full_disk_is_told_with_the_file(qtbot, tmp_path, monkeypatch, caplog):
    def full(self: Settings, folder: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder / ".settings-x.json")

    monkeypatch.setattr(Settings, "save", full)
    saver = SettingsSaver(Settings(), tmp_path)
    with qtbot.waitSignal(saver.failed) as failed:
        saver.save()
    assert failed.args == [f"{tmp_path / 'settings.json'}: No space left on device. Free some space."]
    saver.close()


def test_settings_that_could_not_be_read_are_told_with_the_file(qtbot, tmp_path, caplog):
    settings = Settings()
    settings._unread = tmp_path / "settings.json"
    saver = SettingsSaver(settings, tmp_path)
    with qtbot.waitSignal(saver.failed) as failed:
        saver.save()
    assert failed.args[0].startswith(f"{tmp_path / 'settings.json'} could not be read")
    assert failed.args[0].endswith("start again.")
    saver.close()


def moved_window(folder: Path, paths: tuple[Path, ...], place: object = (Path("/photos"),)):
    """A list of photographs with an order, as at a start, and what keeps its moves."""
    model = ImageModel()
    saver = MovesSaver(model, folder, model)
    saver.load()
    model.reset(place)
    model.add(FilesFound(0, paths))
    return model, saver


_ORDER = '[{"place": ["/p"], "query": "q", "model": "m", "files": ["/p/a"], "moves": [%s], "scores": []}]'
PHOTOS = tuple(Path(f"/photos/{name}.jpg") for name in ("a", "b", "\udcff", "d"))


def test_what_was_moved_is_so_again_after_a_start(qtbot, tmp_path):
    model, saver = moved_window(tmp_path, PHOTOS)
    model.set_order(ranked([0, 1, 2, 3]))
    model.move(3, 0)
    qtbot.waitUntil(lambda: (tmp_path / "moves.json").exists())
    model.set_order(ranked([3, 2, 1, 0], query="less colorful"))
    model.move(2, 3)
    saver.close()
    again, saver = moved_window(tmp_path, (Path("/photos/new.jpg"), *PHOTOS))
    assert again.set_order(ranked([4, 3, 2, 1, 0], [4, 3, 2, 1, 0], query="less colorful")) == 1
    assert again.ranked_ids == [4, 2, 1, 3, 0]
    again.move(0, 0)
    assert again.moves().last == 3, "numbers go on"
    assert again.set_order(ranked([1, 2, 3, 4, 0], [4, 3, 2, 1, 0])) == 1
    again.take_back({PHOTOS[3]}, lambda _: True)
    saver.close()
    last, _ = moved_window(tmp_path, PHOTOS)
    assert last.set_order(ranked([0, 1, 2, 3])) == 0, "it was taken back"
    elsewhere, _ = moved_window(tmp_path, PHOTOS, (Path("/others"),))
    assert elsewhere.set_order(ranked([3, 2, 1, 0], query="less colorful")) == 0


def test_two_windows_keep_what_was_moved_in_either(qapp, tmp_path):
    others = tuple(Path(f"/others/{path.name}") for path in PHOTOS)
    first, saves_first = moved_window(tmp_path, PHOTOS)
    second, saves_second = moved_window(tmp_path, others, (Path("/others"),))
    for model, saver in ((first, saves_first), (second, saves_second)):
        model.set_order(ranked([0, 1, 2, 3]))
        model.move(3, 0)
        saver.close()
    first.move(2, 1)
    first.set_order(ranked([0, 1, 2, 3], query="sharper"))
    first.move(1, 0)
    saves_first.close()
    for paths, place in ((PHOTOS, Path("/photos")), (others, Path("/others"))):
        again, _ = moved_window(tmp_path, paths, (place,))
        assert again.set_order(ranked([0, 1, 2, 3])) == (2 if paths is PHOTOS else 1)
        assert again.ranked_ids == ([3, 2, 0, 1] if paths is PHOTOS else [3, 0, 1, 2])


def test_what_is_taken_back_does_not_come_again_by_another_window(qapp, tmp_path):
    first, saves_first = moved_window(tmp_path, PHOTOS)
    first.set_order(ranked([0, 1, 2, 3]))
    first.move(3, 0)
    saves_first.close()
    second, saves_second = moved_window(tmp_path, PHOTOS)
    second.set_order(ranked([0, 1, 2, 3], query="sharper"))
    second.move(1, 0)
    saves_second.close()
    first.take_back({PHOTOS[3]}, lambda _: True)
    saves_first.close()
    again, _ = moved_window(tmp_path, PHOTOS)
    assert again.set_order(ranked([0, 1, 2, 3])) == 0
    assert again.set_order(ranked([0, 1, 2, 3], query="sharper")) == 1


def test_the_moves_of_old_orders_make_room(qapp, tmp_path, monkeypatch):
    model, saver = moved_window(tmp_path, tuple(Path(f"/photos/{k}.jpg") for k in range(300)))
    for k in range(MOST_ORDERS + 2):
        model.set_order(ranked(range(300), query=f"{k}"))
        model.move(299, 0)
    model.set_order(ranked(range(300), query="1"))  # it is of late again
    model.move(5, 290)
    saver.close()
    file = tmp_path / "moves.json"
    stored = json.loads(file.read_text())
    assert [order["query"] for order in stored] == [*map(str, range(3, MOST_ORDERS + 2)), "1"]
    assert max(len(passed) for order in stored for _, passed, *_ in order["moves"]) == 30
    assert list(tmp_path.iterdir()) == [file]
    again, saver = moved_window(tmp_path, tuple(model.paths))
    again.set_order(ranked(range(300), query="1"))
    assert again.ranked_ids == model.ranked_ids, "the nearest ones tell where"
    again.move(6, 3)
    monkeypatch.setattr("imagesorter.gui.arrangement.MOST_BYTES", 20_000)
    saver.close()
    assert 1 < len(json.loads(file.read_text())) < 20 and file.stat().st_size <= 20_100


def test_moves_that_are_left_without_those_they_were_made_past_are_none(qapp, tmp_path):
    model, saver = moved_window(tmp_path, PHOTOS)
    model.set_order(ranked([0, 1, 2, 3]))
    model.move(0, 1)
    model.move(1, 1)  # past the one that was moved, alone
    model.set_order(ranked([3, 2, 1, 0], query="sharper"))
    model.move(0, 0)
    model.take_back({PHOTOS[0]}, lambda query: query != "sharper")
    saver.close()
    assert "[]" not in (tmp_path / "moves.json").read_text()
    again, _ = moved_window(tmp_path, PHOTOS)
    assert again.set_order(ranked([0, 1, 2, 3])) == 0
    assert again.set_order(ranked([3, 2, 1, 0], query="sharper")) == 1


def test_such_moves_that_were_saved_once_cost_no_others(qapp, tmp_path, caplog):
    model, saver = moved_window(tmp_path, PHOTOS)
    model.set_order(ranked([0, 1, 2, 3]))
    model.move(3, 0)
    saver.close()
    file = tmp_path / "moves.json"
    (order,) = json.loads(file.read_text())
    file.write_text(json.dumps([{**order, "moves": [*order["moves"], [1, [], True, 2]]}]))
    again, _ = moved_window(tmp_path, PHOTOS)
    assert again.set_order(ranked([0, 1, 2, 3])) == 1 and "forgotten" not in caplog.text


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}1", "[1]", '[{"place": 1}]', "\x00", "[" * 100_000, "5 " * 2_500_000,
     _ORDER % "[0, [0], true, 1]", _ORDER % "[0, [1], true, 1]"],
)  # fmt: skip
def test_a_damaged_file_of_moves_is_none(qapp, tmp_path, caplog, text):
    (tmp_path / "moves.json").write_text(text)
    model, saver = moved_window(tmp_path, PHOTOS)
    assert "what was moved by hand is forgotten" in caplog.text
    assert model.set_order(ranked([0, 1, 2, 3])) == 0
    model.move(3, 0)
    saver.close()
    again, _ = moved_window(tmp_path, PHOTOS)
    assert again.set_order(ranked([0, 1, 2, 3])) == 1


def test_moves_that_cannot_be_read_are_left_alone_and_that_is_told(qtbot, tmp_path, caplog):
    (tmp_path / "moves.json").mkdir()
    model, saver = moved_window(tmp_path, PHOTOS)
    model.set_order(ranked([0, 1, 2, 3]))
    with qtbot.waitSignal(saver.failed) as failed:
        model.move(3, 0)
    assert failed.args[0].startswith(f"{tmp_path / 'moves.json'}: ")
    assert failed.args[0].endswith(". Make it readable, and start again.")
    saver.close()
    assert "is left as it is" in caplog.text and (tmp_path / "moves.json").is_dir()


def test_moves_that_cannot_be_saved_are_told_with_the_file(qtbot, tmp_path, caplog, monkeypatch):
    def full(self: Arrangements, file: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    model, saver = moved_window(tmp_path, PHOTOS)
    (tmp_path / "moves.json").mkdir()
    model.set_order(ranked([0, 1, 2, 3]))
    with qtbot.waitSignal(saver.failed) as failed:
        model.move(3, 0)
    assert failed.args[0].endswith(". Make it writable.")
    monkeypatch.setattr(Arrangements, "save", full)
    with qtbot.waitSignal(saver.failed) as failed:
        model.move(2, 0)
    assert failed.args == [f"{tmp_path / 'moves.json'}: No space left on device. Free some space."]
    saver.close()


def test_the_window_tells_once_that_moves_are_not_saved(sorted_window, home, qtbot, caplog):
    (home.config / "moves.json").mkdir(parents=True)
    images, banners = sorted_window.sort_page.images, sorted_window.sort_page.banners
    images.move(3, 0)
    qtbot.waitUntil(lambda: bool(banners.banners()))
    (banner,) = banners.banners()
    assert banner.text.startswith(
        f"What you moved by hand could not be saved: {home.config / 'moves.json'}: "
    )
    banner.dismiss.click()
    images.move(4, 0)
    qtbot.waitUntil(lambda: caplog.text.count("moved by hand is not saved") > 1)
    qtbot.wait(50)
    assert banners.banners() == [], "once is enough"


def test_the_next_window_shows_what_was_moved_in_the_last(sorted_window, make_window, photos, qtbot):
    sorted_window.sort_page.images.move(3, 0)
    sorted_window.close()
    window = make_window(FakeEngine())
    window.start([photos])
    window.session.sort("more colorful")
    qtbot.waitUntil(lambda: window.sort_page.images.has_moved)
    assert window.sort_page.images.ranked_ids[:3] == [3, 0, 1]
