"""Tuning the adapter's score head, or also its last block, on pairs: learning to rank, anchored.

Loss of a step over a batch of pairs, with margins m = s_l − s_r: the logistic loss of the paper's pair head
(arXiv 2412.06760) on the answers, ties as half a win for either, the regression loss where ratings
exist, and a quadratic anchor to where each weight started. Margins are those of scores, so one loss
serves order and pairs. No dropout, and batches drawn from a fixed
seed: the result depends on nothing but the labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import ModelError, TeachingError
from imagesorter.training.pairs.taught_features import Model

Method = Literal["head", "layers"]

CHECKPOINTS = 6
"""States between which held-out answers choose, besides the start."""

_STEPS = 6
_PAIRS_PER_STEP = 32
_RATES = {"head": 3e-3, "layers": 1e-3}
_ANCHOR = 0.02
_RATING_WEIGHT = 0.2
_BATCH = 64


@runtime_checkable
class TunableModel(Protocol):
    """A model whose last parts can be tuned."""

    def tuned_head(self, phrase: str, /, *, with_layers: bool) -> object:
        """A `imagesorter.model.tuned.TunedHead`."""
        ...


@dataclass(frozen=True)
class Lesson:
    """Labels of N images.

    Attributes:
        rows: (N,) rows of the images in the folder, rising.
        tokens: (N, T, D).
        left, right: (P,) positions in `rows`.
        outcomes: (P,) of 1, −1, 0.
        rated: (R,) positions of rated images.
        ratings: (R,) on a scale of unit deviation.
    """

    rows: NDArray[np.intp]
    tokens: NDArray[np.float16]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    outcomes: NDArray[np.float64]
    rated: NDArray[np.intp]
    ratings: NDArray[np.float64]

    def only(self, kept: NDArray[np.bool_], rated: NDArray[np.bool_]) -> Lesson:
        """Some of the pairs and ratings."""
        return Lesson(
            self.rows, self.tokens, self.left[kept], self.right[kept], self.outcomes[kept],
            self.rated[rated], self.ratings[rated],
        )  # fmt: skip


@dataclass(frozen=True)
class State:
    """A head in training, as it is now.

    Attributes:
        scores: computes those of all images of the lesson, (N,).
        weights: copies its weights, by name.
    """

    scores: Callable[[], NDArray[np.float32]]
    weights: Callable[[], dict[str, NDArray[np.float32]]]


def tune(model: TunableModel, phrase: str, lesson: Lesson, method: Method) -> Iterator[State]:
    """Train, yielding the start and then `CHECKPOINTS` states; each is valid until the next is asked for."""
    import torch
    from torch.nn import functional as F

    from imagesorter.model.tuned import TunedHead

    head = model.tuned_head(phrase, with_layers=method == "layers")
    assert isinstance(head, TunedHead)
    device = head.direction.device
    with torch.no_grad():
        tokens = torch.from_numpy(np.ascontiguousarray(lesson.tokens)).to(device, torch.float32)
        prepared = torch.cat([head.prepare(part) for part in torch.split(tokens, _BATCH)])

    def scores() -> NDArray[np.float32]:
        with torch.no_grad():
            found: NDArray[np.float32] = (
                torch.cat([head(part) for part in torch.split(prepared, _BATCH)]).cpu().numpy()
            )
        return found

    target = torch.from_numpy((lesson.outcomes + 1) / 2).to(device, torch.float32)
    ratings = torch.from_numpy(lesson.ratings).to(device, torch.float32)
    trained = head.trained()
    anchors = [parameter.detach().clone() for parameter in trained]
    scale = float(np.sqrt(np.mean([float((anchor**2).mean()) for anchor in anchors])))
    optimiser = torch.optim.Adam(trained, lr=_RATES[method])
    # margins in units of the start's spread: a phrase that was never learned has scores close together
    unit = max(float(scores().std()), 1e-3)
    rng = np.random.default_rng(0)
    state = State(scores, head.changes)
    yield state
    count = len(lesson.outcomes)
    for _ in range(CHECKPOINTS):
        for _ in range(_STEPS if count else 0):
            some = rng.permutation(count)[:_PAIRS_PER_STEP]
            rated = rng.permutation(len(lesson.rated))[:_PAIRS_PER_STEP]
            ends = np.concatenate([lesson.left[some], lesson.right[some], lesson.rated[rated]])
            now = head(prepared[torch.from_numpy(ends).to(device)]) / unit
            left, right = now[: len(some)], now[len(some) : 2 * len(some)]
            loss = F.binary_cross_entropy_with_logits(left - right, target[torch.from_numpy(some).to(device)])
            if len(rated):
                wanted = ratings[torch.from_numpy(rated).to(device)]
                off = F.smooth_l1_loss(now[2 * len(some) :], wanted, reduction="none")
                loss = loss + _RATING_WEIGHT * torch.log1p(off).mean()
            distance = torch.stack(
                [((p - anchor) / scale).square().sum() for p, anchor in zip(trained, anchors, strict=True)]
            ).sum()
            optimiser.zero_grad()
            (loss + _ANCHOR / count * distance).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        yield state


def tuned_scores(
    model: Model, phrase: str, weights: Mapping[str, NDArray[np.float32]], tokens: NDArray[np.float16]
) -> NDArray[np.float32]:
    """Scores (N,) of a tuned head; batches have one fixed shape, so that each image's is its own.

    Raises:
        TeachingError: the weights are for another model.
    """
    import torch

    from imagesorter.model.batches import scored
    from imagesorter.model.tuned import TunedHead

    with_layers = any(name.startswith("block.") for name in weights)
    head = model.tuned_head(phrase, with_layers=with_layers) if isinstance(model, TunableModel) else None
    try:
        if not isinstance(head, TunedHead):
            raise ModelError("this model cannot be tuned.")
        head.restore(weights)
    except ModelError as error:
        raise TeachingError(f"The ranker cannot be used: {error}") from error
    with torch.no_grad():
        return scored(tokens, _BATCH, head.direction.device, lambda batch: head(head.prepare(batch)))
