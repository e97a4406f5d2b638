"""From labels to a candidate, for all sorts of label sets."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from imagesorter.errors import TeachingError
from imagesorter.events import CurvePoint, Notice, Progress
from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.proposal import Proposal, propose
from imagesorter.training.pairs.taught import TaughtRanker

from .pupils import FakeModel, TunableModel, answered, classroom_of, key_of, to_end, tokens_of

TOKENS = tokens_of(60)
TRUTH = TOKENS.astype(np.float64).mean(1) @ np.r_[2.0, -1.0, np.zeros(10)]


def read(keys):
    return TOKENS[[int.from_bytes(key, "big") for key in keys]]


def proposed(labels, ratings=(), start=None, kept=None, events=None) -> Proposal:
    classroom = classroom_of(TOKENS, start)
    classroom.update(labels, list(ratings))
    rows = {file_id: row for row, file_id in enumerate(range(100, 160))}
    generator = propose("x", classroom, FakeModel(), "fake", read, kept, rows)
    return to_end(generator, events)


def some_answers(count: int, *, wrong: float = 0.0, seed: int = 0) -> list[Label]:
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(60, 2, replace=False) for _ in range(count)]
    truth = [TRUTH if rng.random() >= wrong else -TRUTH for _ in pairs]
    return [
        answered(t, key_of(int(i)), key_of(int(j)), number)
        for number, (t, (i, j)) in enumerate(zip(truth, pairs, strict=True), 1)
    ]


def correlation(proposal: Proposal) -> float:
    after = proposal.candidate.order_after
    return float(np.corrcoef(after.scores, TRUTH[after.file_ids - 100])[0, 1])


def test_answers_make_an_order_that_is_offered():
    events: list[object] = []
    proposal = proposed(some_answers(60), events=events)
    candidate = proposal.candidate
    assert candidate.better and candidate.method == "ridge"
    assert candidate.after.low > 0.6 > candidate.before.mean == 0.5
    assert correlation(proposal) > 0.8
    assert f"{100 * candidate.after.mean:.0f} %" in candidate.verdict
    assert candidate.verdict.startswith("Better" if candidate.surely else "Probably better")
    curve = [event for event in events if isinstance(event, CurvePoint)]
    assert [point.at for point in curve] == sorted(point.at for point in curve)
    assert curve[-1].at == 60
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total


def test_the_ranker_scores_as_the_candidate_shows():
    proposal = proposed(some_answers(40), start="abc")
    after = proposal.candidate.order_after
    scores = proposal.ranker.score(FakeModel(), TOKENS)
    np.testing.assert_array_equal(scores[after.file_ids - 100], after.scores)
    one_by_one = [proposal.ranker.score(FakeModel(), TOKENS[i : i + 1])[0] for i in range(60)]
    np.testing.assert_array_equal(scores, one_by_one)
    assert scores.std() == pytest.approx(1, abs=0.01)


def test_the_same_labels_give_the_same_ranker():
    first, second = proposed(some_answers(40, wrong=0.1)), proposed(some_answers(40, wrong=0.1))
    assert first.ranker.to_bytes() == second.ranker.to_bytes()
    assert first.candidate.after == second.candidate.after


def test_a_start_that_is_right_is_not_made_worse():
    start = "a"  # this model's order by channel 1
    right = FakeModel().score(TOKENS, start).astype(np.float64)
    found = []
    for wrong in (0.0, 0.2):
        rng = np.random.default_rng(1)
        for count in (10, 40, 100):
            labels = []
            for number in range(count):
                i, j = rng.choice(60, 2, replace=False)
                truth = right if rng.random() >= wrong else -right
                labels.append(answered(truth, key_of(int(i)), key_of(int(j)), number + 1))
            candidate = proposed(labels, start=start).candidate
            before, after = (
                np.corrcoef(order.scores, right[order.file_ids - 100])[0, 1]
                for order in (candidate.order_before, candidate.order_after)
            )
            assert before == pytest.approx(1)
            assert not candidate.better or after > before - 0.01, "what is offered is as right"
            assert after > 0.9, "and what is not is no other order"
            found.append(candidate)
    assert len(found) == 6
    assert all(candidate.known for candidate in found), "each could have been offered"


def test_a_wrong_start_is_left():
    proposal = proposed(some_answers(80), start="abcdef")
    assert proposal.candidate.better
    assert correlation(proposal) > 0.8
    assert proposal.candidate.moves, "and it shows what moves"
    assert len(proposal.candidate.moves) <= 24


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        ([Label(key_of(0), key_of(1), "left", "chosen", 0, 1)], "One pair says too little"),
        ([Label(key_of(i), key_of(i + 1), "tie", "chosen", 0, i + 1) for i in range(30)], "ties"),
        (
            [
                Label(key_of(i), key_of(i + 1), answer, "chosen", 0, 2 * i + k)
                for i in range(30)
                for k, answer in enumerate(("left", "right"))
            ],
            "[Nn]ot (surely )?better",
        ),
    ],
    ids=["one answer", "only ties", "contradictions"],
)
def test_what_teaches_nothing_is_not_offered(labels, verdict: str):
    candidate = proposed(labels).candidate
    assert not candidate.better
    assert re.search(verdict, candidate.verdict)


def test_chance_is_seldom_offered():
    rng = np.random.default_rng(0)
    offered = 0
    for seed in range(12):
        pairs = [np.random.default_rng((seed, k)).choice(60, 2, replace=False) for k in range(30)]
        labels = [answered(rng.standard_normal(60), key_of(int(i)), key_of(int(j)), k + 1)
                  for k, (i, j) in enumerate(pairs)]  # fmt: skip
        offered += proposed(labels).candidate.better
    assert offered <= 3


def test_no_labels_are_told():
    with pytest.raises(TeachingError, match="no labels"):
        proposed([])
    elsewhere = [Label(key_of(900), key_of(901), "left", "chosen", 0, 1)]
    with pytest.raises(TeachingError, match="1 are of photographs that are not open"):
        proposed(elsewhere)


def test_two_names_of_one_photograph_teach_nothing():
    with pytest.raises(TeachingError, match="no labels"):
        proposed([Label(key_of(3), key_of(3), "left", "chosen", 0, 1)])


def test_ratings_and_marks_teach():
    found = []
    for first in (0, 10, 20):  # one draw of pairs alone may be an unlucky one
        ratings = [Rating(key_of(i), float(TRUTH[i]), "rating") for i in range(first, first + 30)]
        found.append(correlation(proposed([], ratings)))
    assert np.mean(found) > 0.9 and min(found) > 0.8
    by_value = np.argsort(TRUTH)
    marks = [Rating(key_of(int(i)), 0.0, "mark") for i in by_value[:8]]
    marks += [Rating(key_of(int(i)), 1.0, "mark") for i in by_value[-8:]]
    assert correlation(proposed([], marks)) > 0.7


def test_a_kept_version_is_what_the_next_has_to_beat():
    first = proposed(some_answers(60))
    kept = (FakeModel.id, first.facts, first.ranker)
    same = proposed(some_answers(60), kept=kept).candidate
    assert not same.better, "nothing was learned since"
    assert same.before.mean == pytest.approx(same.after.mean, abs=0.02)
    stranger = ("another-model", first.facts, first.ranker)
    assert proposed(some_answers(60), kept=stranger).candidate.before.mean == 0.5


@pytest.mark.parametrize("model", [FakeModel(), TunableModel()], ids=["ridge", "tuned heads"])
def test_cancelling_a_fit_anywhere_leaves_all_as_it_was(model: FakeModel):
    classroom = classroom_of(TOKENS, None, model)
    classroom.update(some_answers(40), [])
    rows = {row: row for row in range(60)}
    kept = to_end(propose("x", classroom, model, "fake", read, None, rows))
    version = (model.id, kept.facts, kept.ranker)

    def fitting() -> Generator[object, None, Proposal]:
        return propose("x", classroom, model, "fake", read, version, rows)

    def state() -> tuple[object, ...]:
        arrays = (classroom.folder.features, classroom.posterior.mean, classroom.plan.outcomes, TOKENS)
        return *(array.tobytes() for array in arrays), classroom.next_pair(), kept.ranker.to_bytes()

    events: list[object] = []
    undisturbed, before = to_end(fitting(), events), state()
    for steps in (1, len(events) // 3, len(events) * 2 // 3, len(events)):
        running = fitting()
        for _ in range(steps):
            next(running)
        running.close()
        assert state() == before
    after = to_end(fitting())
    assert after.ranker.to_bytes() == undisturbed.ranker.to_bytes()
    assert (after.candidate.before, after.candidate.after) == (
        undisturbed.candidate.before,
        undisturbed.candidate.after,
    )


def test_a_fit_can_be_left_while_photographs_are_scored(monkeypatch: pytest.MonkeyPatch):
    """Those of a few at a time, for the new order and for the one in use: thousands take seconds."""
    monkeypatch.setattr("imagesorter.training.pairs.proposal._IMAGES_PER_STEP", 8)
    classroom = classroom_of(TOKENS)
    classroom.update(some_answers(40), [])
    first = proposed(some_answers(12))
    done: list[object] = []

    def reading(keys: Sequence[bytes]) -> NDArray[np.float16]:
        done.append(len(keys))
        return read(keys)

    version = (FakeModel.id, first.facts, first.ranker)
    to_end(propose("x", classroom, FakeModel(), "fake", reading, version, {}), done)
    steps = [(8, Progress("fit", 8 * k, 60)) for k in range(1, 8)] + [(4, Progress("fit", 60, 60))]
    expected = [event for step in steps * 2 for event in step]
    assert done[-len(expected) :] == expected, "it reads, and yields, by turns"


@pytest.mark.parametrize(
    ("width", "scale", "reason"), [(5, 1.0, "another model"), (24, np.nan, "no number for some")]
)
def test_a_kept_version_that_cannot_score_is_told_and_the_start_compared_with(
    width: int, scale: float, reason: str
):
    weights = np.full(width, scale, np.float32)
    ranker = TaughtRanker("x", (), 0.0, np.zeros(width, np.float32), weights)
    alone = proposed(some_answers(40))
    events: list[object] = []
    proposal = proposed(some_answers(40), kept=(FakeModel.id, alone.facts, ranker), events=events)
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert reason in notice.text and "bring back another version" in notice.text
    assert notice.text.endswith("compared with the start instead.")
    assert proposal.candidate.better and "the start" in proposal.candidate.verdict
    assert proposal.candidate.before == alone.candidate.before
