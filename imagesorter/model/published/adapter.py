"""The paper's adapter as its authors published it, with the savings that change no number; for their
checkpoints and, as `variant`, for trainings of one's own.

"Ranking-aware adapter for text-driven image ordering with CLIP" (ICLR 2025, arXiv 2412.06760).
Modules are named as in the authors' checkpoints. What is saved against their code:

- the first self-attention block comes before any text, so its output is what is stored;
- keys and values of the text are computed once per query, for every block;
- the learned prompt tokens are scalars spread over all channels; the LayerNorm of the keys turns
  each into its own offset, so all of them are one token whose logit gains the logarithm of
  their number;
- every image sees the same text, so the cross-attention of a batch is one long sequence;
- pair logits follow from each image's log-sum-exp and attention mean.

Symbols: B, N images, T image tokens, L text tokens, D width, H heads, d = D / H, Q queries of the
pair head.
"""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_DROPOUT = 0.1
"""In training, within the encoder layers."""

_PAIRS_AT_ONCE = 8192
"""Pairs that go through the pair head together: about 25 MB a tensor at D = 768."""


@dataclass(frozen=True)
class PublishedConfig:
    """Sizes of the published adapter.

    Attributes:
        width: D, of image and text tokens alike.
        heads: H, in every attention.
        layers: rounds of self-attention and cross-attention.
        fuse_layers: encoder layers after them.
        mlp_width: hidden width of the blocks' MLPs.
        fuse_width: hidden width of the encoder layers.
        prompt_tokens: learned scalars before the text.
        pair_queries: Q.
    """

    width: int
    heads: int
    layers: int
    fuse_layers: int
    mlp_width: int
    fuse_width: int
    prompt_tokens: int
    pair_queries: int


@dataclass(frozen=True)
class PublishedText:
    """What a text contributes to the scores of all images.

    Attributes:
        blocks: keys and values of each cross-attention block, (1, H, 1 + L, d) each.
        logits: (1 + L,), added to the attention's logits: log of how many equal tokens one stands for.
    """

    blocks: tuple[tuple[Tensor, Tensor], ...]
    logits: Tensor


@dataclass(frozen=True)
class PairStatistics:
    """What an image brings into its comparison with any other.

    Attributes:
        lse: (N, H, Q), log-sum-exp of the attention logits over the image's tokens.
        mean: (N, H, Q, d), attention mean of its values.
    """

    lse: Tensor
    mean: Tensor


class Attention(nn.Module):
    """Multi-head attention with the packed projections, and the start, of `torch.nn.MultiheadAttention`."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.width, self.heads, self.dropout = width, heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def keys_values(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L, D) → keys, values (B, H, L, d)."""
        packed = F.linear(context, self.in_proj_weight[self.width :], self.in_proj_bias[self.width :])
        keys, values = packed.chunk(2, dim=-1)
        return split_heads(keys, self.heads), split_heads(values, self.heads)

    def over_itself(self, x: Tensor) -> Tensor:
        """(B, T, D) → (B, T, D)."""
        packed = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        queries, keys, values = (split_heads(part, self.heads) for part in packed)
        dropped = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(queries, keys, values, dropout_p=dropped)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def over_text(self, x: Tensor, keys: Tensor, values: Tensor, logits: Tensor) -> Tensor:
        """(B, T, D) over one text's keys and values (1, H, L, d) with logits (L,) added → (B, T, D)."""
        queries = F.linear(x, self.in_proj_weight[: self.width], self.in_proj_bias[: self.width])
        line = split_heads(queries.reshape(1, -1, self.width), self.heads)
        mixed = F.scaled_dot_product_attention(
            line,
            keys.to(line.dtype),
            values.to(line.dtype),
            attn_mask=logits.to(line.dtype)[None, None, None],
        )
        return self.out_proj(mixed.transpose(1, 2).reshape(x.shape))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Pre-norm attention and MLP with residuals; `cross` attends to a text, else to itself."""

    def __init__(self, config: PublishedConfig, *, cross: bool) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width)
        self.attn = Attention(config.width, config.heads)
        if cross:
            self.ln_1_kv = nn.LayerNorm(config.width)
        self.ln_2 = nn.LayerNorm(config.width)
        layers = OrderedDict(
            c_fc=nn.Linear(config.width, config.mlp_width),
            gelu=nn.GELU(),
            c_proj=nn.Linear(config.mlp_width, config.width),
        )
        self.mlp = nn.Sequential(layers)

    def context(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Text tokens (L, D) → keys and values (1, H, 1 + L, d); the first stands for the prompt tokens."""
        normed = torch.cat([self.ln_1_kv.bias[None], self.ln_1_kv(text)])
        return self.attn.keys_values(normed[None])

    def over_itself(self, x: Tensor) -> Tensor:
        """(B, T, D) → (B, T, D)."""
        x = x + self.attn.over_itself(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]

    def over_text(self, x: Tensor, context: tuple[Tensor, Tensor], logits: Tensor) -> Tensor:
        """(B, T, D) → (B, T, D)."""
        x = x + self.attn.over_text(self.ln_1(x), *context, logits)
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]


