"""One file, opened once: hashed, decoded, and made into what the model and the grid need."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import DecodeError, StorageError
from imagesorter.index.budget import Budget, ClosedError
from imagesorter.index.pool import Watch
from imagesorter.index.store import Content, ImageIndex
from imagesorter.library import codecs, limits
from imagesorter.library.decode import content_key, decode, read_seen
from imagesorter.library.files import ImageFile
from imagesorter.library.formats import Format, sniff
from imagesorter.library.thumbnails import LONGEST, ThumbnailStore, make_thumbnail

logger = logging.getLogger(__name__)

_THUMBNAIL_SIDE = LONGEST * 3 // 4
"""Shorter side of a thumbnail of 4:3, the squarest of the usual shapes."""

_PREVIEW_SIDE = 480
"""Shorter side from which a camera's own JPEG is read in place of its RAW data: many are smaller than the
picture, and developing takes seconds."""


class Encoder(Protocol):
    """The image side of a model.

    Attributes:
        id: tokens of one id may be mixed, of two may not.
        token_shape: (T, D) of one image's tokens.
        min_side: shorter side in pixels below which `preprocess` would lose detail.
        batch_size: most images that `encode` is given at once.
    """

    @property
    def id(self) -> str: ...
    @property
    def token_shape(self) -> tuple[int, int]: ...
    @property
    def min_side(self) -> int: ...
    @property
    def batch_size(self) -> int: ...

    def preprocess(self, image: Image.Image, /) -> NDArray[np.uint8]:
        """A picture of mode "RGB" → the model's input, of one shape. Any number of threads at a time."""
        ...

    def encode(self, pixels: NDArray[np.uint8], /) -> NDArray[np.float16]:
        """B inputs → (B, T, D)."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read."""

    file_id: int
    file: ImageFile


@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """A file read: either `pixels` for the model, or `tokens` where its content has them already.

    Attributes:
        job: with the file as it was when it was read.
        thumbnail: JPEG bytes, None where there is one already.
        pixels: the model's input.
        tokens: (T, D).
    """

    job: Job
    content: Content
    thumbnail: bytes | None
    pixels: NDArray[np.uint8] | None = None
    tokens: NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file whose content another job of this run is reading; as it was when it was read."""

    job: Job
    key: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be read. `reason` is one sentence for the user."""

    file_id: int
    path: Path
    reason: str


class FileReader:
    """Reads files in any number of threads, each content once, memory bounded."""

    def __init__(self, encoder: Encoder, index: ImageIndex, thumbnails: ThumbnailStore) -> None:
        self._encoder = encoder
        self._index = index
        self._thumbnails = thumbnails
        self._min_side = max(encoder.min_side, _THUMBNAIL_SIDE)
        self._preview_side = min(self._min_side, _PREVIEW_SIDE)
        self._bytes = Budget(limits.max_file_bytes())
        self._pixels = Budget(limits.max_pixels())
        self._claims: dict[bytes, int] = {}
        self._given_up: set[int] = set()
        self._lock = threading.Lock()

    def read(self, job: Job, watch: Watch) -> Readout | Duplicate | Failed:
        """Read one file. Raises nothing: one bad file is a result.

        Args:
            job: the file.
            watch: stands still while others have the memory, and counts anew with every portion read.
        """
        watch.pause()
        try:
            with self._bytes.hold(job.file.size, job):
                watch.progress()
                return self._read(job, watch)
        except DecodeError as error:
            reason = error.reason
        except ClosedError:
            reason = "reading was cancelled"
        except MemoryError:
            reason = "not enough memory for this picture; close other programs and try again"
        except Exception as error:  # a fault of ours must not keep the user from all other files
            logger.exception("%s could not be read", job.file.path)
            reason = f"the file could not be read ({type(error).__name__}: {error}); the log says more"
        self.release_job(job)
        return Failed(job.file_id, job.file.path, reason)

    def is_claimed(self, key: bytes) -> bool:
        """Whether a job has taken a content on that was not released yet."""
        with self._lock:
            return key in self._claims

    def release(self, keys: Iterable[bytes]) -> None:
        """Contents that are stored now, or never will be."""
        with self._lock:
            for key in keys:
                self._claims.pop(key, None)

    def release_job(self, job: Job) -> list[bytes]:
        """Release what a job has claimed, and its share of the memory; returns the contents."""
        self._bytes.give_back(job)
        self._pixels.give_back(job)
        with self._lock:
            keys = [key for key, file_id in self._claims.items() if file_id == job.file_id]
            for key in keys:
                del self._claims[key]
        return keys

    def give_up(self, job: Job) -> list[bytes]:
        """Release a job that hangs; should it go on after all, it claims nothing."""
        with self._lock:
            self._given_up.add(job.file_id)
        return self.release_job(job)

    def close(self) -> None:
        """Turn away jobs that wait for memory."""
        self._bytes.close()
        self._pixels.close()

    def _read(self, job: Job, watch: Watch) -> Readout | Duplicate:
        path = job.file.path
        data, seen = read_seen(path, watch.progress)
        key = content_key(data)
        was = replace(job, file=seen)  # under what the scan saw, it might be taken for another one for good
        if not self._claim(key, job.file_id):  # before asking the index, or it may be stored in between
            return Duplicate(was, key)
        content, tokens = self._stored(key)
        has_thumbnail = self._has_thumbnail(key)
        if content and has_thumbnail and tokens is not None:
            return Readout(was, content, None, tokens=tokens)
        count = _pixels(path, data)
        watch.pause()
        with self._pixels.hold(count, job):
            watch.progress()
            picture = decode(path, data, min_side=self._min_side, preview_side=self._preview_side)
            thumbnail = None if has_thumbnail else make_thumbnail(picture.image)
            pixels = self._encoder.preprocess(picture.on_grid) if tokens is None else None
        content = Content(key, picture.width, picture.height, picture.warning)
        return Readout(was, content, thumbnail, pixels, tokens)

    def _stored(self, key: bytes) -> tuple[Content | None, NDArray[np.float16] | None]:
        try:
            content = self._index.content(key)
            if content is None:
                return None, None
            tokens, found = self._index.read_tokens(self._encoder.id, [key])
        except StorageError as error:
            logger.info("%s", error)
            return None, None
        return content, tokens[0] if found[0] else None

    def _has_thumbnail(self, key: bytes) -> bool:
        try:
            return not self._thumbnails.missing([key])
        except StorageError as error:
            logger.info("%s", error)
            return False

    def _claim(self, key: bytes, file_id: int) -> bool:
        with self._lock:
            return file_id not in self._given_up and self._claims.setdefault(key, file_id) == file_id


def _pixels(path: Path, data: bytes) -> int:
    """Pixels that decoding may hold in memory, by the header; 0 where `decode` will refuse the file."""
    kind = sniff(data, path)
    if kind is None:
        return 0
    if kind is Format.RAW:
        return len(data)  # compressed to about a byte a pixel
    try:
        with codecs.open_image(data, kind) as image:
            return image.width * image.height
    except Exception:  # readers raise whatever a damaged file leads them to
        return 0
