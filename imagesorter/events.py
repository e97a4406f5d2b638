"""What the engine's generators yield.

Plain frozen values, so that they may cross threads and processes. A file is named by its
id: its position in the list that `Engine.open` found, stable until the next `open`.
Closing a generator cancels it; what it has done so far is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from imagesorter.answers import Answerer, Estimate, Standing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Stage = Literal[
    "scan",
    "model",
    "index",
    "rank",
    "import",
    "tokens",
    "train",
    "judge",
    "labels",
    "fit",
    "download",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come.

    Attributes:
        done: items finished; bytes, where the stage is "import", "download" or "verify".
        total: items in all, or None while that is unknown.
        per_second: smoothed rate, or None before there is one.
        seconds_left: estimate, or None before there is one.
        note: what else there is to tell, such as a training's loss.
    """

    stage: Stage
    done: int
    total: int | None = None
    per_second: float | None = None
    seconds_left: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FilesFound:
    """Images found by a scan: `paths[k]` has the id `first_id + k`."""

    first_id: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A scan has ended: `images` in all; `passed_over` files are no images by name."""

    images: int
    passed_over: int


@dataclass(frozen=True, slots=True)
class FolderChanged:
    """How many images were added, changed, or taken away since the list was made; 0 each: it holds."""

    added: int
    changed: int
    gone: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that could not be read; `file_id` is None for what never became a file in the list."""

    file_id: int | None
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """Images that the model has now read, thumbnails stored. `warnings[k]` is "" where all was well."""

    file_ids: tuple[int, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelReady:
    """A model is loaded and has run once. `device` is "cuda", "mps" or "cpu"."""

    name: str
    title: str
    device: str


@dataclass(frozen=True, slots=True)
class ModelImported:
    """A checkpoint has become a model that can be chosen by `name`."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A model's files were compared with their checksums.

    Attributes:
        state: "sound", "damaged", or "unknown" where there are no checksums of it.
        detail: what was compared or found, to follow a colon.
    """

    name: str
    state: Literal["sound", "damaged", "unknown"]
    detail: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know about the query or the model, in one sentence.

    Attributes:
        meant: a query to try instead; "" where none is near.
    """

    text: str
    severity: Literal["info", "warning"] = "warning"
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Which ranker answers a query, before its first Ranked. `answers`: one for each different phrase."""

    query: str
    answers: tuple[Answerer, ...]

    @property
    def text(self) -> str:
        """For people, one line."""
        if len(self.answers) == 1:
            return f"Sorted by {self.answers[0].ranker}: {self.answers[0].trust}."
        each = (f"“{answer.phrase}” by {answer.ranker}: {answer.trust}" for answer in self.answers)
        return f"Sorted {'; '.join(each)}."


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The order so far, best first; a later one replaces it.

    Attributes:
        query: the text as typed.
        model: name of the model that scored.
        file_ids: (n,) int64, the images scored so far, in order.
        scores: (n,) float32, not increasing; a higher score is more of what was asked.
        ranks: (n,) int64 from 1; equal scores share the rank of the first of them.
        percentiles: (n,) float64 in [0, 100]: share of the other images that stand lower, ties half.
        complete: no image is still to be scored.
    """

    query: str
    model: str
    file_ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    ranks: NDArray[np.int64]
    percentiles: NDArray[np.float64]
    complete: bool

    def first(self, count: int | None) -> Ranked:
        """The best `count` images; ranks and percentiles stay those among all. None keeps all."""
        kept = slice(count)
        return replace(
            self,
            file_ids=self.file_ids[kept],
            scores=self.scores[kept],
            ranks=self.ranks[kept],
            percentiles=self.percentiles[kept],
        )


@dataclass(frozen=True, slots=True)
class Validated:
    """A training judged itself on images it does not learn from.

    Attributes:
        step: steps done, of `total`.
        loss: mean over the steps since the last time.
        srcc: mean of Spearman's correlation over the categories.
        best: this is the best so far; these weights are kept.
    """

    step: int
    total: int
    loss: float
    srcc: float
    best: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """A training has ended, and its best weights are a model.

    Attributes:
        folder: of the model.
        step: at which the weights were kept.
        srcc: of these weights, as in `Validated`.
        work: folder that may be deleted.
    """

    folder: Path
    step: int
    srcc: float
    work: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of a model against labels, see `training.metrics.Agreement`; the last is the mean.

    Attributes:
        category: name, or "mean" for that of all.
        figures: by name, in the order to show: images, plcc, srcc, mae, accuracy, pairs.
    """

    category: str
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Studied:
    """One method of a study was fitted with one seed, and judged on photographs that it did not see.

    Attributes:
        method: name, of `training.study.options.METHODS`.
        title: for people.
        seed: of weights and batches.
        judged: correlations by category, the last their mean.
        parameters: numbers that were fitted to labels.
        seconds: of the fit, choosing the learning rate not counted.
        rate: learning rate; None for what has no steps.
    """

    method: str
    title: str
    seed: int
    judged: tuple[Judged, ...]
    parameters: int
    seconds: float
    rate: float | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A generator came to its own end. `done`: photographs, labels or models that it dealt with, or steps
    of a training; 1 where nothing is counted. `unreadable`: files or labels left out, models damaged."""

    done: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class TeachingReady:
    """Every photograph has been read: pairs can be asked.

    Attributes:
        photographs: different contents among the opened files.
    """

    photographs: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of the live curve of a fit.

    Attributes:
        method: "pairs" for the curve over the number of pairs, else what is being trained.
        at: how many pairs; of what is trained, the number of the judged state; 0 is the start.
        accuracy: in [0, 1], as `Standing.accuracy`: what a `Candidate` of this state would have.
    """

    method: Literal["pairs", "head", "layers"]
    at: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Move:
    """Where a photograph stood and where it would stand: positions from 1, other ones for equal scores."""

    file_id: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What a fit found. It is the attribute's order only after `Teaching.keep`.

    Attributes:
        attribute: its name.
        method: "ridge", "head" or "layers".
        pairs: what it was taught by, as in `Standing.pairs`.
        before, after: accuracy on held-out pairs, of what is kept now (else of the start) and of
            the candidate. The latter as `Standing.accuracy`, the former by what is gained on it.
        known: there are answers enough that the two say something.
        better: it may be kept.
        verdict: one sentence for the user that says by how much it is better, or why it is not offered.
        order_before, order_after: the opened photographs in either order.
        moves: the photographs that move furthest, the furthest first.
    """

    attribute: str
    method: Literal["ridge", "head", "layers"]
    pairs: int
    before: Estimate
    after: Estimate
    better: bool
    verdict: str
    order_before: Ranked
    order_after: Ranked
    moves: tuple[Move, ...]
    known: bool = True

    @property
    def surely(self) -> bool:
        """The accuracy before lies below the interval of the accuracy after."""
        return self.after.surely_above(self.before)


Event = (
    Progress
    | FilesFound
    | Opened
    | FolderChanged
    | Unreadable
    | Indexed
    | ModelReady
    | ModelImported
    | Verified
    | Notice
    | Answered
    | Ranked
    | Validated
    | Trained
    | Judged
    | Studied
    | TeachingReady
    | CurvePoint
    | Candidate
    | Finished
)
