"""The adapter as published, for training: a yardstick for our own variant, on any towers.

"Ranking-aware adapter for text-driven image ordering with CLIP" (ICLR 2025, arXiv 2412.06760), built
straight from its description, with what our variant repairs left as it is: prompt tokens that
are scalars spread over all channels, padding not masked, sums instead of means, a pair head that
is not odd. Tensors below `crossmodal_block`, `post_fuse_block`, `reg_token_pooler`, `pair_regressor`,
`reg_ln` and `regressor` are named and shaped as in the authors' checkpoints.

Symbols: B images, T image tokens, L text tokens, P prompt tokens, D width, H heads, Q pair queries.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class PublishedVariantConfig:
    """Sizes; the defaults are the published ones.

    Attributes:
        image_width: channels of the image tokens.
        text_width: channels of the text tokens.
        width: D.
        heads: H.
        layers: rounds of self-attention and cross-attention, and encoder layers after them.
        prompt_tokens: P, scalars.
        pair_queries: Q.
    """

    image_width: int
    text_width: int
    width: int = 768
    heads: int = 8
    layers: int = 2
    prompt_tokens: int = 32
    pair_queries: int = 16


class _Block(nn.Module):
    """Pre-norm attention and MLP (4 ×, exact GELU) with residuals."""

    def __init__(self, config: PublishedVariantConfig, *, cross: bool) -> None:
        super().__init__()
        width = config.width
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, config.heads, batch_first=True)
        if cross:
            self.ln_1_kv = nn.LayerNorm(width)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(c_fc=nn.Linear(width, 4 * width), gelu=nn.GELU(), c_proj=nn.Linear(4 * width, width))
        )

    def forward(self, x: Tensor, text: Tensor | None = None) -> Tensor:
        """(B, T, D), and (1, L, D) for cross-attention → (B, T, D)."""
        query = self.ln_1(x)
        context = query if text is None else self.ln_1_kv(text).expand(len(x), -1, -1)
        x = x + self.attn(query, context, context, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]


class _CrossModal(nn.Module):
    def __init__(self, config: PublishedVariantConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(config, cross=False) for _ in range(config.layers))
        self.cross_attn = nn.ModuleList(_Block(config, cross=True) for _ in range(config.layers))
        self.ln_final = nn.LayerNorm(config.width)
        self.projection = nn.Parameter(config.width**-0.5 * torch.randn(config.width, config.width))


class _Pooler(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ln_q, self.ln_kv = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q_proj, self.kv_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)


class _Regressor(nn.Module):
    """(Linear, LayerNorm, ReLU) × depth, Linear → 1; `normed` puts a LayerNorm before."""

    def __init__(self, width: int, depth: int, *, normed: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.LayerNorm(width)] if normed else []
        for _ in range(depth):
            layers += [nn.Linear(width, width), nn.LayerNorm(width), nn.ReLU()]
        self.pre_linear_block = nn.Sequential(*layers)
        self.output_head = nn.Linear(width, 1)
        for layer in (*layers, self.output_head):
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(…, D) → (…)."""
        return self.output_head(self.pre_linear_block(x)).squeeze(-1)  # type: ignore[no-any-return]


class PublishedVariant(nn.Module):
    """Image tokens × text tokens → score, and pair logits; the interface of `RankingAdapter`."""

    def __init__(self, config: PublishedVariantConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        # the published model's `visual.trunk.head`; there it is random and frozen
        self.image_in = nn.Sequential(
            nn.LayerNorm(config.image_width, eps=1e-6), nn.Linear(config.image_width, width)
        )
        same = config.text_width == width  # as in the published model
        self.text_in = nn.Identity() if same else nn.Linear(config.text_width, width)
        self.learnable_text_tokens = nn.Parameter(
            config.prompt_tokens**-0.5 * torch.randn(1, config.prompt_tokens)
        )
        self.crossmodal_block = _CrossModal(config)
        layer = nn.TransformerEncoderLayer(width, config.heads, width, dropout=0.1, batch_first=True)
        self.post_fuse_block = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.reg_tokens = nn.Parameter(width**-0.5 * torch.randn(config.pair_queries, width))
        self.reg_token_pooler = _Pooler(width)
        self.pair_regressor = _Regressor(width, 3, normed=True)
        self.reg_ln = nn.LayerNorm(width)
        self.regressor = _Regressor(width, 2, normed=False)

    def encode_image(self, features: Tensor) -> Tensor:
        """Image tokens (B, T, image_width) → (B, T, D), all that no text touches."""
        x: Tensor = self.crossmodal_block.resblocks[0](self.image_in(features))
        return x

    def encode_text(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """One text's tokens (L, text_width) → (1, P + L, D); padding takes part, so the mask does not."""
        del mask
        prompts = self.learnable_text_tokens.view(-1, 1).expand(-1, self.config.width)
        return torch.cat([prompts, self.text_in(tokens)])[None]

    def attend(self, tokens: Tensor, text: Tensor) -> Tensor:
        """Output of `encode_image` (B, T, D) → tokens that have seen the text (B, T, D)."""
        cross = self.crossmodal_block
        x = cross.cross_attn[0](tokens, text)
        for own, over_text in zip(cross.resblocks[1:], cross.cross_attn[1:], strict=True):
            x = over_text(own(x), text)
        x = cross.ln_final(x) @ cross.projection
        return self.post_fuse_block(x)  # type: ignore[no-any-return]

    def score(self, attended: Tensor, text: Tensor) -> Tensor:
        """Output of `attend` → scores (B,)."""
        del text
        return self.regressor(self.reg_ln(attended).sum(1))  # type: ignore[no-any-return]

    def pair_logits(self, attended: Tensor, text: Tensor) -> Tensor:
        """Output of `attend` (B, T, D) → logits (B, B) that the row's image has more than the column's.

        The softmax over the tokens of both images is taken through each image's log-sum-exp.
        """
        del text
        pooler, heads = self.reg_token_pooler, self.config.heads

        def split(x: Tensor) -> Tensor:
            return x.reshape(*x.shape[:-1], heads, -1).transpose(-3, -2)

        queries = split(pooler.ln_q(pooler.q_proj(self.reg_tokens)))  # (H, Q, d)
        keys = split(pooler.ln_kv(pooler.kv_proj(attended)))  # (B, H, T, d); values are the same
        logits = queries @ keys.mT / keys.shape[-1] ** 0.5
        lse, mean = logits.logsumexp(-1), logits.softmax(-1) @ keys
        weight = torch.sigmoid(lse[:, None] - lse[None])  # (B, B, H, Q)
        difference = torch.einsum("ijhq,ihqd->ijhd", weight, mean)  # summed over the queries,
        difference = difference - torch.einsum("ijhq,jhqd->ijhd", 1 - weight, mean)
        bias = self.config.pair_queries * pooler.out_proj.bias  # and so is the projection's bias
        pooled = difference.flatten(2) @ pooler.out_proj.weight.T + bias
        return self.pair_regressor(pooled)  # type: ignore[no-any-return]

    def forward(self, tokens: Tensor, text: Tensor) -> Tensor:
        """Output of `encode_image` (B, T, D) → scores (B,)."""
        return self.score(self.attend(tokens, text), text)
