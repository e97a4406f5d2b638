"""Finding the image files under folders."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagesorter.library.files import ImageFile
from imagesorter.library.formats import is_image_name

_Identity = tuple[int, int | str]
"""Device and inode, or true path: the same folder, by whatever path."""

_DIGITS = re.compile("([0-9]+)")

_ENTRIES_PER_SIGN = 256


@dataclass(frozen=True, slots=True)
class PassedOver:
    """`count` more files that are no images by name, or hidden; 0 is a sign of life from a long listing."""

    count: int


@dataclass(frozen=True, slots=True)
class ScanProblem:
    """A file or folder that cannot be listed. `reason` is one sentence for the user."""

    path: Path
    reason: str


def scan(
    roots: Sequence[Path], *, recursive: bool, include_hidden: bool
) -> Iterator[ImageFile | PassedOver | ScanProblem]:
    """Find the image files among and under `roots`, without opening any.

    Files come in natural order of their names ("img2" before "img10"), those of a folder before
    those of its subfolders. A file is listed once, however often it is reached, and in whatever letter
    case or normal form of Unicode; a link to a file is a file of its own, under its own path. Links to
    folders are followed, each folder once. Something is yielded at least every few hundred entries, so that
    the caller may stop.

    Args:
        roots: folders, files, or both. A hidden root is read: the user named it.
        recursive: enter subfolders, and tell of links that should lead to one but lead nowhere.
        include_hidden: list hidden files and enter hidden folders.
    """
    return _Scan(recursive, include_hidden).walk(roots)


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sort key that orders digits by value and letters without regard to case."""
    parts: list[str | int] = list(_DIGITS.split(name.casefold()))
    parts[1::2] = [int(digits) for digits in parts[1::2]]
    return parts, name


@dataclass(slots=True)
class _Scan:
    recursive: bool
    include_hidden: bool
    entered: set[_Identity] = field(default_factory=set)
    listed: dict[tuple[_Identity, str], tuple[str, ...]] = field(default_factory=dict)
    entries: int = 0
    failed: set[str] = field(default_factory=set)

    def walk(self, roots: Sequence[Path]) -> Iterator[ImageFile | PassedOver | ScanProblem]:
        for root in roots:
            path = _absolute(root)
            folder, name = os.path.split(path)
            try:
                info = os.stat(path)  # noqa: PTH116
                if stat.S_ISDIR(info.st_mode):
                    yield from self._tree(path)
                else:
                    yield from self._files(folder, _identity(folder), {name: info})
            except (OSError, ValueError) as error:
                if path not in self.failed:
                    yield self._problem(path, error)

    def _tree(self, root: str) -> Iterator[ImageFile | PassedOver | ScanProblem]:
        """Depth first, without recursion: folders may be nested deeper than Python's stack."""
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            if self._is_long():
                yield PassedOver(0)
            try:
                identity = _identity(folder)
                if identity in self.entered:
                    continue
                entries = os.scandir(folder)
            except OSError as error:
                yield self._problem(folder, error)
                continue
            self.entered.add(identity)
            files: dict[str, os.stat_result | OSError] = {}
            folders: list[str] = []
            lost: dict[str, OSError] = {}
            passed_over = 0
            with entries:
                try:
                    for entry in entries:
                        if self._is_long():
                            yield PassedOver(0)
                        if not self.include_hidden and _is_hidden(entry):
                            passed_over += not _is_folder(entry)
                        elif _is_folder(entry):
                            folders.append(entry.name)
                        elif _is_picture(entry.name):
                            files[entry.name] = _status(entry)
                        elif self.recursive and (loss := _loss(entry)):
                            lost[os.path.join(folder, entry.name)] = loss  # noqa: PTH118
                        else:
                            passed_over += 1
                except OSError as error:
                    yield self._problem(folder, error)
            yield from self._files(folder, identity, files)
            for path in sorted(lost.keys() - self.failed, key=natural_key):
                yield self._problem(path, lost[path])
            if passed_over:
                yield PassedOver(passed_over)
            if self.recursive:
                folders.sort(key=natural_key, reverse=True)
                waiting += [os.path.join(folder, name) for name in folders]  # noqa: PTH118

    def _is_long(self) -> bool:
        """Whether it is time for a sign of life."""
        self.entries += 1
        return self.entries % _ENTRIES_PER_SIGN == 0

    def _problem(self, path: str, error: OSError | ValueError) -> ScanProblem:
        self.failed.add(path)
        return ScanProblem(Path(path), _reason(error, path))

    def _files(
        self,
        folder: str,
        identity: _Identity,
        files: dict[str, os.stat_result] | dict[str, os.stat_result | OSError],
    ) -> Iterator[ImageFile | PassedOver | ScanProblem]:
        parent = Path(folder)
        for name in sorted(files, key=natural_key):
            if self._is_listed(folder, identity, name, files):
                continue
            info = files[name]
            if not _is_picture(name):
                yield PassedOver(1)
            elif isinstance(info, OSError):
                yield self._problem(os.path.join(folder, name), info)  # noqa: PTH118
            elif stat.S_ISREG(info.st_mode):
                yield ImageFile.of(parent / name, info)
            else:
                yield ScanProblem(parent / name, "this is a pipe, a socket or a device, not a file")

    def _is_listed(self, folder: str, identity: _Identity, name: str, beside: Container[str]) -> bool:
        """Whether a file was listed before; if not, it counts as listed from now on.

        Args:
            beside: names that the system told with this one: each of them is a file of its own.
        """
        place = identity, unicodedata.normalize("NFC", name).casefold()
        names = self.listed.get(place, ())
        others = (other for other in names if other not in beside)
        if name in names or any(_is_same(folder, name, other) for other in others):
            return True
        self.listed[place] = *names, name
        return False


