"""The user's labels on disk: attributes, answers to pairs, ratings. Photographs go by content key."""

from __future__ import annotations

import os
import sqlite3
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imagesorter.answers import Answer, Source
from imagesorter.errors import TeachingError
from imagesorter.sqlite import select_among
from imagesorter.training.pairs.actions import Actions, new_action
from imagesorter.training.pairs.store import TeachingStore

MAX_RATING = 1e100
"""A rating beyond this has no square."""

MAX_NAME = 100
"""Characters in the name of an attribute."""

Scale = Literal["mark", "rating"]
"""mark: 1 for "best", 0 for "worst"; rating: numbers from a file."""

_PASSED = 12
_SELECT = 'SELECT "left", "right", answer, source, at, id FROM answer WHERE attribute = ?'

UNMARKED = 0.5
"""Stored as a mark, takes the one before off the photograph."""

_TAKEN_OFF = (
    "said.scale = 'mark' AND EXISTS (SELECT 1 FROM rating later WHERE later.attribute = said.attribute AND "
    "later.photograph = said.photograph AND later.scale = 'mark' AND "
    f"later.value = {UNMARKED} AND later.id >= said.id)"
)
_FORGET_PLACES = """DELETE FROM photograph WHERE key NOT IN (
    SELECT "left" FROM answer UNION SELECT "right" FROM answer UNION SELECT photograph FROM rating
)"""

_BARE = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} said WHERE said.attribute = attribute.id AND {counts})"
    for table, counts in (("answer", "TRUE"), ("rating", f"NOT ({_TAKEN_OFF})"), ("version", "TRUE"))
)
"""Whether nothing is stored of an attribute but its name, and marks that were taken off."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute in the store.

    Attributes:
        id: its row.
        name: as written by the user.
        start: query of the order that teaching starts from, None for nothing.
    """

    id: int
    name: str
    start: str | None


@dataclass(frozen=True, slots=True)
class Label:
    """An answer to a pair.

    Attributes:
        left, right: content keys.
        at: seconds since the epoch; 0: to be set when it is stored.
        id: rises with age; 0 before it is stored.
    """

    left: bytes
    right: bytes
    answer: Answer
    source: Source
    at: float = 0.0
    id: int = 0

    @property
    def winner(self) -> bytes | None:
        """Content key of the better one, None where neither is."""
        return {"left": self.left, "right": self.right}.get(self.answer)


@dataclass(frozen=True, slots=True)
class Rating:
    """A value of one photograph on a scale; more is more of the attribute.

    `id` rises with age, 0 before it is stored; that a file says the same again makes no other rating.
    """

    photograph: bytes
    value: float
    scale: Scale
    id: int = field(default=0, compare=False)

    @property
    def takes_off(self) -> bool:
        """Whether it takes the mark before it off."""
        return self.scale == "mark" and self.value == UNMARKED


def name_key(name: str) -> str:
    """What two spellings of one attribute's name share.

    Raises:
        TeachingError: this can be no name.
    """
    if any(unicodedata.category(c) in ("Cs", "Cc") for c in name):
        raise TeachingError("The name contains characters that are not text. Type it again.")
    key = " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
    if not any(unicodedata.category(c)[0] in "LMNPS" for c in key):  # none that can be seen
        raise TeachingError("The attribute has no name: write a word or two, such as “keepers”.")
    if len(name.strip()) > MAX_NAME:
        raise TeachingError(
            f"The name has {len(name.strip()):,} characters; the limit is {MAX_NAME}. Shorten it."
        )
    return key


def marks_of(ratings: Iterable[Rating], keys: Mapping[int, bytes]) -> dict[int, bool]:
    """Whether a photograph is marked as one of the best (else of the worst), by file id, for those that are
    marked; `keys`: contents by file id."""
    marks = {one.photograph: one.value > 0 for one in ratings if one.scale == "mark"}
    return {file_id: marks[key] for file_id, key in keys.items() if key in marks} if marks else {}


def passed_by(file_id: int, order: Sequence[int], to: int) -> tuple[bool, list[int]]:
    """What a photograph passes that is moved within an order.

    Args:
        file_id: the photograph, which is in `order`.
        order: best first, before the move.
        to: its position afterwards, from 0.

    Returns:
        whether it went up, and at most 12 of those it passed: the nearest to its new place, then others
        at growing distance.
    """
    at = list(order).index(file_id)
    up = to < at
    passed = list(order[to:at]) if up else list(order[at + 1 : to + 1])[::-1]
    if len(passed) > _PASSED:
        passed = [passed[round(k * k * (len(passed) - 1) / (_PASSED - 1) ** 2)] for k in range(_PASSED)]
    return up, list(dict.fromkeys(passed))


