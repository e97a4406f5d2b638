"""The published variant: its pair head against its definition, and the faults it is known for."""

from __future__ import annotations

import pytest
import torch

from imagesorter.model.published.variant import PublishedVariant, PublishedVariantConfig

CONFIG = PublishedVariantConfig(
    image_width=24, text_width=20, width=32, heads=4, prompt_tokens=5, pair_queries=3
)


@pytest.fixture
def adapter() -> PublishedVariant:
    torch.manual_seed(0)
    return PublishedVariant(CONFIG).eval().requires_grad_(False)


def context(adapter: PublishedVariant, text: torch.Tensor) -> torch.Tensor:
    return adapter.encode_text(text, torch.ones(len(text), dtype=torch.bool))


def test_pair_logits_equal_one_softmax_over_both_images(adapter):
    images, text = torch.randn(3, 9, 24), context(adapter, torch.randn(6, 20))
    attended = adapter.attend(adapter.encode_image(images), text)
    got = adapter.pair_logits(attended, text)
    pooler = adapter.reg_token_pooler

    def split(x):
        return x.reshape(len(x), 4, 8).transpose(0, 1)

    queries = split(pooler.ln_q(pooler.q_proj(adapter.reg_tokens)))
    for i in range(3):
        for j in range(3):
            both = split(pooler.ln_kv(pooler.kv_proj(torch.cat([attended[i], attended[j]]))))
            attention = (queries @ both.mT / 8**0.5).softmax(-1)
            difference = attention[..., :9] @ both[:, :9] - attention[..., 9:] @ both[:, 9:]
            pooled = pooler.out_proj(difference.transpose(0, 1).flatten(1)).sum(0)
            torch.testing.assert_close(adapter.pair_regressor(pooled), got[i, j], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(got, -got.T, atol=1e-3)


def test_scores_do_not_depend_on_the_batch(adapter):
    tokens, text = adapter.encode_image(torch.randn(4, 9, 24)), context(adapter, torch.randn(6, 20))
    alone = torch.cat([adapter(token[None], text) for token in tokens])
    torch.testing.assert_close(adapter(tokens, text), alone, atol=1e-5, rtol=1e-5)


def test_the_prompts_values_change_nothing_and_padding_does(adapter):
    tokens, words = adapter.encode_image(torch.randn(4, 9, 24)), torch.randn(6, 20)
    before = adapter(tokens, context(adapter, words))
    longer = adapter(tokens, context(adapter, torch.cat([words, torch.zeros(3, 20)])))
    assert not torch.allclose(before, longer, atol=1e-4)
    adapter.learnable_text_tokens.copy_(torch.randn(1, 5))
    torch.testing.assert_close(adapter(tokens, context(adapter, words)), before, atol=1e-4, rtol=1e-4)


def test_at_its_own_size_it_has_the_published_number_of_parameters():
    with torch.device("meta"):
        adapter = PublishedVariant(PublishedVariantConfig(image_width=1536, text_width=768))
    own = sum(p.numel() for name, p in adapter.named_parameters() if not name.startswith("image_in"))
    assert own == 40_791_586
