"""What the user should know of a query before its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imagesorter.events import Notice

if TYPE_CHECKING:
    from imagesorter.model.ranker import Ranker


def of_phrases(ranker: Ranker, phrases: Sequence[str]) -> Iterator[Notice]:
    """What the user should know of phrases before their order: that the model cannot know them."""
    manifest = ranker.manifest
    unlearned = [phrase for phrase in phrases if manifest.unlearned(phrase)]
    if unlearned:
        listed = ", ".join(f"“{phrase}”" for phrase in unlearned)
        known = ", ".join(attribute.query for attribute in manifest.attributes)
        yield Notice(f"{manifest.title} has not learned {listed}: this order is a guess. It knows: {known}.")
    for phrase in phrases:
        if not ranker.words_read(phrase):
            yield Notice(f"“{phrase}” is too long for {manifest.title}: only its beginning is read.")
