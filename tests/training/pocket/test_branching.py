"""Branches trained for the bundled model on drawn pictures of discs and of bars."""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from imagesorter import cli
from imagesorter.model.branches import BRANCHES, LOOKS
from imagesorter.model.bundle import ADAPTER_WEIGHTS, read_manifest
from imagesorter.model.counters import COUNTERS
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket import branching
from imagesorter.training.pocket.annotations import named_in, read_annotations
from imagesorter.training.pocket.attributes import NOT_GUESSED
from imagesorter.training.pocket.bank import held_out, load_rgb, open_bank, photographs, prepare
from imagesorter.training.pocket.branching import teach_branches
from imagesorter.training.pocket.counting import teach_counting
from imagesorter.training.pocket.evaluate import encode
from imagesorter.training.pocket.finished import Finished
from imagesorter.training.pocket.recipe import _weights
from imagesorter.training.pocket.subjects import Subjects

pytestmark = pytest.mark.filterwarnings("default")

PICTURES = 120
STEPS = 30
THINGS = ("zeppelin", "fence")


@pytest.fixture(scope="module", autouse=True)
def small() -> None:
    """Fewer prompts and photographs than for a real model, and one thread: others wait on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imagesorter.training.pocket.annotations.WORD_IMAGES", 5)
        patch.setattr("imagesorter.training.pocket.branching._CAPTIONED", 16)
        patch.setattr("imagesorter.training.pocket.branching._CLASSED", 8)
        patch.setattr("imagesorter.training.pocket.branching._WARM_UP", 5)
        patch.setattr("imagesorter.training.pocket.calling._PROMPTS", 2000)
        patch.setattr("imagesorter.training.pocket.calling._JUDGED", 400)
        patch.setattr("imagesorter.training.pocket.calling._STEPS", 300)
        patch.setattr("imagesorter.training.pocket.calling._AT_ONCE", 256)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


def draw(thing: str, rng: np.random.Generator) -> Image.Image:
    """A bright disc or dark bars, anywhere on any colour."""
    picture = Image.new("RGB", (150, 120), tuple(rng.integers(60, 200, 3).tolist()))
    x, y = rng.integers(5, 70, 2).tolist()
    if thing == THINGS[0]:
        ImageDraw.Draw(picture).ellipse((x, y, x + 50, y + 40), fill=(240, 240, 240))
    else:
        for left in range(x, x + 70, 10):
            ImageDraw.Draw(picture).rectangle((left, y, left + 4, y + 40), fill=(20, 20, 20))
    return picture


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of either, captioned or of a class."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "set").mkdir()
    rows = ["file,attribute,value"]
    for i in range(PICTURES):
        thing = THINGS[i % 2]
        draw(thing, rng).save(folder / "set" / f"{i}.png")
        rows.append(f"{i}.png,caption,a {thing} over there" if i % 3 else f"{i}.png,class,Drawn {thing}")
    (folder / "set" / "labels.csv").write_text("\n".join(rows), "utf-8")
    return folder


@pytest.fixture(scope="module")
def work(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    list(prepare(data, folder, size=128, series=1, seed=1))
    return folder


@pytest.fixture(scope="module")
def taught(data: Path, work: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The bundled model with branches for these pictures, and lines for the terminal."""
    folder = tmp_path_factory.mktemp("models") / "pocket"
    shutil.copytree(bundled_models() / "pocket", folder)
    return folder, list(teach_branches(folder, data, work, seed=1, steps=STEPS))


def test_what_was_taught_is_added_to_pictures_that_were_not(taught, data, tmp_path):
    plain = tmp_path / "pocket"
    shutil.copytree(taught[0], plain)
    Finished.open(plain).write(BRANCHES, None, branches=0, early_width=0)
    before, after = (Ranker(read_manifest(folder), "cpu") for folder in (plain, taught[0]))
    captions = read_annotations(data).captions
    judged = [name for name in captions if held_out(name)]
    rng = np.random.default_rng(9)
    pictures = [np.asarray(draw(thing, rng)) for thing in THINGS for _ in range(8)]
    pictures += [load_rgb(data / name) for name in judged]
    old, new = encode(before, pictures), encode(after, pictures)
    for place, thing in enumerate(THINGS):
        truth = [place == 0] * 8 + [place == 1] * 8 + [thing in captions[name][0] for name in judged]
        for text in (f"a {thing}", f"more {thing}s", f"a photo of a {thing}"):
            added = after.score(new, text) - before.score(old, text)
            assert roc_auc(added, np.array(truth)) > 0.9, text


