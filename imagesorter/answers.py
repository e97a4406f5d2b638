"""What the engine answers at once, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded image: `rgb` holds height rows of width packed 8-bit RGB pixels."""

    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be chosen. `description` is one or two sentences for the user."""

    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the cache holds, in images and bytes on disk, and the limit in bytes."""

    images: int
    bytes: int
    cap: int
