"""An order for any text without training: where a picture's embedding lies between two opposite texts."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from imagesorter.model.prompts import Prompts, prompts
from imagesorter.model.remembered import Remembered
from imagesorter.model.towers import Towers

_MOST_TEXTS = 256
"""Directions that are kept: a few kB each."""


class ZeroShot:
    """Scores of pooled embeddings for a text, after CLIP-IQA (see `prompts`).

    The texts for much and for little of an attribute make one normalised embedding each: the mean of
    their wordings' (Radford et al., arXiv 2103.00020, §3.1.4). A softmax over the two similarities,
    times the model's own logit scale, is the chance of the first. The score is its log-odds, which
    orders alike and does not saturate: softmax = 1 / (1 + exp(−score)).

    Args:
        towers: in evaluation mode, on their device.
    """

    def __init__(self, towers: Towers) -> None:
        self._towers = towers
        self._scale = float(towers.clip.logit_scale.detach().exp().reshape(-1)[0])
        self._directions: Remembered[NDArray[np.float64]] = Remembered(_MOST_TEXTS)

    def score(self, embeddings: NDArray[np.float64], phrase: str) -> NDArray[np.float64]:
        """(N, E) normalised embeddings → (N,): one matrix product."""
        scores: NDArray[np.float64] = embeddings @ self.direction(phrase)
        return scores

    def direction(self, phrase: str) -> NDArray[np.float64]:
        """(E,), by which an embedding's score for a phrase rises; the text is read once."""
        return self._directions.get(phrase, lambda: self._read(prompts(phrase)))

    def words_read(self, phrase: str) -> bool:
        """Whether the whole phrase fits the text tower's context, in every wording."""
        asked = prompts(phrase)
        return all(self._towers.reads_whole(text) for text in (*asked.more, *asked.less))

    def _read(self, asked: Prompts) -> NDArray[np.float64]:
        return self._scale * (self._mean(asked.more) - self._mean(asked.less))

    @torch.inference_mode()
    def _mean(self, texts: tuple[str, ...]) -> NDArray[np.float64]:
        """The normalised mean (E,) of normalised embeddings."""
        ids = self._towers.tokenize(list(texts)).to(self._towers.mean.device)
        read: Tensor = self._towers.text(ids).embedding.cpu()  # Apple's GPUs have no double precision
        return normalize(normalize(read.double(), dim=-1).mean(0), dim=0).numpy()
