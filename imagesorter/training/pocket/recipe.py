"""The recipe of the bundled model: one seeded, resumable loop from photographs to weights, in parts.

Texts alone, images alone; then the image tower is frozen, its readings are stored with fixed measures of
light, structure and grain, and the adapter learns from both with the text tower: by the paper's two losses
(pair logits, regressed scores), by the order of scores within each series, scale and batch, by each order
being the reverse of its opposite's, and by CLIP's contrastive loss on captioned photographs and on classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from imagesorter.errors import StorageError
from imagesorter.model.bundle import (
    ADAPTER_WEIGHTS,
    CLIP_WEIGHTS,
    Manifest,
    write_manifest,
)
from imagesorter.model.computed import COMPUTED
from imagesorter.training.averaging import Average
from imagesorter.training.pocket.attributes import learned_attributes, vocabulary
from imagesorter.training.pocket.drawing import draw_batch
from imagesorter.training.pocket.estimates import with_estimates
from imagesorter.training.pocket.finished import ADDED
from imagesorter.training.pocket.model import PocketModel
from imagesorter.training.pocket.objectives import naming_loss, sight_loss, step_loss
from imagesorter.training.pocket.sights import draw_sights
from imagesorter.training.pocket.subjects import Subjects
from imagesorter.training.pocket.views import open_views, store_views

CHECKPOINT_STEPS = 100
"""Steps between two checkpoints."""

_AVERAGED = 0.1
"""Steps that the averaged weights reach back, as a share of a part's."""

_TEXT = ("backbone.clip.text.", "naming.", "calling.")
_IMAGE = ("backbone.clip.visual.trunk.", "seeing_")
_POOLING = ("backbone.clip.visual.trunk.conv_head.", "backbone.clip.visual.trunk.norm_head.",
            "backbone.clip.visual.trunk.classifier.", "backbone.clip.visual.head.")  # fmt: skip
_TOGETHER = (*_TEXT, *_POOLING, "adapter.", "matching_scale", "clip_scale")
_EXPORTED = {"backbone.clip.": CLIP_WEIGHTS, "adapter.": ADAPTER_WEIGHTS}
"""Files of a model folder, by the beginning of the names in training."""

PARTS = ("texts", "images", "together")
_LEARNING = (_TEXT, _IMAGE, _TOGETHER)
"""What changes in each part, by the beginning of its parameters' names."""

Step = Callable[[int], tuple[Tensor, dict[str, float]]]
"""Number of a step → loss, and its parts for the log."""


@dataclass(frozen=True)
class Recipe:
    """All that decides the weights, besides the photographs.

    Attributes:
        text_steps: steps that teach the text tower alone which attribute, word or class a prompt names,
            and in which direction. A step on images shows few wordings, and their two directions cancel:
            without these steps no loss moved in 200.
        texts: prompts in each of these; a third of that in each step of the last part.
        image_steps: steps that teach the image tower alone what photographs show: words of captions,
            classes, numbers, grades, and every attribute that a squashed photograph tells.
        images: cropped photographs in each of these.
        views: stored readings of each photograph.
        veiled: series of haze, and as many of banding.
        steps: steps of the last part, on stored readings.
        captioned: photographs with a caption in each of these.
        classed: photographs of a named class.
        labelled: photographs with a number or a grade.
        photos: any photographs.
        series: graded series.
        asked: questions that are put through the cross-attention.
        answers: images that each of these is asked of, at most.
        opposed: attributes that are asked of in both directions, to turn one order into the other.
        whole_captions: captions that are.
        pairs: random pairs per question for the pair head.
        learning_rate: peak; warmed up over `warm_up` steps, then a cosine to zero, in every part.
        text_share: the text tower's learning rate over the others'.
    """

    text_steps: int = 1500
    texts: int = 96
    image_steps: int = 16000
    images: int = 72
    views: int = 3
    veiled: int = 1000
    steps: int = 3000
    captioned: int = 48
    classed: int = 28
    labelled: int = 24
    photos: int = 12
    series: int = 9
    asked: int = 8
    answers: int = 48
    opposed: int = 2
    whole_captions: int = 3
    pairs: int = 192
    learning_rate: float = 1.5e-3
    warm_up: int = 100
    weight_decay: float = 0.05
    text_share: float = 0.4
    seed: int = 1

    @property
    def parts(self) -> tuple[int, int, int]:
        """Steps of each part."""
        return self.text_steps, self.image_steps, self.steps

    @property
    def total(self) -> int:
        """Steps of all parts."""
        return sum(self.parts)

    def part(self, step: int) -> tuple[int, int]:
        """Number of the part that a step belongs to, from 0, and its number within."""
        for number, length in enumerate(self.parts):
            if step < length:
                return number, step
            step -= length
        return len(self.parts), step


