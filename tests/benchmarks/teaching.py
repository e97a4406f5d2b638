"""Teaching by pairs: how much a pair teaches, how honest the accuracy is, and how long it takes.

Simulated labellers answer by the sets' own labels, a share of them wrongly; orders are judged on images that
no pair shows. Every set is the folder of photographs that has a `labels.csv`. The bundled model was taught
these labels: the images judged are those that its training left out (`bank.held_out`), for wishes and
planted axes a third of all. Each labelled set is taught twice: from the model's own order, and under a name
that it does not know, from nothing; so are wishes, see `wishes`. Sets of which training left out enough
are taught and judged by these alone, too, as somebody's own photographs would be. Two axes are planted: a
random weight for each standardised feature, and, harder than what people ask for, for each of the principal
directions, made halfway equally wide (the "even axis").
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from imagesorter.answers import Estimate
from imagesorter.library.decode import decode
from imagesorter.library.files import ImageFile
from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.pairs.classroom import Classroom, read_folder
from imagesorter.training.pairs.evidence import fit_prior
from imagesorter.training.pairs.fitting import fit
from imagesorter.training.pairs.folder import Folder
from imagesorter.training.pairs.judging import compared, of_scores, ridge_held_out
from imagesorter.training.pairs.labels import Label, Rating
from imagesorter.training.pairs.preference import Posterior
from imagesorter.training.pairs.proposal import is_better
from imagesorter.training.pairs.taught import StartTerm
from imagesorter.training.pairs.taught_features import describe
from imagesorter.training.pocket.bank import held_out
from tests.benchmarks.context import Context
from tests.benchmarks.photographs import jpegs
from tests.benchmarks.report import Table, verdict
from tests.benchmarks.wishes import captions, wishes

COUNTS = (10, 20, 50, 100, 120, 200, 500)
WRONG = (0.0, 0.1, 0.2)
SEEDS = 5
COVERAGE_RUNS = 200
LABELLED = (
    ("savoias", "visual complexity", True),
    ("crowd", "number of people", False),
    ("bccd", "number of red blood cells", False),
    ("coco", "number of objects", False),
)
"""Folder, attribute, and whether each of its subfolders is a set of its own."""

_UNKNOWN = "my own order"
"""A name that says nothing to the model."""

_PLANTED = 600
_LEFT_OUT = 0.3
_ENOUGH = 30
"""Photographs that training left out, to teach by some and be judged by the others."""
_RATINGS = 40
_FLIPPED = 70
"""Runs with answers by coin flips."""


AxisKind = Literal["even axis", "planted axis"]

Kind = (
    Literal[
        "from its own order",
        "from nothing",
        "left out, from its own order",
        "left out, from nothing",
        "wish",
    ]
    | AxisKind
)


@dataclass(frozen=True)
class Set:
    """Images with a true value each: keys by number, tokens (N, T, D), values (N,), and which of them the
    model's own training left out, (N,) bool; all False where it knew none of the values."""

    kind: Kind
    name: str
    attribute: str
    tokens: NDArray[np.float16]
    values: NDArray[np.float64]
    unseen: NDArray[np.bool_]

    @property
    def title(self) -> str:
        return f"{self.name}, {self.unseen.sum()}" if self.unseen.any() else self.name


