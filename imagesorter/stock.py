"""Models that are here and models that can be had: the face of catalog, downloads and checks.

Beside the engine, not in it: a download takes minutes, needs neither photographs nor torch, and must not keep
anybody from sorting. Generators of one Stock run on one thread, which may be another than the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imagesorter.answers import StockItem
from imagesorter.errors import ModelError
from imagesorter.events import Event, Finished, Verified
from imagesorter.model.bundle import HEAD_WEIGHTS, WORK_SUFFIX, read_manifest
from imagesorter.model.catalog import Catalog, CatalogHead, CatalogModel, read_catalog
from imagesorter.model.record import RECORD, begun, sha256_of, waiting, write_record
from imagesorter.model.shelf import Shelf, check_name, remove_model
from imagesorter.model.verification import verify
from imagesorter.paths import Home, bundled_models


class Stock:
    """All models by name.

    Args:
        home: the user's folders.
        catalog: None is the one that comes with the application.
    """

    def __init__(self, home: Home, catalog: Catalog | None = None) -> None:
        self._shelf = Shelf(home.data / "models")
        self._catalog = catalog or read_catalog()

    @property
    def published(self) -> str:
        """How to get the checkpoints of the paper's authors."""
        return self._catalog.published

    def items(self) -> tuple[StockItem, ...]:
        """What is here, then what can be had, both in a fixed order. Any thread, and no network."""
        known = {entry.name: entry for entry in self._catalog.models}
        here = self._shelf.models()
        items = []
        for manifest in here.values():
            downloaded = (manifest.folder / RECORD).is_file()
            entry = known.get(manifest.name) if downloaded else None
            bundled = manifest.folder.parent == bundled_models()
            listed = self._catalog.bundled.get(manifest.name) if bundled else entry
            items.append(
                StockItem(
                    manifest.name,
                    manifest.title,
                    "head" if manifest.on else "model",
                    "bundled" if bundled else "installed",
                    manifest.description,
                    bytes=_size(manifest.folder),
                    memory=listed.memory * 10**6 if listed else None,
                    image_size=entry.size if entry else None,
                    licence=entry.licence if entry else "",
                    on=manifest.on,
                    removable=not bundled,
                )
            )
        for folder, problem in _damaged(self._shelf.own):
            items.append(
                StockItem(
                    folder.name, folder.name, "model", "damaged", problem, bytes=_size(folder), removable=True
                )
            )
        taken = {item.name for item in items}
        for entry in self._offered(taken):
            arrived = waiting(entry.name, self._shelf.own)
            items.append(
                StockItem(
                    entry.name,
                    entry.title,
                    "model",
                    "partial" if arrived else "available",
                    entry.good_for,
                    bytes=entry.megabytes * 10**6 or None,
                    arrived=arrived,
                    memory=entry.memory * 10**6 or None,
                    image_size=entry.size or None,
                    licence=entry.licence,
                )
            )
        published = self._catalog.published_megabytes * 10**6
        items.append(
            StockItem(
                "published",
                "The paper's own checkpoints",
                "published",
                "available",
                self._catalog.published,
                bytes=published,
            )
        )
        for head in self._catalog.heads:
            if head.name not in taken:
                items.append(
                    StockItem(
                        head.name,
                        head.title,
                        "head",
                        "available",
                        head.good_for,
                        bytes=head.bytes,
                        licence=head.licence,
                        on=head.on,
                    )
                )
        return tuple(items)

    def get(self, name: str) -> Iterator[Event]:
        """Download a model or head of the catalog, or an OpenCLIP model of the hub ("owner/name"), and
        put it on the shelf; go on where it was stopped. Closed, it keeps what has arrived.

        Yields: Progress("download", …) in bytes, Notice, ModelImported, Finished.

        Raises:
            ModelError: there is none of that name, it is here already, network or disk do not have it, or
                what arrived is wrong.
        """
        from imagesorter.model.download import download_model

        entry = self._find(name)
        if isinstance(entry, CatalogModel):
            if entry.name in self._shelf.models():
                raise ModelError(f"“{entry.name}” is here already. `models verify {entry.name}` checks it.")
            yield from download_model(entry, self._shelf.own)
        else:
            yield from self._get_head(entry)
        yield Finished(1, 0)

    def _get_head(self, head: CatalogHead) -> Iterator[Event]:
        """Download a head's file, and import it as one that the user has chosen would be."""
        from imagesorter.model.download import discard, download_head

        if head.on not in self._shelf.models():
            raise ModelError(f"“{head.name}” needs the model “{head.on}”, which is not here. Get that first.")
        check_name(head.name, self._shelf.own)
        path = yield from download_head(head, self._shelf.own)
        from imagesorter.model.preload import preload_torch

        preload_torch()
        from imagesorter.model.importing import import_model

        yield from import_model(path, self._shelf, head.name, on=head.on)
        folder = self._shelf.own / head.name
        write_record(folder, head.address, sha256={HEAD_WEIGHTS: sha256_of(folder / HEAD_WEIGHTS)})
        discard(head.name, self._shelf.own)

    def verify(self, name: str | None = None) -> Iterator[Event]:
        """Compare a model's files with their checksums; None: of every model.

        Yields: Progress("verify", …) in bytes, Verified for each, Finished.

        Raises:
            ModelError: there is no model of that name.
        """
        damaged = [each for each in _damaged(self._shelf.own) if name in (None, each[0].name)]
        if name:
            manifests = [] if damaged else [self._shelf.find(name)]
        else:
            manifests = list(self._shelf.models().values())
        unsound = 0
        for manifest in manifests:
            listed = self._catalog.bundled.get(manifest.name)
            bundled = manifest.folder.parent == bundled_models()
            try:
                found = yield from verify(manifest, listed.sha256 if bundled and listed else None)
            except ModelError as error:
                found = Verified(manifest.name, "damaged", str(error))
            unsound += found.state == "damaged"
            yield found
        for folder, problem in damaged:
            unsound += 1
            yield Verified(folder.name, "damaged", problem)
        yield Finished(len(manifests), unsound)

    def remove(self, name: str) -> None:
        """Delete a model of the user's, or what has arrived of an unfinished download.

        Raises:
            ModelError: it comes with the application, is not there, cannot be deleted, or is on its way.
        """
        from imagesorter.model.download import discard

        is_name = Path(name).name == name
        if is_name and not (self._shelf.own / name).is_dir() and waiting(name, self._shelf.own):
            discard(name, self._shelf.own)
        else:
            remove_model(name, self._shelf.own)

    def close(self) -> None:
        """Nothing is held between two calls; the engine has the same method."""

    def _find(self, name: str) -> CatalogModel | CatalogHead:
        """The entry of a name, also of a model in no list whose download was begun."""
        try:
            return self._catalog.find(name)
        except ModelError:
            repository = begun(self._shelf.own).get(name)
            if repository is None:
                raise
            return CatalogModel.of_repository(repository)

    def _offered(self, taken: set[str]) -> list[CatalogModel]:
        """Models that are not here: of the catalog, and others whose download was begun."""
        listed = [entry for entry in self._catalog.models if entry.name not in taken]
        others = begun(self._shelf.own)
        names = {entry.name for entry in listed}
        listed += [
            CatalogModel.of_repository(repository)
            for name, repository in others.items()
            if name not in names | taken
        ]
        return listed


def _damaged(models: Path) -> Iterator[tuple[Path, str]]:
    """Folders of the user's that are no model, and why."""
    for folder in sorted(models.glob("*")):
        if folder.is_dir() and not folder.name.startswith(".") and not folder.name.endswith(WORK_SUFFIX):
            try:
                read_manifest(folder)
            except ModelError as error:
                yield folder, str(error)


def _size(folder: Path) -> int:
    """Bytes of a model's files."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
