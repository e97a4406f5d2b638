"""A trained model on the towers of any OpenCLIP model: the interface of `Ranker`.

Where the towers know pictures from texts, what the adapter has not learned is answered without training,
see `zero_shot`; the pooled embedding then stands behind the tokens, in as many rows as it takes.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn.functional import normalize

from imagesorter.errors import ModelError
from imagesorter.model import device as devices
from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.batches import Fitting, scored
from imagesorter.model.bundle import ADAPTER_WEIGHTS, Manifest
from imagesorter.model.memory import batch_size
from imagesorter.model.pooled import pack, unpack
from imagesorter.model.published.variant import PublishedVariant, PublishedVariantConfig
from imagesorter.model.remembered import Remembered
from imagesorter.model.routes import route
from imagesorter.model.tower_sources import read_towers
from imagesorter.model.zero_shot import ZeroShot

logger = logging.getLogger(__name__)

_SCORE_BATCH = 64
_SCORE_DECIMALS = 4
_MOST_TEXTS = 64
"""Texts whose contexts are kept: up to 1 MB each."""

Adapter = RankingAdapter | PublishedVariant


def make_adapter(variant: str, sizes: dict[str, int]) -> Adapter:
    """An adapter with random weights.

    Args:
        variant: "ours" or "published".
        sizes: keyword arguments of `AdapterConfig` or `PublishedVariantConfig`.

    Raises:
        TypeError, ValueError: sizes of another variant, or no variant.
    """
    if variant == "ours":
        return RankingAdapter(AdapterConfig(**sizes))
    if variant == "published":
        return PublishedVariant(PublishedVariantConfig(**sizes))
    raise ValueError(f"there is no variant “{variant}”")


class TowerRanker:
    """One model on one device. Not for several threads at once, except `preprocess`.

    Args:
        manifest: the model folder, of kind "towers".
        device: "cuda", "mps", "cpu" or None for the best.

    Attributes:
        name: short name.
        id: name and digest: tokens of one id may be mixed, of two may not.
        device: where it runs.
        token_shape: (T, D) of the stored tokens.
        min_side: shorter side, in pixels, below which `preprocess` would lose detail.
        batch_size: images that `encode` takes best at once.

    Raises:
        ModelError: files missing or damaged, the device is not there, or there is no room in its memory.
    """

    def __init__(self, manifest: Manifest, device: str | None = None) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.device = devices.choose(device)
        self.id = manifest.id
        self._fitting = Fitting(manifest.title)
        try:
            self._towers = read_towers(manifest.folder, title=manifest.title, device=self.device)
            self._adapter = make_adapter(manifest.variant, dict(manifest.adapter))
            self._adapter.load_state_dict(load_file(manifest.folder / ADAPTER_WEIGHTS))
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, SafetensorError) as error:
            logger.exception("model not loaded")
            raise ModelError(
                f"the model “{manifest.name}” in {manifest.folder} is damaged. Copy it again, or train it "
                "again."
            ) from error
        for module in (self._towers, self._adapter):
            module.eval().requires_grad_(False).to(self.device)
        self._contexts: Remembered[Any] = Remembered(_MOST_TEXTS)
        self._prompts = {a.name.casefold(): a.prompt for a in manifest.attributes if a.prompt}
        how = self._towers.preprocessing
        self.min_side = 2 * max(how.height, how.width)
        self.batch_size = batch_size(self.device)
        self._zero_shot = ZeroShot(self._towers) if manifest.zero_shot else None
        self._embed_dim = self._pooled_rows = 0
        tokens = self.encode(np.zeros((1, how.height, how.width, 3), np.uint8))
        self.token_shape: tuple[int, int] = (tokens.shape[1], tokens.shape[2])

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        """A picture of mode "RGB" → (height, width, 3). Any thread."""
        return self._towers.preprocess(image)

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(B, height, width, 3) pixels → (B, T, D) tokens, all that does not depend on a text."""
        return self._fitting.run(self._encode, pixels)

    def describe(self, tokens: NDArray[np.float16]) -> list[NDArray[np.float32]]:
        """What teaching sees of images: means and deviations over the adapter's tokens."""
        plain = tokens[:, : tokens.shape[1] - self._pooled_rows].astype(np.float32)
        return [plain.mean(1), plain.std(1)]

    @torch.inference_mode()
    def _encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        images = self._towers.normalise(torch.from_numpy(pixels).to(self.device))
        patches, pooled = self._towers.image(images)
        tokens: NDArray[np.float16] = self._adapter.encode_image(patches).half().cpu().numpy()
        if self._zero_shot is None:
            return tokens
        embeddings = pack(normalize(pooled.float(), dim=-1).cpu().numpy(), tokens.shape[2])
        self._embed_dim, self._pooled_rows = pooled.shape[1], embeddings.shape[1]
        return np.concatenate([tokens, embeddings], axis=1)

    @torch.inference_mode()
    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        """Scores of images for one text.

        Batches have one fixed shape and scores are rounded to 1e-4, so that an image's score is
        the same whatever else is scored with it.

        Args:
            tokens: (N, T, D) from `encode`.
            phrase: a learned attribute's name is asked in the words of its training; other texts go
                to the text tower as they stand.

        Returns:
            (N,).
        """
        own = tokens.shape[1] - self._pooled_rows
        if self._zero_shot is not None and route(phrase, self.manifest).by == "zero-shot":
            pooled = unpack(tokens[:, own:], self._embed_dim)
            return np.round(self._zero_shot.score(pooled, phrase), _SCORE_DECIMALS).astype(np.float32)
        tokens = tokens[:, :own]
        context = self._context(self._prompts.get(phrase.casefold(), phrase))
        scores = scored(tokens, _SCORE_BATCH, self.device, lambda batch: self._adapter(batch, context))
        return np.round(scores, _SCORE_DECIMALS)

    def deviation(self, phrase: str) -> float:
        """Of a phrase's scores over everyday photographs, as far as is known."""
        return self.manifest.deviation(phrase)

    def words_read(self, phrase: str) -> bool:
        """Whether the whole phrase fits the text tower's context."""
        if self._zero_shot is not None and route(phrase, self.manifest).by == "zero-shot":
            return self._zero_shot.words_read(phrase)
        return self._towers.reads_whole(phrase)

    def _context(self, phrase: str) -> Any:
        return self._contexts.get(phrase, lambda: self._read_text(phrase))

    def _read_text(self, phrase: str) -> Any:
        tokens, mask, _ = self._towers.text(self._towers.tokenize([phrase]).to(self.device))
        return self._adapter.encode_text(tokens[0], mask[0])
