"""Images that were moved by hand in an order, and how that is kept until the same order comes again, also
in another run of the application."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from imagesorter.events import Ranked
from imagesorter.whole import write_text

_Image = TypeVar("_Image", int, Path)
_Other = TypeVar("_Other", int, Path)

_COMPARED = 100
"""Scores by which an order is known again."""

MOST_ORDERS = 40
"""On disk; the oldest are left out."""

MOST_BYTES = 2_000_000
"""Of the file; it is read while the window is waiting."""

_MOST_MOVES = 200
"""Of an order, on disk."""

_MOST_PASSED = 30
"""Images that a move names on disk: of many, those beside which it ended tell where that is."""


@dataclass(frozen=True)
class Move(Generic[_Image]):
    """An image, the images that it was moved past, from the top down, and whether that was upwards. The
    number rises with each move, in whatever order."""

    image: _Image
    passed: tuple[_Image, ...]
    up: bool
    number: int

    def without(self, image: _Image) -> Move[_Image]:
        """The same among the other images."""
        return replace(self, passed=tuple(passed for passed in self.passed if passed != image))

    def short(self) -> Move[_Image]:
        """The same, told by those of the images moved past that are nearest to where it ended."""
        near = self.passed[:_MOST_PASSED] if self.up else self.passed[-_MOST_PASSED:]
        return replace(self, passed=near)

    def make(self, order: list[_Image]) -> None:
        """Move the image in an order."""
        if self.passed:
            order.remove(self.image)
            beside = order.index(self.passed[0 if self.up else -1])
            order.insert(beside if self.up else beside + 1, self.image)

    @property
    def images(self) -> tuple[_Image, ...]:
        """All that it names."""
        return (self.image,) + self.passed  # noqa: RUF005 (mypy takes the other for one of int or Path)

    def named(self, names: Mapping[_Image, _Other]) -> Move[_Other] | None:
        """The same under other names; None where the image, or all that it was moved past, has none."""
        passed = tuple(names[image] for image in self.passed if image in names)
        if not passed or self.image not in names:
            return None
        return Move(names[self.image], passed, self.up, self.number)


def last_of(moves: Sequence[Move[_Image]], images: Collection[_Image]) -> int:
    """Number of the last move of one of these images, 0 where there is none."""
    return max((move.number for move in moves if move.image in images), default=0)


def take_back(moves: list[Move[_Image]], number: int) -> None:
    """Leave out a move. What was moved after it stays among the others."""
    at = next(k for k, move in enumerate(moves) if move.number == number)
    taken = moves.pop(at).image
    others = (move.without(taken) for move in moves[at:])
    moves[at:] = [move for move in others if move.passed]  # past nothing else, it is none


@dataclass(frozen=True)
class _Kept:
    """What was moved in an order, and the scores that some of the images named had in it, by file."""

    moves: list[Move[Path]]
    scores: dict[Path, float]

    def to_json(self) -> dict[str, Any]:
        """Inverse of `_kept`: each path once."""
        files: dict[Path, int] = {}

        def number(path: Path) -> int:
            return files.setdefault(path, len(files))

        moves = [
            [number(move.image), [number(path) for path in move.passed], move.up, move.number]
            for move in self.moves
        ]
        scores = [[number(path), score] for path, score in self.scores.items()]
        return {"moves": moves, "scores": scores, "files": [str(path) for path in files]}


def _kept(stored: Any) -> _Kept:
    """Raises one of `_DAMAGED`."""
    files = dict(enumerate(Path(name) for name in stored["files"]))
    moves = [
        Move(files[image], tuple(files[at] for at in passed), bool(up), int(number))
        for image, passed, up, number in stored["moves"]
        if passed  # as those that were taken back left others, before
    ]
    if any(move.image in move.passed or move.number < 1 for move in moves):
        raise ValueError("a move that cannot have been made")
    return _Kept(moves, {files[at]: float(score) for at, score in stored["scores"]})


_DAMAGED = (ValueError, KeyError, TypeError, OverflowError, RecursionError)

_Key: TypeAlias = tuple[object, str, str]
"""The places that were opened, the query, the model."""


class Arrangements:
    """What was moved in orders that are not shown: by file, since ids mean others after reading again.

    An order is known by the places that were opened, its query, its model, and the scores it gives.
    """

    def __init__(self) -> None:
        self._kept: dict[_Key, _Kept] = {}  # what was kept last is the last
        self._touched: set[_Key] = set()  # since they were loaded

    @classmethod
    def load(cls, file: Path) -> Arrangements:
        """What was saved.

        Raises:
            OSError: it is not there, or cannot be read.
            ValueError: it is damaged.
        """
        found = cls()
        if file.stat().st_size > 2 * MOST_BYTES:
            raise ValueError("it is too large")
        try:
            for order in json.loads(file.read_text("utf-8")):
                place = tuple(Path(root) for root in order["place"])
                found._kept[place, str(order["query"]), str(order["model"])] = _kept(order)
        except _DAMAGED as error:
            raise ValueError(f"it is damaged: {error}") from error
        return found

    def save(self, file: Path) -> None:
        """Write what was moved in the last orders, as far as there is room. Of those that were not touched
        here, that is what the file says by now: another window may have written it.

        Raises:
            OSError: the file cannot be written, or what it holds not be read.
        """
        last = self._kept
        try:
            stored = Arrangements.load(file)._kept
        except (FileNotFoundError, ValueError):
            pass
        else:
            others = {key: kept for key, kept in stored.items() if key not in self._touched}
            last = others | {key: kept for key, kept in last.items() if key in self._touched}
        orders: list[str] = []
        room = MOST_BYTES
        for (place, query, model), kept in reversed(last.items()):
            if not kept.moves or not isinstance(place, tuple):
                continue
            known = {"place": [str(root) for root in place], "query": query, "model": model}
            order = json.dumps(known | kept.to_json())  # ASCII: a path may be no text
            if (room := room - len(order)) < 0 or len(orders) == MOST_ORDERS:
                break
            orders.append(order)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, f"[{', '.join(reversed(orders))}]", private=True)

    def copy(self) -> Arrangements:
        """As they are now, in short, to be saved on another thread."""
        other = Arrangements()
        for key, kept in self._kept.items():
            moves = [move.short() for move in kept.moves[-_MOST_MOVES:]]
            other._kept[key] = _Kept(moves, kept.scores)
        other._touched = set(self._touched)
        return other

    def touch(self, place: object, ranked: Ranked) -> None:
        """What was moved in an order is for these to say from now on, also where nothing is any more."""
        self._touched.add((place, ranked.query, ranked.model))

    @property
    def last(self) -> int:
        """Number of the last move, 0 where there is none."""
        return max((move.number for kept in self._kept.values() for move in kept.moves), default=0)

    def keep(self, place: object, ranked: Ranked, moves: Sequence[Move[int]], paths: Sequence[Path]) -> None:
        """Note what was moved in an order that goes out of sight. `paths`: by file id."""
        wanted = {image for move in moves for image in move.images}
        places = {image: at for at, image in enumerate(ranked.file_ids.tolist()) if image in wanted}
        names = {file_id: paths[file_id] for file_id in places}
        named = [by_file for move in moves if (by_file := move.named(names)) is not None]
        some = list(names)[:: len(names) // _COMPARED + 1]
        scores = {names[file_id]: float(ranked.scores[places[file_id]]) for file_id in some}
        key = place, ranked.query, ranked.model
        self._touched.add(key)
        self._kept.pop(key, None)
        self._kept[key] = _Kept(named, scores)

    def bring(self, place: object, ranked: Ranked, paths: Sequence[Path]) -> list[Move[int]]:
        """What was moved in an order that comes into sight, as far as the images are still there.

        Nothing where most of those compared have another score by now: it is another ranker's order, such as
        the one that was learned from the moves.
        """
        key = place, ranked.query, ranked.model
        kept = self._kept.pop(key, None)
        if kept is None:
            return []
        self._touched.add(key)
        wanted = {path for move in kept.moves for path in move.images} | kept.scores.keys()
        file_names = {path.name for path in wanted}  # quicker to compare than whole paths
        found = {
            file_id: path for file_id, path in enumerate(paths) if path.name in file_names and path in wanted
        }
        ranked_ids = enumerate(ranked.file_ids.tolist())
        places = {found[file_id]: at for at, file_id in ranked_ids if file_id in found}
        there = kept.scores.keys() & places.keys()
        as_before = sum(
            math.isclose(kept.scores[path], ranked.scores[places[path]], rel_tol=1e-4, abs_tol=1e-6)
            for path in there
        )
        if 2 * as_before <= len(there):
            return []
        ids = {path: int(ranked.file_ids[at]) for path, at in places.items()}
        return [by_id for move in kept.moves if (by_id := move.named(ids)) is not None]

    def last_of(self, asked: Callable[[str], bool], paths: Collection[Path]) -> int:
        """Number of the last move of one of these files in an order by a query that is asked for, 0 where
        there is none."""
        return max((self._last_in(key, paths) for key in self._asked_for(asked)), default=0)

    def take_back(self, asked: Callable[[str], bool], paths: Collection[Path]) -> None:
        """Leave out that move."""
        if number := self.last_of(asked, paths):
            key = next(key for key in self._asked_for(asked) if self._last_in(key, paths) == number)
            take_back(self._kept[key].moves, number)
            self._touched.add(key)

    def _last_in(self, key: _Key, paths: Collection[Path]) -> int:
        return last_of(self._kept[key].moves, paths)

    def _asked_for(self, asked: Callable[[str], bool]) -> Iterator[_Key]:
        return (key for key in self._kept if asked(key[1]))
