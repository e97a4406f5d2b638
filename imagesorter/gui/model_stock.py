"""Everything about getting and keeping models that the window need not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from imagesorter.events import ModelReady, Verified
from imagesorter.gui import text
from imagesorter.gui.banner import BannerArea
from imagesorter.gui.confirming import confirmed
from imagesorter.gui.downloads import Downloads
from imagesorter.gui.model_import import ModelImports
from imagesorter.gui.session import Session
from imagesorter.gui.worker import told

if TYPE_CHECKING:
    from imagesorter.answers import StockItem
    from imagesorter.gui.models_dialog import ModelsDialog
    from imagesorter.gui.window import MainWindow
    from imagesorter.paths import Home
    from imagesorter.stock import Stock

_VERDICTS = {"sound": "checked: everything as installed", "unknown": "no checksums were kept for it"}


def stock_of(window: MainWindow, home: Home) -> ModelStock:
    """The stock of a window, connected to it; `home`: the user's folders."""
    stock = ModelStock(
        home,
        window.session,
        window.imports,
        window.sort_page.banners,
        window.choices.after_asking,
        window,
    )
    stock.set_in_use(window.means.in_use)  # it may have been loaded before anybody asked for the stock
    window.statusBar().insertPermanentWidget(1, stock.note)
    stock.chosen.connect(window.choices.use_model)
    stock.told.connect(window.status.tell)
    stock.models.connect(window.means.set_models)
    return stock


class ModelStock(QObject):
    """The Models dialog and what it asks for.

    Args:
        home: the user's folders.
        imports: asks for a name and imports a file.
        banners: of the window, for what happens while the dialog is closed.
        ask_first: see `Choices.after_asking`.
        parent: the window.

    Attributes:
        note: says what is being downloaded; for the status bar.

    Signals:
        chosen: name of the model to use from now on; "" for the bundled one.
        models: models have come or gone; those that can be chosen now, a tuple of `ModelInfo`.
        told: a sentence for the status line.
    """

    chosen = Signal(str)
    models = Signal(object)
    told = Signal(str)

    def __init__(
        self,
        home: Home,
        session: Session,
        imports: ModelImports,
        banners: BannerArea,
        ask_first: Callable[[str, Callable[[], None]], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._imports, self._banners, self._window = session, imports, banners, parent
        self._ask_first = ask_first
        self._in_use = ""
        self._items: tuple[StockItem, ...] = ()
        self._dialog: ModelsDialog | None = None
        self.downloads = Downloads(lambda: _stock(home), self)
        self.note = QPushButton()
        self.note.setObjectName("link")
        self.note.setToolTip("Show the models")
        self.note.clicked.connect(self.show)
        self.note.hide()
        downloads = self.downloads
        downloads.changed.connect(self._show_note)
        downloads.items.connect(self._on_items)
        downloads.arrived.connect(self._on_arrived)
        downloads.verified.connect(self._on_verified)
        downloads.noticed.connect(lambda words: self._shown_banners().add(words, "warning"))
        downloads.failed.connect(self._on_failed)
        session.model_ready.connect(self._on_ready)
        session.model_imported.connect(lambda _: self._reread())

    def set_in_use(self, name: str) -> None:
        """Name of the model that is loaded."""
        self._in_use = name

    def show(self) -> None:
        """Show the dialog."""
        if self._dialog is None:
            from imagesorter.gui.models_dialog import ModelsDialog

            self._dialog = ModelsDialog(self.downloads, self._window)
            self._dialog.wanted.connect(self._on_wanted)
            self._dialog.import_wanted.connect(self._imports.choose)
            self._dialog.dropped.connect(self._imports.offer)
        self.downloads.read()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        self._dialog.list.setFocus()

    @property
    def dialog(self) -> ModelsDialog | None:
        """The dialog, once it was shown."""
        return self._dialog

    def close(self) -> None:
        """Stop downloads; what has arrived is kept."""
        if self._dialog is not None:
            self._dialog.close()
        self.downloads.close()

    def _on_wanted(self, what: str, name: str) -> None:
        if self._dialog is not None:
            self._dialog.banners.clear()
        match what:
            case "get":
                self.downloads.get(name)
            case "cancel":
                self.downloads.cancel(name)
            case "verify":
                self.downloads.verify(name)
            case "use":
                self.chosen.emit(name)
            case "import":
                self._imports.choose()
            case "remove":
                self._remove(name)

    def _remove(self, name: str) -> None:
        """Delete a model once the user has confirmed it, or throw away what has arrived of one."""
        if any(item.name == name and item.state == "partial" for item in self._items):
            self.downloads.call(lambda stock: stock.remove(name), lambda _: self._reread())
            return
        if confirmed(
            self._dialog,
            "Remove this model?",
            f"“{self._title(name)}” will be deleted from this computer. What was read with it is kept, "
            "and your photographs are not touched.",
            "Remove",
        ):
            if name == self._in_use:  # another will be used
                self._ask_first("Remove without it", lambda: self._delete(name))
            else:
                self._delete(name)

    def _delete(self, name: str) -> None:
        title = self._title(name)
        self._session.call(
            lambda engine: engine.remove_model(name),
            lambda _: self._on_removed(name, title),
            lambda error: self._on_failed(name, *told(error)),
        )

    def _title(self, name: str) -> str:
        """What the dialog calls a model."""
        return text.printable(next((item.title for item in self._items if item.name == name), name))

    def _on_removed(self, name: str, title: str) -> None:
        self.told.emit(f"“{title}” was removed")
        self._reread()
        if name == self._in_use:
            self.chosen.emit("")

    def _on_items(self, items: tuple[StockItem, ...]) -> None:
        self._items = items
        if self._dialog is not None:
            self._dialog.set_items(items, self._in_use)

    def _on_ready(self, ready: ModelReady) -> None:
        self._in_use = ready.name
        self._reread()

    def _on_arrived(self, name: str) -> None:
        self._tell_models()
        self.told.emit(f"“{text.printable(name)}” is here and ready to use")

    def _on_verified(self, found: Verified) -> None:
        if self._dialog is None:
            return
        if found.state == "damaged":
            self._dialog.banners.add(
                f"“{found.name}” is damaged: {found.detail}. Remove it, and get it again.", "error"
            )
        self._dialog.set_verdict(found.name, _VERDICTS.get(found.state, "damaged"))

    def _on_failed(self, name: str, message: str, details: str) -> None:
        self._shown_banners().add(text.sentence(message), "error", details)

    def _reread(self) -> None:
        if self._dialog is not None:
            self.downloads.read()
        self._tell_models()

    def _tell_models(self) -> None:
        self._session.read(lambda engine: engine.models(), self.models.emit)

    def _shown_banners(self) -> BannerArea:
        """Where the user looks: the dialog's messages while it is open, else the window's."""
        if self._dialog is not None and self._dialog.isVisible():
            return self._dialog.banners
        return self._banners

    def _show_note(self) -> None:
        task, progress = self.downloads.task, self.downloads.progress
        self.note.setVisible(task is not None and task.kind == "get")
        if task is not None:
            share = f", {text.percent(progress.done / progress.total)}" if progress and progress.total else ""
            self.note.setText(f"Downloading {text.shortened(text.printable(task.name), 30)}{share}")


def _stock(home: Home) -> Stock:
    from imagesorter.stock import Stock

    return Stock(home)
