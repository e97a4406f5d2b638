"""Reading a checkpoint file without ever running what it may hold."""

from __future__ import annotations

import logging
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint

from imagesorter.errors import ModelError

logger = logging.getLogger(__name__)

_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80\x02"
_LONGEST_HEADER = 100_000_000
"""Bytes of a safetensors header, the format's own limit."""

_UNSAFE = re.compile(r"GLOBAL (\S+)")
"""What torch says of a name that it refuses."""

_AGAIN = "Download it again, as a whole."


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, `module.` taken away; mapped, not read, where the format lets it.

    Takes what `torch.save` writes, the weights in `state_dict` or bare, and safetensors files.

    Raises:
        ModelError: no such file, no checkpoint, damaged, or one that would run code.
    """
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise ModelError(f"{path}: the file cannot be read ({error.strerror}).") from error
    if not start:
        raise ModelError(f"{path}: the file is empty. {_AGAIN}")
    if start.startswith((_ZIP, _PICKLE)):
        stored = _read_pickled(path, zipped=start.startswith(_ZIP))
    elif start[8:] == b"{" and int.from_bytes(start[:8], "little") <= _LONGEST_HEADER:
        stored = _read_safetensors(path)
    else:
        raise ModelError(
            f"{path}: this is not a checkpoint. Choose a file that PyTorch has saved (.pt, .pth), "
            "or a .safetensors file."
        )
    return _named(path, stored)


def _read_pickled(path: Path, *, zipped: bool) -> Any:
    try:
        if zipped and (unsafe := get_unsafe_globals_in_checkpoint(str(path))):
            raise _runs_code(path, sorted(unsafe)[0])
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except ModelError:
        raise
    except Exception as error:  # whatever damage leads the readers to
        logger.info("%s: %s", path, error)
        if isinstance(error, pickle.UnpicklingError) and (named := _UNSAFE.search(str(error))):
            raise _runs_code(path, named[1]) from error
        raise ModelError(
            f"{path}: the checkpoint is damaged, cut short, or not a checkpoint at all. {_AGAIN}"
        ) from error


def _runs_code(path: Path, named: str) -> ModelError:
    return ModelError(
        f"{path}: the file holds more than numbers: opening it as it asks would run code (“{named}”). It was "
        "not opened. Take a checkpoint from its authors' own page, saved with weights alone."
    )


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except Exception as error:
        logger.info("%s: %s", path, error)
        raise ModelError(f"{path}: the file is damaged or cut short. {_AGAIN}") from error


def _named(path: Path, stored: Any) -> dict[str, Tensor]:
    state = stored.get("state_dict", stored) if isinstance(stored, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise ModelError(f"{path}: the file holds no named weights. Choose a checkpoint with a “state_dict”.")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ModelError(f"{path}: the file holds no list of weights: “{name}” is not a tensor.")
    wrapped = all(name.startswith("module.") for name in state)
    return {name.removeprefix("module.") if wrapped else name: tensor for name, tensor in state.items()}
