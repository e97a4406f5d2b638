"""Room on the disk for weights of OpenCLIP's list, asked before any of them are downloaded."""

from __future__ import annotations

import shutil
from pathlib import Path

from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

from imagesorter.errors import ModelError
from imagesorter.model.storing import require_space


def require_room(place: str, title: str) -> None:
    """Whether the disk has room for what is still to be downloaded: one request, or a few.

    Args:
        place: "owner/name/file" of the hub, or "owner/name/", as OpenCLIP's list has it.
        title: for the message.

    Raises:
        ModelError: there is no room.
        Exception: whatever network and hub raise.
    """
    missing = _missing(place)
    cache = Path(constants.HF_HUB_CACHE)
    disk = next(folder for folder in (cache, *cache.parents) if folder.exists())
    try:
        require_space(disk, missing)
    except OSError as error:
        raise ModelError(
            f"{cache}: there is no space for {title}: {missing / 1e6:,.0f} MB are to be downloaded, "
            f"{shutil.disk_usage(disk).free / 1e6:,.0f} MB are free. Nothing was downloaded. Free some, set "
            "HF_HUB_CACHE to a folder on another disk, or download the file elsewhere and name it with "
            "--pretrained."
        ) from error


def _missing(place: str) -> int:
    """Bytes that are not in the hub's cache yet, of the file that OpenCLIP would choose."""
    repository, _, file = place.rpartition("/")
    file = file or HF_WEIGHTS_NAME
    safe = HF_SAFE_WEIGHTS_NAME if file == HF_WEIGHTS_NAME else str(Path(file).with_suffix(".safetensors"))
    try:
        found = hf_hub_download(repository, safe, dry_run=True)
    except EntryNotFoundError:
        found = hf_hub_download(repository, file, dry_run=True)
    return (found.file_size or 0) if found.will_download else 0
