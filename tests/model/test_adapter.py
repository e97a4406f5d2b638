from __future__ import annotations

import pytest
import torch

from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.pair_head import PairHead

CONFIG = AdapterConfig(image_width=24, text_width=16, width=32, heads=4, prompt_tokens=3, pair_queries=5)


@pytest.fixture
def adapter() -> RankingAdapter:
    torch.manual_seed(0)
    return RankingAdapter(CONFIG).eval().requires_grad_(False)


@pytest.fixture
def tokens(adapter: RankingAdapter) -> torch.Tensor:
    return adapter.encode_image(torch.randn(6, 9, 24))


def context(adapter: RankingAdapter, words: int = 4, padding: int = 3):
    text = torch.randn(words + padding, 16)
    return adapter.encode_text(text, torch.arange(words + padding) < words)


def test_score_of_an_image_is_the_same_alone_and_in_a_batch(adapter, tokens):
    text = context(adapter)
    together = adapter(tokens, text)
    alone = torch.cat([adapter(token[None], text) for token in tokens])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_padding_changes_nothing(adapter, tokens):
    text = torch.randn(7, 16)
    short = adapter.encode_text(text[:4], torch.ones(4, dtype=torch.bool))
    padded = adapter.encode_text(text, torch.arange(7) < 4)
    torch.testing.assert_close(adapter(tokens, short), adapter(tokens, padded))


def test_text_changes_the_score(adapter, tokens):
    assert not torch.allclose(adapter(tokens, context(adapter)), adapter(tokens, context(adapter)))


def test_every_part_of_the_image_counts(adapter, tokens):
    text = context(adapter)
    before = adapter(tokens, text)
    for place in range(tokens.shape[1]):
        changed = tokens.clone()
        changed[:, place] = torch.randn(len(tokens), tokens.shape[2])
        assert not torch.allclose(adapter(changed, text), before)


def test_pair_logit_is_odd(adapter, tokens):
    text = context(adapter)
    lse, mean = adapter.pair_head.statistics(adapter.attend(tokens, text))
    forward = adapter.pair_head((lse[:3], mean[:3]), (lse[3:], mean[3:]), text.pair_direction)
    backward = adapter.pair_head((lse[3:], mean[3:]), (lse[:3], mean[:3]), text.pair_direction)
    torch.testing.assert_close(forward, -backward)
    itself = adapter.pair_head((lse, mean), (lse, mean), text.pair_direction)
    torch.testing.assert_close(itself, torch.zeros(6), atol=1e-6, rtol=0)


def test_pair_statistics_equal_one_softmax_over_both_images():
    """The factored form against the definition: joint attention over 2 T tokens, halves apart."""
    torch.manual_seed(1)
    head = PairHead(CONFIG.width, CONFIG.heads, CONFIG.pair_queries).requires_grad_(False)
    first, second = torch.randn(2, 9, 32), torch.randn(2, 9, 32)
    both = head.norm(torch.cat([first, second], 1))
    keys, values = (t.reshape(2, 18, 4, 8).transpose(1, 2) for t in head.key_value(both).chunk(2, dim=-1))
    queries = head.queries.reshape(5, 4, 8).transpose(0, 1)
    attention = (queries @ keys.mT / 8**0.5).softmax(-1)
    difference = attention[..., :9] @ values[:, :, :9] - attention[..., 9:] @ values[:, :, 9:]
    pooled = head.out(difference.transpose(1, 2).flatten(2)).mean(1)
    expected = (torch.tanh(head.hidden(pooled)) * 0.5).sum(-1)
    got = head(head.statistics(first), head.statistics(second), torch.full((1, 32), 0.5))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_prompt_tokens_can_learn():
    torch.manual_seed(2)
    adapter = RankingAdapter(CONFIG)
    adapter(adapter.encode_image(torch.randn(4, 9, 24)), context(adapter)).square().sum().backward()
    assert adapter.prompt.grad is not None
    assert adapter.prompt.grad.abs().max() > 0


def test_all_pairs_at_once_equal_one_pair_at_a_time(adapter, tokens):
    text = context(adapter)
    attended = adapter.attend(tokens, text)
    lse, mean = adapter.pair_head.statistics(attended)
    first, second = torch.cartesian_prod(torch.arange(6), torch.arange(6)).T
    each = adapter.pair_head((lse[first], mean[first]), (lse[second], mean[second]), text.pair_direction)
    grid = adapter.pair_logits(attended, text)
    torch.testing.assert_close(grid, each.view(6, 6), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(grid, -grid.T)
