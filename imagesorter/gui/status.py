"""The line at the bottom: what is going on, how far it is, what could not be read, and by what means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from imagesorter.events import ModelReady, Progress
from imagesorter.gui import text
from imagesorter.gui.activity import Activity
from imagesorter.gui.amounts import amount_of, show_on
from imagesorter.gui.elided import ElidedLabel

if TYPE_CHECKING:
    from imagesorter.answers import ModelInfo
    from imagesorter.settings import Settings

BAR = range(40, 161)
"""Width of the progress bar in logical pixels."""

_SPACING = 10
_FEWEST = 8
"""Letters of a model's title below which nobody would know it."""

DEVICE_NAMES = {"cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)", "cpu": "CPU"}

_STAGES = {
    Activity.SCANNING: "Looking for photographs",
    Activity.IMPORTING: "Importing the model",
    Activity.LOADING: "Loading the model",
    Activity.INDEXING: "Reading photographs",
    Activity.RANKING: "Sorting",
    Activity.PREPARING: "Getting the Train tab ready",
    Activity.TEACHING: "Learning",
    Activity.CLEARING: "Clearing the cache",
}
_STAGE_ACTIVITY = {
    "scan": "Looking for photographs",
    "model": "Loading the model",
    "index": "Reading photographs",
    "rank": "Sorting",
    "import": "Importing the model",
    "labels": "Importing pairs or ratings",
    "fit": "Learning",
}


class StatusLine(QWidget):
    """Where there is little room, the bar gives way first, then the speed, the time left, the other figures,
    and last the end of the message.

    Signals:
        cancelled, resumed: the button was pressed.
        unreadable_wanted: the list of files that could not be read is to be shown.
    """

    cancelled = Signal()
    resumed = Signal()
    unreadable_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activity = Activity.IDLE
        self._elsewhere = False
        self._waiting = ""
        self._figures: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.message = ElidedLabel("Ready")
        self.message.setMinimumWidth(60)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("progress")
        self.bar.setMinimumWidth(BAR.start)
        self.bar.setMaximumWidth(BAR.stop - 1)
        self.bar.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bar.setAccessibleName("Progress")
        self.figures = QLabel()
        self.button = QPushButton("Cancel")
        self.button.setObjectName("link")
        self.button.clicked.connect(self._pressed)
        self.unreadable = QPushButton()
        self.unreadable.setObjectName("link")
        self.unreadable.setToolTip("Show what could not be read, and why")
        self.unreadable.clicked.connect(self.unreadable_wanted)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 4, 2)
        row.setSpacing(_SPACING)
        for widget, stretch in ((self.message, 0), (self.bar, 100), (self.figures, 0), (self.button, 0)):
            row.addWidget(widget, stretch)
        row.addStretch(1)
        row.addWidget(self.unreadable)
        for widget in (self.bar, self.figures, self.button, self.unreadable):
            widget.hide()

    def set_elsewhere(self, elsewhere: bool) -> None:
        """Whether the page in front tells itself how far teaching is, and offers to stop it."""
        self._elsewhere = elsewhere
        self._show_parts()

    def set_waiting(self, query: str) -> None:
        """Say, too, what the images are sorted by once what is going on is done."""
        if self._activity in _STAGES and self._activity is not Activity.RANKING:
            self._waiting = query
            self._tell_stage(_STAGES[self._activity])

    def set_activity(self, activity: Activity) -> None:
        """Say what is going on."""
        self._activity = activity
        self._waiting = ""
        busy = activity in _STAGES
        self._figures = []
        if busy:
            self.bar.setRange(0, 0)
            self._tell_stage(_STAGES[activity])
        elif activity is Activity.STOPPED:
            self.message.set_words("Stopped. What is done is kept.")
        else:
            self.message.set_words("Ready")
        self.button.setText("Resume" if activity is Activity.STOPPED else "Cancel")
        kept = "nothing is imported" if activity is Activity.IMPORTING else "what is done is kept"
        self.button.setToolTip(
            "Continue where it was stopped" if activity is Activity.STOPPED else f"Stop; {kept}"
        )
        self._show_parts()

    def set_progress(self, progress: Progress) -> None:
        """Say how far it is."""
        if self._activity not in _STAGES:
            return
        ready = self._activity is Activity.PREPARING and progress.stage == "fit"  # nothing is learned yet
        self._tell_stage(_STAGES[self._activity] if ready else _STAGE_ACTIVITY[progress.stage])
        show_on(self.bar, progress)
        done = f"{progress.done:,}" if progress.done else ""
        amount = amount_of(progress) if progress.total else done
        speed = text.rate(progress.per_second) if progress.per_second else ""
        left = f"{text.duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
        self._figures = [
            "  ·  ".join(filter(None, told)) for told in ((amount, speed, left), (amount, left), (amount,))
        ]
        self._fit()

    def _tell_stage(self, stage: str) -> None:
        then = f", then sorting by “{text.shortened(text.printable(self._waiting))}”" if self._waiting else ""
        self.message.set_words(f"{stage}{then} …")

    def tell(self, message: str) -> None:
        """A result, shown until the next thing happens."""
        self.message.set_words(message)
        self._fit()

    def set_unreadable(self, images: int, places: int = 0) -> None:
        """How many of the images could not be read, and how many links or folders beside them."""
        told = [f"{images:,}" if not places else text.count(images, "photo")] if images else []
        told += [text.count(places, "place")] if places else []
        words = f"{' and '.join(told)} could not be read" if told else ""
        if words != self.unreadable.text():
            self.unreadable.setText(words)
            self.unreadable.setVisible(bool(words))
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _show_parts(self) -> None:
        activity = self._activity
        teaches = activity in (Activity.PREPARING, Activity.TEACHING)
        busy = activity in _STAGES and not (self._elsewhere and teaches)
        self.bar.setVisible(busy)
        self.figures.setVisible(busy)
        self.button.setVisible(activity is Activity.STOPPED or (busy and activity is not Activity.CLEARING))
        self._fit()

    def _fit(self) -> None:
        """Show as many of the figures as have room beside the rest."""
        metrics = self.figures.fontMetrics()
        needed = [
            w.sizeHint().width() for w in (self.message, self.button, self.unreadable) if not w.isHidden()
        ]
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() - BAR.start - sum(needed)
        room -= (len(needed) + 2) * _SPACING  # beside the figures and the stretch too
        fitting = (told for told in self._figures if metrics.horizontalAdvance(told) <= room)
        self.figures.setText(shown := next(fitting, ""))
        self.figures.setToolTip("" if shown in self._figures[:1] else "".join(self._figures[:1]))
        self._row.activate()  # now, lest the next painting elide a message for the room of the one before

    def _pressed(self) -> None:
        (self.resumed if self._activity is Activity.STOPPED else self.cancelled).emit()


