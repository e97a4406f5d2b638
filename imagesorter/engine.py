"""The one face that window and command line use: Qt-free, and torch-free until a model is loaded.

Long work is a generator of events; closing the generator cancels it and keeps what was done.
Generators run on one thread at a time; `thumbnail`, `picture` and `usage` may be called from any.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.answers import ModelInfo, Picture, Usage
from imagesorter.errors import DecodeError, ModelError, StorageError
from imagesorter.events import (
    Event,
    Finished,
    ModelReady,
    Notice,
    Progress,
    Ranked,
)
from imagesorter.library.formats import is_image_name as is_image_name
from imagesorter.model.shelf import Shelf, check_name, remove_model
from imagesorter.once import Once
from imagesorter.paths import Home
from imagesorter.ranking.opening import Places
from imagesorter.routing import BUNDLED, Router
from imagesorter.settings import Settings

if TYPE_CHECKING:  # NumPy and torch come with the first work, not with the window
    from imagesorter.index.store import ImageIndex
    from imagesorter.library.thumbnails import ThumbnailStore
    from imagesorter.model.bundle import Manifest
    from imagesorter.model.loading import AnyRanker
    from imagesorter.rankers import Rankers
    from imagesorter.ranking.pipeline import Collection, RankingModel
    from imagesorter.ranking.query import Query
    from imagesorter.school import School, Untaught
    from imagesorter.teaching import Teaching

logger = logging.getLogger(__name__)

_THUMBNAIL_SHARE = 0.4
"""Part of the cache's limit that thumbnails may fill."""


