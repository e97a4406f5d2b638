"""Backbone and adapter of the bundled model, and the heads that serve their training alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.backbone import Backbone, mean_tokens
from imagesorter.model.measures import count_measures
from imagesorter.training.pocket.attributes import ATTRIBUTES


@dataclass(frozen=True)
class Texts:
    """What the text tower makes of N texts.

    Attributes:
        tokens: (N, L, D).
        mask: (N, L) bool, False for padding.
        means: (N, D) of the tokens that are not padding.
        embeddings: (N, E) of OpenCLIP.
    """

    tokens: Tensor
    mask: Tensor
    means: Tensor
    embeddings: Tensor


class PocketModel(nn.Module):
    """Backbone and adapter, and what serves their training alone."""

    def __init__(self, clip_config: Path, words: int = 1, classes: int = 1) -> None:
        super().__init__()
        self.backbone = Backbone(clip_config)
        # OpenCLIP starts words at 0.02: in a tower this shallow they drown in what all texts share
        nn.init.normal_(self.backbone.clip.text.token_embedding.weight, std=0.5)
        widths = self.backbone.feature_width, self.backbone.text_width
        self.adapter = RankingAdapter(AdapterConfig(*widths, measures=count_measures()))
        for block in self.adapter.text_blocks:
            # a text begins by changing nothing: what is read without it holds from the first step
            for last in (block.attention.out, block.mlp[-1]):  # type: ignore[union-attr, index]
                nn.init.zeros_(last.weight)  # type: ignore[arg-type, union-attr]
        # each side learns what there is to know without having to learn the other's language first
        self.naming = nn.Linear(self.backbone.text_width, len(ATTRIBUTES))
        self.calling = nn.Linear(self.backbone.text_width, words + classes)
        self.seeing_words = nn.Linear(self.backbone.feature_width, words)
        self.seeing_classes = nn.Linear(self.backbone.feature_width, classes)
        self.seeing_attributes = nn.Linear(self.backbone.feature_width, len(ATTRIBUTES))
        self.matching_scale = nn.Parameter(torch.tensor(math.log(10.0)))
        self.clip_scale = nn.Parameter(torch.tensor(math.log(10.0)))

    def texts(self, texts: list[str]) -> Texts:
        """Texts, through the text tower."""
        tokens, mask, embeddings = self.backbone.text(self.backbone.tokenize(texts))
        return Texts(tokens, mask, mean_tokens(tokens, mask), embeddings)