class LabelStore:
    """Labels by attribute. Every method may raise StorageError; then nothing was changed.

    What a writing method was given is on disk when it returns.
    """

    def __init__(self, store: TeachingStore) -> None:
        self._store = store
        self._actions = Actions()

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of a name in any spelling, None where there is none. Raises TeachingError."""
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT id, name, start FROM attribute WHERE key = ?", (name_key(name),)
            ).fetchone()
        return Attribute(*row) if row else None

    def attributes(self, *, bare: bool = True) -> list[Attribute]:
        """All attributes, the oldest first; unless `bare`, without those of which nothing else is stored."""
        which = "" if bare else f"WHERE NOT ({_BARE})"
        with self._store.read() as connection:
            rows = connection.execute(f"SELECT id, name, start FROM attribute {which} ORDER BY id").fetchall()
        return [Attribute(*row) for row in rows]

    def begin(self, name: str, start: str | None) -> Attribute:
        """The attribute of a name; made with this start where there is none. Raises TeachingError."""
        key = name_key(name)
        with self._store.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO attribute (key, name, start, made) VALUES (?, ?, ?, ?)",
                (key, name.strip(), start, time.time()),
            )
            row = connection.execute("SELECT id, name, start FROM attribute WHERE key = ?", (key,)).fetchone()
        return Attribute(*row)

    def set_start(self, attribute: Attribute, start: str | None) -> Attribute:
        """Let the teaching of an attribute start from another order."""
        with self._store.write() as connection:
            connection.execute("UPDATE attribute SET start = ? WHERE id = ?", (start, attribute.id))
        return Attribute(attribute.id, attribute.name, start)

    def remove(self, attribute: Attribute) -> None:
        """Forget an attribute with its labels and versions, and where photographs lie that no label names
        any more."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM attribute WHERE id = ?", (attribute.id,))
            connection.execute(_FORGET_PLACES)

    def add(self, attribute: Attribute, labels: Sequence[Label], ratings: Sequence[Rating] = ()) -> None:
        """Store what the user did in one action."""
        with self._store.write() as connection:
            self._insert(connection, attribute, labels, ratings)

    def take_in(self, attribute: Attribute, labels: Sequence[Label], ratings: Sequence[Rating] = ()) -> int:
        """Store what a file says beyond what counts already, in one action; returns how much was not new.

        An answer that a file gives twice is two answers; of two values for a photograph the last counts.
        Given again, the same file tells nothing new; a move that another one has taken the place of is told
        anew.
        """
        with self._store.write() as connection:
            stored = Counter((one.left, one.right, one.answer) for one in _labels(connection, attribute))
            values = _ratings(connection, attribute)
            new: list[Label] = []
            for label in labels:
                said = label.left, label.right, label.answer
                if stored[said]:
                    stored[said] -= 1
                else:
                    new.append(label)
            last = {(one.photograph, one.scale): one for one in ratings}
            changed = [one for place, one in last.items() if values.get(place) != one]
            self._insert(connection, attribute, new, changed)
        return len(labels) + len(ratings) - len(new) - len(changed)

    def complete(
        self, attribute: Attribute, labels: Sequence[Label], ratings: Sequence[Rating]
    ) -> tuple[int, list[int]]:
        """Store what somebody else says of pairs without an answer and of photographs without a value, in one
        action: what the user said stays as it is.

        Returns:
            how much was not stored, and the ids of all that is stored now of the same pairs and
            photographs, those of marks and ratings below 0.
        """
        pairs = {frozenset((label.left, label.right)) for label in labels}
        last = {(one.photograph, one.scale): one for one in ratings}
        with self._store.write() as connection:
            answered = {pair for pair, _ in _answered(connection, attribute)}
            values = _said(connection, attribute)  # a mark that was taken off was, too
            new = [label for label in labels if frozenset((label.left, label.right)) not in answered]
            added = [one for place, one in last.items() if place not in values]
            self._insert(connection, attribute, new, added)
            stored = [id_ for pair, id_ in _answered(connection, attribute) if pair in pairs]
            stored += [-one.id for place, one in _ratings(connection, attribute).items() if place in last]
        return len(labels) + len(ratings) - len(new) - len(added), stored

    def remove_empty(self, attribute: Attribute) -> None:
        """Forget an attribute of which nothing is stored but its name."""
        with self._store.write() as connection:
            connection.execute(f"DELETE FROM attribute WHERE id = ? AND {_BARE}", (attribute.id,))

    def take_up(self, attribute: Attribute) -> None:
        """Begin to note what others store, which is not for `undo` to take back."""
        with self._store.read() as connection:
            self._actions.take_up(connection, attribute.id)

    def undo(self, attribute: Attribute) -> list[Label]:
        """Take back the last action, see `Actions`; the answers it had given."""
        with self._store.write() as connection:
            action = self._actions.last(connection, attribute.id)
            labels = _of_action(connection, attribute, action)
            for table in ("answer", "rating"):
                connection.execute(
                    f"DELETE FROM {table} WHERE attribute = ? AND action = ?", (attribute.id, action)
                )
        return labels

    def last(self, attribute: Attribute) -> list[Label]:
        """The answers that `undo` would take back."""
        with self._store.read() as connection:
            return _of_action(connection, attribute, self._actions.last(connection, attribute.id))

    def last_action(self, attribute: Attribute) -> int:
        """Number of what `undo` would take back; it rises with each action here, 0 for nothing."""
        with self._store.read() as connection:
            return self._actions.last(connection, attribute.id)

    def last_source(self, attribute: Attribute) -> Source | Scale | None:
        """Where what `undo` would take back comes from, None for nothing."""
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT source FROM answer WHERE attribute = ?1 AND action = ?2 "
                "UNION ALL SELECT scale FROM rating WHERE attribute = ?1 AND action = ?2 LIMIT 1",
                (attribute.id, self._actions.last(connection, attribute.id)),
            ).fetchone()
        return row[0] if row else None

    def labels(self, attribute: Attribute) -> list[Label]:
        """All answers, the oldest first. Where a photograph was moved past another several times, the last
        time counts."""
        with self._store.read() as connection:
            return _labels(connection, attribute)

    def ratings(self, attribute: Attribute) -> list[Rating]:
        """Ratings, of each photograph and scale the latest, the oldest first."""
        with self._store.read() as connection:
            return list(_ratings(connection, attribute).values())

    def remember(self, places: Iterable[tuple[bytes, Path]]) -> None:
        """Note where contents were seen, for exports and messages."""
        rows = [(key, os.fsencode(path)) for key, path in places]
        with self._store.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO photograph (key, path) VALUES (?, ?)", rows)

    def places(self, keys: Sequence[bytes]) -> Mapping[bytes, Path]:
        """Where contents were seen last, for those of which that is known."""
        with self._store.read() as connection:
            rows = select_among(connection, "SELECT key, path FROM photograph WHERE key", keys)
            return {key: Path(os.fsdecode(path)) for key, path in rows}

    def _insert(
        self,
        connection: sqlite3.Connection,
        attribute: Attribute,
        labels: Sequence[Label],
        ratings: Sequence[Rating],
    ) -> None:
        """Store labels as one action, if there are any."""
        if not (labels or ratings):
            return
        action = new_action(connection)
        now = time.time()
        connection.executemany(
            'INSERT INTO answer (attribute, "left", "right", answer, source, action, at) '
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(attribute.id, a.left, a.right, a.answer, a.source, action, a.at or now) for a in labels],
        )
        connection.executemany(
            "INSERT INTO rating (attribute, photograph, value, scale, action, at) VALUES (?, ?, ?, ?, ?, ?)",
            [(attribute.id, r.photograph, r.value, r.scale, action, now) for r in ratings],
        )
        self._store.once_stored(lambda: self._actions.did(attribute.id, action))


