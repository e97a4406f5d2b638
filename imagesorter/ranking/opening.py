"""From what the user names to the list of images, and whether that list still holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagesorter.events import Event, FilesFound, Finished, FolderChanged, Opened, Progress, Unreadable
from imagesorter.library.files import ImageFile
from imagesorter.library.scan import PassedOver, ScanProblem, scan

_FILES_PER_EVENT = 512
_SECONDS_PER_EVENT = 0.1


@dataclass(frozen=True)
class Places:
    """Where images are looked for.

    Attributes:
        roots: folders, files, or both.
        recursive, include_hidden: as in `scan`.
    """

    roots: tuple[Path, ...] = ()
    recursive: bool = True
    include_hidden: bool = False

    def find(self, files: list[ImageFile]) -> Iterator[Event]:
        """Put every image that is there into `files`.

        Yields: FilesFound, Unreadable (file_id None), Progress("scan"), Opened, Finished.
        """
        told = passed_over = problems = 0
        last = time.monotonic()
        for found in self._scan():
            match found:
                case ImageFile():
                    files.append(found)
                case PassedOver(count):
                    passed_over += count
                case ScanProblem(path, reason):
                    problems += 1
                    yield Unreadable(None, path, reason)
            if len(files) - told >= _FILES_PER_EVENT or time.monotonic() - last > _SECONDS_PER_EVENT:
                if told < len(files):
                    yield FilesFound(told, tuple(file.path for file in files[told:]))
                told, last = len(files), time.monotonic()
                yield Progress("scan", told)
        if told < len(files):
            yield FilesFound(told, tuple(file.path for file in files[told:]))
        yield Opened(len(files), passed_over)
        yield Finished(len(files), problems)

    def compare(self, files: Sequence[ImageFile]) -> Iterator[Event]:
        """See what has become of `files`, as `find` listed them. Nothing is opened, and no list changed.

        A place that is there and cannot be looked into, or was named and is not there, tells nothing: what is
        on a disk that was pulled is not "gone", as far as that can be told from outside.

        Yields: Progress("scan"), FolderChanged, Finished.
        """
        left = {file.path: file for file in files}
        added = changed = count = 0
        hidden: set[Path] = set()
        last = time.monotonic()
        for found in self._scan():
            match found:
                case ImageFile(path=path):
                    known = left.pop(path, None)
                    added += known is None
                    changed += known is not None and not known.looks_like(found)
                    count += 1
                case ScanProblem(path):
                    hidden.add(path)
            if time.monotonic() - last > _SECONDS_PER_EVENT:
                last = time.monotonic()
                yield Progress("scan", count)
        gone = sum(hidden.isdisjoint((path, *path.parents)) for path in left)
        yield FolderChanged(added, changed, gone)
        yield Finished(count, len(hidden))

    def _scan(self) -> Iterator[ImageFile | PassedOver | ScanProblem]:
        return scan(self.roots, recursive=self.recursive, include_hidden=self.include_hidden)
