"""Numbers in words, for messages of every layer."""

from __future__ import annotations


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 image`, `1,234 images`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
