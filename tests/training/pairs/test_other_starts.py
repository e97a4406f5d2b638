"""What a version was taught from need not be what is taught from now: it is judged as it was taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.answers import Estimate
from imagesorter.events import Notice
from imagesorter.model.readings import Readings
from imagesorter.training.pairs import judging, proposal
from imagesorter.training.pairs.classroom import Classroom, read_folder
from imagesorter.training.pairs.judging import HeldOut
from imagesorter.training.pairs.labels import Label
from imagesorter.training.pairs.lesson_plan import Plan
from imagesorter.training.pairs.proposal import Proposal, propose
from imagesorter.training.pairs.taught import StartTerm, TaughtRanker, from_bytes

from .pupils import FakeModel, TunableModel, answered, files_of, key_of, to_end, tokens_of

COUNT = 100
TOKENS = tokens_of(COUNT)
TRUTH = TOKENS.astype(np.float64).mean(1) @ np.r_[0.5, 2.0, -0.5, np.zeros(9)]
GOOD, BAD = StartTerm(1.0, "a"), StartTerm(1.0, "abcdef")
"""By the channel that counts most, and by one that does not count."""


def read(keys: Sequence[bytes]) -> NDArray[np.float16]:
    return TOKENS[[int.from_bytes(key, "big") for key in keys]]


def nested(term: StartTerm, by_features: float = 0.0) -> StartTerm:
    """A taught ranker that has the same order, or nearly."""
    weights = np.full(24, by_features, np.float32)
    inner = TaughtRanker("inner", (term,), 1.0, np.zeros(24, np.float32), weights)
    return StartTerm(1.0, "my own", from_bytes(inner.to_bytes()))


def answers(count: int) -> list[Label]:
    rng = np.random.default_rng(3)
    pairs = [rng.choice(COUNT, 2, replace=False) for _ in range(count)]
    return [answered(TRUTH, key_of(int(i)), key_of(int(j)), k) for k, (i, j) in enumerate(pairs, 1)]


def proposed(
    start: Sequence[StartTerm],
    kept: Proposal | None = None,
    model: FakeModel | None = None,
    phrase: str = "x",
    count: int = 20,
    events: list[object] | None = None,
) -> Proposal:
    """The kept version comes from disk, as it does when the application was closed in between."""
    model = model or FakeModel()
    there = np.ones(COUNT, np.bool_)
    reading = read_folder(
        model, files_of(COUNT), lambda some: (read(some), there[: len(some)]), tuple(start), phrase
    )
    classroom = Classroom(*to_end(reading), 1)
    classroom.update(answers(count), [])
    version = (model.id, kept.facts, from_bytes(kept.ranker.to_bytes())) if kept else None
    rows = {row: row for row in range(COUNT)}
    return to_end(propose("x", classroom, model, "fake", read, version, rows), events)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[HeldOut, HeldOut]]:
    """What was compared with which, in each fit."""
    pairs: list[tuple[HeldOut, HeldOut]] = []

    def compared(before: HeldOut, after: HeldOut, plan: Plan) -> tuple[Estimate, Estimate]:
        pairs.append((before, after))
        return judging.compared(before, after, plan)

    monkeypatch.setattr(proposal, "compared", compared)
    return pairs


def assert_judged_as_when_it_was_kept(judged: list[tuple[HeldOut, HeldOut]]):
    (_, then), (before, after) = judged[0], judged[-1]
    np.testing.assert_allclose(before.margins, then.margins, atol=1e-3)
    assert np.abs(after.margins - then.margins).max() > 0.05, "the candidate is another order"


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ([BAD], [GOOD]),
        ([], [GOOD]),
        ([nested(BAD)], [nested(GOOD)]),
        ([nested(BAD)], [GOOD]),
    ],
    ids=["words", "nothing", "taught rankers", "a taught ranker, then words"],
)
def test_a_better_order_from_another_start_is_offered(
    first: list[StartTerm], later: list[StartTerm], judged: list[tuple[HeldOut, HeldOut]]
):
    """With the same answers."""
    kept, alone = proposed(first, count=30), proposed(later, count=30)
    assert alone.candidate.after.mean > kept.candidate.after.mean + 0.05, "else there is nothing to offer"
    found = proposed(later, kept, count=30).candidate
    assert_judged_as_when_it_was_kept(judged)
    (_, then), (_, now) = judged[0], judged[-1]  # from a better start, answers are hardly by chance
    told = (kept.candidate.after.mean - then.by_chance / 2) / (1 - then.by_chance)
    assert found.before.mean == pytest.approx(told + (0.5 - told) * now.by_chance, abs=0.05)
    assert found.after == alone.candidate.after
    assert found.better and "the kept version" in found.verdict


@pytest.mark.parametrize("later", [[BAD], []], ids=["words", "nothing"])
def test_a_worse_order_from_another_start_is_not(
    later: list[StartTerm], judged: list[tuple[HeldOut, HeldOut]]
):
    kept, alone = proposed([GOOD]), proposed(later)
    found = proposed(later, kept).candidate
    assert not found.better and found.verdict.startswith("Not better than the kept version")
    assert_judged_as_when_it_was_kept(judged)
    assert found.before.mean > alone.candidate.after.mean + 0.03


@pytest.mark.parametrize("start", [[], [GOOD], [nested(BAD)]], ids=["nothing", "words", "a taught ranker"])
def test_photographs_are_not_read_anew_for_a_version_of_the_same_start(
    start: list[StartTerm], monkeypatch: pytest.MonkeyPatch
):
    kept = proposed(start)
    monkeypatch.setattr(proposal, "folder_of", None)
    found = proposed(start, kept).candidate
    assert not found.better
    assert found.before.mean == pytest.approx(found.after.mean, abs=1e-6)


def test_a_ranker_that_was_taught_on_since_is_another_start(judged: list[tuple[HeldOut, HeldOut]]):
    proposed([nested(BAD, by_features=0.3)], proposed([nested(BAD)]))
    assert_judged_as_when_it_was_kept(judged)


class PhraseReader(FakeModel):
    """One that reads what matters under one phrase alone."""

    def readings(self, tokens: NDArray[np.float16], phrase: str) -> Readings:
        means = tokens.astype(np.float32).mean(1)
        return Readings.of(means if phrase == "right words" else means[:, 6:])


def test_a_version_is_judged_by_what_was_read_under_its_phrase(judged: list[tuple[HeldOut, HeldOut]]):
    model = PhraseReader()
    kept = proposed([], None, model, "right words", count=60)
    found = proposed([], kept, model, "wrong words", count=60)
    assert kept.candidate.after.mean > 0.7 > found.candidate.after.mean
    assert_judged_as_when_it_was_kept(judged)
    assert not found.candidate.better


def test_a_tuned_version_is_taught_anew_under_its_phrase(judged: list[tuple[HeldOut, HeldOut]]):
    model = TunableModel()
    kept = proposed([], None, model, "its phrase", count=120)
    assert kept.candidate.better and kept.ranker.tuned
    proposed([], kept, model, "some other words", count=120)
    assert_judged_as_when_it_was_kept(judged)


class Forgetful(FakeModel):
    """One that makes nothing of a photograph under the phrase of old; but a ranker need not look at it."""

    def readings(self, tokens: NDArray[np.float16], phrase: str) -> Readings:
        means = tokens.astype(np.float32).mean(1)
        is_first = (tokens == TOKENS[0]).all((1, 2))
        means[is_first & (phrase == "of old")] = np.nan
        return Readings.of(means)


def test_a_version_that_sees_nothing_of_a_photograph_is_told_and_the_start_compared_with():
    model = Forgetful()
    whole = proposed([GOOD], None, model)
    none = np.zeros(0, np.float32)
    kept = replace(whole, ranker=TaughtRanker("of old", (GOOD,), 1.0, none, none))
    events: list[object] = []
    found = proposed([], kept, model, events=events).candidate
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert notice.text.startswith("The version in use gives no number for some of these photographs.")
    assert notice.text.endswith("compared with the start instead.")
    assert found.before.mean == 0.5
