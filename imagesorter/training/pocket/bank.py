"""The prepared training set: photographs and graded series at the model's input size, memory-mapped.

Decoding and damaging take longer than a training step, so both are done once. Damage is done
at a photograph's own size, before it is reduced, as it happens to real files.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import StorageError
from imagesorter.model.details import canvas
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.distortions import Kind, distort, level_of, random_severities, variants
from imagesorter.whole import write_text

logger = logging.getLogger(__name__)

SERIES_LENGTH = 6
"""Levels in a graded series."""

_CHUNK = 256
_TURNS: tuple[Kind, ...] = ("blur", "jpeg", "noise", "jpeg")
"""Kinds of damage in turn; that of compression is the hardest to see."""

_REDUCED_SHARE = 0.6
_SMALLEST_SCALE = 0.5
_LEAST_SIDE = 96
"""Many photographs are reduced before they are damaged: they were JPEGs already, and above their own
quality compressing them again changes nothing."""


def held_out(name: str, share: float = 0.1) -> bool:
    """Whether a photograph is kept for judging, decided by its name alone (no later change of the
    data moves a photograph from one side to the other)."""
    return zlib.crc32(name.encode()) / 2**32 < share


def photographs(data: Path) -> list[str]:
    """Relative POSIX paths of the JPEG and PNG files below a folder, sorted.

    Raises:
        StorageError: there are none.
    """
    names = sorted(
        path.relative_to(data).as_posix()
        for path in data.rglob("*")
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
    )
    if not names:
        raise StorageError(f"no photographs below {data}: name a folder of JPEG or PNG files with --data.")
    return names


def load_rgb(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) pixels of a training photograph at its own size."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@dataclass(frozen=True)
class Bank:
    """Prepared pixels and what is known of them.

    Attributes:
        photos: (N, S, 3 S, 3) uint8, see `canvas`.
        names: N relative paths.
        captions: N lists of texts, mostly empty.
        series: (M, SERIES_LENGTH, S, 3 S, 3) uint8.
        kinds: M kinds of damage.
        severities: (M, SERIES_LENGTH) in [0, 1], rising.
    """

    photos: NDArray[np.uint8]
    names: list[str]
    captions: list[list[str]]
    series: NDArray[np.uint8]
    kinds: list[Kind]
    severities: NDArray[np.float32]


def prepare(
    data: Path, work: Path, *, size: int, series: int, seed: int, limit: int | None = None
) -> Iterator[tuple[str, int, int]]:
    """Build the bank under `work`, going on where an earlier call was stopped.

    Args:
        data: folder of photographs; those that are `held_out` are not touched.
        work: folder for the bank (147 KB a picture at 128 px).
        size: S.
        series: number of graded series, M.
        seed: decides photographs, kinds and levels of the series.
        limit: use only so many photographs (for tests).

    Yields:
        (what, done, total).
    """
    work.mkdir(parents=True, exist_ok=True)
    names = [name for name in photographs(data) if not held_out(name)]
    if limit is not None:
        picks = np.random.default_rng(seed).permutation(len(names))[:limit]
        names = [names[i] for i in sorted(picks)]
    rng = np.random.default_rng(seed)
    sources = rng.integers(len(names), size=series)
    kinds = [_TURNS[i % len(_TURNS)] for i in range(series)]
    severities = np.stack([random_severities(SERIES_LENGTH, rng) for _ in range(series)])

    plan: dict[str, Any] = {"size": size, "seed": seed, "names": names, "kinds": kinds}
    plan_path = work / "bank.json"
    if plan_path.exists() and json.loads(plan_path.read_text("utf-8"))["plan"] != plan:
        raise StorageError(f"{work} holds a bank of other settings: name an empty folder with --work.")
    texts = read_annotations(data).captions
    write_text(
        plan_path,
        json.dumps(
            {
                "plan": plan,
                "captions": [texts.get(name, []) for name in names],
                "severities": severities.tolist(),
            }
        ),
    )

    def photo(i: int) -> NDArray[np.uint8]:
        return canvas(load_rgb(data / names[i]), size)

    def graded(i: int) -> NDArray[np.uint8]:
        own = np.random.default_rng((seed, i))
        rgb = _reduced(load_rgb(data / names[sources[i]]), own)
        variant = int(own.integers(variants(kinds[i])))
        return np.stack(
            [
                canvas(distort(rgb, kinds[i], level_of(kinds[i], s), own, variant=variant), size)
                for s in severities[i]
            ]
        )

    shape = canvas(np.zeros((1, 1, 3), np.uint8), size).shape
    yield from _fill(work / "photos.u8", len(names), shape, photo, "photographs")
    yield from _fill(work / "series.u8", series, (SERIES_LENGTH, *shape), graded, "graded series")


def open_bank(work: Path) -> Bank:
    """The bank that `prepare` built.

    Raises:
        FileNotFoundError: it was not built, or not to its end.
    """
    stored = json.loads((work / "bank.json").read_text("utf-8"))
    plan = stored["plan"]
    shape = canvas(np.zeros((1, 1, 3), np.uint8), plan["size"]).shape
    return Bank(
        photos=np.memmap(work / "photos.u8", np.uint8, "r").reshape(-1, *shape),
        names=plan["names"],
        captions=stored["captions"],
        series=np.memmap(work / "series.u8", np.uint8, "r").reshape(-1, SERIES_LENGTH, *shape),
        kinds=plan["kinds"],
        severities=np.asarray(stored["severities"], np.float32),
    )


def _reduced(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A photograph at its own size or, more often, reduced by up to a half."""
    scale = rng.uniform(_SMALLEST_SCALE, 1) if rng.random() < _REDUCED_SHARE else 1.0
    height, width = rgb.shape[:2]
    if round(scale * min(height, width)) < _LEAST_SIDE:
        return rgb
    image = Image.fromarray(rgb)
    return np.asarray(image.resize((round(scale * width), round(scale * height)), Image.Resampling.BICUBIC))


def _fill(
    path: Path, count: int, shape: Sequence[int], make: Callable[[int], NDArray[np.uint8]], what: str
) -> Iterator[tuple[str, int, int]]:
    """Write `make(0 … count − 1)` one after the other; the file takes its final name when it is whole."""
    if path.exists():
        yield what, count, count
        return
    partial = path.with_suffix(".partial")
    record = int(np.prod(shape))
    done = partial.stat().st_size // record if partial.exists() else 0
    with partial.open("ab") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        file.truncate(done * record)
        while done < count:
            chunk = range(done, min(done + _CHUNK, count))
            for pixels in pool.map(make, chunk):
                file.write(pixels.tobytes())
            file.flush()
            done = chunk.stop
            yield what, done, count
    partial.replace(path)
