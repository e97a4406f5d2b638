"""A `Teaching` and its `Rankers` that do what they are told, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.answers import Action, Answer, Estimate, Installed, Pair, Standing, TaughtAttribute, Version
from imagesorter.errors import ExportError, TeachingError
from imagesorter.events import Candidate, CurvePoint, Event, Finished, Move, Progress, Ranked, TeachingReady

if TYPE_CHECKING:
    from fake_engine import FakeEngine

BEFORE, AFTER = Estimate(0.58, 0.49, 0.67), Estimate(0.81, 0.72, 0.88)


def standing(pairs: int = 0, **changed: object) -> Standing:
    """A standing that is known from the tenth pair on."""
    known = pairs >= 10
    made = Standing(
        pairs=pairs,
        ties=0,
        accuracy=Estimate(0.74, 0.61, 0.84) if known else None,
        consistency=Estimate(0.8, 0.55, 0.93) if known else None,
        asked_again=5 if known else 0,
        more_worth=20 if known else None,
        advice="About 20 more pairs are worth your time." if known else "Answer some ten pairs first.",
        may_stop=False,
        missing=0,
        answers=pairs,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


class FakeTeaching:
    """Asks all pairs in turn; what it was told is in `actions`, the latest last."""

    def __init__(self, engine: FakeEngine, attribute: str, start: str | None) -> None:
        self.engine, self.attribute, self.start = engine, attribute, start
        self.actions: list[tuple[object, ...]] = []
        self.places: list[Path] = []  # of what was dragged, the latest last
        self.given: Pair | None = None
        self.standing_changes: dict[str, object] = {}
        self.answer_error: Exception | None = None
        self.better = True
        self.candidate_given = False
        self.threads: set[int] = set()

    @property
    def answers(self) -> list[tuple[object, ...]]:
        return [action for action in self.actions if action[0] == "answer"]

    def prepare(self) -> Iterator[Event]:
        stream = self.engine._stream("prepare", "index", self.attribute, self.start)
        if self.engine.automatic:
            count = len(self.engine.files)
            stream.end(TeachingReady(count, self.standing()), Finished(count, 0))
        return stream.run()

    def next_pair(self) -> Pair | None:
        self.threads.add(threading.get_ident())
        return next(self._unanswered(), None)

    def next_after(self, pair: Pair, answer: Answer) -> Pair | None:
        return next(islice(self._unanswered(), 1, None), None)

    def _unanswered(self) -> Iterator[Pair]:
        answered = {frozenset((a[1].left_id, a[1].right_id)) for a in self.answers}  # type: ignore[attr-defined]
        pairs = (Pair(*ids) for ids in combinations(range(len(self.engine.files)), 2))
        return (p for p in pairs if frozenset((p.left_id, p.right_id)) not in answered)

    def answer(self, pair: Pair, answer: Answer) -> Standing:
        self.threads.add(threading.get_ident())
        if self.answer_error is not None:
            raise self.answer_error
        self.actions.append(("answer", pair, answer))
        return self.standing()

    def undo(self) -> Pair | None:
        if not self.actions:
            return None
        action = self.actions.pop()
        if action[0] == "move":
            self.places.pop()
        return action[1] if action[0] == "answer" else None  # type: ignore[return-value]

    @property
    def last(self) -> Action | None:
        if not self.actions:
            return None
        kind = self.actions[-1][0]
        if kind == "answer":
            return "skip" if self.actions[-1][2] == "skip" else "answer"
        return {"move": "drag", "mark": "marks"}.get(kind, "import")  # type: ignore[call-overload]

    @property
    def dragged(self) -> frozenset[Path]:
        return frozenset(self.places[-1:] if self.last == "drag" else ())

    def standing(self) -> Standing:
        said = sum(a[2] in ("left", "right", "tie") for a in self.answers)
        moved = sum(a[-1] for a in self.actions if a[0] in ("move", "mark"))  # type: ignore[misc]
        return standing(said + moved, **self.standing_changes)

    def move(self, file_id: int, order: Sequence[int], to: int) -> Standing:
        passed = abs(list(order).index(file_id) - to)
        self.actions.append(("move", file_id, tuple(order), to, passed))
        self.places.append(self.engine.files[file_id])
        return self.standing()

    def mark(
        self, best: Sequence[int] = (), worst: Sequence[int] = (), neither: Sequence[int] = ()
    ) -> Standing:
        self.actions.append(("mark", tuple(best), tuple(worst), *([tuple(neither)] if neither else []), 0))
        return self.standing()

    @property
    def marks(self) -> dict[int, bool]:
        marks: dict[int, bool] = {}
        for action in self.actions:
            if action[0] == "mark":
                marks |= dict.fromkeys(action[1], True) | dict.fromkeys(action[2], False)  # type: ignore
                for gone in action[3] if len(action) == 5 else ():  # type: ignore[attr-defined]
                    marks.pop(gone, None)
        return marks

    def import_csv(self, path: Path, beside: Sequence[Path] = ()) -> Iterator[Event]:
        return self.engine._stream("import_csv", "fit", path, tuple(beside)).run()

    def export_csv(self, path: Path, *, ratings: bool = False) -> int:
        if self.engine.export_error is not None:
            raise self.engine.export_error
        self.actions.append(("export", path, ratings))
        return 7

    def fit(self) -> Iterator[Event]:
        stream = self.engine._stream("fit", "fit", self.attribute)
        if self.engine.automatic:
            points = CurvePoint("pairs", 5, 0.6), CurvePoint("pairs", 10, 0.7)
            stream.end(Progress("fit", 1, 2), *points, self.candidate(), Finished(1, 0))
        return stream.run()

    def candidate(self, **changed: object) -> Candidate:
        """Turns the order of the files round."""
        self.candidate_given = True
        count = len(self.engine.files)
        made = Candidate(
            attribute=self.attribute,
            method="ridge" if self.better else "start",
            pairs=self.standing().pairs,
            before=BEFORE,
            after=AFTER if self.better else BEFORE,
            better=self.better,
            verdict="81 % of the pairs it has not seen are in your order, 58 % before."
            if self.better
            else "It puts no more pairs in your order than before. Some 20 more pairs may change that.",
            order_before=order(range(count)),
            order_after=order(range(count - 1, -1, -1)),
            moves=tuple(Move(k, k + 1, count - k) for k in range(min(3, count))),
        )
        return replace(made, **changed)  # type: ignore[arg-type]

    def keep(self) -> Version:
        if not (self.candidate_given and self.better):
            raise TeachingError("There is nothing to keep.")
        return self.engine.rankers.add(self.attribute, self.standing().pairs)

    def discard(self) -> None:
        self.candidate_given = False

    def versions(self) -> tuple[Version, ...]:
        return self.engine.rankers.versions(self.attribute)


class FakeRankers:
    """Versions by attribute, and the packs that were asked for."""

    def __init__(self) -> None:
        self.taught: dict[str, list[Version]] = {}
        self.exported: list[tuple[object, ...]] = []
        self.export_error: Exception | None = None
        self.import_error: Exception | None = None
        self.brought = 0, 0
        self.starts: tuple[str, ...] = ()

    def add(self, name: str, pairs: int, **changed: object) -> Version:
        versions = self.taught.setdefault(name, [])
        versions[:] = [replace(version, current=False) for version in versions]
        made = Version(
            number=len(versions) + 1,
            made=1.7e9 + 1e5 * len(versions),
            pairs=pairs,
            method="ridge",
            before=BEFORE,
            after=AFTER,
            current=True,
            imported=False,
            fits=True,
        )
        versions.append(replace(made, **changed))  # type: ignore[arg-type]
        return versions[-1]

    def list(self) -> tuple[TaughtAttribute, ...]:
        return tuple(
            TaughtAttribute(
                name, name, 10 * len(versions), next((v for v in versions if v.current), None), len(versions)
            )
            for name, versions in self.taught.items()
        )

    def find(self, name: str) -> TaughtAttribute:
        return next(attribute for attribute in self.list() if attribute.name == name)

    def versions(self, name: str) -> tuple[Version, ...]:
        return tuple(self.taught.get(name, ()))

    def revert(self, name: str, number: int | None) -> None:
        self.taught[name] = [replace(v, current=v.number == number) for v in self.taught[name]]

    def starting_from(self, _: str) -> tuple[str, ...]:
        return self.starts

    def remove(self, name: str) -> None:
        self.taught.pop(name, None)

    def export(self, name: str, path: Path, *, labels: bool = False, licence: str = "") -> int:
        if self.export_error is not None:
            raise self.export_error
        self.exported.append((name, path, labels, licence))
        return 10 * len(self.taught[name]) if labels else 0

    def install(self, path: Path) -> Installed:
        if self.import_error is not None:
            raise self.import_error
        earlier = next((version for version in self.versions(path.stem) if version.current), None)
        self.add(path.stem, 12, imported=True)
        return Installed(self.find(path.stem), True, *self.brought, earlier)


def order(file_ids: Sequence[int]) -> Ranked:
    from fake_engine import ranked

    return ranked(file_ids)


def damaged_pack(path: Path) -> TeachingError:
    return TeachingError(f"{path}: the pack is damaged. Ask for it again; nothing was installed.")


def no_space(path: Path) -> ExportError:
    return ExportError(f"{path}: the disk is full. Free some space or choose another place.")
