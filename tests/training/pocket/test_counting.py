"""Counters fitted for the bundled model to drawn pictures of dots."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file
from scipy.stats import spearmanr

from imagesorter import cli
from imagesorter.errors import ModelError
from imagesorter.model.bundle import ADAPTER_WEIGHTS, read_manifest
from imagesorter.model.counters import COUNTERS
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket import counting
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.counting import teach_counting
from imagesorter.training.pocket.evaluate import encode
from imagesorter.training.pocket.finished import Finished
from imagesorter.training.pocket.recipe import _weights, mean_weights

pytestmark = pytest.mark.filterwarnings("default")

PICTURES = 160
MOST = 40


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of dots, each with their number, and as many of stripes."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "set").mkdir()
    rows = ["file,attribute,value"]
    for i in range(PICTURES):
        tone = tuple(rng.integers(180, 240, 3).tolist())
        dots = Image.new("RGB", (160, 120), tone)
        number = int(rng.integers(MOST))
        for x, y in rng.uniform((0, 0), (150, 110), (number, 2)):
            ImageDraw.Draw(dots).ellipse((x, y, x + 9, y + 9), fill=(190, 60, 70))
        dots.save(folder / "set" / f"dots {i}.png")
        rows.append(f"dots {i}.png,number of red blood cells,{number}")
        stripes = Image.new("RGB", (160, 120), tone)
        for x in range(0, 160, int(rng.integers(6, 40))):
            ImageDraw.Draw(stripes).rectangle((x, 0, x + 3, 120), fill=(40, 90, 60))
        stripes.save(folder / "set" / f"stripes {i}.png")
    (folder / "set" / "labels.csv").write_text("\n".join(rows), "utf-8")
    return folder


@pytest.fixture(scope="module")
def numbers(data: Path) -> dict[str, int]:
    """By relative path."""
    lines = (data / "set" / "labels.csv").read_text("utf-8").splitlines()[1:]
    return {"set/" + name: int(number) for name, _, number in (line.split(",") for line in lines)}


@pytest.fixture(scope="module")
def taught(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], list[str]]:
    """The bundled model with counters for dots, names of what was read, and lines for the terminal."""
    folder = tmp_path_factory.mktemp("models") / "pocket"
    shutil.copytree(bundled_models() / "pocket", folder)
    read: set[str] = set()

    def noted(path: Path) -> np.ndarray:
        read.add(path.relative_to(data).as_posix())
        return load_rgb(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "load_rgb", noted)
        patch.setattr("imagesorter.training.pocket.asking._PROMPTS", 2000)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # on a busy machine, several wait for each other
        try:
            lines = list(teach_counting(folder, data))
        finally:
            torch.set_num_threads(threads)
    return folder, read, lines


@pytest.fixture(scope="module")
def judged(data: Path) -> list[str]:
    """Pictures that were not learned from."""
    return [name for name in photographs(data) if held_out(name, 0.1)]


def test_kept_apart_photographs_are_not_read(taught, judged):
    _, read, lines = taught
    assert not read & set(judged)
    assert len(read) == 2 * PICTURES - len(judged)
    assert lines[-1].startswith("counted: red blood cells; of ")


def test_pictures_of_the_kind_are_ordered_by_their_number(taught, data, numbers, judged):
    model = Ranker(read_manifest(taught[0]), "cpu")
    dots = [name for name in judged if name in numbers]
    assert len(dots) >= 8
    tokens = encode(model, [load_rgb(data / name) for name in judged])
    found = dict(zip(judged, model.score(tokens, "more red blood cells"), strict=True))
    truth = [numbers[name] for name in dots]
    assert spearmanr([found[name] for name in dots], truth).statistic > 0.9
    fewer = dict(zip(judged, model.score(tokens, "few red blood cells"), strict=True))
    assert spearmanr([fewer[name] for name in dots], truth).statistic < -0.9


def test_pictures_of_another_kind_keep_their_scores(taught, data, numbers, judged):
    before, after = (Ranker(read_manifest(f), "cpu") for f in (bundled_models() / "pocket", taught[0]))
    stripes = [load_rgb(data / name) for name in judged if name not in numbers]
    old, new = (model.score(encode(model, stripes), "more red blood cells") for model in (before, after))
    assert len(stripes) >= 8
    np.testing.assert_allclose(new, old, atol=0.05)


def test_what_other_texts_order_stays_as_it_was(taught, data, judged):
    before, after = (Ranker(read_manifest(f), "cpu") for f in (bundled_models() / "pocket", taught[0]))
    assert before.id != after.id
    pictures = [load_rgb(data / name) for name in judged]
    old, new = encode(before, pictures), encode(after, pictures)
    for phrase in ("brighter", "redder", "busier", "a dog", "hazier"):
        np.testing.assert_allclose(after.score(new, phrase), before.score(old, phrase), atol=2e-4)


def test_counters_are_dropped_where_nothing_was_counted(taught, data, tmp_path):
    folder = tmp_path / "pocket"
    shutil.copytree(taught[0], folder)
    unlabelled = tmp_path / "data" / "set"
    unlabelled.mkdir(parents=True)
    for name in photographs(data)[:3]:
        shutil.copyfile(data / name, unlabelled / Path(name).name)
    assert list(teach_counting(folder, tmp_path / "data")) == ["counted: nothing"]
    assert read_manifest(folder).adapter["counters"] == 0
    assert not any(name.startswith("counters.") for name in load_file(folder / ADAPTER_WEIGHTS))
    Ranker(read_manifest(folder), "cpu")


def test_training_goes_on_without_counters(taught):
    folder = taught[0]
    assert any(name.startswith("counters.") for name in load_file(folder / ADAPTER_WEIGHTS))
    assert not any("counters." in name for name in _weights(folder))
    assert not any("counters." in name for name in mean_weights([folder, folder]))


def test_prompts_are_judged_that_were_not_taught(taught):
    """Told apart from a gate that is always shut: a third of the prompts asks for a number."""
    found = re.search(r"of ([\d,]+) prompts not taught ([\d,]+) misunderstood", taught[2][-1])
    assert found is not None
    of, wrong = (int(number.replace(",", "")) for number in found.groups())
    assert wrong < 0.1 * of


def test_captions_tell_how_many_people_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Discs are captioned with two men, stripes with a dog."""
    data, folder = tmp_path / "data", tmp_path / "pocket"
    (data / "set").mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows = ["file,attribute,value"]
    for i in range(120):
        picture = Image.new("RGB", (160, 120), tuple(rng.integers(100, 240, 3).tolist()))
        draw, tone = ImageDraw.Draw(picture), tuple(rng.integers(0, 90, 3).tolist())
        if i % 2:
            x, y = rng.integers(60), rng.integers(30)
            draw.ellipse((x, y, x + 80, y + 80), fill=tone)
        else:
            for x in range(int(rng.integers(20)), 160, 40):
                draw.rectangle((x, 0, x + 15, 120), fill=tone)
        picture.save(data / "set" / f"{i}.png")
        rows.append(f"{i}.png,caption,{'Two men talk .' if i % 2 else 'A dog barks .'}")
    (data / "set" / "labels.csv").write_text("\n".join(rows), "utf-8")
    shutil.copytree(bundled_models() / "pocket", folder)
    monkeypatch.setattr("imagesorter.training.pocket.asking._PROMPTS", 2000)
    assert list(teach_counting(folder, data))[-1].startswith("counted: people;")
    judged = [name for name in photographs(data) if held_out(name, 0.1)]
    men = np.array([int(Path(name).stem) % 2 == 1 for name in judged])
    assert 3 <= men.sum() <= len(men) - 3
    plain = tmp_path / "plain"
    shutil.copytree(folder, plain)
    Finished.open(plain).write(COUNTERS, None, counters=0)
    before, after = (Ranker(read_manifest(f), "cpu") for f in (plain, folder))
    pictures = [load_rgb(data / name) for name in judged]
    old, new = encode(before, pictures), encode(after, pictures)
    added = {q: after.score(new, q) - before.score(old, q) for q in ("more people", "fewest people")}
    assert roc_auc(added["more people"], men) > 0.95  # to what the adapter makes of drawings
    assert roc_auc(added["fewest people"], men) < 0.05
    for phrase in ("brighter", "busier", "a dog"):
        np.testing.assert_allclose(after.score(new, phrase), before.score(old, phrase), atol=2e-4)


def test_folder_without_weights_is_named(taught, data, tmp_path):
    folder = tmp_path / "pocket"
    shutil.copytree(taught[0], folder)
    (folder / ADAPTER_WEIGHTS).unlink()
    with pytest.raises(ModelError, match="pocket: weights are missing"):
        list(teach_counting(folder, data))


def test_the_command_passes_on_that_it_is_to_count_alone(tmp_path, monkeypatch, capsys):
    asked: dict[str, object] = {}

    def noted(*places: Path, **options: object) -> list[str]:
        asked.update(options)
        return ["done"]

    monkeypatch.setattr("imagesorter.training.pocket.making.make", noted)
    assert cli.run(["recipe", "--data", str(tmp_path), "--work", str(tmp_path), "--count"]) == 0
    assert asked["begin"] == "count"
    assert capsys.readouterr().out == "done\n"
