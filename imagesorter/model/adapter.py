"""The ranking-aware adapter: (image tokens, text tokens) → score, and → pair logit.

The architecture follows "Ranking-aware adapter for text-driven image ordering with CLIP"
(ICLR 2025, arXiv 2412.06760), with the repairs that make it small and fast:

- all that no text touches (`encode_image`) comes first, so its output can be stored and a
  new query costs one cross-attention block;
- prompt tokens are vectors (a constant token vanishes in the LayerNorm of the keys);
- padding is masked; tokens are averaged, not summed;
- the score is a product of image and text, so that "more" and "less" differ by a sign;
- fixed measures of the image are read beside the backbone's features, and weighed into the score by
  the text: what arithmetic tells exactly, or little data teaches, need not pass through attention;
- the pair head is odd by construction: logit(i, j) = −logit(j, i).

Symbols: B images, T image tokens, L text tokens, D width, Q queries of the pair head, M measures, K counters,
E numbers that branches tell, C computed scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imagesorter.model.branches import LOOKS, Branches
from imagesorter.model.counters import Counters
from imagesorter.model.pair_head import PairHead
from imagesorter.model.text_context import TextContext

_LEAST_DEVIATION = 1e-3
_FARTHEST = 5.0
"""Deviations from the mean beyond which a measure counts no more: a photograph may be like none before."""


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
        measures: M, how many fixed measures of a photograph come with its features; 0 for none.
        measure_tokens: tokens that they become.
        counters: K, how many numbers of things are told by lines on the measures; see
            `imagesorter.model.counters`. They need measures.
        branches: networks that go on from the backbone's early map, the same.
        early_width: channels of that map.
        computed: C, how many scales are kept beside these that no weight takes part in, see
            `imagesorter.model.computed`.
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
    measures: int = 0
    measure_tokens: int = 8
    counters: int = 0
    branches: int = 0
    early_width: int = 0
    computed: int = 0
    standardise: int = 0

    @property
    def kept(self) -> int:
        """M + K + E + C, numbers of an image that texts weigh as they are."""
        return self.measures + self.counters + self.branches * LOOKS + self.computed


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


class MeasureReader(nn.Module):
    """Fixed measures of an image → tokens to attend to, and rows that keep them as they are."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(config.measures))
        self.register_buffer("deviation", torch.ones(config.measures))
        self._width = config.width
        self.rows = -(-config.kept // config.width)
        out = config.measure_tokens * config.width
        self.straight = nn.Linear(config.measures, out)
        self.bent = nn.Sequential(
            nn.Linear(config.measures, 2 * config.width), nn.GELU(), nn.Linear(2 * config.width, out)
        )
        self.norm = nn.LayerNorm(config.width)

    def set_statistics(self, measured: Tensor) -> None:
        """Take mean and deviation of each measure from a sample (N, M)."""
        self.mean.copy_(measured.mean(0))
        self.deviation.copy_(measured.std(0).clamp(min=_LEAST_DEVIATION))

    def forward(self, measured: Tensor) -> Tensor:
        """What is measured (B, M) → tokens (B, measure_tokens, D)."""
        x = self._standardised(measured)
        tokens: Tensor = self.norm((self.straight(x) + self.bent(x)).view(len(x), -1, self._width))
        return tokens

    def kept(self, measured: Tensor, told: Tensor) -> Tensor:
        """Standardised measures (B, M), and what else is told (B, K + E + C), in rows (B, R, D)."""
        kept = torch.cat([self._standardised(measured), told], 1)
        return F.pad(kept, (0, self.rows * self._width - kept.shape[1])).view(len(kept), -1, self._width)

    def _standardised(self, measured: Tensor) -> Tensor:
        return ((measured - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST)


class RankingAdapter(nn.Module):
    """Image tokens × text tokens → score. Scores are pointwise: the same in any batch."""

    image_mean: Tensor
    image_deviation: Tensor

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        if (config.counters or config.branches or config.computed) and not config.measures:
            raise ValueError("counters, branches and computed scales need measures")
        self.config = config
        width = config.width
        if config.standardise:
            self.register_buffer("image_mean", torch.zeros(config.image_width))
            self.register_buffer("image_deviation", torch.ones(config.image_width))
        self.image_in = nn.Sequential(nn.Linear(config.image_width, width), nn.LayerNorm(width))
        self.measures = MeasureReader(config) if config.measures else None
        self.counters = (
            Counters(config.counters, config.image_width, config.measures, width, config.branches * LOOKS)
            if config.counters
            else None
        )
        self.branches = Branches(config.branches, config.early_width, width) if config.branches else None
        self.image_blocks = nn.ModuleList(Block(config, cross=False) for _ in range(config.image_layers))
        self.text_in = nn.Linear(config.text_width, width)
        self.prompt = nn.Parameter(0.02 * torch.randn(config.prompt_tokens, width))
        self.text_blocks = nn.ModuleList(Block(config, cross=True) for _ in range(config.text_layers))
        self.norm_out = nn.LayerNorm(width)
        self.reading = nn.Sequential(nn.Linear(width, 2 * width), nn.LayerNorm(2 * width), nn.GELU())
        self.direction = nn.Linear(width, 2 * width)
        self.weights = nn.Linear(width, config.measures) if config.measures else None
        if self.weights is not None:
            nn.init.zeros_(self.weights.weight)
            nn.init.zeros_(self.weights.bias)
        self.pair_head = PairHead(width, config.heads, config.pair_queries)
        self.pair_direction = nn.Linear(width, width)

    def set_statistics(self, features: Tensor) -> None:
        """Take mean and deviation of each channel from a sample of features (B, T, image_width)."""
        flat = features.flatten(0, 1)
        self.image_mean.copy_(flat.mean(0))
        # a channel that hardly varies carries nothing, and must not be blown up
        deviation = flat.std(0)
        self.image_deviation.copy_(deviation.clamp(min=1e-2 * float(deviation.max()) + 1e-6))

    def encode_image(
        self,
        features: Tensor,
        measured: Tensor | None = None,
        early: Tensor | None = None,
        close: Tensor | None = None,
        computed: Tensor | None = None,
    ) -> Tensor:
        """What is stored of an image.

        Args:
            features: the backbone's feature map, (B, T, image_width).
            measured: (B, M), see `imagesorter.model.measures`, where the adapter reads measures.
            early: the backbone's early map (B, early_width, h, w), where the adapter has branches.
            close: (B, M), measures to keep as they are in the place of `measured`, see `Ranker`.
            computed: (B, C), see `imagesorter.model.computed`; not known where None.

        Returns:
            (B, T, D); with measures (B, T + measure_tokens + R, D), the last R rows the measures themselves,
            what counters and branches tell, and what is computed.
        """
        told = features.new_zeros(len(features), 0)
        if self.branches is not None:
            assert early is not None
            told = self.branches.told(early)
        if self.counters is not None and measured is not None:
            told = torch.cat([self.counters.told(features, measured, told), told], 1)
        if self.config.computed:
            unknown = told.new_zeros(len(told), self.config.computed)
            told = torch.cat([told, unknown if computed is None else computed], 1)
        if self.config.standardise:
            features = (features - self.image_mean) / self.image_deviation
        x = self.image_in(features)
        rows = x[:, :0]
        if self.measures is not None:
            assert measured is not None
            tokens = self.measures(measured)
            rows = self.measures.kept(measured if close is None else close, told)
            x = torch.cat([x, tokens], 1)
        for block in self.image_blocks:
            x = block(x)
        return torch.cat([x, rows], 1)

    def split(self, stored: Tensor) -> tuple[Tensor, Tensor]:
        """What is stored (B, T, D) → tokens to attend to, and what is kept as it is (B, M + K + E + C)."""
        if self.measures is None:
            return stored, stored[:, 0, :0]
        kept = stored.shape[1] - self.measures.rows
        return stored[:, :kept], stored[:, kept:].flatten(1)[:, : self.config.kept]

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
            measures=self._weights(summary),
        )

    def _weights(self, summary: Tensor) -> Tensor | None:
        """(1, D) of a text → its weights of all that is kept (1, M + K + E + C), as `weigh` takes them."""
        if self.weights is None:
            return None
        # `weigh` divides by the root of their number: measures count as if alone, all others in full
        count = self.config.kept
        parts = [self.weights(summary) * (count / self.config.measures) ** 0.5]
        parts += [
            more.asked(summary) * count**0.5 for more in (self.counters, self.branches) if more is not None
        ]
        parts.append(summary.new_zeros(len(summary), self.config.computed))  # see `weighing`
        return torch.cat(parts, 1)

    def weighing(self, text: TextContext, column: int, weight: float, *, alone: bool) -> TextContext:
        """A text's context with a weight for one of the computed scales.

        Args:
            column: of the scale, below C.
            weight: that its unit has in the score.
            alone: nothing else makes the score, whatever the text says.
        """
        assert text.measures is not None
        weights = torch.zeros_like(text.measures) if alone else text.measures.clone()
        # `weigh` divides by the root of their number
        weights[:, self.config.kept - self.config.computed + column] = weight * self.config.kept**0.5
        if not alone:
            return replace(text, measures=weights)
        direction, pair_direction = torch.zeros_like(text.direction), torch.zeros_like(text.pair_direction)
        return replace(text, direction=direction, pair_direction=pair_direction, measures=weights)

    def attend(self, stored: Tensor, text: TextContext) -> Tensor:
        """What is stored (B, T, D) → tokens that have seen the text; the rows of measures are left out."""
        tokens, _ = self.split(stored)
        for block, context in zip(self.text_blocks, text.blocks, strict=True):
            tokens = block(tokens, context)
        return self.norm_out(tokens)  # type: ignore[no-any-return]

    def score(self, attended: Tensor, text: TextContext, measures: Tensor | None = None) -> Tensor:
        """Output of `attend`, and measures of `split` → scores (B,), about unit deviation where learned."""
        return weigh(self.reading(attended.mean(1)), measures, text.direction, text.measures)[:, 0]

    def along(self, texts: Sequence[TextContext]) -> Tensor:
        """Where the scores of texts lie among mean and deviation of the tokens, what `reading` makes of the
        attended ones, and what is kept: (4 D + M + K + E + C, texts); each in the unit of its score."""
        read, kept = 2 * self.config.width, self.config.kept
        units = torch.eye(read + kept, device=self.prompt.device)
        directions = torch.cat([text.direction for text in texts]) if texts else units[:0, :read]
        weights = [text.measures for text in texts if text.measures is not None]
        scores = weigh(units[:, :read], units[:, read:], directions, torch.cat(weights) if weights else None)
        return F.pad(scores, (0, 0, 2 * self.config.width, 0))

    def pair_logits(self, attended: Tensor, text: TextContext) -> Tensor:
        """Output of `attend` (B, T, D) → logits (B, B) that the row's image has more than the column's."""
        lse, mean = self.pair_head.statistics(attended)
        return self.pair_head.grid(lse, mean, text.pair_direction)

    def forward(self, stored: Tensor, text: TextContext) -> Tensor:
        """What is stored (B, T, D) → scores (B,)."""
        return self.score(self.attend(stored, text), text, self.split(stored)[1])


def weigh(readings: Tensor, measures: Tensor | None, directions: Tensor, weights: Tensor | None) -> Tensor:
    """What a score is: the reading along the text's direction, and the measures by the text's weights.

    Args:
        readings: (B, 2 D).
        measures: (B, M + K + E + C), all that is kept of an image as it is, or None.
        directions: (Q, 2 D) of Q texts.
        weights: (Q, M + K + E + C), or None where the adapter reads no measures.

    Returns:
        (B, Q).
    """
    scores: Tensor = readings @ directions.T / readings.shape[1] ** 0.5
    if weights is not None and measures is not None:
        scores = scores + measures @ weights.T / measures.shape[1] ** 0.5
    return scores
