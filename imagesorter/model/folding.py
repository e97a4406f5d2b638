"""Batch normalisation folded into the convolution before it: the same function, a pass over memory less each.

In evaluation both are affine, so y = γ (W x + b − μ) / σ + β is one convolution (Jacob et al. 2018,
"Quantization and Training of Neural Networks", §3.2). OpenCLIP and timm leave them apart.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

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
        setattr(parent, name, fuse_conv_bn_eval(convolution, norm))
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
