"""What the application remembers between runs: one small JSON file, read leniently, written whole."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from imagesorter.whole import write_text

logger = logging.getLogger(__name__)

HISTORY_LENGTH = 50
"""Queries remembered for completion."""

RECENT_LENGTH = 5
"""Folders remembered."""


@dataclass
class Settings:
    """User choices and window state; every field has a usable default.

    Attributes:
        model: name of the chosen model, None for the bundled one.
        device: "cuda", "mps" or "cpu"; None lets the application choose.
        recursive: folders are read with their subfolders.
        include_hidden: hidden files and folders are read too.
        cache_gigabytes: upper limit of index and thumbnails together, in 10⁹ bytes.
        tile_size: width of a thumbnail tile in logical pixels.
        history: queries, latest first.
        last_folder: where the folder dialog opens.
        recent: folders that were opened, latest first.
        window: opaque window state by widget name (base64 text).
    """

    model: str | None = None
    device: str | None = None
    recursive: bool = True
    include_hidden: bool = False
    cache_gigabytes: float = 10.0
    tile_size: int = 180
    history: list[str] = field(default_factory=list)
    last_folder: str | None = None
    recent: list[str] = field(default_factory=list)
    window: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._unread: Path | None = None

    @classmethod
    def load(cls, folder: Path) -> Settings:
        """Read `folder/settings.json`. Unknown or ill-typed entries fall back to their defaults;
        a file that is no JSON, or a folder in its place, is set aside as `settings.json.broken`. What cannot
        be read at all, for want of permission, stays, and `save` leaves it alone."""
        path = folder / "settings.json"
        settings = cls()
        try:
            stored = json.loads(_text(path))
        except FileNotFoundError:
            return settings
        except OSError as error:
            logger.warning("settings not readable, defaults are used: %s", error)
            settings._unread = path
            return settings
        except (ValueError, RecursionError) as error:
            logger.warning("settings not readable, defaults are used: %s", error)
            try:
                path.replace(path.with_name(path.name + ".broken"))
            except OSError:
                logger.warning("the unreadable settings could not be set aside: %s", path)
            return settings
        if isinstance(stored, dict):
            for entry in fields(cls):
                if entry.name in stored and _fits(stored[entry.name], entry.name):
                    setattr(settings, entry.name, stored[entry.name])
        return settings

    def save(self, folder: Path) -> None:
        """Write `folder/settings.json`, whole or not at all.

        Raises:
            OSError: the folder cannot be written, or what is there could not be read.
        """
        if self._unread == folder / "settings.json":
            raise OSError(
                f"{self._unread} could not be read and is left as it is; make it readable and start again"
            )
        stored = json.dumps(asdict(self), indent=1)  # ASCII: a path may be no text
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "settings.json", stored, private=True)

    def forget(self, query: str) -> None:
        """Leave a query out of the history."""
        self.history = [q for q in self.history if q != query]

    def remember(self, query: str) -> None:
        """Put a query at the head of the history, once."""
        self.history = [query, *(q for q in self.history if q != query)][:HISTORY_LENGTH]

    def remember_folder(self, folder: str) -> None:
        """Put a folder at the head of those that were opened, once."""
        self.recent = [folder, *(known for known in self.recent if known != folder)][:RECENT_LENGTH]


def _text(path: Path) -> str:
    if path.is_dir():  # reading it fails in another way on each system
        raise ValueError(f"{path} is a folder")
    return path.read_text("utf-8")


def _fits(value: Any, name: str) -> bool:
    """Whether a stored value may stand in the field `name`."""
    match name:
        case "model" | "device" | "last_folder":
            return value is None or isinstance(value, str)
        case "recursive" | "include_hidden":
            return isinstance(value, bool)
        case "cache_gigabytes":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0.01 <= value <= 1e5
        case "tile_size":
            return isinstance(value, int) and not isinstance(value, bool) and 64 <= value <= 1024
        case "history" | "recent":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "window":
            return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return False
