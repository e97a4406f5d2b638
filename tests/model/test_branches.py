"""Branches of the image tower in the adapter: what they tell is stored, and weighed by texts that name it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.branches import LOOKS, Branch
from imagesorter.model.bundle import read_manifest
from imagesorter.model.folding import fold_norms
from imagesorter.model.ranker import Ranker
from imagesorter.model.text_context import TextContext
from imagesorter.model.tuned import TunedHead
from imagesorter.paths import bundled_models

PLAIN = AdapterConfig(
    image_width=24, text_width=16, width=32, heads=4, prompt_tokens=3, pair_queries=5, measures=40, counters=1
)
CONFIG = replace(PLAIN, branches=2, early_width=12)
IMAGES = 6


@pytest.fixture
def adapter() -> RankingAdapter:
    """Texts ask of its branches what is set."""
    torch.manual_seed(0)
    adapter = RankingAdapter(CONFIG).eval().requires_grad_(False)
    assert adapter.weights is not None
    assert adapter.branches is not None
    torch.nn.init.normal_(adapter.weights.weight)
    for norm in adapter.branches.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(norm.running_mean, std=0.1)
            torch.nn.init.uniform_(norm.running_var, 0.5, 2)
    for network in adapter.branches.networks:
        network.out.weight.mul_(30)
    adapter.branches.naming[-1].weight.zero_()
    adapter.branches.naming[-1].bias.zero_()
    return adapter


@pytest.fixture
def images() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features, measures and early maps."""
    torch.manual_seed(1)
    return torch.rand(IMAGES, 9, 24), torch.randn(IMAGES, 40), torch.randn(IMAGES, 12, 16, 16)


def ask(adapter: RankingAdapter, naming: float, **direction: float) -> None:
    """Keywords are "at_5": along the sixth number."""
    bias = adapter.branches.naming[-1].bias
    bias.zero_()
    bias[0] = naming
    for name, weight in direction.items():
        bias[1 + int(name.removeprefix("at_"))] = weight


def text(adapter: RankingAdapter) -> TextContext:
    torch.manual_seed(2)
    return adapter.encode_text(torch.randn(4, 16), torch.ones(4, dtype=torch.bool))


def scores(adapter: RankingAdapter, images: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return adapter(adapter.encode_image(*images), text(adapter))


def without(adapter: RankingAdapter) -> RankingAdapter:
    plain = RankingAdapter(PLAIN).eval().requires_grad_(False)
    state = {n: t for n, t in adapter.state_dict().items() if not n.startswith("branches.")}
    state["counters.elsewhere"] = state["counters.elsewhere"][:, :0]
    plain.load_state_dict(state)
    return plain


@pytest.mark.parametrize("naming", [0.0, 0.5, -3.0])
def test_text_that_names_nothing_gives_the_scores_that_there_were(adapter, images, naming):
    ask(adapter, naming, at_3=1, at_70=-2)
    torch.testing.assert_close(scores(adapter, images), scores(without(adapter), images[:2]))


@pytest.mark.parametrize(("naming", "share"), [(1.0, 1), (4.0, 1), (0.75, 0.5)])
def test_what_a_text_names_is_added_as_far_as_it_names_it(adapter, images, naming, share):
    ask(adapter, naming, at_3=1, at_70=-2)
    added = scores(adapter, images) - scores(without(adapter), images[:2])
    told = adapter.branches.told(images[2])
    assert float(added.std()) > 0.01
    torch.testing.assert_close(added, share * (told[:, 3] - 2 * told[:, 70]), atol=1e-4, rtol=1e-3)


def test_what_is_told_is_stored_behind_measures_and_counters(adapter, images):
    stored, plain = adapter.encode_image(*images), without(adapter).encode_image(*images[:2])
    tokens, kept = adapter.split(stored)
    assert kept.shape == (IMAGES, 41 + 2 * LOOKS)
    assert stored.shape[1] - plain.shape[1] == 4  # 169 numbers in rows of 32, where 41 took two
    torch.testing.assert_close(tokens, without(adapter).split(plain)[0])
    torch.testing.assert_close(kept[:, :41], without(adapter).split(plain)[1])
    torch.testing.assert_close(kept[:, 41:], adapter.branches.told(images[2]))


def test_what_is_told_of_an_image_is_the_same_in_any_batch(adapter, images):
    told = adapter.branches.told(images[2])
    alone = torch.cat([adapter.branches.told(one[None]) for one in images[2]])
    torch.testing.assert_close(told, alone, atol=1e-5, rtol=1e-4)


def test_order_to_be_taught_starts_with_what_is_named(adapter, images):
    ask(adapter, 1, at_9=1)
    head = TunedHead(adapter, text(adapter), with_layers=True)
    stored = adapter.encode_image(*images)
    torch.testing.assert_close(head(head.prepare(stored)), adapter(stored, text(adapter)))


def test_norms_of_a_branch_fold_into_its_convolutions(adapter, images):
    branch = adapter.branches.networks[0]
    assert isinstance(branch, Branch)
    before = branch(images[2])
    assert fold_norms(branch, images[2][:1]) == 8
    torch.testing.assert_close(branch(images[2]), before, atol=1e-4, rtol=1e-3)


def test_early_map_comes_with_the_features_and_alone():
    backbone = Ranker(read_manifest(bundled_models() / "pocket"), "cpu")._backbone
    torch.manual_seed(0)
    with torch.inference_mode():
        pictures = torch.randn(2, 3, backbone.size, backbone.size)
        features, early = backbone.maps(pictures)
        torch.testing.assert_close(features, backbone.features(pictures))
        torch.testing.assert_close(early, backbone.early(pictures))
    assert early.shape == (2, backbone.early_width, backbone.size // 8, backbone.size // 8)


def test_branches_without_measures_are_refused():
    with pytest.raises(ValueError, match="branches and computed scales need measures"):
        RankingAdapter(replace(CONFIG, measures=0, counters=0))
