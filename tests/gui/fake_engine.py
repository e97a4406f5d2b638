"""An engine whose every event is in the test's hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, Queue

import numpy as np
from fake_teaching import FakeRankers, FakeTeaching
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage

from imagesorter.answers import ModelInfo, Picture, Usage
from imagesorter.errors import DecodeError, ExportError, ModelError
from imagesorter.events import (
    Event,
    FilesFound,
    Finished,
    FolderChanged,
    ModelImported,
    ModelReady,
    Opened,
    Progress,
    Ranked,
)
from imagesorter.settings import Settings

HEARTBEAT = 0.01
"""Seconds after which a generator without events repeats its Progress, as the real one would."""


class Stream:
    """One generator that was started: the test puts events in and ends it."""

    def __init__(self, name: str, stage: str, *arguments: object) -> None:
        self.name, self.arguments, self._stage = name, arguments, stage
        self._queue: Queue[Event | Exception | None] = Queue()
        self.started = threading.Event()
        self.closed = threading.Event()
        self.ended = False

    def put(self, *events: Event) -> None:
        for event in events:
            self._queue.put(event)

    def end(self, *events: Event) -> None:
        """Put some last events and come to the generator's own end."""
        self.put(*events)
        self._queue.put(None)

    def fail(self, error: Exception) -> None:
        self._queue.put(error)

    @property
    def drained(self) -> bool:
        """Whether all events put in have been taken by the worker."""
        return self._queue.empty()

    def run(self) -> Iterator[Event]:
        self.started.set()
        beat = Progress(self._stage, 0)
        try:
            while True:
                try:
                    event = self._queue.get(timeout=HEARTBEAT)
                except Empty:
                    yield beat
                    continue
                if event is None:
                    self.ended = True
                    return
                if isinstance(event, Exception):
                    raise event
                if isinstance(event, Progress):
                    beat = event
                yield event
        finally:
            self.closed.set()


