"""The recipe on a handful of drawn pictures: prepared, trained, stopped, resumed, exported, judged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from imagesorter.errors import ImagesorterError, StorageError
from imagesorter.model.bundle import read_manifest
from imagesorter.model.details import whole
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.annotations import read_annotations
from imagesorter.training.bank import Bank, held_out, open_bank, photographs, prepare
from imagesorter.training.drawing import DAMAGE, Subjects, _mirrored, draw_batch, draw_sight
from imagesorter.training.evaluate import evaluate, table
from imagesorter.training.pocket import CONFIG, make
from imagesorter.training.recipe import Recipe, export, learning_rate, train

pytestmark = pytest.mark.filterwarnings("default")

TINY = Recipe(
    steps=3, text_steps=2, image_steps=2, images=8, texts=4, series=2, captioned=4, classed=4, labelled=2,
    photos=2, attributes=3, words=1, classes=1, whole_captions=2, pairs=8, warm_up=1,
)  # fmt: skip
SIZE = 128


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
        patch.setattr("imagesorter.training.annotations.WORD_IMAGES", 5)
        return Subjects.of(bank, read_annotations(data))


def last_state(work: Path) -> dict[str, torch.Tensor]:
    return torch.load(work / "checkpoint.pt", weights_only=True)["model"]


def test_held_out_photographs_are_not_in_the_bank(data: Path, bank: Bank):
    names = photographs(data)
    assert set(bank.names) == {name for name in names if not held_out(name)}
    assert len(bank.names) < len(names)
    assert bank.photos.shape == (len(bank.names), SIZE, 3 * SIZE, 3)
    by_name = dict(zip(bank.names, bank.captions, strict=True))
    assert all(bool(texts) == (int(Path(name).stem) % 4 < 2) for name, texts in by_name.items())


def test_preparing_goes_on_where_it_was_stopped(data: Path, bank: Bank, work: Path, tmp_path: Path):
    steps = prepare(data, tmp_path, size=SIZE, series=9, seed=3)
    next(steps)
    steps.close()
    list(prepare(data, tmp_path, size=SIZE, series=9, seed=3))
    assert (tmp_path / "series.u8").read_bytes() == (work / "series.u8").read_bytes()
    with pytest.raises(StorageError, match="other settings"):
        next(prepare(data, tmp_path, size=SIZE, series=9, seed=4))


def test_a_batch_is_decided_by_its_step(subjects: Subjects):
    first, again, other = (draw_batch(subjects, TINY, step) for step in (5, 5, 6))
    assert torch.equal(first.images, again.images)
    assert first.captions == again.captions
    assert not torch.equal(first.images, other.images)


def test_series_carry_rising_severities(subjects: Subjects):
    batch = draw_batch(subjects, replace(TINY, series=9), 0)
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
    assert seen >= {"haze", "banding", "noise"}


def test_labels_go_with_their_photographs(subjects: Subjects):
    assert list(subjects.words) == ["dog", "snow"]
    batch = draw_batch(subjects, TINY, 3)
    names = [subjects.bank.names[i] for i in batch.photographs]
    for name, text in zip(names, batch.captions, strict=False):
        assert text.endswith(f"number {Path(name).stem}")
    for name, number in zip(names[batch.captioned :], batch.classes.tolist(), strict=False):
        assert subjects.class_names[number] == f"flat {int(Path(name).stem) % 3}"
    people = batch.quantities["people"]
    assert people.isfinite().sum() == TINY.labelled
    values = dict(zip(names, people.tolist(), strict=False))
    counted = sorted((int(Path(name).stem), value) for name, value in values.items() if value == value)
    assert [value for _, value in counted] == sorted(value for _, value in counted)
    stems = [int(Path(names[row]).stem) for row in batch.sight.captioned]
    assert [bool(share) for share in batch.sight.words[:, 0]] == [stem % 4 == 0 for stem in stems]


def test_mirroring_leaves_the_whole_and_the_details_in_their_places():
    size = 8
    canvases = torch.arange(3 * size).float().expand(1, 3, size, -1).clone()
    turned = _mirrored(canvases)
    assert whole(turned)[0, 0, 0].tolist() == list(reversed(range(size)))
    assert set(turned[0, 0, 0, size:].tolist()) == set(range(size, 3 * size))


def test_images_alone_are_small_and_known(subjects: Subjects):
    images, sight = draw_sight(subjects, TINY, 4)
    assert images.shape == (TINY.images, 3, 96, 96)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert len(sight.captioned) == len(sight.words) >= TINY.images // 2
    assert sight.quantities["people"].isfinite().any()


def test_a_stopped_run_ends_as_one_that_was_not(
    subjects: Subjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = bundled_models() / "pocket" / CONFIG
    torch.use_deterministic_algorithms(True)
    try:
        whole, halves = tmp_path / "whole", tmp_path / "halves"
        for folder in (whole, halves):
            folder.mkdir()
        list(train(subjects, config, whole, TINY))

        monkeypatch.setattr("imagesorter.training.recipe.CHECKPOINT_STEPS", 1)
        run = train(subjects, config, halves, TINY)
        for _ in range(5):
            next(run)
        run.close()
        steps = [step for step, _ in train(subjects, config, halves, TINY)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert steps[0] >= 5
    assert steps[-1] == TINY.total
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
    tokens = model.encode(np.array(subjects.bank.photos[:3]))
    assert tokens.shape == (3, *model.token_shape)
    assert np.isfinite(model.score(tokens, "brighter")).all()
    results = list(evaluate(model, data, photos=20, series=2))
    assert {r.attribute for r in results} >= {"brightness", "green", "noise", "haze", "aesthetic"}
    assert all(-1 <= r.spearman <= 1 for r in results)
    assert table(results).count("\n") == len(results) + 1


def test_the_command_does_all_of_it_and_says_so(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imagesorter.training.pocket.Recipe", lambda seed: replace(TINY, seed=seed))
    lines = list(make(data, tmp_path / "work", tmp_path / "out", steps=1, series=3))
    assert any(line.startswith("written") for line in lines)
    assert lines[-3].startswith("| attribute |")
    assert lines[-1].startswith("| asked for |")
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text("utf-8"))
    assert {"attributes", "recognised"} == set(figures)
    assert any(one["what"].startswith("antonyms") for one in figures["recognised"])
    with pytest.raises(ImagesorterError, match="no such folder"):
        next(make(data / "absent", tmp_path, tmp_path))


def test_learning_rate_warms_up_and_falls_each_time():
    recipe = Recipe(text_steps=200, image_steps=100, steps=300, warm_up=50)
    rates = [learning_rate(recipe, step) for step in range(recipe.total)]
    assert max(rates) == pytest.approx(recipe.learning_rate)
    for end in (199, 299, 599):
        assert rates[end] < 0.01 * recipe.learning_rate
    assert rates[200] < rates[249]
    assert rates[300] < rates[349]
