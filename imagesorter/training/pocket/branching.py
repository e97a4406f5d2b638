"""Branches for a trained model's image tower, taught words and classes, and the texts that name them.

From 17,000 photographs a tower learns much that holds for these alone, and each training something else.
Branches are trained apart from each other, on the tower's early map, which is held; what they say together
with the adapter judges better than any of them.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imagesorter.model.backbone import Backbone
from imagesorter.model.branches import BRANCHES, LOOKS, Branch, Branches
from imagesorter.model.device import has_bfloat16
from imagesorter.training.averaging import Average
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.attributes import NOT_GUESSED
from imagesorter.training.pocket.bank import open_bank
from imagesorter.training.pocket.calling import teach_calling
from imagesorter.training.pocket.finished import Finished
from imagesorter.training.pocket.sights import channels_first, crop, flip, mixed, squashed
from imagesorter.training.pocket.subjects import Subjects

COUNT = 1
STEPS = 10_000
"""Of each branch."""

_CAPTIONED, _CLASSED = 56, 40
"""Photographs in a step."""

_CROP, _SIZE = 0.5, 0.75
"""Side of the smallest part that is shown; of the pictures, over that of the input: in a picture things are
as large as in a whole photograph."""

_MIXED_SHARE = 0.5
_DROPPED = 0.1
_SMOOTHING = 0.1
_LEARNING_RATE, _WARM_UP, _DECAY = 2e-3, 300, 0.05
_LARGEST_GRADIENT = 2.0
_AVERAGED = 0.1
"""Steps that the averaged weights reach back, as a share of all."""

_CHECKPOINT_STEPS = 500
_BATCH = 64
_LEAST_DEVIATION = 1e-3


class _Learner(nn.Module):
    """A branch, and the heads that serve its training alone."""

    def __init__(self, channels: int, words: int, classes: int) -> None:
        super().__init__()
        self.branch = Branch(channels, _DROPPED)
        self.words = nn.Linear(LOOKS, words)
        self.classes = nn.Linear(LOOKS, classes)
        nn.init.constant_(self.words.bias, -3.5)  # a word stands in few captions

    def loss(self, early: Tensor, words: Tensor, classes: Tensor) -> Tensor:
        """How far it is from telling shares of words (P, W), and of classes (C, K) of the rest."""
        told = self.branch(early)
        seen = F.binary_cross_entropy_with_logits(self.words(told[: len(words)]), words)
        known = F.cross_entropy(self.classes(told[len(words) :]), classes, label_smoothing=_SMOOTHING)
        # a sum over words, of which a photograph has a handful
        return 0.1 * words.shape[1] * seen + 0.5 * known


@dataclass(frozen=True)
class _Trained:
    """A branch, and the directions (W + K, L) in which it tells words and classes."""

    branch: Branch
    directions: Tensor


def teach_branches(
    folder: Path, data: Path, work: Path, seed: int = 0, steps: int | None = None
) -> Iterator[str]:
    """Train branches on prepared photographs, and write them into a model's folder.

    Branches that the model had are dropped. It goes on where it was stopped; one that was trained to its end
    from the same photographs, labels, tower and seed is not trained again.

    Args:
        folder: of the model.
        data: photographs with labels, as the recipe was given.
        work: prepared pixels of them, see `bank.prepare`; gets a checkpoint.
        seed: decides everything random.
        steps: of each branch; None is `STEPS`.

    Yields:
        lines for the terminal, of which the last says what is named.
    """
    model = Finished.open(folder)
    annotations = read_annotations(data)
    subjects = Subjects.of(open_bank(work), annotations)
    if not (len(subjects.captioned) and len(subjects.shown) and subjects.words and model.adapter.measures):
        model.write(BRANCHES, None, branches=0, early_width=0)
        yield "branches: none, for want of captions, classes or measures"
        return
    trained = []
    for number in range(COUNT):
        begin = f"branch {number + 1} of {COUNT}"
        plan = _plan(model.backbone, subjects, seed, number, steps or STEPS)
        learner = _learner(model.backbone, plan)
        for done, loss in _train(learner, model.backbone, subjects, plan, work):
            yield f"{begin}: {done:,} of {steps or STEPS:,}, {loss:.3f}"
        trained.append(_standardised(learner, model.backbone, subjects))
    directions = _named(subjects, torch.cat([each.directions for each in trained], 1) / COUNT**0.5)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        branches = Branches(COUNT, model.backbone.early_width, model.adapter.config.width)
        words = model.backbone.words
        wrong, of, alike = teach_calling(branches, directions, model.summaries, annotations, words, seed)
    for place, each in enumerate(trained):
        branches.networks[place].load_state_dict(each.branch.state_dict())
    model.write(BRANCHES, branches, branches=COUNT, early_width=model.backbone.early_width)
    yield (
        f"branches: {len(directions):,} names; of {of:,} prompts not taught {wrong:,} misunderstood, "
        f"directions alike by {alike:.3f}"
    )


def _plan(backbone: Backbone, subjects: Subjects, seed: int, number: int, steps: int) -> dict[str, int]:
    """All that decides a branch, besides the photographs of the bank: a checkpoint of another is none."""
    tower = 0
    for tensor in backbone.clip.visual.state_dict().values():
        tower = zlib.crc32(tensor.contiguous().numpy().tobytes(), tower)
    labels = zlib.crc32("\n".join([*subjects.bank.names, *subjects.words, *subjects.class_names]).encode())
    for shares in (subjects.word_shares, subjects.class_shares):
        labels = zlib.crc32(shares.numpy().tobytes(), labels)
    words, classes = subjects.word_shares.shape[1], subjects.class_shares.shape[1]
    return {
        "seed": seed, "number": number, "steps": steps, "tower": tower, "labels": labels,
        "words": words, "classes": classes,
    }  # fmt: skip


def _named(subjects: Subjects, directions: Tensor) -> dict[str, Tensor]:
    """Directions (W + K, E) by the names of words, and of classes of some size; both together where both are.

    Words for where somebody is from have none.
    """
    shown = {subjects.class_names[subjects.classes[place]] for place in subjects.shown.tolist()}
    names = [*subjects.words, *(name if name in shown else None for name in subjects.class_names)]
    named: dict[str, list[Tensor]] = {}
    for name, direction in zip(names, directions, strict=True):
        if name is not None and not set(name.split()) & NOT_GUESSED:
            named.setdefault(name, []).append(direction)
    return {name: torch.stack(each).sum(0) / len(each) ** 0.5 for name, each in named.items()}


def _learner(backbone: Backbone, plan: dict[str, int]) -> _Learner:
    """One with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.default_rng((plan["seed"], plan["number"])).integers(2**62)))
        learner = _Learner(backbone.early_width, plan["words"], plan["classes"])
    return learner.to(memory_format=torch.channels_last)


