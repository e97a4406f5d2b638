"""An OpenCLIP model of the application's own configuration, opened up to its tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import open_clip
import torch
from torch import Tensor, nn

from imagesorter.model.everyday import whole_words

OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)
"""Channel mean and deviation of CLIP's training images, for RGB in [0, 1]."""

_EARLY = 8
"""Pixels for which one place in the early map stands."""


class TextRead(NamedTuple):
    """What a text tower makes of texts.

    Attributes:
        tokens: (B, L, C), after the tower's last norm, before its projection.
        mask: (B, L) bool, False for padding.
        embedding: (B, E), OpenCLIP's own, not normalised.
    """

    tokens: Tensor
    mask: Tensor
    embedding: Tensor


class Backbone(nn.Module):
    """Image and text towers that give tokens.

    Args:
        config: path of an OpenCLIP model configuration (JSON) with `custom_text` and a timm
            image tower; its file stem becomes the model's name in OpenCLIP.
        weights: safetensors file of OpenCLIP's own tensor names; None leaves random weights.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: Path, weights: Path | None = None) -> None:
        super().__init__()
        settings: dict[str, Any] = json.loads(config.read_text("utf-8"))
        open_clip.add_model_config(config)
        self.clip: Any = open_clip.create_model(config.stem, pretrained=str(weights) if weights else None)
        self.tokenizer = open_clip.SimpleTokenizer(context_length=settings["text_cfg"]["context_length"])
        self.size: int = settings["vision_cfg"]["image_size"]
        self.feature_width: int = self.clip.visual.trunk.num_features
        self.text_width: int = settings["text_cfg"]["width"]
        self.register_buffer("mean", 255 * torch.tensor(OPENAI_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(OPENAI_STD).view(3, 1, 1), persistent=False)

    def normalise(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) RGB in [0, 255] → CLIP's normalisation, float, same layout in memory."""
        return (images.float() - self.mean) / self.std

    def features(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, S, S) → unpooled feature map (B, T, feature_width)."""
        return self.clip.visual.trunk.forward_features(images).flatten(2).mT  # type: ignore[no-any-return]

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised images (B, 3, S, S) → what `features` gives, and the early map (B, C, S / 8, S / 8)."""
        trunk = self.clip.visual.trunk
        last, early = trunk.forward_intermediates(images, indices=[self._early])
        return last.flatten(2).mT, early[0]

    def early(self, images: Tensor) -> Tensor:
        """The early map alone, of images of any size."""
        early: list[Tensor] = self.clip.visual.trunk.forward_intermediates(
            images, indices=[self._early], stop_early=True, intermediates_only=True
        )
        return early[0]

    @property
    def early_width(self) -> int:
        """C, channels of the early map."""
        width: int = self.clip.visual.trunk.feature_info[self._early]["num_chs"]
        return width

    @property
    def _early(self) -> int:
        return [info["reduction"] for info in self.clip.visual.trunk.feature_info].index(_EARLY)

    def pooled(self, features: Tensor) -> Tensor:
        """Feature map (B, T, feature_width) → OpenCLIP's own image embedding (B, E), not normalised."""
        trunk = self.clip.visual.trunk
        side = round(features.shape[1] ** 0.5)
        maps = features.mT.reshape(len(features), -1, side, side)
        embedding: Tensor = self.clip.visual.head(trunk.forward_head(maps))
        return embedding

    def tokenize(self, texts: list[str]) -> Tensor:
        """Texts → token ids (B, L) int64, cut at the context length, padded with 0."""
        ids: Tensor = self.tokenizer(texts)
        return ids

    @property
    def words(self) -> list[str]:
        """Words, in small letters, that are one token each; of three letters or more."""
        words = whole_words(self.tokenizer.encoder)
        return [word for word in words if len(word) > 2 and word.isascii() and word.isalpha()]

    def text(self, ids: Tensor) -> TextRead:
        """Token ids (B, L) → what the text tower makes of them. Padding is 0, as is “!”, but that only within
        a run of signs."""
        embedding, tokens = self.clip.text(ids)
        return TextRead(tokens, ids != 0, embedding)


def mean_tokens(tokens: Tensor, mask: Tensor) -> Tensor:
    """(N, L, D) and (N, L) bool, False for padding → (N, D), means of the tokens that are not padding."""
    return (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
