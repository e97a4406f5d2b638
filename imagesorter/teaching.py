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

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.answers import Action, Answer, Pair, Source, Standing, Version
from imagesorter.errors import TeachingError
from imagesorter.events import Event, Finished, Notice, TeachingReady
from imagesorter.workshop import Photographs, Workshop, guessed, require_unchanged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagesorter.model.loading import AnyRanker
    from imagesorter.training.pairs.classroom import Classroom
    from imagesorter.training.pairs.label_csv import Row
    from imagesorter.training.pairs.labels import Attribute, Label, Rating
    from imagesorter.training.pairs.proposal import Proposal

_ACTIONS: Mapping[str, Action] = {"moved": "drag", "mark": "marks", "rating": "import", "imported": "import"}
"""By the source of labels."""


class Teaching:
    """The teaching of one attribute with the opened photographs.

    File ids, given and taken, are those of the photographs that were open at `prepare`. Every method that
    takes one raises TeachingError where there was no such photograph. `move` and `mark` need no `prepare`:
    before it, they take photographs that are open now and were read by then.

    Args:
        workshop: of the engine.
        attribute: as stored.
    """

    def __init__(self, workshop: Workshop, attribute: Attribute) -> None:
        self._workshop = workshop
        self._attribute = attribute
        workshop.labels.take_up(attribute)
        self._model: AnyRanker | None = None
        self._classroom: Classroom | None = None
        self._photographs = Photographs()
        self._asked: tuple[bytes, bytes, Source] | None = None
        self._skipped: list[tuple[tuple[bytes, bytes, Source], int]] = []  # and the action before
        self._proposal: Proposal | None = None

    @property
    def attribute(self) -> str:
        """Its name as first written by the user."""
        return self._attribute.name

    @property
    def last(self) -> Action | None:
        """What `undo` would take back, None for nothing."""
        labels = self._workshop.labels
        if self._skipped and self._skipped[-1][1] >= labels.last_action(self._attribute):
            return "skip"
        source = labels.last_source(self._attribute)
        return None if source is None else _ACTIONS.get(source, "answer")

    @property
    def dragged(self) -> frozenset[Path]:
        """Where the photograph lies whose drag `undo` would take back, and its copies that are open; empty
        where that is another action."""
        if self.last != "drag":
            return frozenset()
        labels, collection = self._workshop.labels, self._workshop.collection()
        key = labels.last(self._attribute)[0].left  # see `move`
        copies = (collection.files[i].path for i, other in collection.keys.items() if other == key)
        return frozenset((*labels.places([key]).values(), *copies))

    def prepare(self) -> Iterator[Event]:
        """Read the opened photographs that were not read yet, and take up all labels of earlier days.

        What asks and learns needs it to have run to its end. Call it anew after `Engine.open`.

        Yields: what `Engine.index` yields, then TeachingReady before Finished.

        Raises:
            TeachingError: the start is a taught ranker that does not fit the model; or of several
                photographs fewer than two can be taught with, and why.
        """
        from imagesorter.training.pairs.classroom import Classroom, read_folder

        model = yield from self._workshop.prepare()
        collection, index = self._workshop.collection(), self._workshop.index()
        opened = self._workshop.photographs()
        start = self._attribute.start
        terms = self._workshop.start_terms(start, model) if start is not None else ()
        yield from guessed(terms, model)
        phrase = terms[0].phrase if terms else self.attribute
        places = opened.places
        keys, folder = yield from read_folder(
            model, places, lambda some: index.read_tokens(model.id, some), terms, phrase, is_full=index.full
        )
        self._model, self._photographs = model, opened
        self._classroom = Classroom(keys, folder, self._attribute.id)
        self._skipped.clear()
        self._refresh()
        yield TeachingReady(len(keys), self.standing())
        yield Finished(len(keys), len(collection.failures))

    def next_pair(self) -> Pair | None:
        """The pair whose answer would teach most now; sometimes one at random, sometimes one asked
        again mirrored. At most 50 ms for 10,000 photographs.

        Nothing changes by asking: until an answer comes, it gives the same pair.

        Returns:
            None where every pair was answered, or fewer than two photographs are there; before `prepare`.
        """
        if self._asked is None and self._classroom is not None:
            self._asked = self._classroom.next_pair()
        return self._pair(self._asked)

    def next_after(self, pair: Pair, answer: Answer) -> Pair | None:
        """The pair that `next_pair` will give after an answer to this one (after a skip, perhaps another), so
        that its photographs can be loaded meanwhile; None where there is none. Nothing changes by asking."""
        return self._pair(self._ready.after(self._label(pair, answer)).next_pair())

    def answer(self, pair: Pair, answer: Answer) -> Standing:
        """Take an answer in; it is on disk when this returns (at most 100 ms).

        Raises:
            StorageError: it could not be stored, and does not count.
            TeachingError: a file has changed, so that it was about something else.
        """
        label = self._label(pair, answer)
        if answer == "skip":
            self._ready.pass_over((label.left, label.right))
            last = self._workshop.labels.last_action(self._attribute)
            self._skipped.append(((label.left, label.right, label.source), last))
            self._asked = None
            return self.standing()
        self._store([label])
        return self.standing()

    def undo(self) -> Pair | None:
        """Take back the last action (an answer, a drag, marks, an import), without limit, also those of
        earlier days; or a skip, since the photographs were opened. What another window or command has done
        since the attribute was first taken up stays.

        Returns:
            the pair to show again; None where the action was no answer to a pair, its photographs are
            not open, or there is nothing left to undo (then `last` was None).
        """
        if self.last == "skip":
            self._asked, _ = self._skipped.pop()
            self._ready.take_up(self._asked[:2])
            return self.next_pair()
        labels = self._workshop.labels.undo(self._attribute)
        self._refresh()
        if len(labels) != 1 or labels[0].source in ("moved", "imported"):
            return None
        label = labels[0]
        if label.left not in self._photographs.files or label.right not in self._photographs.files:
            return None
        self._asked = label.left, label.right, label.source
        return self.next_pair()

    def standing(self) -> Standing:
        """How far it has come (at most 100 ms); before `prepare`, no more than what labels alone tell."""
        if self._classroom is not None:
            return self._classroom.standing()
        from imagesorter.training.pairs.lesson_plan import as_stored

        self._look_round()
        return as_stored(*self._stored(), self._photographs.files)

    def move(self, file_id: int, order: Sequence[int], to: int) -> Standing:
        """A photograph was dragged in the sorted grid: it is better than those it was dragged past on
        its way up, or worse than those on its way down. One action for `undo`.

        Of a long way only some of those passed become pairs, the nearest to its new place among them.

        Args:
            file_id: the photograph.
            order: file ids of the order shown, best first, before the drag.
            to: its position in that order afterwards, from 0.

        Raises: what `answer` does.
        """
        from imagesorter.training.pairs.labels import Label, passed_by

        self._look_round()
        up, passed = passed_by(file_id, order, to)
        moved, others = self._key(file_id), [self._key(other) for other in passed]
        answer: Answer = "left" if up else "right"
        labels = [Label(moved, other, answer, "moved") for other in others if other != moved]
        if passed and not labels:
            raise TeachingError("Moved past its own copies alone, a photograph tells nothing to learn from.")
        self._store(labels)
        return self.standing()

    def mark(
        self, best: Sequence[int] = (), worst: Sequence[int] = (), neither: Sequence[int] = ()
    ) -> Standing:
        """Mark photographs as among the best or the worst: each best one stands above each worst one, by
        all marks given so far; `neither` loses its mark. One action for `undo`. Raises what `answer` does."""
        from imagesorter.training.pairs.labels import UNMARKED, Rating

        self._look_round()
        marks = [Rating(self._key(i), 1.0, "mark") for i in best]
        marks += [Rating(self._key(i), 0.0, "mark") for i in worst]
        marks += [Rating(self._key(i), UNMARKED, "mark") for i in neither]
        self._require_unchanged({mark.photograph for mark in marks})
        self._workshop.labels.add(self._attribute, (), marks)
        self._refresh()
        return self.standing()

    @property
    def marks(self) -> Mapping[int, bool]:
        """Whether a photograph is marked as one of the best (else of the worst), of all that are marked."""
        if self._classroom is not None:
            return self._classroom.marks(self._photographs.keys)
        from imagesorter.training.pairs.labels import marks_of

        return marks_of(self._stored()[1], self._photographs.keys)

    def import_csv(self, path: Path, beside: Sequence[Path] = ()) -> Iterator[Event]:
        """Take in labels: `left,right,winner` (winner: left, right, tie, or one of the two names) or
        `file,value`. Relative names count from the CSV's folder, or else from one of those `beside`;
        photographs are known by content, so the CSV may name copies. What is stored already is not
        stored again.

        Yields: Progress("labels"), Notice, Finished (`done`: rows that were new). Cancelled, nothing is taken
        in.

        Raises:
            TeachingError: a row cannot be understood; the message names the line and nothing is taken in.
        """
        from imagesorter.training.pairs.label_csv import labels_of, read_rows

        rows: Sequence[Row] = read_rows(path, beside)
        found = yield from labels_of(path, rows)
        count, known = len(found.labels) + len(found.ratings), 0
        if count:
            self._workshop.labels.remember(found.places.items())
            known = self._workshop.labels.take_in(self._attribute, found.labels, found.ratings)
        self._refresh()
        if known:
            yield Notice(f"{path}: {known:,} of {count:,} labels were known already and count once.", "info")
        yield Finished(count - known, found.left_out)

    def export_csv(self, path: Path, *, ratings: bool = False) -> int:
        """Write all answers, or all ratings, as `import_csv` reads them; returns the rows.

        A photograph whose place was never known is left out.

        Raises:
            ExportError: there is nothing to write, or the file could not be written; what was there before
                is untouched.
        """
        return self._workshop.export(self._attribute, path, ratings=ratings)

    def fit(self) -> Iterator[Event]:
        """Learn from all labels that are there by now. Closing the generator cancels it and leaves everything
        as it was.

        The order in use is compared with; where it is damaged or no longer fits the model, a Notice says so
        and the start takes its place.

        Yields: Progress("fit"), CurvePoint (the live curve), Notice, then one Candidate, Finished.

        Raises:
            TeachingError: there are no labels to learn from, or what was read of the photographs is gone.
        """
        from imagesorter.training.pairs.proposal import WITHOUT_KEPT, propose

        classroom, model = copy(self._ready), self._model  # as it is: more may be moved and marked meanwhile
        assert model is not None
        self._proposal = None
        rows, keys = classroom.rows, self._photographs.keys
        file_rows = {i: rows[key] for i, key in keys.items() if key in rows}
        try:
            kept = self._workshop.versions.current(self._attribute)
        except TeachingError as error:
            yield Notice(f"{error} {WITHOUT_KEPT}")
            kept = None
        self._proposal = yield from propose(
            self.attribute, classroom, model, model.name, self._tokens, kept, file_rows, self.versions()
        )
        yield self._proposal.candidate
        yield Finished(len(classroom.plan), classroom.plan.missing)

    def keep(self) -> Version:
        """Make the last candidate the attribute's order, as a new version.

        Raises:
            TeachingError: there is no candidate, or it is not better than what is there now.
            StorageError: it cannot be stored; the candidate stays.
        """
        if (proposal := self._proposal) is None:
            raise TeachingError("There is nothing to keep: learn first.")
        proposal.check(self.versions())
        assert self._model is not None
        number = self._workshop.versions.add(self._attribute, self._model.id, proposal.facts, proposal.ranker)
        self._proposal = None  # not before: where it could not be stored, it can be kept once more
        return next(version for version in self.versions() if version.number == number)

    def abandon(self) -> None:
        """Forget the attribute, where nothing was stored of it."""
        self._workshop.labels.remove_empty(self._attribute)

    def discard(self) -> None:
        """Forget the last candidate. Labels stay."""
        self._proposal = None

    def versions(self) -> tuple[Version, ...]:
        """All kept versions, the oldest first."""
        bases = (self._model.id,) if self._model is not None else None
        return self._workshop.versions.versions(self._attribute, bases)

    @property
    def _ready(self) -> Classroom:
        if self._classroom is None:
            raise RuntimeError("Teaching.prepare has not run to its end")
        return self._classroom

    def _look_round(self) -> None:
        """Know the opened photographs also before `prepare` has run."""
        if self._classroom is None:
            self._photographs = self._workshop.photographs()

    def _stored(self) -> tuple[list[Label], list[Rating]]:
        labels = self._workshop.labels
        return labels.labels(self._attribute), labels.ratings(self._attribute)

    def _key(self, file_id: int) -> bytes:
        if file_id not in self._photographs.keys:
            if self._classroom is None:  # the cache was cleared, perhaps
                raise TeachingError(
                    "Photographs have to be read anew first, so nothing was noted. Do it again once they are."
                )
            raise TeachingError(
                f"This photograph is not one of those that “{self.attribute}” is taught with, which were "
                "open when teaching began. Begin again with those that are open now."
            )
        return self._photographs.keys[file_id]

    def _tokens(self, keys: Sequence[bytes]) -> NDArray[np.float16]:
        """Tokens of contents that `prepare` read. Raises TeachingError."""
        assert self._model is not None
        tokens, found = self._workshop.index().read_tokens(self._model.id, keys)
        if not found.all():
            raise TeachingError(
                "What the model has read of these photographs is no longer stored, so nothing can be learned "
                "from them. Open their folder again: they are read again, and your answers are kept."
            )
        return tokens

    def _pair(self, asked: tuple[bytes, bytes, Source] | None) -> Pair | None:
        if asked is None:
            return None
        left, right, source = asked
        return Pair(self._photographs.files[left], self._photographs.files[right], source)

    def _label(self, pair: Pair, answer: Answer) -> Label:
        from imagesorter.training.pairs.labels import Label

        return Label(self._key(pair.left_id), self._key(pair.right_id), answer, pair.source)

    def _store(self, labels: Sequence[Label]) -> None:
        ends = {key for label in labels for key in (label.left, label.right)}
        self._require_unchanged(ends)
        # places first: an answer that is stored counts, whatever fails after it
        self._workshop.labels.remember((key, self._photographs.places[key].path) for key in ends)
        self._workshop.labels.add(self._attribute, labels)
        self._refresh()

    def _require_unchanged(self, keys: Collection[bytes]) -> None:
        """Raises TeachingError where the window showed something else than was read."""
        for key in keys:
            require_unchanged(self._photographs.places[key], key)

    def _refresh(self) -> None:
        if self._classroom is not None:
            self._classroom.update(*self._stored())
        self._asked = None
