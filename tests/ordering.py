"""The photographs of most tests, and an engine driven to the end of its generators."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from imagesorter.engine import Engine
from imagesorter.events import Event, Ranked

E = TypeVar("E", bound=Event)

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field")
"""Samples that come inside the scikit-image package."""

SHADES = tuple(f"shade-{level}" for level in range(5))
"""Names of one photograph made brighter step by step."""


def only(kind: type[E], events: Iterable[Event]) -> list[E]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def opened(engine: Engine, *roots: Path) -> list[Event]:
    return list(engine.open(roots, recursive=False, include_hidden=False))


def ranked(engine: Engine, query: str) -> Ranked:
    """The whole order of the opened images."""
    last = only(Ranked, engine.rank(query))[-1]
    assert last.complete
    return last


def names(engine: Engine, query: str) -> list[str]:
    """File names without suffix, best first."""
    return list(scores(engine, query))


def scores(engine: Engine, query: str) -> dict[str, float]:
    """Scores by file name without suffix, best first."""
    ranking, files = ranked(engine, query), engine.files
    stems = [files[file_id].stem for file_id in ranking.file_ids.tolist()]
    return dict(zip(stems, ranking.scores.tolist(), strict=True))
