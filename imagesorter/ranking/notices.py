"""What the user should know of a query, besides its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from imagesorter.events import Notice
from imagesorter.model.bundle import Manifest
from imagesorter.ranking.query import Query


class Reader(Protocol):
    """A model, as far as the length of texts goes."""

    def words_read(self, phrase: str, /) -> bool:
        """Whether the whole phrase is read."""
        ...


def notices(reader: Reader, manifest: Manifest, query: Query) -> Iterator[Notice]:
    """What the user should know of a query before its order: that the model cannot know this."""
    unlearned = [term.phrase for term in query.terms if manifest.unlearned(term.phrase)]
    if unlearned and not manifest.attributes:
        yield Notice(f"What {manifest.title} has learned is not known: any order of it may be a guess.")
    elif unlearned:
        phrases = ", ".join(f"“{phrase}”" for phrase in unlearned)
        known = ", ".join(attribute.query for attribute in manifest.attributes)
        yield Notice(f"{manifest.title} has not learned {phrases}: this order is a guess. It knows: {known}.")
    for term in query.terms:
        if not reader.words_read(term.phrase):
            yield Notice(f"“{term.phrase}” is too long for {manifest.title}: only its beginning is read.")
