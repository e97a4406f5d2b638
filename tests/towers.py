"""Tiny OpenCLIP models of every family, with random weights."""

from __future__ import annotations

import copy
from typing import Any

import torch

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}


def _timm(name: str, size: int, **more: object) -> dict[str, Any]:
    return {"timm_model_name": name, "timm_model_pretrained": False, "image_size": size, **more}


def _config(vision: dict[str, Any], embed_dim: int = 24, **text: object) -> dict[str, Any]:
    return {"embed_dim": embed_dim, "vision_cfg": vision, "text_cfg": TEXT | text}


_VIT = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8}
_SIGLIP_TEXT = {
    "vocab_size": 300, "hf_tokenizer_name": "none", "no_causal_mask": True, "proj_bias": True,
    "pool_type": "last",
}  # fmt: skip

FAMILIES: dict[str, dict[str, Any]] = {
    "ViT": _config(_VIT),
    "ViT, mean of patches": _config(_VIT | {"pool_type": "avg", "final_ln_after_pool": True}),
    "ModifiedResNet": _config({"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 16}),
    "ConvNeXt": _config(_timm("test_convnext", 64, timm_pool="", timm_proj="mlp")),
    "SigLIP": _config(_timm("test_vit", 160, timm_pool="map", timm_proj="none"), 64, **_SIGLIP_TEXT),
    "MobileCLIP": _config(_timm("fastvit_t8", 64, timm_pool="avg", timm_proj=None), no_causal_mask=True),
    "EVA": _config(_timm("test_vit", 160, timm_pool="token", timm_proj="linear")),
    "Swin": _config(_timm("swin_tiny_patch4_window7_224", 224, timm_pool="avg", timm_proj="linear")),
    "CoCa": _config(
        _VIT
        | {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 5, "output_tokens": True},
        32,
        context_length=15,
        embed_cls=True,
        output_tokens=True,
    )
    | {"multimodal_cfg": TEXT | {"attn_pooler_heads": 2}},
}


def config(family: str) -> dict[str, Any]:
    """A configuration that may be changed."""
    return copy.deepcopy(FAMILIES[family])


class OnAppleGpu(torch.Tensor):
    """A tensor that refuses double precision before it comes back to the CPU, as those of "mps" do."""

    def double(self) -> torch.Tensor:
        raise TypeError(
            "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support it."
        )

    def cpu(self) -> torch.Tensor:
        return self.as_subclass(torch.Tensor)


class Sentences:
    """A tokenizer as Hugging Face's are: an end token behind the words, then padding.

    SigLIP's pads with its end token itself.
    """

    def __init__(self, pad: int, end: int) -> None:
        self.pad_token_id, self.eos_token_id = pad, end

    def __call__(self, texts: list[str], context_length: int | None = None) -> torch.Tensor:
        length = context_length or 16
        ids = torch.full((len(texts), length), self.pad_token_id)
        for row, text in zip(ids, texts, strict=True):
            words = [10 + sum(word.encode()) % 280 for word in text.split()][: length - 1]
            row[: len(words) + 1] = torch.tensor([*words, self.eos_token_id])
        return ids
