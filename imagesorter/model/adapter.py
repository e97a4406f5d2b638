"""The ranking-aware adapter: (image tokens, text tokens) → score, and → pair logit.

The architecture follows "Ranking-aware adapter for text-driven image ordering with CLIP"
(ICLR 2025, arXiv 2412.06760), with the repairs that make it small and fast:

- all that no text touches (`encode_image`) comes first, so its output can be stored and a
  new query costs one cross-attention block;
- prompt tokens are vectors (a constant token vanishes in the LayerNorm of the keys);
- padding is masked; tokens are averaged, not summed;
- the score is a product of image and text, so that "more" and "less" differ by a sign;
- the pair head is odd by construction: logit(i, j) = −logit(j, i).

Symbols: B images, T image tokens, L text tokens, D width, Q queries of the pair head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imagesorter.model.details import DetailReader


@dataclass(frozen=True)
class AdapterConfig:
    """Sizes of the adapter.

    Attributes:
        image_width: channels of the backbone's feature map.
        text_width: channels of the text tower's tokens.
        width: D, divisible by `heads`.
        heads: attention heads.
        image_layers: self-attention blocks before the text comes in; free at query time.
        text_layers: cross-attention blocks.
        mlp_ratio: hidden width of the blocks' MLPs over D.
        prompt_tokens: learned vectors before the text tokens.
        pair_queries: Q.
        detail_channels: width of the reader of details, see `DetailReader`; 0 for none.
        standardise: 1 brings each channel of the image tokens to mean 0 and deviation 1 first, as
            `set_statistics` was told; a frozen backbone's channels differ by orders of magnitude.
    """

    image_width: int
    text_width: int
    width: int = 128
    heads: int = 4
    image_layers: int = 2
    text_layers: int = 1
    mlp_ratio: int = 2
    prompt_tokens: int = 4
    pair_queries: int = 8
    detail_channels: int = 0
    standardise: int = 0


class Attention(nn.Module):
    """Multi-head attention of x (B, T, D) over context; keys and values can be computed once."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def keys_values(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L, D) → keys, values, (B, heads, L, D / heads) each."""
        keys, values = self.key_value(context).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """(B, T, D) → (B, T, D); keys and values of batch 1 serve every image."""
        queries = self._split(self.query(x))
        keys, values = (t.expand(len(x), -1, -1, -1) for t in (keys, values))
        mixed = F.scaled_dot_product_attention(queries, keys, values)
        return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


class Block(nn.Module):
    """Pre-norm attention and MLP with residuals; over itself, or over a text's keys and values."""

    def __init__(self, config: AdapterConfig, *, cross: bool) -> None:
        super().__init__()
        width = config.width
        self.norm_attention = nn.LayerNorm(width)
        self.norm_context = nn.LayerNorm(width) if cross else None
        self.attention = Attention(width, config.heads)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, config.mlp_ratio * width), nn.GELU(), nn.Linear(config.mlp_ratio * width, width)
        )

    def context(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a text (1, L, D): once per query."""
        assert self.norm_context is not None
        return self.attention.keys_values(self.norm_context(text))

    def forward(self, x: Tensor, context: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """(B, T, D) → (B, T, D)."""
        normed = self.norm_attention(x)
        keys, values = self.attention.keys_values(normed) if context is None else context
        x = x + self.attention(normed, keys, values)
        return x + self.mlp(self.norm_mlp(x))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class TextContext:
    """All that a query's text contributes to a score, computed once.

    Attributes:
        blocks: keys and values of each cross-attention block, (1, heads, P + L, D / heads).
        direction: (1, 2 D), what the score head reads off an image; opposite for antonyms.
        pair_direction: (1, D), the same for the pair head.
    """

    blocks: tuple[tuple[Tensor, Tensor], ...]
    direction: Tensor
    pair_direction: Tensor


class PairHead(nn.Module):
    """Ranking-aware attention: learned queries look at both images at once.

    One softmax runs over the tokens of images i and j together; with each image's own
    log-sum-exp ℓ and attention mean v̄ it factors into w = σ(ℓ_i − ℓ_j) and
    O_i − O_j = w·v̄_i − (1 − w)·v̄_j, so N² logits need no N² token tensors.
    """

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(config.pair_queries, width) / width**0.5)
        self.key_value = nn.Linear(width, 2 * width)
        # no bias and odd activations: f(−x) = −f(x)
        self.out = nn.Linear(width, width, bias=False)
        self.hidden = nn.Linear(width, width, bias=False)

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Per-image halves of the joint attention.

        Args:
            x: (B, T, D), the tokens after the cross-attention blocks.

        Returns:
            log-sum-exp (B, heads, Q) and attention mean (B, heads, Q, D / heads).
        """
        keys, values = (
            t.reshape(*t.shape[:2], self.heads, -1).transpose(1, 2)
            for t in self.key_value(self.norm(x)).chunk(2, dim=-1)
        )
        queries = self.queries.reshape(len(self.queries), self.heads, -1).transpose(0, 1)
        logits = queries @ keys.mT / queries.shape[-1] ** 0.5  # (B, heads, Q, T)
        return logits.logsumexp(-1), logits.softmax(-1) @ values

    def forward(
        self, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor], direction: Tensor
    ) -> Tensor:
        """Logits that the first image has more, (B,).

        Args:
            first, second: two batches of `statistics`.
            direction: (1, D), from the text.
        """
        weight = torch.sigmoid(first[0] - second[0])[..., None]
        difference = weight * first[1] - (1 - weight) * second[1]  # (B, heads, Q, D / heads)
        pooled = self.out(difference.transpose(1, 2).flatten(2)).mean(1)
        reading = torch.tanh(self.hidden(pooled))
        return (reading * direction).sum(-1)

    def grid(self, lse: Tensor, mean: Tensor, direction: Tensor) -> Tensor:
        """All pairs of one batch of `statistics`, without a tensor of B² × queries × width: (B, B)."""
        weight = torch.sigmoid(lse[:, None] - lse[None])  # (B, B, heads, Q)
        difference = torch.einsum("ijhq,ihqd->ijhd", weight, mean)  # summed over the queries
        difference = difference - torch.einsum("ijhq,jhqd->ijhd", 1 - weight, mean)
        pooled = self.out(difference.flatten(2) / lse.shape[-1])
        reading = torch.tanh(self.hidden(pooled))
        return (reading * direction).sum(-1)


