"""Graded damage in photographs of a camera's size: what the bundled model sees of it.

Mosaics of 12 megapixels, of photographs that training left out, at their own size and enlarged (the pixels of
a camera are softer than those of a reduced photograph). Each comes in six levels of one damage.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.stats import spearmanr

from imagesorter.library.decode import decode
from imagesorter.model.bundle import read_manifest
from imagesorter.model.details import near_side
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.pocket.bank import held_out
from tests.benchmarks.context import Context
from tests.benchmarks.photographs import MOSAIC_SIZE, jpegs
from tests.benchmarks.report import Table

_MOSAICS = 8
_TILE = (400, 300)
_ENLARGED = (1, 2, 4)
_QUALITY = 92
_RADII = (0.0, 0.7, 1.2, 2.0, 3.0, 5.0)
_GRAIN = (0, 4, 8, 14, 22, 32)
_QUALITIES = (92, 70, 50, 30, 18, 10)
_BACKGROUND = 14.0
_INPUT = 128

Series = Callable[[Image.Image, int], Iterator[bytes]]
_NAME = Path("mosaic.jpg")


def measure(context: Context) -> Table:
    table = Table(
        "Damage in photographs of 12 megapixels, Spearman",
        ("damage, query", "within series", "across all", "reduced first: within series", "across all"),
    )
    model = Ranker(read_manifest(bundled_models() / "pocket"), "cpu")
    paths = [
        path for path in jpegs(context.photos)
        if held_out(path.relative_to(context.photos).as_posix()) and _is_large(path)
    ]  # fmt: skip
    count = context.count(_MOSAICS, least=1)
    sizes: set[tuple[int, ...]] = set()
    for name, query, series in _DAMAGE:
        closer: list[NDArray[np.float32]] = []
        reduced: list[NDArray[np.float32]] = []
        for enlarged in _ENLARGED:
            for number in range(count):
                files = series(_mosaic(paths, enlarged, number), number)
                pictures = [decode(_NAME, file, min_side=model.min_side).image for file in files]
                sizes |= {picture.size for picture in pictures}
                factor = min(pictures[0].size) // near_side(_INPUT)
                closer.append(_scores(model, query, pictures))
                reduced.append(_scores(model, query, [picture.reduce(factor) for picture in pictures]))
        cells = [cell for scores in (closer, reduced) for cell in _cells(np.stack(scores))]
        table.rows.append((f"{name}, “{query}”", *cells))
    table.notes = [
        f"{count * len(_ENLARGED)} mosaics of photographs that training left out, a third each at their own "
        "size, twice and four times as large. “Across all” heeds nothing but the level, though the mosaics "
        "differ in what they were before.",
        f"Decoded to {', '.join(f'{width} × {height}' for width, height in sorted(sizes))}; “reduced first” "
        "to what training showed.",
    ]
    return table


def _scores(model: Ranker, query: str, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
    return model.score(model.encode(np.stack([model.preprocess(picture) for picture in pictures])), query)


def _cells(scores: NDArray[np.float32]) -> Iterator[str]:
    """(series, levels), rising with the damage → the mean Spearman within them, and that of all."""
    levels = np.arange(scores.shape[1])
    yield f"{np.mean([spearmanr(one, levels).statistic for one in scores]):.3f}"
    yield f"{spearmanr(scores.ravel(), np.tile(levels, len(scores))).statistic:.3f}"


def _is_large(path: Path) -> bool:
    with Image.open(path) as image:
        return image.width >= _TILE[0] // 2 and image.height >= _TILE[1] // 2


def _mosaic(paths: Sequence[Path], enlarged: int, number: int) -> Image.Image:
    mosaic = Image.new("RGB", MOSAIC_SIZE)
    width, height = _TILE[0] * enlarged, _TILE[1] * enlarged
    chosen = np.random.default_rng([enlarged, number])
    for top in range(0, mosaic.height, height):
        for left in range(0, mosaic.width, width):
            with Image.open(paths[chosen.integers(len(paths))]) as image:
                tile = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
            mosaic.paste(tile, (left, top))
    return mosaic


def _jpeg(picture: Image.Image, quality: int = _QUALITY) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _blurred(picture: Image.Image, radius: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(radius)) if radius else picture


def _out_of_focus(picture: Image.Image, number: int) -> Iterator[bytes]:
    return (_jpeg(_blurred(picture, radius)) for radius in _RADII)


def _subject_out_of_focus(picture: Image.Image, number: int) -> Iterator[bytes]:
    """Two fifths of each side, anywhere, before a background that is out of focus in all of the series."""
    chosen = np.random.default_rng(number)
    width, height = (2 * length // 5 for length in picture.size)
    left, top = (int(chosen.integers(length - 2 * length // 5)) for length in picture.size)
    background, subject = (
        _blurred(picture, _BACKGROUND),
        picture.crop((left, top, left + width, top + height)),
    )
    for radius in _RADII:
        background.paste(_blurred(subject, radius), (left, top))
        yield _jpeg(background)


def _grained(picture: Image.Image, number: int) -> Iterator[bytes]:
    chosen = np.random.default_rng(number)
    for deviation in _GRAIN:
        grain = deviation * chosen.standard_normal((picture.height, picture.width, 3), dtype=np.float32)
        yield _jpeg(Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)))


def _compressed(picture: Image.Image, number: int) -> Iterator[bytes]:
    return (_jpeg(picture, quality) for quality in _QUALITIES)


_DAMAGE: tuple[tuple[str, str, Series], ...] = (
    (f"blur, radius 0 to {_RADII[-1]:g} px", "less sharp", _out_of_focus),
    ("the same, of the subject alone", "less sharp", _subject_out_of_focus),
    (f"noise of single pixels, deviation 0 to {_GRAIN[-1]}", "noisier", _grained),
    (f"JPEG, quality {_QUALITIES[0]} to {_QUALITIES[-1]}", "more jpeg damage", _compressed),
)
