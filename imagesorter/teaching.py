"""Teaching an attribute by pairs: the engine's face for the Train tab and `imagesorter train`.

    teaching = engine.teach("keepers", start="sharper")
    for event in teaching.prepare(): ...        # reads what is not read yet, then TeachingReady
    pair = teaching.next_pair()
    standing = teaching.answer(pair, "left")    # on disk when it returns
    for event in teaching.fit(): ...            # Progress, CurvePoint, then one Candidate
    teaching.keep()                             # now `engine.rank("keepers")` gives this order

Free of Qt, and of torch until `prepare` loads a model. One thread at a time uses a `Teaching`: the
one that runs the engine's generators.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.events import Answer, Event, Pair, Standing, Version

if TYPE_CHECKING:
    from imagesorter.index.store import ImageIndex
    from imagesorter.model.ranker import Ranker
    from imagesorter.ranking.pipeline import Collection
    from imagesorter.training.labels import LabelStore


@dataclass(frozen=True)
class Workshop:
    """What a `Teaching` needs of the engine.

    Attributes:
        labels: the user's labels.
        prepare: loads the model, reads the opened images, and returns the model.
        collection: the opened images.
        index: their tokens.
    """

    labels: LabelStore
    prepare: Callable[[], Generator[Event, None, Ranker]]
    collection: Callable[[], Collection]
    index: Callable[[], ImageIndex]


class Teaching:
    """The teaching of one attribute with the opened photographs.

    Attributes:
        attribute: its name as first written by the user.
        start: query whose order the teaching starts from and has to beat; None: from nothing.
    """

    def __init__(self, workshop: Workshop, attribute: str, start: str | None) -> None:
        raise NotImplementedError

    def prepare(self) -> Iterator[Event]:
        """Read the opened photographs that were not read yet, and take up all labels of earlier days.

        Everything below needs it to have run to its end. Call it anew after `Engine.open`.

        Yields: what `Engine.index` yields, then TeachingReady before Finished.

        Raises:
            QueryError: the start cannot be understood.
        """
        raise NotImplementedError

    def next_pair(self) -> Pair | None:
        """The pair whose answer would teach most now; sometimes one at random, sometimes one asked
        again mirrored. At most 50 ms for 10,000 photographs.

        Nothing changes by asking: until an answer comes, it gives the same pair.

        Returns:
            None where every pair was answered, or fewer than two photographs are there.
        """
        raise NotImplementedError

    def answer(self, pair: Pair, answer: Answer) -> Standing:
        """Take an answer in; it is on disk when this returns (at most 100 ms).

        Raises:
            StorageError: it could not be stored, and does not count.
        """
        raise NotImplementedError

    def undo(self) -> Pair | None:
        """Take back the last action (an answer, a drag, marks, an import), without limit, also those of
        earlier days.

        Returns:
            the pair to show again; None where the action was no answer to a pair, its photographs are
            not open, or there is nothing left to undo (then `can_undo` was False).
        """
        raise NotImplementedError

    @property
    def can_undo(self) -> bool:
        """Whether `undo` would take something back."""
        raise NotImplementedError

    def standing(self) -> Standing:
        """How far it has come (at most 100 ms)."""
        raise NotImplementedError

    def move(self, file_id: int, order: Sequence[int], to: int) -> Standing:
        """A photograph was dragged in the sorted grid: it is better than those it was dragged past on
        its way up, or worse than those on its way down. One action for `undo`.

        Args:
            file_id: the photograph.
            order: file ids of the order shown, best first, before the drag.
            to: its position in that order afterwards, from 0.
        """
        raise NotImplementedError

    def mark(self, best: Sequence[int] = (), worst: Sequence[int] = ()) -> Standing:
        """Mark photographs as among the best or the worst: each best one stands above each worst one, by
        all marks given so far. One action for `undo`."""
        raise NotImplementedError

    def import_csv(self, path: Path) -> Iterator[Event]:
        """Take in labels: `left,right,winner` (winner: left, right, tie, or one of the two names) or
        `file,value`. Relative names count from the CSV's folder; photographs are known by content, so
        the CSV may name copies.

        Yields: Progress("fit"), Notice, Finished (`done`: rows taken in). Cancelled, nothing is taken in.

        Raises:
            TeachingError: a row cannot be understood; the message names the line and nothing is taken in.
        """
        raise NotImplementedError

    def export_csv(self, path: Path, *, ratings: bool = False) -> int:
        """Write all answers, or all ratings, as `import_csv` reads them; returns the rows.

        Raises:
            ExportError: the file could not be written; what was there before is untouched.
        """
        raise NotImplementedError

    def fit(self) -> Iterator[Event]:
        """Learn from all labels. Closing the generator cancels it and leaves everything as it was.

        Yields: Progress("fit"), CurvePoint (the live curve), Notice, then one Candidate, Finished.

        Raises:
            TeachingError: there are no labels to learn from.
        """
        raise NotImplementedError

    def keep(self) -> Version:
        """Make the last candidate the attribute's order, as a new version.

        Raises:
            TeachingError: there is no candidate, or it is not better than what is there.
        """
        raise NotImplementedError

    def discard(self) -> None:
        """Forget the last candidate. Labels stay."""
        raise NotImplementedError

    def versions(self) -> tuple[Version, ...]:
        """All kept versions, the oldest first."""
        raise NotImplementedError

    def revert(self, number: int | None) -> None:
        """Bring a version back; None: the order before anything was taught. No version is lost.

        Raises:
            TeachingError: there is no such version.
        """
        raise NotImplementedError
