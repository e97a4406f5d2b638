"""The Train tab of a window, as a test drives it."""

from __future__ import annotations

from pathlib import Path

from fake_engine import FakeEngine, Stream
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from imagesorter.gui.activity import Activity
from imagesorter.gui.result_view import ResultView
from imagesorter.gui.teaching_state import State
from imagesorter.gui.train_page import TrainPage


class Tab:
    """The tab of a window and its scripted engine."""

    def __init__(self, window, engine: FakeEngine, qtbot) -> None:
        self.window, self.engine, self.qtbot = window, engine, qtbot
        self.page: TrainPage = window.train_page
        self.teacher = self.page.teacher
        self.view = self.page.labels.pair_view

    def wait(self, state: State) -> None:
        self.qtbot.waitUntil(lambda: self.teacher.state is state)

    def ask(self, photos: Path, name: str = "keepers") -> None:
        """Open the folder and teach, up to the first pair."""
        self.window.open_paths([photos])
        self.opened()
        self.window.tabs.setCurrentWidget(self.page)
        self.name(name)
        self.wait(State.ASKING)
        self.shown()

    def learn_nothing_better(self, photos: Path) -> ResultView:
        """What is shown of a fit that is no better than what was there."""
        self.ask(photos)
        self.answer(Qt.Key.Key_Left)
        self.engine.teaching.better = False
        self.teacher.fit()
        self.wait(State.DECIDING)
        return self.page.result

    def hold_fit(self) -> Stream:
        """Begin to learn from what was answered; events are put in by hand from now on."""
        self.engine.automatic = False
        self.teacher.fit()
        return self.stream("fit")

    def opened(self) -> None:
        """Wait until the folder is."""
        self.qtbot.waitUntil(
            lambda: self.window.session.activity is Activity.IDLE and bool(self.engine.files)
        )

    def name(self, name: str) -> None:
        QTest.keyClicks(self.page.naming.edit, name)
        QTest.keyClick(self.page.naming.edit, Qt.Key.Key_Return)

    def shown(self) -> None:
        self.qtbot.waitUntil(lambda: self.view.ready)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.page.labels, key, modifier)

    def answer(self, key: Qt.Key) -> None:
        """Press a key and wait until it was taken in."""
        count = len(self.engine.teaching.actions)
        self.key(key)
        self.qtbot.waitUntil(lambda: len(self.engine.teaching.actions) == count + 1)
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.teacher._busy)

    def stream(self, name: str, number: int = 1) -> Stream:
        def found() -> list[Stream]:
            return [s for s in self.engine.streams if s.name == name and s.started.is_set()]

        self.qtbot.waitUntil(lambda: len(found()) >= number)
        return found()[number - 1]

    @property
    def answers(self) -> list[str]:
        """All that was answered."""
        return [action[2] for action in self.engine.teaching.answers]

    def banners(self) -> list[str]:
        return [banner.text for banner in self.page.banners.banners()]

    def title(self) -> str:
        return self.page.notice.title.text()