class CrossModalBlock(nn.Module):
    """Rounds of self- and cross-attention."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(config, cross=False) for _ in range(config.layers))
        self.cross_attn = nn.ModuleList(Block(config, cross=True) for _ in range(config.layers))
        self.ln_final = nn.LayerNorm(config.width)
        self.projection = nn.Parameter(config.width**-0.5 * torch.randn(config.width, config.width))


class EncoderLayer(nn.Module):
    """Post-norm transformer encoder layer, as `torch.nn.TransformerEncoderLayer`."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config.width, config.heads, _DROPOUT)
        self.linear1 = nn.Linear(config.width, config.fuse_width)
        self.linear2 = nn.Linear(config.fuse_width, config.width)
        self.norm1 = nn.LayerNorm(config.width)
        self.norm2 = nn.LayerNorm(config.width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) → (B, T, D)."""
        x = self.norm1(x + self._dropped(self.self_attn.over_itself(x)))
        hidden = self._dropped(F.relu(self.linear1(x)))
        return self.norm2(x + self._dropped(self.linear2(hidden)))  # type: ignore[no-any-return]

    def _dropped(self, x: Tensor) -> Tensor:
        return F.dropout(x, _DROPOUT, self.training)


class FuseBlock(nn.Module):
    """Encoder layers, one after the other; they start alike, as those of `torch.nn.TransformerEncoder`."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        layer = EncoderLayer(config)
        self.layers = nn.ModuleList(copy.deepcopy(layer) for _ in range(config.fuse_layers))


