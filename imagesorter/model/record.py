"""What a downloaded model's folder says of its download. Free of torch and of the network's libraries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from imagesorter.errors import ModelError

RECORD = "download.json"
"""File in the folder: repository and commit, and the SHA-256 of each file."""

DOWNLOADS = ".downloads"
"""Folder beside the models; what is on its way lies there below its name."""


def write_record(
    folder: Path, repository: str, commit: str = "", sha256: Mapping[str, str] | None = None
) -> None:
    """Write it. Without digests the download is not finished. Raises OSError."""
    stored = {"repository": repository, "commit": commit, "sha256": dict(sha256 or {})}
    (folder / RECORD).write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def recorded(folder: Path) -> dict[str, str]:
    """SHA-256 by file of a downloaded model; empty where it was not downloaded.

    Raises:
        ModelError: the record is damaged.
    """
    try:
        stored = json.loads((folder / RECORD).read_text("utf-8"))
        return {str(name): str(digest) for name, digest in stored["sha256"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder / RECORD}: the record of the download is damaged ({error}). "
            "Remove the model, and get it again."
        ) from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def begun(models: Path) -> dict[str, str]:
    """Unfinished downloads: repository of the hub by name of the model."""
    found = {}
    for record in sorted((models / DOWNLOADS).glob(f"*/{RECORD}")):
        try:
            repository = str(json.loads(record.read_text("utf-8"))["repository"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if arrived(record.parent):
            found[record.parent.name] = repository
    return found


def waiting(name: str, models: Path) -> int:
    """Bytes of an unfinished download that are there; 0 where there is none."""
    return arrived(models / DOWNLOADS / name)


def arrived(folder: Path) -> int:
    """Bytes of weights and other large files in the folder of a download."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".json")
    except OSError:
        return 0
