"""The line at the bottom: what is going on, how far it is, what could not be read, and by what means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QProgressBar, QPushButton, QToolButton, QWidget

from imagesorter.events import ModelReady, Progress
from imagesorter.gui import text
from imagesorter.gui.activity import Activity

if TYPE_CHECKING:
    from imagesorter.answers import ModelInfo
    from imagesorter.settings import Settings

DEVICE_NAMES = {"cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)", "cpu": "CPU"}

_STAGES = {
    Activity.SCANNING: "Looking for images",
    Activity.IMPORTING: "Importing the model",
    Activity.LOADING: "Loading the model",
    Activity.INDEXING: "Reading images",
    Activity.RANKING: "Sorting",
    Activity.TEACHING: "Learning",
    Activity.CLEARING: "Clearing the cache",
}
_STAGE_ACTIVITY = {
    "scan": "Looking for images",
    "model": "Loading the model",
    "index": "Reading images",
    "rank": "Sorting",
    "import": "Importing the model",
    "fit": "Learning",
}


class StatusLine(QWidget):
    """Signals:
    cancelled, resumed: the button was pressed.
    unreadable_wanted: the list of files that could not be read is to be shown.
    """

    cancelled = Signal()
    resumed = Signal()
    unreadable_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activity = Activity.IDLE
        self.message = QLabel("Ready")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumWidth(60)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("progress")
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName("Progress")
        self.figures = QLabel()
        self.button = QPushButton("Cancel")
        self.button.setObjectName("link")
        self.button.clicked.connect(self._pressed)
        self.unreadable = QPushButton()
        self.unreadable.setObjectName("link")
        self.unreadable.setToolTip("Show the files that could not be read, and why")
        self.unreadable.clicked.connect(self.unreadable_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 4, 2)
        row.setSpacing(10)
        for widget in (self.message, self.bar, self.figures, self.button):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.unreadable)
        for widget in (self.bar, self.figures, self.button, self.unreadable):
            widget.hide()

    def set_activity(self, activity: Activity) -> None:
        """Say what is going on."""
        self._activity = activity
        busy = activity in _STAGES
        self.bar.setVisible(busy)
        self.figures.setVisible(busy)
        self.figures.clear()
        if busy:
            self.bar.setRange(0, 0)
            self.message.setText(f"{_STAGES[activity]} …")
        elif activity is Activity.STOPPED:
            self.message.setText("Stopped. What is done is kept.")
        else:
            self.message.setText("Ready")
        self.button.setVisible(activity is Activity.STOPPED or (busy and activity is not Activity.CLEARING))
        self.button.setText("Resume" if activity is Activity.STOPPED else "Cancel")
        kept = "nothing is imported" if activity is Activity.IMPORTING else "what is done is kept"
        self.button.setToolTip(
            "Go on where it was stopped" if activity is Activity.STOPPED else f"Stop; {kept}"
        )

    def set_progress(self, progress: Progress) -> None:
        """Say how far it is."""
        if self._activity not in _STAGES:
            return
        self.message.setText(f"{_STAGE_ACTIVITY[progress.stage]} …")
        figures = []
        if progress.total:
            share = 1 if progress.total < 2**31 else 2**20  # the bar counts in 32 bits
            self.bar.setRange(0, progress.total // share)
            self.bar.setValue(min(progress.done, progress.total) // share)
            figures.append(
                f"{text.size(progress.done)} of {text.size(progress.total)}"
                if progress.stage == "import"
                else f"{progress.done:,} of {progress.total:,}"
            )
        else:
            self.bar.setRange(0, 0)
            if progress.done:
                figures.append(f"{progress.done:,}")
        if progress.per_second:
            figures.append(text.rate(progress.per_second))
        if progress.seconds_left is not None:
            figures.append(f"{text.duration(progress.seconds_left)} left")
        self.figures.setText("  ·  ".join(figures))

    def tell(self, message: str) -> None:
        """A result, shown until the next thing happens."""
        self.message.setText(message)

    def set_unreadable(self, images: int, places: int = 0) -> None:
        """How many of the images could not be read, and how many links or folders beside them."""
        self.unreadable.setVisible(images + places > 0)
        told = [f"{images:,}" if not places else text.count(images, "image")] if images else []
        told += [text.count(places, "place")] if places else []
        self.unreadable.setText(f"{' and '.join(told)} could not be read")

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
        self.setAccessibleName("Model and device")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self._models: Sequence[ModelInfo] = ()
        self._devices: Sequence[str] = ()
        self._ready: ModelReady | None = None
        self._device: str | None = None

    def set_models(self, models: Sequence[ModelInfo]) -> None:
        self._models = models
        self._rebuild()

    def set_devices(self, devices: Sequence[str], chosen: str | None) -> None:
        """`chosen`: the user's wish, None where the application chooses."""
        self._devices, self._device = devices, chosen
        self._rebuild()

    def set_ready(self, ready: ModelReady) -> None:
        """The model that is loaded."""
        self._ready = ready
        self.setText(f"{ready.title}  ·  {ready.device.upper()}")
        self._rebuild()

    @property
    def in_use(self) -> str:
        """Name of the model that is loaded; "" before any is."""
        return self._ready.name if self._ready else ""

    def _rebuild(self) -> None:
        self._menu.clear()
        self._heading("Model")
        models = QActionGroup(self._menu)
        for model in self._models:
            action = self._choice(models, model.title, model.name, self._pick_model)
            action.setToolTip(model.description)
            action.setChecked(self._ready is not None and self._ready.name == model.name)
        self._menu.addAction("Models…", self.models_wanted.emit)
        self._menu.addAction("Import model…", self.import_wanted.emit)
        self._menu.addSeparator()
        self._heading("Device")
        devices = QActionGroup(self._menu)
        automatic = self._choice(devices, "Automatic", "", self._pick_device)
        automatic.setChecked(self._device is None)
        for device in self._devices:
            action = self._choice(devices, DEVICE_NAMES.get(device, device), device, self._pick_device)
            action.setChecked(self._device == device)

    def _heading(self, title: str) -> None:
        self._menu.addAction(title).setEnabled(False)

    def _choice(self, group: QActionGroup, title: str, value: str, picked: Callable[[str], None]) -> QAction:
        action = self._menu.addAction(title)
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
        if (device or None) != self._device:
            self._device = device or None
            self.device_chosen.emit(device)