def _absolute(root: Path) -> str:
    """A path whose links stay as they are, but for those before a "..": the system follows these first."""
    parts = root.parts
    if ".." not in parts:
        return os.path.abspath(root)  # noqa: PTH100
    rest = parts[len(parts) - parts[::-1].index("..") :]
    try:
        above = Path(*parts[: len(parts) - len(rest)]).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # the last is a loop's, up to Python 3.12
        return str(root.absolute())  # which the system refuses for the same reason
    return str(above.joinpath(*rest))


def _is_same(folder: str, name: str, other: str) -> bool:
    """Whether two spellings name one file, as they do where the file system knows no letter case, or takes
    "é" and "e" with an accent for the same."""
    try:
        found = [os.lstat(os.path.join(folder, each)) for each in (name, other)]  # noqa: PTH118
    except OSError:
        return False
    one, two = ((info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns) for info in found)
    return one == two


def _is_picture(name: str) -> bool:
    """By name, and no AppleDouble companion ("._photo.jpg" holds attributes, no pixels)."""
    return is_image_name(name) and not name.startswith("._")


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    if sys.platform == "win32":
        attributes = entry.stat(follow_symlinks=False).st_file_attributes
        return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)
    return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _loss(entry: os.DirEntry[str]) -> OSError | None:
    """Why a link, which by its name may be one to a folder, leads nowhere; None where it is none such."""
    suffix = os.path.splitext(entry.name)[1][1:]  # noqa: PTH122
    if not entry.is_symlink() or (suffix.isalnum() and not suffix.isdigit()):
        return None
    status = _status(entry)
    return status if isinstance(status, OSError) else None


def _status(entry: os.DirEntry[str]) -> os.stat_result | OSError:
    try:
        return entry.stat()
    except OSError as error:
        return error


def _identity(folder: str) -> _Identity:
    info = os.stat(folder)  # noqa: PTH116
    return info.st_dev, info.st_ino or os.path.realpath(folder)  # some network drives number nothing


def _reason(error: OSError | ValueError, path: str | Path) -> str:
    match error:
        case FileNotFoundError() if os.path.islink(path):  # noqa: PTH114
            if _is_picture(os.path.basename(path)):  # noqa: PTH119
                return "this link leads to a file that is not there"
            return "this link leads to what is not there; connect its disk and try again, or delete the link"
        case FileNotFoundError():
            return "there is no such file or folder (any more)"
        case PermissionError():
            return "no permission to look into it; change its permissions and try again"
        case OSError(errno=errno.ELOOP):
            return "this link leads back to itself; delete it, or point it to a file"
        case OSError(errno=errno.ENAMETOOLONG):
            return "the name is too long for this system; rename it, or move it to a folder higher up"
        case OSError(strerror=str(words)):
            return f"the system cannot reach it ({words}); check the disk or the connection and try again"
    return f"this is not a valid file name ({error})"
