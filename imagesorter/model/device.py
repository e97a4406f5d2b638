"""Which processor runs the networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch

from imagesorter.errors import ModelError

DeviceName = Literal["cuda", "mps", "cpu"]


def devices() -> tuple[DeviceName, ...]:
    """Devices of this machine, best first; always ends with "cpu"."""
    found: list[DeviceName] = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose(wanted: str | None = None) -> DeviceName:
    """The wanted device, or the best there is.

    Raises:
        ModelError: the wanted device is unknown or not on this machine.
    """
    there = devices()
    if wanted is None:
        return there[0]
    if wanted not in there:
        raise ModelError(
            f"the device “{wanted}” is not available here; this machine has {', '.join(there)}. "
            "Choose one of these, or let the application choose."
        )
    return wanted


def describe(device: DeviceName) -> str:
    """A name for people: "NVIDIA … (CUDA)", "Apple GPU (MPS)", "CPU"."""
    if device == "cuda":
        return f"{torch.cuda.get_device_name()} (CUDA)"
    return "Apple GPU (MPS)" if device == "mps" else "CPU"


def has_bfloat16() -> bool:
    """Whether this machine's CPU has instructions for bfloat16.

    With them the image networks run twice as fast as in float32; where they are emulated,
    several times slower. False also where torch is too old to tell.
    """
    tell: Callable[[], dict[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    capabilities = tell()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
