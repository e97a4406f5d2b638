"""What one step of the recipe asks of the model, and how far it is from that.

Attributes, words and class names are asked about in random wordings, whole captions as they stand; all
are answered by the adapter as the application asks it. Besides, each side learns alone what there is to
know (`naming_loss`, `measuring_loss`), and both meet in CLIP's way (`matching_loss`).
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.adapter import TextContext
from imagesorter.model.details import details, whole
from imagesorter.training.attributes import ATTRIBUTES, Attribute, sample_prompt, subject_prompt
from imagesorter.training.drawing import DAMAGE, Batch, Sight, Subjects
from imagesorter.training.losses import pair_loss, regression_loss, score_rank_loss

if TYPE_CHECKING:
    from imagesorter.training.recipe import PocketModel, Recipe

_CAPTION_SLOPE = 3.0
"""Of the softmax over images that a caption might mean."""

_SMOOTHING = 0.1


def naming_loss(model: PocketModel, subjects: Subjects, recipe: Recipe, step: int) -> Tensor:
    """How far the text tower is from telling what random prompts name.

    For attributes the mean squared error of `naming` against ± one at the attribute's place and zero
    elsewhere, so that antonyms come to lie opposite each other; for words and class names the
    cross-entropy of `calling`.
    """
    random = Random((recipe.seed * 15_485_863 + step) ^ 0x5EED)
    places = [random.randrange(len(ATTRIBUTES)) for _ in range(recipe.texts)]
    prompts = [sample_prompt(ATTRIBUTES[place], random) for place in places]
    target = torch.zeros(len(places), len(ATTRIBUTES))
    target[torch.arange(len(places)), places] = torch.tensor([float(sign) for _, sign in prompts])
    callable_ = [*subjects.words, *subjects.class_names]
    called = [random.randrange(len(callable_)) for _ in range(recipe.texts // 2 if callable_ else 0)]
    texts = [text for text, _ in prompts] + [subject_prompt(callable_[c], random) for c in called]
    _, tokens, mask = model.backbone.text(model.backbone.tokenize(texts))
    mean = (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    loss = len(ATTRIBUTES) * F.mse_loss(model.naming(mean[: len(places)]), target)
    if called:
        loss = loss + 0.3 * F.cross_entropy(model.calling(mean[len(places) :]), torch.tensor(called))
    return loss


def measuring_loss(model: PocketModel, pooled: Tensor, batch: Batch) -> Tensor:
    """How far the image side is from telling every attribute's quantity, whatever is asked.

    Args:
        pooled: (B, D), means of the adapter's image tokens.
    """
    measured = model.measuring(pooled)
    total = pooled.new_zeros(())
    for place, attribute in enumerate(ATTRIBUTES):
        if attribute.name not in batch.quantities:
            continue
        target = attribute.target(batch.quantities[attribute.name])
        known = target.isfinite()
        scores, target = measured[known, place], target[known]
        total = total + 2 * regression_loss(scores, target)
        total = total + score_rank_loss(scores, target, batch.groups[attribute.name][known])
    return total / len(ATTRIBUTES)


def seeing_loss(model: PocketModel, features: Tensor, sight: Sight) -> Tensor:
    """How far the image tower is from telling words, classes and attributes.

    Args:
        features: (B, T, C), the tower's feature map.
        sight: what the photographs show.
    """
    pooled = features.mean(1)
    total = pooled.new_zeros(())
    rows = sight.captioned
    if len(rows):
        logits = model.seeing_words(pooled[rows])[:, : sight.words.shape[1]]
        # a sum over words, of which a photograph has a handful
        total = total + 0.1 * F.binary_cross_entropy_with_logits(logits, sight.words) * logits.shape[1]
    if len(sight.classed):
        logits = model.seeing_classes(pooled[sight.classed])
        total = total + 0.5 * F.cross_entropy(logits, sight.classes, label_smoothing=_SMOOTHING)
    seen = model.seeing_attributes(pooled)
    for place, attribute in enumerate(ATTRIBUTES):
        if attribute.name in sight.quantities:
            target = attribute.target(sight.quantities[attribute.name])
            known = target.isfinite()
            total = total + regression_loss(seen[known, place], target[known]) / 4
    return total


def matching_loss(model: PocketModel, tokens: Tensor, texts: Tensor, same: Tensor) -> Tensor:
    """CLIP's loss between image readings and the directions of texts, several of which may be right.

    Args:
        tokens: (N, T, D) image tokens, before they have seen a text.
        texts: (N, 2 D) directions.
        same: (N, N) bool, whether image and text belong together.
    """
    readings = model.adapter.reading(model.adapter.norm_out(tokens).mean(1))
    logits = F.normalize(readings, dim=-1) @ F.normalize(texts, dim=-1).T
    logits = logits * model.matching_scale.exp().clamp(max=100)
    right = logits.masked_fill(~same, -torch.inf)
    across = (logits.logsumexp(1) - right.logsumexp(1)).mean()
    down = (logits.logsumexp(0) - right.logsumexp(0)).mean()
    return (across + down) / 2


def sight_loss(model: PocketModel, images: Tensor, sight: Sight) -> tuple[Tensor, dict[str, float]]:
    """Loss of a step on images alone, (B, 3, s, s) float RGB in [0, 1]."""
    normalised = model.backbone.normalise(255 * images).contiguous(memory_format=torch.channels_last)
    loss = seeing_loss(model, model.backbone.features(normalised), sight)
    return loss, {"seeing": loss.item()}


def step_loss(
    model: PocketModel, subjects: Subjects, batch: Batch, recipe: Recipe, step: int
) -> tuple[Tensor, dict[str, float]]:
    """Loss of one batch, and its parts for the log."""
    random = Random(recipe.seed * 1_000_003 + step)
    generator = torch.Generator().manual_seed(recipe.seed * 7_919 + step)
    backbone = model.backbone
    images = backbone.normalise(255 * whole(batch.images)).contiguous(memory_format=torch.channels_last)
    features = backbone.features(images)
    tokens = model.adapter.encode_image(features, 255 * details(batch.images))

    nowhere = torch.full((1,), torch.nan)
    known = [a for a in ATTRIBUTES if batch.quantities.get(a.name, nowhere).isfinite().sum() > 1]
    asked: list[tuple[str, Tensor, Tensor, Tensor, Attribute | None]] = []
    for attribute in random.sample(known, min(recipe.attributes, len(known))):
        text, sign = sample_prompt(attribute, random)
        target = sign * attribute.target(batch.quantities[attribute.name])
        rows = target.isfinite().nonzero().squeeze(1)
        asked.append((text, rows, target[rows], batch.groups[attribute.name][rows], attribute))
    asked += [(*question, None) for question in _word_questions(subjects, batch, recipe, random)]
    asked += [(*question, None) for question in _class_questions(subjects, batch, recipe, random)]
    captions = random.sample(range(batch.captioned), min(recipe.whole_captions, batch.captioned))

    names = [subject_prompt(subjects.class_names[c], random) for c in batch.classes.tolist()]
    texts = [text for text, *_ in asked] + batch.captions + names
    contexts = model.contexts(texts)
    parts = {name: tokens.new_zeros(()) for name in ("pair", "score", "rank", "subject", "caption", "clip")}
    attributes = max(sum(attribute is not None for *_, attribute in asked), 1)
    subjects_asked = max(len(asked) - attributes, 1)
    for (_, rows, target, group, about), context in zip(asked, contexts, strict=False):
        attended = model.adapter.attend(tokens[rows], context)
        score = model.adapter.score(attended, context)
        if about is None:
            parts["subject"] += score_rank_loss(score, target, group) / subjects_asked
            continue
        parts["pair"] += _pairs(model, attended, target, group, context, recipe, generator) / attributes
        parts["score"] += regression_loss(score, target) / attributes
        parts["rank"] += score_rank_loss(score, target, group) / attributes
        if about.name in DAMAGE:  # its levels compare across photographs too
            parts["rank"] += score_rank_loss(score, target, torch.zeros_like(group)) / attributes

    of_captions = contexts[len(asked) : len(asked) + batch.captioned]
    for row in captions:
        attended = model.adapter.attend(tokens[: batch.captioned], of_captions[row])
        score = model.adapter.score(attended, of_captions[row])
        loss = F.cross_entropy(_CAPTION_SLOPE * score[None], torch.tensor([row]))
        parts["caption"] += loss / len(captions)
    matched = batch.captioned + len(batch.classes)
    if matched > 1:
        labels = torch.cat([-1 - torch.arange(batch.captioned), batch.classes])
        directions = torch.cat([context.direction for context in contexts[len(asked) :]])
        parts["clip"] = matching_loss(model, tokens[:matched], directions, labels[:, None] == labels[None])

    pooled = tokens.mean(1)
    parts["naming"] = naming_loss(model, subjects, recipe, recipe.text_steps + step)
    parts["measuring"] = measuring_loss(model, pooled, batch)
    parts["seeing"] = seeing_loss(model, features, batch.sight)
    loss = parts["pair"] + 2 * parts["score"] + parts["rank"] + parts["naming"] + 2 * parts["measuring"]
    loss = (
        loss
        + recipe.contrastive * parts["clip"]
        + recipe.subjects * (2 * parts["subject"] + 0.5 * parts["caption"] + parts["seeing"])
    )
    return loss, {name: value.item() for name, value in parts.items()}


def _pairs(
    model: PocketModel, attended: Tensor, target: Tensor, group: Tensor,
    context: TextContext, recipe: Recipe, generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """The pair head's loss over random pairs; photographs that do not compare count as ties."""
    if not len(target):
        return attended.sum()
    first, second = torch.randint(len(target), (2, recipe.pairs), generator=generator)
    statistics = model.adapter.pair_head.statistics(attended)
    logits = model.adapter.pair_head(
        (statistics[0][first], statistics[1][first]),
        (statistics[0][second], statistics[1][second]),
        context.pair_direction,
    )
    alike = group[first] == group[second]
    return pair_loss(logits[alike], target[first][alike], target[second][alike])


def _word_questions(
    subjects: Subjects, batch: Batch, recipe: Recipe, random: Random
) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """(text, rows, targets, group) for some words that some of the captions use."""
    rows = torch.arange(batch.captioned)
    shares = batch.sight.words[: batch.captioned]
    counts = (shares > 0).sum(0)
    possible = ((counts >= 2) & (counts <= 0.7 * len(rows))).nonzero().squeeze(1).tolist()
    words = list(subjects.words)
    return [
        (subject_prompt(words[k], random), rows, shares[:, k], torch.zeros_like(rows))
        for k in random.sample(possible, min(recipe.words, len(possible)))
    ]


def _class_questions(
    subjects: Subjects, batch: Batch, recipe: Recipe, random: Random
) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """The same for some classes that several of the photographs show."""
    rows = batch.captioned + torch.arange(len(batch.classes))
    numbers, counts = torch.unique(batch.classes, return_counts=True)
    possible = numbers[(counts > 1) & (counts < len(rows))].tolist()
    return [
        (
            subject_prompt(subjects.class_names[number], random),
            rows,
            (batch.classes == number).float(),
            torch.zeros_like(rows),
        )
        for number in random.sample(possible, min(recipe.classes, len(possible)))
    ]
