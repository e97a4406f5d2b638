"""Kept rankers on disk: each attribute's versions, of which one or none is in use."""

from __future__ import annotations

import json
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from imagesorter.answers import Estimate, Version
from imagesorter.errors import TeachingError, UnfitError
from imagesorter.training.pairs.labels import Attribute
from imagesorter.training.pairs.store import TeachingStore

if TYPE_CHECKING:
    from imagesorter.training.pairs.taught import TaughtRanker

_COLUMNS = "number, version.made, base, facts, current"

_METHODS = ("ridge", "head", "layers")

Runs = tuple[tuple[int, int], ...]
"""Whole numbers, rising, as the first and the last of each run without a gap."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a version.

    Attributes:
        method: how it was taught, see `imagesorter.events.Candidate`.
        pairs: answers that it was taught by.
        last_label: id of the last label among them; 0 where it was imported.
        before, after: accuracy when it was kept.
        imported: it came in a pack.
        licence: free text.
        source: name of the pack's file.
        learned: ids of the labels that it was taught by, those of marks and ratings below 0; of an imported
            one, of those that came with it. None where that is not known: none came, or it was kept before
            this was noted.
    """

    method: str
    pairs: int
    last_label: int
    before: Estimate
    after: Estimate
    imported: bool = False
    licence: str = ""
    source: str = ""
    learned: Runs | None = None

    def has_learned(self, label: int) -> bool:
        """Whether it was taught by a label; `label` as in `learned`."""
        if self.learned is None and self.imported:
            return False
        if self.learned is None:  # every mark and rating, then: a test that may be none is left out
            return label <= self.last_label
        at = bisect_right(self.learned, label, key=lambda run: run[0])
        return at > 0 and label <= self.learned[at - 1][1]


def runs_of(numbers: Iterable[int]) -> Runs:
    """Whole numbers in any order as runs."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return tuple(runs)


def facts_of(stored: Any) -> Facts:
    """Inverse of `dataclasses.asdict`. Raises ValueError, KeyError or TypeError."""
    before, after = (
        Estimate(float(side["mean"]), float(side["low"]), float(side["high"]), bool(side.get("of_marks")))
        for side in (stored["before"], stored["after"])
    )
    for estimate in (before, after):
        if not 0 <= estimate.low <= estimate.mean <= estimate.high <= 1:
            raise UnfitError("an accuracy is out of range")
    if (method := stored["method"]) not in _METHODS:  # it is shown
        raise UnfitError("the way in which it was taught is unknown")
    return Facts(
        method=method,
        pairs=int(stored["pairs"]),
        last_label=int(stored["last_label"]),
        before=before,
        after=after,
        imported=bool(stored["imported"]),
        licence=str(stored["licence"])[:2000],
        source=str(stored.get("source", ""))[:300],
        learned=_runs(stored.get("learned")),
    )


def _runs(stored: Any) -> Runs | None:
    if stored is None:
        return None
    runs = tuple((first, last) for first, last in stored)
    numbers = [number for run in runs for number in run]
    if not all(type(number) is int for number in numbers):
        raise UnfitError("the id of a label is not a whole number")
    if any(first > last for first, last in runs) or numbers != sorted(numbers):
        raise UnfitError("the labels learned are not rising runs")
    return runs


class VersionStore:
    """Versions by attribute. Every method may raise StorageError; then nothing was changed."""

    def __init__(self, store: TeachingStore) -> None:
        self._store = store

    def add(self, attribute: Attribute, base: str, facts: Facts, ranker: TaughtRanker) -> int:
        """Keep a ranker and use it; returns its number. Where the newest version is the same fit to the same
        labels, that is used again, and no other is made.

        Args:
            base: id of the model that it scores tokens of.
        """
        weights = ranker.to_bytes()
        with self._store.write() as connection:
            number = _newest_if_same(connection, attribute, base, facts, weights)
            if number is None:
                return _insert(connection, attribute, base, facts, weights)
            _use(connection, attribute, number)
        return number

    def take_in(
        self, attribute: Attribute, base: str, facts: Facts, ranker: TaughtRanker
    ) -> tuple[int, bool]:
        """Use a ranker that came from elsewhere, and keep it unless one that is the same in everything but
        its licence is kept already, which stays as it is; returns its number, and whether it is new. One that
        was imported before has then learned these labels, too."""
        weights, told = ranker.to_bytes(), _identity(facts)
        with self._store.write() as connection:
            rows = connection.execute(
                "SELECT number, facts FROM version WHERE attribute = ? AND base = ? AND weights = ? "
                "ORDER BY number DESC",
                (attribute.id, base, weights),
            )
            known = ((number, _facts(stored)) for number, stored in rows)
            same = ((number, kept) for number, kept in known if kept and _identity(kept) == told)
            if (found := next(same, None)) is None:
                return _insert(connection, attribute, base, facts, weights), True
            number, kept = found
            if kept.imported and facts.learned:
                _learn(connection, attribute, number, kept, facts.learned)
            _use(connection, attribute, number)
        return int(number), False

    def use(self, attribute: Attribute, number: int | None) -> None:
        """Use another version, or none.

        Raises:
            TeachingError: there is no such version.
        """
        with self._store.write() as connection:
            there = [
                row[0]
                for row in connection.execute(
                    "SELECT number FROM version WHERE attribute = ? ORDER BY number", (attribute.id,)
                )
            ]
            if number is not None and number not in there:
                known = f"There are: {', '.join(map(str, there))}." if there else "None was kept yet."
                raise TeachingError(f"“{attribute.name}” has no version {number}. {known}")
            _use(connection, attribute, number)

    def versions(self, attribute: Attribute, bases: Collection[str] | None) -> tuple[Version, ...]:
        """All versions but damaged ones, the oldest first; `fits`: for one of the models `bases`, or None for
        any."""
        with self._store.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM version WHERE attribute = ? ORDER BY number", (attribute.id,)
            ).fetchall()
        return tuple(version for row in rows if (version := _version(row, bases)))

    def current(self, attribute: Attribute) -> tuple[str, Facts, TaughtRanker] | None:
        """Model id, facts and weights of the version in use; None where none is.

        Raises:
            TeachingError: it is damaged.
        """
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT base, facts, weights FROM version WHERE attribute = ? AND current", (attribute.id,)
            ).fetchone()
        if row is None:
            return None
        base, stored, weights = row
        if (facts := _facts(stored)) is None:
            raise unusable(attribute)
        try:
            from imagesorter.training.pairs.taught import from_bytes

            return base, facts, from_bytes(weights)
        except TeachingError as error:
            raise unusable(attribute, str(error)) from error

    def in_use(self) -> list[tuple[Attribute, str, Version | None]]:
        """Attributes that have a version in use, with its model's id and itself, the oldest first; None for
        one that is damaged."""
        with self._store.read() as connection:
            rows = connection.execute(
                f"SELECT id, name, start, base, {_COLUMNS} FROM attribute JOIN version ON attribute = id "
                "WHERE current ORDER BY id"
            ).fetchall()
        return [
            (Attribute(row, name, start), base, _version(columns, None))
            for row, name, start, base, *columns in rows
        ]


def unusable(attribute: Attribute, why: str = "what was noted of its version is damaged") -> TeachingError:
    """Says that an attribute's version in use is damaged."""
    return TeachingError(
        f"The ranker “{attribute.name}” cannot be used: {why}. Teach it again, or bring back another version."
    )


