"""Which texts ask for a number that counters tell: taught by prompts alone, all else in the model held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.counters import Counters
from imagesorter.training.pocket.annotations import Annotations
from imagesorter.training.pocket.attributes import ATTRIBUTES, sample_prompt, subject_prompt, vocabulary
from imagesorter.training.pocket.bank import held_out

_PROMPTS, _JUDGED = 20_000, 4_000
"""Prompts that are taught, and others, of other names and captions, that are judged."""

_ASKING = 0.35
"""Of the prompts, that ask for one of the numbers."""

_AMOUNTS = ("lots of {}", "a lot of {}", "how many {}", "full of {}", "huge {}", "big {}", "dense {}")
"""Further ways to ask for many."""

_FRAMES = (
    "hardly any {}", "any {}", "few {}", "fewest {}", "many {}", "number of {}", "{} count", "{} size",
    "packed with {}", "packed {}", "crowded {}", "deserted {}", *_AMOUNTS,
)  # fmt: skip
"""What the wordings of numbers have in common with texts that ask for something else."""

_COMFORTABLE, _QUIET = 1.2, 0.3
"""What a text must seem to ask with at least where it asks for a number, and at most where it does not."""

_STEPS, _LEARNING_RATE = 800, 1e-2


def teach_asking(
    counters: Counters,
    attributes: Sequence[str],
    summaries: Callable[[Sequence[str]], Tensor],
    annotations: Annotations,
    seed: int,
) -> tuple[int, int]:
    """Teach counters which texts ask for which number, in which direction.

    Args:
        counters: of K numbers.
        attributes: names of what these count.
        summaries: N texts → (N, D), as counters are asked with.
        annotations: captions and names, that ask for nothing of the kind; those of `held_out` photographs
            and a fifth of the names are judged by, and not taught.
        seed: of the prompts.

    Returns:
        prompts judged that are misunderstood in the end, and how many are judged.
    """
    taught, judged = _sources(annotations)
    random = Random(seed)
    texts, wanted = _prompts(attributes, taught, random, _PROMPTS)
    read = summaries(texts)
    optimiser = torch.optim.AdamW(counters.asking.parameters(), lr=_LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        seeming = counters.seeming(read)
        short = F.relu(_COMFORTABLE - wanted * seeming)
        loud = F.relu(seeming.abs() - _QUIET)
        loss = torch.where(wanted != 0, short, loud).square().mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    texts, wanted = _prompts(attributes, judged, random, _JUDGED)
    with torch.no_grad():
        wrong = (counters.asked(summaries(texts)) - wanted).abs().amax(1) > 0.5
    return int(wrong.sum()), len(texts)


@dataclass
class _Sources:
    """What prompts that ask for no number are made of."""

    captions: list[str]
    names: list[str]


def _sources(annotations: Annotations) -> tuple[_Sources, _Sources]:
    """Those to teach by, and those to judge by."""
    learned = {name: texts for name, texts in annotations.captions.items() if not held_out(name)}
    names = sorted(
        set(annotations.classes.values()) | set(annotations.words(list(learned))) | set(vocabulary())
    )
    kept = [name for name in names if held_out(name, 0.2)]
    others = [name for name in names if not held_out(name, 0.2)]
    unseen = [text for name, texts in annotations.captions.items() if held_out(name) for text in texts]
    return _Sources([text for texts in learned.values() for text in texts], others), _Sources(unseen, kept)


def _prompts(
    attributes: Sequence[str], sources: _Sources, random: Random, count: int
) -> tuple[list[str], Tensor]:
    """Texts, and what they ask for: (N, K) of 1, −1 and 0."""
    named = [a for a in ATTRIBUTES if a.name in attributes]
    others = [a for a in ATTRIBUTES if a.name not in attributes]
    wordings = {wording for a in named for wording in (*a.more, *a.less)}
    shared = {word for a in others for wording in (*a.more, *a.less) for word in wording.split()}
    shared |= {word for frame in _FRAMES for word in frame.split()}
    telling = sorted({word for wording in wordings for word in wording.split()} - shared)
    names = [name for name in sources.names if name not in wordings and not set(name.split()) & set(telling)]
    # "people first" asks for people, "people smiling" does not
    beside = [name for name in names if not set(name.split()) & set(vocabulary())]
    texts, wanted = [], torch.zeros(count, len(attributes))
    for row in range(count):
        kind = random.random()
        if kind < _ASKING:
            attribute = random.choice(named)
            text, sign = sample_prompt(attribute, random)
            if random.random() < 0.1:
                things = [wording for wording in attribute.more if wording.split()[-1] in telling]
                text, sign = random.choice(_AMOUNTS).format(random.choice(things)), 1
            for column, name in enumerate(attributes):
                wanted[row, column] = sign * (name == attribute.name)
        elif kind < _ASKING + 0.15 and names:
            text = subject_prompt(random.choice(names), random)
        elif kind < _ASKING + 0.3 and names:
            other = random.choice(names)
            if random.random() < 0.5:
                other = random.choice(random.choice(others).more)
            text = random.choice(_FRAMES).format(other)
        elif kind < _ASKING + 0.4 and beside:
            both = [random.choice(telling), random.choice(beside)]
            random.shuffle(both)
            text = " ".join(both)
        elif kind < _ASKING + 0.45 and names:
            text = random.choice(names)
        elif kind < _ASKING + 0.55 and sources.captions:
            text = random.choice(sources.captions)
        else:
            text, _ = sample_prompt(random.choice(others), random)
        texts.append(text)
    return texts, wanted
