"""Methods that learn an order as levels: few, many, more; the score is the level that is expected."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.functional import normalize

from imagesorter.training.labelled.dataset import Batch
from imagesorter.training.study.material import Images, Lesson, Material, subject
from imagesorter.training.study.student import Student

LEVELS = 10
BASES = 3
"""Learned vectors between which the levels' prototypes lie."""


class Levelled(Student):
    """Σ k · softmax_k(logits): the level that is expected of an image.

    Subclasses keep the logarithm of what similarities are multiplied by as `log_scale`, learned as CLIP's.
    """

    def __init__(self, material: Material, lesson: Lesson) -> None:
        super().__init__(material, lesson)
        self.log_scale = nn.Parameter(torch.tensor(math.log(material.logit_scale())))

    @abstractmethod
    def prototypes(self, category: int) -> Tensor:
        """(LEVELS, E) normalised."""

    def project(self, embeddings: Tensor) -> Tensor:
        """(N, E) → (N, E) normalised."""
        return embeddings

    def score(self, images: Images, category: int) -> Tensor:
        chances = self.logits(self.material.pooled(images), category).softmax(-1)
        return chances @ torch.arange(LEVELS, dtype=chances.dtype, device=chances.device)

    def logits(self, embeddings: Tensor, category: int) -> Tensor:
        """(N, E) → (N, LEVELS)."""
        return self.log_scale.exp() * self.project(embeddings) @ self.prototypes(category).mT

    def levels(self, batch: Batch) -> Tensor:
        """(N,) int64."""
        found = self.lesson.levels(batch.category, batch.values, LEVELS)
        return torch.from_numpy(found).to(self.log_scale.device)


class Prototypes(Levelled):
    """The idea of OrdinalCLIP (Li et al., arXiv 2206.02338): few vectors are learned, and the ranks lie
    between them, so that neighbours in rank are neighbours in space.

    There the vectors are words that pass through the text tower; here they stand beside the embeddings,
    and start from that of the category's title.
    """

    rate = 1e-2
    between: Tensor

    def __init__(self, material: Material, lesson: Lesson) -> None:
        super().__init__(material, lesson)
        titles = material.texts([titles[0] for titles in lesson.learning.titles])[:, None]
        noise = torch.randn(len(titles), BASES, titles.shape[-1]) / titles.shape[-1] ** 0.5
        self.bases = nn.Parameter(titles.cpu() + 0.1 * noise)
        places = np.linspace(0, BASES - 1, LEVELS)
        between = np.stack([np.interp(places, range(BASES), row) for row in np.eye(BASES)], 1)
        self.register_buffer("between", torch.from_numpy(between.astype(np.float32)))

    def prototypes(self, category: int) -> Tensor:
        return normalize(self.between @ self.bases[category], dim=-1)

    def loss(self, batch: Batch) -> Tensor:
        return F.cross_entropy(self.logits(self.pooled(batch), batch.category), self.levels(batch))


class Contrastive(Levelled):
    """CLIP's own loss between images and captions that say how much they have, as the paper's ablation
    begins (arXiv 2412.06760): "number of people, 3 of 10".

    The towers are frozen; a linear map of the image embedding, at first the identity, is trained.
    """

    rate = 1e-2

    def __init__(self, material: Material, lesson: Lesson) -> None:
        super().__init__(material, lesson)
        self.projection = nn.Parameter(torch.eye(material.embeddings.shape[-1]))
        subjects = [subject(titles[0]) for titles in lesson.learning.titles]
        self._captions = [
            material.texts([f"{text}, {level + 1} of {LEVELS}." for level in range(LEVELS)])
            for text in subjects
        ]

    def prototypes(self, category: int) -> Tensor:
        return self._captions[category]

    def project(self, embeddings: Tensor) -> Tensor:
        return normalize(embeddings @ self.projection, dim=-1)

    def loss(self, batch: Batch) -> Tensor:
        """From image to caption and from caption to image; images of one caption are all its own."""
        levels = self.levels(batch)
        captions, mine = torch.unique(levels, return_inverse=True)
        logits = self.logits(self.pooled(batch), batch.category)[:, captions]  # (N, captions in the batch)
        own = F.one_hot(mine, len(captions)).to(logits.dtype)
        of_captions = (logits.log_softmax(0) * own).sum(0) / own.sum(0)
        return 0.5 * (F.cross_entropy(logits, mine) - of_captions.mean())
