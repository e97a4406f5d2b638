"""Which texts name what branches of the image tower know: taught by prompts, all else in the model held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.branches import Branches
from imagesorter.training.pocket.annotations import Annotations, named_in
from imagesorter.training.pocket.attributes import (
    ATTRIBUTES,
    NOT_GUESSED,
    every_prompt,
    sample_prompt,
    subject_prompt,
    subject_prompts,
)
from imagesorter.training.pocket.bank import held_out

_PROMPTS, _JUDGED = 60_000, 4_000

_NAMES, _PAIRS, _CAPTIONS, _ATTRIBUTES, _WORDS = 0.35, 0.1, 0.2, 0.05, 0.1
"""Shares of prompts: of a name, of two, whole captions, attributes in their wordings and in some words of
these; the rest name what is not known."""

_BETWEEN = ("{} {}", "{} and {}", "{} and a {}", "{} with a {}", "{} on a {}", "{} in the {}", "{} near {}")

_WEIGHT = 0.4
"""Deviation of what branches say of a name, over photographs that were taught; pocket's adapter orders by
a name about as widely."""

_PEOPLE = ("man", "woman", "boy", "girl", "child", "person", "people", "men", "women", "kid")

_COMFORTABLE, _QUIET = 1.2, 0.3
"""What a text must seem to name at least where it names something known, and at most where it does not."""

_LOUD = 3.0
"""Weight of the latter: what texts of light and colour order must not change."""

_STEPS, _LEARNING_RATE, _DECAY = 6000, 3e-3, 0.03
_AT_ONCE = 1024


def teach_calling(
    branches: Branches,
    directions: Mapping[str, Tensor],
    summaries: Callable[[Sequence[str]], Tensor],
    annotations: Annotations,
    words: Sequence[str],
    seed: int,
) -> tuple[int, int, float]:
    """Teach branches which texts name something that they know, and what.

    Args:
        branches: that tell E numbers of an image.
        directions: (E,) by name: along it they tell it, with deviation about 1.
        summaries: N texts → (N, D), as branches are asked with.
        annotations: captions and further names; the captions of `held_out` photographs are judged by.
        words: any, of which most mean nothing to the model; a tenth of them is judged by.
        seed: of the prompts.

    Returns:
        prompts judged that are misunderstood in the end, how many are judged, and the mean cosine between
        their directions and those that were wanted.
    """
    learned = [text for name, texts in annotations.captions.items() if not held_out(name) for text in texts]
    unseen = [text for name, texts in annotations.captions.items() if held_out(name) for text in texts]
    strange = sorted(set(words) | set(annotations.classes.values()))
    kept = [word for word in strange if held_out(word)]
    others = [word for word in strange if not held_out(word)]
    random = Random(seed)
    texts, wanted = _prompts(_Sources(directions, learned, others), random, _PROMPTS)
    quiet = every_prompt() + _origins()  # hardly one of these may change
    texts += quiet
    wanted = torch.cat([wanted, wanted.new_zeros(len(quiet), wanted.shape[1])])
    read, named = summaries(texts), wanted.any(1)
    optimiser = torch.optim.AdamW(branches.naming.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        rows = torch.randint(len(texts), (_AT_ONCE,))
        seeming, direction = branches.seeming(read[rows])
        short, loud = F.relu(_COMFORTABLE - seeming[:, 0]), F.relu(seeming[:, 0].abs() - _QUIET)
        apart = ((direction - wanted[rows]) / _WEIGHT).square().sum(1)
        loss = torch.where(named[rows], short.square() + apart, _LOUD * loud.square()).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    texts, wanted = _prompts(_Sources(directions, unseen, kept), random, _JUDGED)
    with torch.no_grad():
        read, named = summaries(texts), wanted.any(1)
        wrong = (branches.asked(read).any(1) != named).sum()
        alike = F.cosine_similarity(branches.seeming(read)[1][named], wanted[named]).mean()
    return int(wrong), len(texts), float(alike)


def _origins() -> list[str]:
    """Texts that ask for people by where they are from."""
    names = [f"{word} {person}".strip() for word in sorted(NOT_GUESSED) for person in ("", *_PEOPLE)]
    return [text for name in names for text in subject_prompts(name)]


@dataclass
class _Sources:
    """What prompts are made of."""

    directions: Mapping[str, Tensor]
    captions: list[str]
    unknown: list[str]


def _prompts(sources: _Sources, random: Random, count: int) -> tuple[list[str], Tensor]:
    """Texts, and the directions that they ask for: (N, E), zero for what names nothing that is known."""
    names = sorted(sources.directions)
    spread = torch.stack([sources.directions[name] for name in names])
    place = {name: row for row, name in enumerate(names)}
    wordings = [wording for a in ATTRIBUTES for wording in (*a.more, *a.less)]
    attributes = sorted({word for wording in wordings for word in wording.split()} - place.keys())
    texts: list[str] = []
    rows: list[list[int]] = []
    while len(texts) < count:
        kind = random.random()
        found: list[str] = []
        if kind < _NAMES:
            found = [random.choice(names)]
            text = subject_prompt(found[0], random)
        elif kind < _NAMES + _PAIRS:
            found = random.sample(names, 2)
            text = random.choice(_BETWEEN).format(*found)
        elif kind < _NAMES + _PAIRS + _CAPTIONS and sources.captions:
            text = random.choice(sources.captions)
            found = named_in(text, place)
            if not found:
                continue
        elif kind < _NAMES + _PAIRS + _CAPTIONS + _ATTRIBUTES:
            text, _ = sample_prompt(random.choice(ATTRIBUTES), random)
        elif kind < _NAMES + _PAIRS + _CAPTIONS + _ATTRIBUTES + _WORDS or not sources.unknown:
            text = " ".join(random.sample(attributes, random.randint(1, 3)))
        else:
            name = random.choice(sources.unknown)
            text = subject_prompt(name, random)
            if name in place or named_in(text, place):
                continue
        texts.append(text)
        rows.append([place[name] for name in found])
    wanted = torch.stack([spread[found].sum(0) / max(len(found), 1) ** 0.5 for found in rows])
    return texts, _WEIGHT * wanted
