"""From trained weights to a model folder that `rank` can use; it appears as a whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from imagesorter.errors import StorageError
from imagesorter.model.bundle import (
    ADAPTER_WEIGHTS,
    MANIFEST,
    TOWERS,
    Manifest,
    read_manifest,
    write_manifest,
)
from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.tower_sources import CONFIG, save_towers, small
from imagesorter.training.labelled.dataset import Examples
from imagesorter.training.labelled.learner import Learner
from imagesorter.training.labelled.options import TrainingOptions
from imagesorter.wording import count
from imagesorter.writing import check_folder


def check_destination(out: Path) -> None:
    """Whether a model may be written to a folder: it is not there, is empty, or holds a model.

    Raises:
        StorageError: there is something else.
        ExportError: its place cannot be written.
    """
    model = out.is_dir() and ((out / MANIFEST).is_file() or not any(out.iterdir()))
    if out.exists() and not model:
        raise StorageError(f"{out} already exists and is not a model: name another place with --out.")
    check_folder(out.parent)


def write_model(
    options: TrainingOptions,
    learner: Learner,
    config: dict[str, Any],
    examples: Examples,
    scales: list[tuple[float, float]],
    best: dict[str, Any],
) -> None:
    """Write configuration, weights and manifest to `options.out`, in the place of an earlier model.

    Args:
        config: of the towers.
        scales: of each category's labels.
        best: the judgement that chose the weights: `step`, `srcc`, and the number of `images` judged.

    Raises:
        StorageError: it cannot be written; what was there before is untouched.
    """
    with staged(options.out) as folder:
        save_towers(learner.towers, config, folder)
        save_file(small(learner.adapter.state_dict()), folder / ADAPTER_WEIGHTS)
        write_manifest(_manifest(options, learner, examples, scales, best, folder))


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A folder to write a model into, which takes the place of `out` when the block has come to its end.

    Raises:
        StorageError: it cannot be written; what was there before is untouched.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    except OSError as error:
        raise StorageError(f"{out}: the model cannot be written ({error.strerror}).") from error
    try:
        yield folder
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if out.exists():
            _exchange(out, folder)
        else:
            folder.rename(out)
    except OSError as error:
        raise StorageError(f"{out}: the model cannot be written ({error.strerror}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _exchange(out: Path, folder: Path) -> None:
    """Put a folder in another's place; that one is back where it was if an OSError is raised."""
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-old-"))
    try:
        out.rename(old / "model")
        try:
            folder.rename(out)
        except OSError:
            (old / "model").rename(out)
            raise
    finally:
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)  # else it holds all that there is


def _manifest(
    options: TrainingOptions,
    learner: Learner,
    examples: Examples,
    scales: list[tuple[float, float]],
    best: dict[str, Any],
    folder: Path,
) -> Manifest:
    learned = []
    for number, category in enumerate(examples.categories):
        if not (examples.category == number).any():
            continue  # in the validation alone
        centre, spread = scales[number] if options.variant == "ours" else (0.0, 1.0)
        titles = examples.titles[number]
        learned.append(LearnedAttribute(category, category, (category, *titles), titles[0], centre, spread))
    words = " ".join(text for attribute in learned for text in attribute.wordings)
    return Manifest(
        folder=folder,
        name=options.name,
        title=options.name,
        description=f"Trained on {len(examples):,} labels of {options.csv.name}, on {options.told}; "
        f"Spearman {best['srcc']:.3f} on {count(best['images'], 'image')} kept apart, by which step "
        f"{best['step']:,} was chosen.",
        clip_config=CONFIG,
        adapter=learner.sizes,
        attributes=tuple(learned),
        vocabulary=frozenset(re.findall(r"[^\W_]+", words.casefold())),
        kind=TOWERS,
        variant=options.variant,
        zero_shot=options.unfreeze == "nothing" and knows_texts(options),
    )


def knows_texts(options: TrainingOptions) -> bool:
    """Whether a training's backbone was made to know pictures from texts, before anything is trained."""
    source = Path(options.backbone)
    if (source / MANIFEST).is_file():
        return read_manifest(source).zero_shot
    return not options.is_random