class Engine:
    """Folder, model, index and order behind one face.

    Args:
        home: the user's folders.
        settings: model, device and cache limit are read from here when they are needed.

    Attributes:
        shelf: the models on this machine.
        ranker: the loaded model, or None.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self.shelf = Shelf(home.data / "models")
        self._collection: Collection | None = None
        self._places = Places()
        self.ranker: AnyRanker | None = None
        self._router = Router(self.shelf)
        self._alone = False
        self._opened_index = Once(self._open_index)
        self._opened_thumbnails = Once(self._open_thumbnails)
        self._opened_school = Once(self._open_school)

    @property
    def files(self) -> Sequence[Path]:
        """Paths by file id, as found by the last `open`."""
        return [file.path for file in self._collection.files] if self._collection else []

    def open(self, roots: Sequence[Path], *, recursive: bool, include_hidden: bool) -> Iterator[Event]:
        """Find the images under `roots` (folders, files, or both). Replaces the current list.

        Yields: FilesFound, Unreadable (file_id None), Progress("scan"), Opened, Finished.
        """
        from imagesorter.ranking.pipeline import Collection

        self._collection = Collection()
        self._places = Places(tuple(roots), recursive, include_hidden)
        yield from self._places.find(self._collection.files)

    def look(self) -> Iterator[Event]:
        """See whether the list of the last `open` still holds. It stays as it is.

        Yields: Progress("scan"), FolderChanged, Finished.
        """
        yield from self._places.compare(self._opened().files)

    def load_model(self, name: str | None = None, device: str | None = None) -> Iterator[Event]:
        """Load a model (None: the one of the settings, else the bundled one) and run it once.

        What has gone since of the settings' gives way to the bundled model or the best device, with a Notice.

        Yields: Progress("model"), Notice, ModelReady, Finished.

        Raises:
            ModelError: `name` is unknown, files are damaged, or `device` is not there.
        """
        yield Progress("model", 0)
        from imagesorter.model.preload import preload_torch

        preload_torch()  # before whatever imports torch
        from imagesorter.model.device import choose, devices

        if device is None:
            device = self._settings.device
            if device not in (None, *devices()):
                yield Notice(f"The device “{device}” of the settings is not here: {devices()[0]} is used.")
                device = None
        processor = choose(device)
        self._alone = name is not None
        chosen = name or self._settings.model or BUNDLED
        self._router.forget()
        self.ranker = None  # before the next one takes memory
        try:
            self.ranker = self._router.load(chosen, processor)
        except ModelError as error:
            if name or chosen == BUNDLED:
                raise
            yield Notice(f"{error} The bundled model is used instead.")
            self.ranker = self._router.load(BUNDLED, processor)
        manifest = self.ranker.manifest
        yield ModelReady(manifest.name, manifest.title, self.ranker.device)
        yield Finished(1, 0)

    def index(self) -> Iterator[Event]:
        """Read every image that the model has not read yet. Loads the model where none is loaded.

        Yields: Progress("index"), Indexed, Unreadable, Notice, Finished.
        """
        ranker = yield from self._ready()
        yield from self._run(ranker, None)

    def rank(self, query: str) -> Iterator[Event]:
        """Order the opened images by `query`, reading those that are not in the index on the way.

        The best ranker there is answers: what the user taught, an adapter that has learned the query, a
        head, the untrained model; of the loaded model alone, where it was named instead of the chosen one.

        Yields: Notice, Answered, Ranked (at most about two a second, and one with `complete` at the end),
        Progress("index" | "rank"), Indexed, Unreadable, Finished.

        Raises:
            QueryError: before the first event, where the query cannot be understood.
        """
        school = self._lessons
        parsed = school.parse(query)
        ranker = yield from self._ready()
        taught, names = school.taught(parsed), school.names()
        unused = school.unused(parsed)
        ranker = yield from self._router.answering(parsed, ranker, taught, names, unused, alone=self._alone)
        model = yield from school.model_for(parsed, ranker)
        yield from self._run(model, parsed)

    def check(self, query: str) -> None:
        """Before any work is done for a query: raises QueryError where it cannot be understood."""
        self._lessons.parse(query)

    def teach(self, attribute: str, start: str | None = None) -> Teaching:
        """Begin, or go on with, the teaching of an attribute with the opened images.

        Args:
            attribute: any Unicode text; case and spaces make no difference.
            start: a query whose order to start from: the adapter's for a phrase, a blend, or another
                taught attribute's. None: what this attribute started from before, else the order of
                its own name where the model has learned all its words, or they name what was taught,
                else nothing. "": nothing.

        Raises:
            TeachingError: the attribute has no name.
            QueryError: the start cannot be understood.
        """
        manifest = self.ranker.manifest if self.ranker else self._chosen
        return self._school.teach(attribute, start, manifest, self._read, self._opened, lambda: self._index)

    @property
    def rankers(self) -> Rankers:
        """What the user taught or imported. Any thread."""
        return self._school.rankers

    def marks(self, attribute: str) -> Mapping[int, bool]:
        """Which opened images the user has marked for an attribute: as one of the best, else of the worst."""
        return self._lessons.marks(attribute, self._opened().keys)

    def thumbnail(self, file_id: int) -> bytes | None:
        """The thumbnail as a JPEG file's bytes (longest side ≤ 512 px, orientation applied), None
        while the image has not been read. Any thread; under 5 ms unless it was trimmed away and
        has to be made again."""
        collection = self._collection
        if collection is None or (key := collection.keys.get(file_id)) is None:
            return None
        stored = self._thumbnails.get(key)
        if stored is None:
            from imagesorter.library.decode import read_image
            from imagesorter.library.thumbnails import LONGEST, make_thumbnail

            try:
                key, decoded = read_image(collection.files[file_id].path, min_side=LONGEST)
            except DecodeError as error:
                logger.info("no thumbnail: %s", error)
                return None
            stored = make_thumbnail(decoded.image)
            try:
                self._thumbnails.put_many([(key, stored)])
            except StorageError as error:
                logger.info("thumbnail not stored: %s", error)
        return stored

    def picture(self, path: Path, max_side: int) -> Picture:
        """Decode one image for viewing, orientation applied, longest side ≤ max_side, and no more pixels
        than the memory should hold. Any thread.

        Raises:
            DecodeError: the file cannot be read.
        """
        from imagesorter.library.viewing import picture

        image, whole = picture(path, max_side)
        return Picture(image.width, image.height, image.tobytes(), *whole)

    def export(self, ranking: Ranked, path: Path, arranged: Sequence[int] | None = None) -> int:
        """Write a ranking, or its file ids as the user `arranged` them, as CSV or, to a .json, as JSON.
        Returns how many of the images are no longer there.

        Raises ExportError where it could not be written; what was there before is untouched.
        """
        from imagesorter.ranking.export import export

        return export(ranking, self.files, path, arranged)

    def attributes(self) -> tuple[str, ...]:
        """Queries for completion: what the user taught, then what the chosen model has learned, one for
        each attribute first, then all wordings of its training. torch is not needed."""
        return tuple(dict.fromkeys([*self._lessons.names(), *self._router.completions(self._chosen)]))

    def models(self) -> tuple[ModelInfo, ...]:
        """Models on this machine. torch is not needed."""
        return tuple(ModelInfo(m.name, m.title, m.description) for m in self.shelf.models().values())

    def check_model_name(self, name: str) -> None:
        """Raises ModelError where no new model may have a name. torch is not needed."""
        check_name(name, self.shelf.own)

    def import_model(self, path: Path, name: str, on: str | None = None) -> Iterator[Event]:
        """Make a model of a checkpoint, a head or an OpenCLIP folder, see `model.importing`. Closing the
        generator before its end leaves nothing.

        Yields: Progress("import") in bytes, ModelImported, Finished.

        Raises:
            ModelError: the name cannot be had, or the file is nothing that is known, or damaged.
        """
        from imagesorter.model.preload import preload_torch

        yield Progress("import", 0)
        preload_torch()
        from imagesorter.model.importing import import_model

        yield from import_model(path, self.shelf, name, on=on, chosen=self._chosen.name)
        yield Finished(1, 0)

    def remove_model(self, name: str) -> None:
        """Delete a model of the user's. The next work loads another one, where it was in use.

        Raises:
            ModelError: there is none of that name, or it comes with the application.
        """
        if self.ranker is not None and self.ranker.name == name:
            self.ranker = None  # a file that is mapped cannot be deleted everywhere
        self._router.forget(name)
        remove_model(name, self.shelf.own)

    def devices(self) -> tuple[str, ...]:
        """Devices of this machine, best first ("cuda", "mps", "cpu"). Imports torch: not on the
        window's thread."""
        from imagesorter.model.device import devices

        return devices()

    def usage(self) -> Usage:
        """Size of index and thumbnails. Any thread."""
        images, index_bytes = self._index.usage()
        _, thumbnail_bytes = self._thumbnails.usage()
        return Usage(images, index_bytes + thumbnail_bytes, self._cap)

    def clear_cache(self) -> None:
        """Forget index and thumbnails. Not while a generator runs."""
        self._renew_index()
        try:
            self._index.clear()
        finally:  # on a full disk, one may make room where the other cannot
            self._thumbnails.clear()
            if self._collection:
                self._collection.keys.clear()

    def close(self) -> None:
        """Release files and memory."""
        for store in (self._opened_index, self._opened_thumbnails, self._opened_school):
            store.close()
        self.ranker = None
        self._router.forget()

    @property
    def _cap(self) -> int:
        return int(self._settings.cache_gigabytes * 1e9)

    def _open_index(self) -> ImageIndex:
        from imagesorter.index.store import ImageIndex

        return ImageIndex(self._home.cache / "index", self._index_cap)

    def _open_thumbnails(self) -> ThumbnailStore:
        from imagesorter.library.thumbnails import ThumbnailStore

        return ThumbnailStore(self._home.cache / "thumbnails", self._thumbnails_cap, unwritable=True)

    def _open_school(self) -> School:
        from imagesorter.school import School

        return School(self._home.data, lambda: self.shelf.ids())

    def _renew_index(self) -> None:
        """Begin the index anew where the cache was deleted. Not while a generator uses it."""
        if (index := self._opened_index.now) is not None and not index.is_same:
            self._opened_index.close()

    @property
    def _index_cap(self) -> int:
        return int(self._cap * (1 - _THUMBNAIL_SHARE))

    @property
    def _thumbnails_cap(self) -> int:
        return int(self._cap * _THUMBNAIL_SHARE)

    @property
    def _index(self) -> ImageIndex:
        index = self._opened_index.get()
        index.limit(self._index_cap)  # the settings may have changed since; trimming can take long
        return index

    @property
    def _thumbnails(self) -> ThumbnailStore:
        thumbnails = self._opened_thumbnails.get()
        thumbnails.limit(self._thumbnails_cap)
        return thumbnails

    @property
    def _school(self) -> School:
        return self._opened_school.get()

    @property
    def _lessons(self) -> School | Untaught:
        from imagesorter.school import usable

        return usable(lambda: self._school)

    @property
    def _chosen(self) -> Manifest:
        """The model of the settings, or the bundled one where it is gone."""
        return self.shelf.models().get(self._settings.model or BUNDLED) or self.shelf.find(BUNDLED)

    def _opened(self) -> Collection:
        from imagesorter.ranking.pipeline import Collection

        return self._collection or Collection()

    def _read(self) -> Generator[Event, None, AnyRanker]:
        """Read every opened image, without the Finished of that; returns the model."""
        ranker = yield from self._ready()
        yield from (event for event in self._run(ranker, None) if not isinstance(event, Finished))
        return ranker

    def _ready(self) -> Generator[Event, None, AnyRanker]:
        """The loaded model; loaded now if need be. Tells of lost rankers besides."""
        if school := self._opened_school.now:  # it may be unusable, which reading photographs does not need
            yield from school.rankers.losses()
        if self.ranker is None:
            yield from self.load_model()
        assert self.ranker is not None
        return self.ranker

    def _run(self, model: RankingModel, query: Query | None) -> Iterator[Event]:
        from imagesorter.ranking.pipeline import run

        self._renew_index()
        yield from run(self._opened(), model, self._index, self._thumbnails, query)
