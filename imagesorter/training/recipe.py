"""The recipe of the bundled model: one seeded, resumable loop from photographs to weights.

Every step shows graded series and plain photographs of changed tone, and asks about some of
the attributes in random wordings. The adapter is trained by the paper's two losses (pair logits,
regressed scores) and by the order of scores within each series; the towers learn from that
and, on captioned photographs, from CLIP's contrastive loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from imagesorter.errors import StorageError
from imagesorter.model.adapter import AdapterConfig, RankingAdapter, TextContext
from imagesorter.model.backbone import Backbone
from imagesorter.model.bundle import (
    ADAPTER_WEIGHTS,
    CLIP_WEIGHTS,
    LearnedAttribute,
    Manifest,
    write_manifest,
)
from imagesorter.training.attributes import ATTRIBUTES, vocabulary
from imagesorter.training.drawing import Subjects, draw_batch, draw_sight
from imagesorter.training.objectives import naming_loss, sight_loss, step_loss

DETAIL_CHANNELS = 64
CHECKPOINT_STEPS = 100
"""Steps between two checkpoints."""


@dataclass(frozen=True)
class Recipe:
    """All that decides the weights, besides the photographs.

    Attributes:
        steps: optimiser steps on images.
        captioned: photographs with a caption in a step.
        classed: photographs of a named class.
        labelled: photographs with a number or a grade.
        photos: any photographs.
        series: graded series from the bank; besides, one of haze and one of banding.
        attributes: how many attributes a step asks about.
        words: how many caption words.
        classes: how many classes.
        whole_captions: how many captions.
        pairs: random pairs per attribute for the pair head.
        text_steps: steps before the first image that teach the text tower alone which attribute a
            prompt names, and in which direction. A step on images shows few wordings, and their
            two directions cancel: without these steps no loss moved in 200.
        texts: prompts in each of these, and in each later step.
        image_steps: steps after these that teach the image tower alone what photographs show: words
            of captions, classes, and every attribute that a squashed photograph tells. Without texts,
            details and adapter, and on smaller pictures, a step takes a third of the time.
        images: photographs in each of these.
        learning_rate: peak; warmed up over `warm_up` steps, then a cosine to zero.
        text_share: the text tower's learning rate over the others'.
        contrastive: weight of CLIP's loss.
        subjects: weight of the losses on words, classes and captions.
    """

    steps: int = 2500
    captioned: int = 36
    classed: int = 24
    labelled: int = 14
    photos: int = 2
    series: int = 3
    attributes: int = 5
    words: int = 4
    classes: int = 3
    whole_captions: int = 5
    pairs: int = 192
    text_steps: int = 1500
    texts: int = 96
    image_steps: int = 5000
    images: int = 96
    learning_rate: float = 1.5e-3
    warm_up: int = 100
    weight_decay: float = 0.05
    text_share: float = 0.4
    contrastive: float = 0.3
    subjects: float = 1.0
    seed: int = 1

    @property
    def total(self) -> int:
        """Steps of all kinds."""
        return self.text_steps + self.image_steps + self.steps


class PocketModel(nn.Module):
    """Backbone and adapter trained together."""

    def __init__(self, clip_config: Path, words: int = 1, classes: int = 1) -> None:
        super().__init__()
        self.backbone = Backbone(clip_config)
        # OpenCLIP starts words at 0.02: in a tower this shallow they drown in what all texts share
        nn.init.normal_(self.backbone.clip.text.token_embedding.weight, std=0.5)
        widths = self.backbone.feature_width, self.backbone.text_width
        self.adapter = RankingAdapter(AdapterConfig(*widths, detail_channels=DETAIL_CHANNELS))
        # heads that serve training alone: each side learns what the attributes are without
        # having to learn the other side's language first
        self.naming = nn.Linear(self.backbone.text_width, len(ATTRIBUTES))
        width = self.adapter.config.width
        self.measuring = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, len(ATTRIBUTES))
        )
        self.calling = nn.Linear(self.backbone.text_width, words + classes)
        self.seeing_words = nn.Linear(self.backbone.feature_width, words)
        self.seeing_classes = nn.Linear(self.backbone.feature_width, classes)
        self.seeing_attributes = nn.Linear(self.backbone.feature_width, len(ATTRIBUTES))
        self.matching_scale = nn.Parameter(torch.tensor(math.log(10.0)))

    def contexts(self, texts: list[str]) -> list[TextContext]:
        """One adapter context per text."""
        _, tokens, mask = self.backbone.text(self.backbone.tokenize(texts))
        return [self.adapter.encode_text(t, m) for t, m in zip(tokens, mask, strict=True)]


def train(
    subjects: Subjects, clip_config: Path, work: Path, recipe: Recipe, start: Path | None = None
) -> Iterator[tuple[int, dict[str, float]]]:
    """Run the recipe, going on from `work/checkpoint.pt` where there is one.

    Args:
        subjects: prepared photographs and what is known of them.
        clip_config: OpenCLIP configuration of the backbone.
        work: folder for the checkpoint, written every `CHECKPOINT_STEPS` and at the end.
        start: checkpoint of an earlier run whose weights to begin with; None begins at random.

    Yields:
        (steps done, parts of the loss).

    Raises:
        StorageError: the checkpoint belongs to another recipe.
    """
    torch.manual_seed(recipe.seed)
    sizes = max(len(subjects.words), 1), max(len(subjects.class_names), 1)
    model = PocketModel(clip_config, *sizes).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(_parameter_groups(model, recipe), lr=recipe.learning_rate)
    path, done = work / "checkpoint.pt", 0
    if path.exists():
        stored = torch.load(path, weights_only=True)
        if stored["recipe"] != asdict(recipe):
            raise StorageError(f"{path} belongs to another recipe: name another folder with --work.")
        model.load_state_dict(stored["model"])
        optimiser.load_state_dict(stored["optimiser"])
        done = stored["step"]
    elif start is not None:
        _begin_with(model, torch.load(start, weights_only=True)["model"])
    model.train()
    for step in range(done, recipe.total):
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * learning_rate(recipe, step)
        if step < recipe.text_steps:
            loss = naming_loss(model, subjects, recipe, step)
            parts = {"naming": loss.item()}
        elif step < recipe.text_steps + recipe.image_steps:
            loss, parts = sight_loss(model, *draw_sight(subjects, recipe, step))
        else:
            loss, parts = step_loss(model, subjects, draw_batch(subjects, recipe, step), recipe, step)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == recipe.total:
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1}
            torch.save(state | {"recipe": asdict(recipe)}, path.with_suffix(".partial"))
            path.with_suffix(".partial").replace(path)
        yield step + 1, parts


def _begin_with(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Take over the weights of an earlier run; heads that had another size begin anew."""
    own = model.state_dict()
    fitting = {name: t for name, t in state.items() if name in own and own[name].shape == t.shape}
    model.load_state_dict(own | fitting)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then a cosine to zero; for the texts alone, the images alone, and all together."""
    for length in (recipe.text_steps, recipe.image_steps, recipe.steps):
        if step < length:
            break
        step -= length
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    progress = (step - recipe.warm_up) / max(1, length - recipe.warm_up)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def export(work: Path, clip_config: Path, folder: Path) -> Manifest:
    """Write the trained weights of `work/checkpoint.pt` as a model folder, float16.

    Optimiser, and the heads that served training alone, stay behind. `folder` must hold the
    OpenCLIP configuration already.
    """
    state: dict[str, Tensor] = torch.load(work / "checkpoint.pt", weights_only=True)["model"]

    def part(prefix: str) -> dict[str, Tensor]:
        return {
            name.removeprefix(prefix): (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
            for name, tensor in state.items()
            if name.startswith(prefix)
        }

    save_file(part("backbone.clip."), folder / CLIP_WEIGHTS)
    save_file(part("adapter."), folder / ADAPTER_WEIGHTS)
    for name in (CLIP_WEIGHTS, ADAPTER_WEIGHTS):
        (folder / name).chmod(0o644)
    model = PocketModel(clip_config)
    manifest = Manifest(
        folder=folder,
        name="pocket",
        title="Pocket",
        description="Small model that comes with the application. Orders photographs by light, colour, "
        "sharpness, damage and clutter; finds common subjects and counts people roughly.",
        clip_config=clip_config.name,
        adapter=asdict(model.adapter.config),
        attributes=tuple(
            LearnedAttribute(a.name, a.query, (a.name, *a.more, *a.less), note=a.note) for a in ATTRIBUTES
        ),
        vocabulary=frozenset(vocabulary()),
    )
    write_manifest(manifest)
    return manifest


def _parameter_groups(model: PocketModel, recipe: Recipe) -> list[dict[str, Any]]:
    """Weight decay for matrices and filters only; the text tower at `text_share` of the learning rate."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        matrix = parameter.ndim >= 2 and "embedding" not in name and "prompt" not in name
        text = name.startswith(("backbone.clip.text.", "naming.", "calling."))
        groups.setdefault((matrix, text), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": recipe.weight_decay if matrix else 0.0,
            "share": recipe.text_share if text else 1.0,
        }
        for (matrix, text), parameters in groups.items()
    ]
