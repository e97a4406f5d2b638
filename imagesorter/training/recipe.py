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
from random import Random
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
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
from imagesorter.model.details import details, whole
from imagesorter.training.attributes import ATTRIBUTES, jitter, photometric, sample_prompt, vocabulary
from imagesorter.training.bank import SERIES_LENGTH, Bank
from imagesorter.training.distortions import ATTRIBUTE_OF
from imagesorter.training.losses import pair_loss, regression_loss, score_rank_loss

DETAIL_CHANNELS = 64
CHECKPOINT_STEPS = 100
"""Steps between two checkpoints."""


@dataclass(frozen=True)
class Recipe:
    """All that decides the weights, besides the photographs.

    Attributes:
        steps: optimiser steps on images.
        series: graded series in a step.
        photos: plain photographs in a step, half of them captioned where there are any.
        attributes: how many attributes a step asks about.
        pairs: random pairs per attribute for the pair head.
        text_steps: steps before the first image that teach the text tower alone which attribute a
            prompt names, and in which direction. A step on images shows few wordings, and their
            two directions cancel: without these steps no loss moved in 200.
        texts: prompts in each of these, and in each later step.
        learning_rate: peak; warmed up over `warm_up` steps, then a cosine to zero.
        text_share: the text tower's learning rate over the others'.
        contrastive: weight of CLIP's loss.
    """

    steps: int = 2500
    series: int = 12
    photos: int = 32
    attributes: int = 3
    pairs: int = 192
    text_steps: int = 1500
    texts: int = 96
    learning_rate: float = 1.5e-3
    warm_up: int = 100
    weight_decay: float = 0.05
    text_share: float = 0.4
    contrastive: float = 0.05
    seed: int = 1


@dataclass(frozen=True)
class Batch:
    """One step's images and labels.

    Attributes:
        images: (B, 3, S, 3 S) float RGB in [0, 1], see `canvas`.
        quantities: (B,) by attribute name; NaN where unknown.
        group: (B,) int64, the series an image belongs to; all plain photographs share one.
        captioned: indices into the batch of images with a caption.
        captions: their texts.
    """

    images: Tensor
    quantities: dict[str, Tensor]
    group: Tensor
    captioned: Tensor
    captions: list[str]


class PocketModel(nn.Module):
    """Backbone and adapter trained together."""

    def __init__(self, clip_config: Path) -> None:
        super().__init__()
        self.backbone = Backbone(clip_config)
        # OpenCLIP starts words at 0.02: in a tower this shallow they drown in what all texts share
        nn.init.normal_(self.backbone.clip.text.token_embedding.weight, std=0.5)
        widths = self.backbone.feature_width, self.backbone.text_width
        self.adapter = RankingAdapter(AdapterConfig(*widths, detail_channels=DETAIL_CHANNELS))
        # two heads that serve training alone: each side learns what the attributes are without
        # having to learn the other side's language first
        self.naming = nn.Linear(self.backbone.text_width, len(ATTRIBUTES))
        width = self.adapter.config.width
        self.measuring = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, len(ATTRIBUTES))
        )

    def contexts(self, texts: list[str]) -> list[TextContext]:
        """One adapter context per text."""
        _, tokens, mask = self.backbone.text(self.backbone.tokenize(texts))
        return [self.adapter.encode_text(t, m) for t, m in zip(tokens, mask, strict=True)]


