from __future__ import annotations

import errno
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import COUNT, asked, write_backbone, write_pictures
from safetensors.torch import load_file

from imagesorter.errors import ImagesorterError, StorageError, TrainingError
from imagesorter.events import Event, Finished, Judged, Progress, Trained, Unreadable, Validated
from imagesorter.model.bundle import read_manifest
from imagesorter.model.loading import load_ranker
from imagesorter.model.tower_ranker import TowerRanker
from imagesorter.model.tower_sources import small
from imagesorter.paths import bundled_models
from imagesorter.training.labelled import trainer
from imagesorter.training.labelled.dataset import Batches, LabelsError, read_examples
from imagesorter.training.labelled.features import KeptFeatures, LiveFeatures
from imagesorter.training.labelled.learner import Learner, losses
from imagesorter.training.labelled.measure import MEAN, measure
from imagesorter.training.labelled.options import VARIANTS, TrainingOptions
from imagesorter.training.labelled.parallel import Processes
from imagesorter.training.labelled.stepping import learning_rate
from imagesorter.training.labelled.trainer import train

ALONE = Processes(0, 1, "cpu")
NO_CACHE = 1e-9


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(autouse=True)
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def adapter(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "adapter.safetensors")


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_training_learns_and_its_model_ranks(labels: Path, backbone: Path, tmp_path: Path, variant: str):
    one = tmp_path / "one.csv"
    lines = labels.read_text("utf-8").splitlines(keepends=True)
    one.write_text("".join(line for line in lines if ",red," not in line), "utf-8")
    options = asked(
        one,
        backbone,
        tmp_path / "model",
        images=labels.parent,
        steps=60,
        batch=16,
        rate=3e-3,
        variant=variant,
    )
    events = list(train(options))
    validated = [event for event in events if isinstance(event, Validated)]
    trained = next(event for event in events if isinstance(event, Trained))
    assert [event.step for event in validated] == list(range(3, 61, 3))
    assert trained.srcc == max(event.srcc for event in validated) > 0.8
    assert trained.step == next(event.step for event in validated if event.srcc == trained.srcc)
    assert [event.best for event in validated].count(True) >= 1
    assert isinstance(events[-1], Finished)
    assert events[-1].unreadable == 0
    notes = [event.note for event in events if isinstance(event, Progress) and event.stage == "train"]
    assert len(notes) == 60
    assert "srcc" in notes[-1]

    manifest = read_manifest(options.out)
    assert [a.name for a in manifest.attributes] == ["bright"]
    assert not manifest.unlearned("brightness")
    assert manifest.unlearned("sharpness")
    ranker = load_ranker(manifest, "cpu")
    assert isinstance(ranker, TowerRanker)
    judged = [
        event
        for event in measure(ranker, read_examples(one, labels.parent), one)
        if isinstance(event, Judged)
    ]
    assert [event.category for event in judged] == ["bright", MEAN]
    assert judged[-1].figures["srcc"] > 0.8
    if variant == "ours":  # learns at unit deviation; the labels go from 1 to 12
        assert judged[-1].figures["mae"] < 2
    assert judged[-1].figures["images"] == COUNT


def test_a_learned_name_is_asked_in_the_words_of_its_training(labels: Path, backbone: Path, tmp_path: Path):
    list(train(asked(labels, backbone, tmp_path / "model", steps=2)))
    ranker = load_ranker(read_manifest(tmp_path / "model"), "cpu")
    tokens = ranker.encode(np.random.default_rng(0).integers(0, 256, (70, 32, 32, 3), dtype=np.uint8))
    assert tokens.shape[1:] == ranker.token_shape
    np.testing.assert_array_equal(ranker.score(tokens, "Red"), ranker.score(tokens, "Rank the redness."))
    assert not np.array_equal(ranker.score(tokens, "red hue"), ranker.score(tokens, "red"))
    alone = np.concatenate([ranker.score(token[None], "red") for token in tokens[:5]])
    np.testing.assert_array_equal(ranker.score(tokens, "red")[:5], alone)
    assert not ranker.words_read("very " * 40)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_killed_training_ends_as_one_that_was_not(
    labels: Path, backbone: Path, tmp_path: Path, variant: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trainer, "_JUDGEMENTS", 3)
    whole = asked(labels, backbone, tmp_path / "whole", variant=variant, negatives=0.2, presence=True)
    list(train(whole))
    halves = replace(whole, out=tmp_path / "halves")
    checkpoint = halves.work / "checkpoint.pt"
    events = train(halves)
    while not isinstance(event := next(events), Validated):
        pass
    assert event.step == 2
    shutil.copyfile(checkpoint, tmp_path / "at-2")
    while not (isinstance(event := next(events), Progress) and event.done == 3):
        pass
    events.close()  # type: ignore[attr-defined]
    assert torch.load(checkpoint, weights_only=True)["step"] == 3
    assert not halves.out.exists()

    shutil.copyfile(tmp_path / "at-2", checkpoint)  # as a kill would have left it
    steps = [e.done for e in train(halves) if isinstance(e, Progress) and e.stage == "train"]
    assert steps == [3, 4, 5, 6]
    assert same(adapter(whole.out), adapter(halves.out))


