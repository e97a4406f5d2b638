"""The savings change no number, whatever the weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from straightforward import Straightforward
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from imagesorter.model.published import adapter as published
from imagesorter.model.published.adapter import PublishedAdapter, PublishedConfig

CONFIG = PublishedConfig(
    width=48, heads=8, layers=2, fuse_layers=2, mlp_width=96, fuse_width=48, prompt_tokens=32, pair_queries=16
)
TOKENS, WORDS = 9, 77
RELATIVE = 1e-4
"""Largest error allowed, as a part of the spread of the scores."""


def random_weights(seed: int, config: PublishedConfig = CONFIG) -> dict[str, Tensor]:
    """Weights that make every part count: nothing is at its initial nought or one."""
    numbers = torch.Generator().manual_seed(seed)
    shapes = {name: t.shape for name, t in PublishedAdapter(config).state_dict().items()}
    return {
        f"adapter.{name}": torch.randn(shape, generator=numbers) / (shape[-1] ** 0.5 if len(shape) > 1 else 3)
        + (1 if name.endswith("weight") and len(shape) == 1 else 0)
        for name, shape in shapes.items()
    }


def pair(
    weights: dict[str, Tensor], config: PublishedConfig = CONFIG
) -> tuple[PublishedAdapter, Straightforward]:
    fast = PublishedAdapter(config).eval().requires_grad_(False)
    fast.load_state_dict({name.removeprefix("adapter."): tensor for name, tensor in weights.items()})
    return fast, Straightforward(config, weights)


def inputs(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    numbers = torch.Generator().manual_seed(seed)
    image = torch.randn(count, TOKENS, CONFIG.width, generator=numbers)
    return image, torch.randn(WORDS, CONFIG.width, generator=numbers)


@pytest.mark.parametrize("seed", range(4))
def test_scores_and_pair_logits_are_the_straightforward_ones(seed: int):
    fast, reference = pair(random_weights(seed))
    image, text = inputs(12, seed)
    expected = reference.attend(image, text)
    attended = fast.attend(fast.encode_image(image), fast.encode_text(text))
    for got, wanted in (
        (fast.score(attended), reference.score(expected)),
        (fast.compare(fast.pair_statistics(attended)), reference.pair_logits(expected)),
    ):
        spread = float(wanted.std())
        assert spread > 0.01
        assert float((got - wanted).abs().max()) <= RELATIVE * spread


def test_gradients_are_the_straightforward_ones():
    fast, reference = pair(random_weights(9))
    image, text = inputs(5, 9)
    for adapter in (fast, reference):
        adapter.requires_grad_(True)
    expected = reference.attend(image, text)
    context = fast.encode_text(text)
    attended = fast.attend(fast.encode_image(image), context)
    weights = torch.randn(5, 5, generator=torch.Generator().manual_seed(9))
    for scores, pairs in (
        (fast.score(attended, context), fast.pair_logits(attended, context)),
        (reference.score(expected), reference.pair_logits(expected)),
    ):
        (scores.square().sum() + (weights * pairs).sum()).backward()
    wanted = dict(reference.named_parameters())
    assert wanted.pop("learnable_text_tokens").grad.abs().max() < 1e-4, "their values change nothing"
    for name, parameter in wanted.items():
        got = fast.get_parameter(name).grad
        error = float((got - parameter.grad).abs().max())
        assert error <= 1e-4 * float(parameter.grad.abs().max()), name


def test_a_fresh_one_can_be_trained_and_its_dropout_ends_with_the_training():
    torch.manual_seed(0)
    adapter = PublishedAdapter(CONFIG)
    image, text = inputs(4)
    context = adapter.encode_text(text)
    tokens = adapter.encode_image(image)
    assert not torch.allclose(adapter(tokens, context), adapter(tokens, context))
    adapter.eval()
    torch.testing.assert_close(adapter(tokens, context), adapter(tokens, context), atol=0, rtol=0)
    attended = adapter.attend(tokens, context)
    (adapter.score(attended).sum() + adapter.pair_logits(attended).sum()).backward()
    still = {name for name, parameter in adapter.named_parameters() if parameter.grad is None}
    assert still == {"learnable_text_tokens"}


def test_the_number_of_prompt_tokens_counts_and_their_values_do_not():
    weights = random_weights(5)
    image, text = inputs(6)
    scores = []
    for value in (0.0, 3.0):
        tensors = weights | {"adapter.learnable_text_tokens": torch.full((1, 32), value)}
        scores.append(pair(tensors)[1].score(pair(tensors)[1].attend(image, text)))
    torch.testing.assert_close(*scores, atol=1e-5, rtol=1e-5)
    fewer = PublishedConfig(**(vars(CONFIG) | {"prompt_tokens": 1}))
    fast, reference = pair(weights | {"adapter.learnable_text_tokens": torch.zeros(1, 1)}, fewer)
    wanted = reference.score(reference.attend(image, text))
    torch.testing.assert_close(fast(fast.encode_image(image), fast.encode_text(text)), wanted)
    assert (wanted - scores[0]).abs().max() > 1e-3


class _Largest(TorchDispatchMode):
    """Numbers in the largest tensor that any operation makes."""

    numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self.numbers = max(self.numbers, *made, 0)
        return result


def test_pair_logits_of_500_images_need_no_tensor_of_all_pairs_tokens():
    fast, reference = pair(random_weights(6))
    image, text = inputs(500)
    context = fast.encode_text(text)
    attended = fast.attend(fast.encode_image(image), context)
    with _Largest() as largest:
        logits = fast.compare(fast.pair_statistics(attended))
    assert logits.shape == (500, 500)
    per_pair = max(CONFIG.width, CONFIG.heads * CONFIG.pair_queries)
    assert largest.numbers <= published._PAIRS_AT_ONCE * per_pair < 500 * 500 * CONFIG.width / 8
    for i, j in ((0, 499), (499, 0), (250, 17), (33, 33)):
        few = reference.pair_logits(attended[[i, j]])
        torch.testing.assert_close(logits[i, j], few[0, 1], atol=1e-4, rtol=1e-4)


def test_half_the_difference_of_the_logits_is_odd_and_follows_the_pairs():
    fast, _ = pair(random_weights(7))
    image, text = inputs(5)
    attended = fast.attend(fast.encode_image(image), fast.encode_text(text))
    logits = fast.compare(fast.pair_statistics(attended))
    assert (logits + logits.T).abs().max() > 1e-3, "as published, the head itself is not odd"
    order = torch.tensor([3, 0, 4, 1, 2])
    shuffled = fast.compare(fast.pair_statistics(attended[order]))
    torch.testing.assert_close(shuffled, logits[order][:, order], atol=1e-5, rtol=1e-5)


def test_no_images_no_pairs():
    fast, _ = pair(random_weights(8))
    assert fast.compare(fast.pair_statistics(torch.zeros(0, TOKENS, CONFIG.width))).shape == (0, 0)
