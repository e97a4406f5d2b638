"""What the engine answers at once, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded image: `rgb` holds height rows of width packed 8-bit RGB pixels. The file itself has
    `whole_width` × `whole_height` pixels, orientation applied."""

    width: int
    height: int
    rgb: bytes
    whole_width: int
    whole_height: int


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be chosen. `description` is one or two sentences for the user."""

    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the cache holds, in images and bytes on disk, and the limit in bytes."""

    images: int
    bytes: int
    cap: int


@dataclass(frozen=True, slots=True)
class StockItem:
    """A model that is here, or that is known and can be had.

    Attributes:
        name: of the model, or its entry in the catalog.
        kind: "model"; "head", which stands on the model named in `on`; or "published", which is to be
            downloaded by hand, as `good_for` says.
        state: "bundled" and "installed" can be used; "partial" is a download that was stopped; "available"
            can be downloaded; "damaged" cannot be used.
        good_for: a sentence or two; what is wrong, where it is damaged.
        bytes: on disk, or to be downloaded; None where that is not known.
        arrived: bytes of a download that are there.
        memory: bytes that it takes while it reads; None where that is not known.
        image_size: side of what it sees, in pixels; None where that is not known.
        removable: it is the user's own.
    """

    name: str
    title: str
    kind: Literal["model", "head", "published"]
    state: Literal["bundled", "installed", "partial", "available", "damaged"]
    good_for: str
    bytes: int | None = None
    arrived: int = 0
    memory: int | None = None
    image_size: int | None = None
    licence: str = ""
    on: str = ""
    removable: bool = False


@dataclass(frozen=True, slots=True)
class Answerer:
    """What answers one phrase of a query.

    Attributes:
        phrase: as the model reads it.
        by: a taught ranker, the user's own or one from a pack; a trained adapter; arithmetic; a linear head;
            an untrained model that compares pictures with texts; a small model that knows the phrase more or
            less, or one that does not.
        ranker: its name for people.
        trust: how far to trust it, without a capital or a full stop.
    """

    phrase: str
    by: Literal["taught", "adapter", "computed", "head", "zero-shot", "rough", "guess"]
    ranker: str
    trust: str


CONFIDENCE = 0.9
"""What the intervals of `Estimate` claim to cover."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of pairs with its interval: `low` ≤ `mean` ≤ `high`, all in [0, 1]; see `CONFIDENCE`.

    `of_marks`: of pairs of a best and a worst photograph, which are easier than pairs at random.
    """

    mean: float
    low: float
    high: float
    of_marks: bool = False

    @property
    def pairs(self) -> str:
        """Of what pairs it is a share, for people."""
        return "held-out pairs of a best and a worst photograph" if self.of_marks else "held-out pairs"

    @property
    def unlike_others(self) -> str:
        """What to say behind it where it stands among shares of pairs at random; "" for one of these."""
        return " of marks" if self.of_marks else ""

    def surely_above(self, other: Estimate) -> bool:
        """Whether the other's mean lies below this interval."""
        return self.low > other.mean


@dataclass(frozen=True, slots=True)
class Version:
    """A kept state of an attribute's order.

    Attributes:
        number: from 1.
        made: seconds since the epoch.
        pairs: what it was taught by: answers, and comparisons made of ratings and marks.
        method: as in `Candidate`.
        before, after: accuracy when it was kept: of what it was better than, and its own.
        current: it is the one in use.
        imported: it came in a ranker pack.
        fits: it was made for a model that is here, so that it can be used.
        source: name of the file of the ranker pack; "" where it is not known.
    """

    number: int
    made: float
    pairs: int
    method: str
    before: Estimate
    after: Estimate
    current: bool
    imported: bool
    fits: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class TaughtAttribute:
    """An attribute that the user named or imported.

    Attributes:
        name: as the user wrote it, any Unicode text.
        query: what to type for its order.
        answers: labels stored for it: answers to pairs, drags by the pairs that they gave, marks, ratings.
        version: the version in use; None while nothing was kept, or the order before is in use again.
        kept: how many versions there are.
        cannot_tell, marks, ratings: how many of its labels are that.
    """

    name: str
    query: str
    answers: int
    version: Version | None
    kept: int = 0
    cannot_tell: int = 0
    marks: int = 0
    ratings: int = 0


@dataclass(frozen=True, slots=True)
class Installed:
    """What came of the import of a ranker pack.

    Attributes:
        attribute: that it was installed for.
        new: no version was the same.
        labels: that came with it: answers, marks and ratings.
        known: how many of these were for a pair or photograph that has one already, which stays.
        earlier: the version that was in use before, where it is another one.
    """

    attribute: TaughtAttribute
    new: bool
    labels: int
    known: int
    earlier: Version | None = None


Answer = Literal["left", "right", "tie", "skip", "cannot_tell"]
"""What can be said of a pair. "left": the left photograph has more of the attribute. "skip" says
nothing, and the pair may come again; "cannot_tell" says nothing either, and it does not."""

Action = Literal["answer", "skip", "drag", "marks", "import"]
"""What can be taken back while teaching."""


Source = Literal["chosen", "random", "again", "moved", "imported"]
"""Where an answer comes from: a pair that was chosen to teach much, one drawn at random, one asked
again mirrored, a photograph dragged in the grid, a file."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photographs to choose between, by file id; `source`: why these."""

    left_id: int
    right_id: int
    source: Source = "chosen"

    @property
    def asked_again(self) -> bool:
        """Answered before, the other way round; the answer tells how consistent the user is."""
        return self.source == "again"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the teaching of an attribute has come.

    Attributes:
        pairs: answers that say something (left, right or tie), pairs asked again included, and comparisons
            made of ratings and marks.
        ties, ratings: those of them that are ties; how many ratings some of them were made of.
        accuracy: of pairs drawn at random among photographs like the opened ones, on which no answer was
            given, the share whose order agrees with the answer this user would give, slips included;
            estimated on answers that it was not taught by, or `of_marks`. None before there is an estimate.
        consistency: how many pairs that were asked again got the same answer; None where none was.
        asked_again: how many those were.
        more_worth: how many further pairs are worth the time; 0: stop. None: not known yet.
        advice, may_stop: one sentence for the user that says this; it is to stop.
        missing: answers and ratings that count for nothing now, because a photograph of theirs is not
            among the opened ones. They are kept.
        answers, cannot_tell, rated: stored, open or not: left, right or tie; that; ratings.
    """

    pairs: int
    ties: int
    accuracy: Estimate | None
    consistency: Estimate | None
    asked_again: int
    more_worth: int | None
    advice: str
    may_stop: bool
    missing: int
    ratings: int = 0
    answers: int = 0
    cannot_tell: int = 0
    rated: int = 0
