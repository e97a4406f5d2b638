"""Recognising the published architecture by its tensors, and building it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.model.published.adapter import PublishedAdapter, PublishedConfig

ADAPTER_PREFIX = "adapter."
_ADAPTER_HEADS = 8
_MARKS = (
    "adapter.crossmodal_block.projection",
    "adapter.reg_token_pooler.kv_proj.weight",
    "adapter.regressor.output_head.weight",
    "visual.trunk.stem.0.weight",
    "visual.trunk.head.fc.weight",
    "token_embedding.weight",
)
"""Tensors without which a checkpoint is certainly another one."""


@dataclass(frozen=True)
class _Trunk:
    """An image tower that the adapter was published on, with what leaves no trace in tensors."""

    timm_name: str
    image_size: int
    text_heads: int


_TRUNKS: dict[tuple[int, ...], _Trunk] = {
    (192, 384, 768, 1536): _Trunk("convnext_large", 320, 12),  # OpenCLIP's convnext_large_d_320
    (40, 80, 160, 320): _Trunk("convnext_atto", 96, 4),  # the same in small, for checks
}
"""By the widths of the ConvNeXt's four stages."""


@dataclass(frozen=True)
class Architecture:
    """A published model's configuration.

    Attributes:
        clip: OpenCLIP configuration of the backbone.
        adapter: sizes of the adapter.
    """

    clip: dict[str, Any]
    adapter: PublishedConfig

    @property
    def name(self) -> str:
        """Name of the backbone's configuration in OpenCLIP, also the stem of its file."""
        vision = self.clip["vision_cfg"]
        return f"published-{vision['timm_model_name']}-{vision['image_size']}"


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> Architecture:
    """The configuration of a checkpoint with tensors of these names and shapes.

    Raises:
        ModelError: it is of another architecture; the message says what was expected and found.
    """
    absent = [mark for mark in _MARKS if mark not in shapes]
    if absent:
        kind = "a CLIP model without the adapter" if _is_clip(shapes) else "something else"
        raise ModelError(
            f"this is another architecture. Expected the paper's ranking-aware adapter on a ConvNeXt, with "
            f"tensors such as “{absent[0]}”; found {kind}: {len(shapes)} tensors {_some(list(shapes))}."
        )
    try:
        architecture = Architecture(_clip_config(shapes), _adapter_config(shapes))
    except (KeyError, IndexError, ValueError) as error:
        raise ModelError(
            f"this is another architecture. It has the paper's adapter in part: {error} is not there."
        ) from error
    _compare(expected_shapes(architecture), shapes)
    return architecture


def expected_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors, as in the authors' files."""
    clip, adapter = _skeleton(architecture)
    shapes = {name: tuple(tensor.shape) for name, tensor in clip.state_dict().items()}
    return shapes | {ADAPTER_PREFIX + name: tuple(t.shape) for name, t in adapter.state_dict().items()}


def build(architecture: Architecture, tensors: Mapping[str, Tensor]) -> tuple[Any, PublishedAdapter]:
    """Build the networks around the tensors, without a copy where these are float32.

    Args:
        architecture: of the tensors.
        tensors: by their names in the authors' files.

    Returns:
        the OpenCLIP model and the adapter, in float32, ready to run.

    Raises:
        RuntimeError: names or shapes do not fit.
    """
    clip, adapter = _skeleton(architecture)
    own = {name: tensor.float() for name, tensor in tensors.items()}
    clip_state = {name: tensor for name, tensor in own.items() if not name.startswith(ADAPTER_PREFIX)}
    clip.load_state_dict(clip_state, assign=True)
    # the causal mask is no tensor of the checkpoint, so the skeleton's has no numbers yet
    length = clip.attn_mask.shape[0]
    clip.attn_mask = torch.full((length, length), -math.inf).triu_(1)
    adapter.load_state_dict(
        {name.removeprefix(ADAPTER_PREFIX): own[name] for name in own.keys() - clip_state.keys()}, assign=True
    )
    for module in (clip, adapter):
        module.eval().requires_grad_(False)
    return clip, adapter


def write_clip_config(architecture: Architecture, folder: Path) -> str:
    """Write the backbone's configuration; returns the file's name."""
    name = f"{architecture.name}.json"
    (folder / name).write_text(json.dumps(architecture.clip, indent=1) + "\n", "utf-8")
    return name


def _skeleton(architecture: Architecture) -> tuple[Any, PublishedAdapter]:
    """Networks without numbers: in no time and no memory."""
    with torch.device("meta"):
        return open_clip.CLIP(**architecture.clip), PublishedAdapter(architecture.adapter)


def _clip_config(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    widths = tuple(shapes[f"visual.trunk.stages.{stage}.blocks.0.conv_dw.bias"][0] for stage in range(4))
    trunk = _TRUNKS.get(widths)
    if trunk is None:
        known = ", ".join(f"{t.timm_name} {'/'.join(map(str, w))}" for w, t in _TRUNKS.items())
        found = "/".join(map(str, widths))
        raise ModelError(
            f"this is another architecture. Expected an image tower {known}; "
            f"found a ConvNeXt of widths {found}."
        )
    vocabulary, width = shapes["token_embedding.weight"]
    return {
        "embed_dim": shapes["text_projection"][1],
        "vision_cfg": {
            "timm_model_name": trunk.timm_name,
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "",
            "image_size": trunk.image_size,
        },
        "text_cfg": {
            "context_length": shapes["positional_embedding"][0],
            "vocab_size": vocabulary,
            "width": width,
            "heads": trunk.text_heads,
            "layers": _count(shapes, r"transformer\.resblocks\.(\d+)\."),
        },
    }


def _adapter_config(shapes: Mapping[str, tuple[int, ...]]) -> PublishedConfig:
    queries, width = shapes["adapter.reg_tokens"]
    return PublishedConfig(
        width=width,
        heads=_ADAPTER_HEADS,
        layers=_count(shapes, r"adapter\.crossmodal_block\.resblocks\.(\d+)\."),
        fuse_layers=_count(shapes, r"adapter\.post_fuse_block\.layers\.(\d+)\."),
        mlp_width=shapes["adapter.crossmodal_block.resblocks.0.mlp.c_fc.weight"][0],
        fuse_width=shapes["adapter.post_fuse_block.layers.0.linear1.weight"][0],
        prompt_tokens=shapes["adapter.learnable_text_tokens"][1],
        pair_queries=queries,
    )


def _count(shapes: Mapping[str, tuple[int, ...]], pattern: str) -> int:
    """How many layers are numbered by a pattern's group."""
    numbers = {int(match[1]) for name in shapes if (match := re.match(pattern, name))}
    return max(numbers, default=-1) + 1


def _compare(expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> None:
    differences = []
    if absent := [name for name in expected if name not in found]:
        differences.append(f"{len(absent)} tensors are not there {_some(absent)}")
    if added := [name for name in found if name not in expected]:
        differences.append(f"{len(added)} are too many {_some(added)}")
    # OpenCLIP's single numbers are stored with one axis or none, and loaded as either
    for name in (n for n in expected if n in found and (found[n] or (1,)) != (expected[n] or (1,))):
        differences.append(f"“{name}” is {_shape(found[name])}, expected {_shape(expected[name])}")
        break
    if differences:
        raise ModelError(
            f"this is another architecture than the published adapter: {'; '.join(differences)}."
        )


def _is_clip(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return any(name.startswith("visual.") for name in shapes)


def _some(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:2])
    return f"({shown}{', …' if len(names) > 2 else ''})"


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"
