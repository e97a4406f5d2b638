from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.counters import FARTHEST, Counters
from imagesorter.model.tuned import TunedHead

PLAIN = AdapterConfig(
    image_width=24, text_width=16, width=32, heads=4, prompt_tokens=3, pair_queries=5, measures=40
)
CONFIG = replace(PLAIN, counters=2)
IMAGES = 6


@pytest.fixture
def adapter() -> RankingAdapter:
    """Its first counter is the sum of three measures, of bright images alone; texts ask for what is set."""
    torch.manual_seed(0)
    adapter = RankingAdapter(CONFIG).eval().requires_grad_(False)
    counters = adapter.counters
    assert counters is not None
    assert adapter.weights is not None
    torch.nn.init.normal_(adapter.weights.weight)
    counters.line[0, :3] = 1
    counters.start[0] = 2
    counters.likeness.weight[0] = 100
    counters.asking[-1].weight.zero_()
    counters.asking[-1].bias.zero_()
    return adapter


@pytest.fixture
def images() -> tuple[torch.Tensor, torch.Tensor]:
    """Features, of which the last three images' are not bright, and measures."""
    torch.manual_seed(1)
    features = torch.rand(IMAGES, 9, 24)
    features[3:] *= -1
    return features, torch.randn(IMAGES, 40)


def ask(adapter: RankingAdapter, *seeming: float) -> None:
    assert adapter.counters is not None
    adapter.counters.asking[-1].bias.copy_(torch.tensor(seeming))


def scores(adapter: RankingAdapter, images: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    torch.manual_seed(2)
    text = adapter.encode_text(torch.randn(4, 16), torch.ones(4, dtype=torch.bool))
    return adapter(adapter.encode_image(*images), text)


def without(adapter: RankingAdapter) -> RankingAdapter:
    plain = RankingAdapter(PLAIN).eval().requires_grad_(False)
    plain.load_state_dict({n: t for n, t in adapter.state_dict().items() if not n.startswith("counters.")})
    return plain


@pytest.mark.parametrize("seeming", [0.0, 0.5, -0.5])
def test_text_that_does_not_ask_for_a_number_gives_the_scores_that_there_were(adapter, images, seeming):
    ask(adapter, seeming, seeming)
    torch.testing.assert_close(scores(adapter, images), scores(without(adapter), images))


@pytest.mark.parametrize(("seeming", "asked"), [(1.0, 1), (3.0, 1), (-2.0, -1), (0.75, 0.5)])
def test_number_that_is_asked_for_is_added_where_images_are_of_its_kind(adapter, images, seeming, asked):
    ask(adapter, seeming, 0)
    added = scores(adapter, images) - scores(without(adapter), images)
    number = 2 + images[1][:3, :3].clamp(-FARTHEST, FARTHEST).sum(1)
    torch.testing.assert_close(added[:3], asked * number, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(added[3:], torch.zeros(3), atol=1e-4, rtol=0)


def test_measure_far_off_counts_no_more(adapter, images):
    ask(adapter, 1, 0)
    features, measured = images
    measured[0, 0], measured[1] = FARTHEST + 1, measured[0]
    measured[1, 0] = 1e6
    told = adapter.counters.told(features[:1].expand(2, -1, -1), measured[:2], torch.zeros(2, 0))
    torch.testing.assert_close(told[0], told[1])


def test_elsewhere_a_line_on_what_branches_tell_takes_its_place(images):
    torch.manual_seed(3)
    counters = Counters(2, 24, 40, 32, looks=5).requires_grad_(False)
    counters.likeness.weight[0] = 100
    counters.start[0] = 2
    counters.elsewhere[0, 1] = 0.5
    counters.level[0] = -1
    looks = torch.randn(IMAGES, 5)
    told = counters.told(*images, looks)[:, 0]
    torch.testing.assert_close(told[:3], torch.full((3,), 2.0))
    torch.testing.assert_close(told[3:], 0.5 * looks[3:, 1] - 1)


def test_what_is_told_takes_the_place_left_in_the_rows_of_measures(adapter, images):
    stored, plain = adapter.encode_image(*images), without(adapter).encode_image(*images)
    assert stored.shape == plain.shape
    _, kept = adapter.split(stored)
    assert kept.shape == (IMAGES, 42)
    torch.testing.assert_close(kept[:, :40], without(adapter).split(plain)[1])
    torch.testing.assert_close(kept[:, 40:], adapter.counters.told(*images, torch.zeros(IMAGES, 0)))


def test_order_to_be_taught_starts_with_the_number(adapter, images):
    ask(adapter, 1, 0)
    torch.manual_seed(2)
    text = adapter.encode_text(torch.randn(4, 16), torch.ones(4, dtype=torch.bool))
    head = TunedHead(adapter, text, with_layers=True)
    stored = adapter.encode_image(*images)
    torch.testing.assert_close(head(head.prepare(stored)), adapter(stored, text))


def test_counters_without_measures_are_refused():
    with pytest.raises(ValueError, match="counters, branches and computed scales need measures"):
        RankingAdapter(replace(CONFIG, measures=0))
