"""What the methods of a study learn from: one frozen backbone's reading of every image, and labels."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from imagesorter.events import Event, Unreadable
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.dataset import Examples
from imagesorter.training.labelled.features import KeptFeatures
from imagesorter.training.labelled.probe import read_embeddings
from imagesorter.training.study.options import StudyOptions

Images = NDArray[np.int64]
Mask = NDArray[np.bool_]

_Found = TypeVar("_Found")

_ASKING = re.compile(
    r"(?:sort|rank|order)\s+(?:(?:the\s+)?(?:images?|photos?|photographs?|pictures?)\s+)?(?:by\s+)?(?:the\s+)?",
    re.IGNORECASE,
)


class Tokens(Protocol):
    """Where image tokens come from; see `KeptFeatures`."""

    def get(self, images: Images, mirrored: Mask, /) -> tuple[Tensor, Mask]: ...


@dataclass(frozen=True)
class Material:
    """The backbone and all that it reads.

    Attributes:
        towers: frozen, in evaluation mode.
        tokens: image tokens (N, T, C).
        embeddings: (images, 2, E) float32, normalised: images as they are, and mirrored.
    """

    towers: Towers
    tokens: Tokens
    embeddings: NDArray[np.float32]

    def pooled(self, images: Images, mirrored: Mask | None = None) -> Tensor:
        """Normalised embeddings (N, E) on the towers' device."""
        side = 0 if mirrored is None else mirrored.astype(np.int64)
        return torch.from_numpy(self.embeddings[images, side]).to(self.towers.mean.device)

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Normalised embeddings (K, E) of texts."""
        ids = self.towers.tokenize(list(texts)).to(self.towers.mean.device)
        return normalize(self.towers.text(ids)[2].float(), dim=-1)

    def logit_scale(self) -> float:
        """What the backbone multiplies its similarities by."""
        return float(self.towers.clip.logit_scale.detach().exp().reshape(-1)[0])


@dataclass(frozen=True)
class Lesson:
    """Labels that a method may see; those of the test are not among them.

    Attributes:
        learning: rows to learn from.
        apart: rows of other photographs, by which learning rate and weights are chosen.
        scales: mean and deviation of each category's values in `learning`.
    """

    learning: Examples
    apart: Examples
    scales: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, learning: Examples, apart: Examples) -> Lesson:
        return cls(learning, apart, tuple(learning.scales()))

    def whole(self) -> tuple[Images, NDArray[np.int64], NDArray[np.float32]]:
        """Image, category and value of all rows, for what chooses nothing by the rows apart."""
        both = self.learning, self.apart
        return (
            np.concatenate([rows.image for rows in both]),
            np.concatenate([rows.category for rows in both]),
            np.concatenate([rows.value for rows in both]),
        )

    def levels(self, category: int, values: NDArray[np.floating], count: int) -> NDArray[np.int64]:
        """Values as levels 0 … count − 1, as many of the learned values in each as ties allow.

        Args:
            values: (N,), of the category or any others on its scale.
        """
        known = np.sort(self.learning.value[self.learning.category == category])
        below = np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")
        found: NDArray[np.int64] = (count * below / max(2 * len(known), 1)).astype(np.int64)
        return found.clip(0, count - 1)


def subject(title: str) -> str:
    """What a title asks for: "Sort images by the number of people." → "number of people"."""
    text = title.strip().rstrip(".")
    return _ASKING.sub("", text, count=1).strip() or text if _ASKING.match(text) else text


def read_material(
    towers: Towers, examples: Examples, tokens: KeptFeatures, options: StudyOptions
) -> Generator[Event, None, tuple[Material, Mask]]:
    """Read every image twice, for tokens and for pooled embeddings; goes on where it was stopped.

    Yields: Progress("tokens"), Unreadable, once for each path.

    Returns:
        the material, and a mask (images,) of those that could be read.
    """
    told: set[Path] = set()
    yield from _untold(tokens.prepare(), told)
    embeddings = yield from _untold(
        read_embeddings(towers, examples.paths, options.work, options.backbone, mirrored=True), told
    )
    readable = ~tokens.failed & np.isfinite(embeddings).all((1, 2))
    return Material(towers, tokens, embeddings), readable


def _untold(events: Generator[Event, None, _Found], told: set[Path]) -> Generator[Event, None, _Found]:
    """Events but for Unreadable of a path in `told`, which gains the others."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            found: _Found = end.value
            return found
        if isinstance(event, Unreadable):
            if event.path in told:
                continue
            told.add(event.path)
        yield event
