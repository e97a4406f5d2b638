"""What teaching needs of the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.errors import DecodeError, ExportError, TeachingError
from imagesorter.events import Notice

if TYPE_CHECKING:
    from imagesorter.events import Event
    from imagesorter.index.store import ImageIndex
    from imagesorter.library.files import ImageFile
    from imagesorter.model.loading import AnyRanker
    from imagesorter.ranking.pipeline import Collection, RankingModel
    from imagesorter.training.pairs.labels import Attribute, LabelStore
    from imagesorter.training.pairs.taught import StartTerm
    from imagesorter.training.pairs.versions import VersionStore


@dataclass(frozen=True)
class Photographs:
    """The opened photographs that were read by some moment.

    Attributes:
        keys: contents by file id.
        files: the first file id of each content.
        places: its file.
    """

    keys: Mapping[int, bytes] = field(default_factory=dict)
    files: Mapping[bytes, int] = field(default_factory=dict)
    places: Mapping[bytes, ImageFile] = field(default_factory=dict)


@dataclass(frozen=True)
class Workshop:
    """What a `Teaching` needs of the engine.

    Attributes:
        labels: the user's labels.
        versions: kept rankers.
        prepare: loads the model, reads the opened images, and returns the model.
        start_terms: terms of a query, for a model.
        collection: the opened images.
        index: their tokens.
    """

    labels: LabelStore
    versions: VersionStore
    prepare: Callable[[], Generator[Event, None, AnyRanker]]
    start_terms: Callable[[str, RankingModel], tuple[StartTerm, ...]]
    collection: Callable[[], Collection]
    index: Callable[[], ImageIndex]

    def photographs(self) -> Photographs:
        """Those that were read by now."""
        collection = self.collection()
        files: dict[bytes, int] = {}
        for file_id, key in sorted(collection.keys.items()):
            files.setdefault(key, file_id)
        places = {key: collection.files[file_id] for key, file_id in files.items()}
        return Photographs(dict(collection.keys), files, places)

    def export(self, attribute: Attribute, path: Path, *, ratings: bool) -> int:
        """See `Teaching.export_csv`."""
        from imagesorter.training.pairs.label_csv import write_pairs, write_ratings
        from imagesorter.training.pairs.lesson_plan import OUTCOMES

        answers, values = self.labels.labels(attribute), self.labels.ratings(attribute)
        if ratings and not any(rating.scale == "rating" for rating in values):
            why = f"there are no ratings of “{attribute.name}”. They come from an imported table"
            raise ExportError(f"{path} was not written: {why}.")
        if not ratings and not any(label.answer in OUTCOMES for label in answers):
            why = f"there are no answers to pairs of “{attribute.name}” yet"
            raise ExportError(f"{path} was not written: {why}.")
        keys = {key for label in answers for key in (label.left, label.right)}
        keys |= {rating.photograph for rating in values}
        collection = self.collection()
        places = dict(self.labels.places(sorted(keys)))
        places |= {key: collection.files[i].path for i, key in collection.keys.items() if key in keys}
        return write_ratings(path, values, places) if ratings else write_pairs(path, answers, places)


def guessed(start: tuple[StartTerm, ...], model: AnyRanker) -> Iterator[Notice]:
    """Says of which parts of a start the model knows nothing: answers are mostly better off without."""
    from imagesorter.model.routes import route

    manifest, heads = model.manifest, getattr(model, "heads", ())
    for term in start if manifest.attributes else ():  # else nobody can tell what it knows
        if term.taught is None and route(manifest.heeded(term.phrase), manifest, heads).by == "guess":
            yield Notice(
                f"{manifest.title} has not learned “{term.phrase}”: as a start, its order is a guess. "
                "From nothing, answers may teach more."
            )


def require_unchanged(file: ImageFile, key: bytes) -> None:
    """Whether a file still is the photograph of a content key; where there is none now, it was.

    Raises:
        TeachingError: it is another one, and so was what the window showed.
    """
    from imagesorter.library.decode import content_key, read_file

    with suppress(DecodeError):
        if file.has_changed() and content_key(read_file(file.path)) != key:
            raise TeachingError(
                f"{file.path.name} has changed since the folder was read, so this answer was not noted. "
                "Read the folder again (F5)."
            )
