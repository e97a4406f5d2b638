"""Adapters that read image tokens: the paper's ablation on its own trunk, and both variants as trained.

"Ranking-aware adapter for text-driven image ordering with CLIP" (ICLR 2025, arXiv 2412.06760). The rows
of the ablation share the trunk of `PublishedVariant`, a pair loss in which equal labels teach nothing,
and scores of unit deviation, so that one differs from the next in what is named alone. `Published` is
the whole as published: labels as they are, and pairs of equal labels counted.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from imagesorter.training.labelled.dataset import Batch
from imagesorter.training.labelled.learner import SCORE_WEIGHT, Learner, losses, some_of
from imagesorter.training.labelled.options import HORIZON, TrainingOptions, Variant
from imagesorter.training.losses import log_smooth_l1, ordered_pairs_loss
from imagesorter.training.study.material import Images, Lesson, Material
from imagesorter.training.study.student import Student


class Adapter(Student):
    """An adapter on image tokens, with the losses of a training of its variant.

    Args:
        width: of the adapter.
    """

    variant: Variant
    rate = 1e-3

    def __init__(self, material: Material, lesson: Lesson, width: int) -> None:
        super().__init__(material, lesson)
        nothing = Path()  # files of a training that does not take place
        options = TrainingOptions(nothing, "", nothing, "", variant=self.variant, width=width)
        self.learner = Learner(material.towers, options)
        self.horizon = HORIZON[self.variant]
        self.learner.look(self.tokens(some_of(lesson.learning.image)))

    def loss(self, batch: Batch) -> Tensor:
        scores, logits = self.learner(self.tokens(batch.images, batch.mirrored), batch.title)
        scale = self.lesson.scales[batch.category]
        parts = losses(
            scores, logits, self.values(batch.values), variant=self.variant, scale=scale, presence=False
        )
        return torch.stack(list(parts.values())).sum()

    def score(self, images: Images, category: int) -> Tensor:
        return self.learner.scores(self.tokens(images), self.title(category))


class Published(Adapter):
    """Architecture and losses as published."""

    variant = "published"


class Ours(Adapter):
    """Our variant, with the average of its last weights."""

    variant = "ours"


class RankAttention(Published):
    """Learning to rank with ranking head and ranking-aware attention: the last row of the ablation.

    Pairs are told by attention over both images at once; the order is by the head's score.
    """

    def loss(self, batch: Batch) -> Tensor:
        scores, logits = self.learner(self.tokens(batch.images, batch.mirrored), batch.title)
        pairs = ordered_pairs_loss(logits, self.values(batch.values))
        return pairs + SCORE_WEIGHT * log_smooth_l1(scores, self.targets(batch))


class RankHead(Published):
    """Learning to rank with the head that makes a score of an image's tokens; pairs are told by the
    difference of two scores."""

    def __init__(self, material: Material, lesson: Lesson, width: int) -> None:
        super().__init__(material, lesson, width)
        adapter = self.learner.adapter
        adapter.reg_tokens.requires_grad_(False)
        _leave(adapter.reg_token_pooler, adapter.pair_regressor)

    def loss(self, batch: Batch) -> Tensor:
        scores = self.learner.scores(self.tokens(batch.images, batch.mirrored), batch.title)
        pairs = ordered_pairs_loss(scores[:, None] - scores[None], self.values(batch.values))
        return pairs + SCORE_WEIGHT * log_smooth_l1(scores, self.targets(batch))


class Rank(RankHead):
    """Learning to rank without any head: the score is the similarity between what the adapter makes of
    an image and the text, times a learned scale, and the pair loss is all there is."""

    def __init__(self, material: Material, lesson: Lesson, width: int) -> None:
        super().__init__(material, lesson, width)
        _leave(self.learner.adapter.reg_ln, self.learner.adapter.regressor)
        self.text_out = nn.Linear(material.embeddings.shape[-1], width)
        self.log_scale = nn.Parameter(torch.tensor(math.log(material.logit_scale())))
        self._texts: dict[str, Tensor] = {}

    def loss(self, batch: Batch) -> Tensor:
        scores = self._similarity(self.tokens(batch.images, batch.mirrored), batch.title)
        return ordered_pairs_loss(scores[:, None] - scores[None], self.values(batch.values))

    def score(self, images: Images, category: int) -> Tensor:
        return self._similarity(self.tokens(images), self.title(category))

    def _similarity(self, tokens: Tensor, title: str) -> Tensor:
        """Image tokens (N, T, C) → (N,)."""
        attended = self.learner.attended(tokens, title)
        if title not in self._texts:
            self._texts[title] = self.material.texts([title])[0]
        text = normalize(self.text_out(self._texts[title]), dim=-1)
        return self.log_scale.exp() * normalize(attended.mean(1), dim=-1) @ text


def _leave(*parts: nn.Module) -> None:
    """Parts that a row of the ablation has not, which then are no parameters of it."""
    for part in parts:
        part.requires_grad_(False)
