"""From a model's folder to a model that runs, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imagesorter.errors import ModelError
from imagesorter.model.bundle import ADAPTER, CLIP, PUBLISHED, TOWERS, Manifest

if TYPE_CHECKING:
    from imagesorter.model.clip_ranker import ClipRanker
    from imagesorter.model.published.ranker import PublishedRanker
    from imagesorter.model.ranker import Ranker
    from imagesorter.model.tower_ranker import TowerRanker

    AnyRanker = Ranker | TowerRanker | PublishedRanker | ClipRanker


def load_ranker(
    manifest: Manifest,
    device: str | None = None,
    *,
    base: Manifest | None = None,
    heads: Sequence[Manifest] = (),
) -> AnyRanker:
    """Load a model.

    Args:
        device: "cuda", "mps", "cpu" or None for the best.
        base: the model whose towers it stands on; None is itself. See `Shelf.base`.
        heads: that stand on the same towers, see `Shelf.heads`.

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
    if manifest.kind == CLIP:
        from imagesorter.model.clip_ranker import ClipRanker

        return ClipRanker(manifest, base or manifest, heads, device)
    raise ModelError(
        f"the model “{manifest.name}” in {manifest.folder} is of a kind, “{manifest.kind}”, that this "
        "version of the application does not know. Install a newer one."
    )
