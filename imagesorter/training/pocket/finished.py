"""A model that was trained and written, to which something is added afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from imagesorter.errors import ModelError
from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.backbone import Backbone, mean_tokens
from imagesorter.model.branches import BRANCHES, Branches
from imagesorter.model.bundle import ADAPTER_WEIGHTS, CLIP_WEIGHTS, Manifest, read_manifest, write_manifest
from imagesorter.model.counters import COUNTERS

ADDED = (COUNTERS, BRANCHES)
"""How the names of weights begin, in an adapter's, that are fitted to what has been trained."""

_BATCH = 500


@dataclass(frozen=True)
class Finished:
    """A model's parts.

    Attributes:
        manifest: as it was read.
        weights: all of the adapter's, what was added before among them.
        backbone: with its weights, in evaluation.
        adapter: the same, without what was added.
    """

    manifest: Manifest
    weights: dict[str, Tensor]
    backbone: Backbone
    adapter: RankingAdapter

    @classmethod
    def open(cls, folder: Path) -> Finished:
        """Raises ModelError."""
        manifest = read_manifest(folder)
        adapter = RankingAdapter(
            replace(AdapterConfig(**manifest.adapter), counters=0, branches=0, computed=0)
        )
        try:
            # copies: the file is to be replaced while these are in use
            weights = {name: t.clone() for name, t in load_file(folder / ADAPTER_WEIGHTS).items()}
            backbone = Backbone(folder / manifest.clip_config, folder / CLIP_WEIGHTS)
            adapter.load_state_dict({name: t for name, t in weights.items() if not name.startswith(ADDED)})
        except (OSError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"{folder}: weights are missing or damaged. Export the model again.") from error
        for part in (backbone, adapter):
            part.eval().requires_grad_(False)
        return cls(manifest, weights, backbone, adapter)

    def write(self, prefix: str, module: nn.Module | None, **sizes: int) -> None:
        """Write the model with another part in the place of the one that it had; counters go by branches, and
        are dropped with these.

        Args:
            prefix: one of `ADDED`.
            module: the part; None for none.
            sizes: of `AdapterConfig`, that belong to it.
        """
        state: dict[str, Any] = module.state_dict() if module is not None else {}
        replaced: tuple[str, ...] = (prefix,)
        if prefix == BRANCHES:
            replaced, sizes = ADDED, sizes | {"counters": 0}
        weights = {name: t for name, t in self.weights.items() if not name.startswith(replaced)}
        for name, tensor in state.items():
            weights[prefix + name] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        path = self.manifest.folder / ADAPTER_WEIGHTS
        partial = path.with_suffix(".partial")
        save_file(weights, partial)
        partial.chmod(0o644)
        partial.replace(path)
        config = replace(AdapterConfig(**self.manifest.adapter), **sizes)
        write_manifest(replace(self.manifest, adapter=asdict(config)))

    def branches(self) -> Branches | None:
        """Those that the model has, in evaluation."""
        config = AdapterConfig(**self.manifest.adapter)
        if not config.branches:
            return None
        branches = Branches(config.branches, config.early_width, config.width)
        begin = len(BRANCHES)
        branches.load_state_dict({n[begin:]: t for n, t in self.weights.items() if n.startswith(BRANCHES)})
        return branches.eval().requires_grad_(False)

    @torch.no_grad()
    def summaries(self, texts: Sequence[str]) -> Tensor:
        """(N, D) of N texts, as what is added is asked with."""
        parts = []
        for start in range(0, len(texts), _BATCH):
            tokens, mask, _ = self.backbone.text(self.backbone.tokenize(list(texts[start : start + _BATCH])))
            parts.append(self.adapter.text_in(mean_tokens(tokens, mask)))
        return torch.cat(parts)
