"""Whether a model fits in memory, asked before any of its weights are read."""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import psutil
import torch
from torch import Tensor, nn

from imagesorter.errors import ModelError

_BATCH = {"cpu": 16}
_GPU_BATCH = 64
_CGROUP = Path("/sys/fs/cgroup")
_SPARE = 300_000_000
"""Bytes that the rest of the application takes beside a model: decoders, window, torch's own buffers."""

_ALIVE = 2.0
"""Inputs and outputs of the largest layer, so many times over, are taken to be alive at once: an
estimate, for residual branches and the allocator's rounding."""


@dataclass(frozen=True)
class Needs:
    """What a model takes, in bytes.

    Attributes:
        parameters: weights in float32, as the networks run.
        activations: of the largest batch.
    """

    parameters: int
    activations: int

    @property
    def total(self) -> int:
        """Both."""
        return self.parameters + self.activations


def batch_size(device: str) -> int:
    """Images that a tower is given at once."""
    return _BATCH.get(device, _GPU_BATCH)


def require_towers(title: str, config: dict[str, Any], device: str | None) -> None:
    """`require` for an OpenCLIP model. On CUDA there must be room for one image: batches are halved until
    they fit, see `batches`.

    Args:
        title: for the message.
        config: as in OpenCLIP's `model_configs`.
        device: where it will run, such as "cuda:1"; None asks for room for the weights alone.

    Raises:
        ModelError: there is no room, or this is no configuration of an OpenCLIP model.
    """
    if device is None:
        require(title, needs_of_towers(config, 0), "cpu")
        return
    device = device.partition(":")[0]
    require(title, needs_of_towers(config, 1 if device == "cuda" else batch_size(device)), device)


def needs_of_towers(config: dict[str, Any], batch: int) -> Needs:
    """What an OpenCLIP model takes to read `batch` images at once.

    The networks are run without numbers (on torch's "meta" device), which takes neither memory nor time.

    Args:
        config: as in OpenCLIP's `model_configs`.

    Raises:
        ModelError: this is no configuration of an OpenCLIP model.
    """
    settings = copy.deepcopy(config)
    settings.pop("custom_text", None)
    settings["vision_cfg"]["timm_model_pretrained"] = False
    made = open_clip.CoCa if "multimodal_cfg" in settings else open_clip.CustomTextCLIP
    try:
        with torch.device("meta"):
            clip = made(**settings)
            size = clip.visual.image_size
            height, width = (size, size) if isinstance(size, int) else size
            images = torch.zeros(1, 3, height, width)
    except (TypeError, KeyError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelError(f"this is not a configuration of an OpenCLIP model: {error}") from error
    numbers = sum(tensor.numel() for tensor in (*clip.parameters(), *clip.buffers()))
    return Needs(4 * numbers, math.ceil(_ALIVE * batch * _largest_layer(clip.visual.eval(), images)))


def free(device: str) -> int:
    """Bytes that are free for a model on "cuda", "mps" or "cpu"."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    if device == "mps":
        allowed = torch.mps.recommended_max_memory()
        return max(int(allowed - torch.mps.driver_allocated_memory()), 0)
    available = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # a container's own limit; "max" is none
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        available = min(available, limit - used + _reclaimable())
    return max(available, 0)


def require(title: str, needs: Needs, device: str) -> None:
    """Refuse a model for which there is no room. Weights come to a graphics card by way of main memory.

    Raises:
        ModelError: with the figures.
    """
    if device == "cuda":
        require(title, Needs(needs.parameters, 0), "cpu")
    there = free(device)
    if needs.total + (0 if device == "cuda" else _SPARE) <= there:
        return
    where = "memory" if device == "cpu" else "the graphics card's memory"
    remedy = "choose a smaller model" if device == "cpu" else "choose a smaller model, or the CPU as device"
    raise ModelError(
        f"“{title}” does not fit in {where}: it takes {_gigabytes(needs.total)} GB "
        f"({_gigabytes(needs.parameters)} of weights, {_gigabytes(needs.activations)} to work with), and "
        f"{_gigabytes(there)} GB are free. Close other programs, or {remedy}."
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f}"


def _reclaimable() -> int:
    """Bytes of files that a container's group holds in memory and would give up."""
    with suppress(OSError, ValueError):
        for line in (_CGROUP / "memory.stat").read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "inactive_file":
                return int(count)
    return 0


def _largest_layer(network: nn.Module, inputs: Tensor) -> int:
    """Bytes of inputs and outputs of the layer that has most of them, for one image."""
    largest = 4 * inputs.numel()

    def note(module: nn.Module, given: tuple[Any, ...], result: Any) -> None:
        nonlocal largest
        tensors = [one for one in (*given, result) if isinstance(one, Tensor)]
        largest = max(largest, sum(4 * tensor.numel() for tensor in tensors))

    leaves = [module for module in network.modules() if not any(True for _ in module.children())]
    handles = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        with torch.inference_mode(), suppress(RuntimeError, NotImplementedError, ValueError):
            network(inputs)  # what cannot be run without numbers counts as far as it got
    finally:
        for handle in handles:
            handle.remove()
    return largest