class MeansButton(QToolButton):
    """Shows model and device, and lets both be changed.

    Signals:
        model_chosen: name of a model.
        device_chosen: name of a device, "" for the application's own choice.
        import_wanted: a checkpoint is to be chosen.
        models_wanted: the models are to be shown.
    """

    model_chosen = Signal(str)
    device_chosen = Signal(str)
    import_wanted = Signal()
    models_wanted = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setObjectName("flat")
        self.setText("Model …")
        self.setToolTip("Model and device")
        self.setAccessibleDescription("Model and device")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self._models: Sequence[ModelInfo] = ()
        self._devices: Sequence[str] = ()
        self._ready: ModelReady | None = None
        self._room = 0

    def set_models(self, models: Sequence[ModelInfo]) -> None:
        self._models = models
        self._rebuild()

    def set_devices(self, devices: Sequence[str]) -> None:
        self._devices = devices
        self._rebuild()

    def set_ready(self, ready: ModelReady) -> None:
        """The model that is loaded."""
        self._ready = ready
        self._show_ready()
        self._rebuild()

    def show_what_holds(self) -> None:
        """Check model and device that are in use, whatever was clicked."""
        self._rebuild()

    def set_room(self, width: int) -> None:
        """How wide it may be, in logical pixels: the title of the model gives up its middle for that."""
        self._room = width
        self._show_ready()

    @property
    def in_use(self) -> str:
        """Name of the model that is loaded; "" before any is."""
        return self._ready.name if self._ready else ""

    def _show_ready(self) -> None:
        if (ready := self._ready) is None:
            return
        device = f"  ·  {ready.device.upper()}"
        self.setText(device)
        title = text.printable(ready.title)
        metrics = self.fontMetrics()
        room = max(self._room - self.sizeHint().width(), metrics.horizontalAdvance("m") * _FEWEST)
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room) if self._room else title
        self.setText(f"{shown}{device}")
        self.setToolTip("Model and device" if shown == title else f"Model and device: {title}{device}")

    def _rebuild(self) -> None:
        self._menu.clear()
        self._heading("Model")
        models = QActionGroup(self._menu)
        for model in self._models:
            action = self._choice(models, model.title, model.name, self._pick_model)
            action.setToolTip(text.message(model.description))
            action.setChecked(self._ready is not None and self._ready.name == model.name)
        self._menu.addAction("Models…", self.models_wanted.emit)
        self._menu.addAction("Import model…", self.import_wanted.emit)
        self._menu.addSeparator()
        self._heading("Device")
        devices = QActionGroup(self._menu)
        automatic = self._choice(devices, "Automatic", "", self._pick_device)
        automatic.setChecked(self._settings.device is None)
        for device in self._devices:
            action = self._choice(devices, DEVICE_NAMES.get(device, device), device, self._pick_device)
            action.setChecked(self._settings.device == device)

    def _heading(self, title: str) -> None:
        self._menu.addAction(title).setEnabled(False)

    def _choice(self, group: QActionGroup, title: str, value: str, picked: Callable[[str], None]) -> QAction:
        action = self._menu.addAction(text.printable(title).replace("&", "&&"))
        action.setCheckable(True)
        action.setData(value)
        group.addAction(action)
        action.triggered.connect(lambda: picked(value))
        return action

    def _pick_model(self, name: str) -> None:
        # where the chosen one cannot be loaded, another is in use
        if name != self.in_use or name != (self._settings.model or name):
            self.model_chosen.emit(name)

    def _pick_device(self, device: str) -> None:
        if (device or None) != self._settings.device:
            self.device_chosen.emit(device)
