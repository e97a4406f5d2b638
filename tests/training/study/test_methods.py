"""Each method on a planted order, and against a direct computation."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn.functional import normalize
from towers import OnAppleGpu, Sentences, config

from imagesorter.model.prompts import prompts
from imagesorter.model.tower_sources import build_towers
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.dataset import Batch, Batches, Examples
from imagesorter.training.metrics import srcc
from imagesorter.training.study import adapters, direct, running
from imagesorter.training.study.levels import BASES, LEVELS, Contrastive, Prototypes
from imagesorter.training.study.material import Lesson, Material, subject
from imagesorter.training.study.options import METHODS
from imagesorter.training.study.prompted import CONTEXT, LearnedContext, embedded
from imagesorter.training.study.student import Maker, Student, fit
from training.study.planted import IMAGES, TITLES, judged, planted, tiny_towers

Planted = tuple[Material, Lesson, Examples]

FLOOR = 0.8
"""Mean Spearman on rows that a method did not see."""

BY_STEPS = (*running.ON_EMBEDDINGS, *running.ON_TOKENS)

WIDTH = 32


@pytest.fixture(scope="module")
def towers() -> Towers:
    return tiny_towers()


@pytest.fixture(scope="module")
def order(towers: Towers) -> Planted:
    return planted(towers)


def maker(method: str) -> Maker:
    if method in running.ON_TOKENS:
        return partial(running.ON_TOKENS[method], width=WIDTH)
    return running.ON_EMBEDDINGS[method]


def batch(lesson: Lesson) -> Batch:
    return Batches(lesson.learning, size=16, negatives=0.0, seed=5).draw(0)


def test_every_method_has_a_maker():
    assert {*running.DIRECT, *BY_STEPS} == set(METHODS)


@pytest.mark.parametrize("method", BY_STEPS)
def test_a_planted_order_is_learned(order: Planted, method: str):
    material, lesson, test = order
    student = running.ON_TOKENS.get(method) or running.ON_EMBEDDINGS[method]
    run = fit(maker(method), material, lesson, steps=120, batch=16, seed=1, rate=3 * student.rate)
    steps = 0
    while True:
        try:
            next(run)
        except StopIteration as end:
            learned, apart = end.value
            break
        steps += 1
    assert steps == 120
    found = judged(learned, test)
    assert np.mean([one.srcc for one in found.values()]) > FLOOR
    assert apart > FLOOR
    assert learned.parameters == sum(one.numel() for one in learned.student.parameters() if one.requires_grad)


def test_a_probe_learns_the_planted_order(order: Planted):
    material, lesson, test = order
    fitted = direct.probe(material, lesson)
    assert min(one.srcc for one in judged(fitted, test).values()) > 0.8
    assert fitted.parameters == 2 * (24 + 1)


def test_zero_shot_is_the_cosine_with_the_title(order: Planted, towers: Towers):
    material, lesson, test = order
    fitted = direct.zero_shot(material, lesson)
    assert fitted.parameters == 0
    _, _, text = towers.text(towers.tokenize([TITLES[1]]))
    vector = text[0].double().numpy()
    pictures = material.embeddings[test.image, 0].astype(np.float64)
    expected = pictures @ vector / np.linalg.norm(pictures, axis=1) / np.linalg.norm(vector)
    assert_allclose(fitted.scores(test.image, 1), expected, atol=1e-6)


def test_zero_shot_runs_on_apples_gpus_too(order: Planted):
    material, lesson, _ = order
    expected = direct.zero_shot(material, lesson).directions
    texts = material.texts
    there = SimpleNamespace(
        embeddings=material.embeddings, texts=lambda titles: texts(titles).as_subclass(OnAppleGpu)
    )
    assert_allclose(direct.zero_shot(there, lesson).directions, expected)


def test_antonyms_are_the_log_odds_of_clip_iqas_softmax(order: Planted, towers: Towers):
    material, lesson, test = order
    fitted = direct.antonyms(material, lesson)
    asked = prompts("number of people")
    similarities = []
    for wordings in (asked.more, asked.less):
        texts = normalize(towers.text(towers.tokenize(list(wordings)))[2].double(), dim=-1)
        mean = normalize(texts.mean(0), dim=0).numpy()
        similarities.append(material.embeddings[test.image, 0] @ mean)
    scale = float(towers.clip.logit_scale.exp())
    chance = np.exp(scale * similarities[0]) / np.exp(scale * np.array(similarities)).sum(0)
    assert_allclose(1 / (1 + np.exp(-fitted.scores(test.image, 0))), chance, rtol=1e-5)


@pytest.mark.parametrize(("title", "expected"), [
    ("Sort images by the number of people.", "number of people"),
    ("Rank the numbers of horse.", "numbers of horse"),
    ("order photos by sharpness", "sharpness"),
    ("sharpness", "sharpness"),
    ("orderly rooms", "orderly rooms"),
])  # fmt: skip
def test_the_subject_of_a_title(title: str, expected: str):
    assert subject(title) == expected


@pytest.mark.parametrize("family", ["ViT", "MobileCLIP", "CoCa", "SigLIP"])
def test_context_stands_where_words_would(family: str):
    torch.manual_seed(0)
    towers = build_towers(config(family), {}, tokenizer=Sentences(1, 1) if family == "SigLIP" else None)
    towers.requires_grad_(False)
    width = towers.clip.text.token_embedding.weight.shape[1]
    words = "three very old red"
    begin = 0 if family == "SigLIP" else 1
    vectors = towers.clip.text.token_embedding(towers.tokenize([words])[0, begin : begin + CONTEXT])
    whole = towers.text(towers.tokenize([f"{words} houses by the sea"]))[2][0]
    torch.testing.assert_close(embedded(towers, vectors, "houses by the sea"), whole)
    before = towers.text(towers.tokenize(["houses"]))[2]
    assert not torch.allclose(embedded(towers, torch.zeros(CONTEXT, width), "houses"), before[0])
    torch.testing.assert_close(towers.text(towers.tokenize(["houses"]))[2], before)
    assert embedded(towers, vectors, "far " * 50).isfinite().all()


def test_context_alone_is_trained(order: Planted):
    material, lesson, _ = order
    student = LearnedContext(material, lesson)
    student.loss(batch(lesson)).backward()
    assert [name for name, _ in student.named_parameters()] == ["context"]
    assert student.context.shape == (2, CONTEXT, 32)
    changed = student.context.grad.abs().sum((1, 2)) > 0
    assert changed.sum() == 1, "a batch is of one category"
    assert all(one.grad is None for one in material.towers.parameters())


def test_levels_hold_alike_many_values_and_equal_values_share_one(order: Planted):
    _, lesson, _ = order
    values = lesson.learning.value[lesson.learning.category == 0]
    levels = lesson.levels(0, values, LEVELS)
    assert np.bincount(levels).tolist() == [len(values) // LEVELS] * LEVELS
    assert srcc(levels, values) > 0.99
    assert lesson.levels(0, np.array([-1e9, 1e9]), LEVELS).tolist() == [0, LEVELS - 1]
    assert len(set(lesson.levels(0, np.repeat(values[:1], 5), LEVELS).tolist())) == 1


def test_prototypes_lie_between_the_learned_vectors(order: Planted):
    material, lesson, _ = order
    student = Prototypes(material, lesson)
    bases = student.bases.detach().numpy()[1]
    place = 4 * (BASES - 1) / (LEVELS - 1)
    expected = (1 - place) * bases[0] + place * bases[1]
    found = student.prototypes(1)
    assert_allclose(found[4].detach(), expected / np.linalg.norm(expected), atol=1e-6)
    assert_allclose(found[-1].detach(), bases[-1] / np.linalg.norm(bases[-1]), atol=1e-6)
    images = np.arange(7)
    logits = student.log_scale.exp().item() * material.embeddings[images, 0] @ found.detach().numpy().T
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert_allclose(student.score(images, 1).detach(), chances @ np.arange(LEVELS), rtol=1e-4)


def test_the_contrastive_loss_is_clips_with_images_of_one_caption_together(order: Planted):
    material, lesson, _ = order
    student = Contrastive(material, lesson)
    drawn = batch(lesson)
    levels = lesson.levels(drawn.category, drawn.values, LEVELS)
    used = np.unique(levels)
    assert len(used) < len(levels)
    captions = [f"{subject(TITLES[drawn.category])}, {level + 1} of {LEVELS}." for level in used]
    texts = material.texts(captions).numpy()
    logits = material.logit_scale() * material.embeddings[drawn.images, 0] @ texts.T
    mine = levels[:, None] == used
    by_image = np.log(np.exp(logits).sum(1)) - logits[mine]
    by_caption = [
        np.mean(np.log(np.exp(logits[:, k]).sum()) - logits[mine[:, k], k]) for k in range(len(used))
    ]
    expected = 0.5 * (by_image.mean() + np.mean(by_caption))
    assert student.loss(drawn).item() == pytest.approx(expected, rel=1e-4)


def test_a_row_of_the_ablation_adds_what_it_names(order: Planted):
    material, lesson, _ = order
    drawn = batch(lesson)
    names: dict[type[Student], set[str]] = {}
    for kind in (adapters.Rank, adapters.RankHead, adapters.RankAttention):
        torch.manual_seed(1)
        student = kind(material, lesson, WIDTH)
        student.loss(drawn).backward()
        parameters = student.parameters_trained
        unused = [name for name, one in parameters.items() if one.grad is None]
        assert unused == [], "nothing counts as trained that is not"
        names[kind] = set(parameters)
    without, head, attention = names.values()
    assert {name.split(".")[2] for name in head - without} == {"reg_ln", "regressor"}
    assert without - head == {"text_out.weight", "text_out.bias", "log_scale"}
    assert head < attention
    assert {name.split(".")[2] for name in attention - head} == {
        "reg_tokens", "reg_token_pooler", "pair_regressor",
    }  # fmt: skip


def test_without_a_head_the_score_is_a_similarity(order: Planted):
    material, lesson, _ = order
    student = adapters.Rank(material, lesson, WIDTH).eval()
    images = np.arange(IMAGES)
    scores = student.score(images, 0).detach() / student.log_scale.exp()
    assert scores.abs().max() <= 1 + 1e-6
    assert not torch.equal(scores, student.score(images, 1).detach() / student.log_scale.exp())
