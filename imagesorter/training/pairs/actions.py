"""Which of the stored actions are there to be taken back."""

from __future__ import annotations

import sqlite3


class Actions:
    """Actions that this process may take back: its own, and all that there were when it took up an attribute.
    What other windows and commands do meanwhile is for them to take back.

    Actions have rising numbers; that of one that was taken back is not given again.
    """

    def __init__(self) -> None:
        self._found: dict[int, int] = {}
        self._own: dict[int, list[int]] = {}

    def take_up(self, connection: sqlite3.Connection, attribute: int) -> None:
        """Note what there is of an attribute, the first time."""
        if attribute not in self._found:
            self._found[attribute] = newest(connection, attribute)

    def last(self, connection: sqlite3.Connection, attribute: int) -> int:
        """Number of what would be taken back next, 0 for nothing."""
        self.take_up(connection, attribute)
        own = self._own.get(attribute, [])
        while own and not _is_stored(connection, attribute, own[-1]):
            own.pop()  # taken back, and no other will have its number
        return own[-1] if own else newest(connection, attribute, self._found[attribute])

    def did(self, attribute: int, action: int) -> None:
        """Note an action that is on disk."""
        self._own.setdefault(attribute, []).append(action)


def new_action(connection: sqlite3.Connection) -> int:
    """A number that no action has had: each stores a row, and rows never get a former one's number."""
    row = connection.execute(
        "SELECT SUM(seq) FROM sqlite_sequence WHERE name IN ('answer', 'rating')"
    ).fetchone()
    return int(row[0] or 0) + 1


def newest(connection: sqlite3.Connection, attribute: int, most: int | None = None) -> int:
    """Number of the last action on an attribute, by whomever, up to `most`; 0 where there is none."""
    row = connection.execute(
        "SELECT MAX(action) FROM (SELECT action FROM answer WHERE attribute = ?1 "
        "UNION ALL SELECT action FROM rating WHERE attribute = ?1) WHERE ?2 IS NULL OR action <= ?2",
        (attribute, most),
    ).fetchone()
    return int(row[0] or 0)


def _is_stored(connection: sqlite3.Connection, attribute: int, action: int) -> bool:
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM answer WHERE attribute = ?1 AND action = ?2) "
        "OR EXISTS (SELECT 1 FROM rating WHERE attribute = ?1 AND action = ?2)",
        (attribute, action),
    ).fetchone()
    return bool(row[0])
