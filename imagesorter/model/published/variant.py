"""The published adapter on the towers of any OpenCLIP model, for training: a yardstick for our own variant.

What our variant repairs is left as it is: prompt tokens that are scalars spread over all channels,
padding not masked, sums instead of means, a pair head that is not odd.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from imagesorter.model.published.adapter import PublishedAdapter, PublishedConfig, PublishedText


@dataclass(frozen=True)
class PublishedVariantConfig:
    """Sizes; the defaults are the published ones.

    Attributes:
        image_width: channels of the image tokens.
        text_width: channels of the text tokens.
        width: D.
        heads: in every attention.
        layers: rounds of self-attention and cross-attention, and encoder layers after them.
        prompt_tokens: scalars before the text.
        pair_queries: learned queries of the pair head.
    """

    image_width: int
    text_width: int
    width: int = 768
    heads: int = 8
    layers: int = 2
    prompt_tokens: int = 32
    pair_queries: int = 16


class PublishedVariant(PublishedAdapter):
    """`PublishedAdapter` behind projections of image and text tokens to its width."""

    def __init__(self, config: PublishedVariantConfig) -> None:
        width = config.width
        super().__init__(
            PublishedConfig(
                width=width,
                heads=config.heads,
                layers=config.layers,
                fuse_layers=config.layers,
                mlp_width=4 * width,
                fuse_width=width,
                prompt_tokens=config.prompt_tokens,
                pair_queries=config.pair_queries,
            )
        )
        self.config = config
        # the published model's `visual.trunk.head`; there it is random and frozen
        self.image_in = nn.Sequential(
            nn.LayerNorm(config.image_width, eps=1e-6), nn.Linear(config.image_width, width)
        )
        same = config.text_width == width  # as in the published model
        self.text_in = nn.Identity() if same else nn.Linear(config.text_width, width)

    def encode_image(self, tokens: Tensor) -> Tensor:
        """Image tokens (B, T, image_width) → (B, T, D), all that no text touches."""
        return super().encode_image(self.image_in(tokens))

    def encode_text(self, tokens: Tensor, mask: Tensor | None = None) -> PublishedText:
        """One text's tokens (L, text_width) → its keys and values."""
        return super().encode_text(self.text_in(tokens), mask)
