"""What is trained: an adapter on frozen towers, and as much of the towers as is asked for."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from imagesorter.model.adapter import RankingAdapter
from imagesorter.model.tower_ranker import make_adapter
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.options import WIDTHS, TrainingOptions, Unfreeze, Variant
from imagesorter.training.losses import (
    all_pairs_loss,
    log_smooth_l1,
    ordered_pairs_loss,
    presence_loss,
    score_rank_loss,
)

_HEAD_WIDTH = 64
"""Width of an attention head of our variant."""

_SAMPLE = 256
"""Images that tell the range of the tokens' channels."""

SCORE_WEIGHT = 0.2
"""Of the regression loss, as published."""

RANK_SLOPE = 4.0
"""Of the logistic over our scores: at unit deviation most pairs lie where it is flat, so that the order
does not pull the scores off the labels' scale."""


class Learner(nn.Module):
    """(image tokens or pixels, text) → scores and pair logits.

    Args:
        towers: frozen, except for what `options.unfreeze` names.
        options: variant and sizes.
    """

    def __init__(self, towers: Towers, options: TrainingOptions) -> None:
        super().__init__()
        self.variant = options.variant
        self.unfreeze: Unfreeze = options.unfreeze
        sizes = adapter_sizes(options.variant, towers, options.width or WIDTHS[options.variant])
        self.adapter: Any = make_adapter(options.variant, sizes)
        self.towers = towers.requires_grad_(False)
        if self.unfreeze == "all":
            towers.clip.visual.requires_grad_(True)
            towers.clip.text.requires_grad_(True)
        if self.unfreeze == "words":
            for part in (towers.clip.text.token_embedding, towers.clip.text.ln_final):
                part.requires_grad_(True)
            towers.clip.text.positional_embedding.requires_grad_(True)
        self._texts: dict[str, tuple[Tensor, Tensor]] = {}

    @property
    def sizes(self) -> dict[str, int]:
        """Of the adapter, for its manifest."""
        return asdict(self.adapter.config)

    def train(self, mode: bool = True) -> Learner:
        """The towers stay as they are used: batch statistics and dropout are not trained."""
        super().train(mode)
        self.towers.eval()
        return self

    def forward(self, inputs: Tensor, title: str) -> tuple[Tensor, Tensor]:
        """One batch, one text.

        Args:
            inputs: image tokens (N, T, C), or pixels (N, height, width, 3) uint8.
            title: the text.

        Returns:
            scores (N,), pair logits (N, N); float32.
        """
        text = self.adapter.encode_text(*self._text(title, inputs.device))
        attended = self.adapter.attend(self.adapter.encode_image(self._tokens(inputs)), text)
        return self.adapter.score(attended, text).float(), self.adapter.pair_logits(attended, text).float()

    def scores(self, inputs: Tensor, title: str) -> Tensor:
        """The scores (N,) alone."""
        text = self.adapter.encode_text(*self._text(title, inputs.device))
        scores: Tensor = self.adapter(self.adapter.encode_image(self._tokens(inputs)), text)
        return scores.float()

    def attended(self, inputs: Tensor, title: str) -> Tensor:
        """What the heads read: tokens (N, T, width) that have seen the text."""
        text = self.adapter.encode_text(*self._text(title, inputs.device))
        attended: Tensor = self.adapter.attend(self.adapter.encode_image(self._tokens(inputs)), text)
        return attended.float()

    @torch.no_grad()
    def look(self, inputs: Tensor) -> None:
        """Before the first step: let our variant know the range of each channel, from a sample of inputs."""
        if isinstance(self.adapter, RankingAdapter):
            self.adapter.set_statistics(self._tokens(inputs).float())

    def trained_state(self) -> dict[str, Tensor]:
        """All that training changes, by name."""
        state = {name: p.detach() for name, p in self.named_parameters() if p.requires_grad}
        return state | {f"adapter.{name}": buffer for name, buffer in self.adapter.named_buffers()}

    def load_trained(self, state: dict[str, Tensor]) -> None:
        """Take over a `trained_state`.

        Raises:
            KeyError, RuntimeError: it is another learner's.
        """
        with torch.no_grad():
            for name, tensor in self.trained_state().items():
                tensor.copy_(state[name])

    def _tokens(self, inputs: Tensor) -> Tensor:
        """Image tokens of pixels; tokens are passed on."""
        if inputs.dtype != torch.uint8:
            return inputs
        tokens, _ = self.towers.image(self.towers.normalise(inputs))
        return tokens

    def _text(self, title: str, device: torch.device) -> tuple[Tensor, Tensor]:
        """Text tokens (L, C) and mask (L,); made once where the text tower stands still."""
        if title in self._texts:
            return self._texts[title]
        tokens, mask, _ = self.towers.text(self.towers.tokenize([title]).to(device))
        if self.unfreeze == "nothing":
            self._texts[title] = tokens[0].float(), mask[0]
        return tokens[0], mask[0]


def some_of(images: NDArray[np.int64]) -> NDArray[np.int64]:
    """Images by number, in any order and number of times → some of them, each once, for `Learner.look`."""
    every = np.unique(images)
    return every[:: math.ceil(len(every) / _SAMPLE)]


def adapter_sizes(variant: Variant, towers: Towers, width: int) -> dict[str, int]:
    """Sizes of an adapter of some width on these towers.

    Raises:
        ValueError: the width does not suit the variant's attention heads.
    """
    own = {"image_width": towers.image_width, "text_width": towers.text_width, "width": width}
    if variant == "published":
        if width % 8:
            raise ValueError("the published variant's width is a multiple of 8")
        return own
    heads = max(width // _HEAD_WIDTH, 4)
    if width % heads:
        raise ValueError(f"the width is a multiple of {heads}")
    return own | {
        "heads": heads, "image_layers": 1, "text_layers": 2, "mlp_ratio": 4,
        "prompt_tokens": 8, "pair_queries": 16, "standardise": 1,
    }  # fmt: skip


def losses(
    scores: Tensor,
    logits: Tensor,
    values: Tensor,
    *,
    variant: Variant,
    scale: tuple[float, float],
    presence: bool,
) -> dict[str, Tensor]:
    """The parts of one batch's loss, weighted.

    The published variant learns the labels as they are. Ours learns them at unit deviation, so
    that scores of different categories can be blended, and lets equal labels teach no order. Presence
    is told by the side of the label zero that a score lies on, which for ours is not the score zero.

    Args:
        scores: (N,).
        logits: (N, N).
        values: (N,) labels.
        scale: mean and deviation of the category's labels.
        presence: add the loss that tells zero from the rest.
    """
    if variant == "published":
        parts = {
            "pair": all_pairs_loss(logits, values),
            "score": SCORE_WEIGHT * log_smooth_l1(scores, values),
        }
        zero = 0.0
    else:
        targets = (values - scale[0]) / scale[1]
        group = torch.zeros(len(values), dtype=torch.long, device=values.device)
        parts = {
            "pair": ordered_pairs_loss(logits, values),
            "score": log_smooth_l1(scores, targets),
            "rank": score_rank_loss(scores, targets, group, scale=RANK_SLOPE),
        }
        zero = -scale[0] / scale[1]
    if presence:
        parts["presence"] = presence_loss(scores - zero, values)
    return parts
