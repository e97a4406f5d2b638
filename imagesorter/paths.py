"""Where everything lies, installed or in a checkout. No other module knows these places."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from imagesorter.errors import StorageError

VARIABLE = "IMAGESORTER_HOME"
"""Of the environment: a folder below which everything is stored."""

_NO_FOLDER = {errno.EEXIST: "it is not a folder", errno.ENOTDIR: "a part of its path is not a folder"}

_PACKAGE = Path(__file__).resolve().parent


def _bundled(name: str) -> Path:
    """The wheel carries `models` and `resources` inside the package; a checkout has them beside it."""
    installed = _PACKAGE / "_bundled" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def bundled_models() -> Path:
    """Folder of the models that come with the application (read only)."""
    return _bundled("models")


def catalog() -> Path:
    """The list of known models, TOML (read only)."""
    return bundled_models() / "catalog.toml"


def resources() -> Path:
    """Folder of icons and styles (read only)."""
    return _bundled("resources")


@dataclass(frozen=True)
class Home:
    """The user's folders. Created on first use, never at import.

    Attributes:
        cache: what can be computed again: index, tokens, thumbnails.
        config: settings, query history, window state, photographs moved by hand.
        data: what the user would miss: imported models, labels.
        logs: log files.
    """

    cache: Path
    config: Path
    data: Path
    logs: Path

    @classmethod
    def default(cls) -> Home:
        """The platform's own places, or all four under `$IMAGESORTER_HOME` where that is set."""
        override = os.environ.get(VARIABLE)
        if override:
            return cls.under(Path(override))
        dirs = platformdirs.PlatformDirs("imagesorter", appauthor=False)
        return cls(
            cache=dirs.user_cache_path,
            config=dirs.user_config_path,
            data=dirs.user_data_path,
            logs=dirs.user_log_path,
        )

    @classmethod
    def under(cls, root: Path) -> Home:
        """All four folders below one root: portable use, and tests."""
        with suppress(RuntimeError):  # a user of whom nothing is known: the name is one like any other
            root = root.expanduser()
        root = root.absolute()
        return cls(root / "cache", root / "config", root / "data", root / "logs")

    def require(self, *, writable: bool = False) -> None:
        """Make the folders that work cannot do without, and see whether they may be read: one that may not be
        written still has what was taught and read in it, and what has to write tells of it.

        Args:
            writable: they must be, too.

        Raises:
            StorageError: one cannot be used.
        """
        may = os.R_OK | os.X_OK | (os.W_OK if writable else 0)
        for folder in (self.cache, self.data):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    continue  # what makes room must work; what needs room tells of it
                reason = _NO_FOLDER.get(error.errno or 0) or error.strerror or str(error)
                raise StorageError(_unusable(folder, reason)) from error
            if not os.access(folder, may):
                raise StorageError(_unusable(folder, os.strerror(errno.EACCES)))


def _unusable(folder: Path, reason: str) -> str:
    """What is wrong with a folder of the user's, and the remedy."""
    place = os.environ.get(VARIABLE)
    if place:
        return (
            f"{VARIABLE} is set to {place}, and {folder} cannot be used: {reason}. Set it to a writable "
            "folder, or unset it."
        )
    return f"{folder} cannot be used: {reason}. Make it writable, or set {VARIABLE} to another folder."
