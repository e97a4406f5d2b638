"""The running average of weights."""

from __future__ import annotations

import pytest
import torch

from imagesorter.training.averaging import Average


def test_an_average_follows_and_is_shown_in_place() -> None:
    weight = torch.zeros(2)
    average = Average({"weight": weight}, horizon=4)
    for step in range(1, 200):
        weight.fill_(1.0 if step % 2 else 3.0)
        average.update(step)
    with average.shown():
        shown = weight.clone()
    assert weight.tolist() == [1.0, 1.0]
    # a decay of 3/4 between 1 and 3: 1 + 2 · (3/4) / (1 + 3/4) after a 1
    torch.testing.assert_close(shown, torch.full((2,), 1 + 2 * 0.75 / 1.75))


def test_a_young_average_forgets_where_the_weights_began() -> None:
    weight = torch.full((1,), 100.0)
    average = Average({"weight": weight}, horizon=1000)
    weight.fill_(0.0)
    for step in range(1, 101):
        average.update(step)
    with average.shown():
        assert float(weight[0]) < 1e-3


def test_no_horizon_keeps_the_weights_as_they_are() -> None:
    weight = torch.zeros(1)
    average = Average({"weight": weight}, horizon=0)
    weight.fill_(5.0)
    average.update(1)
    with average.shown():
        assert float(weight[0]) == 5.0
    assert average.state() == {}


def test_an_average_is_the_same_after_a_checkpoint() -> None:
    weight, again = torch.zeros(1), torch.zeros(1)
    first, second = Average({"weight": weight}, 5), Average({"weight": again}, 5)
    for step in range(1, 8):
        weight.fill_(float(step))
        first.update(step)
    second.load({name: tensor.clone() for name, tensor in first.state().items()})
    again.fill_(7.0)
    for average, tensor in ((first, weight), (second, again)):
        tensor.fill_(8.0)
        average.update(8)
        with average.shown():
            pass
    torch.testing.assert_close(first.state(), second.state())
    with pytest.raises(KeyError):
        second.load({})