class RankingAdapter(nn.Module):
    """Image tokens × text tokens → score. Scores are pointwise: the same in any batch."""

    image_mean: Tensor
    image_deviation: Tensor

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        if config.standardise:
            self.register_buffer("image_mean", torch.zeros(config.image_width))
            self.register_buffer("image_deviation", torch.ones(config.image_width))
        self.image_in = nn.Sequential(nn.Linear(config.image_width, width), nn.LayerNorm(width))
        self.details = DetailReader(width, config.detail_channels) if config.detail_channels else None
        self.image_blocks = nn.ModuleList(Block(config, cross=False) for _ in range(config.image_layers))
        self.text_in = nn.Linear(config.text_width, width)
        self.prompt = nn.Parameter(0.02 * torch.randn(config.prompt_tokens, width))
        self.text_blocks = nn.ModuleList(Block(config, cross=True) for _ in range(config.text_layers))
        self.norm_out = nn.LayerNorm(width)
        self.reading = nn.Sequential(nn.Linear(width, 2 * width), nn.LayerNorm(2 * width), nn.GELU())
        self.direction = nn.Linear(width, 2 * width)
        self.pair_head = PairHead(config)
        self.pair_direction = nn.Linear(width, width)

    def set_statistics(self, features: Tensor) -> None:
        """Take mean and deviation of each channel from a sample of features (B, T, image_width)."""
        flat = features.flatten(0, 1)
        self.image_mean.copy_(flat.mean(0))
        # a channel that hardly varies carries nothing, and must not be blown up
        deviation = flat.std(0)
        self.image_deviation.copy_(deviation.clamp(min=1e-2 * float(deviation.max()) + 1e-6))

    def encode_image(self, features: Tensor, details: Tensor | None = None) -> Tensor:
        """What is stored of an image.

        Args:
            features: the backbone's feature map, (B, T, image_width).
            details: (B, 8, 3, s, s) RGB in [0, 255], where the adapter reads details.

        Returns:
            (B, T, D), or (B, T + 8, D) with details.
        """
        return self.mix(features, None if self.details is None else self.details(details))

    def mix(self, features: Tensor, read: Tensor | None = None) -> Tensor:
        """The same from what was read of the details, (B, 8, D)."""
        if self.config.standardise:
            features = (features - self.image_mean) / self.image_deviation
        x = self.image_in(features)
        if read is not None:
            x = torch.cat([x, read], 1)
        for block in self.image_blocks:
            x = block(x)
        return x  # type: ignore[no-any-return]

    def encode_text(self, tokens: Tensor, mask: Tensor) -> TextContext:
        """One text → its context.

        Args:
            tokens: (L, text_width), the text tower's tokens after its last norm.
            mask: (L,) bool, False for padding.
        """
        kept = self.text_in(tokens[mask])
        text = torch.cat([self.prompt, kept])[None]
        summary = kept.mean(0, keepdim=True)
        return TextContext(
            blocks=tuple(block.context(text) for block in self.text_blocks),  # type: ignore[operator]
            direction=self.direction(summary),
            pair_direction=self.pair_direction(summary),
        )

    def attend(self, tokens: Tensor, text: TextContext) -> Tensor:
        """Stored tokens (B, T, D) → tokens that have seen the text (B, T, D)."""
        for block, context in zip(self.text_blocks, text.blocks, strict=True):
            tokens = block(tokens, context)
        return self.norm_out(tokens)  # type: ignore[no-any-return]

    def score(self, attended: Tensor, text: TextContext) -> Tensor:
        """Output of `attend` → scores (B,); learned attributes are on a scale of unit deviation."""
        reading = self.reading(attended.mean(1))
        return (reading * text.direction).sum(-1) / reading.shape[-1] ** 0.5  # type: ignore[no-any-return]

    def pair_logits(self, attended: Tensor, text: TextContext) -> Tensor:
        """Output of `attend` (B, T, D) → logits (B, B) that the row's image has more than the column's."""
        lse, mean = self.pair_head.statistics(attended)
        return self.pair_head.grid(lse, mean, text.pair_direction)

    def forward(self, tokens: Tensor, text: TextContext) -> Tensor:
        """Stored tokens (B, T, D) → scores (B,)."""
        return self.score(self.attend(tokens, text), text)
