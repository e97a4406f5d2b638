"""Files that the user names to be written: replaced in one step, but no photograph nor file of our own."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from imagesorter.errors import ExportError
from imagesorter.library.formats import is_image_name, sniff
from imagesorter.paths import Home, bundled_models

_TEMPORARY = re.compile(r"\.imagesorter-[0-9a-f]{16}\.tmp")

_DATABASE = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""What databases of SQLite begin with, and the logs beside them: nothing that is written here ever does."""

_LEFT_SECONDS = 3600.0
"""A temporary file that nobody has written to for so long is nobody's any more."""


def replace_text(
    destination: Path, write: Callable[[TextIO], object], originals: Sequence[Path] = ()
) -> None:
    """`replace_bytes` for text in UTF-8, whose line ends stay as `write` makes them."""

    def encoded(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        write(text)
        text.detach()  # which flushes, and leaves the file open

    replace_bytes(destination, encoded, originals)


def replace_bytes(
    destination: Path, write: Callable[[BinaryIO], object], originals: Sequence[Path] = ()
) -> None:
    """Write a file so that its name holds the whole old or the whole new content at any moment.

    Args:
        destination: where it is a link, the link stays and what it points to is replaced.
        write: is given the open file.
        originals: photographs that must stay, whatever they are named and hold.

    Raises:
        ExportError: nothing was written; what was there before is untouched.
    """
    try:
        target = Path(os.path.realpath(destination))
        before = _replaceable(destination, target, originals)
        temporary = _temporary(target)
        # created like any new file, under the process's mask, or as private as the one it replaces
        temporary.touch(0o666 if before is None else before.st_mode & 0o777 | 0o600, exist_ok=False)
        try:
            with temporary.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            if before is not None:
                _adopt(temporary, before)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)
        _sweep(target.parent)
    except OSError as error:
        raise ExportError(f"{destination} could not be written: {_explain(error)}") from error


def check_destination(destination: Path) -> None:
    """Whether a file may be written there, before long work whose result it shall hold.

    Raises:
        ExportError: it may not; nothing was changed.
    """
    try:
        target = Path(os.path.realpath(destination))
        _replaceable(destination, target, ())
        trial = _temporary(target)
        trial.touch(exist_ok=False)  # permissions alone do not tell of read-only disks, nor of quotas
        trial.unlink()
    except OSError as error:
        raise ExportError(f"{destination} could not be written: {_explain(error)}") from error


def check_destinations(destinations: Iterable[Path | None], inputs: Iterable[Path] = ()) -> None:
    """`check_destination` of several files, which must differ from each other and from what is read.

    Args:
        destinations: None stands for one that was not named.

    Raises:
        ExportError: one may not be written.
    """
    taken = {Path(os.path.realpath(path)): "is read" for path in inputs}
    for destination in filter(None, destinations):
        if str(destination) == "-":  # what others take for standard output
            raise ExportError("“-” is no name of a file: name one, such as order.csv.")
        check_destination(destination)
        use = taken.setdefault(target := Path(os.path.realpath(destination)), "")
        if use:
            raise ExportError(f"{destination} {use} by this command: choose another name for what it writes.")
        taken[target] = "is written already"


def check_folder(folder: Path) -> None:
    """Whether a folder can be made, or written into where it is there, before long work that ends in it.

    Raises:
        ExportError: it cannot; nothing was changed.
    """
    there = Path(os.path.realpath(folder))
    while not os.path.lexists(there):
        there = there.parent
    try:
        trial = _temporary(there / folder.name)
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {_explain(error)}") from error


def _temporary(target: Path) -> Path:
    return target.with_name(f".imagesorter-{secrets.token_hex(8)}.tmp")


def _sweep(folder: Path) -> None:
    """Remove what was left in a folder by a process that was killed while it wrote."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not _TEMPORARY.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_SECONDS:
                Path(entry.path).unlink(missing_ok=True)


def _replaceable(destination: Path, target: Path, originals: Sequence[Path]) -> os.stat_result | None:
    """What `destination`, which leads to `target`, is now; None where it is nothing yet.

    Raises:
        ExportError: it must not be replaced.
        OSError: it cannot be.
    """
    if is_image_name(destination) or is_image_name(target):
        raise ExportError(f"{destination} has the name of an image: choose another ending.")
    if any(target.is_relative_to(os.path.realpath(place)) for place in _own_places()):  # or one yet to come
        raise ExportError(
            f"{destination} is one of Imagesorter's own files, never replaced: choose another folder."
        )
    try:
        now = destination.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(now.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(now.st_mode):
        raise ExportError(f"{destination} is not an ordinary file: choose another name.")
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with target.open("rb") as file:
        head = file.read(64)
    if head.startswith(_DATABASE):
        raise ExportError(f"{destination} is a database: choose another name, databases are never replaced.")
    holds_image = sniff(head, target) is not None
    if holds_image or not {destination.absolute(), target}.isdisjoint(originals):
        raise ExportError(f"{destination} is an image: choose another name, images are never replaced.")
    return now


def _own_places() -> Iterator[Path]:
    """Where the application keeps what was taught, models, settings and the cache."""
    home = Home.default()
    own = (home.config / name for name in ("settings.json", "moves.json"))
    yield from (home.data / "models", *own, home.cache, bundled_models())
    yield from (home.data / f"teaching.sqlite{log}" for log in ("", "-wal", "-shm", "-journal"))


def _adopt(temporary: Path, before: os.stat_result) -> None:
    """Give a new file the permissions of the one it replaces, and its owner where that is allowed."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(before.st_mode & 0o777)


def _sync_folder(folder: Path) -> None:
    """Have the new name outlive a power cut, on systems where a folder can be opened for that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_REMEDIES = {
    errno.ENOSPC: "the disk is full. Free some space or choose another folder.",
    errno.EDQUOT: "your disk quota is used up. Free some space or choose another folder.",
    errno.EFBIG: "it would be larger than this disk or account allows. Choose another folder.",
    errno.EACCES: "there is no permission. Close it in other programs, or choose another name or folder.",
    errno.EPERM: "this is not permitted. Close it in other programs, or choose another name or folder.",
    errno.EROFS: "the disk is read-only. Choose another folder.",
    errno.ENOENT: "its folder does not exist. Create the folder or choose another.",
    errno.ENOTDIR: "a part of its path is not a folder. Choose another folder.",
    errno.EISDIR: "it is a folder. Choose the name of a file.",
    errno.ENAMETOOLONG: "its name is too long. Choose a shorter one.",
    errno.ELOOP: "its links lead in a circle. Choose another name.",
}


def _explain(error: OSError) -> str:
    """Reason and remedy in one line."""
    known = _REMEDIES.get(error.errno or 0)
    return known or f"{error.strerror or error}. Try again, or choose another folder."
