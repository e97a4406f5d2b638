"""Which ranker answers a phrase: an adapter, a head, or the untrained model. Free of torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from imagesorter.model.bundle import CLIP, Manifest

By = Literal["adapter", "computed", "head", "zero-shot", "rough", "guess"]


@dataclass(frozen=True)
class Route:
    """What answers a phrase.

    Attributes:
        by: "adapter" and "head" have learned it; "computed" needs no learning; "zero-shot" compares pictures
            with texts; "rough" is a small model that has learned it more or less, or a stand-in for it;
            "guess" is a model that has not learned it, nor knows pictures from texts.
        manifest: of the model or head that answers.
        row: of the head.
    """

    by: By
    manifest: Manifest
    row: int = 0


def route(phrase: str, manifest: Manifest, heads: Sequence[Manifest] = ()) -> Route:
    """The best ranker for a phrase.

    Args:
        manifest: the model in use.
        heads: others that stand on its towers.
    """
    if manifest.kind != CLIP and not manifest.unlearned(phrase):
        colours = all(manifest.colour_in(text) for text in manifest.texts(phrase))
        if colours and not manifest.stand_ins_in(phrase):
            return Route("computed", manifest)
        named = manifest.named(phrase)
        rough = manifest.roughly(phrase) or (named is not None and bool(named.note))
        return Route("rough" if rough else "adapter", manifest)
    for head in (*([manifest] if manifest.kind == CLIP else []), *heads):
        if (row := head.attribute_named(phrase)) is not None:
            return Route("head", head, row)
    return Route("zero-shot" if manifest.zero_shot else "guess", manifest)
