"""What the image tower is shown when it learns alone: squashed photographs, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from imagesorter.training.pocket.attributes import jitter, quantities_of

if TYPE_CHECKING:
    from imagesorter.training.pocket.recipe import Recipe
    from imagesorter.training.pocket.subjects import Subjects

_CROP, _CROPPED_SHARE = 0.5, 0.8
_SIZE = 0.75
"""Of cropped photographs, to the input's side. What they show is then as large as in a whole photograph."""

_MIXING = 0.4
"""Parameter of the Beta distribution of shares in mixed photographs (Zhang et al. 2018)."""

_MIXED_SHARE = 0.3
"""More mixing, and more changes of tone, keep the tower from what it could learn: at 0.6 of both and after 80
rounds of the captioned photographs, areas under ROC of words were .78 on these and .73 on others; 50 rounds
more, at 0.3, brought .83 and .76."""

_TONED_SHARE = 0.3


@dataclass(frozen=True)
class Sight:
    """What some photographs show; two of them may lie over each other, and their labels in the same shares.

    Attributes:
        images: (B, 3, s, s) float RGB in [0, 1].
        captioned: (P,) rows with a caption.
        words: (P, W) share of each one's captions that use a word.
        classed: (C,) rows of a class of some size.
        classes: (C, K) shares of the classes.
        quantities: (B,) by attribute name; NaN where unknown.
    """

    images: Tensor
    captioned: Tensor
    words: Tensor
    classed: Tensor
    classes: Tensor
    quantities: dict[str, Tensor]


def draw_sights(subjects: Subjects, recipe: Recipe, step: int) -> tuple[Sight, Sight]:
    """Photographs of one step: cropped, reduced and mixed ones, and whole ones with a number or a grade."""
    bank = subjects.bank
    rng = np.random.default_rng((recipe.seed, step, 1))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    captioned, classed = (
        rng.choice(some, recipe.images // share) if len(some) else some
        for some, share in ((subjects.captioned, 2), (subjects.shown, 3))
    )
    others = rng.integers(len(bank.photos), size=max(recipe.images - len(captioned) - len(classed), 1))
    size = bank.photos.shape[1]
    cropped = np.concatenate([captioned, classed, others]).astype(np.int64)
    images = crop(squashed(subjects, cropped, generator), _CROP, round(_SIZE * size), generator)
    images = flip(images, generator)
    # what lies outside a crop could not be counted: these stay whole, among others like the first
    labelled, values = subjects.labelled(recipe.images // 6, rng)
    beside = rng.choice(np.concatenate([captioned, classed]), len(labelled)) if len(labelled) else labelled
    whole = np.concatenate([labelled, beside]).astype(np.int64)
    known = {name: found[:, 0] for name, found in values.items()}
    return (
        _cropped(subjects, cropped, images, (len(captioned), len(classed)), rng),
        _whole(subjects, whole, flip(squashed(subjects, whole, generator), generator), known),
    )


def crop(images: Tensor, smallest: float, size: int, generator: torch.Generator) -> Tensor:
    """A random part of most of the images, all at another size: (B, 3, size, size).

    Args:
        images: (B, 3, S, S).
        smallest: side of the smallest part, as a share.
    """
    sides = torch.empty(len(images), 2).uniform_(smallest, 1, generator=generator)
    sides[torch.rand(len(images), generator=generator) > _CROPPED_SHARE] = 1
    centres = (torch.rand(len(images), 2, generator=generator) * 2 - 1) * (1 - sides)
    theta = torch.zeros(len(images), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = sides[:, 0], sides[:, 1], centres
    grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the images (B, 3, s, s), turned left to right."""
    turned = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(turned[:, None, None, None], images.flip(3), images)


def channels_first(pixels: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) → (B, 3, H, W), uint8 both."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def squashed(subjects: Subjects, photographs: NDArray[np.int64], generator: torch.Generator) -> Tensor:
    """Photographs of the bank, some changed in tone: (B, 3, S, S) in [0, 1]."""
    photos = subjects.bank.photos
    return jitter(channels_first(photos[photographs, :, : photos.shape[1]]), generator, _TONED_SHARE)


def _cropped(
    subjects: Subjects,
    photographs: NDArray[np.int64],
    images: Tensor,
    parts: tuple[int, int],
    rng: np.random.Generator,
) -> Sight:
    images, words, classes = mixed(subjects, photographs, images, parts, _MIXED_SHARE, rng)
    captioned, classed = parts
    return Sight(
        images, torch.arange(captioned), words, captioned + torch.arange(classed), classes,
        quantities_of(images[..., ::2, ::2]),
    )  # fmt: skip


def mixed(
    subjects: Subjects,
    photographs: NDArray[np.int64],
    images: Tensor,
    parts: tuple[int, int],
    mixed_share: float,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Some photographs over another of their part, captioned or of a class, in random shares.

    Args:
        photographs: (B,), places in the bank.
        images: (B, 3, s, s) of them.
        parts: P and C: first come P photographs with a caption, then C of a class.
        mixed_share: how many of them.

    Returns:
        images (B, 3, s, s), and of the words (P, W) and classes (C, K) the same shares.
    """
    captioned, classed = parts
    other = np.arange(len(photographs))
    for begin, count in ((0, captioned), (captioned, classed)):
        other[begin : begin + count] = begin + rng.permutation(count)
    share = rng.beta(_MIXING, _MIXING, len(photographs))
    share = np.where(rng.random(len(photographs)) < mixed_share, np.maximum(share, 1 - share), 1)
    shares = torch.from_numpy(share.astype(np.float32))[:, None]
    beside = torch.from_numpy(other)
    words, classes = (
        shares[rows] * table[photographs[rows]] + (1 - shares[rows]) * table[photographs[other[rows]]]
        for table, rows in (
            (subjects.word_shares, slice(captioned)),
            (subjects.class_shares, slice(captioned, captioned + classed)),
        )
    )
    return shares[..., None, None] * images + (1 - shares[..., None, None]) * images[beside], words, classes


def _whole(
    subjects: Subjects, photographs: NDArray[np.int64], images: Tensor, known: dict[str, NDArray[np.float32]]
) -> Sight:
    places = photographs.tolist()
    captioned = [row for row, place in enumerate(places) if subjects.bank.captions[place]]
    shown = set(subjects.shown.tolist())
    classed = [row for row, place in enumerate(places) if place in shown]
    quantities = quantities_of(images[..., ::2, ::2]) if places else {}
    for name, values in known.items():
        quantities[name] = torch.full((len(places),), torch.nan)
        quantities[name][: len(values)] = torch.from_numpy(values)
    return Sight(
        images,
        torch.tensor(captioned, dtype=torch.long),
        subjects.word_shares[[places[row] for row in captioned]],
        torch.tensor(classed, dtype=torch.long),
        subjects.class_shares[[places[row] for row in classed]],
        quantities,
    )
