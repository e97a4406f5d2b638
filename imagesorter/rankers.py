"""The rankers that the user taught or imported: listing, versions, packs. Free of torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imagesorter.answers import Installed, TaughtAttribute, Version
from imagesorter.errors import QueryError, TeachingError
from imagesorter.events import Notice

if TYPE_CHECKING:
    from imagesorter.model.bundle import Manifest
    from imagesorter.training.pairs.labels import Attribute, LabelStore
    from imagesorter.training.pairs.store import TeachingStore
    from imagesorter.training.pairs.taught import TaughtRanker
    from imagesorter.training.pairs.versions import VersionStore


class Asked(NamedTuple):
    """An attribute.

    Attributes:
        attribute: its name.
        is_reversed: the query asks for the least of it first.
    """

    attribute: str
    is_reversed: bool = False


class Rankers:
    """Attributes with what was kept of them. Any thread.

    Every method that takes a name raises TeachingError where there is no such attribute.

    Args:
        labels, versions: the stores.
        models: ids of the models on this machine; by them what their folders say, where that is known.
        store: of both.
    """

    def __init__(
        self,
        labels: LabelStore,
        versions: VersionStore,
        models: Callable[[], Collection[str] | Mapping[str, Manifest]],
        store: TeachingStore,
    ) -> None:
        self._labels = labels
        self._versions = versions
        self._models = models
        self._store = store

    def losses(self) -> Iterator[Notice]:
        """A Notice where what was taught could not be read, the first time that it is asked for."""
        damaged, self._store.damaged = self._store.damaged, None
        if damaged is not None:
            yield Notice(
                f"What you taught could not be read because its file was damaged: it is kept as {damaged}. "
                "Put a backup in its place, or import the packs of your rankers."
            )

    def list(self) -> tuple[TaughtAttribute, ...]:
        """All attributes of which there are labels or versions, the oldest first."""
        return tuple(self._described(attribute) for attribute in self._labels.attributes(bare=False))

    def names(self) -> tuple[str, ...]:
        """Of all attributes, those among them that were only named."""
        return tuple(attribute.name for attribute in self._labels.attributes())

    def find(self, name: str) -> TaughtAttribute:
        """One attribute, in any spelling."""
        return self._described(self._attribute(name))

    def versions(self, name: str) -> tuple[Version, ...]:
        """All kept versions of an attribute, the oldest first. `fits`: for a model that is here."""
        return self._versions.versions(self._attribute(name), self._models())

    def revert(self, name: str, number: int | None) -> None:
        """Make a version the one in use; None: none of them. All stay."""
        self._versions.use(self._attribute(name), number)

    def remove(self, name: str) -> None:
        """Forget an attribute: labels and versions."""
        self._labels.remove(self._attribute(name))

    def starting_from(self, name: str) -> tuple[str, ...]:
        """Attributes whose start is the order of this one, for as long as that is there."""
        from imagesorter.training.pairs.naming import aliases

        asked = self._attribute(name)
        own = set(aliases(asked.name))
        others = (each for each in self._labels.attributes() if each.id != asked.id)
        return tuple(each.name for each in others if own & _named_by(each.start, own))

    def export(self, name: str, path: Path, *, labels: bool = False, licence: str = "") -> int:
        """Write the version in use as a ranker pack; returns how many labels went in.

        Args:
            path: of the pack, `….ranker`; replaced in one step if it exists.
            labels: put answers, marks and ratings in, photographs by content key. Never paths, never
                images.
            licence: free text for the pack's licence field.

        Raises:
            TeachingError: nothing was kept of this attribute.
            ExportError: the file could not be written; what was there before is untouched.
        """
        attribute = self._attribute(name)
        current = self._versions.current(attribute)
        if current is None:
            raise TeachingError(
                f"No version of “{attribute.name}” is in use: bring one back first."
                if self._versions.versions(attribute, None)
                else f"Nothing was kept of “{attribute.name}” yet: teach it, and keep what is better."
            )
        base, facts, ranker = current
        answers = self._labels.labels(attribute) if labels else []
        told = tuple(label for label in answers if label.answer != "skip")
        ratings = tuple(self._labels.ratings(attribute)) if labels else ()
        facts = replace(facts, licence=licence or facts.licence, source="", learned=None)
        from imagesorter.training.pairs.packs import Pack, write_pack

        start = self._start_to_hand_on(attribute)
        write_pack(Pack(attribute.name, base, facts, ranker, told, ratings, start), path)
        return len(told) + len(ratings)

    def install(self, path: Path) -> Installed:
        """Install a ranker pack as a new version of the attribute it names, and use it. A pack that was
        installed before is only used again. An attribute that is new starts from the pack's order.

        Labels in it are stored for pairs and photographs that have none yet: what the user said stays.

        Raises:
            TeachingError: it is damaged, no ranker pack, for a model that is not installed, or unfit for
                the one that it names; nothing was installed.
        """
        from imagesorter.training.pairs.packs import read_pack
        from imagesorter.training.pairs.versions import runs_of

        pack = read_pack(path)
        models = self._models()
        model = pack.base.rpartition("-")[0] or pack.base
        if pack.base not in models:
            raise TeachingError(
                f"{path} was taught with the model “{model}” in a version that is not on this computer "
                f"({pack.base}). Nothing was installed. Install that model, or ask for another pack."
            )
        if isinstance(models, Mapping) and not _fits(pack.ranker, models[pack.base]):
            raise TeachingError(
                f"{path} says that it was taught with the model “{model}”, but that cannot order by it. "
                "Nothing was installed; ask for it again."
            )
        before = self._labels.attribute(pack.name)
        earlier = self._described(before).version if before else None
        with self._store.write():  # all of it, or nothing
            attribute = self._labels.begin(pack.name, pack.start)
            known, stored = self._labels.complete(attribute, pack.labels, pack.ratings)
            learned = runs_of(stored) if stored else None
            facts = replace(pack.facts, last_label=0, learned=learned, imported=True, source=path.name)
            number, new = self._versions.take_in(attribute, pack.base, facts, pack.ranker)
        came = len(pack.labels) + len(pack.ratings)
        replaced = earlier if earlier and earlier.number != number else None
        return Installed(self._described(attribute), new, came, known, replaced)

    def _attribute(self, name: str) -> Attribute:
        found = self._labels.attribute(name)
        if found is None:
            listed = self._labels.attributes(bare=False)
            known = ", ".join(f"“{attribute.name}”" for attribute in listed) or "none yet"
            raise TeachingError(f"There is no taught attribute “{name}”. There are: {known}.")
        return found

    def _start_to_hand_on(self, attribute: Attribute) -> str | None:
        """The query that an attribute starts from; None where it names another taught attribute, which would
        mean something else, or nothing, where that is not."""
        from imagesorter.ranking.query import parse
        from imagesorter.training.pairs.naming import aliases

        if attribute.start is None:
            return None
        try:
            parse(attribute.start)
        except QueryError:  # the name of another as it stands
            return None
        others = (one for one in self._labels.attributes() if one.id != attribute.id)
        keys = {key for one in others for key in aliases(one.name)}
        return None if keys & _named_by(attribute.start, keys) else attribute.start

    def _described(self, attribute: Attribute) -> TaughtAttribute:
        versions = self._versions.versions(attribute, self._models())
        labels, ratings = self._labels.labels(attribute), self._labels.ratings(attribute)
        return TaughtAttribute(
            attribute.name,
            attribute.name,
            len(labels) + len(ratings),
            next((version for version in versions if version.current), None),
            len(versions),
            cannot_tell=sum(label.answer == "cannot_tell" for label in labels),
            marks=sum(rating.scale == "mark" for rating in ratings),
            ratings=sum(rating.scale == "rating" for rating in ratings),
        )


def asked_by(query: str, taught: Sequence[TaughtAttribute]) -> Asked:
    """The attribute that a query sorts by, as `School` tells it: one that is taught, perhaps the other way
    round, or a new one of that name; of "less noise" it is "noise", the other way round."""
    from imagesorter.training.pairs.naming import less_of, parse_query, phrase_key

    naming = _naming(tuple(one.name for one in taught))
    try:
        terms = parse_query(query, naming).terms
    except QueryError:
        terms = ()
    name = naming.get(phrase_key(terms[0].phrase)) if len(terms) == 1 else None
    if name is not None:
        return Asked(name, is_reversed=terms[0].weight < 0)
    positive = less_of(terms)
    return Asked(query) if positive is None else Asked(positive, is_reversed=True)


@lru_cache(1)  # asked about each order that is shown, several times
def _naming(names: tuple[str, ...]) -> dict[str, str]:
    """Attributes by the keys of the phrases that name them."""
    from imagesorter.training.pairs.naming import named_by

    return {key: name for name, keys in named_by(names).items() for key in keys}


def _fits(ranker: TaughtRanker, model: Manifest) -> bool:
    """Whether a model can order by a ranker, as far as can be told without loading it."""
    from imagesorter.model.teachable import teachable

    sizes = teachable(model)
    return sizes is None or ranker.fits(sizes.widths, sizes.tuned)


def _named_by(start: str | None, names: Collection[str]) -> set[str]:
    """Keys of what a start, which is a query, may name; `names`: keys of one that it may."""
    from imagesorter.ranking.query import parse
    from imagesorter.training.pairs.naming import phrase_key

    if start is None:
        return set()
    try:
        return {phrase_key(start), *(phrase_key(term.phrase) for term in parse(start, names).terms)}
    except QueryError:  # the name of another as it stands
        return {phrase_key(start)}
