"""What can be taught to a model, as its folder tells: sizes alone, which need no torch and no weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagesorter.model.bundle import ADAPTER, ADAPTER_WEIGHTS, CLIP, PUBLISHED, TOWERS, Manifest

Shapes = Mapping[str, tuple[int, ...]]

_LARGEST_HEADER = 10_000_000


@dataclass(frozen=True)
class Teachable:
    """Sizes of what is taught with a model.

    Attributes:
        widths: how many numbers of an image weights may stand for.
        tuned: the tensors that may come together in the place of the model's own head.
    """

    widths: tuple[int, ...]
    tuned: tuple[Shapes, ...] = ()


def teachable(manifest: Manifest) -> Teachable | None:
    """Sizes of what is taught with a model; None where its folder does not tell them."""
    sizes = manifest.adapter
    try:
        match manifest.kind:
            case kind if kind == ADAPTER:
                return _of_adapter(sizes, _shapes(manifest.folder / ADAPTER_WEIGHTS))
            case kind if kind in (TOWERS, PUBLISHED):
                return Teachable((2 * sizes["width"],))  # means and deviations over tokens
            case kind if kind == CLIP:
                config = json.loads((manifest.folder / manifest.clip_config).read_text("utf-8"))
                return Teachable((int(config.get("model_cfg", config)["embed_dim"]),))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None  # it is damaged, which is told where it is loaded
    return None


def _of_adapter(sizes: Mapping[str, int], shapes: Shapes) -> Teachable:
    """As `Ranker.readings` and `TunedHead.changes` have it."""
    width, told = sizes["width"], sizes.get("computed", 0)
    told += sum(shapes[f"branches.networks.{k}.out.bias"][0] for k in range(sizes.get("branches", 0)))
    kept = sizes.get("measures", 0) + sizes.get("counters", 0)
    head = {name: shape for name, shape in shapes.items() if name.startswith("reading.")}
    head["direction"] = (1, 2 * width)
    if kept:
        head["weights"] = (1, kept + told)
    block = f"text_blocks.{sizes.get('text_layers', 1) - 1}."
    layers = {
        name.replace(block, "block."): shape for name, shape in shapes.items() if name.startswith(block)
    }
    layers |= {name: shape for name, shape in shapes.items() if name.startswith("norm_out.")}
    return Teachable((4 * width + kept, 4 * width + kept + told), (head, head | layers))


def _shapes(path: Path) -> Shapes:
    """Of the tensors in a safetensors file, by name. Raises OSError, or what comes of damage."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(min(length, _LARGEST_HEADER)))
    return {name: tuple(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__"}
