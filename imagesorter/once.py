"""What is opened by whoever needs it first, in any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What can be released."""

    def close(self) -> None:
        """Release it."""


C = TypeVar("C", bound=Closable)


class Once(Generic[C]):
    """Opens a store at its first use, once; of several, each waits for itself alone.

    Args:
        opening: opens it. What it raises, `get` does, and the next `get` tries again.

    Attributes:
        now: what is open by now, else None.
    """

    def __init__(self, opening: Callable[[], C]) -> None:
        self._opening = opening
        self._lock = threading.Lock()
        self.now: C | None = None

    def get(self) -> C:
        """The store; opened where it is not. Raises what opening does."""
        with self._lock:
            if self.now is None:
                self.now = self._opening()
            return self.now

    def close(self) -> None:
        """Close the store where it is open; a later `get` opens it anew."""
        with self._lock:
            if self.now is not None:
                self.now.close()
            self.now = None
