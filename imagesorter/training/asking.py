"""Which texts ask for a number that counters tell: taught by prompts alone, all else in the model held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import torch
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.counters import Counters
from imagesorter.training.annotations import Annotations
from imagesorter.training.attributes import ATTRIBUTES, sample_prompt, subject_prompt
from imagesorter.training.bank import held_out

_PROMPTS = 8_000
_ASKING = 0.4
"""Of the prompts, that ask for one of the numbers."""

_SURE, _QUIET = 1.2, 0.3
"""What a text must seem to ask with at least where it asks for a number, and at most where it does not."""

_STEPS, _LEARNING_RATE = 600, 1e-2
_BATCH = 500


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
        annotations: captions and names, that ask for nothing of the kind.
        seed: of the prompts.

    Returns:
        prompts that are misunderstood in the end, and of how many.
    """
    texts, wanted = _prompts(attributes, annotations, Random(seed))
    read = torch.cat([summaries(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)])
    optimiser = torch.optim.AdamW(counters.asking.parameters(), lr=_LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        seeming = counters.seeming(read)
        short = F.relu(_SURE - wanted * seeming)
        loud = F.relu(seeming.abs() - _QUIET)
        loss = torch.where(wanted != 0, short, loud).square().mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        wrong = (counters.asked(read) - wanted).abs().amax(1) > 0.5
    return int(wrong.sum()), len(texts)


def _prompts(attributes: Sequence[str], annotations: Annotations, random: Random) -> tuple[list[str], Tensor]:
    """Texts, and what they ask for: (N, K) of 1, −1 and 0."""
    named = [a for a in ATTRIBUTES if a.name in attributes]
    others = [a for a in ATTRIBUTES if a.name not in attributes]
    learned = {name: texts for name, texts in annotations.captions.items() if not held_out(name)}
    captions = [text for texts in learned.values() for text in texts]
    subjects = sorted(set(annotations.classes.values()) | set(annotations.words(list(learned))))
    words = {word for a in named for wording in (*a.more, *a.less) for word in wording.split()}
    subjects = [name for name in subjects if not words & set(name.split())]
    texts, wanted = [], torch.zeros(_PROMPTS, len(attributes))
    for row in range(_PROMPTS):
        kind = random.random()
        if kind < _ASKING:
            attribute = random.choice(named)
            text, sign = sample_prompt(attribute, random)
            for column, name in enumerate(attributes):
                wanted[row, column] = sign * (name == attribute.name)
        elif kind < _ASKING + 0.2 and subjects:
            text = subject_prompt(random.choice(subjects), random)
        elif kind < _ASKING + 0.4 and captions:
            text = random.choice(captions)
        else:
            text, _ = sample_prompt(random.choice(others), random)
        texts.append(text)
    return texts, wanted