def train(
    subjects: Subjects, clip_config: Path, work: Path, recipe: Recipe, start: Path | None = None
) -> Iterator[tuple[str, int, int, dict[str, float]]]:
    """Run the recipe, going on from `work/checkpoint.pt` where there is one.

    Each part ends with the running average of its weights.

    Args:
        subjects: prepared photographs and what is known of them.
        clip_config: OpenCLIP configuration of the backbone.
        work: folder for the checkpoint, written every `CHECKPOINT_STEPS` and after each part, and for views.
        start: checkpoint of an earlier run, or exported model folder, whose weights to begin with; None
            begins at random.

    Yields:
        (what, done, of how many, parts of the loss).

    Raises:
        StorageError: the checkpoint belongs to another recipe.
    """
    torch.manual_seed(recipe.seed)
    sizes = max(len(subjects.words), 1), max(len(subjects.class_names), 1)
    model = PocketModel(clip_config, *sizes).to(memory_format=torch.channels_last)
    path, stored = work / "checkpoint.pt", {"step": 0}
    if path.exists():
        stored = torch.load(path, weights_only=True)
        if stored["recipe"] != asdict(recipe):
            raise StorageError(f"{path} belongs to another recipe: name another folder with --work.")
        model.load_state_dict(stored["model"])
    elif start is not None:
        _begin_with(model, _weights(start))
    begin = 0
    for number, length in enumerate(recipe.parts):
        if stored["step"] < begin + length:
            if number == len(PARTS) - 1:
                for seen, of in store_views(model, subjects, recipe, work):
                    yield "views", seen, of, {}
            for done, parts in _run(model, number, begin, stored, subjects, recipe, work):
                yield PARTS[number], done, length, parts
            stored = {"step": begin + length}
        begin += length


def _run(
    model: PocketModel,
    number: int,
    begin: int,
    stored: dict[str, Any],
    subjects: Subjects,
    recipe: Recipe,
    work: Path,
) -> Iterator[tuple[int, dict[str, float]]]:
    """One part, from its beginning or from what was stored of it; yields (steps done, parts of the loss)."""
    end, done = begin + recipe.parts[number], max(stored["step"], begin)
    lesson = _lesson(model, number, subjects, recipe, work)
    learning = {
        name: parameter for name, parameter in model.named_parameters() if name.startswith(_LEARNING[number])
    }
    optimiser = torch.optim.AdamW(_groups(learning, recipe), lr=recipe.learning_rate)
    changing = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if tensor.is_floating_point() and (name in learning or "running_" in name)
    }
    average = Average(changing, _AVERAGED * recipe.parts[number])
    if done > begin:
        optimiser.load_state_dict(stored["optimiser"])
        average.load(stored["average"])
    model.train()

    def save(step: int, **more: object) -> None:
        state = {"model": model.state_dict(), "step": step, "recipe": asdict(recipe), **more}
        path = work / "checkpoint.pt"
        torch.save(state, path.with_suffix(".partial"))
        path.with_suffix(".partial").replace(path)

    for step in range(done, end):
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * learning_rate(recipe, step)
        loss, parts = lesson(step)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learning.values(), 1.0)
        optimiser.step()
        average.update(step - begin + 1)
        if step + 1 == end:
            average.keep()
            save(end)
        elif (step + 1 - begin) % CHECKPOINT_STEPS == 0:
            save(step + 1, optimiser=optimiser.state_dict(), average=average.state())
        yield step + 1 - begin, parts


def _lesson(model: PocketModel, number: int, subjects: Subjects, recipe: Recipe, work: Path) -> Step:
    """What the steps of a part do."""
    if PARTS[number] == "texts":

        def texts(step: int) -> tuple[Tensor, dict[str, float]]:
            loss = naming_loss(model, subjects, recipe.seed, step, recipe.texts)
            return loss, {"naming": loss.item()}

        return texts
    if PARTS[number] == "images":
        return lambda step: sight_loss(model, draw_sights(subjects, recipe, step))
    views = with_estimates(subjects, open_views(subjects, recipe, work))
    assert model.adapter.measures is not None
    model.adapter.measures.set_statistics(torch.from_numpy(np.array(views.measures)))
    return lambda step: step_loss(model, subjects, draw_batch(subjects, views, recipe, step), recipe, step)


