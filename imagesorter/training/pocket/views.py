"""What the frozen image tower and the measures read off the bank's photographs: computed once, then learned
from many times.

A view is one canvas as training shows it: a photograph as it is, or changed in tone, cropped and mirrored;
a picture of a graded series; a photograph under haze or banding. The image tower does not change any more
when views are stored, so the adapter's steps, which need nothing else of an image, take a fifth of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imagesorter.model.details import details, whole
from imagesorter.model.measures import measure
from imagesorter.training.pocket.attributes import ATTRIBUTES, jitter, quantities_of
from imagesorter.training.pocket.bank import SERIES_LENGTH
from imagesorter.training.pocket.distortions import ATTRIBUTE_OF
from imagesorter.training.pocket.sights import channels_first, crop
from imagesorter.training.pocket.subjects import Subjects
from imagesorter.training.pocket.veils import VEILS, veil
from imagesorter.whole import write_text

if TYPE_CHECKING:
    from imagesorter.training.pocket.model import PocketModel
    from imagesorter.training.pocket.recipe import Recipe

DAMAGE = (*ATTRIBUTE_OF.values(), *VEILS)
"""Attributes that training makes itself: known, and zero, for every other photograph."""

_SMALLEST_CROP = 0.6
_FILES: dict[str, tuple[str, Any]] = {
    "features": ("features.f16", np.float16),
    "measures": ("measures.f32", np.float32),
}

_CHUNK = 16
"""Series, or a sixth of so many photographs, whose canvases are made and stored at once."""


@dataclass(frozen=True)
class Canvases:
    """Some canvases and what was done to them.

    Attributes:
        images: (B, 3, S, 3 S) float RGB in [0, 1], see `canvas`.
        photograph: (B,) place in the bank; -1 in graded series of the bank, which do not say.
        quantities: (B,) by attribute name, of what pixels and damage decide; NaN where unknown.
    """

    images: Tensor
    photograph: NDArray[np.int64]
    quantities: dict[str, Tensor]


@dataclass(frozen=True)
class Views:
    """Stored readings of N views; those of a graded series follow each other.

    Attributes:
        features: (N, T, C) float16, the tower's feature maps.
        measures: (N, M) float32, see `imagesorter.model.measures`.
        photograph: (N,) place in the bank, -1 in series.
        quantities: (N, A) float32 by place in `ATTRIBUTES`; NaN where unknown.
        of_photographs: how many views show single photographs; series come after them.
        count: views of each photograph, the first of them unchanged.
    """

    features: NDArray[np.float16]
    measures: NDArray[np.float32]
    photograph: NDArray[np.int64]
    quantities: NDArray[np.float32]
    of_photographs: int
    count: int

    def of(self, photographs: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """A random view of each photograph."""
        return self.count * photographs + rng.integers(self.count, size=len(photographs))

    def of_series(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """All views of some series."""
        first = self.of_photographs + SERIES_LENGTH * numbers
        rows: NDArray[np.int64] = (first[:, None] + np.arange(SERIES_LENGTH)).ravel()
        return rows

    @property
    def series(self) -> int:
        """How many series there are."""
        return (len(self.photograph) - self.of_photographs) // SERIES_LENGTH


def store_views(
    model: PocketModel, subjects: Subjects, recipe: Recipe, work: Path
) -> Iterator[tuple[int, int]]:
    """Read every view once, into `work`; nothing is done where that has been done.

    Yields:
        (views stored, all views).
    """
    total = len(subjects.bank.photos) * recipe.views + SERIES_LENGTH * _series_count(subjects, recipe)
    done_path = work / "views.json"
    if done_path.exists():
        yield total, total
        return
    side = subjects.bank.photos.shape[1]
    model.eval()
    with torch.inference_mode():
        features, measured = _read(model, torch.zeros(1, 3, side, 3 * side))
    shapes = {"features": features.shape[1:], "measures": measured.shape[1:]}
    arrays: dict[str, Any] = {
        what: np.memmap(work / name, kind, "w+", shape=(total, *shapes[what]))
        for what, (name, kind) in _FILES.items()
    }
    photograph = np.full(total, -1, np.int64)
    quantities = np.full((total, len(ATTRIBUTES)), np.nan, np.float32)
    done = 0
    for canvases in _all_canvases(subjects, recipe):
        rows = slice(done, done + len(canvases.images))
        with torch.inference_mode():
            features, measured = _read(model, canvases.images)
        arrays["features"][rows], arrays["measures"][rows] = features.numpy(), measured.numpy()
        photograph[rows] = canvases.photograph
        for place, attribute in enumerate(ATTRIBUTES):
            if attribute.name in canvases.quantities:
                quantities[rows, place] = canvases.quantities[attribute.name].numpy()
        done = rows.stop
        yield done, total
    for array in arrays.values():
        array.flush()
    np.savez(work / "views.npz", photograph=photograph, quantities=quantities)
    write_text(done_path, json.dumps({what: [total, *shape] for what, shape in shapes.items()}))


def open_views(subjects: Subjects, recipe: Recipe, work: Path) -> Views:
    """What `store_views` stored.

    Raises:
        FileNotFoundError: it did not, or not to its end.
    """
    shapes = json.loads((work / "views.json").read_text("utf-8"))
    features, measures = (
        np.memmap(work / name, kind, "r", shape=tuple(shapes[what])) for what, (name, kind) in _FILES.items()
    )
    with np.load(work / "views.npz") as stored:
        photograph, quantities = stored["photograph"], stored["quantities"]
    count = len(subjects.bank.photos) * recipe.views
    return Views(features, measures, photograph, quantities, count, recipe.views)


def quality(quantities: dict[str, Tensor]) -> Tensor:
    """What "aesthetic" is taught as, for want of human labels: freedom from damage above all, then strong
    contrast and colour and a middling brightness.

    Args:
        quantities: (B,) of the photometric attributes and of `DAMAGE`; an unknown one counts as none.

    Returns:
        (B,); about −0.1 ± 0.2 for undamaged photographs, −1 and less for ruined ones.
    """

    def standard(name: str) -> Tensor:
        attribute = next(a for a in ATTRIBUTES if a.name == name)
        return attribute.target(quantities[name]).clamp(-2, 2)

    harm = [quantities[name].nan_to_num(0).abs() for name in DAMAGE]
    looks = standard("contrast") + standard("colorfulness") - standard("brightness").abs()
    return 0.1 * looks - torch.stack(harm).sum(0)


def mirrored(images: Tensor) -> Tensor:
    """Canvases (B, 3, S, 3 S) with the whole and each row of details turned left to right."""
    return images.flip(3).roll(images.shape[2], 3)


def _read(model: PocketModel, images: Tensor) -> tuple[Tensor, Tensor]:
    backbone = model.backbone
    normalised = backbone.normalise(255 * whole(images)).contiguous(memory_format=torch.channels_last)
    return backbone.features(normalised).half(), measure(255 * whole(images), 255 * details(images))


def _series_count(subjects: Subjects, recipe: Recipe) -> int:
    return len(subjects.bank.series) + len(VEILS) * recipe.veiled


def _all_canvases(subjects: Subjects, recipe: Recipe) -> Iterator[Canvases]:
    """In the order of `Views`, some at a time."""
    bank = subjects.bank
    step = max(_CHUNK * SERIES_LENGTH // recipe.views, 1)
    for begin in range(0, len(bank.photos), step):
        yield _finished(_photographs(subjects, recipe, range(begin, min(begin + step, len(bank.photos)))))
    for number in range(len(bank.series)):
        yield _finished(_graded(subjects, number))
    for name in VEILS:
        for number in range(recipe.veiled):
            yield _finished(_veiled(subjects, name, np.random.default_rng((recipe.seed, number, 3))))


def _finished(canvases: Canvases) -> Canvases:
    """With all that pixels decide, and zero for damage that was not done."""
    # every second pixel: means and deviations hardly change, in a quarter of the time
    quantities = quantities_of(whole(canvases.images)[..., ::2, ::2])
    quantities |= {name: torch.zeros(len(canvases.images)) for name in DAMAGE} | canvases.quantities
    quantities["aesthetic"] = quality(quantities)
    return Canvases(canvases.images, canvases.photograph, quantities)


def _photographs(subjects: Subjects, recipe: Recipe, places: range) -> Canvases:
    """The views of some photographs."""
    bank = subjects.bank
    generator = torch.Generator().manual_seed(recipe.seed * 9_973 + places.start)
    photograph = np.repeat(np.arange(places.start, places.stop), recipe.views)
    pixels = channels_first(bank.photos[photograph])
    changed = torch.from_numpy(np.arange(len(photograph)) % recipe.views > 0)[:, None, None, None]
    images = jitter(pixels, generator, 1.0)
    # a part of a crowd is fewer people
    counted = torch.tensor([place in subjects.counted for place in photograph.tolist()])
    free = changed & ~counted[:, None, None, None]
    parts = crop(whole(images), _SMALLEST_CROP, bank.photos.shape[1], generator)
    whole(images).copy_(torch.where(free, parts, whole(images)))
    turned = changed & (torch.rand(len(images), generator=generator) < 0.5)[:, None, None, None]
    images = torch.where(turned, mirrored(images), images)
    return Canvases(torch.where(changed, images, pixels / 255), photograph, {})


def _graded(subjects: Subjects, number: int) -> Canvases:
    """One series of the bank; every second one is mirrored."""
    bank = subjects.bank
    images = channels_first(bank.series[number]) / 255
    kind, severities = bank.kinds[number], torch.from_numpy(bank.severities[number])
    quantities = {ATTRIBUTE_OF[kind]: -severities if kind == "blur" else severities}
    if kind == "jpeg":  # compression takes detail too: by how much is unknown
        quantities["sharpness"] = torch.full((SERIES_LENGTH,), torch.nan)
    images = mirrored(images) if number % 2 else images
    return Canvases(images, np.full(SERIES_LENGTH, -1), quantities)


def _veiled(subjects: Subjects, name: str, rng: np.random.Generator) -> Canvases:
    """A photograph at rising levels of haze or banding."""
    place = int(rng.integers(len(subjects.bank.photos)))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    levels = torch.rand(SERIES_LENGTH, generator=generator).sort().values
    levels[0] *= rng.random() < 0.5
    below = channels_first(subjects.bank.photos[place : place + 1]) / 255
    images = veil(below.expand(SERIES_LENGTH, -1, -1, -1), name, levels, generator)
    # what a veil takes of the detail is unknown
    quantities = {name: levels, "sharpness": torch.full((SERIES_LENGTH,), torch.nan)}
    return Canvases(images, np.full(SERIES_LENGTH, place), quantities)
