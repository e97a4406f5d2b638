"""Methods without steps: a direction for each category in the space of pooled embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagesorter.model.zero_shot import ZeroShot
from imagesorter.training.ridge import fit
from imagesorter.training.study.material import Lesson, Material, subject


@dataclass(frozen=True)
class Directions:
    """Scores that are embeddings · direction.

    Attributes:
        embeddings: (images, E), normalised.
        directions: (categories, E).
        parameters: numbers that were fitted to labels.
    """

    embeddings: NDArray[np.float64]
    directions: NDArray[np.float64]
    parameters: int

    def scores(self, images: NDArray[np.int64], category: int) -> NDArray[np.floating]:
        """See `Fitted`."""
        found: NDArray[np.float64] = self.embeddings[images] @ self.directions[category]
        return found


def zero_shot(material: Material, lesson: Lesson) -> Directions:
    """Cosine with each category's first title as it stands (Radford et al., arXiv 2103.00020)."""
    titles = [titles[0] for titles in lesson.learning.titles]
    return Directions(_embeddings(material), material.texts(titles).cpu().double().numpy(), 0)


def antonyms(material: Material, lesson: Lesson) -> Directions:
    """Much of a title's subject weighed against little of it, in several wordings (arXiv 2207.12396)."""
    ranker = ZeroShot(material.towers)
    subjects = [subject(titles[0]) for titles in lesson.learning.titles]
    return Directions(_embeddings(material), np.stack([ranker.direction(text) for text in subjects]), 0)


def probe(material: Material, lesson: Lesson) -> Directions:
    """Ridge regression, its strength by leaving one out of all rows: it needs none kept apart."""
    embeddings = _embeddings(material)
    directions = np.zeros((len(lesson.scales), embeddings.shape[1]))
    parameters = 0
    image, category, value = lesson.whole()
    for number in range(len(directions)):
        rows = category == number
        if rows.any() and np.ptp(value[rows]):
            directions[number] = fit(embeddings[image[rows]], value[rows]).weight
            parameters += embeddings.shape[1] + 1
    return Directions(embeddings, directions, parameters)


def _embeddings(material: Material) -> NDArray[np.float64]:
    return material.embeddings[:, 0].astype(np.float64)
