"""Files that the user names to be written: replaced in one step, but no photograph nor file of our own."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TextIO

from imagesorter.errors import ExportError
from imagesorter.library.formats import is_image_name, sniff
from imagesorter.paths import Home, bundled_models
from imagesorter.whole import temporary_beside, write_whole

_DATABASE = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""What databases of SQLite begin with, and the logs beside them: nothing that is written here ever does."""


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
    """`write_whole` of a file that the user names.

    Args:
        destination: where it is a link, the link stays and what it points to is replaced.
        write: is given the open file.
        originals: photographs that must stay, whatever they are named and hold.

    Raises:
        ExportError: nothing was written; what was there before is untouched.
    """
    try:
        target = Path(os.path.realpath(destination))
        _require_replaceable(destination, target, originals)
        write_whole(target, write)
    except OSError as error:
        raise ExportError(f"{destination} could not be written: {_explain(error)}") from error


def check_destination(destination: Path) -> None:
    """Whether a file may be written there, before long work whose result it shall hold.

    Raises:
        ExportError: it may not; nothing was changed.
    """
    try:
        target = Path(os.path.realpath(destination))
        _require_replaceable(destination, target, ())
        trial = temporary_beside(target)
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
        trial = temporary_beside(there / folder.name)
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {_explain(error)}") from error


def _require_replaceable(destination: Path, target: Path, originals: Sequence[Path]) -> None:
    """Refuse what must stay, or cannot be replaced.

    Args:
        target: where `destination` leads to.

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
        return
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


def _own_places() -> Iterator[Path]:
    """Where the application keeps what was taught, models, settings and the cache."""
    home = Home.default()
    own = (home.config / name for name in ("settings.json", "moves.json"))
    yield from (home.data / "models", *own, home.cache, bundled_models())
    yield from (home.data / f"teaching.sqlite{log}" for log in ("", "-wal", "-shm", "-journal"))


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
