"""Linear heads on a CLIP model's normalised pooled embedding.

Two shapes are known, those of the LAION aesthetic heads: one linear layer (`weight`, `bias`), and a chain
of linear layers with dropout between them (`layers.0.weight`, …). Neither has an activation, and dropout
does nothing outside training, so a head of either shape is one affine map; here it is used as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.model.bundle import HEAD_WEIGHTS
from imagesorter.model.learned import LearnedAttribute

_NAME = re.compile(r"(?:(?P<chain>layers\.)(?P<number>\d{1,3})\.)?(?P<part>weight|bias)")
_EXPECTED = (
    "A head is one linear layer (“weight” 1×E, “bias” 1) or a chain of them (“layers.0.weight”, …) from an "
    "embedding of E numbers to one score"
)
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

AESTHETIC = (
    "aesthetic", "aesthetics", "aesthetic quality", "aesthetic score", "aesthetically pleasing", "beautiful",
    "beauty", "pretty", "prettier", "prettiest", "attractive", "visually appealing",
)  # fmt: skip
"""Words that ask for what the LAION aesthetic heads were trained on: ratings of how much people liked a
picture."""

_LAION = re.compile(r"sa_0_4_|sac[_+]|aesthetic|linearmse")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Head:
    """K affine maps: scores = embeddings · weightᵀ + bias.

    Attributes:
        weight: (K, E) float64.
        bias: (K,) float64.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @property
    def embed_dim(self) -> int:
        """E."""
        return int(self.weight.shape[1])

    def score(self, embeddings: NDArray[np.float64], row: int = 0) -> NDArray[np.float64]:
        """(N, E) normalised embeddings → (N,)."""
        scores: NDArray[np.float64] = embeddings @ self.weight[row] + self.bias[row]
        return scores


def looks_like_head(tensors: Mapping[str, Tensor]) -> bool:
    """Whether a file's tensors bear the names of a head's, whatever their shapes."""
    return bool(tensors) and all(_NAME.fullmatch(name) for name in tensors)


def layers_of(tensors: Mapping[str, Tensor], outputs: int | None = 1) -> list[tuple[Tensor, Tensor]]:
    """Weights (out, in) and biases (out,) of a head's layers, first to last.

    Args:
        outputs: scores that the last layer gives; None allows any number.

    Raises:
        ModelError: it is no head; the message says what was expected and found.
    """
    layers: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        found = _NAME.fullmatch(name)
        if found is None:
            raise ModelError(f"{_EXPECTED}; this file holds “{name}” too.")
        layers.setdefault(int(found["number"] or 0), {})[found["part"]] = tensor
    if len({name.startswith("layers.") for name in tensors}) != 1:
        raise ModelError(f"{_EXPECTED}; this file mixes both.")
    chain: list[tuple[Tensor, Tensor]] = []
    for number, parts in sorted(layers.items()):
        weight, bias = parts.get("weight"), parts.get("bias")
        if weight is None or bias is None or weight.ndim != 2 or bias.shape != weight.shape[:1]:
            raise ModelError(f"{_EXPECTED}; layer {number} of this file is not one ({_shapes(parts)}).")
        if weight.dtype not in _FLOATS or bias.dtype not in _FLOATS:
            raise ModelError(f"{_EXPECTED}; layer {number} of this file holds no decimal numbers.")
        if chain and chain[-1][0].shape[0] != weight.shape[1]:
            raise ModelError(f"{_EXPECTED}; layer {number} of this file does not fit the one before.")
        if not (weight.isfinite().all() and bias.isfinite().all()):
            raise ModelError(f"the file is damaged: layer {number} holds values that are not numbers.")
        chain.append((weight, bias))
    if not chain or 0 in chain[0][0].shape or (outputs is not None and chain[-1][0].shape[0] != outputs):
        raise ModelError(f"{_EXPECTED}; this file gives {chain[-1][0].shape[0] if chain else 0} scores.")
    return chain


def folded(layers: list[tuple[Tensor, Tensor]]) -> Head:
    """A chain of linear layers as one affine map, in double precision."""
    weight = np.eye(layers[0][0].shape[1])
    bias = np.zeros(len(weight))
    for matrix, offset in layers:
        step = matrix.double().numpy()
        weight, bias = step @ weight, step @ bias + offset.double().numpy()
    return Head(weight, bias)


def write_head(layers: list[tuple[Tensor, Tensor]], folder: Path) -> None:
    """Write a head's layers into a model folder, as they are. Raises OSError."""
    tensors = {}
    for number, (weight, bias) in enumerate(layers):
        tensors[f"layers.{number}.weight"] = weight.detach().cpu().contiguous().clone()
        tensors[f"layers.{number}.bias"] = bias.detach().cpu().contiguous().clone()
    save_file(tensors, folder / HEAD_WEIGHTS)


def read_head(folder: Path) -> Head:
    """Read what `write_head` wrote.

    Raises:
        ModelError: it is damaged.
    """
    path = folder / HEAD_WEIGHTS
    try:
        return folded(layers_of(load_file(path), outputs=None))
    except (OSError, SafetensorError, ModelError) as error:
        raise ModelError(f"{path}: the head is damaged. Remove the model, and import it again.") from error


def attribute_of(path: Path, name: str) -> LearnedAttribute:
    """What an imported head scores, by the names of file and model: a file does not say it itself."""
    own = " ".join(_WORD.findall(name.casefold().replace("_", " "))) or name
    if _LAION.search(path.name.casefold()) or _LAION.search(name.casefold()):
        return LearnedAttribute("aesthetic quality", "aesthetic", tuple(dict.fromkeys((*AESTHETIC, own))))
    return LearnedAttribute(own, own, (own,))


def _shapes(parts: Mapping[str, Tensor]) -> str:
    return ", ".join(f"“{name}” {'×'.join(map(str, part.shape))}" for name, part in parts.items())
