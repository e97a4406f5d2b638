"""Sending each query to the model that answers it best, and keeping that model loaded."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from typing import TYPE_CHECKING

from imagesorter.answers import Version
from imagesorter.errors import ModelError
from imagesorter.events import Event, Progress
from imagesorter.model.bundle import CLIP, Manifest
from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.shelf import Shelf

if TYPE_CHECKING:  # NumPy and torch come with the first work, not with the window
    from imagesorter.model.loading import AnyRanker
    from imagesorter.ranking.query import Query

BUNDLED = "pocket"
"""Name of the model that comes with the application."""


class Router:
    """Beside the chosen model, the bundled one answers what it alone has learned, and the models that the
    user has taught answer what they were taught.

    Args:
        shelf: the models on this machine.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._other: AnyRanker | None = None

    def load(self, name: str, device: str) -> AnyRanker:
        """Load a model, with the heads that stand on its towers. Raises ModelError."""
        from imagesorter.model.loading import load_ranker

        manifest = self._shelf.find(name)
        base, heads = self._shelf.base(manifest), self._shelf.heads(manifest)
        return load_ranker(manifest, device, base=base, heads=heads)

    def answering(
        self,
        query: Query,
        chosen: AnyRanker,
        taught: Mapping[str, tuple[str, Version]],
        names: Collection[str],
        unused: Mapping[str, str],
        *,
        alone: bool,
    ) -> Generator[Event, None, AnyRanker]:
        """The model for a query: the chosen one, unless another answers it better.

        Nobody answers for a model of which it is not known what it has learned, nor for a text in quotes.

        Args:
            taught: by the phrases that the user taught, id of the model and version in use.
            names: of all that the user taught, which may be meant.
            unused: see `notices`.
            alone: ask the chosen model and no other.

        Yields: Progress("model") where another model is loaded, Notice, Answered.

        Raises:
            ModelError: it cannot be loaded.
        """
        from imagesorter.model.clip_ranker import ClipRanker
        from imagesorter.model.everyday import everyday
        from imagesorter.ranking.answering import answered
        from imagesorter.ranking.notices import notices

        ranker = chosen if alone else (yield from self._best(query, chosen, taught))
        heads: tuple[Manifest, ...] = ()
        if isinstance(ranker, ClipRanker):
            ranker.use_heads(self._shelf.heads(ranker.manifest))  # some may have come or gone since
            heads = ranker.heads
        phrases = [term.phrase for term in query.terms]
        untaught = [phrase for phrase in phrases if phrase not in taught]
        yield from notices(ranker, ranker.manifest, untaught, heads, query.text, names, everyday, unused)
        own = {phrase: version for phrase, (base, version) in taught.items() if base == ranker.id}
        yield answered(query, ranker.manifest, heads, own)
        return ranker

    def _best(
        self, query: Query, chosen: AnyRanker, taught: Mapping[str, tuple[str, Version]]
    ) -> Generator[Event, None, AnyRanker]:
        from imagesorter.ranking.answering import grade

        manifest = chosen.manifest
        phrases = [term.phrase for term in query.terms]
        verbatim = any(term.quoted and term.phrase not in taught for term in query.terms)
        if verbatim or not (manifest.attributes or manifest.kind == CLIP):
            return chosen

        def graded(candidate: Manifest) -> tuple[int, int]:
            own = [phrase for phrase, (base, _) in taught.items() if base == _id(candidate)]
            return grade(phrases, candidate, self._shelf.heads(candidate), own)

        bases = {base for base, _ in taught.values()}
        best = max((manifest, *self._others(manifest, bases)), key=graded)  # the first of equals
        if best is manifest:
            return chosen
        if self._other is None or (self._other.manifest, self._other.device) != (best, chosen.device):
            yield Progress("model", 0)
            self._other = None  # before the next one takes memory
            self._other = self.load(best.name, chosen.device)
        return self._other

    def completions(self, chosen: Manifest) -> Iterator[str]:
        """What can be asked for with the chosen model: one query for each attribute, its reverse, then
        every wording of its training, then what it recognises; some come twice."""
        learned = tuple(self._learned(chosen))
        yield from (attribute.query for attribute in learned)
        yield from (f"less {attribute.name}" for attribute in learned)
        for attribute in learned:
            yield from attribute.wordings
        yield from chosen.kinds
        yield from chosen.presentable(chosen.subjects)

    def _learned(self, chosen: Manifest) -> Iterator[LearnedAttribute]:
        yield from chosen.attributes
        for head in self._shelf.heads(chosen):
            yield from head.attributes
        if chosen.kind == CLIP:
            yield from self._shelf.find(BUNDLED).attributes

    def forget(self, name: str | None = None) -> None:
        """Let go of the other model, where it has this name (None: any)."""
        if self._other is not None and name in (None, self._other.name):
            self._other = None

    def _others(self, chosen: Manifest, bases: Collection[str]) -> Iterator[Manifest]:
        """The bundled model, and those of some ids."""
        for manifest in self._shelf.models().values():
            taught = bool(bases) and not manifest.on and _id(manifest) in bases
            if manifest.name != chosen.name and (taught or manifest.name == BUNDLED):
                yield manifest


def _id(manifest: Manifest) -> str:
    """A model's id; "" for one that is damaged, and answers nothing."""
    try:
        return manifest.id
    except ModelError:
        return ""
