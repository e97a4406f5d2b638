"""What every benchmark is given, and the application behind its one face, away from the user's folders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imagesorter.engine import BUNDLED, Engine
from imagesorter.events import Event, Notice, Ranked, Unreadable
from imagesorter.model.bundle import Manifest, read_manifest
from imagesorter.paths import Home, bundled_models
from imagesorter.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
"""Folder in which child processes find this package."""

CACHE_GIGABYTES = 50.0
"""Limit of the caches, so high that nothing is trimmed."""


@dataclass(frozen=True)
class Context:
    """Where a benchmark works.

    Attributes:
        photos: folder of photographs, never written to.
        work: folder of what is prepared once and kept.
        scale: part of the full sizes; the bars hold for 1.
    """

    photos: Path
    work: Path
    scale: float

    def count(self, full: int, least: int = 8) -> int:
        """How many of something to use, where `full` would be the full size."""
        return max(round(full * self.scale), least)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for one measurement, removed afterwards."""
        with tempfile.TemporaryDirectory(dir=self.work, prefix="run-") as folder:
            yield Path(folder)


def bundled_manifest() -> Manifest:
    """Of the model that comes with the application."""
    return read_manifest(bundled_models() / BUNDLED)


@contextmanager
def running_engine(home: Path) -> Iterator[Engine]:
    """An engine below `home` with the bundled model loaded."""
    engine = Engine(Home.under(home), Settings(cache_gigabytes=CACHE_GIGABYTES))
    try:
        complete(engine.load_model(BUNDLED))
        yield engine
    finally:
        engine.close()


def complete(events: Iterator[Event]) -> list[Event]:
    """Run a generator of the engine to its end.

    Raises:
        RuntimeError: an image could not be read, so that the measurement would say little.
    """
    done: list[Event] = []
    for event in events:
        if isinstance(event, Unreadable):
            raise RuntimeError(f"{event.path}: {event.reason}")
        done.append(event)
    return done


def open_folder(engine: Engine, folder: Path) -> None:
    """Scan a folder without its subfolders."""
    complete(engine.open([folder], recursive=False, include_hidden=False))


def order(engine: Engine, query: str) -> tuple[Ranked, list[str]]:
    """The whole order, and the notices on the way."""
    events = complete(engine.rank(query))
    ranked = next(event for event in reversed(events) if isinstance(event, Ranked))
    return ranked, [event.text for event in events if isinstance(event, Notice)]
