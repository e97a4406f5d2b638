"""A published checkpoint at work: pixels → tokens, (tokens, text) → scores. NumPy outside, torch inside."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.model import device as devices
from imagesorter.model.backbone import OPENAI_MEAN, OPENAI_STD
from imagesorter.model.batches import Fitting, fixed_batches
from imagesorter.model.bundle import PUBLISHED_WEIGHTS, Manifest
from imagesorter.model.memory import Needs, needs_of_towers, require
from imagesorter.model.published.adapter import PairStatistics, PublishedConfig, PublishedText
from imagesorter.model.published.architecture import Architecture, build
from imagesorter.model.remembered import Remembered

logger = logging.getLogger(__name__)

_SCORE_BATCH = {"cpu": 8}
_SCORE_BATCH_GPU = 256
_ENCODE_BATCH = {"cpu": 4}
_ENCODE_BATCH_GPU = 64
_SCORE_DECIMALS = 5
_MOST_TEXTS = 64
"""Texts whose keys and values are kept: 1 MB each."""


class PublishedRanker:
    """One imported checkpoint on one device. Not for several threads at once, except `preprocess`.

    Runs in float32 on the CPU, and in mixed float16 precision on CUDA. The tokens that are stored are
    the output of the first self-attention block, in float16.

    Args:
        manifest: the model folder, of kind "published".
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
        try:
            config: dict[str, Any] = json.loads((manifest.folder / manifest.clip_config).read_text("utf-8"))
            architecture = Architecture(config, PublishedConfig(**manifest.adapter))
            self._require_memory(config)
            tensors = load_file(manifest.folder / PUBLISHED_WEIGHTS)
            self._clip, self._adapter = build(architecture, tensors)
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, SafetensorError) as error:
            logger.exception("model not loaded")
            raise ModelError(
                f"the model “{manifest.name}” in {manifest.folder} is damaged. Remove it, and import the "
                "checkpoint again."
            ) from error
        self._clip.to(self.device)
        self._clip.visual.to(memory_format=torch.channels_last)  # as the pixels come
        self._adapter.to(self.device)
        self._tokenizer = open_clip.SimpleTokenizer(context_length=config["text_cfg"]["context_length"])
        self._size: int = config["vision_cfg"]["image_size"]
        self._mean = torch.tensor(OPENAI_MEAN, device=self.device).view(3, 1, 1)
        self._std = torch.tensor(OPENAI_STD, device=self.device).view(3, 1, 1)
        self._fitting = Fitting(manifest.title)
        self._texts: Remembered[PublishedText] = Remembered(_MOST_TEXTS)
        self._score_batch = _SCORE_BATCH.get(self.device, _SCORE_BATCH_GPU)
        self.min_side = 2 * self._size
        self.batch_size = _ENCODE_BATCH.get(self.device, _ENCODE_BATCH_GPU)
        tokens = self.encode(np.zeros((1, self._size, self._size, 3), np.uint8))
        self.token_shape: tuple[int, int] = (tokens.shape[1], tokens.shape[2])

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        """A picture of mode "RGB" → (S, S, 3), squashed as in the authors' code. Any thread."""
        return np.asarray(image.resize((self._size, self._size), Image.Resampling.BILINEAR))

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(B, S, S, 3) pixels → (B, T, D) tokens, all that does not depend on a text."""
        return self._fitting.run(lambda part: self._encode(part).half().cpu().numpy(), pixels)

    @torch.inference_mode()
    def score(self, tokens: NDArray[np.floating[Any]], phrase: str) -> NDArray[np.float32]:
        """Scores of images for one text, as the authors' regression head gives them.

        Batches have one fixed shape and scores are rounded to 1e-5, so that an image's score is
        the same whatever else is scored with it.

        Args:
            tokens: (N, T, D) from `encode`.
            phrase: goes to the text tower as it stands; training used texts such as
                "Sort images by the number of cats."

        Returns:
            (N,), on the scale of the data that the checkpoint was trained on.
        """
        scores = np.empty(len(tokens), np.float32)
        for part, attended in self._attended(tokens, phrase):
            with self._precision():
                batch = self._adapter.score(attended)
            scores[part] = batch[: part.stop - part.start].float().cpu().numpy()
        return np.round(scores, _SCORE_DECIMALS)

    def deviation(self, phrase: str) -> float:
        """Of a phrase's scores over everyday photographs, as far as is known."""
        return self.manifest.deviation(phrase)

    @torch.inference_mode()
    def pair_logits(self, tokens: NDArray[np.floating[Any]], phrase: str) -> NDArray[np.float32]:
        """Logits (N, N) that the row's image has more of the phrase than the column's.

        As published, the head is not odd; ½(ℓ_ij − ℓ_ji) is. The order is by `score`, not by these.

        Args:
            tokens: (N, T, D) from `encode`.
            phrase: goes to the text tower as it stands.
        """
        lse, mean = [], []
        for part, attended in self._attended(tokens, phrase):
            with self._precision():
                statistics = self._adapter.pair_statistics(attended[: part.stop - part.start])
            lse.append(statistics.lse)
            mean.append(statistics.mean)
        if not lse:
            return np.empty((0, 0), np.float32)
        with self._precision():
            logits = self._adapter.compare(PairStatistics(torch.cat(lse), torch.cat(mean)))
        return logits.float().cpu().numpy()

    def words_read(self, phrase: str) -> bool:
        """Whether the whole phrase fits the text tower's context."""
        return len(self._tokenizer.encode(phrase)) + 2 <= int(self._tokenizer.context_length)

    def _require_memory(self, config: dict[str, Any]) -> None:
        """Weights with the adapter's, and the image tower at work. Raises ModelError."""
        batch = 1 if self.device == "cuda" else _ENCODE_BATCH.get(self.device, _ENCODE_BATCH_GPU)
        stored = (self.manifest.folder / PUBLISHED_WEIGHTS).stat().st_size
        needs = needs_of_towers(config, batch)
        require(self.manifest.title, Needs(max(stored, needs.parameters), needs.activations), self.device)

    @torch.inference_mode()
    def _encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        with self._precision():
            images = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)
            features = self._clip.visual((images.float() / 255 - self._mean) / self._std)
            return self._adapter.encode_image(features.flatten(2).mT)

    def _attended(self, tokens: NDArray[np.floating[Any]], phrase: str) -> Iterator[tuple[slice, Tensor]]:
        """Batches of one shape, (slice of the images, tokens that have seen the text); the last is padded."""
        text = self._text(phrase)
        for part, batch in fixed_batches(tokens, self._score_batch, self.device):
            with self._precision():
                attended = self._adapter.attend(batch, text)
            yield part, attended

    def _text(self, phrase: str) -> PublishedText:
        return self._texts.get(phrase, lambda: self._read_text(phrase))

    def _read_text(self, phrase: str) -> PublishedText:
        ids = self._tokenizer([phrase]).to(self.device)
        with self._precision():
            return self._adapter.encode_text(text_tokens(self._clip, ids)[0])

    def _precision(self) -> Any:
        """float16 has eight times bfloat16's precision, and nothing here comes near its limit."""
        return torch.autocast("cuda", torch.float16) if self.device == "cuda" else nullcontext()


def text_tokens(clip: Any, ids: Tensor) -> Tensor:
    """All tokens (B, L, D) of OpenCLIP's text tower after its last norm, padding too, for ids (B, L)."""
    x = clip.token_embedding(ids) + clip.positional_embedding
    return clip.ln_final(clip.transformer(x, attn_mask=clip.attn_mask))  # type: ignore[no-any-return]
