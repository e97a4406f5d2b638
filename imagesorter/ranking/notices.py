"""What the user should know of a query, besides its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from imagesorter.events import Notice
from imagesorter.model.bundle import Manifest
from imagesorter.model.routes import route


class Reader(Protocol):
    """A model, as far as the length of texts goes."""

    def words_read(self, phrase: str, /) -> bool:
        """Whether the whole phrase is read."""
        ...


def notices(
    reader: Reader, manifest: Manifest, phrases: Sequence[str], heads: Sequence[Manifest] = ()
) -> Iterator[Notice]:
    """What the user should know of phrases before their order: that the model cannot know them."""
    unlearned = [phrase for phrase in phrases if route(phrase, manifest, heads).by == "guess"]
    if unlearned and not manifest.attributes:
        yield Notice(f"What {manifest.title} has learned is not known: any order of it may be a guess.")
    elif unlearned:
        listed = ", ".join(f"“{phrase}”" for phrase in unlearned)
        known = ", ".join(attribute.query for attribute in manifest.attributes)
        yield Notice(f"{manifest.title} has not learned {listed}: this order is a guess. It knows: {known}.")
    for phrase in phrases:
        if not reader.words_read(phrase):
            yield Notice(f"“{phrase}” is too long for {manifest.title}: only its beginning is read.")
