"""What one step of each part of the recipe asks of the model, and how far it is from that.

Texts alone (`naming_loss`), images alone (`sight_loss`), and all together (`step_loss`). In the last,
attributes, words and class names are asked about in random wordings, whole captions as they stand: many at
once of what the image side alone reads, some by the way that the application asks, through cross-attention.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.adapter import weigh
from imagesorter.model.text_context import TextContext
from imagesorter.training.losses import opposition_loss, pair_loss, regression_loss
from imagesorter.training.pocket.attributes import ATTRIBUTES, sample_prompt, subject_prompt
from imagesorter.training.pocket.drawing import Batch, Question
from imagesorter.training.pocket.sights import Sight
from imagesorter.training.pocket.subjects import Subjects

if TYPE_CHECKING:
    from imagesorter.training.pocket.model import PocketModel
    from imagesorter.training.pocket.recipe import Recipe

_CAPTION_SLOPE = 3.0
"""Of the softmax over images that a caption might mean."""

_SMOOTHING = 0.1

_VALUED_SHARE = 0.5

_WEIGHTS = {
    "score": 2.0, "rank": 1.5, "subject": 3.0, "clip": 0.5, "asked": 3.0, "pair": 0.5, "caption": 0.3,
    "naming": 0.5, "opposed": 1.0,
}  # fmt: skip
"""Of the parts of `step_loss`."""

_WORDS_AT_ONCE = 40


def naming_loss(model: PocketModel, subjects: Subjects, seed: int, step: int, count: int) -> Tensor:
    """How far the text tower is from telling what random prompts name.

    For attributes the mean squared error of `naming` against ± one at the attribute's place and zero
    elsewhere, so that antonyms come to lie opposite each other; for words and class names the
    cross-entropy of `calling`.
    """
    random = Random((seed * 15_485_863 + step) ^ 0x5EED)
    places = [random.randrange(len(ATTRIBUTES)) for _ in range(count)]
    prompts = [sample_prompt(ATTRIBUTES[place], random) for place in places]
    target = torch.zeros(len(places), len(ATTRIBUTES))
    target[torch.arange(len(places)), places] = torch.tensor([float(sign) for _, sign in prompts])
    callable_ = [*subjects.words, *subjects.class_names]
    called = [random.randrange(len(callable_)) for _ in range(count // 2 if callable_ else 0)]
    texts = [text for text, _ in prompts] + [subject_prompt(callable_[c], random) for c in called]
    mean = model.texts(texts).means
    loss = len(ATTRIBUTES) * F.mse_loss(model.naming(mean[: len(places)]), target)
    if called:
        loss = loss + 0.3 * F.cross_entropy(model.calling(mean[len(places) :]), torch.tensor(called))
    return loss


def sight_loss(model: PocketModel, sights: tuple[Sight, ...]) -> tuple[Tensor, dict[str, float]]:
    """How far the image tower is from telling words, classes, attributes, numbers and grades."""
    total = torch.zeros(())
    for sight in sights:
        if not len(sight.images):
            continue
        images = model.backbone.normalise(255 * sight.images).contiguous(memory_format=torch.channels_last)
        pooled = model.backbone.features(images).mean(1)
        share = len(sight.images) / sum(len(one.images) for one in sights)
        total = total + share * _told_words(model, pooled, sight)
        seen = model.seeing_attributes(pooled)
        for place, attribute in enumerate(ATTRIBUTES):
            if attribute.name in sight.quantities:
                target = attribute.target(sight.quantities[attribute.name])
                known = target.isfinite()
                total = total + regression_loss(seen[known, place], target[known]) / 4
    return total, {"seeing": total.item()}


def _told_words(model: PocketModel, pooled: Tensor, sight: Sight) -> Tensor:
    total = pooled.new_zeros(())
    if len(sight.captioned):
        logits = model.seeing_words(pooled[sight.captioned])[:, : sight.words.shape[1]]
        # a sum over words, of which a photograph has a handful
        total = total + 0.1 * F.binary_cross_entropy_with_logits(logits, sight.words) * logits.shape[1]
    if len(sight.classed):
        logits = model.seeing_classes(pooled[sight.classed])
        total = total + 0.5 * F.cross_entropy(logits, sight.classes, label_smoothing=_SMOOTHING)
    return total


def matching_loss(images: Tensor, texts: Tensor, same: Tensor, scale: Tensor) -> Tensor:
    """CLIP's loss between images and texts, several of which may be right.

    Args:
        images, texts: (N, D).
        same: (N, N) bool, whether image and text belong together.
        scale: logarithm of the logits' scale.
    """
    logits = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T * scale.exp().clamp(max=100)
    right = logits.masked_fill(~same, -torch.inf)
    across = (logits.logsumexp(1) - right.logsumexp(1)).mean()
    down = (logits.logsumexp(0) - right.logsumexp(0)).mean()
    return (across + down) / 2


def step_loss(
    model: PocketModel, subjects: Subjects, batch: Batch, recipe: Recipe, step: int
) -> tuple[Tensor, dict[str, float]]:
    """Loss of one batch of all together, and its parts for the log."""
    random = Random(recipe.seed * 1_000_003 + step)
    tokens = model.adapter.encode_image(batch.features, batch.measures)
    asked = batch.attributes(random) + batch.subjects(subjects, random, _WORDS_AT_ONCE)
    names = [subject_prompt(subjects.class_names[c], random) for c in batch.classes.tolist()]
    of_photographs = batch.captions + names
    through = _some(asked, recipe, random)
    opposed = [column for column in through if asked[column].opposite][: recipe.opposed]
    opposites = [asked[column].opposite for column in opposed]
    texts = [question.text for question in asked] + of_photographs + opposites
    read = model.texts(texts)
    summaries = model.adapter.text_in(read.means)
    directions = model.adapter.direction(summaries)

    def context_of(text: int) -> TextContext:
        return model.adapter.encode_text(read.tokens[text], read.mask[text])

    # what the image side reads, against every text at once
    assert model.adapter.weights is not None
    mixed, measures = model.adapter.split(tokens)
    reading = model.adapter.reading(model.adapter.norm_out(mixed).mean(1))
    scores = weigh(reading, measures, directions, model.adapter.weights(summaries))
    parts = {name: tokens.new_zeros(()) for name in _WEIGHTS}
    of_attributes = max(sum(question.regressed for question in asked), 1)
    of_subjects = max(len(asked) - of_attributes, 1)
    for column, question in enumerate(asked):
        found = scores[question.rows, column]
        if question.regressed:
            parts["score"] += regression_loss(found, question.target) / of_attributes
            parts["rank"] += question.ranked(found) / of_attributes
        else:
            parts["subject"] += question.ranked(found) / of_subjects
    captions, matched = len(asked), len(of_photographs)
    if matched > 1:
        labels = torch.cat([-1 - torch.arange(batch.captioned), batch.classes])
        same = labels[:, None] == labels[None]
        pooled = model.backbone.pooled(batch.features[:matched].mean(1, keepdim=True))
        for images, meant, scale in (
            (reading[:matched], directions[captions : captions + matched], model.matching_scale),
            (pooled, read.embeddings[captions : captions + matched], model.clip_scale),
        ):
            parts["clip"] += matching_loss(images, meant, same, scale)

    # some, as the application asks
    generator = torch.Generator().manual_seed(recipe.seed * 7_919 + step)
    for column in through:
        question = asked[column].fewer(recipe.answers, generator)
        context = context_of(column)
        attended = model.adapter.attend(tokens[question.rows], context)
        found = model.adapter.score(attended, context, measures[question.rows])
        if question.regressed:
            parts["asked"] += regression_loss(found, question.target) / recipe.asked
            parts["pair"] += _pairs(model, attended, question, context, recipe, generator) / recipe.asked
        parts["asked"] += question.ranked(found) / recipe.asked
    for opposite, column in enumerate(opposed, captions + matched):
        rows = torch.randperm(batch.photographs, generator=generator)[: recipe.answers]
        both = [model.adapter(tokens[rows], context_of(text)) for text in (column, opposite)]
        parts["opposed"] += opposition_loss(*both) / recipe.opposed
    for row in random.sample(range(batch.captioned), min(recipe.whole_captions, batch.captioned)):
        column = captions + row
        context = context_of(column)
        others = torch.randperm(batch.captioned, generator=generator)[: recipe.answers - 1]
        rows = torch.cat([torch.tensor([row]), others[others != row]])
        found = model.adapter(tokens[rows], context)
        right = torch.zeros(1, dtype=torch.long)
        parts["caption"] += F.cross_entropy(_CAPTION_SLOPE * found[None], right) / recipe.whole_captions
    parts["naming"] += naming_loss(model, subjects, recipe.seed, step, recipe.texts // 3)
    loss = sum((_WEIGHTS[name] * value for name, value in parts.items()), tokens.new_zeros(()))
    return loss, {name: value.item() for name, value in parts.items()}


def _some(asked: list[Question], recipe: Recipe, random: Random) -> list[int]:
    """Which questions go through the cross-attention: most of them on attributes, whose values count."""
    valued = [column for column, question in enumerate(asked) if question.regressed]
    others = [column for column, question in enumerate(asked) if not question.regressed]
    most = min(round(_VALUED_SHARE * recipe.asked), len(valued))
    return random.sample(valued, most) + random.sample(others, min(recipe.asked - most, len(others)))


def _pairs(
    model: PocketModel, attended: Tensor, question: Question, context: TextContext,
    recipe: Recipe, generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """The pair head's loss over random pairs of images that compare."""
    first, second = torch.randint(len(question.target), (2, recipe.pairs), generator=generator)
    lse, mean = model.adapter.pair_head.statistics(attended)
    sides = (lse[first], mean[first]), (lse[second], mean[second])
    logits = model.adapter.pair_head(*sides, context.pair_direction)
    alike = question.group[first] == question.group[second]
    return pair_loss(logits[alike], question.target[first][alike], question.target[second][alike])