def naming_loss(model: PocketModel, recipe: Recipe, step: int) -> Tensor:
    """How far the text tower is from telling attribute and direction of random prompts.

    Mean squared error of `naming` against ± one at the attribute's place and zero elsewhere, so
    that antonyms come to lie opposite each other.
    """
    random = Random((recipe.seed * 15_485_863 + step) ^ 0x5EED)
    places = [random.randrange(len(ATTRIBUTES)) for _ in range(recipe.texts)]
    prompts = [sample_prompt(ATTRIBUTES[place], random) for place in places]
    target = torch.zeros(len(places), len(ATTRIBUTES))
    target[torch.arange(len(places)), places] = torch.tensor([float(sign) for _, sign in prompts])
    _, tokens, mask = model.backbone.text(model.backbone.tokenize([text for text, _ in prompts]))
    mean = (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return len(ATTRIBUTES) * nn.functional.mse_loss(model.naming(mean), target)


def measuring_loss(model: PocketModel, tokens: Tensor, batch: Batch) -> Tensor:
    """How far the image side is from telling every attribute's quantity, whatever is asked.

    Args:
        tokens: (B, T, D) from the adapter's `encode_image`.
    """
    measured = model.measuring(tokens.mean(1))
    total = tokens.new_zeros(())
    for place, attribute in enumerate(ATTRIBUTES):
        target = attribute.target(batch.quantities[attribute.name])
        known = target.isfinite()
        scores, target = measured[known, place], target[known]
        total = total + 2 * regression_loss(scores, target)
        total = total + score_rank_loss(scores, target, batch.group[known])
    return total / len(ATTRIBUTES)


def draw_batch(bank: Bank, recipe: Recipe, step: int) -> Batch:
    """The batch of one step, from bank, seed and step alone: a resumed run goes on as it would have."""
    rng = np.random.default_rng((recipe.seed, step))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    with_text = np.array([i for i, texts in enumerate(bank.captions) if texts], dtype=np.int64)
    captioned = rng.choice(with_text, recipe.photos // 2) if len(with_text) else with_text
    others = rng.integers(len(bank.photos), size=recipe.photos - len(captioned))
    series = rng.integers(len(bank.series), size=recipe.series)

    plain = _channels_first(bank.photos[np.concatenate([captioned, others])])
    graded = _channels_first(bank.series[series].reshape(-1, *bank.series.shape[2:]))
    images = torch.cat([jitter(plain, generator), graded / 255])
    flips = torch.rand(len(plain) + len(series), generator=generator) < 0.5
    images = torch.where(
        torch.cat([flips[: len(plain)], flips[len(plain) :].repeat_interleave(SERIES_LENGTH)])[
            :, None, None, None
        ],
        images.flip(3),
        images,
    )

    # every second pixel: means and deviations hardly change, in a quarter of the time
    quantities = photometric(whole(images)[..., ::2, ::2])
    for kind, name in ATTRIBUTE_OF.items():
        quantities[name] = torch.zeros(len(images))
        for k, s in enumerate(series):
            rows = slice(len(plain) + k * SERIES_LENGTH, len(plain) + (k + 1) * SERIES_LENGTH)
            if bank.kinds[s] == kind:
                sign = -1 if name == "sharpness" else 1
                quantities[name][rows] = sign * torch.from_numpy(bank.severities[s])
            elif name == "sharpness" and bank.kinds[s] == "jpeg":
                quantities[name][rows] = torch.nan  # compression takes detail too: by how much is unknown
    group = torch.cat(
        [torch.zeros(len(plain)), 1 + torch.arange(len(series)).repeat_interleave(SERIES_LENGTH)]
    )
    texts = [bank.captions[i][int(rng.integers(len(bank.captions[i])))] for i in captioned]
    return Batch(images, quantities, group.long(), torch.arange(len(captioned)), texts)


def step_loss(model: PocketModel, batch: Batch, recipe: Recipe, step: int) -> tuple[Tensor, dict[str, float]]:
    """Loss of one batch, and its parts for the log."""
    random = Random(recipe.seed * 1_000_003 + step)
    asked = random.sample(ATTRIBUTES, recipe.attributes)
    prompts = [sample_prompt(attribute, random) for attribute in asked]
    contexts = model.contexts([text for text, _ in prompts])
    backbone = model.backbone
    images = backbone.normalise(255 * whole(batch.images)).contiguous(memory_format=torch.channels_last)
    features = backbone.features(images)
    tokens = model.adapter.encode_image(features, 255 * details(batch.images))

    parts = {"pair": tokens.new_zeros(()), "score": tokens.new_zeros(()), "series": tokens.new_zeros(())}
    generator = torch.Generator().manual_seed(recipe.seed * 7_919 + step)
    for attribute, context, (_, sign) in zip(asked, contexts, prompts, strict=True):
        target = sign * attribute.target(batch.quantities[attribute.name])
        known = target.isfinite().nonzero().squeeze(1)
        attended = model.adapter.attend(tokens[known], context)
        score, target = model.adapter.score(attended, context), target[known]
        first, second = torch.randint(len(known), (2, recipe.pairs), generator=generator)
        statistics = model.adapter.pair_head.statistics(attended)
        logits = model.adapter.pair_head(
            (statistics[0][first], statistics[1][first]),
            (statistics[0][second], statistics[1][second]),
            context.pair_direction,
        )
        parts["pair"] += pair_loss(logits, target[first], target[second])
        parts["score"] += regression_loss(score, target)
        parts["series"] += score_rank_loss(score, target, batch.group[known])
        if attribute.name in ATTRIBUTE_OF.values():  # its levels compare across photographs too
            parts["series"] += score_rank_loss(score, target, torch.zeros_like(known))
    parts = {name: value / len(asked) for name, value in parts.items()}
    parts["naming"] = naming_loss(model, recipe, recipe.text_steps + step)
    parts["measuring"] = measuring_loss(model, tokens, batch)
    loss = parts["pair"] + 2 * parts["score"] + parts["series"] + parts["naming"] + 2 * parts["measuring"]
    if recipe.contrastive and len(batch.captions) > 1:
        image = nn.functional.normalize(model.backbone.pooled(features[batch.captioned]), dim=-1)
        text, _, _ = model.backbone.text(model.backbone.tokenize(batch.captions))
        clip_loss = open_clip.ClipLoss()
        parts["clip"] = clip_loss(
            image, nn.functional.normalize(text, dim=-1), model.backbone.clip.logit_scale.exp()
        )
        loss = loss + recipe.contrastive * parts["clip"]
    return loss, {name: value.item() for name, value in parts.items()}


def train(
    bank: Bank, clip_config: Path, work: Path, recipe: Recipe, start: Path | None = None
) -> Iterator[tuple[int, dict[str, float]]]:
    """Run the recipe, going on from `work/checkpoint.pt` where there is one.

    Args:
        bank: prepared photographs.
        clip_config: OpenCLIP configuration of the backbone.
        work: folder for the checkpoint, written every `CHECKPOINT_STEPS` and at the end.
        start: checkpoint of an earlier run whose weights to begin with; None begins at random.

    Yields:
        (steps done, parts of the loss).

    Raises:
        StorageError: the checkpoint belongs to another recipe.
    """
    torch.manual_seed(recipe.seed)
    model = PocketModel(clip_config).to(memory_format=torch.channels_last)
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
        model.load_state_dict(torch.load(start, weights_only=True)["model"])
    model.train()
    for step in range(done, recipe.text_steps + recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * learning_rate(recipe, step)
        if step < recipe.text_steps:
            loss = naming_loss(model, recipe, step)
            parts = {"naming": loss.item()}
        else:
            loss, parts = step_loss(model, draw_batch(bank, recipe, step), recipe, step)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            model.backbone.clip.logit_scale.clamp_(max=math.log(100))
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == recipe.text_steps + recipe.steps:
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1}
            torch.save(state | {"recipe": asdict(recipe)}, path.with_suffix(".partial"))
            path.with_suffix(".partial").replace(path)
        yield step + 1, parts


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then a cosine to zero; once for the texts alone, once for all."""
    length = recipe.text_steps if step < recipe.text_steps else recipe.steps
    step = step if step < recipe.text_steps else step - recipe.text_steps
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
        "sharpness and damage; knows nothing of what they show.",
        clip_config=clip_config.name,
        adapter=asdict(model.adapter.config),
        attributes=tuple(LearnedAttribute(a.name, a.query, (a.name, *a.more, *a.less)) for a in ATTRIBUTES),
        vocabulary=frozenset(vocabulary()),
    )
    write_manifest(manifest)
    return manifest


def _parameter_groups(model: PocketModel, recipe: Recipe) -> list[dict[str, Any]]:
    """Weight decay for matrices and filters only; the text tower at `text_share` of the learning rate."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        matrix = parameter.ndim >= 2 and "embedding" not in name and "prompt" not in name
        text = name.startswith(("backbone.clip.text.", "naming."))
        groups.setdefault((matrix, text), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": recipe.weight_decay if matrix else 0.0,
            "share": recipe.text_share if text else 1.0,
        }
        for (matrix, text), parameters in groups.items()
    ]


def _channels_first(pixels: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) → (B, 3, H, W), uint8 both."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
