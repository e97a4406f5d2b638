"""What teaching needs of the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagesorter.events import Event
    from imagesorter.index.store import ImageIndex
    from imagesorter.model.loading import AnyRanker
    from imagesorter.ranking.pipeline import Collection, RankingModel
    from imagesorter.training.pairs.labels import LabelStore
    from imagesorter.training.pairs.taught import StartTerm
    from imagesorter.training.pairs.versions import VersionStore


@dataclass(frozen=True)
class Workshop:
    """What a `Teaching` needs of the engine.

    Attributes:
        labels: the user's labels.
        versions: kept rankers.
        prepare: loads the model, reads the opened images, and returns the model.
        start_terms: terms of a query, for a model.
        collection: the opened images.
        index: their tokens.
    """

    labels: LabelStore
    versions: VersionStore
    prepare: Callable[[], Generator[Event, None, AnyRanker]]
    start_terms: Callable[[str, RankingModel], tuple[StartTerm, ...]]
    collection: Callable[[], Collection]
    index: Callable[[], ImageIndex]
