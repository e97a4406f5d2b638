"""Learned context: what stands before a title is learned, all else stays as the backbone has it."""

from __future__ import annotations

from typing import Any

import open_clip
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from imagesorter.model.towers import Towers
from imagesorter.training.labelled.dataset import Batch
from imagesorter.training.losses import score_rank_loss
from imagesorter.training.study.material import Images, Lesson, Material
from imagesorter.training.study.student import Student

CONTEXT = 4
"""Learned vectors before a title."""


class LearnedContext(Student):
    """CoOp (Zhou et al., Learning to Prompt for Vision-Language Models, arXiv 2109.01134) for orders.

    Each category has context vectors of its own before its title, at the place of words' embeddings; the
    text tower is frozen. The score is the cosine between image and text; the loss, which CoOp has over
    classes, is over the order within a batch, at the backbone's own logit scale.
    """

    rate = 1e-2

    def __init__(self, material: Material, lesson: Lesson) -> None:
        super().__init__(material, lesson)
        words = material.towers.clip.text.token_embedding.weight
        shape = len(lesson.scales), CONTEXT, words.shape[1]
        # CoOp starts at deviation 0.02, that of CLIP's own words; small towers have larger ones
        self.context = nn.Parameter(float(words.detach().std()) * torch.randn(shape))
        self._scale = material.logit_scale()

    def loss(self, batch: Batch) -> Tensor:
        scores = self._scale * (self.pooled(batch) @ self._direction(batch.category, batch.title))
        group = torch.zeros(len(scores), dtype=torch.long, device=scores.device)
        return score_rank_loss(scores, self.values(batch.values), group, scale=1.0)

    def score(self, images: Images, category: int) -> Tensor:
        return self.material.pooled(images) @ self._direction(category, self.title(category))

    def _direction(self, category: int, title: str) -> Tensor:
        return normalize(embedded(self.material.towers, self.context[category], title), dim=-1)


def embedded(towers: Towers, context: Tensor, title: str) -> Tensor:
    """The text tower's embedding (E,) of a title behind context vectors (M, width).

    The title loses its end where both do not fit.
    """
    count = len(context)
    short: Tensor = towers.tokenizer([title], towers.context_length - count)
    begin = 1 if _begins(towers.tokenizer, short) else 0
    place = slice(begin, begin + count)
    # ids that are neither padding nor an end: masks and pooling go by them
    filler = short[:, begin : begin + 1].expand(-1, count)
    ids = torch.cat([short[:, :begin], filler, short[:, begin:]], 1).to(context.device)

    def replaced(module: nn.Module, inputs: tuple[Tensor, ...], words: Tensor) -> Tensor:
        return torch.cat([words[:, : place.start], context[None], words[:, place.stop :]], 1)

    handle = towers.clip.text.token_embedding.register_forward_hook(replaced)
    try:
        return towers.text(ids).embedding[0].float()
    finally:
        handle.remove()


def _begins(tokenizer: Any, ids: Tensor) -> bool:
    """Whether texts begin with a token of their own, before the first word."""
    if isinstance(tokenizer, open_clip.SimpleTokenizer):
        return True
    inner = getattr(tokenizer, "tokenizer", tokenizer)  # OpenCLIP's wrapper of Hugging Face's
    start = getattr(inner, "bos_token_id", None)
    return start is not None and bool(ids[0, 0] == start)