def measure(context: Context) -> Table:
    model = Ranker(read_manifest(bundled_models() / "pocket"), "cpu")
    sets = list(_sets(model, context))
    columns = ("set", "wrong", "pairs", "start", *(str(count) for count in COUNTS), "all labels",
               "our 50 ≥ random 120", "our 100 ≥ .9 of all")  # fmt: skip
    table = Table("Teaching, Spearman on left-out images, mean of the seeds", columns)
    seeds = context.count(SEEDS, 1)
    ratios: dict[Kind, list[tuple[float, float, float, float]]] = {}
    for one in sets:
        for wrong in WRONG:
            curves = np.array([_curves(model, one, wrong, seed) for seed in range(seeds)]).mean(0)
            start = f"{_start(model, one):.3f}"
            ours, drawn, whole = curves[0, :-1], curves[1, :-1], curves[0, -1]
            at = {count: place for place, count in enumerate(COUNTS)}
            ratios.setdefault(one.kind, []).append((ours[at[50]], drawn[at[120]], ours[at[100]], whole))
            table.rows.append(
                (one.title, f"{wrong:.0%}", "ours", start, *_cells(ours), f"{whole:.3f}",
                 verdict(ours[at[50]] >= drawn[at[120]]), verdict(ours[at[100]] >= 0.9 * whole))
            )  # fmt: skip
            table.rows.append((one.title, f"{wrong:.0%}", "random", start, *_cells(drawn), "", "", ""))
            print(" ".join(table.rows[-2]), "|", " ".join(table.rows[-1]), file=sys.stderr, flush=True)
    for kind, some in ratios.items():
        means = [fmean(column) for column in zip(*some, strict=True)]
        table.rows.append(
            (f"mean, {kind}", "", "", "", "", "", f"{means[0]:.3f}", f"{means[2]:.3f}",
             f"random {means[1]:.3f}", "", "", f"{means[3]:.3f}", verdict(means[0] >= means[1]),
             verdict(means[2] >= 0.9 * means[3]))
        )  # fmt: skip
    many = [one for one in sets if len(one.values) >= 400 and one.kind != "from nothing"]
    table.notes = [
        "A set's number is that of its images judged. “All labels” is the same method on ten pairs for each "
        "image to teach with, none of them wrong.",
        _right_start(sets[-1], model, seeds),
        _coverage(many, model, context.count(COVERAGE_RUNS)),
        _by_coin_flips(many, model, context.count(_FLIPPED)),
        *(
            _times(model, max(some, key=lambda one: len(one.values)))
            for some in (sets, [one for one in sets if one.kind == "wish"])
            if some
        ),
    ]
    return table


def _start(model: Ranker, one: Set) -> float:
    """Spearman of what the model says of the attribute itself; 0 where it has not learned it."""
    if model.manifest.unlearned(one.attribute):
        return 0.0
    rows = np.flatnonzero(one.unseen) if one.unseen.any() else np.arange(len(one.values))
    return float(spearmanr(model.score(one.tokens[rows], one.attribute), one.values[rows]).statistic)


def _cells(values: NDArray[np.float64]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def _sets(model: Ranker, context: Context) -> Iterator[Set]:
    for folder, attribute, by_folder in LABELLED:
        path = context.photos / folder / "labels.csv"
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["attribute"] == attribute]
        groups = sorted({Path(row["file"]).parent.name for row in rows}) if by_folder else [""]
        for group in groups:
            some = [row for row in rows if not by_folder or Path(row["file"]).parent.name == group]
            tokens = _tokens(model, [path.parent / row["file"] for row in some])
            values = np.array([float(row["value"]) for row in some])
            unseen = np.array([held_out(f"{folder}/{row['file']}") for row in some])
            name = f"{folder} {group}".strip()
            yield Set("from its own order", name, attribute, tokens, values, unseen)
            yield Set("from nothing", f"{name}, from nothing", _UNKNOWN, tokens, values, unseen)
            if unseen.sum() >= _ENOUGH:
                alone = tokens[unseen], values[unseen], np.zeros(unseen.sum(), np.bool_)
                yield Set("left out, from its own order", f"{name}, left out", attribute, *alone)
                yield Set("left out, from nothing", f"{name}, left out, from nothing", _UNKNOWN, *alone)
    captioned = captions(context.photos)
    if captioned:
        tokens = _tokens(model, list(captioned))
        for name, values in wishes(captioned).items():
            yield Set("wish", f"wish: {name}", _UNKNOWN, tokens, values, np.zeros(len(values), np.bool_))
    tokens = axis_tokens(model, context)
    none = np.zeros(len(tokens), np.bool_)
    for name, features in axis_features(model, tokens).items():
        yield Set(name, name, "planted", tokens, planted(features), none)


