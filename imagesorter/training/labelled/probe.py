"""A linear probe: a head fitted to labels on the pooled embeddings of an OpenCLIP model, in closed form.

For a few hundred labels, or a few minutes: nothing but the last linear map is learned, and it is learned
exactly, see `ridge`. The result is a model of kind "clip".
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch.nn.functional import normalize

from imagesorter.errors import DecodeError, StorageError
from imagesorter.events import Event, Finished, Notice, Progress, Trained, Unreadable
from imagesorter.model import device as devices
from imagesorter.model.batches import Fitting
from imagesorter.model.bundle import (
    CLIP,
    HEAD_WEIGHTS,
    MANIFEST,
    Manifest,
    read_manifest,
    write_manifest,
)
from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.memory import batch_size
from imagesorter.model.tower_sources import CONFIG, open_towers, save_towers
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.dataset import Examples, LabelsError
from imagesorter.training.labelled.features import allocate, tower_state
from imagesorter.training.labelled.measure import judged
from imagesorter.training.labelled.model_folder import check_destination, knows_texts, staged
from imagesorter.training.labelled.options import TrainingOptions
from imagesorter.training.labelled.pictures import Reader
from imagesorter.training.labelled.trainer import read_labels
from imagesorter.training.metrics import agreement, mean_of
from imagesorter.training.ridge import fit
from imagesorter.wording import count

_PORTION = 32_000_000
"""Bytes of a file that are held at once."""


@dataclass(frozen=True)
class Probe:
    """A head for some categories.

    Attributes:
        categories: their numbers.
        weight: (K, E), to scores of unit spread over the labels.
        bias: (K,).
        scales: mean and deviation of each category's labels.
    """

    categories: tuple[int, ...]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    scales: tuple[tuple[float, float], ...]


def train_probe(options: TrainingOptions) -> Iterator[Event]:
    """Fit a probe to labels, judge it on images kept apart, and write it as a model folder.

    Embeddings that were computed are kept in `options.work`, so that a stopped run goes on. On a model of
    kind "clip" among the user's own, only the head is written, and it stands on that model; any other is
    copied whole.

    Yields: Progress("model" | "tokens"), Notice, Unreadable, Judged for each category and their mean,
        Trained, Finished.

    Raises:
        ImagesorterError: labels, backbone, device or folders cannot be used.
    """
    check_destination(options.out)
    yield Progress("model", 0)
    learning, judging = read_labels(options)
    device = devices.choose(options.device)
    towers, config = open_towers(options.backbone, options.pretrained, device)
    towers.requires_grad_(False).to(device)
    if options.is_random:
        yield Notice(f"{options.backbone} has random weights: name weights with --pretrained.")
    every = yield from read_embeddings(towers, learning.paths, options.work, options.backbone)
    embeddings = every[:, 0]
    unreadable = ~np.isfinite(embeddings[:, 0])
    learning = learning.where(~unreadable[learning.image])
    judging = judging.where(~unreadable[judging.image])
    probe = fit_probe(embeddings, learning)
    found = {}
    for row, category in enumerate(probe.categories):
        rows = judging.category == category
        if rows.any():
            scores = embeddings[judging.image[rows]] @ probe.weight[row] + probe.bias[row]
            centre, spread = probe.scales[row]
            values = centre + spread * scores
            found[learning.categories[category]] = agreement(values, judging.value[rows])
    yield from judged(found, judging)
    overall = mean_of(list(found.values())).srcc
    kept_apart = len(np.unique(judging.image))
    _write(options, towers, config, learning, probe, overall, kept_apart)
    yield Trained(options.out, 0, overall, options.work)
    yield Finished(int((~unreadable).sum()), int(unreadable.sum()))


def fit_probe(embeddings: NDArray[np.float32], examples: Examples) -> Probe:
    """A ridge for each category that has two different labels.

    Args:
        embeddings: (images, E), normalised.

    Raises:
        LabelsError: no category has any.
    """
    categories, weights, biases, scales = [], [], [], []
    for number, (centre, spread) in enumerate(examples.scales()):
        rows = examples.category == number
        if not rows.any() or not np.ptp(examples.value[rows]):
            continue
        fitted = fit(embeddings[examples.image[rows]], (examples.value[rows] - centre) / spread)
        categories.append(number)
        weights.append(fitted.weight)
        biases.append(fitted.bias)
        scales.append((centre, spread))
    if not categories:
        raise LabelsError(
            "no category has two images of different values that can be read: there is nothing to learn. "
            "Label more images, or lower --validation."
        )
    return Probe(tuple(categories), np.stack(weights), np.array(biases), tuple(scales))


def read_embeddings(
    towers: Towers, paths: Sequence[Path], work: Path, name: str, *, mirrored: bool = False
) -> Generator[Event, None, NDArray[np.float32]]:
    """Pooled embeddings of images. What was computed before is taken over.

    Args:
        work: folder to keep them in.
        name: of the backbone, for messages.
        mirrored: of mirrored images too.

    Yields: Progress("tokens"), Unreadable.

    Returns:
        (images, 1 or 2, E) normalised: as they are, then mirrored. NaN for what cannot be read.

    Raises:
        StorageError: they cannot be kept.
    """
    how, device = towers.preprocessing, towers.mean.device.type
    sides = 2 if mirrored else 1
    width = _embed(towers, np.zeros((1, how.height, how.width, 3), np.uint8)).shape[1]
    kind = "embeddings-mirrored" if mirrored else "embeddings"
    kept = _open_kept(work / f"{kind}-{_digest(towers, paths)}.f32", (len(paths), sides, width))
    missing = np.flatnonzero(~kept.any((1, 2)))  # a normalised embedding is never all zeros
    failed = np.zeros(len(paths), np.bool_)
    fitting, size = Fitting(name), batch_size(device)
    yield Progress("tokens", 0, len(missing))
    with Reader(towers.preprocess, 2 * max(how.height, how.width)) as reader:
        read = zip(missing.tolist(), reader.each([paths[i] for i in missing.tolist()]), strict=True)
        numbers: list[int] = []
        pixels: list[NDArray[np.uint8]] = []
        for done, (number, image) in enumerate(read, 1):
            if isinstance(image, DecodeError):
                failed[number] = True
                yield Unreadable(None, image.path, image.reason)
            else:
                numbers.append(number)
                pixels.append(image)
            if pixels and (len(pixels) == size or done == len(missing)):
                shown = np.stack(pixels)
                found = [fitting.run(lambda part: _embed(towers, part), shown)]
                if mirrored:
                    flipped = np.ascontiguousarray(shown[:, :, ::-1])
                    found.append(fitting.run(lambda part: _embed(towers, part), flipped))
                kept[numbers] = np.stack(found, 1)
                kept.flush()
                numbers, pixels = [], []
                yield Progress("tokens", done, len(missing))
    embeddings = np.array(kept)
    embeddings[failed] = np.nan
    return embeddings


@torch.inference_mode()
def _embed(towers: Towers, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    images = towers.normalise(torch.from_numpy(pixels).to(towers.mean.device))
    found: NDArray[np.float32] = normalize(towers.image(images)[1].float(), dim=-1).cpu().numpy()
    return found


def _open_kept(path: Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.float32]]:
    allocate(path, 4 * math.prod(shape), "the embeddings")
    try:
        return np.memmap(path, np.float32, "r+", shape=shape)
    except OSError as error:
        raise StorageError(f"{path}: the embeddings cannot be stored ({error.strerror}).") from error


def _digest(towers: Towers, paths: Sequence[Path]) -> str:
    """Changes with the image tower, its preprocessing, and every image."""
    state = tower_state(towers)
    for path in paths:
        state.update(os.fsencode(path) + b"\0")
        try:
            info = path.stat()
            state.update(f"{info.st_size} {info.st_mtime_ns}\0".encode())
        except OSError:
            state.update(b"absent\0")
    return state.hexdigest()


def _write(
    options: TrainingOptions,
    towers: Towers,
    config: dict[str, Any],
    examples: Examples,
    probe: Probe,
    srcc: float,
    kept_apart: int,
) -> None:
    source = Path(options.backbone)
    known = read_manifest(source) if (source / MANIFEST).is_file() else None
    beside = options.out.parent == source.parent
    base = known if known and known.kind == CLIP and not known.on and beside else None
    learned = []
    for number, (centre, spread) in zip(probe.categories, probe.scales, strict=True):
        name, titles = examples.categories[number], examples.titles[number]
        learned.append(LearnedAttribute(name, name, (name, *titles), titles[0], centre, spread))
    with staged(options.out) as folder:
        if base is None:
            save_towers(towers, config, folder, exact=True)
        tensors = {"layers.0.weight": probe.weight, "layers.0.bias": probe.bias}
        save_file(
            {name: torch.from_numpy(tensor.astype(np.float32)) for name, tensor in tensors.items()},
            folder / HEAD_WEIGHTS,
        )
        digest = hashlib.blake2b(digest_size=8)
        for path in sorted(folder.iterdir()):
            with path.open("rb") as file:
                while portion := file.read(_PORTION):
                    digest.update(portion)
        on = f"; Spearman {srcc:.3f} on {count(kept_apart, 'image')} kept apart"
        judged = on if math.isfinite(srcc) else ""
        write_manifest(
            Manifest(
                folder=folder,
                name=options.name,
                title=options.name,
                description=f"Linear probe fitted to {len(examples):,} labels of {options.csv.name}, on "
                f"{known.name if known else options.told}{judged}.",
                clip_config=base.clip_config if base else CONFIG,
                adapter={},
                attributes=tuple(learned),
                vocabulary=frozenset(),
                kind=CLIP,
                fingerprint=base.digest() if base else digest.hexdigest(),
                on=base.name if base else "",
                zero_shot=knows_texts(options),
            )
        )