def _version(row: Sequence[Any], bases: Collection[str] | None) -> Version | None:
    """A row of `_COLUMNS`; None where it is damaged."""
    number, made, base, stored, current = row
    if (facts := _facts(stored)) is None:
        return None
    return Version(
        number,
        made,
        facts.pairs,
        facts.method,
        facts.before,
        facts.after,
        current=bool(current),
        imported=facts.imported,
        fits=bases is None or base in bases,
        source=facts.source,
    )


def _facts(stored: str | bytes) -> Facts | None:
    """None where they are damaged."""
    try:
        return facts_of(json.loads(stored))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _identity(facts: Facts) -> Facts:
    """What two copies of one ranker share, wherever they came from. A licence is given with a copy: under
    another one the order is no other."""
    return replace(facts, last_label=0, learned=None, imported=True, licence="", source="")


def _newest_if_same(
    connection: sqlite3.Connection, attribute: Attribute, base: str, facts: Facts, weights: bytes
) -> int | None:
    """Number of the newest version, if that is the same in everything and known to have learned the same."""
    row = connection.execute(
        "SELECT number, facts FROM version WHERE attribute = ?1 AND base = ?2 AND weights = ?3 "
        "AND number = (SELECT MAX(number) FROM version WHERE attribute = ?1)",
        (attribute.id, base, weights),
    ).fetchone()
    same = row is not None and facts.learned is not None and _facts(row[1]) == facts
    return int(row[0]) if same else None


def _learn(
    connection: sqlite3.Connection, attribute: Attribute, number: int, kept: Facts, besides: Runs
) -> None:
    """Note what else a version has learned."""
    runs = (*(kept.learned or ()), *besides)
    learned = runs_of(id_ for first, last in runs for id_ in range(first, last + 1))
    connection.execute(
        "UPDATE version SET facts = ? WHERE attribute = ? AND number = ?",
        (json.dumps(asdict(replace(kept, learned=learned))), attribute.id, number),
    )


def _insert(
    connection: sqlite3.Connection, attribute: Attribute, base: str, facts: Facts, weights: bytes
) -> int:
    number = connection.execute(
        "SELECT COALESCE(MAX(number), 0) + 1 FROM version WHERE attribute = ?", (attribute.id,)
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO version (attribute, number, made, base, facts, weights, current) "
        "VALUES (?, ?, ?, ?, ?, ?, 1)",
        (attribute.id, number, time.time(), base, json.dumps(asdict(facts)), weights),
    )
    _use(connection, attribute, number)
    return int(number)


def _use(connection: sqlite3.Connection, attribute: Attribute, number: int | None) -> None:
    connection.execute(
        "UPDATE version SET current = (number IS ?2) WHERE attribute = ?1", (attribute.id, number)
    )
