"""What the user should know of a query, besides its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from imagesorter.events import Notice
from imagesorter.model.bundle import Manifest
from imagesorter.model.routes import route
from imagesorter.model.spelling import put_right

_NAMED = 8
"""Attributes named to a user who asked for another."""

_KINDS_NAMED = 4
"""Kinds named to a user who asked for all."""


class Reader(Protocol):
    """A model, as far as the length of texts goes."""

    def words_read(self, phrase: str, /) -> bool:
        """Whether the whole phrase is read."""
        ...


def notices(
    reader: Reader,
    manifest: Manifest,
    phrases: Sequence[str],
    heads: Sequence[Manifest] = (),
    typed: str = "",
    taught: Iterable[str] = (),
    is_word: Callable[[str], bool] = lambda _: False,
) -> Iterator[Notice]:
    """What the user should know of phrases before their order: that the model cannot know them.

    Args:
        heads: others that stand on the model's towers.
        typed: the query of the phrases, to look in for slips of the hand.
        taught: what the user taught, to be meant as well.
        is_word: tells words that are no slip.
    """
    unlearned = [phrase for phrase in phrases if route(phrase, manifest, heads).by == "guess"]
    if unlearned and not manifest.attributes:
        yield Notice(f"What {manifest.title} has learned is not known: any order of it may be a guess.")
    elif unlearned:
        listed = ", ".join(f"“{phrase}”" for phrase in unlearned)
        guess = f"{manifest.title} has not learned {listed}: this order is a guess."
        queries = [attribute.query for attribute in manifest.attributes]
        known = ", ".join([*queries[:_NAMED], *(["and more"] if len(queries) > _NAMED else [])])
        meant = put_right(typed, unlearned, manifest, taught, is_word)
        way_on = f"Did you mean “{meant}”?" if meant else f"It knows: {known}."
        yield Notice(f"{guess} {way_on}", meant=meant)
    learned = [phrase for phrase in phrases if phrase not in unlearned]
    named = [manifest.named(phrase) for phrase in learned]
    for note in dict.fromkeys(attribute.note for attribute in named if attribute and attribute.note):
        yield Notice(note, "info")
    kinds = {word: of for phrase in learned for word, of in manifest.kinds_in(phrase).items()}
    for word, of in kinds.items():
        if manifest.named(word):
            continue  # it was taught by itself, too
        names = list(manifest.presentable(of))[:_KINDS_NAMED]
        listed = ", ".join([*names, *(["and more"] if len(of) > len(names) else [])])
        yield Notice(f"{manifest.title} knows “{word}” by some kinds ({listed}): it may miss others.", "info")
    for phrase in phrases:
        if not reader.words_read(phrase):
            yield Notice(f"“{phrase}” is too long for {manifest.title}: only its beginning is read.")
