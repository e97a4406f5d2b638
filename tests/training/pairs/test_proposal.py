"""What a candidate has to beat: kept versions of every method, and what they really learned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from imagesorter.answers import Estimate, Version
from imagesorter.errors import TeachingError
from imagesorter.events import CurvePoint, Progress
from imagesorter.training.pairs import fitting, tuning
from imagesorter.training.pairs.folder import pairs_at_random
from imagesorter.training.pairs.held_out import sure_margins
from imagesorter.training.pairs.judging import ridge_held_out
from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.proposal import Kept, Proposal, _passed_over, propose
from imagesorter.training.pairs.versions import Facts, facts_of

from .pupils import FakeModel, TunableModel, answered, classroom_of, key_of, to_end, tokens_of

COUNT = 120
TOKENS = tokens_of(COUNT)
TRUTH = TOKENS.astype(np.float64).mean(1) @ np.r_[2.0, -1.0, 1.0, np.zeros(9)]
TUNABLE = TunableModel()


def read(keys: Sequence[bytes]):
    return TOKENS[[int.from_bytes(key, "big") for key in keys]]


def proposed(
    labels: Sequence[Label],
    ratings: Sequence[Rating] = (),
    kept: Proposal | None = None,
    model: FakeModel | None = None,
    events: list[object] | None = None,
) -> Proposal:
    model = model or FakeModel()
    classroom = classroom_of(TOKENS, None, model)
    classroom.update(labels, ratings)
    version: Kept | None = (model.id, kept.facts, kept.ranker) if kept else None
    rows = {row: row for row in range(COUNT)}
    return to_end(propose("x", classroom, model, "fake", read, version, rows), events)


def answers(count: int, photographs: range = range(COUNT), first_id: int = 1, seed: int = 0) -> list[Label]:
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(photographs, 2, replace=False) for _ in range(count)]
    return [answered(TRUTH, key_of(int(i)), key_of(int(j)), first_id + k) for k, (i, j) in enumerate(pairs)]


def ratings(photographs: range, first_id: int = 1) -> list[Rating]:
    return [
        Rating(key_of(k), float(TRUTH[k]), "rating", number) for number, k in enumerate(photographs, first_id)
    ]


def marks(best: int, first_id: int = 1) -> list[Rating]:
    """As many of the best and of the worst."""
    order = [int(k) for k in np.argsort(TRUTH)]
    values = [(k, 0.0) for k in order[:best]] + [(k, 1.0) for k in order[-best:]]
    return [Rating(key_of(k), value, "mark", number) for number, (k, value) in enumerate(values, first_id)]


def with_facts(proposal: Proposal, **changes: object) -> Proposal:
    return replace(proposal, facts=replace(proposal.facts, **changes))


def test_ratings_that_came_later_are_nothing_a_version_has_learned():
    few = proposed(answers(12))
    more = proposed(answers(12), ratings(range(100)), few).candidate
    assert more.better, more.verdict
    assert more.before.mean < few.candidate.after.high < more.after.mean


def test_marks_that_came_later_are_nothing_a_version_has_learned():
    """Beside so few answers both orders are judged by them, and by their likelihood."""
    few = proposed(answers(12))
    more = proposed(answers(12), marks(15), few).candidate
    assert more.better, more.verdict
    assert more.before.of_marks and more.after.of_marks


def test_marks_and_ratings_that_a_version_was_taught_by_are_no_test_of_it():
    for taught in (ratings(range(60)), marks(10)):
        first = proposed([], taught)
        again = proposed([], taught, first).candidate
        assert not again.better and again.before.mean == pytest.approx(again.after.mean, abs=1e-6)


def test_a_head_that_answers_as_it_is_is_offered():
    head = TUNABLE.tuned_head("x", with_layers=False)
    with torch.inference_mode():
        own = head(head.prepare(torch.from_numpy(TOKENS).float())).double().numpy()
    rng = np.random.default_rng(1)
    pairs = [rng.choice(COUNT, 2, replace=False) for _ in range(80)]
    labels = [answered(own, key_of(int(i)), key_of(int(j)), k) for k, (i, j) in enumerate(pairs, 1)]
    candidate = proposed(labels, model=TUNABLE).candidate
    assert candidate.better and candidate.method == "head", candidate.verdict
    order = candidate.order_after
    assert spearmanr(order.scores, own[order.file_ids]).statistic > 0.95


def test_margins_of_photographs_that_were_answered_for_are_made_as_small_as_those_of_others():
    classroom = classroom_of(TOKENS, None, FakeModel())
    classroom.update(answers(150, range(40)), [])
    folder, posterior = classroom.folder, classroom.posterior
    left, right = pairs_at_random(np.arange(COUNT))
    found = ridge_held_out(folder, classroom.plan, posterior).between(left, right)
    plain = sure_margins(*posterior.margins(folder.features[left] - folder.features[right]))
    taught = np.isin(np.arange(COUNT), np.r_[classroom.plan.left, classroom.plan.right])
    known = taught[left].astype(int) + taught[right]
    np.testing.assert_allclose(found[known == 0], plain[known == 0], rtol=1e-9)
    smaller = found[known == 2] / plain[known == 2]
    assert np.ptp(smaller) < 1e-9 and 0.3 < smaller[0] < 0.97
    np.testing.assert_allclose(found[known == 1] / plain[known == 1], smaller[0] ** 0.5)


def test_ratings_are_known_one_by_one():
    first = proposed([], ratings(range(40)))
    changed = [*ratings(range(40)), *ratings(range(40, COUNT), 41)]
    more = proposed([], changed, first).candidate
    assert more.pairs > first.candidate.pairs
    assert more.before.mean < more.after.mean


def test_answers_of_photographs_that_were_closed_then_are_nothing_a_version_has_learned():
    earlier, kept = answers(200, range(60, COUNT)), answers(12, range(60), 1001)
    few = proposed(kept)
    more = proposed([*earlier, *kept], kept=few).candidate
    assert more.better, more.verdict
    later = [replace(label, id=label.id + 2000) for label in earlier]
    assert more.before.mean == pytest.approx(proposed([*kept, *later], kept=few).candidate.before.mean)


def test_a_version_kept_before_it_was_noted_what_taught_it_is_judged_by_the_last_answer():
    few = with_facts(proposed(answers(12)), learned=None)
    assert not proposed(answers(12), kept=few).candidate.better
    assert proposed(answers(212), kept=few).candidate.better
    assert not proposed(answers(12), ratings(range(100)), few).candidate.better


def test_what_was_not_compared_with_the_version_in_use_is_not_kept():
    def version(number: int, *, current: bool) -> Version:
        share = Estimate(0.5, 0.4, 0.6)
        return Version(number, 0.0, 10, "ridge", share, share, current, imported=False, fits=True)

    found = proposed(answers(40))
    assert found.candidate.better and found.rival is None
    name = found.candidate.attribute
    found.check([])
    found.check([version(1, current=False)])
    with pytest.raises(TeachingError, match=f"What is in use of “{name}” has changed.*Learn again"):
        found.check([version(1, current=True)])
    later = replace(found, rival=1)
    later.check([version(1, current=True), version(2, current=False)])
    for others in ([], [version(1, current=False), version(2, current=True)]):
        with pytest.raises(TeachingError, match=f"What is in use of “{name}” has changed.*Learn again"):
            later.check(others)
    with pytest.raises(TeachingError, match=found.candidate.verdict[:20]):
        replace(found, candidate=replace(found.candidate, better=False)).check([])


def test_what_a_share_is_of_is_kept_with_it():
    found = proposed([], marks(15))
    assert found.facts.after.of_marks and found.facts.before.of_marks
    assert "on held-out pairs of a best and a worst photograph" in found.candidate.verdict
    assert facts_of(json.loads(json.dumps(asdict(found.facts)))).after.of_marks
    assert not facts_of(json.loads(json.dumps(asdict(proposed(answers(40)).facts)))).after.of_marks


def test_labels_that_a_version_has_not_learned_are_counted_one_by_one():
    """Not the pairs that are made of them."""
    first = proposed([], ratings(range(80)))
    more = proposed([], ratings(range(84)), first)
    assert "It has learned from 4 more labels than the kept version" in more.candidate.verdict
    assert more.facts.before.mean == pytest.approx(0.5), "the start, which it is better than"
    assert more.candidate.before.mean > 0.6, "the kept version"


def test_facts_are_read_as_they_were_written_by_any_version():
    facts = proposed(answers(12, first_id=5), ratings(range(10), 3)).facts
    assert facts.learned == ((-12, -3), (5, 16)) and facts.last_label == 16
    assert facts_of(json.loads(json.dumps(asdict(facts)))) == facts
    old = {name: value for name, value in asdict(facts).items() if name != "learned"}
    assert facts_of(old) == replace(facts, learned=None)
    odd = ([[9, 2]], [[5, 6], [1, 2]], [[1, True]])
    for wrong in ([1], [[1]], [["1", 2]], [[1, 2, 3], 4], 7, [[1.5, 2]], *odd):
        with pytest.raises((ValueError, TypeError)):
            facts_of(asdict(facts) | {"learned": wrong})


def test_what_was_learned_is_looked_up_by_id():
    half = Estimate(0.5, 0.5, 0.5)
    facts = Facts("ridge", 5, 9, half, half, learned=((-4, -3), (2, 5), (9, 9)))
    assert [n for n in range(-6, 12) if facts.has_learned(n)] == [-4, -3, 2, 3, 4, 5, 9]
    assert not any(replace(facts, imported=True, learned=None).has_learned(n) for n in range(-6, 12))
    assert replace(facts, imported=True).has_learned(-4), "which came with it"
    assert not replace(facts, learned=()).has_learned(0)


@pytest.mark.parametrize("method", ["head", "layers"])
@pytest.mark.parametrize("also", [(), ratings(range(40))], ids=["answers", "ratings, too"])
def test_a_tuned_version_is_not_beaten_by_itself(
    method: str, also: Sequence[Rating], monkeypatch: pytest.MonkeyPatch
):
    if method == "layers":
        monkeypatch.setitem(tuning._RATES, "head", 0.0)  # so that the head alone learns nothing
    first = proposed(answers(150), also, model=TUNABLE)
    assert first.candidate.better and first.facts.method == method
    kept = first
    for _ in range(2):
        again = proposed(answers(150), also, kept, TUNABLE)
        np.testing.assert_array_equal(
            again.ranker.score(TUNABLE, TOKENS), first.ranker.score(TUNABLE, TOKENS)
        )
        assert not again.candidate.better and again.candidate.verdict.startswith("Not better")
        assert again.candidate.before.mean == pytest.approx(again.candidate.after.mean, abs=1e-9)
        assert again.candidate.before.mean == pytest.approx(first.candidate.after.mean, abs=1e-3)
        kept = again


@pytest.mark.parametrize(("gain", "method"), [(1.4, "ridge"), (1.6, "layers")])
def test_a_costlier_method_is_taken_where_it_is_surely_better(
    gain: float, method: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fitting, "log_gain", lambda *_: (gain, 1.0))
    assert proposed(answers(60), model=TUNABLE).facts.method == method


@pytest.mark.parametrize(("gain", "tried"), [(-1.1, {"head"}), (-0.9, {"head", "layers"})])
def test_what_takes_longest_is_not_tried_where_the_head_alone_is_surely_worse(
    gain: float, tried: set[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fitting, "log_gain", lambda *_: (gain, 1.0))
    events: list[object] = []
    assert proposed(answers(20), model=TUNABLE, events=events).facts.method == "ridge"
    assert {event.method for event in events if isinstance(event, CurvePoint)} == {"pairs", *tried}
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.done == last.total


def test_a_tuned_version_is_beaten_by_one_that_learned_much_more():
    few, many = answers(12), answers(400)
    first = proposed(few, model=TUNABLE)
    more = proposed(many, kept=first, model=TUNABLE).candidate
    assert more.better and more.before.mean < more.after.low


def turned(label: Label) -> Label:
    return replace(label, answer="right" if label.answer == "left" else "left")


def test_an_order_that_learned_a_little_more_is_offered_and_says_that_nothing_tells_which_is_better():
    first = proposed(answers(40))
    more = proposed([*answers(40), *answers(15, first_id=41, seed=1)], kept=first).candidate
    assert more.better
    assert more.verdict.startswith("Better than the start on held-out pairs: ")
    assert "learned from 15 more answers than the kept version" in more.verdict
    assert more.after.mean < more.before.mean + 0.05, "else it would be better than the kept one"


def test_a_version_that_learned_of_photographs_that_are_closed_now_is_worth_no_less():
    labels, few = answers(120, seed=2), range(30)
    first = proposed(labels)
    version = (FakeModel.id, first.facts, first.ranker)
    classroom = classroom_of(TOKENS[: len(few)], None, FakeModel())
    classroom.update([*labels, *answers(15, few, 121, seed=3)], [])
    learned = len(classroom.part(first.facts.has_learned))
    assert 5 <= learned <= 15, "of 120"
    again = to_end(propose("x", classroom, FakeModel(), "fake", read, version, {k: k for k in few}))
    candidate = again.candidate
    assert not candidate.better and candidate.before.mean > candidate.after.mean + 0.05
    assert f"learned from {120 - learned} labels that this fit lacks" in candidate.verdict


@pytest.mark.parametrize("seed", range(20))
def test_fewer_answers_than_tell_anything_do_not_outdo_a_version(seed: int):
    elsewhere, few = answers(38, range(60, COUNT)), range(60)
    first = proposed([*elsewhere, *answers(2, few, 39)])
    classroom = classroom_of(TOKENS[: len(few)], None, FakeModel())
    classroom.update([*elsewhere, *answers(2, few, 39), *answers(2, few, 41, seed=100 + seed)], [])
    version = (FakeModel.id, first.facts, first.ranker)
    candidate = to_end(
        propose("x", classroom, FakeModel(), "fake", read, version, {k: k for k in few})
    ).candidate
    assert not candidate.better and not candidate.known


def test_an_order_that_learned_no_more_is_not_offered():
    first = proposed(answers(40))
    assert not proposed(answers(40), kept=first).candidate.better


def test_an_order_that_more_answers_made_worse_is_not_offered():
    first = proposed(answers(40))
    wrong = [turned(label) for label in answers(45, first_id=41, seed=1)]
    worse = proposed([*answers(40), *wrong], kept=first).candidate
    assert not worse.better
    assert "the kept version" in worse.verdict


def test_a_tuned_version_keeps_its_own_scores_on_photographs_that_are_new_to_it():
    known, new = answers(150, range(60)), answers(150, range(60, COUNT), 151)
    first = proposed(known, model=TUNABLE)
    scores = first.ranker.score(TUNABLE, TOKENS)
    i, j = (COUNT // 2 + end for end in np.triu_indices(COUNT // 2, 1))
    truly = float(np.mean((scores[i] - scores[j]) * (TRUTH[i] - TRUTH[j]) > 0))
    for labels, kept in (([*known, *new], first), (new, first), (new, with_facts(first, imported=True))):
        before = proposed(labels, kept=kept, model=TUNABLE).candidate.before
        assert before.low < truly < before.high


def test_the_curve_is_the_candidates_alone():
    labels, curves = answers(60), []
    first = proposed(labels, model=TUNABLE)
    for kept in (None, first):
        events: list[object] = []
        proposed(labels, kept=kept, model=TUNABLE, events=events)
        curves.append([event for event in events if isinstance(event, CurvePoint)])
        last = [event for event in events if isinstance(event, Progress)][-1]
        assert last.done == last.total
    assert curves[0] == curves[1] and {point.method for point in curves[0]} >= {"pairs", "head"}


@pytest.mark.parametrize("also", [(), ratings(range(40))], ids=["answers", "ratings, too"])
def test_the_curve_and_the_result_are_one_figure(also: Sequence[Rating]):
    for model in (FakeModel(), TUNABLE):
        first = proposed(answers(30), model=model)
        for kept in (None, first):
            events: list[object] = []
            candidate = proposed(answers(60), also, kept, model, events=events).candidate
            assert candidate.method == ("head" if model is TUNABLE else "ridge")
            of = "head" if model is TUNABLE else "pairs"
            drawn = [
                event.accuracy for event in events if isinstance(event, CurvePoint) and event.method == of
            ]
            assert candidate.after.mean in drawn


def share_of(mean: float) -> Estimate:
    return Estimate(mean, mean - 0.1, mean + 0.1)


@pytest.mark.parametrize(
    ("shares", "used", "told"),
    [
        ((0.7, 0.9), 1, " Version 2, which is not in use, had 90 % when it was kept."),
        ((0.9, 0.7), None, " Version 1, which is not in use, had 90 % when it was kept."),
        ((0.9, 0.7), 2, ""),  # left behind by a later one
        ((0.7, 0.8), 1, ""),
    ],
)
def test_a_later_version_that_is_not_in_use_is_told(shares: Sequence[float], used: int | None, told: str):
    versions = [
        Version(number, 0.0, 9, "ridge", share_of(0.5), share_of(share), number == used, False, True)
        for number, share in enumerate(shares, 1)
    ]
    assert _passed_over(versions, share_of(0.8)) == told
