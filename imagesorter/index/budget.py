"""A bound on what several threads hold at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ClosedError(Exception):
    """The budget was closed while a thread waited for its share."""


class Budget:
    """At most `limit` units are out at a time; more than that only to one holder alone.

    Shares are given in the order of asking, so that small ones do not starve a large one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._shares: dict[object, int] = {}
        self._closed = False
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def hold(self, amount: int, owner: object = None) -> Iterator[None]:
        """Wait for a share and keep it for the body.

        Args:
            amount: of the share.
            owner: whom `give_back` knows it by; holds one share at a time.

        Raises:
            ClosedError: `close` was called before the share was there.
        """
        owner = object() if owner is None else owner
        with self._turn, self._changed:
            self._changed.wait_for(
                lambda: self._closed or not self._used or self._used + amount <= self._limit
            )
            if self._closed:
                raise ClosedError
            self._used += amount
            self._shares[owner] = amount
        try:
            yield
        finally:
            self.give_back(owner)

    def give_back(self, owner: object) -> None:
        """Let others have the share of an owner that may never end; nothing where it holds none."""
        with self._changed:
            self._used -= self._shares.pop(owner, 0)
            self._changed.notify_all()

    def close(self) -> None:
        """Turn away those who wait and those who come later."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
