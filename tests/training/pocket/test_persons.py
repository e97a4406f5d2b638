from __future__ import annotations

import math

import pytest

from imagesorter.training.pocket.persons import PERSONS, people_in


@pytest.mark.parametrize(
    ("caption", "people"),
    [
        ("A dog runs through the snow .", 0),
        ("A man in an orange hat .", 1),
        ("A man and a woman kiss near a girl .", 3),
        ("Two young men play football .", 2),
        ("Five boys and two girls on a bench .", 5),
        ("People walk down a street .", 3),
        ("A couple at the beach .", 2),
        ("A group of three hikers .", 3),
        ("A group of hikers .", 5),
        ("A crowd watches a man on a bike .", 12),
        ("Two dogs chase a boy .", 1),
        ("A man , a boy , a girl , a woman , a child and a baby .", 4),
        ("", 0),
    ],
)
def test_people_of_a_caption(caption: str, people: int):
    assert people_in([caption]) == pytest.approx(math.log(people + 0.5))


def test_captions_of_one_photograph_are_averaged():
    assert people_in(["A man", "A dog"]) == pytest.approx((math.log(1.5) + math.log(0.5)) / 2)


def test_persons_are_words_in_both_numbers():
    assert {"man", "men", "child", "children", "crowd", "someone"} <= PERSONS
    assert "dog" not in PERSONS