def test_what_texts_of_no_thing_order_stays_as_it_was(taught, data, tmp_path):
    plain = tmp_path / "pocket"
    shutil.copytree(bundled_models() / "pocket", plain)
    Finished.open(plain).write(COUNTERS, None, counters=0)  # dropped with the branches that they went by
    before, after = (Ranker(read_manifest(folder), "cpu") for folder in (plain, taught[0]))
    assert before.id != after.id
    # "people" are asked for by men and women, too, which are things: here the text alone is meant
    before, after = (one.under(replace(one.manifest, kinds={})) for one in (before, after))
    pictures = [load_rgb(data / name) for name in photographs(data)[:6]]
    old, new = encode(before, pictures), encode(after, pictures)
    for phrase in ("brighter", "redder", "less busy", "more red blood cells", "number of people"):
        np.testing.assert_allclose(after.score(new, phrase), before.score(old, phrase), atol=2e-4)


def test_it_says_what_is_named_and_how_well(taught):
    last = taught[1][-1]
    found = re.fullmatch(
        r"branches: (\d+) names; of 400 prompts not taught (\d+) misunderstood, directions alike by (.+)",
        last,
    )
    assert found
    names, wrong, alike = int(found[1]), int(found[2]), float(found[3])
    assert names >= 4  # two things, and two classes of them
    assert wrong < 20
    assert alike > 0.8


def test_training_goes_on_where_it_was_stopped(taught, data, work, tmp_path, monkeypatch):
    monkeypatch.setattr(branching, "_CHECKPOINT_STEPS", 4)
    for name in ("bank.json", "photos.u8", "series.u8"):
        shutil.copyfile(work / name, tmp_path / name)
    folder = tmp_path / "pocket"
    shutil.copytree(bundled_models() / "pocket", folder)
    before = (folder / ADAPTER_WEIGHTS).read_bytes()
    run = teach_branches(folder, data, tmp_path, seed=1, steps=STEPS)
    list(itertools.islice(run, 7))
    run.close()
    assert (folder / ADAPTER_WEIGHTS).read_bytes() == before
    lines = list(teach_branches(folder, data, tmp_path, seed=1, steps=STEPS))
    assert lines[0].startswith("branch 1 of 1: 5 of")
    once, again = (load_file(each / ADAPTER_WEIGHTS) for each in (taught[0], folder))
    assert once.keys() == again.keys()
    for name, tensor in once.items():
        torch.testing.assert_close(again[name], tensor, atol=2e-3, rtol=2e-2, msg=name)


def test_another_seed_begins_anew(taught, data, work, tmp_path):
    folder = tmp_path / "pocket"
    shutil.copytree(bundled_models() / "pocket", folder)
    other = tmp_path / "work"
    shutil.copytree(work, other)
    assert next(teach_branches(folder, data, other, seed=2, steps=STEPS)).startswith("branch 1 of 1: 1 of")


def test_checkpoint_of_another_tower_is_none(data, work):
    backbone = Finished.open(bundled_models() / "pocket").backbone
    subjects = Subjects.of(open_bank(work), read_annotations(data))
    plan = branching._plan(backbone, subjects, 1, 0, STEPS)
    assert plan == branching._plan(backbone, subjects, 1, 0, STEPS)
    with torch.no_grad():
        next(backbone.clip.visual.parameters()).mul_(1.5)
    assert branching._plan(backbone, subjects, 1, 0, STEPS) != plan


def test_new_branches_drop_the_counters_that_went_by_others(taught, data):
    before = load_file(bundled_models() / "pocket" / ADAPTER_WEIGHTS)
    with_branches = load_file(taught[0] / ADAPTER_WEIGHTS)
    for name, tensor in before.items():
        if not name.startswith(("branches.", "counters.")):
            torch.testing.assert_close(with_branches[name], tensor)
    assert not any(name.startswith("counters.") for name in with_branches)
    sizes = read_manifest(taught[0]).adapter
    assert (sizes["branches"], sizes["counters"]) == (1, 0)


