"""From a model's folder to a model that runs, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagesorter.errors import ModelError
from imagesorter.model.bundle import ADAPTER, PUBLISHED, TOWERS, Manifest

if TYPE_CHECKING:
    from imagesorter.model.published.ranker import PublishedRanker
    from imagesorter.model.ranker import Ranker
    from imagesorter.model.tower_ranker import TowerRanker

    AnyRanker = Ranker | TowerRanker | PublishedRanker


def load_ranker(manifest: Manifest, device: str | None = None) -> AnyRanker:
    """Load a model.

    Args:
        device: "cuda", "mps", "cpu" or None for the best.

    Raises:
        ModelError: files missing or damaged, the device is not there, or the kind is unknown.
    """
    if manifest.kind == ADAPTER:
        from imagesorter.model.ranker import Ranker

        return Ranker(manifest, device)
    if manifest.kind == PUBLISHED:
        from imagesorter.model.published.ranker import PublishedRanker

        return PublishedRanker(manifest, device)
    if manifest.kind == TOWERS:
        from imagesorter.model.tower_ranker import TowerRanker

        return TowerRanker(manifest, device)
    raise ModelError(
        f"the model “{manifest.name}” in {manifest.folder} is of a kind, “{manifest.kind}”, that this "
        "version of the application does not know. Install a newer one."
    )
