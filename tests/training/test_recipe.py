"""The recipe on a handful of drawn pictures: prepared, trained, stopped, resumed, exported, judged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from imagesorter.errors import ImagesorterError, StorageError
from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.bank import Bank, held_out, open_bank, photographs, prepare
from imagesorter.training.evaluate import evaluate, table
from imagesorter.training.pocket import CONFIG, make
from imagesorter.training.recipe import Recipe, draw_batch, export, learning_rate, train

pytestmark = pytest.mark.filterwarnings("default")

TINY = Recipe(
    steps=3, text_steps=2, texts=4, series=2, photos=4, attributes=2, pairs=8, warm_up=1, contrastive=0.1
)
SIZE = 128


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures of smooth random colour, half of them captioned."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "set").mkdir()
    rows = ["file,attribute,value"]
    for i in range(40):
        small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC).save(folder / "set" / f"{i}.jpg")
        if i % 2:
            rows.append(f'{i}.jpg,caption,"picture, number {i}"')
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


def last_state(work: Path) -> dict[str, torch.Tensor]:
    return torch.load(work / "checkpoint.pt", weights_only=True)["model"]


def test_held_out_photographs_are_not_in_the_bank(data: Path, bank: Bank):
    names = photographs(data)
    assert set(bank.names) == {name for name in names if not held_out(name)}
    assert len(bank.names) < len(names)
    assert bank.photos.shape == (len(bank.names), SIZE, 3 * SIZE, 3)
    by_name = dict(zip(bank.names, bank.captions, strict=True))
    assert all(bool(texts) == bool(int(Path(name).stem) % 2) for name, texts in by_name.items())


def test_preparing_goes_on_where_it_was_stopped(data: Path, bank: Bank, work: Path, tmp_path: Path):
    steps = prepare(data, tmp_path, size=SIZE, series=9, seed=3)
    next(steps)
    steps.close()
    list(prepare(data, tmp_path, size=SIZE, series=9, seed=3))
    assert (tmp_path / "series.u8").read_bytes() == (work / "series.u8").read_bytes()
    with pytest.raises(StorageError, match="other settings"):
        next(prepare(data, tmp_path, size=SIZE, series=9, seed=4))


def test_a_batch_is_decided_by_its_step(bank: Bank):
    first, again, other = (draw_batch(bank, TINY, step) for step in (5, 5, 6))
    assert torch.equal(first.images, again.images)
    assert first.captions == again.captions
    assert not torch.equal(first.images, other.images)


def test_series_carry_rising_severities(bank: Bank):
    batch = draw_batch(bank, replace(TINY, series=9), 0)
    for group in batch.group.unique()[1:]:
        rows = (batch.group == group).nonzero().squeeze(1)
        changing = [
            name
            for name in ("sharpness", "noise", "jpeg damage")
            if batch.quantities[name][rows].isfinite().all() and batch.quantities[name][rows].std() > 0
        ]
        assert len(changing) == 1
        order = batch.quantities[changing[0]][rows].diff()
        assert (order < 0).all() if changing == ["sharpness"] else (order > 0).all()


def test_a_stopped_run_ends_as_one_that_was_not(bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = bundled_models() / "pocket" / CONFIG
    torch.use_deterministic_algorithms(True)
    try:
        whole, halves = tmp_path / "whole", tmp_path / "halves"
        for folder in (whole, halves):
            folder.mkdir()
        list(train(bank, config, whole, TINY))

        monkeypatch.setattr("imagesorter.training.recipe.CHECKPOINT_STEPS", 1)
        run = train(bank, config, halves, TINY)
        for _ in range(3):
            next(run)
        run.close()
        steps = [step for step, _ in train(bank, config, halves, TINY)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert steps[0] >= 3
    assert steps[-1] == TINY.text_steps + TINY.steps
    expected, got = last_state(whole), last_state(halves)
    for name, tensor in expected.items():
        torch.testing.assert_close(got[name], tensor, msg=name)
    with pytest.raises(ImagesorterError, match="another recipe"):
        next(train(bank, config, halves, replace(TINY, seed=2)))


def test_export_gives_a_model_that_scores_as_the_trained_one(bank: Bank, data: Path, tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    config = folder / CONFIG
    shutil.copyfile(bundled_models() / "pocket" / CONFIG, config)
    list(train(bank, config, tmp_path, TINY))
    export(tmp_path, config, folder)
    model = Ranker(read_manifest(folder), "cpu")
    tokens = model.encode(np.array(bank.photos[:3]))
    assert tokens.shape == (3, *model.token_shape)
    assert np.isfinite(model.score(tokens, "brighter")).all()
    results = list(evaluate(model, data, photos=20, series=2))
    assert {r.attribute for r in results} >= {"brightness", "noise"}
    assert all(-1 <= r.spearman <= 1 for r in results)
    assert table(results).count("\n") == len(results) + 1


def test_the_command_does_all_of_it_and_says_so(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imagesorter.training.pocket.Recipe", lambda seed: replace(TINY, seed=seed))
    lines = list(make(data, tmp_path / "work", tmp_path / "out", steps=1, series=3))
    assert any(line.startswith("written") for line in lines)
    assert lines[-1].startswith("| attribute |")
    assert (tmp_path / "out" / "evaluation.json").exists()
    with pytest.raises(ImagesorterError, match="no such folder"):
        next(make(data / "absent", tmp_path, tmp_path))


def test_learning_rate_warms_up_and_falls_twice():
    recipe = Recipe(text_steps=200, steps=300, warm_up=50)
    rates = [learning_rate(recipe, step) for step in range(500)]
    assert max(rates) == pytest.approx(recipe.learning_rate)
    assert rates[199] < 0.01 * recipe.learning_rate
    assert rates[200] < rates[249]
    assert rates[499] < 0.01 * recipe.learning_rate