def _weights(start: Path) -> dict[str, Tensor]:
    """Weights of a checkpoint or of a model folder, by their names in training.

    Raises:
        StorageError: it is neither.
    """
    try:
        if not start.is_dir():
            state: dict[str, Tensor] = torch.load(start, weights_only=True)["model"]
            return state
        return {
            prefix + name: tensor
            for prefix, file in _EXPORTED.items()
            for name, tensor in load_file(start / file).items()
            if not name.startswith(ADDED)
        }
    except (OSError, RuntimeError, KeyError, TypeError, UnpicklingError, SafetensorError) as error:
        raise StorageError(f"{start}: neither a checkpoint of the recipe nor a model folder.") from error


def _begin_with(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Take over the weights of an earlier run; heads that had another size begin anew."""
    own = model.state_dict()
    fitting = {name: t for name, t in state.items() if name in own and own[name].shape == t.shape}
    model.load_state_dict(own | fitting)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then a cosine to zero, in every part."""
    number, within = recipe.part(step)
    if within < recipe.warm_up:
        return recipe.learning_rate * (within + 1) / recipe.warm_up
    progress = (within - recipe.warm_up) / max(1, recipe.parts[number] - recipe.warm_up)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def export(work: Path, clip_config: Path, folder: Path) -> Manifest:
    """Write the trained weights of `work/checkpoint.pt` as a model folder, float16.

    Optimiser, and the heads that served training alone, stay behind. `folder` must hold the
    OpenCLIP configuration already.
    """
    return write_model(torch.load(work / "checkpoint.pt", weights_only=True)["model"], clip_config, folder)


def mean_weights(folders: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of some models' weights, by their names in training.

    Runs that began alike, and went on with other draws, end in one basin: the mean of their weights
    judges as the mean of their scores would, or better, at the cost of one (Wortsman et al. 2022,
    "Model soups"). Their image towers must be one: the statistics of its normalisation have no mean.

    Args:
        folders: of models, two or more.

    Raises:
        StorageError: there are fewer, or one of them is no model folder, of another shape or image tower.
    """
    if len(folders) < 2:
        raise StorageError("a mean needs two model folders or more.")
    for folder in folders:
        if not folder.is_dir():
            raise StorageError(f"{folder}: no model folder.")
    states = [_weights(folder) for folder in folders]
    first = states[0]
    for folder, state in zip(folders, states, strict=True):
        if {name: t.shape for name, t in state.items()} != {name: t.shape for name, t in first.items()}:
            raise StorageError(f"{folder}: its weights have other shapes than those of {folders[0]}.")
        for name, tensor in state.items():
            if name.startswith(_IMAGE) and not name.startswith(_POOLING) and not tensor.equal(first[name]):
                raise StorageError(
                    f"{folder}: its image tower is another than that of {folders[0]}. Take runs with one "
                    "--start, without --image-steps."
                )
    return {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(tensor.dtype)
        for name, tensor in first.items()
    }


def write_model(state: dict[str, Tensor], clip_config: Path, folder: Path) -> Manifest:
    """Write weights, by their names in training, as a model folder; see `export`."""

    def part(prefix: str) -> dict[str, Tensor]:
        return {
            name.removeprefix(prefix): (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
            for name, tensor in state.items()
            if name.startswith(prefix)
        }

    for prefix, name in _EXPORTED.items():
        save_file(part(prefix), folder / name)
        (folder / name).chmod(0o644)
    model = PocketModel(clip_config)
    manifest = Manifest(
        folder=folder,
        name="pocket",
        title="Pocket",
        description="Small model that comes with the application. Orders photographs by light, colour, "
        "sharpness, damage and clutter; finds common subjects and counts people roughly.",
        clip_config=clip_config.name,
        adapter=asdict(replace(model.adapter.config, computed=len(COMPUTED))),  # nobody trains them
        attributes=learned_attributes(),
        vocabulary=frozenset(vocabulary()),
    )
    write_manifest(manifest)
    return manifest


def _groups(learning: dict[str, nn.Parameter], recipe: Recipe) -> list[dict[str, Any]]:
    """Weight decay for matrices and filters only; the text tower at `text_share` of the learning rate."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in learning.items():
        matrix = parameter.ndim >= 2 and "embedding" not in name and "prompt" not in name
        groups.setdefault((matrix, name.startswith(_TEXT)), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": recipe.weight_decay if matrix else 0.0,
            "share": recipe.text_share if text else 1.0,
        }
        for (matrix, text), parameters in groups.items()
    ]
