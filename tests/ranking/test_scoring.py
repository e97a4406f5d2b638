from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score, weights

DEVIATIONS = {"sharp": 0.25, "busy": 2.0}
TOKENS = np.array([[[1.0, 8.0]], [[2.0, 0.0]], [[3.0, 4.0]]], np.float16)


class Told:
    """Scores read off the tokens, and how far they are from each other."""

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        return tokens[:, 0, list(DEVIATIONS).index(phrase)].astype(np.float32)

    def deviation(self, phrase: str) -> float:
        return DEVIATIONS[phrase]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sharp", (1.0,)),
        ("less sharp", (-1.0,)),
        ("3*sharp", (3.0,)),
        ("sharp + busy", (4.0, 0.5)),
        ("sharp - 2 busy", (4.0, -1.0)),
        ("less sharp, busy", (-4.0, 0.5)),
    ],
)
def test_wishes_of_one_weight_count_alike_in_a_sum(text: str, expected: tuple[float, ...]):
    assert weights(parse(text), Told().deviation) == expected


def test_a_single_wish_has_its_own_scores():
    np.testing.assert_array_equal(score(Told(), parse("less sharp"), TOKENS), [-1, -2, -3])


def test_scores_of_a_sum():
    np.testing.assert_array_equal(score(Told(), parse("sharp + busy"), TOKENS), [8, 8, 14])
