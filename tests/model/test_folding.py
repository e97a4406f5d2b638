from __future__ import annotations

import torch
from torch import nn

from imagesorter.model.backbone import Backbone
from imagesorter.model.folding import fold_norms
from imagesorter.paths import bundled_models


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def used(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """With statistics, and weights where it has some, that change something."""
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    if norm.affine:
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.uniform_(norm.bias, -1, 1)
    return norm


class Activated(nn.BatchNorm2d):
    """With an activation of its own, as timm has them."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(super().forward(x))


class Reversed(nn.Module):
    """Declares a convolution before the normalisation, and calls them the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.norm = used(nn.BatchNorm2d(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.norm(x))


def test_pocket_is_the_same_function_with_none_left():
    pocket = bundled_models() / "pocket"
    backbone = Backbone(pocket / "imagesorter-pocket.json", pocket / "clip.safetensors").eval()
    images = torch.rand(4, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    trunk = backbone.clip.visual.trunk
    with torch.inference_mode():
        expected = backbone.features(images)
        count = norms(trunk)
        assert fold_norms(trunk, images[:1]) == count > 40
        torch.testing.assert_close(backbone.features(images), expected, atol=1e-4, rtol=1e-4)
    assert norms(trunk) == 0


def test_groups_strides_and_biases():
    network = nn.Sequential(
        nn.Conv2d(4, 8, 3, 2, 1, groups=2), used(nn.BatchNorm2d(8)), nn.ReLU(),
        nn.Conv2d(8, 8, 3, dilation=2, groups=8, bias=False), used(nn.BatchNorm2d(8, affine=False)),
        nn.Conv2d(8, 4, 1), used(Activated(4)),
    ).eval()  # fmt: skip
    images = torch.randn(2, 4, 16, 16)
    expected = network(images)
    assert (expected == 0).any()
    assert fold_norms(network, images) == 3
    torch.testing.assert_close(network(images), expected, atol=1e-5, rtol=1e-4)


def test_layers_called_in_another_order_are_left_alone():
    network = Reversed().eval()
    images = torch.randn(2, 3, 8, 8)
    expected = network(images)
    assert fold_norms(network, images) == 0
    assert torch.equal(network(images), expected)
    assert norms(network) == 1


def test_what_is_no_number_is_left_alone():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), used(nn.BatchNorm2d(1))).eval()
    nn.init.constant_(network[0].weight, torch.nan)
    assert fold_norms(network, torch.randn(1, 1, 4, 4)) == 0
    assert norms(network) == 1
