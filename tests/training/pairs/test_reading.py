"""Photographs of which there is nothing to teach with."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.errors import TeachingError
from imagesorter.events import Notice
from imagesorter.model.readings import Readings
from imagesorter.training.pairs import classroom
from imagesorter.training.pairs.classroom import Classroom, read_folder
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.taught import StartTerm

from .pupils import FakeModel, answered, files_of, key_of, to_end, tokens_of

COUNT = 20


class ReadingModel(FakeModel):
    """One that takes no empty batch."""

    def readings(self, tokens: NDArray[np.float16], phrase: str) -> Readings:
        if not len(tokens):
            raise RuntimeError("cannot reshape tensor of 0 elements")
        return Readings.of(tokens.astype(np.float32).mean(1))


def read(
    tokens: NDArray[np.float16],
    lost: Collection[int] = (),
    model: FakeModel | None = None,
    start: str | None = None,
    *,
    is_full: bool = False,
) -> tuple[list[bytes], Folder, list[str]]:
    """What can be taught with, and what is said of the others."""

    def stored(some):
        numbers = [int.from_bytes(key, "big") for key in some]
        return tokens[numbers], np.array([number not in lost for number in numbers])

    events: list[object] = []
    terms = (StartTerm(1.0, start),) if start else ()
    files = files_of(len(tokens))
    keys, folder = to_end(
        read_folder(model or ReadingModel(), files, stored, terms, start or "x", is_full=is_full), events
    )
    return keys, folder, [event.text for event in events if isinstance(event, Notice)]


def test_photographs_that_could_not_be_kept_are_left_out_with_a_word(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(classroom, "_IMAGES_PER_STEP", 4)
    tokens = tokens_of(COUNT)
    lost = [0, 4, 5, 6, 7, 19]  # one whole step among them
    for is_full, why in ((True, "raise the cache limit"), (False, "free some space")):
        keys, folder, (said,) = read(tokens, lost, is_full=is_full)
        kept = [number for number in range(COUNT) if number not in lost]
        assert keys == [key_of(number) for number in kept]
        assert np.array_equal(folder.features, read(tokens[kept])[1].features)
        assert "6 of 20 photographs" in said and why in said
    assert not read(tokens)[2]


def test_with_fewer_than_two_left_it_is_said_why():
    for lost in (range(COUNT), range(1, COUNT)):
        with pytest.raises(TeachingError, match=rf"Fewer than two.*{len(lost)} of 20.*cache limit"):
            read(tokens_of(COUNT), lost, is_full=True)
    assert read(tokens_of(1), [0])[0] == [], "one alone is too few in any case"


@pytest.mark.parametrize("number", [np.inf, np.nan])
def test_a_photograph_without_numbers_does_not_spoil_the_others(number: float):
    tokens = tokens_of(COUNT)
    tokens[3, 0, 0] = number

    class Blind(ReadingModel):
        def readings(self, tokens, phrase):
            return super().readings(tokens[:, 1:], phrase)

    others = [row for row in range(COUNT) if row != 3]
    for model in (ReadingModel(), Blind()):  # what readings pass over, a tuned head may see
        keys, folder, (said,) = read(tokens, model=model)
        assert keys == [key_of(row) for row in others]
        assert np.array_equal(folder.features, read(tokens[others], model=model)[1].features)
    assert f"1 photograph ({files_of(COUNT)[key_of(3)].path})" in said


def test_what_a_model_reads_may_be_no_number_either():
    class Odd(ReadingModel):
        def readings(self, tokens, phrase):
            (block,), _ = super().readings(tokens, phrase)
            block[[2, 5, 6, 9], 1] = np.inf
            return Readings.of(block)

    keys, folder, (said,) = read(tokens_of(COUNT), model=Odd())
    assert len(keys) == len(folder.features) == COUNT - 4 and np.isfinite(folder.features).all()
    assert "4 photographs (" in said and "6.jpg, …)" in said and "copy it again" in said


def test_a_start_that_gives_a_photograph_no_number_does_not_spoil_the_others():
    class Odd(ReadingModel):
        def score(self, tokens, phrase):
            scores = super().score(tokens, phrase).copy()
            scores[3] = np.nan
            return scores

    keys, folder, (said,) = read(tokens_of(COUNT), model=Odd(), start="sharp")
    assert key_of(3) not in keys and len(keys) == COUNT - 1
    assert "3.jpg" in said and "starts from" in said
    lesson = Classroom(keys, folder, 1)
    pair = lesson.next_pair()
    assert pair is not None
    lesson.update([answered(np.arange(float(COUNT)), *pair[:2])], [])
    assert lesson.standing().pairs == 1 and np.isfinite(lesson.posterior.mean).all()