class PairPooler(nn.Module):
    """The ranking-aware attention's projections."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(width, width)
        self.kv_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)
        self.ln_q = nn.LayerNorm(width)
        self.ln_kv = nn.LayerNorm(width)


class Regressor(nn.Module):
    """(Linear, LayerNorm, ReLU) × depth and a Linear to one number; with `normed`, a LayerNorm before."""

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


class PublishedAdapter(nn.Module):
    """(image tokens, text tokens) → score, and pair logits; the interface of `RankingAdapter`."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.sizes = config
        width = config.width
        prompt = config.prompt_tokens**-0.5 * torch.randn(1, config.prompt_tokens)
        # it has no gradient, for its values change nothing
        self.learnable_text_tokens = nn.Parameter(prompt, requires_grad=False)
        self.reg_tokens = nn.Parameter(width**-0.5 * torch.randn(config.pair_queries, width))
        self.crossmodal_block = CrossModalBlock(config)
        self.post_fuse_block = FuseBlock(config)
        self.reg_token_pooler = PairPooler(width)
        self.pair_regressor = Regressor(width, 3, normed=True)
        self.reg_ln = nn.LayerNorm(width)
        self.regressor = Regressor(width, 2, normed=False)

    def encode_image(self, tokens: Tensor) -> Tensor:
        """Backbone's tokens (B, T, D) → tokens after the first self-attention block (B, T, D), to store."""
        first: Block = self.crossmodal_block.resblocks[0]  # type: ignore[assignment]
        return first.over_itself(tokens)

    def encode_text(self, tokens: Tensor, mask: Tensor | None = None) -> PublishedText:
        """One text's tokens (L, D) → its keys and values; padding takes part, so that the mask does not."""
        del mask
        logits = torch.zeros(1 + len(tokens), device=tokens.device)
        logits[0] = math.log(self.sizes.prompt_tokens)
        blocks = self.crossmodal_block.cross_attn
        return PublishedText(tuple(block.context(tokens) for block in blocks), logits)  # type: ignore[operator]

    def attend(self, tokens: Tensor, text: PublishedText) -> Tensor:
        """Stored tokens (B, T, D) → tokens that have seen the text, what both heads read (B, T, D)."""
        cross = self.crossmodal_block
        x = tokens
        for place, (block, context) in enumerate(zip(cross.cross_attn, text.blocks, strict=True)):
            if place:
                x = cross.resblocks[place].over_itself(x)  # type: ignore[operator]
            x = block.over_text(x, context, text.logits)  # type: ignore[operator]
        x = cross.ln_final(x) @ cross.projection
        for layer in self.post_fuse_block.layers:
            x = layer(x)
        return x  # type: ignore[no-any-return]

    def score(self, attended: Tensor, text: PublishedText | None = None) -> Tensor:
        """Output of `attend` (B, T, D) → scores (B,); the order is by these. The text is not read again."""
        del text
        return self.regressor(self.reg_ln(attended).sum(1))  # type: ignore[no-any-return]

    def forward(self, tokens: Tensor, text: PublishedText) -> Tensor:
        """Stored tokens (B, T, D) → scores (B,)."""
        return self.score(self.attend(tokens, text))

    def pair_logits(self, attended: Tensor, text: PublishedText | None = None) -> Tensor:
        """Output of `attend` (N, T, D) → logits (N, N), see `compare`. The text is not read again."""
        del text
        return self.compare(self.pair_statistics(attended))

    def pair_statistics(self, attended: Tensor) -> PairStatistics:
        """Output of `attend` (N, T, D) → what each image brings into its pairs."""
        pooler, heads = self.reg_token_pooler, self.sizes.heads
        queries = split_heads(pooler.ln_q(pooler.q_proj(self.reg_tokens))[None], heads)
        keys = split_heads(pooler.ln_kv(pooler.kv_proj(attended)), heads)  # values are the same
        logits = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (N, H, Q, T)
        return PairStatistics(logits.logsumexp(-1), logits.softmax(-1) @ keys)

    def compare(self, statistics: PairStatistics) -> Tensor:
        """Logits (N, N) that the image of the row has more than the image of the column.

        The softmax over both images' tokens gives the first image the weight
        w = σ(lse_i − lse_j), so O_i − O_j = w·mean_i − (1 − w)·mean_j. The head is not odd:
        ½(ℓ_ij − ℓ_ji) is.
        """
        lse, mean = statistics.lse, statistics.mean
        count = len(lse)
        logits = torch.empty(count, count, dtype=lse.dtype, device=lse.device)
        step = max(_PAIRS_AT_ONCE // max(count, 1), 1)
        for start in range(0, count, step):
            rows = slice(start, start + step)
            logits[rows] = self._pair_rows(lse[rows], mean[rows], lse, mean)
        return logits

    def _pair_rows(self, lse_i: Tensor, mean_i: Tensor, lse_j: Tensor, mean_j: Tensor) -> Tensor:
        """Logits of R images against N: (R, N)."""
        weight = torch.sigmoid(lse_i[:, None] - lse_j[None])  # (R, N, H, Q)
        difference = torch.einsum("rnhq,rhqd->rnhd", weight, mean_i)  # summed over the queries
        difference -= torch.einsum("rnhq,nhqd->rnhd", 1 - weight, mean_j)
        projection = self.reg_token_pooler.out_proj
        pooled = F.linear(difference.flatten(2), projection.weight)
        pooled += self.sizes.pair_queries * projection.bias  # the sum over queries, taken afterwards
        return self.pair_regressor(pooled)  # type: ignore[no-any-return]


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, L, D) → (B, H, L, d)."""
    return x.reshape(*x.shape[:2], heads, x.shape[-1] // heads).transpose(1, 2)
