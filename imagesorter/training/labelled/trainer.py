"""Training as in the paper, on labelled images: one loop, on one processor or several.

Steps as in `stepping`, one category in a batch, images mirrored half of the time (arXiv 2412.06760);
for our variant the average of the last weights instead of the last. A killed training goes on from its
last checkpoint to the weights it would have had.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from imagesorter.errors import ImagesorterError, ModelError, StorageError, TrainingError
from imagesorter.events import Event, Finished, Notice, Progress, Trained, Unreadable, Validated
from imagesorter.model import device as devices
from imagesorter.model.preprocessing import Preprocessing
from imagesorter.model.tower_sources import open_towers
from imagesorter.training.averaging import Average
from imagesorter.training.labelled.dataset import (
    Batch,
    Batches,
    Examples,
    LabelsError,
    read_beside,
    read_examples,
    require_any,
)
from imagesorter.training.labelled.features import KeptFeatures, LiveFeatures
from imagesorter.training.labelled.learner import Learner, losses, some_of
from imagesorter.training.labelled.model_folder import check_destination, write_model
from imagesorter.training.labelled.options import HORIZON, RATES, STEPS, TrainingOptions
from imagesorter.training.labelled.pace import Pace
from imagesorter.training.labelled.parallel import Processes, processes
from imagesorter.training.labelled.stepping import learning_rate, optimiser_of, seed_draws, step
from imagesorter.training.metrics import srcc

CHECKPOINT_SECONDS = 60.0
"""Time between two checkpoints; one is written at each judgement too."""

_JUDGEMENTS = 20
"""How often a training judges itself."""

_SCORE_BATCH = 64
_ATTEMPTS = 20

Features = KeptFeatures | LiveFeatures


def train(options: TrainingOptions) -> Iterator[Event]:
    """Train, and write the best weights as a model folder. Goes on where an earlier call was stopped.

    Closing the generator stops the training after the step it is in, with a checkpoint. Under
    torchrun every process calls this; only the first tells how it goes.

    Yields: Notice, Progress("model" | "tokens" | "train"), Unreadable, Validated, Trained, Finished.

    Raises:
        LabelsError: the labels cannot be used; once their images were tried, too few of them can be read.
        ImagesorterError: backbone, device or folders cannot be used, before any work; in a step, hardly any
            image can be read.
        StorageError: an earlier run's files do not fit, or something cannot be written; also at closing.
        TrainingError: the loss became infinite or no number; the best weights before are written, if it
            judged itself before.
    """
    check_destination(options.out)
    yield Progress("model", 0)
    with (
        processes(devices.choose(options.device)) as team,
        closing(_Training(options, team).events()) as events,  # else an error at the last checkpoint is lost
    ):
        for event in events:
            if team.main:
                yield event


class _Training:
    def __init__(self, options: TrainingOptions, team: Processes) -> None:
        self.options = options
        self.team = team
        self.learning, self.judging = read_labels(options)
        self.scales = self.learning.scales()
        torch.manual_seed(options.seed)
        towers, self.config = open_towers(options.backbone, options.pretrained, team.device)
        towers.preprocessing = _seen(options, towers.preprocessing)
        try:
            self.learner = Learner(towers, options).to(team.device)
        except ValueError as error:
            raise ModelError(f"the adapter cannot have this size: {error}.") from error
        trained = [parameter for parameter in self.learner.parameters() if parameter.requires_grad]
        self.rate = options.rate or RATES[options.variant]
        self.optimiser = optimiser_of(trained, self.rate)
        per_epoch = math.ceil(len(self.learning) / (options.batch * team.count))
        self.steps = options.steps or (options.epochs or 0) * per_epoch or STEPS
        self.plan = _plan(options, team, self.steps)
        weights = {n: p for n, p in self.learner.named_parameters() if p.requires_grad}
        self.average = Average(weights, HORIZON[options.variant] * self.steps)
        self.step = self.unreadable = 0
        self.best: dict[str, Any] = {"srcc": -math.inf, "step": 0, "state": {}}
        self._run: nn.Module = self.learner

    def events(self) -> Generator[Event, None, None]:
        if self.options.is_random:
            yield Notice(f"{self.options.backbone} has random weights: name weights with --pretrained.")
        with closing(self._features()) as features:
            self.unreadable = yield from self._prepare(features)
            if not self._restore():
                self._look(features)
            if self.team.count > 1:
                self._run = DistributedDataParallel(
                    self.learner,
                    broadcast_buffers=False,
                    find_unused_parameters=self.learner.unfreeze == "all",
                )
            finite = yield from self._loop(features)
        if self.team.main and self.best["state"]:
            self.learner.load_trained(self.best["state"])
            self.best["images"] = len(np.unique(self.judging.image))
            write_model(self.options, self.learner, self.config, self.learning, self.scales, self.best)
        self.team.wait()
        if not finite and self.team.main:
            raise self._diverged()
        yield Trained(self.options.out, self.best["step"], self.best["srcc"], self.options.work)
        yield Finished(self.steps, self.unreadable)

    def _look(self, features: Features) -> None:
        """Show the learner images of all categories before the first step."""
        sample = some_of(self.learning.image)
        inputs, kept = features.get(sample, np.zeros(len(sample), np.bool_))
        if kept.any():
            self.learner.look(inputs)

    def _loop(self, features: Features) -> Generator[Event, None, bool]:
        """The training itself; returns whether the loss stayed finite, and stops where it does not."""
        options, team = self.options, self.team
        batches = Batches(self.learning, size=options.batch, negatives=options.negatives, seed=options.seed)
        every = max(self.steps // _JUDGEMENTS, 1)
        loss, since, saved, pace = 0.0, 0, time.monotonic(), Pace(self.step, self.steps)
        self.learner.train()
        while self.step < self.steps:
            seed_draws(options.seed, self.step * 1_009 + team.number)
            batch, inputs = self._batch(batches, features)
            if self.step + 1 < self.steps:
                following = batches.draw(self.step + 1, team.number)
                features.expect(following.images, following.mirrored)
            parts = self._losses(batch, inputs)
            total = torch.stack(list(parts.values())).sum()
            rate = learning_rate(self.rate, self.step, self.steps)
            if not step(self.optimiser, total, rate, team.any):
                return False
            self.step, loss, since = self.step + 1, loss + total.item(), since + 1
            self.average.update(self.step)

            events: list[Event] = [*self._new_failures(features)]
            due = self.step % every == 0 or self.step == self.steps
            if due:
                events.append(self._judge(features, loss / since))
                loss, since = 0.0, 0
            if due or time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()
            events.append(pace.progress(self.step, f"loss {total.item():.3f}{self._best_so_far()}"))
            try:
                yield from events
            except GeneratorExit:
                self._save()
                raise
        return bool(self.best["state"]) or not team.main

    def _diverged(self) -> TrainingError:
        what = f"the training stops at step {self.step:,}: its numbers have become infinite."
        if not self.best["state"]:
            return TrainingError(
                f"{what} It was not judged before, so nothing is kept. Delete {self.options.work} and start "
                "again with a lower --lr."
            )
        return TrainingError(
            f"{what} The best weights, of step {self.best['step']:,} (srcc "
            f"{self.best['srcc']:.3f}), are written to {self.options.out}. Try a lower --lr and another name."
        )

    def _new_failures(self, features: Features) -> Iterator[Event]:
        """Images that could not be read since the last time."""
        if isinstance(features, LiveFeatures):
            for error in list(features.failures.values())[self.unreadable :]:
                self.unreadable += 1
                yield Unreadable(None, error.path, error.reason)

    def _batch(self, batches: Batches, features: Features) -> tuple[Batch, Tensor]:
        """A step's batch, without the images that cannot be read."""
        for attempt in range(_ATTEMPTS):
            batch = batches.draw(self.step, self.team.number, attempt)
            inputs, kept = features.get(batch.images, batch.mirrored)
            if kept.sum() > 1 or len(kept) == 1 == kept.sum():
                return dataclasses.replace(
                    batch, images=batch.images[kept], values=batch.values[kept]
                ), inputs
        raise ImagesorterError(
            f"hardly any image of {self.options.csv} can be read. Check the paths, or name their folder "
            "with --images."
        )

    def _losses(self, batch: Batch, inputs: Tensor) -> dict[str, Tensor]:
        with torch.autocast("cuda", torch.bfloat16, enabled=inputs.is_cuda):
            scores, logits = self._run(inputs, batch.title)
        return losses(
            scores,
            logits,
            torch.from_numpy(batch.values).to(inputs.device),
            variant=self.options.variant,
            scale=self.scales[batch.category],
            presence=self.options.presence,
        )

    def _judge(self, features: Features, loss: float) -> Event:
        """Correlations on the images kept apart; on the main process, while the others wait."""
        with self.average.shown():
            value = judge(self.learner, features, self.judging) if self.team.main else -math.inf
            better = value > self.best["srcc"]
            if better:
                state = {name: tensor.cpu().clone() for name, tensor in self.learner.trained_state().items()}
                self.best = {"srcc": value, "step": self.step, "state": state}
        self.team.wait()
        self.learner.train()
        return Validated(self.step, self.steps, loss, value, better)

    def _best_so_far(self) -> str:
        return f"  srcc {self.best['srcc']:.3f}" if self.best["step"] else ""

    def _features(self) -> Features:
        """Kept tokens where the image tower stands still and they are not too many."""
        towers, paths = self.learner.towers, self.learning.paths
        if self.options.unfreeze != "all":
            size = KeptFeatures.size(towers, len(paths))
            if size <= self.options.cache_gigabytes * 1e9:
                return KeptFeatures(towers, paths, self.options.work, self.team)
        return LiveFeatures(towers, paths, pixels=self.options.unfreeze == "all")

    def _prepare(self, features: Features) -> Generator[Event, None, int]:
        """Fill the kept tokens, and leave out what cannot be read; returns how many images."""
        try:
            self.options.work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{self.options.work}: cannot be made ({error.strerror}).") from error
        if isinstance(features, LiveFeatures):
            return 0
        yield from features.prepare()
        self.learning = self.learning.where(~features.failed[self.learning.image])
        self.judging = self.judging.where(~features.failed[self.judging.image])
        if not len(self.learning):
            raise LabelsError(
                f"no image of {self.options.csv} can be read. Check the paths, or name their folder with "
                "--images."
            )
        _check_judging(self.learning, self.judging, self.options)
        return int(features.failed.sum())

    def _restore(self) -> bool:
        """Go on from the checkpoint, where there is one; returns whether."""
        path = self.options.work / "checkpoint.pt"
        if not path.exists():
            return False
        try:
            stored = torch.load(path, map_location=self.team.device, weights_only=True)
        except Exception as error:  # whatever a damaged file makes torch raise
            raise StorageError(f"{path} is damaged. Delete it to start again.") from error
        if stored["plan"] != self.plan:
            changed = [key for key in self.plan if stored["plan"].get(key) != self.plan[key]]
            raise StorageError(
                f"{self.options.work} belongs to a training with other settings ({', '.join(changed)}). Name "
                "another place with --out, or delete that folder to start again."
            )
        try:
            self.learner.load_trained(stored["state"])
            self.optimiser.load_state_dict(stored["optimiser"])
            self.average.load(stored["average"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise StorageError(
                f"{path} is of another version of Imagesorter. Delete {self.options.work} to start again."
            ) from error
        self.step, self.best = stored["step"], stored["best"]
        return True

    def _save(self) -> None:
        if not self.team.main:
            return
        path = self.options.work / "checkpoint.pt"
        stored = {
            "plan": self.plan,
            "step": self.step,
            "state": self.learner.trained_state(),
            "average": self.average.state(),
            "optimiser": self.optimiser.state_dict(),
            "best": self.best,
        }
        try:
            torch.save(stored, path.with_suffix(".partial"))
            path.with_suffix(".partial").replace(path)
        except (OSError, RuntimeError) as error:
            raise StorageError(
                f"{path}: the checkpoint cannot be written ({error}). Free some space."
            ) from error


@torch.no_grad()
def judge(learner: Learner, features: Features, examples: Examples) -> float:
    """Mean over the categories of Spearman's correlation, where it is defined; −∞ where a score is not
    finite."""
    learner.eval()
    found = []
    for category in np.unique(examples.category).tolist():
        rows = examples.category == category
        images, values = examples.image[rows], examples.value[rows]
        scores, kept = [], []
        for start in range(0, len(images), _SCORE_BATCH):
            part = images[start : start + _SCORE_BATCH]
            inputs, there = features.get(part, np.zeros(len(part), np.bool_))
            kept.append(there)
            if there.any():
                with torch.autocast("cuda", torch.bfloat16, enabled=inputs.is_cuda):
                    scores.append(learner.scores(inputs, examples.titles[category][0]).cpu().numpy())
        if scores:
            if not all(np.isfinite(part).all() for part in scores):
                return -math.inf
            value = srcc(np.concatenate(scores), values[np.concatenate(kept)])
            found.append(0.0 if math.isnan(value) and np.ptp(values) else value)
    defined = [value for value in found if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else -1.0


def _seen(options: TrainingOptions, own: Preprocessing) -> Preprocessing:
    """How images are shown; what lies outside a crop could not be counted."""
    if options.resize == "model" or own.resize_mode not in ("shortest", "longest"):
        return own
    interpolation = "bilinear" if options.variant == "published" else own.interpolation
    return dataclasses.replace(own, resize_mode="squash", interpolation=interpolation)


def read_labels(options: TrainingOptions) -> tuple[Examples, Examples]:
    """Rows to learn from and rows to judge by. Raises LabelsError, also where a photograph is in both."""
    learning = read_examples(options.csv, options.images)
    require_any(learning, options.csv)
    if isinstance(options.validation, Path):
        learning, judging = read_beside(learning, options.csv, options.validation, options.images)
    else:
        learning, judging = learning.split(options.validation)
    if not len(learning):
        raise LabelsError(f"{options.csv}: no image is left to learn from. Lower --validation.")
    _check_judging(learning, judging, options)
    return learning, judging


def _check_judging(learning: Examples, judging: Examples, options: TrainingOptions) -> None:
    if _differ(judging):
        return
    if isinstance(options.validation, Path):
        raise LabelsError(
            f"{options.validation}: the images to judge by have no two different values in any category. Add "
            "some, or name another file of labels with --validation."
        )
    if not _differ(learning, judging):  # whatever share is kept apart
        raise LabelsError(
            f"{options.csv}: no category has two images of different values, so there is no order to learn. "
            "Label more images, with other values."
        )
    raise LabelsError(
        f"{options.csv}: the images kept apart for judging have no two different values in any category. "
        "Raise the share with --validation, or name a file of labels with it."
    )


def _differ(*some: Examples) -> bool:
    """Whether a category has two different values."""
    category = np.concatenate([examples.category for examples in some])
    value = np.concatenate([examples.value for examples in some])
    return any(np.ptp(value[category == one]) for one in np.unique(category))


def _plan(options: TrainingOptions, team: Processes, steps: int) -> dict[str, Any]:
    """What a checkpoint must agree with, as plain values."""
    plan = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    for name in ("out", "name", "epochs", "device", "cache_gigabytes"):  # these change no weights
        del plan[name]
    plan |= {"steps": steps, "processes": team.count, "average": HORIZON[options.variant]}
    for name in ("csv", "validation"):
        if isinstance(plan[name], Path):
            plan[name] = hashlib.blake2b(plan[name].read_bytes(), digest_size=8).hexdigest()
    return {name: str(value) if isinstance(value, Path) else value for name, value in plan.items()}