def _train(
    learner: _Learner, backbone: Backbone, subjects: Subjects, plan: dict[str, int], work: Path
) -> Iterator[tuple[int, float]]:
    """Train one, from its beginning or from what was stored of it; yields (steps done, loss)."""
    parameters = list(learner.parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": _DECAY},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=_LEARNING_RATE,
    )
    changing = {name: t for name, t in learner.state_dict().items() if t.is_floating_point()}
    average = Average(changing, _AVERAGED * plan["steps"])
    path = work / f"branch {plan['number']}.pt"
    done = 0
    if path.exists():
        stored: dict[str, Any] = torch.load(path, weights_only=True)
        if stored["plan"] == plan:
            done = stored["step"]
            learner.load_state_dict(stored["learner"])
            optimiser.load_state_dict(stored["optimiser"])
            average.load(stored["average"])

    learner.train()
    for step in range(done, plan["steps"]):
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(step, plan["steps"])
        rng = np.random.default_rng((plan["seed"], plan["number"], step))
        early, words, classes = _shown(backbone, subjects, rng)
        with (
            torch.random.fork_rng(devices=[]),
            torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()),
        ):
            torch.manual_seed(int(rng.integers(2**62)))
            loss = learner.loss(early, words, classes)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
        optimiser.step()
        average.update(step + 1)
        last = step + 1 == plan["steps"]
        if last:
            average.keep()
        if last or (step + 1) % _CHECKPOINT_STEPS == 0:
            state = {
                "plan": plan,
                "step": step + 1,
                "learner": learner.state_dict(),
                "optimiser": optimiser.state_dict(),
                "average": average.state(),
            }
            torch.save(state, path.with_suffix(".partial"))
            path.with_suffix(".partial").replace(path)
        yield step + 1, loss.item()


def _learning_rate(step: int, steps: int) -> float:
    """Linear warm-up beside a cosine to zero."""
    return _LEARNING_RATE * min(1, (step + 1) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _shown(backbone: Backbone, subjects: Subjects, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Early maps of one step's pictures, shares of words of the first and of classes of the others."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    captioned = rng.choice(subjects.captioned, _CAPTIONED)
    photographs = np.concatenate([captioned, rng.choice(subjects.shown, _CLASSED)])
    size = round(_SIZE * subjects.bank.photos.shape[1])
    images = flip(crop(squashed(subjects, photographs, generator), _CROP, size, generator), generator)
    images, words, classes = mixed(subjects, photographs, images, (_CAPTIONED, _CLASSED), _MIXED_SHARE, rng)
    return _early(backbone, images), words, classes


@torch.no_grad()
def _early(backbone: Backbone, images: Tensor) -> Tensor:
    """Images (B, 3, s, s) in [0, 1] → early maps (B, C, s / 8, s / 8)."""
    images = backbone.normalise(255 * images).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
        return backbone.early(images).float()


@torch.no_grad()
def _standardised(learner: _Learner, backbone: Backbone, subjects: Subjects) -> _Trained:
    """The branch, so that each of its numbers has mean 0 and deviation 1 over photographs as they are."""
    learner.eval()
    photos = subjects.bank.photos
    parts = []
    for start in range(0, len(photos), _BATCH):
        pixels = photos[start : start + _BATCH, :, : photos.shape[1]]
        parts.append(learner.branch(_early(backbone, channels_first(pixels) / 255)))
    told = torch.cat(parts)
    mean, deviation = told.mean(0), told.std(0).clamp(min=_LEAST_DEVIATION)
    out = learner.branch.out
    out.bias.copy_((out.bias - mean) / deviation)
    out.weight.div_(deviation[:, None])
    standard = (told - mean) / deviation
    heads = torch.cat([learner.words.weight, learner.classes.weight]) * deviation
    spread = (standard @ heads.T).std(0).clamp(min=_LEAST_DEVIATION)
    return _Trained(learner.branch, heads / spread[:, None])