class FakeEngine:
    """The signatures of `imagesorter.engine.Engine`. Where `automatic`, streams end well at once."""

    def __init__(self, *, automatic: bool = True) -> None:
        self.automatic = automatic
        self.settings = Settings()
        self.changes = FolderChanged(0, 0, 0)
        self.streams: list[Stream] = []
        self.files: Sequence[Path] = ()
        self.thread: int | None = None
        self.close_thread: int | None = None
        self.cleared = 0
        self.imported: list[str] = []
        self.removed: list[str] = []
        self.remove_error: Exception | None = None
        self.closed = False
        self.exported: list[tuple[Ranked, Path]] = []
        self.arranged: Sequence[int] | None = None
        self.marks_read: list[str] = []
        self.export_error: Exception | None = None
        self.thumbnail_delay = 0.0
        self.thumbnails_asked: list[int] = []
        self.missing_thumbnails: set[int] = set()
        self.unreadable: set[Path] = set()
        self.large: set[Path] = set()
        self.most_side = 1 << 20
        self.held: dict[Path, threading.Event] = {}
        self.rankers = FakeRankers()
        self.teachings: list[FakeTeaching] = []

    def last(self, name: str) -> Stream | None:
        """The latest generator of that name."""
        return next((s for s in reversed(self.streams) if s.name == name), None)

    def names(self) -> list[str]:
        return [stream.name for stream in self.streams]

    def _stream(self, name: str, stage: str, *arguments: object) -> Stream:
        self.thread = threading.get_ident()
        stream = Stream(name, stage, *arguments)
        self.streams.append(stream)
        return stream

    def open(self, roots: Sequence[Path], *, recursive: bool, include_hidden: bool) -> Iterator[Event]:
        stream = self._stream("open", "scan", tuple(roots), recursive, include_hidden)
        if self.automatic:
            self.files = tuple(
                p for root in roots for p in (sorted(root.glob("*.png")) if root.is_dir() else [root])
            )
            stream.end(FilesFound(0, self.files), Opened(len(self.files), 0), Finished(len(self.files), 0))
        return stream.run()

    def look(self) -> Iterator[Event]:
        stream = self._stream("look", "scan")
        if self.automatic:
            stream.end(self.changes, Finished(len(self.files), 0))
        return stream.run()

    def load_model(self, name: str | None = None, device: str | None = None) -> Iterator[Event]:
        name, device = name or self.settings.model, device or self.settings.device
        stream = self._stream("load_model", "model", name, device)
        if self.automatic:
            stream.end(ModelReady(name or "pocket", "Pocket", device or "cpu"), Finished(1, 0))
        return stream.run()

    def index(self) -> Iterator[Event]:
        stream = self._stream("index", "index")
        if self.automatic:
            stream.end(Finished(len(self.files), 0))
        return stream.run()

    def rank(self, query: str) -> Iterator[Event]:
        stream = self._stream("rank", "index", query)
        if self.automatic:
            stream.end(ranked(range(len(self.files)), query=query), Finished(len(self.files), 0))
        return stream.run()

    def teach(self, attribute: str, start: str | None = None) -> FakeTeaching:
        self.teachings.append(FakeTeaching(self, attribute, start))
        if len(self.teachings) > 1 and self.teachings[-2].attribute == attribute:
            self.teachings[-1].actions = self.teachings[-2].actions
            self.teachings[-1].places = self.teachings[-2].places
        return self.teachings[-1]

    @property
    def teaching(self) -> FakeTeaching:
        """The latest one."""
        return self.teachings[-1]

    def thumbnail(self, file_id: int) -> bytes | None:
        self.thumbnails_asked.append(file_id)
        if self.thumbnail_delay:
            time.sleep(self.thumbnail_delay)
        return None if file_id in self.missing_thumbnails else jpeg(file_id)

    def picture(self, path: Path, max_side: int) -> Picture:
        if path in self.unreadable:
            raise DecodeError(path, "The file is damaged.")
        if path in self.held:
            self.held[path].wait(5)
        if path in self.large:
            return large(max_side, self.most_side)
        width, height = min(60, max_side), min(40, max_side)
        return Picture(width, height, bytes([200, 100, 50]) * (width * height), width, height)

    def export(self, ranking: Ranked, path: Path, arranged: Sequence[int] | None = None) -> int:
        if self.export_error is not None:
            raise self.export_error
        self.exported.append((ranking, path))
        self.arranged = arranged
        return sum(not self.files[file_id].exists() for file_id in ranking.file_ids.tolist())

    def marks(self, attribute: str) -> dict[int, bool]:
        self.marks_read.append(attribute)
        return next((t.marks for t in reversed(self.teachings) if t.attribute == attribute), {})

    def attributes(self) -> tuple[str, ...]:
        return ("more colorful", "sharper", "less noise", *self.rankers.taught)

    def models(self) -> tuple[ModelInfo, ...]:
        own = tuple(ModelInfo(name, name, "Imported.") for name in self.imported)
        return (ModelInfo("pocket", "Pocket", "Small."), ModelInfo("large", "Large", "Slow and good."), *own)

    def check_model_name(self, name: str) -> None:
        if name in ("pocket", "large", *self.imported):
            raise ModelError(f"there is already a model “{name}”. Choose another name.")

    def import_model(self, path: Path, name: str) -> Iterator[Event]:
        stream = self._stream("import_model", "import", path, name)
        if self.automatic:
            self.imported.append(name)
            stream.end(ModelImported(name, name), Finished(1, 0))
        return stream.run()

    def remove_model(self, name: str) -> None:
        if self.remove_error is not None:
            raise self.remove_error
        self.removed.append(name)

    def devices(self) -> tuple[str, ...]:
        return ("cuda", "cpu")

    def usage(self) -> Usage:
        return Usage(0, 0, 10**10) if self.cleared else Usage(1234, 56_700_000, 10**10)

    def clear_cache(self) -> None:
        self.cleared += 1

    def close(self) -> None:
        self.closed = True
        self.close_thread = threading.get_ident()


def ranked(
    file_ids: Sequence[int],
    scores: Sequence[float] | None = None,
    *,
    query: str = "more colorful",
    complete: bool = True,
) -> Ranked:
    """An order, best first; scores fall by one from image to image unless given."""
    count = len(file_ids)
    given = np.asarray(scores if scores is not None else range(count, 0, -1), np.float32)
    ranks = np.searchsorted(-given, -given, side="left") + 1
    return Ranked(
        query=query,
        model="pocket",
        file_ids=np.asarray(file_ids, np.int64),
        scores=given,
        ranks=ranks.astype(np.int64),
        percentiles=np.linspace(100, 0, count),
        complete=complete,
    )


def large(max_side: int, most_side: int) -> Picture:
    """A picture of 2400 × 1600 pixels, each telling where it lies; `most_side` is the engine's limit."""
    step = -(-2400 // min(max_side, most_side, 2400))
    y, x = np.mgrid[0:1600:step, 0:2400:step]
    rgb = np.stack([x % 256, y % 256, x // 256 + 16 * (y // 256)], axis=-1).astype(np.uint8)
    return Picture(rgb.shape[1], rgb.shape[0], rgb.tobytes(), 2400, 1600)


def jpeg(file_id: int) -> bytes:
    """A thumbnail of one colour."""
    image = QImage(96, 64, QImage.Format.Format_RGB32)
    image.fill(QColor.fromHsv(file_id * 37 % 360, 180, 200))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG")
    return bytes(data.data())


def disk_full(path: Path) -> ExportError:
    return ExportError(f"{path}: the disk is full. Free some space or choose another place.")
