"""What is known of texts that are asked about again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """By text what was worked out of it, for those asked about last.

    Args:
        most: texts remembered; beyond, the one not asked about for longest is forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, T] = {}

    def get(self, text: str, work_out: Callable[[], T]) -> T:
        """What is known of a text; worked out where that is nothing."""
        value = self._known.pop(text) if text in self._known else work_out()
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[text] = value
        return value
