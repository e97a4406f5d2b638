"""The user's taught attributes behind the engine: the store, queries that name them, and their orders.

The words of teaching, from the outside in:

    Teacher      `gui.teacher`: the window's side of a `Teaching`
    School       here: all that was taught, and what the engine asks of it
    Teaching     `teaching`: of one attribute with the opened photographs, from the first pair to a kept order
    Workshop     `workshop`: what a `Teaching` needs of the engine
    Standing     `answers`: how far a `Teaching` has come, for the user
    Classroom    `training.pairs.classroom`: the photographs' features, what is believed, and the next pair
    lesson plan  `training.pairs.lesson_plan`: the labels as rows of the opened photographs
    Lesson       `training.pairs.tuning`: the labels with tokens, to train layers of a model by (in
                 `training.study`: the rows that a method learns from and is chosen by)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.answers import Version
from imagesorter.errors import QueryError, StorageError, TeachingError
from imagesorter.events import Event, Notice
from imagesorter.rankers import Rankers
from imagesorter.teaching import Teaching
from imagesorter.training.pairs.labels import Attribute, LabelStore, marks_of
from imagesorter.training.pairs.naming import aliases, named_by, parse_query, phrase_key
from imagesorter.training.pairs.store import TeachingStore
from imagesorter.training.pairs.versions import VersionStore, unusable
from imagesorter.workshop import Workshop

if TYPE_CHECKING:  # NumPy comes with the first work, not with the window
    from imagesorter.index.store import ImageIndex
    from imagesorter.model.bundle import Manifest
    from imagesorter.model.loading import AnyRanker
    from imagesorter.ranking.pipeline import Collection as Opened
    from imagesorter.ranking.pipeline import RankingModel
    from imagesorter.ranking.query import Query
    from imagesorter.training.pairs.taught import StartTerm, TaughtRanker

_OWN = "Your answers are kept: learn from them again in the Train tab."
_ANSWERED = "Its answers are kept: learn from them again in the Train tab."
_IMPORTED = "It was imported: choose the model that it was taught with, or ask for a pack for this one."
_IMPORTED_EARLIER = "It was imported without answers: ask for a pack for this version."


class Untaught:
    """In the place of a `School` whose store cannot be used: nothing was taught, and whoever asks for an
    order is told.

    Args:
        error: why.
    """

    def __init__(self, error: StorageError) -> None:
        self._error = error

    def parse(self, text: str) -> Query:
        """Read a query. Raises QueryError."""
        return parse_query(text, ())

    def names(self) -> tuple[str, ...]:
        """None."""
        return ()

    def taught(self, _: Query) -> dict[str, tuple[str, Version]]:
        """Nothing."""
        return {}

    def unused(self, _: Query) -> dict[str, str]:
        """Nothing."""
        return {}

    def marks(self, _: str, __: Mapping[int, bytes]) -> dict[int, bool]:
        """None."""
        return {}

    def model_for(self, _: Query, ranker: AnyRanker) -> Generator[Event, None, RankingModel]:
        """The model itself. Yields: Notice."""
        yield Notice(f"What you taught is left out. {self._error}")
        return ranker


def usable(school: Callable[[], School]) -> School | Untaught:
    """A school, or what stands for one that cannot be opened or read."""
    try:
        found = school()
        found.names()
    except StorageError as error:
        return Untaught(error)
    return found


class School:
    """Everything taught. `rankers`, `parse` and `names` may be called from any thread.

    Args:
        folder: of the store, the user's data.
        models: ids of the models on this machine.

    Attributes:
        rankers: see there.

    Raises:
        StorageError: the store cannot be used.
    """

    def __init__(self, folder: Path, models: Callable[[], Collection[str]]) -> None:
        self._store = TeachingStore(folder)
        self._labels = LabelStore(self._store)
        self._versions = VersionStore(self._store)
        self.rankers = Rankers(self._labels, self._versions, models, self._store)

    def names(self) -> tuple[str, ...]:
        """Attributes that have an order of their own, as the user wrote them."""
        return tuple(attribute.name for attribute, *_ in self._versions.in_use())

    def parse(self, text: str) -> Query:
        """Read a query. Raises QueryError."""
        return parse_query(text, {phrase_key(name) for name in self.names()})

    def model_for(self, query: Query, ranker: AnyRanker) -> Generator[Event, None, RankingModel]:
        """The model, with the taught orders that a query names.

        Yields: a Notice for each that was taught with another model, or another version of this one, and
            counts for nothing.

        Raises:
            TeachingError: a ranker is damaged.
        """
        rankers, strangers = self._named(query, ranker.id)
        for attribute, made_for, imported in strangers:
            earlier = made_for.rpartition("-")[0] == ranker.id.rpartition("-")[0]
            other = f"{'an earlier version of' if earlier else 'a model other than'} {ranker.manifest.title}"
            yield Notice(
                f"“{attribute.name}” was taught with {other}: this is the model's own order. "
                f"{self._remedy(attribute, imported, earlier)}"
            )
        if not rankers:
            return ranker
        from imagesorter.training.pairs.taught_model import TaughtModel

        return TaughtModel(ranker, rankers)

    def taught(self, query: Query) -> dict[str, tuple[str, Version]]:
        """Phrases of a query that name taught attributes: id of the model each was taught with, and the
        version in use. Raises TeachingError where that is damaged."""
        found: dict[str, tuple[str, Version]] = {}
        in_use = self._versions.in_use()
        naming = _naming(attribute for attribute, *_ in in_use)
        for attribute, base, version in in_use:
            phrases = [term.phrase for term in query.terms if phrase_key(term.phrase) in naming[attribute]]
            if phrases:
                if version is None:
                    raise unusable(attribute)
                found.update(dict.fromkeys(phrases, (base, version)))
        return found

    def unused(self, query: Query) -> dict[str, str]:
        """Phrases of a query that name what was taught, but has no order in use: why, in a sentence."""
        used = {one for one, *_ in self._versions.in_use()}
        idle = [one for one in self._labels.attributes(bare=False) if one not in used]
        found = {}
        for attribute, keys in _naming(idle).items():
            phrases = [term.phrase for term in query.terms if phrase_key(term.phrase) in keys]
            if not phrases:
                continue
            told = (
                f"No version of “{attribute.name}” is in use: bring one back to sort by it."
                if self._versions.versions(attribute, None)
                else f"Nothing was kept of “{attribute.name}” yet: teach it, and keep what is better."
            )
            found.update(dict.fromkeys(phrases, told))
        return found

    def marks(self, name: str, keys: Mapping[int, bytes]) -> dict[int, bool]:
        """The marks of an attribute, see `marks_of`; `keys`: of `Collection`."""
        attribute = self._labels.attribute(name)
        return {} if attribute is None else marks_of(self._labels.ratings(attribute), keys)

    def teach(
        self,
        name: str,
        start: str | None,
        manifest: Manifest,
        prepare: Callable[[], Generator[Event, None, AnyRanker]],
        collection: Callable[[], Opened],
        index: Callable[[], ImageIndex],
    ) -> Teaching:
        """See `Engine.teach`; the last three reach the model, the opened images and their tokens."""
        attribute = self._labels.attribute(name) or self._attribute_sorting_by(name)
        if start:
            self.parse(start)
        if attribute is not None and start == name != attribute.name:
            start = None  # its own order, in another spelling
        if attribute is None:
            attribute = self._labels.begin(
                name, self._known(name, manifest) if start is None else start or None
            )
        elif start is not None and (start or None) != attribute.start:
            attribute = self._labels.set_start(attribute, start or None)
        own = attribute

        def terms(text: str, model: RankingModel) -> tuple[StartTerm, ...]:
            query = self.parse(text)
            rankers, _ = self._named(query, model.id, without=own)
            from imagesorter.training.pairs.taught_model import TaughtModel

            return TaughtModel(model, rankers).start_terms(query)

        return Teaching(Workshop(self._labels, self._versions, prepare, terms, collection, index), attribute)

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def _remedy(self, attribute: Attribute, imported: bool, earlier: bool) -> str:
        """What makes an order for another model, or for an earlier version of this one, count again."""
        if not imported:
            return _OWN
        if not earlier:
            return _IMPORTED
        answers = self._labels.labels(attribute) or self._labels.ratings(attribute)
        return _ANSWERED if answers else _IMPORTED_EARLIER

    def _known(self, name: str, manifest: Manifest) -> str | None:
        """The name as a query, where the model has learned all its words, or they name what was taught."""
        try:
            query = self.parse(name)
            taught = {phrase for phrase, (base, _) in self.taught(query).items() if base == manifest.id}
        except (QueryError, TeachingError):  # or what was taught is damaged
            return None
        words = (term.phrase for term in query.terms if term.phrase not in taught)
        return None if any(map(manifest.unlearned, words)) else name

    def _attribute_sorting_by(self, text: str) -> Attribute | None:
        """The taught attribute whose order a query is, whatever the spelling; of several the latest, as
        `_named` has it."""
        keys = set(aliases(text))
        found = (one for one in reversed(self._labels.attributes()) if keys & set(aliases(one.name)))
        return next(found, None)

    def _named(
        self, query: Query, base: str, without: Attribute | None = None
    ) -> tuple[Mapping[str, TaughtRanker], list[tuple[Attribute, str, bool]]]:
        """Rankers for the phrases of a query, by key, and attributes with one for another model than `base`,
        each with that model's id and whether it was imported; that of one attribute is not read."""
        wanted = {phrase_key(term.phrase) for term in query.terms}
        rankers: dict[str, TaughtRanker] = {}
        strangers: list[tuple[Attribute, str, bool]] = []
        in_use = [each for each in self._versions.in_use() if without is None or each[0].id != without.id]
        naming = _naming(attribute for attribute, *_ in in_use)
        for attribute, made_for, version in in_use:
            keys = wanted.intersection(naming[attribute])
            if keys and made_for != base:
                strangers.append((attribute, made_for, version is not None and version.imported))
            elif keys and (current := self._versions.current(attribute)):
                rankers.update(dict.fromkeys(keys, current[2]))
        return rankers, strangers


def _naming(attributes: Iterable[Attribute]) -> dict[Attribute, set[str]]:
    """See `named_by`."""
    by_name = {attribute.name: attribute for attribute in attributes}
    return {by_name[name]: keys for name, keys in named_by(by_name).items()}
