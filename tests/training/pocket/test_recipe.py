"""The recipe on a handful of drawn pictures: prepared, trained, stopped, resumed, exported, judged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from imagesorter.errors import ImagesorterError, StorageError
from imagesorter.model.bundle import read_manifest
from imagesorter.model.details import details, whole
from imagesorter.model.measures import measure
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.pocket.annotations import Annotations, read_annotations
from imagesorter.training.pocket.attributes import ATTRIBUTES, sample_prompt
from imagesorter.training.pocket.bank import Bank, held_out, open_bank, photographs, prepare
from imagesorter.training.pocket.drawing import draw_batch
from imagesorter.training.pocket.evaluate import evaluate, table
from imagesorter.training.pocket.making import CONFIG, make
from imagesorter.training.pocket.model import PocketModel
from imagesorter.training.pocket.objectives import step_loss
from imagesorter.training.pocket.recipe import (
    PARTS,
    Recipe,
    _weights,
    export,
    learning_rate,
    mean_weights,
    train,
    write_model,
)
from imagesorter.training.pocket.sights import draw_sights
from imagesorter.training.pocket.spread import spread
from imagesorter.training.pocket.subjects import Subjects
from imagesorter.training.pocket.views import DAMAGE, Views, mirrored, open_views, store_views

pytestmark = pytest.mark.filterwarnings("default")

TINY = Recipe(
    text_steps=2, image_steps=2, steps=3, texts=4, images=12, views=2, veiled=1, captioned=4,
    classed=6, labelled=4, photos=2, series=3, asked=3, answers=12, whole_captions=2, pairs=8, warm_up=1,
)  # fmt: skip
SIZE = 128
CLIP_CONFIG = bundled_models() / "pocket" / CONFIG


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures of smooth random colour, with a caption, a class or a number each."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "set").mkdir()
    rows = ["file,attribute,value"]
    for i in range(60):
        small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC).save(folder / "set" / f"{i}.jpg")
        row = ('caption,"a dog, number {i}"', 'caption,"snow, number {i}"', "class,Flat {k}",
               "number of people,{i}")[i % 4]  # fmt: skip
        rows.append(f"{i}.jpg," + row.format(i=i, k=i % 3))
    (folder / "set" / "labels.csv").write_text("\n".join(rows), "utf-8")
    return folder


@pytest.fixture(scope="module")
def work(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    list(prepare(data, folder, size=SIZE, series=9, seed=3))
    return folder


@pytest.fixture(scope="module")
def bank(work: Path) -> Bank:
    return open_bank(work)


@pytest.fixture(scope="module")
def subjects(bank: Bank, data: Path) -> Subjects:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imagesorter.training.pocket.annotations.WORD_IMAGES", 5)
        return Subjects.of(bank, read_annotations(data))


@pytest.fixture(scope="module")
def views(subjects: Subjects, tmp_path_factory: pytest.TempPathFactory) -> Views:
    folder = tmp_path_factory.mktemp("views")
    torch.manual_seed(0)
    model = PocketModel(bundled_models() / "pocket" / CONFIG, len(subjects.words), len(subjects.class_names))
    list(store_views(model, subjects, TINY, folder))
    return open_views(subjects, TINY, folder)


def last_state(work: Path) -> dict[str, torch.Tensor]:
    return torch.load(work / "checkpoint.pt", weights_only=True)["model"]


def test_held_out_photographs_are_not_in_the_bank(data: Path, bank: Bank):
    names = photographs(data)
    assert set(bank.names) == {name for name in names if not held_out(name)}
    assert len(bank.names) < len(names)
    assert bank.photos.shape == (len(bank.names), SIZE, 3 * SIZE, 3)
    by_name = dict(zip(bank.names, bank.captions, strict=True))
    assert all(bool(texts) == (int(Path(name).stem) % 4 < 2) for name, texts in by_name.items())


def test_preparing_stopped_while_it_writes_its_plan_leaves_the_old_one_whole(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    again = tmp_path / "again"
    for _ in prepare(data, again, size=SIZE, series=3, seed=3):
        pass
    before = (again / "bank.json").read_bytes()

    def stop(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    monkeypatch.setattr("imagesorter.training.pocket.bank.read_annotations", lambda _: Annotations())
    with pytest.raises(KeyboardInterrupt):
        next(prepare(data, again, size=SIZE, series=3, seed=3))
    assert (again / "bank.json").read_bytes() == before


def test_preparing_goes_on_where_it_was_stopped(data: Path, bank: Bank, work: Path, tmp_path: Path):
    steps = prepare(data, tmp_path, size=SIZE, series=9, seed=3)
    next(steps)
    steps.close()
    list(prepare(data, tmp_path, size=SIZE, series=9, seed=3))
    assert (tmp_path / "series.u8").read_bytes() == (work / "series.u8").read_bytes()
    with pytest.raises(StorageError, match="other settings"):
        next(prepare(data, tmp_path, size=SIZE, series=9, seed=4))


def test_a_batch_is_decided_by_its_step(subjects: Subjects, views: Views):
    first, again, other = (draw_batch(subjects, views, TINY, step) for step in (5, 5, 6))
    assert torch.equal(first.features, again.features)
    assert first.captions == again.captions
    assert not torch.equal(first.features, other.features)


def test_labelled_photographs_come_as_they_are_and_with_what_was_seen_of_others(
    subjects: Subjects, views: Views
):
    own = labelled_own = labelled = 0
    for step in range(6):
        batch = draw_batch(subjects, views, TINY, step)
        begin = batch.captioned + len(batch.classes)
        for place, (seen, measured) in enumerate(zip(batch.features, batch.measures, strict=True)):
            rows = np.flatnonzero((views.measures == measured.numpy()).all(1))
            is_own = any((views.features[row] == seen.half().numpy()).all() for row in rows)
            if begin <= place < begin + TINY.labelled:
                labelled += 1
                labelled_own += is_own
                assert (rows % views.count == 0).any()
            else:
                assert is_own
                own += 1
    assert own > 0
    assert labelled_own < labelled / 4


def test_an_estimate_is_taught_in_its_labels_place(subjects: Subjects, views: Views):
    place = [attribute.name for attribute in ATTRIBUTES].index("people")
    quantities = views.quantities.copy()
    counted = sorted(subjects.counted)
    quantities[views.count * np.array(counted[::2]), place] = 7.5
    before = draw_batch(subjects, views, TINY, 5).quantities["people"]
    after = draw_batch(subjects, replace(views, quantities=quantities), TINY, 5).quantities["people"]
    asked = before.isfinite()
    assert asked.sum() == TINY.labelled
    assert torch.equal(asked, after.isfinite())
    assert 0 < (after[asked] == 7.5).sum() < TINY.labelled
    kept = asked & (after != 7.5)
    assert torch.equal(after[kept], before[kept])


def test_opposite_wordings_are_asked_of_the_same_photographs(
    subjects: Subjects, views: Views, monkeypatch: pytest.MonkeyPatch
):
    torch.manual_seed(0)
    model = PocketModel(CLIP_CONFIG, len(subjects.words), len(subjects.class_names))
    for block in model.adapter.text_blocks:  # so that a text changes what is attended to
        torch.nn.init.normal_(block.attention.out.weight)
    model.adapter.measures.set_statistics(torch.from_numpy(np.array(views.measures)))
    batch = draw_batch(subjects, views, TINY, 2)
    texts: list[list[str]] = []
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    read = model.texts
    monkeypatch.setattr(model, "texts", lambda some: (texts.append(some), read(some))[1])
    monkeypatch.setattr(
        "imagesorter.training.pocket.objectives.opposition_loss",
        lambda *both: (pairs.append(both), both[0].sum() * 0)[1],
    )
    recipe = replace(TINY, asked=6, opposed=2)
    step_loss(model, subjects, batch, recipe, 2)
    assert len(pairs) == 2
    tokens = model.adapter.encode_image(batch.features, batch.measures)[: batch.photographs]
    directions = {}
    for attribute in ATTRIBUTES:
        for i in range(3000):
            text, sign = sample_prompt(attribute, Random(i))
            directions[text] = attribute.name, sign
    for text, (scores, opposite) in zip(texts[0][-2:], pairs, strict=True):
        found = read(texts[0])
        by_text = [
            model.adapter(tokens, model.adapter.encode_text(found.tokens[k], found.mask[k]))
            for k in range(len(texts[0]))
        ]
        asked = [
            other
            for other, all_scores in zip(texts[0], by_text, strict=True)
            if all(torch.isclose(all_scores, s, atol=1e-5).any() for s in scores)
        ]
        assert all(torch.isclose(by_text[texts[0].index(text)], s, atol=1e-5).any() for s in opposite)
        name, sign = directions[text]
        assert (name, -sign) in {directions[other] for other in asked if other in directions}
        assert len(scores) == min(recipe.answers, batch.photographs)


def test_series_carry_rising_severities(subjects: Subjects, views: Views):
    assert views.series == len(subjects.bank.series) + 2 * TINY.veiled
    batch = draw_batch(subjects, views, replace(TINY, series=60), 0)
    seen = set()
    for group in batch.groups["noise"].unique()[1:]:
        rows = (batch.groups["noise"] == group).nonzero().squeeze(1)
        changing = [
            name
            for name in DAMAGE
            if batch.quantities[name][rows].isfinite().all() and batch.quantities[name][rows].std() > 0
        ]
        assert len(changing) == 1
        order = batch.quantities[changing[0]][rows].diff()
        assert (order < 0).all() if changing == ["sharpness"] else (order > 0).all()
        assert batch.quantities["aesthetic"][rows[0]] > batch.quantities["aesthetic"][rows[-1]]
        seen.update(changing)
    assert seen == set(DAMAGE)


def test_the_first_view_of_a_photograph_is_the_photograph(subjects: Subjects, views: Views):
    assert views.photograph[: views.of_photographs].tolist() == sorted(
        [*range(len(subjects.bank.photos))] * 2
    )
    own = torch.from_numpy(np.array(subjects.bank.photos[:, ::2, :SIZE:2])).float() / 255
    warmth = (own[..., 0] - own[..., 2]).mean((1, 2))
    places = [attribute.name for attribute in ATTRIBUTES].index("warmth")
    stored = torch.from_numpy(views.quantities[: views.of_photographs, places])
    torch.testing.assert_close(stored[::2], warmth)
    assert not torch.allclose(stored[1::2], warmth)


def test_what_is_stored_is_what_the_model_reads(subjects: Subjects, views: Views):
    torch.manual_seed(0)
    model = PocketModel(
        bundled_models() / "pocket" / CONFIG, len(subjects.words), len(subjects.class_names)
    ).eval()
    canvas = torch.from_numpy(np.array(subjects.bank.photos[3:4])).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        features = model.backbone.features(model.backbone.normalise(whole(canvas)))
        tokens = model.adapter.encode_image(features, measure(whole(canvas), details(canvas)))
        row = 3 * TINY.views
        stored = [torch.tensor(part[row : row + 1]).float() for part in (views.features, views.measures)]
        again = model.adapter.encode_image(*stored)
    torch.testing.assert_close(again, tokens, atol=0.01, rtol=0.01)


def test_labels_go_with_their_photographs(subjects: Subjects, views: Views):
    assert list(subjects.words) == ["dog", "snow"]
    batch = draw_batch(subjects, views, TINY, 3)
    stems = [int(text.split()[-1]) for text in batch.captions]
    assert [bool(share) for share in batch.words[:, 0]] == [stem % 4 == 0 for stem in stems]
    people = batch.quantities["people"]
    assert people.isfinite().sum() == TINY.labelled
    rng = np.random.default_rng(0)
    photographs, values = subjects.labelled(4, rng)
    counted = [int(Path(subjects.bank.names[place]).stem) for place in photographs]
    assert np.argsort(values["people"][:, 0]).tolist() == np.argsort(counted).tolist()
    classed, stem = subjects.some_classed(5, rng), lambda place: int(Path(subjects.bank.names[place]).stem)
    assert all(subjects.class_names[subjects.classes[p]] == f"flat {stem(p) % 3}" for p in classed.tolist())


def test_questions_are_of_known_images(subjects: Subjects, views: Views):
    batch = draw_batch(subjects, views, replace(TINY, captioned=20, classed=12), 1)
    asked = batch.attributes(Random(0))
    assert len(asked) > 15
    assert all(question.target.isfinite().all() and question.regressed for question in asked)
    subjects_asked = batch.subjects(subjects, Random(0), 40)
    assert {question.text for question in subjects_asked}
    for question in subjects_asked:
        assert 0 < question.target.count_nonzero() < len(question.target)
    few = asked[0].fewer(12, torch.Generator().manual_seed(0))
    assert 0 < len(few.rows) <= 12
    assert torch.isin(few.rows, asked[0].rows).all()


def test_mirroring_leaves_the_whole_and_the_details_in_their_places():
    size = 8
    canvases = torch.arange(3 * size).float().expand(1, 3, size, -1).clone()
    turned = mirrored(canvases)
    assert whole(turned)[0, 0, 0].tolist() == list(reversed(range(size)))
    assert set(turned[0, 0, 0, size:].tolist()) == set(range(size, 3 * size))


def test_images_alone_are_small_and_known(subjects: Subjects):
    cropped, whole_ones = draw_sights(subjects, TINY, 4)
    assert cropped.images.shape == (TINY.images, 3, 96, 96)
    assert whole_ones.images.shape[1:] == (3, SIZE, SIZE)
    for sight in (cropped, whole_ones):
        assert 0 <= float(sight.images.min()) <= float(sight.images.max()) <= 1
        assert len(sight.captioned) == len(sight.words)
        assert len(sight.classed) == len(sight.classes)
        torch.testing.assert_close(sight.classes.sum(1), torch.ones(len(sight.classes)))
    assert "people" not in cropped.quantities  # what lies outside a crop is not seen
    assert whole_ones.quantities["people"].isfinite().any()


@pytest.mark.parametrize("stop", [("images", 1), ("together", 2)])
def test_a_stopped_run_ends_as_one_that_was_not(
    subjects: Subjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: tuple[str, int]
):
    config = bundled_models() / "pocket" / CONFIG
    torch.use_deterministic_algorithms(True)
    try:
        whole, halves = tmp_path / "whole", tmp_path / "halves"
        for folder in (whole, halves):
            folder.mkdir()
        list(train(subjects, config, whole, TINY))

        monkeypatch.setattr("imagesorter.training.pocket.recipe.CHECKPOINT_STEPS", 1)
        run = train(subjects, config, halves, TINY)
        for what, done, _, _ in run:
            if what == stop[0] and done == stop[1]:
                break
        run.close()
        later = [(what, done) for what, done, *_ in train(subjects, config, halves, TINY)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert later[-1] == ("together", TINY.steps)
    assert {what for what, _ in later} - {"views"} == set(PARTS[PARTS.index(stop[0]) :])
    expected, got = last_state(whole), last_state(halves)
    for name, tensor in expected.items():
        torch.testing.assert_close(got[name], tensor, msg=name)
    with pytest.raises(ImagesorterError, match="another recipe"):
        next(train(subjects, config, halves, replace(TINY, seed=2)))


def test_export_gives_a_model_that_scores_as_the_trained_one(subjects: Subjects, data: Path, tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    config = folder / CONFIG
    shutil.copyfile(bundled_models() / "pocket" / CONFIG, config)
    list(train(subjects, config, tmp_path, TINY))
    export(tmp_path, config, folder)
    model = Ranker(read_manifest(folder), "cpu")
    trained = last_state(tmp_path)
    for name, tensor in _weights(folder).items():  # which another run can begin with
        torch.testing.assert_close(tensor.float(), trained[name].float(), atol=1e-3, rtol=1e-3)
    canvases = np.array(subjects.bank.photos[:3])
    sheets = np.concatenate([canvases, canvases[:, :, canvases.shape[1] :]], 2)
    tokens = model.encode(sheets)
    assert tokens.shape == (3, *model.token_shape)
    assert np.isfinite(model.score(tokens, "brighter")).all()
    results = list(evaluate(model, data, photos=20, series=2))
    assert {r.attribute for r in results} >= {"brightness", "green", "noise", "haze", "aesthetic"}
    assert all(-1 <= r.spearman <= 1 for r in results)
    assert table(results).count("\n") == len(results) + 1


def test_the_command_does_all_of_it_and_says_so(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imagesorter.training.pocket.making.Recipe", lambda seed: replace(TINY, seed=seed))
    lines = list(make(data, tmp_path / "work", tmp_path / "out", steps=1, series=3, branch_steps=1))
    assert any(line.startswith("written") for line in lines)
    assert lines[-3].startswith("| attribute |")
    assert lines[-1].startswith("| asked for |")
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text("utf-8"))
    assert {"attributes", "recognised"} == set(figures)
    assert any(one["what"].startswith("antonyms") for one in figures["recognised"])
    again = list(make(data, tmp_path, tmp_path / "out", begin="judge", beside=[tmp_path / "out"]))
    found = next(one for one in figures["attributes"] if one["attribute"] == "brightness")
    assert f"| brightness | photographs | {found['count']} | {found['spearman']:.3f} ± 0.000 |" in again[-1]
    soup, out = tmp_path / "soup", tmp_path / "out"
    assert f"written: {soup}" in list(make(data, tmp_path, soup, mean_of=[out, out]))
    mean = _weights(soup)
    assert all(torch.equal(mean[name], tensor) for name, tensor in _weights(tmp_path / "out").items())
    with pytest.raises(StorageError, match="one of the models themselves"):
        next(make(data, tmp_path, out, mean_of=[out, out]))
    (soup / CONFIG).write_text("{}")
    with pytest.raises(StorageError, match=f"not the same {CONFIG}"):
        next(make(data, tmp_path, tmp_path / "third", mean_of=[out, soup]))
    assert not (tmp_path / "third").exists()
    with pytest.raises(ImagesorterError, match=r"absent.*judge the model with --evaluate"):
        spread([tmp_path / "out", tmp_path / "absent"])
    with pytest.raises(ImagesorterError, match="no such folder"):
        next(make(data / "absent", tmp_path, tmp_path))


def test_what_is_no_training_is_not_begun_with(subjects: Subjects, tmp_path: Path):
    config = bundled_models() / "pocket" / CONFIG
    for start in (config, tmp_path, tmp_path / "absent.pt"):
        with pytest.raises(StorageError, match="neither a checkpoint"):
            next(train(subjects, config, tmp_path, TINY, start))


def written(folder: Path, weights: dict[str, torch.Tensor]) -> Path:
    folder.mkdir()
    shutil.copyfile(CLIP_CONFIG, folder / CONFIG)
    write_model(weights, folder / CONFIG, folder)
    return folder


def test_the_mean_of_models(tmp_path: Path):
    pocket = bundled_models() / "pocket"
    weights = _weights(pocket)
    halved = written(
        tmp_path / "halved",
        {name: t / 2 if name.startswith("adapter.") else t for name, t in weights.items()},
    )
    for name, mean in mean_weights([pocket, halved]).items():
        torch.testing.assert_close(mean, 0.75 * weights[name] if name.startswith("adapter.") else mean)
        assert name.startswith("adapter.") or torch.equal(mean, weights[name])
    other = written(tmp_path / "other", {n: t for n, t in weights.items() if "pair" not in n})
    with pytest.raises(StorageError, match="other shapes"):
        mean_weights([pocket, other])
    stem = "backbone.clip.visual.trunk.conv_stem.weight"
    another = written(tmp_path / "another", {**weights, stem: 2 * weights[stem]})
    with pytest.raises(StorageError, match="image tower"):
        mean_weights([pocket, another])
    for folders, reason in (([pocket], "two"), ([pocket, pocket / CONFIG], "no model folder")):
        with pytest.raises(StorageError, match=reason):
            mean_weights(folders)


def test_learning_rate_warms_up_and_falls_in_every_part():
    recipe = Recipe(text_steps=200, image_steps=100, steps=300, warm_up=50)
    rates = [learning_rate(recipe, step) for step in range(recipe.total)]
    assert max(rates) == pytest.approx(recipe.learning_rate)
    for end in (199, 299, 599):
        assert rates[end] < 0.01 * recipe.learning_rate
    assert rates[200] < rates[249]
    assert rates[300] < rates[349]