def test_a_checkpoint_that_cannot_be_written_at_cancelling_is_told(
    labels: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    events = train(asked(labels, backbone, tmp_path / "model"))
    while not (isinstance(event := next(events), Progress) and event.stage == "train"):
        pass
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(StorageError, match="the checkpoint cannot be written"):
        events.close()  # type: ignore[attr-defined]


def test_the_best_weights_are_kept(
    labels: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trainer, "_JUDGEMENTS", 3)
    found = iter([0.1, 0.3, 0.2])
    states = []

    def judge(learner, features, examples) -> float:
        states.append({name: tensor.clone() for name, tensor in learner.adapter.state_dict().items()})
        return next(found)

    monkeypatch.setattr(trainer, "judge", judge)
    events = list(train(asked(labels, backbone, tmp_path / "model")))
    assert [event.best for event in events if isinstance(event, Validated)] == [True, True, False]
    assert next(event for event in events if isinstance(event, Trained)).step == 4
    assert [same(adapter(tmp_path / "model"), small(state)) for state in states] == [False, True, False]


def test_a_training_that_runs_off_to_infinity_stops_with_the_best_weights(
    labels: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trainer, "_JUDGEMENTS", 3)

    def burst_at(first: int) -> str:
        """Train with a loss whose parts, three in a step, are infinite from one on."""
        calls = iter(range(100))

        def burst(*arguments, **more) -> dict[str, torch.Tensor]:
            parts = losses(*arguments, **more)
            return {name: part * math.inf if next(calls) >= first else part for name, part in parts.items()}

        monkeypatch.setattr(trainer, "losses", burst)
        with pytest.raises(TrainingError) as caught:
            list(train(options))
        return str(caught.value)

    options = asked(labels, backbone, tmp_path / "early")
    told = burst_at(0)
    assert "stops at step 0" in told
    assert f"Delete {options.work} and start again with a lower --lr" in told
    assert not options.out.exists()

    options = asked(labels, backbone, tmp_path / "late")
    told = burst_at(3 * 3)
    assert "stops at step 3" in told
    assert "of step 2 (srcc " in told
    assert f"are written to {options.out}" in told
    assert all(tensor.isfinite().all() for tensor in adapter(options.out).values())
    assert "which step 2 was chosen" in read_manifest(options.out).description


def test_weights_without_finite_scores_are_never_the_best(
    labels: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    options = asked(labels, backbone, tmp_path / "model", steps=1)
    monkeypatch.setattr(Learner, "scores", lambda self, inputs, title: torch.full((len(inputs),), math.nan))
    with pytest.raises(TrainingError, match="nothing is kept"):
        list(train(options))
    assert not options.out.exists()


@pytest.mark.parametrize(("more", "expected"), [
    ({}, ("squash", "bicubic")),
    ({"variant": "published"}, ("squash", "bilinear")),
    ({"resize": "model"}, ("shortest", "bicubic")),
    ({"backbone": bundled_models() / "pocket"}, ("squash", "bilinear")),
])  # fmt: skip
def test_the_whole_picture_is_seen_unless_asked_otherwise(
    labels: Path, backbone: Path, tmp_path: Path, more: dict[str, object], expected: tuple[str, str]
):
    backbone = more.pop("backbone", backbone)  # type: ignore[assignment]
    how = make(asked(labels, backbone, tmp_path / "model", **more)).learner.towers.preprocessing
    assert (how.resize_mode, how.interpolation) == expected


def make(options: TrainingOptions) -> trainer._Training:
    return trainer._Training(options, ALONE)


def test_the_last_step_expects_no_other(labels: Path, backbone: Path, tmp_path: Path, monkeypatch):
    expected: list[int] = []
    monkeypatch.setattr(LiveFeatures, "expect", lambda self, images, mirrored: expected.append(len(images)))
    list(train(asked(labels, backbone, tmp_path / "model", steps=3, cache_gigabytes=NO_CACHE)))
    assert len(expected) == 2


@pytest.mark.parametrize("cache", [20.0, NO_CACHE])
def test_an_image_that_cannot_be_read_is_told_and_left_out(
    labels: Path, backbone: Path, tmp_path: Path, cache: float
):
    shutil.copytree(labels.parent, tmp_path / "pictures")
    for number in (3, 4):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(b"no picture")
    options = asked(
        tmp_path / "pictures" / "labels.csv", backbone, tmp_path / "model",
        steps=12, batch=32, cache_gigabytes=cache, validation=0.4,
    )  # fmt: skip
    events = list(train(options))
    told = [event.path.name for event in events if isinstance(event, Unreadable)]
    assert sorted(told) == ["3.png", "4.png"]
    assert events[-1] == Finished(12, 2)
    assert (options.out / "model.json").exists()


def test_labels_of_another_folder_are_told_at_once(labels: Path, backbone: Path, tmp_path: Path):
    options = asked(labels, backbone, tmp_path / "model", images=tmp_path / "elsewhere")
    with pytest.raises(LabelsError, match=r"labels\.csv: of the 40 images it names none is there.*--images"):
        list(train(options))
    assert not options.out.exists() and not options.work.exists()


def test_nothing_readable_is_an_error(labels: Path, backbone: Path, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for picture in labels.parent.glob("*.png"):
        (elsewhere / picture.name).write_bytes(b"no picture")
    options = asked(labels, backbone, tmp_path / "model", images=elsewhere)
    with pytest.raises(LabelsError, match=r"no image of .*labels\.csv can be read.*--images"):
        list(train(options))
    with pytest.raises(ImagesorterError, match="hardly any image"):
        list(train(replace(options, cache_gigabytes=NO_CACHE)))
    assert not options.out.exists()


@pytest.mark.parametrize("unfreeze", ["words", "all"])
def test_more_than_the_adapter_is_trained(labels: Path, backbone: Path, tmp_path: Path, unfreeze: str):
    options = asked(labels, backbone, tmp_path / "model", steps=2, unfreeze=unfreeze)
    before = make(options).learner.towers.clip.state_dict()
    list(train(options))
    after = load_file(options.out / "clip.safetensors")
    changed = {name for name in before if not torch.allclose(after[name].float(), before[name], atol=4e-4)}
    assert "text.ln_final.bias" in changed
    assert ("visual.ln_post.bias" in changed) == (unfreeze == "all")
    assert "logit_scale" not in changed


def test_a_training_of_other_settings_is_told(labels: Path, backbone: Path, tmp_path: Path):
    options = asked(labels, backbone, tmp_path / "model", steps=2)
    list(train(options))
    with pytest.raises(StorageError, match=r"other settings \(seed, batch\)|other settings \(batch, seed\)"):
        list(train(replace(options, seed=2, batch=4)))
    checkpoint = options.work / "checkpoint.pt"
    stored = torch.load(checkpoint, weights_only=True)
    stored["optimiser"]["param_groups"][0]["params"].append(999)
    torch.save(stored, checkpoint)
    with pytest.raises(StorageError, match="is of another version of Imagesorter"):
        list(train(options))
    checkpoint.write_bytes(b"damaged")
    with pytest.raises(StorageError, match=r"is damaged\. Delete it"):
        list(train(options))


def test_a_model_takes_the_place_of_its_forerunner_and_of_nothing_else(
    labels: Path, backbone: Path, tmp_path: Path
):
    options = asked(labels, backbone, tmp_path / "model", steps=2)
    list(train(options))
    first = adapter(options.out)
    shutil.rmtree(options.work)
    list(train(replace(options, seed=5)))
    assert not same(first, adapter(options.out))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.training"]
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "diary.txt").write_text("private")
    with pytest.raises(StorageError, match="is not a model"):
        next(train(replace(options, out=tmp_path / "holiday")))


def test_judging_needs_different_labels(labels: Path, backbone: Path, tmp_path: Path):
    few = tmp_path / "few.csv"
    few.write_text("filepath,title,cname,value\nnew1.png,Rank.,red,1\nnew2.png,Rank.,red,1\n", "utf-8")
    with pytest.raises(LabelsError, match="no two different values"):
        list(train(asked(labels, backbone, tmp_path / "model", validation=few, images=labels.parent)))
    rows = labels.read_text("utf-8").splitlines()
    few.write_text("\n".join([rows[0], *(f"{k}.png,Rank.,red,{k}" for k in range(9))]), "utf-8")
    options = asked(few, backbone, tmp_path / "model", validation=0.01, images=labels.parent)
    with pytest.raises(LabelsError, match=r"few\.csv: the images kept apart .* Raise the share"):
        list(train(options))
    few.write_text("\n".join([rows[0], *(f"{k}.png,Rank.,red,3" for k in range(9))]), "utf-8")
    for share in (0.01, 0.5):
        with pytest.raises(LabelsError, match=r"few\.csv: no category has two .*, with other values\.$"):
            list(train(replace(options, validation=share)))


def test_labels_of_their_own_judge(labels: Path, backbone: Path, tmp_path: Path):
    other = tmp_path / "other.csv"
    for number in (1, 2):
        shutil.copyfile(labels.parent / f"{number}.png", tmp_path / f"new{number}.png")
    rows = "".join(f"{tmp_path / f'new{number}.png'},Rank.,new,{number}\n" for number in (1, 2))
    other.write_text(f"filepath,title,cname,value\n{rows}", "utf-8")
    options = asked(labels, backbone, tmp_path / "model", steps=2, validation=other, images=labels.parent)
    trained = next(event for event in train(options) if isinstance(event, Trained))
    assert trained.srcc in (1.0, -1.0)
    assert [a.name for a in read_manifest(options.out).attributes] == ["red", "bright"]


def test_what_is_learned_from_does_not_judge(labels: Path, backbone: Path, tmp_path: Path):
    other = tmp_path / "other.csv"
    other.write_text("filepath,title,cname,value\n./1.png,Rank.,red,1\nnew.png,Rank.,red,2\n", "utf-8")
    with pytest.raises(LabelsError, match=r"1\.png is in .*labels\.csv and in .*other\.csv"):
        list(train(asked(labels, backbone, tmp_path / "model", validation=other, images=labels.parent)))


def test_learning_rate_warms_up_and_falls():
    rates = [learning_rate(1.0, step, 400) for step in range(400)]
    assert rates[:20] == [pytest.approx((step + 1) / 20) for step in range(20)]
    assert rates[20] == 1
    assert all(later < earlier for earlier, later in pairwise(rates[20:]))
    assert rates[-1] < 1e-4


def test_an_adapter_that_cannot_be_is_told(labels: Path, backbone: Path, tmp_path: Path):
    for variant in VARIANTS:
        with pytest.raises(ImagesorterError, match="cannot have this size"):
            list(train(asked(labels, backbone, tmp_path / "model", variant=variant, width=33)))


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun does not run there")
def test_two_processes_learn_from_the_mean_of_their_gradients(labels: Path, backbone: Path, tmp_path: Path):
    options = asked(labels, backbone, tmp_path / "model", steps=1)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "imagesorter",
               "train", "--csv", labels, "--backbone", backbone, "--out", options.out, "--steps", "1",
               "--batch", "8", "--width", "32", "--lr", "1e-3", "--validation", "0.25",
               "--device", "cpu"]  # fmt: skip
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("written: ") == 1
    stored = torch.load(options.work / "checkpoint.pt", weights_only=True)
    assert stored["plan"]["processes"] == 2

    training = make(options)
    batches = Batches(training.learning, size=8, negatives=0, seed=options.seed)
    features = KeptFeatures(training.learner.towers, training.learning.paths, tmp_path, ALONE)
    list(features.prepare())
    training._look(features)
    for process in range(2):
        batch = batches.draw(0, process)
        inputs, _ = features.get(batch.images, batch.mirrored)
        scores, logits = training.learner(inputs, batch.title)
        scale, values = training.scales[batch.category], torch.from_numpy(batch.values)
        parts = losses(scores, logits, values, variant="ours", scale=scale, presence=False)
        (sum(parts.values()) / 2).backward()
    trained = [parameter for parameter in training.learner.parameters() if parameter.requires_grad]
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    for number, parameter in enumerate(trained):
        moment = stored["optimiser"]["state"][number]["exp_avg"]  # a tenth of the first gradient
        torch.testing.assert_close(10 * moment, parameter.grad, atol=1e-4, rtol=1e-2)


def test_events_are_told_by_the_first_process_alone(
    labels: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Processes, "wait", lambda self: None)
    training = trainer._Training(asked(labels, backbone, tmp_path / "model"), Processes(1, 2, "cpu"))
    training._save()
    assert not training.options.work.exists()
    kept = KeptFeatures(training.learner.towers, training.learning.paths, tmp_path, Processes(0, 2, "cpu"))
    events: list[Event] = list(kept.prepare())
    assert events[0] == Progress("tokens", 0, COUNT // 2)
