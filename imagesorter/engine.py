"""The one face that window and command line use: Qt-free, and torch-free until a model is loaded.

Long work is a generator of events; closing the generator cancels it and keeps what was done.
Generators run on one thread at a time; `thumbnail`, `picture`, `usage` may be called from any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagesorter.events import Event, Ranked
from imagesorter.paths import Home
from imagesorter.settings import Settings


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


class Engine:
    """Folder, model, index and order behind one face."""

    def __init__(self, home: Home, settings: Settings) -> None: ...

    @property
    def files(self) -> Sequence[Path]:
        """Paths by file id, as found by the last `open`."""
        ...

    def open(self, roots: Sequence[Path], *, recursive: bool, include_hidden: bool) -> Iterator[Event]:
        """Find the images under `roots` (folders, files, or both). Replaces the current list.

        Yields: FilesFound, Unreadable (file_id None), Progress("scan"), Opened, Finished.
        """
        ...

    def load_model(self, name: str | None = None, device: str | None = None) -> Iterator[Event]:
        """Load a model (None: the one of the settings, else the bundled one) and run it once.

        Yields: Progress("model"), Notice, ModelReady, Finished.

        Raises:
            ModelError: unknown name, damaged files, or a device that is not there.
        """
        ...

    def index(self) -> Iterator[Event]:
        """Read every image that the model has not read yet. Loads the model where none is loaded.

        Yields: Progress("index"), Indexed, Unreadable, Notice, Finished.
        """
        ...

    def rank(self, query: str) -> Iterator[Event]:
        """Order the opened images by `query`, reading those that are not in the index on the way.

        Yields: Notice, Ranked (at most about two a second, and one with `complete` at the end),
        Progress("index" | "rank"), Indexed, Unreadable, Finished.

        Raises:
            QueryError: before the first event, where the query cannot be understood.
        """
        ...

    def thumbnail(self, file_id: int) -> bytes | None:
        """The stored thumbnail as a JPEG file's bytes (longest side ≤ 384 px, orientation applied),
        None while there is none. Any thread; under 5 ms."""
        ...

    def picture(self, path: Path, max_side: int) -> Picture:
        """Decode one image for viewing, orientation applied, longest side ≤ max_side. Any thread.

        Raises:
            DecodeError: the file cannot be read.
        """
        ...

    def export(self, ranking: Ranked, path: Path) -> None:
        """Write a ranking as CSV, or as JSON where `path` ends in .json.

        Raises:
            ExportError: the file could not be written; what was there before is untouched.
        """
        ...

    def attributes(self) -> tuple[str, ...]:
        """Queries that the chosen model has learned, for completion; torch is not needed."""
        ...

    def models(self) -> tuple[ModelInfo, ...]:
        """Models on this machine. torch is not needed."""
        ...

    def devices(self) -> tuple[str, ...]:
        """Devices of this machine, best first ("cuda", "mps", "cpu"). Imports torch: not on the window's thread."""
        ...

    def usage(self) -> Usage:
        """Size of index and thumbnails."""
        ...

    def clear_cache(self) -> None:
        """Forget index and thumbnails. Not while a generator runs."""
        ...

    def close(self) -> None:
        """Release files and memory."""
        ...