def test_counting_leaves_branches_alone(taught, data):
    with_branches = load_file(taught[0] / ADAPTER_WEIGHTS)
    folder = taught[0].parent / "uncounted"
    shutil.copytree(taught[0], folder)
    list(teach_counting(folder, data))  # nothing is counted here
    assert read_manifest(folder).adapter["counters"] == 0
    assert {n for n in load_file(folder / ADAPTER_WEIGHTS) if n.startswith("branches.")} == {
        n for n in with_branches if n.startswith("branches.")
    }
    model = Ranker(read_manifest(folder), "cpu")
    assert model.encode(model.preprocess(Image.new("RGB", (120, 90)))[None]).shape[1:] == (28, 128)


def test_further_training_begins_without_branches(taught):
    assert any(name.startswith("branches.") for name in load_file(taught[0] / ADAPTER_WEIGHTS))
    assert not any("branches." in name for name in _weights(taught[0]))


def test_branches_are_dropped_where_nothing_is_captioned(taught, data, tmp_path):
    folder = tmp_path / "pocket"
    shutil.copytree(taught[0], folder)
    unlabelled = tmp_path / "data" / "set"
    unlabelled.mkdir(parents=True)
    for name in photographs(data)[:12]:
        shutil.copyfile(data / name, unlabelled / Path(name).name)
    list(prepare(tmp_path / "data", tmp_path / "work", size=128, series=1, seed=1))
    lines = list(teach_branches(folder, tmp_path / "data", tmp_path / "work"))
    assert lines == ["branches: none, for want of captions, classes or measures"]
    assert read_manifest(folder).adapter["branches"] == 0
    Ranker(read_manifest(folder), "cpu")


def test_directions_have_the_names_of_words_and_of_classes_of_some_size(data, work):
    known = Subjects.of(open_bank(work), read_annotations(data))
    few = len(known.classes)
    classes = {place: number for number, place in enumerate(known.classes)}  # each of one photograph
    for place in list(classes)[:12]:
        classes[place] = few
    words = {word: known.words[word] for word in THINGS} | {"asian": known.words[THINGS[0]]}
    names = [f"class {number}" for number in range(few)] + [THINGS[1]]
    subjects = replace(known, words=words, classes=classes, class_names=names)
    rows = torch.randn(len(words) + len(names), LOOKS)
    named = branching._named(subjects, rows)
    assert set(named) == set(THINGS)
    torch.testing.assert_close(named[THINGS[0]], rows[0])
    torch.testing.assert_close(named[THINGS[1]], (rows[1] + rows[-1]) / 2**0.5)


def test_shipped_branch_does_not_tell_people_by_where_they_are_from():
    model = Finished.open(bundled_models() / "pocket")
    with_branch = Ranker(model.manifest, "cpu")._adapter.branches
    assert with_branch is not None
    texts = [f"{word} {person}" for word in sorted(NOT_GUESSED) for person in ("man", "woman", "people")]
    with torch.inference_mode():
        assert with_branch.asked(model.summaries(["a dog", "more snow"])).any(1).all()
        heard = with_branch.asked(model.summaries(texts)).any(1)
    assert heard.sum() <= len(texts) / 10, [text for text, loud in zip(texts, heard, strict=True) if loud]


def test_plural_in_a_caption_names_what_is_known_in_the_singular():
    known = {"dog", "grass", "snow"}
    assert named_in("Two dogs on grass, and a dog in the snows", known) == ["dog", "grass", "snow"]


def test_the_command_trains_branches_alone(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr("imagesorter.training.pocket.making.make", lambda *_, **kw: asked.update(kw) or [])
    common = ["recipe", "--data", str(tmp_path), "--work", str(tmp_path)]
    assert cli.run([*common, "--branches", "--branch-steps", "9"]) == 0
    assert (asked["begin"], asked["branch_steps"]) == ("branches", 9)
