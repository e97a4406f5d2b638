"""What the engine's generators yield.

Plain frozen values, so that they may cross threads and processes. A file is named by its
id: its position in the list that `Engine.open` found, stable until the next `open`.
Closing a generator cancels it; what it has done so far is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Stage = Literal["scan", "model", "index", "rank", "import", "tokens", "train", "judge"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come.

    Attributes:
        done: items finished; bytes, where the stage is "import".
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
class Notice:
    """Something the user should know about the query or the model, in one sentence."""

    text: str
    severity: Literal["info", "warning"] = "warning"


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The order so far, best first; a later one replaces it.

    Attributes:
        query: the text as typed.
        model: name of the model that scored.
        file_ids: (n,) int64, the images scored so far, in order.
        scores: (n,) float32, not increasing; a higher score is more of what was asked.
        ranks: (n,) int64 from 1; equal scores share the rank of the first of them.
        percentiles: (n,) float32 in [0, 100]: share of the other images that stand lower, ties half.
        complete: no image is still to be scored.
    """

    query: str
    model: str
    file_ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    ranks: NDArray[np.int64]
    percentiles: NDArray[np.float32]
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
class Finished:
    """A generator came to its own end. `unreadable` counts files left out so far."""

    done: int
    unreadable: int


Event = (
    Progress
    | FilesFound
    | Opened
    | Unreadable
    | Indexed
    | ModelReady
    | ModelImported
    | Notice
    | Ranked
    | Validated
    | Trained
    | Judged
    | Finished
)
