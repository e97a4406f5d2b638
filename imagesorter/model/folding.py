"""Batch normalisation folded into the convolution before it: the same function, a pass over memory less each.

In evaluation both are affine, so y = γ (W x + b − μ) / σ + β is one convolution (Jacob et al. 2018,
"Quantization and Training of Neural Networks", §3.2). OpenCLIP and timm leave them apart.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

_TOLERANCE = 1e-3
"""Of the largest output: what rounding may come to, and no wrong pair of layers would keep within."""


@torch.no_grad()
def fold_norms(network: nn.Module, example: Tensor) -> int:
    """Fold what can be, in place; nothing, where the output for an example would become another.

    Args:
        network: in evaluation; a normalisation is taken to follow the convolution declared before it.
        example: an input.

    Returns:
        how many layers were folded.
    """
    expected = network(example)
    folded: list[tuple[nn.Module, str, nn.Conv2d, str, nn.BatchNorm2d]] = [
        (parent, name, first, follower, second)
        for parent in network.modules()
        for (name, first), (follower, second) in pairwise(parent.named_children())
        if type(first) is nn.Conv2d and isinstance(second, nn.BatchNorm2d) and _fit(first, second)
    ]
    for parent, name, convolution, follower, norm in folded:
        setattr(parent, name, _joined(convolution, norm))
        setattr(parent, follower, getattr(norm, "act", nn.Identity()))
    error = float((network(example) - expected).abs().max())
    if not error <= _TOLERANCE * float(expected.abs().max()):
        for parent, name, convolution, follower, norm in folded:
            setattr(parent, name, convolution)
            setattr(parent, follower, norm)
        return 0
    return len(folded)


def _fit(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> bool:
    plain = convolution.padding_mode == "zeros" and norm.running_mean is not None
    return plain and convolution.out_channels == norm.num_features


def _joined(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    joined = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        convolution.stride,  # type: ignore[arg-type]
        convolution.padding,  # type: ignore[arg-type]
        convolution.dilation,  # type: ignore[arg-type]
        convolution.groups,
        device=convolution.weight.device,
        dtype=convolution.weight.dtype,
    )
    assert norm.running_mean is not None and norm.running_var is not None
    weight, bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps,
        norm.weight, norm.bias,
    )  # fmt: skip
    joined.weight, joined.bias = weight.requires_grad_(False), bias.requires_grad_(False)
    return joined.eval()
