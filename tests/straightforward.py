"""The published model computed as its description reads, without any saving: what the fast one is held to.

Everything is computed for every image and every pair anew, with torch's own layers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from imagesorter.model.published.adapter import PublishedConfig


class _Block(nn.Module):
    def __init__(self, config: PublishedConfig, *, cross: bool) -> None:
        super().__init__()
        width = config.width
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        if cross:
            self.ln_1_kv = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, config.heads, batch_first=True)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, config.mlp_width),
                gelu=nn.GELU(),
                c_proj=nn.Linear(config.mlp_width, width),
            )
        )

    def forward(self, x: Tensor, text: Tensor | None = None) -> Tensor:
        normed = self.ln_1(x)
        context = normed if text is None else self.ln_1_kv(text)
        x = x + self.attn(normed, context, context, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class _Cross(nn.Module):
    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(config, cross=False) for _ in range(config.layers))
        self.cross_attn = nn.ModuleList(_Block(config, cross=True) for _ in range(config.layers))
        self.ln_final = nn.LayerNorm(config.width)
        self.projection = nn.Parameter(torch.empty(config.width, config.width))


def _linears(width: int, depth: int, *, normed: bool) -> nn.Module:
    layers: list[nn.Module] = [nn.LayerNorm(width)] if normed else []
    for _ in range(depth):
        layers += [nn.Linear(width, width), nn.LayerNorm(width), nn.ReLU()]
    return nn.ModuleDict({"pre_linear_block": nn.Sequential(*layers), "output_head": nn.Linear(width, 1)})


class Straightforward(nn.Module):
    """The adapter of `config` with a checkpoint's tensors."""

    def __init__(self, config: PublishedConfig, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.learnable_text_tokens = nn.Parameter(torch.empty(1, config.prompt_tokens))
        self.reg_tokens = nn.Parameter(torch.empty(config.pair_queries, width))
        self.crossmodal_block = _Cross(config)
        layer = nn.TransformerEncoderLayer(width, config.heads, config.fuse_width, batch_first=True)
        self.post_fuse_block = nn.TransformerEncoder(layer, config.fuse_layers, enable_nested_tensor=False)
        self.reg_token_pooler = nn.ModuleDict(
            {name: nn.Linear(width, width) for name in ("q_proj", "kv_proj", "out_proj")}
            | {name: nn.LayerNorm(width) for name in ("ln_q", "ln_kv")}
        )
        self.pair_regressor = _linears(width, 3, normed=True)
        self.reg_ln = nn.LayerNorm(width)
        self.regressor = _linears(width, 2, normed=False)
        prefix = "adapter."
        own = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
        self.load_state_dict(own)
        self.eval().requires_grad_(False)

    def attend(self, image: Tensor, text: Tensor) -> Tensor:
        """The backbone's image tokens (B, T, D) and one text's tokens (L, D) → (B, T, D)."""
        scalars = self.learnable_text_tokens[0, :, None].expand(-1, self.config.width)
        context = torch.cat([scalars, text])[None].expand(len(image), -1, -1)
        cross = self.crossmodal_block
        x = image
        for over_itself, over_text in zip(cross.resblocks, cross.cross_attn, strict=True):
            x = over_text(over_itself(x), context)
        return self.post_fuse_block(cross.ln_final(x) @ cross.projection)

    def score(self, attended: Tensor) -> Tensor:
        """(B, T, D) → (B,)."""
        return _apply(self.regressor, self.reg_ln(attended).sum(1))

    def pair_logits(self, attended: Tensor) -> Tensor:
        """(N, T, D) → (N, N), pair by pair over the tokens of both images."""
        count, tokens, width = attended.shape
        pooler, heads = self.reg_token_pooler, self.config.heads
        queries = _split(pooler["ln_q"](pooler["q_proj"](self.reg_tokens)), heads)
        logits = torch.empty(count, count)
        for i in range(count):
            for j in range(count):
                both = torch.cat([attended[i], attended[j]])
                keys = _split(pooler["ln_kv"](pooler["kv_proj"](both)), heads)
                weights = (queries @ keys.mT / (width // heads) ** 0.5).softmax(-1)
                first = weights[..., :tokens] @ keys[:, :tokens]
                second = weights[..., tokens:] @ keys[:, tokens:]
                difference = (first - second).transpose(0, 1).flatten(1)
                pooled = pooler["out_proj"](difference).sum(0)
                logits[i, j] = _apply(self.pair_regressor, pooled)
        return logits


def image_tokens(clip: Any, images: Tensor) -> Tensor:
    """Normalised images (B, 3, S, S) → the backbone's tokens (B, T, D)."""
    return clip.visual(images).flatten(2).mT


def _apply(module: Any, x: Tensor) -> Tensor:
    return module["output_head"](module["pre_linear_block"](x)).squeeze(-1)


def _split(x: Tensor, heads: int) -> Tensor:
    """(L, D) → (H, L, d)."""
    return x.reshape(len(x), heads, -1).transpose(0, 1)
