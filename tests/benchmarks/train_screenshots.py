"""The Train tab's states, for screenshots.py."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fake_engine import ranked
from fake_teaching import FakeTeaching
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QDialog

from imagesorter.answers import Estimate
from imagesorter.errors import TeachingError
from imagesorter.events import CurvePoint, Finished, Indexed, Move, Opened, Progress, TeachingReady
from imagesorter.gui.teaching_state import State

if TYPE_CHECKING:
    from screenshots import Stage

LONG = "the ones that I would print large and hang in the hall where all who come in see them first, 夕焼け"


def take_training(stage: Stage) -> None:
    """Every state, one after the other; no folder is open before and after."""
    window, page, photos = stage.window, stage.window.train_page, stage.photos
    teacher, engine = page.teacher, stage.engine
    window.tabs.setCurrentWidget(page)
    stage.grab("30-train-naming")
    page.naming.button.click()
    stage.grab("31-train-no-name")
    page.naming.edit.setText("keepers")
    page.naming.button.click()
    stage.grab("32-train-no-folder")

    stage.open(photos)
    window.tabs.setCurrentWidget(page)
    preparing = stage.stream("prepare")
    preparing.put(Progress("index", len(photos) // 2, len(photos), 40.0, 12.0))
    stage.settle(lambda: "Reading" in page.notice.title.text())
    stage.grab("33-train-preparing")
    teacher.cancel()
    stage.settle(lambda: teacher.state is State.STOPPED)
    stage.grab("34-train-stopped")
    page.notice.button.click()
    _make_ready(stage)
    stage.grab("35-train-first-pair")
    for k in range(9):
        _answer(stage, ("left", "right", "tie")[k % 3])
    stage.grab("36-train-some-pairs")
    for _ in range(25):
        _answer(stage, "right")
    page.labels.pair_view.mark("left")
    stage.grab("37-train-known")
    engine.teaching.standing_changes = {
        "more_worth": 0,
        "may_stop": True,
        "advice": "You can stop: further pairs would hardly change the order.",
        "missing": 4,
        "accuracy": Estimate(0.86, 0.79, 0.91),
    }
    _answer(stage, "left")
    view = page.labels.pair_view
    view._zoom_at(3.0, view.left, QPointF(view.left.width() * 0.3, view.left.height() * 0.4))
    stage.grab("38-train-may-stop-zoomed")
    view.reset_zoom()
    page.more.menu().popup(QPoint(0, 0))
    stage.grab("39-train-menu", page.more.menu())
    page.more.menu().close()
    _narrow(stage)
    _damaged(stage)

    teacher.fit()
    fitting = stage.stream("fit")
    stage.grab("42-train-fit-begins")
    for k in range(1, 12):
        fitting.put(CurvePoint("pairs", 3 * k, 0.55 + 0.28 * (1 - 0.8**k) + 0.02 * (-1) ** k))
    fitting.put(Progress("fit", 12, 20, None, 3.0))
    stage.settle(lambda: len(page.fit.curve.points) == 11)
    stage.grab("43-train-fitting")
    fitting.end(_candidate(stage), Finished(1, 0))
    stage.settle(lambda: teacher.state is State.DECIDING)
    _settle_result(stage)
    stage.grab("44-train-better")
    window.resize(680, 440)
    _settle_result(stage)
    stage.grab("45-train-better-smallest")
    window.resize(1180, 780)
    page.result.keep.click()
    stage.settle(lambda: teacher.state is State.ASKING and bool(page.banners.banners()))
    stage.stream("rank").end(ranked(range(len(photos)), query="keepers"), Finished(len(photos), 0))
    stage.grab("46-train-kept")

    engine.teaching.better = False
    teacher.fit()
    stage.stream("fit").end(engine.teaching.candidate(), Finished(1, 0))
    stage.settle(lambda: teacher.state is State.DECIDING)
    _settle_result(stage)
    stage.grab("47-train-not-better")
    page.result.discard.click()
    stage.settle(lambda: teacher.state is State.ASKING)
    teacher.fit()
    stage.stream("fit").fail(
        TeachingError("All answers are ties: there is no order to learn. Answer some more pairs.")
    )
    stage.settle(lambda: teacher.state is State.ASKING and bool(page.banners.banners()))
    stage.grab("48-train-error")
    page.banners.clear()
    _versions(stage)
    _after(stage)


def _make_ready(stage: Stage) -> None:
    page = stage.window.train_page
    preparing = stage.stream("prepare")
    stage.engine.read |= set(range(len(stage.photos)))
    preparing.put(Indexed(tuple(range(len(stage.photos))), ("",) * len(stage.photos)))
    preparing.end(TeachingReady(len(stage.photos), stage.engine.teaching.standing()), Finished(1, 0))
    stage.settle(lambda: page.labels.pair_view.ready)


def _answer(stage: Stage, answer: str) -> None:
    page = stage.window.train_page
    before = page.teacher.pair
    page.labels.buttons[answer].click()
    stage.settle(lambda: page.teacher.pair != before and page.labels.pair_view.ready, rounds=1)


def _candidate(stage: Stage):
    teaching = stage.engine.teaching
    count = len(stage.photos)
    shuffled = sorted(range(count), key=lambda k: (k * 7919) % 101)
    moves = sorted(
        (Move(k, k + 1, shuffled.index(k) + 1) for k in range(count)), key=lambda m: -abs(m.after - m.before)
    )
    return teaching.candidate(order_after=ranked(shuffled), moves=tuple(moves[:12]))


def _settle_result(stage: Stage) -> None:
    result = stage.window.train_page.result
    stage.settle(lambda: not any(loader.busy for loader in result._loaders))


def _narrow(stage: Stage) -> None:
    stage.window.resize(680, 440)
    stage.grab("40-train-smallest")
    stage.window.resize(1180, 780)


def _damaged(stage: Stage) -> None:
    view = stage.window.train_page.labels.pair_view
    photos = view.photos
    assert photos is not None
    view._photos = photos[0], replace(photos[1], path=photos[1].path.with_name("damaged.jpg"))
    stage.window.train_page._skipped = 99
    view.right.wait("damaged.jpg")
    view._on_failed(
        view._photos[1].path, "the file is damaged and cannot be decoded. Restore it from a backup."
    )
    stage.grab("41-train-damaged")
    stage.window.train_page.banners.clear()
    view.show_pair(*photos)
    stage.settle(lambda: view.ready)


def _versions(stage: Stage) -> None:
    page, engine = stage.window.train_page, stage.engine
    engine.rankers.add("keepers", 61, made=time.time(), after=Estimate(0.86, 0.79, 0.91))
    engine.rankers.add("keepers", 12, made=time.time(), imported=True, fits=False, current=False)
    page.files.show_versions("keepers")
    stage.settle(lambda: bool(page.findChildren(QDialog)[-1].list.topLevelItemCount()))
    dialog = page.findChildren(QDialog)[-1]
    dialog.list.setCurrentItem(dialog.list.topLevelItem(2))
    stage.grab("49-train-versions", dialog)
    dialog.close()
    stage.settle()
    page.files.export_pack("keepers")
    stage.settle()
    dialog = page.findChildren(QDialog)[-1]
    stage.grab("50-train-pack", dialog)
    dialog.close()
    stage.settle()


def _after(stage: Stage) -> None:
    window, page, engine = stage.window, stage.window.train_page, stage.engine
    for name in ("feels like autumn", LONG, "夕焼け ☀"):
        engine.rankers.add(name, 40, made=time.time())
    engine.rankers.taught["sharp where it matters"] = []
    page.back.click()
    stage.settle(lambda: page.naming.tree.topLevelItemCount() == 5)
    page.naming.tree.setCurrentItem(page.naming.tree.topLevelItem(1))
    stage.grab("51-train-taught")
    window.resize(680, 440)
    stage.grab("52-train-taught-smallest")
    window.resize(1180, 780)
    page._on_named(LONG, None)
    _make_ready(stage)
    stage.grab("53-train-long-name")
    teaching: FakeTeaching = engine.teaching
    teaching.next_pair = lambda: None  # type: ignore[method-assign]
    _answer_last(stage)
    stage.grab("54-train-no-pair-left")
    stage.engine.files = []
    window.open_paths([stage.photos[0].parent])
    opening = stage.stream("open")
    window.tabs.setCurrentWidget(page)
    stage.grab("55-train-scanning")
    opening.end(Opened(0, 48), Finished(0, 0))
    stage.settle(lambda: page.teacher.state is State.CLOSED)
    page.teacher.leave()
    window.tabs.setCurrentIndex(0)


def _answer_last(stage: Stage) -> None:
    page = stage.window.train_page
    page.labels.buttons["left"].click()
    stage.settle(lambda: page.teacher.pair is None)