def _labels(connection: sqlite3.Connection, attribute: Attribute) -> list[Label]:
    """All answers but those by moves that a later one of the same two photographs takes the place of, the
    oldest first. One that says the same again does not: a version that was taught by the first has learned
    it already."""
    rows = connection.execute(f"{_SELECT} ORDER BY id", (attribute.id,))
    labels = [Label(*row) for row in rows]
    moved: dict[frozenset[bytes], Label] = {}
    for label in labels:
        pair = frozenset((label.left, label.right))
        if label.source == "moved" and (pair not in moved or moved[pair].winner != label.winner):
            moved[pair] = label
    last = {label.id for label in moved.values()}
    return [label for label in labels if label.source != "moved" or label.id in last]


def _of_action(connection: sqlite3.Connection, attribute: Attribute, action: int) -> list[Label]:
    rows = connection.execute(f"{_SELECT} AND action = ? ORDER BY id", (attribute.id, action))
    return [Label(*row) for row in rows]


def _answered(connection: sqlite3.Connection, attribute: Attribute) -> list[tuple[frozenset[bytes], int]]:
    """Pair and id of each answer; a pair that was only skipped has none."""
    rows = connection.execute(
        'SELECT "left", "right", id FROM answer WHERE attribute = ? AND answer != \'skip\'', (attribute.id,)
    )
    return [(frozenset((left, right)), id_) for left, right, id_ in rows]


def _ratings(connection: sqlite3.Connection, attribute: Attribute) -> dict[tuple[bytes, Scale], Rating]:
    """The latest rating by photograph and scale, the oldest first; see `_said`."""
    said = _said(connection, attribute)
    return {place: one for place, one in said.items() if not one.takes_off}


def _said(connection: sqlite3.Connection, attribute: Attribute) -> dict[tuple[bytes, Scale], Rating]:
    """The same, with marks that were taken off. One that was given again keeps its id, since a version that
    was taught by it has learned it already."""
    rows = connection.execute(
        "SELECT photograph, value, scale, id FROM rating WHERE attribute = ? ORDER BY id", (attribute.id,)
    )
    found: dict[tuple[bytes, Scale], Rating] = {}
    taken_off: dict[tuple[bytes, Scale], Rating] = {}
    for rating in (Rating(*row) for row in rows):
        place = rating.photograph, rating.scale
        if found.get(place) == rating:
            continue
        if rating.takes_off and place in found:
            taken_off[place] = found[place]
        before = taken_off.get(place)
        found[place] = before if before is not None and before == rating else rating
    return found
