"""Room on the disk for a model, and what to say where there is none."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from safetensors import SafetensorError

from imagesorter.errors import ModelError

_SPARE = 10_000_000
"""Bytes beyond the weights that have to be free on the disk."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says of a disk, or of an account's part of it, that takes no more."""


def require_space(folder: Path, total: int) -> None:
    """Whether `total` bytes can be written below a folder. Raises OSError where they cannot."""
    if shutil.disk_usage(folder).free < total + _SPARE:
        raise OSError(errno.ENOSPC, "not enough space")


def not_written(folder: Path, total: int, error: OSError | SafetensorError) -> ModelError:
    """What to tell of a model of `total` bytes that could not be written into a folder."""
    if isinstance(error, OSError) and error.errno in FULL:
        return ModelError(
            f"{folder.parent}: there is no space for the model, {total / 1e6:,.0f} MB. Free some, "
            "and import it again."
        )
    reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
    return ModelError(f"{folder.parent}: the model cannot be written ({reason}).")
