"""The two towers of any OpenCLIP model, opened up to their tokens.

OpenCLIP pools inside its towers. The adapter reads what comes before pooling: one feature
vector per patch of the image, one per token of the text.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import TextTransformer, VisionTransformer
from PIL import Image
from torch import Tensor, nn

from imagesorter.errors import ModelError
from imagesorter.model.backbone import TextRead
from imagesorter.model.preprocessing import Preprocessing, preprocess


class Tokenizer(Protocol):
    """What OpenCLIP's tokenizers have in common."""

    def __call__(self, texts: list[str], context_length: int | None = None) -> Tensor:
        """Texts → (B, L) int64 ids, cut and padded to the context length."""
        ...


class Towers(nn.Module):
    """Image tower and text tower of one OpenCLIP model.

    Symbols: B images or texts, T image tokens, L text tokens, C width of the tower, E of the embedding.

    Args:
        clip: `open_clip.CustomTextCLIP` or `CoCa` (both keep the text tower apart); see
            `tower_sources` for names, files and folders. Its towers are set to give tokens, so
            that its own `encode_image` and `encode_text` then give pairs.
        tokenizer: the model's own.
        preprocessing: of its image tower.

    Attributes:
        clip: the model, in OpenCLIP's own tensor names.
        preprocessing: how to make input for `normalise`.
        image_width: C of the image tokens.
        text_width: C of the text tokens.

    Raises:
        ModelError: towers of a kind that cannot be opened.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, clip: Any, tokenizer: Tokenizer, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.clip = clip
        self.tokenizer = tokenizer
        self.preprocessing = preprocessing
        self.image_width = _image_width(clip.visual)
        if not isinstance(clip.text, TextTransformer):
            raise ModelError(
                f"text towers of the kind {type(clip.text).__name__} cannot be used: choose a model whose "
                "text tower is OpenCLIP's own, such as ViT-B-32, RN50, ViT-B-16-SigLIP or MobileCLIP2-S0."
            )
        self.text_width: int = clip.text.width
        self.context_length: int = clip.text.context_length
        clip.text.output_tokens = True
        if isinstance(clip.visual, VisionTransformer):
            clip.visual.output_tokens = True
        self._pad, self._end, self._one_end = _special_ids(tokenizer)
        for name, values in (("mean", preprocessing.mean), ("std", preprocessing.std)):
            self.register_buffer(name, 255 * torch.tensor(values).view(-1, 1, 1), persistent=False)

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        """A picture of mode "RGB" → (height, width, 3) pixels of the tower's input. Any thread."""
        return preprocess(image, self.preprocessing)

    def normalise(self, pixels: Tensor) -> Tensor:
        """(B, height, width, 3) uint8 → (B, 3, height, width) float, channels last in memory."""
        return (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std

    def image(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised images (B, 3, height, width) → tokens (B, T, C), embedding (B, E).

        The tokens are those of patches, without class or register tokens, after the tower's last
        norm where it stands before pooling. The embedding is OpenCLIP's own, not normalised.
        """
        visual = self.clip.visual
        if isinstance(visual, TimmModel):
            features = visual.trunk.forward_features(images)
            return self._patches(features), visual.head(visual.trunk.forward_head(features))
        if isinstance(visual, ModifiedResNet):
            features = visual.stem(images)
            for layer in (visual.layer1, visual.layer2, visual.layer3, visual.layer4):
                features = layer(features)
            return features.flatten(2).mT, visual.attnpool(features)
        embedding, tokens = visual(images)
        return tokens, embedding

    def tokenize(self, texts: list[str]) -> Tensor:
        """Texts → ids (B, L) int64, cut at the context length."""
        ids: Tensor = self.tokenizer(texts, self.context_length)
        return ids

    def mask(self, ids: Tensor) -> Tensor:
        """Ids (B, L) → (B, L) bool, False for padding.

        Comparing with the padding id is not enough: CLIP pads with 0, which is also its token for
        “!”, and SigLIP pads with its end token, whose first occurrence belongs to the text.
        """
        if not self._one_end:
            return ids != self._pad
        ends = ids == self._end
        return ends.cumsum(1) - ends.long() == 0

    def text(self, ids: Tensor) -> TextRead:
        """Ids (B, L) → what the text tower makes of them."""
        embedding, tokens = self.clip.text(ids)
        return TextRead(tokens, self.mask(ids), embedding)

    def reads_whole(self, text: str) -> bool:
        """Whether nothing of a text is cut off."""
        ids = self.tokenizer([text], 4 * self.context_length)
        return int(self.mask(ids).sum()) <= self.context_length

    def _patches(self, features: Tensor) -> Tensor:
        """Features of a timm trunk, a sequence or a map with channels first or last → (B, T, C)."""
        if features.ndim == 3:
            return features[:, getattr(self.clip.visual.trunk, "num_prefix_tokens", 0) :]
        if features.shape[1] != self.image_width:
            return features.flatten(1, 2)
        return features.flatten(2).mT


def _image_width(visual: Any) -> int:
    if isinstance(visual, TimmModel):
        return int(visual.trunk.num_features)
    if isinstance(visual, ModifiedResNet):
        return int(visual.attnpool.c_proj.in_features)
    if isinstance(visual, VisionTransformer):
        return int(visual.ln_post.normalized_shape[0])
    raise ModelError(
        f"image towers of the kind {type(visual).__name__} cannot be used: choose one of OpenCLIP's "
        "ViT, ResNet or timm models."
    )


def _special_ids(tokenizer: Any) -> tuple[int, int, bool]:
    """Padding id, end id, and whether a text is what comes up to the first end token.

    The other rule, all but the padding id, is for tokenizers whose padding id means nothing else.
    """
    if isinstance(tokenizer, open_clip.SimpleTokenizer):
        return 0, tokenizer.eot_token_id, True
    inner = getattr(tokenizer, "tokenizer", tokenizer)  # OpenCLIP's wrapper of Hugging Face's
    pad, end = int(inner.pad_token_id), int(inner.eos_token_id)
    return pad, end, pad == end