def axis_tokens(model: Ranker, context: Context) -> NDArray[np.float16]:
    """(N, T, D) of the photographs that axes are planted in."""
    return _tokens(model, jpegs(context.photos)[: context.count(_PLANTED)])


def axis_features(model: Ranker, tokens: NDArray[np.float16]) -> dict[AxisKind, NDArray[np.float64]]:
    """Features (N, ·) of each planted axis, every one of which is given a random weight."""
    folder = _folder(model, tokens, "planted")
    narrow = folder.features[:, 1 : 1 + len(folder.basis.blocks)]
    even = narrow / np.sqrt(narrow.std(0))
    features = np.concatenate(describe(model, tokens, "planted").blocks, 1).astype(np.float64)
    deviation = features.std(0)
    varies = deviation > 1e-6 * deviation.max()
    return {"even axis": even, "planted axis": (features - features.mean(0))[:, varies] / deviation[varies]}


def planted(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values along a direction drawn at random: features (N, F) → (N,)."""
    return features @ np.random.default_rng(0).standard_normal(features.shape[1])


def _tokens(model: Ranker, paths: Sequence[Path]) -> NDArray[np.float16]:
    parts = []
    for begin in range(0, len(paths), model.batch_size):
        some = paths[begin : begin + model.batch_size]
        parts.append(
            model.encode(np.stack([model.preprocess(decode(p, min_side=model.min_side).image) for p in some]))
        )
    return np.concatenate(parts)


def _folder(model: Ranker, tokens: NDArray[np.float16], phrase: str) -> Folder:
    return _to_end(
        read_folder(
            model,
            {_key(number): ImageFile(Path(str(number)), 0, 0) for number in range(len(tokens))},
            lambda keys: (tokens[[int.from_bytes(key, "big") for key in keys]], np.ones(len(keys), np.bool_)),
            () if model.manifest.unlearned(phrase) else (StartTerm(1.0, phrase),),
            phrase,
        )
    )[1]


def _key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _to_end(generator):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(generator)
        except StopIteration as stopped:
            return stopped.value


class _Labeller:
    """Answers by the true values, a share of them wrongly."""

    def __init__(self, values: NDArray[np.float64], wrong: float, seed: int) -> None:
        self._values = values
        self._wrong = wrong
        self._rng = np.random.default_rng((seed, 1))

    def __call__(self, left: bytes, right: bytes, source: str) -> Label:
        i, j = (int.from_bytes(key, "big") for key in (left, right))
        if self._values[i] == self._values[j]:
            return Label(left, right, "tie", source)  # type: ignore[arg-type]
        is_left = (self._values[i] > self._values[j]) != (self._rng.random() < self._wrong)
        return Label(left, right, "left" if is_left else "right", source)  # type: ignore[arg-type]


def split(unseen: NDArray[np.bool_], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to teach by, and to judge by: those of `Set.unseen`, or 30 % where it has none."""
    order = np.random.default_rng((seed, 2)).permutation(len(unseen))
    if unseen.any():
        return order[~unseen[order]], order[unseen[order]]
    kept = round((1 - _LEFT_OUT) * len(order))
    return order[:kept], order[kept:]


def _curves(model: Ranker, one: Set, wrong: float, seed: int) -> list[list[float]]:
    """Spearman on left-out images by number of pairs, ours and random, each with that of all labels."""
    taught, judged = split(one.unseen, seed)
    values = one.values[taught]
    folder = _folder(model, one.tokens[taught], one.attribute)
    judge = _judge(model, folder, one, judged)
    rng = np.random.default_rng((seed, 3))

    def drawn(classroom: Classroom) -> tuple[bytes, bytes, str] | None:
        i, j = rng.choice(len(values), 2, replace=False)
        return _key(int(i)), _key(int(j)), "random"

    curves = []
    for choose in (Classroom.next_pair, drawn):
        found = {len(c.plan): judge(c) for c in _lesson(folder, _Labeller(values, wrong, seed), choose, seed)}
        curves.append([found.get(count, max(found.items())[1]) for count in COUNTS])
    pairs = [rng.choice(len(values), 2, replace=False) for _ in range(10 * len(values))]
    classroom = _classroom(folder, seed)
    truth = _Labeller(values, 0.0, seed)
    classroom.update([truth(_key(int(i)), _key(int(j)), "random") for i, j in pairs], [])
    return [[*curve, judge(classroom)] for curve in curves]


def _classroom(folder: Folder, seed: int) -> Classroom:
    return Classroom([_key(number) for number in range(len(folder.features))], folder, seed)


def _lesson(
    folder: Folder,
    answer: _Labeller,
    choose: Callable[[Classroom], tuple[bytes, bytes, str] | None],
    seed: int,
) -> Iterator[Classroom]:
    """The classroom at each of `COUNTS` answers, while there are pairs to ask."""
    classroom = _classroom(folder, seed)
    labels: list[Label] = []
    while len(labels) < COUNTS[-1] and (pair := choose(classroom)):
        labels.append(answer(*pair))
        if choose is Classroom.next_pair or len(labels) in COUNTS:
            classroom.update(labels, [])
        if len(labels) in COUNTS:
            yield classroom


def _directions(model: Ranker, folder: Folder, tokens: NDArray[np.float16]) -> NDArray[np.float64]:
    """Features of images that the folder does not hold, (N, 1 + K + C)."""
    features = describe(model, tokens, folder.phrase).features[:, : len(folder.basis.mean)]
    start = folder.start_scale * sum(
        (term.score(model, tokens) for term in folder.start), np.zeros(len(tokens))
    )
    return np.column_stack([start, folder.basis.apply(features)])


def _judge(model: Ranker, folder: Folder, one: Set, judged: NDArray[np.intp]) -> Callable[[Classroom], float]:
    directions = _directions(model, folder, one.tokens[judged])

    def spearman(classroom: Classroom) -> float:
        whole = fit_prior(folder.comparisons(classroom.plan), folder.start_weight)
        scores = directions @ whole.mean
        return float(spearmanr(scores, one.values[judged]).statistic) if np.ptp(scores) else 0.0

    return spearman


def _right_start(planted: Set, model: Ranker, seeds: int) -> str:
    """How much a start that is right loses to a candidate that is offered."""
    plain = _folder(model, planted.tokens, planted.attribute)
    scale = 1 / (np.sqrt(2) * planted.values.std())
    features = np.column_stack([planted.values * scale, plain.features[:, 1:]])
    folder = Folder(features, plain.basis, scale, plain.start, plain.phrase)
    worst, raw, offered = 0.0, 0.0, 0
    for wrong in WRONG:
        for seed in range(seeds):
            for classroom in _lesson(
                folder, _Labeller(planted.values, wrong, seed), Classroom.next_pair, seed
            ):
                if len(classroom.plan) > 200:
                    continue
                posterior = fit_prior(folder.comparisons(classroom.plan), folder.start_weight)
                loss = 1 - float(spearmanr(features @ posterior.mean, planted.values).statistic)
                raw = max(raw, loss)
                if _is_offered(folder, classroom, posterior):
                    offered, worst = offered + 1, max(worst, loss)
    return (
        f"A start that already is right, 10 to 200 pairs: the worst offered candidate of {offered} loses "
        f"{worst:.3f}, the worst one whether offered or not {raw:.3f} ({verdict(worst <= 0.01)}: ≤ .01)."
    )


def _is_offered(folder: Folder, classroom: Classroom, posterior: Posterior) -> bool:
    plan = classroom.plan
    before, after = of_scores(folder.features[:, 0], plan), ridge_held_out(folder, plan, posterior)
    return is_better(before, after, compared(before, after, plan), plan)


def _coverage(sets: Sequence[Set], model: Ranker, runs: int) -> str:
    """How often the intervals shown cover the true accuracy on images without an answer, of the order and of
    the start, and whether the gain is told as it is. Where the model says nothing of the attribute, two runs
    of three have a start that is drawn."""
    if not sets:
        return "No set is large enough to see how often the interval covers the truth."
    found: dict[str, list[tuple[Estimate, float]]] = {}
    gains: dict[int, list[float]] = {}
    for run in range(runs):
        one, wrong = sets[run % len(sets)], WRONG[run // len(sets) % len(WRONG)]
        rng = np.random.default_rng((run, 4))
        order = rng.permutation(len(one.values))
        taught, judged = order[: len(order) // 2], order[len(order) // 2 :]
        values = one.values + rng.choice([0.0, 0.5, 1.5]) * one.values.std() * rng.standard_normal(
            len(one.values)
        )
        folder = _folder(model, one.tokens[taught], one.attribute)
        directions = _directions(model, folder, one.tokens[judged])
        if not folder.start and (share := rng.choice([0.0, 0.5, 0.8])):
            believed = _believed(values, share, rng)
            folder = replace(
                folder, features=np.column_stack([believed[taught], folder.features[:, 1:]]), start_scale=1.0
            )
            directions[:, 0] = believed[judged]
        true = _TrueAccuracy(directions, values[judged], rng)
        classroom, labels = _classroom(folder, run), []
        answer = _Labeller(values[taught], wrong, run)
        for count in range(1, 101):
            pair = classroom.next_pair()
            assert pair is not None
            labels.append(answer(*pair))
            classroom.update(labels, [])
            if count in (20, 50, 100):
                shown = classroom.standing().accuracy
                if shown is None:
                    continue  # nearly all are ties
                now = true.of(classroom, wrong)
                found.setdefault(f"{count} pairs", []).append((shown, now))
                if not folder.start_scale:
                    continue
                start = true.of(directions[:, 0], wrong)
                before, after = compared(
                    of_scores(folder.features[:, 0], classroom.plan),
                    ridge_held_out(folder, classroom.plan, classroom.posterior),
                    classroom.plan,
                )
                found.setdefault(f"{count} pairs, of the start", []).append((before, start))
                gains.setdefault(count, []).append(after.mean - before.mean - (now - start))
        rated = rng.choice(len(taught), _RATINGS, replace=False).tolist()
        classroom.update(
            [], [Rating(_key(i), values[taught][i], "rating", n) for n, i in enumerate(rated, 1)]
        )
        shown = classroom.standing().accuracy
        assert shown is not None
        found.setdefault(f"{_RATINGS} ratings", []).append((shown, true.of(classroom, 0.0)))
    parts = []
    for lesson, cases in found.items():
        covered = fmean(shown.low <= true <= shown.high for shown, true in cases)
        error = fmean(shown.mean - true for shown, true in cases)
        parts.append(f"{covered:.0%} of {len(cases)} after {lesson} (mean error {error:+.3f})")
    told = ", ".join(f"{fmean(errors):+.3f} after {count}" for count, errors in gains.items())
    return (
        f"The interval of 90 % covers the true accuracy in {runs} runs: {', '.join(parts)}. What an order "
        f"gains on the start is told wrong by a mean of {told} pairs."
    )


def _by_coin_flips(sets: Sequence[Set], model: Ranker, runs: int) -> str:
    """What is shown to somebody who answers by coin flips, and how often a candidate is offered to them."""
    if not sets:
        return "No set is large enough to be answered by coin flips."
    shown: dict[int, list[Estimate]] = {}
    offered: dict[int, list[bool]] = {}
    for run in range(runs):
        one = sets[run % len(sets)]
        taught = np.random.default_rng((run, 5)).permutation(len(one.values))[: len(one.values) // 2]
        folder = _folder(model, one.tokens[taught], one.attribute)
        for classroom in _lesson(folder, _Labeller(one.values[taught], 0.5, run), Classroom.next_pair, run):
            count = len(classroom.plan)
            if count > 100:
                break
            if (estimate := classroom.standing().accuracy) is not None:
                shown.setdefault(count, []).append(estimate)
                offered.setdefault(count, []).append(_is_offered(folder, classroom, classroom.posterior))
    parts = [
        f"{fmean(one.mean for one in some):.3f} after {count} (the interval reaches 50 % in "
        f"{fmean(one.low <= 0.5 for one in some):.0%} of {len(some)} runs, a candidate is offered in "
        f"{fmean(offered[count]):.0%})"
        for count, some in shown.items()
    ]
    return f"Of answers by coin flips it is shown that they are right: {', '.join(parts)}."


def _believed(values: NDArray[np.float64], share: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A start's scores (N,) of some correlation with the values, of the size that a folder's have."""
    believed = share * values / values.std() + np.sqrt(1 - share**2) * rng.standard_normal(len(values))
    scores: NDArray[np.float64] = believed / (np.sqrt(2) * believed.std())
    return scores


class _TrueAccuracy:
    """The share of pairs of images that were not taught that an order has right."""

    def __init__(
        self, directions: NDArray[np.float64], values: NDArray[np.float64], rng: np.random.Generator
    ) -> None:
        left, right = rng.integers(len(values), size=(2, 8000))
        differ = values[left] != values[right]
        self._directions, self._left, self._right = directions, left[differ], right[differ]
        self._truth = np.sign(values[self._left] - values[self._right])

    def of(self, order: Classroom | NDArray[np.float64], wrong: float) -> float:
        """As somebody sees it who answers `wrong` so often."""
        scores = self._directions @ order.posterior.mean if isinstance(order, Classroom) else order
        right = float(np.mean((scores[self._left] - scores[self._right]) * self._truth > 0))
        return (1 - wrong) * right + wrong * (1 - right)


def _times(model: Ranker, one: Set) -> str:
    """Seconds of a fit, of choosing among 10,000 images, and of taking an answer in."""
    seconds = {}
    for count in (100, 500):
        folder = _folder(model, one.tokens, one.attribute)
        classroom = _classroom(folder, 0)
        rng = np.random.default_rng(0)
        answer = _Labeller(one.values, 0.1, 0)
        pairs = [rng.choice(len(one.values), 2, replace=False) for _ in range(count)]
        labels = [answer(_key(int(i)), _key(int(j)), "random") for i, j in pairs]
        classroom.update(labels, [])
        start = time.perf_counter()
        _to_end(fit(folder, classroom.plan, model, lambda rows: one.tokens[list(rows)]))
        seconds[count] = time.perf_counter() - start
    many = np.random.default_rng(0).integers(len(one.tokens), size=10_000)
    folder = _folder(model, one.tokens[many], one.attribute)
    classroom = _classroom(folder, 0)
    answer, labels = _Labeller(one.values[many], 0.1, 0), []
    asked, taken = [], []
    for _ in range(60):
        start = time.perf_counter()
        pair = classroom.next_pair()
        asked.append(time.perf_counter() - start)
        assert pair is not None
        start = time.perf_counter()
        labels.append(answer(*pair))
        classroom.update(labels, [])
        classroom.standing()
        taken.append(time.perf_counter() - start)
    return (
        f"On {one.title}, a fit takes {seconds[100]:.1f} s on 100 pairs (aim 5) and {seconds[500]:.1f} s on "
        f"500 (aim 30); among 10,000 images the next pair takes {1000 * np.median(asked):.0f} ms "
        f"(worst {1000 * max(asked):.0f}, aim 50), an answer {1000 * np.median(taken):.0f} ms "
        f"(worst {1000 * max(taken):.0f}, aim 100)."
    )
