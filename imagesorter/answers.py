"""What the engine answers at once, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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


@dataclass(frozen=True, slots=True)
class Answerer:
    """What answers one phrase of a query.

    Attributes:
        phrase: as the model reads it.
        by: the user's own ranker, a trained adapter, a linear head, an untrained model that compares
            pictures with texts, a small model that knows the phrase more or less, or one that does not.
        ranker: its name for people.
        trust: how far to trust it, without a capital or a full stop.
    """

    phrase: str
    by: Literal["taught", "adapter", "head", "zero-shot", "rough", "guess"]
    ranker: str
    trust: str
