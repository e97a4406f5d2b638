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


def not_written(
    models: Path, total: int, error: OSError | SafetensorError, again: str = "import it again"
) -> ModelError:
    """What to tell of a model of `total` bytes that could not be written into the folder of all models, and
    what to do once there is space."""
    if isinstance(error, OSError) and error.errno in FULL:
        return ModelError(
            f"{models}: there is no space for the model: {total / 1e6:,.0f} MB are needed, "
            f"{shutil.disk_usage(models).free / 1e6:,.0f} MB are free. Free some, and {again}."
        )
    reason = error.strerror or error if isinstance(error, OSError) else " ".join(str(error).split())
    return ModelError(f"{models}: the model cannot be written ({reason}).")
