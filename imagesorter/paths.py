"""Where everything lies, installed or in a checkout. No other module knows these places."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

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
        config: settings, query history, window state.
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
        override = os.environ.get("IMAGESORTER_HOME")
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
        root = root.expanduser().absolute()
        return cls(root / "cache", root / "config", root / "data", root / "logs")
