"""From what the user wants to the engine's generator that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.events import Event, Finished
from imagesorter.gui.worker import Purpose
from imagesorter.settings import Settings

if TYPE_CHECKING:
    from imagesorter.engine import Engine


@dataclass(frozen=True)
class Wanted:
    """The wishes of one moment.

    Attributes:
        roots: what to open.
        query: what to order by.
        settings: as they are now.
        importing: a checkpoint and the name of the model to make of it.
        teaching: a generator of a `Teaching`.
    """

    roots: tuple[Path, ...]
    query: str
    settings: Settings
    importing: tuple[Path, str] | None
    teaching: Callable[[Engine], Iterator[Event]] | None


def start_of(purpose: Purpose, wanted: Wanted) -> Callable[[Engine], Iterator[Event]]:
    """What begins the work for a purpose, on the engine's thread."""
    settings = wanted.settings
    match purpose:
        case Purpose.CLEAR:
            return _clear
        case Purpose.OPEN:
            return lambda engine: engine.open(
                wanted.roots, recursive=settings.recursive, include_hidden=settings.include_hidden
            )
        case Purpose.IMPORT:
            assert wanted.importing is not None
            path, name = wanted.importing
            return lambda engine: engine.import_model(path, name)
        case Purpose.LOAD:
            return lambda engine: engine.load_model()  # that of the settings, or what there is instead
        case Purpose.TEACH:
            assert wanted.teaching is not None
            return wanted.teaching
        case Purpose.RANK:
            return lambda engine: engine.rank(wanted.query)
        case Purpose.INDEX:
            return lambda engine: engine.index()
        case Purpose.LOOK:
            return lambda engine: engine.look()
        case _:
            raise ValueError(f"{purpose.name} is not for the engine")


def _clear(engine: Engine) -> Iterator[Event]:
    engine.clear_cache()
    yield Finished(0, 0)
