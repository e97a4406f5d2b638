"""Training and judging on labelled images: the engine's face for `train --csv`, `evaluate` and `bench`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.errors import ModelError
from imagesorter.model.bundle import MANIFEST, PUBLISHED
from imagesorter.model.shelf import check_length, check_name
from imagesorter.paths import bundled_models

if TYPE_CHECKING:
    from imagesorter.engine import Engine
    from imagesorter.events import Event
    from imagesorter.training.labelled.options import TrainingOptions
    from imagesorter.training.study.options import StudyOptions


def train(engine: Engine, options: TrainingOptions, *, probe: bool = False) -> Iterator[Event]:
    """Train a model on labelled images, see `training.labelled.trainer.train`; its backbone may also be the
    name of a model on this machine.

    Args:
        probe: fit a linear head instead, see `training.labelled.probe.train_probe`.

    Raises:
        ImagesorterError: labels, backbone, name, device or folders cannot be used.
    """
    check_length(options.name)
    if (bundled_models() / options.name).is_dir() or Path(options.name).name != options.name:
        raise ModelError(f"a new model cannot have the name “{options.name}”. Choose another with --name.")
    try:
        goes_on = options.work.is_dir()
    except OSError as error:  # a folder above it, or the whole path, is too long
        raise ModelError(f"{options.out}: cannot be used ({error.strerror}). Name another folder.") from error
    if not goes_on:
        if options.out.parent == engine.shelf.own:
            check_name(options.name, engine.shelf.own)
        elif (options.out / MANIFEST).is_file():
            raise ModelError(f"{options.out}: there is already a model. Name another folder with --out.")
    models = engine.shelf.models()
    if options.backbone in models and not Path(options.backbone).exists():
        manifest = models[options.backbone]
        if probe and manifest.kind == PUBLISHED:
            raise ModelError(f"a probe needs an OpenCLIP model, and “{manifest.name}” is no longer one.")
        options = replace(options, backbone=str(engine.shelf.base(manifest).folder))
    if probe:
        from imagesorter.training.labelled.probe import train_probe as run
    else:
        from imagesorter.training.labelled.trainer import train as run

    yield from run(options)


def evaluate(
    engine: Engine,
    labels: Path,
    model: str | None = None,
    images: Path | None = None,
    device: str | None = None,
) -> Iterator[Event]:
    """Load a model and compare it with labels, see `training.labelled.measure.measure`.

    Args:
        labels: CSV, see `training.labelled.dataset.read_examples`; `images` is where its paths start from.
        model: name or folder; None is the chosen one.
        device: None is the chosen one, or the best.

    Raises:
        ImagesorterError: labels or model cannot be used.
    """
    from imagesorter.training.labelled.dataset import read_examples, require_any
    from imagesorter.training.labelled.measure import measure

    examples = read_examples(labels, images)
    require_any(examples, labels)
    yield from engine.load_model(model, device)
    assert engine.ranker is not None
    yield from measure(engine.ranker, examples, labels)


def study(engine: Engine, options: StudyOptions) -> Iterator[Event]:
    """Compare methods on labelled images, see `training.study.running.study`; the backbone may also be the
    name of a model on this machine.

    Raises:
        ImagesorterError: labels, backbone, device or folders cannot be used.
    """
    from imagesorter.training.study.running import study as run

    models = engine.shelf.models()
    if options.backbone in models and not Path(options.backbone).exists():
        options = replace(options, backbone=str(engine.shelf.base(models[options.backbone]).folder))
    yield from run(options)
