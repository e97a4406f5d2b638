"""What the user chooses that makes teaching begin anew: model, device, which files are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from imagesorter.settings import Settings

if TYPE_CHECKING:
    from imagesorter.gui.saving import SettingsSaver
    from imagesorter.gui.session import Session
    from imagesorter.gui.status import MeansButton
    from imagesorter.gui.teacher import Teacher
    from imagesorter.gui.tool_row import ToolRow
    from imagesorter.gui.window import MainWindow


class Choices(QObject):
    """Does what is chosen, and asks first where an order that was learned waits to be kept. Switch and menu
    show what holds until that is decided.

    Args:
        settings: changed in place.
        saver: writes them.
        teacher: the window's; None before anything can be taught.
    """

    def __init__(
        self,
        window: MainWindow,
        settings: Settings,
        saver: SettingsSaver,
        teacher: Callable[[], Teacher | None],
    ) -> None:
        super().__init__(window)
        self._window, self._settings, self._saver, self._teacher = window, settings, saver, teacher
        self._session: Session = window.session
        self._means: MeansButton = window.means
        self._tools: ToolRow = window.sort_page.tools
        self._means.model_chosen.connect(self.use_model)
        self._means.device_chosen.connect(self.use_device)
        self._tools.recursive_changed.connect(self.include_subfolders)
        window.imports.imported.connect(self.use_model)

    def use_model(self, name: str) -> None:
        """Order by another model; "" is the bundled one."""

        def use() -> None:
            self._settings.model = name or None
            self._load()

        self.after_asking("Change without it", use, self._means.show_what_holds)

    def use_device(self, device: str) -> None:
        """Compute elsewhere; "" leaves it to the application."""

        def use() -> None:
            self._settings.device = device or None
            self._load()

        self.after_asking("Change without it", use, self._means.show_what_holds)

    def include_subfolders(self, recursive: bool) -> None:
        """Show what is in subfolders too, or no more."""

        def show() -> None:
            self._tools.show_recursive(self._settings.recursive)

        def read() -> None:
            self._settings.recursive = recursive
            show()
            self._read()

        self.after_asking("Read again without it", read, show)

    def include_hidden(self) -> None:
        """Read again: the settings say otherwise now what is to be read."""
        self.after_asking("Read again without it", self._read)

    def clear_cache(self) -> None:
        """Forget what is known of all photographs."""
        self.after_asking("Clear without it", self._session.clear_cache)

    def may_lose(self, without: str, go_on: Callable[[], object]) -> bool:
        """See `decided`."""
        teacher = self._teacher()
        if teacher is None:
            return True
        from imagesorter.gui.closing import decided  # not at start

        return decided(self._window, teacher, without, go_on)

    def after_asking(
        self, without: str, do: Callable[[], None], show: Callable[[], None] = lambda: None
    ) -> None:
        """Do at once what loses nothing. Else ask, once whoever calls is done: a menu that is filled anew
        meanwhile must not be the one that was clicked.

        Args:
            without: what is done, on the button that lets the order go.
            show: shows again what holds.
        """
        teacher = self._teacher()
        if teacher is None or not teacher.undecided:
            do()
            return

        def ask() -> None:
            show()
            if self.may_lose(without, lambda: self.after_asking(without, do, show)):
                teacher.discard()  # so that it is not told as lost
                do()

        QTimer.singleShot(0, self, ask)

    def _load(self) -> None:
        self._saver.save()
        self._session.choose_model()

    def _read(self) -> None:
        if self._session.roots:
            self._session.open(self._session.roots)
