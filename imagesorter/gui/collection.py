"""Garbage collection on the window's thread, and never in the middle of anything.

Python collects on whichever thread happens to allocate. Found on the engine's thread, a
cycle of Qt objects would be destroyed there, which Qt does not survive; and walking the objects that
importing torch makes stops every thread for a quarter of a second.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY = 500
"""Milliseconds between two looks at the counts."""


class Collector(QObject):
    """Collects when Python would, but from the event loop of the thread it was made on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._settled = False
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the generations whose thresholds are passed."""
        for generation, threshold in enumerate(gc.get_threshold()):
            if not threshold or gc.get_count()[generation] <= threshold:
                return
            gc.collect(generation)

    @Slot()
    def settle(self) -> None:
        """Leave all that is there now out of every later collection: once the libraries are loaded."""
        if not self._settled:
            self._settled = True
            gc.freeze()

    def stop(self) -> None:
        """Back to Python's own way. At the end, so that all objects can be destroyed."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
