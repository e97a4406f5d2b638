"""Labelled images from a CSV of the paper's columns, and the batches that a training draws from them."""

from __future__ import annotations

import csv
import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagesorter.errors import ImagesorterError
from imagesorter.library.files import may_never_end, why_no_csv, why_not_read
from imagesorter.wording import count

COLUMNS = ("filepath", "title", "cname", "value")
WEIGHTS = "sample_weights_by_class"
"""Optional column: how likely a row is drawn within its category, against the others."""


class LabelsError(ImagesorterError):
    """A file of labels that cannot be used; the message names line and column."""


_LARGEST = 1e15
"""Of a label: far beyond any scale, and its square well within single precision."""


@dataclass(frozen=True)
class Examples:
    """Rows of labels: this image has so much of this category.

    Attributes:
        names: paths as written, each photograph's in the first of its spellings.
        paths: where these images lie.
        categories: each once, in the order of the file.
        titles: texts that ask for each category, each once; the first is the one to judge by.
        image: (R,) int64 index into `paths`.
        category: (R,) int64 index into `categories`.
        value: (R,) float32.
        weight: (R,) float64, see `WEIGHTS`; ones where the file has none.
    """

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    categories: tuple[str, ...]
    titles: tuple[tuple[str, ...], ...]
    image: NDArray[np.int64]
    category: NDArray[np.int64]
    value: NDArray[np.float32]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image)

    def where(self, kept: NDArray[np.bool_]) -> Examples:
        """The rows of a mask (R,); images and categories keep their numbers."""
        columns = (self.image[kept], self.category[kept], self.value[kept], self.weight[kept])
        return Examples(self.names, self.paths, self.categories, self.titles, *columns)

    @cached_property
    def photographs(self) -> NDArray[np.int64]:
        """(R,) numbers of the rows' files: of an image and a link to it the same one."""
        numbers: dict[str, int] = {}
        images, row = np.unique(self.image, return_inverse=True)
        files = (os.path.realpath(self.paths[image]) for image in images.tolist())
        of_image = [numbers.setdefault(file, len(numbers)) for file in files]
        return np.array(of_image, np.int64)[row.ravel()]

    def split(self, share: float) -> tuple[Examples, Examples]:
        """Rows to learn from and rows kept apart; an image, with all its rows, is on one side.

        A hash of the path as first written decides, so that later rows move no image.
        """
        apart = np.array([_chance(name) < share for name in self.names], np.bool_)
        return self.where(~apart[self.image]), self.where(apart[self.image])

    def beside(self, other: Examples) -> tuple[Examples, Examples]:
        """These rows and those of another file, with one numbering of images and categories for both."""
        every: dict[Path, tuple[str, Path]] = {}
        for rows in (self, other):
            for name, path in zip(rows.names, rows.paths, strict=True):
                every.setdefault(_place(path), (name, path))
        titles = dict(zip(self.categories, self.titles, strict=True))
        for category, texts in zip(other.categories, other.titles, strict=True):
            titles.setdefault(category, texts)
        numbers = {place: number for number, place in enumerate(every)}
        places = {category: number for number, category in enumerate(titles)}

        def renumbered(rows: Examples) -> Examples:
            images = np.array([numbers[_place(path)] for path in rows.paths], np.int64)
            categories = np.array([places[category] for category in rows.categories], np.int64)
            return Examples(
                tuple(name for name, _ in every.values()), tuple(path for _, path in every.values()),
                tuple(titles), tuple(titles.values()),
                images[rows.image], categories[rows.category], rows.value, rows.weight,
            )  # fmt: skip

        return renumbered(self), renumbered(other)

    def scales(self) -> list[tuple[float, float]]:
        """Mean and deviation of each category's values; (0, 1) where there are none, 1 for no deviation."""
        found = []
        for category in range(len(self.categories)):
            values = self.value[self.category == category].astype(np.float64)
            centre = float(values.mean()) if len(values) else 0.0
            found.append((centre, float(values.std()) or 1.0 if len(values) else 1.0))
        return found


def read_examples(path: Path, images: Path | None = None) -> Examples:
    """Read labels, comma- or tab-separated, UTF-8, with a line of column names.

    Columns: `filepath`, `title` (the text that asks), `cname` (what it asks for) and `value`; perhaps
    `sample_weights_by_class`; others are ignored.

    Args:
        images: folder that relative paths start from; None is the file's own.

    Raises:
        LabelsError: the file cannot be read, or a line of it cannot be used.
    """
    root = path.parent if images is None else images
    spellings: dict[str, int] = {}
    places: dict[Path, int] = {}
    names: list[str] = []
    categories: dict[str, int] = {}
    titles: list[dict[str, None]] = []
    rows: list[tuple[int, int, float, float]] = []
    for line, row in _rows(path):
        category = categories.setdefault(row["cname"], len(categories))
        if category == len(titles):
            titles.append({})
        titles[category][row["title"]] = None
        weight = _number(path, line, WEIGHTS, row[WEIGHTS]) if WEIGHTS in row else 1.0
        if weight < 0:
            raise _wrong(path, line, WEIGHTS, f"{row[WEIGHTS]} is below zero")
        value = _number(path, line, "value", row["value"])
        name = row["filepath"]
        if name not in spellings:
            spellings[name] = places.setdefault(_place(root / name), len(names))
            if len(places) > len(names):
                names.append(name)
        rows.append((spellings[name], category, value, weight))
    if not rows:
        raise LabelsError(f"{path}: there are no labels below the line of column names.")
    columns = list(zip(*rows, strict=True))
    return Examples(
        names=tuple(names),
        paths=tuple(root / name for name in names),
        categories=tuple(categories),
        titles=tuple(map(tuple, titles)),
        image=np.array(columns[0], np.int64),
        category=np.array(columns[1], np.int64),
        value=np.array(columns[2], np.float32),
        weight=np.array(columns[3], np.float64),
    )


def require_any(examples: Examples, labels: Path) -> None:
    """Raises LabelsError where none of the images is there: mostly another folder is meant then."""
    if not any(os.path.exists(place) for place in examples.paths):  # noqa: PTH110 (never raises)
        images = count(len(examples.paths), "image")
        raise LabelsError(
            f"{labels}: of the {images} it names none is there, such as {examples.paths[0]}. Name the folder "
            "that they start from with --images."
        )


@dataclass(frozen=True)
class Batch:
    """What one step learns from: one category, asked for in one text.

    Attributes:
        category: its number.
        title: the text.
        images: (N,) int64 numbers of images.
        values: (N,) float32.
        mirrored: (N,) bool.
    """

    category: int
    title: str
    images: NDArray[np.int64]
    values: NDArray[np.float32]
    mirrored: NDArray[np.bool_]


def read_beside(
    learning: Examples, csv_file: Path, judging: Path, images: Path | None
) -> tuple[Examples, Examples]:
    """Rows to learn from and those of another file to judge by, with one numbering.

    Args:
        learning: the rows of `csv_file`, which messages name.
        images: see `read_examples`.

    Raises:
        LabelsError: the other file cannot be used, or a photograph is in both.
    """
    learning, other = learning.beside(read_examples(judging, images))
    both = np.intersect1d(learning.image, other.image)
    if len(both):
        raise LabelsError(
            f"{learning.names[both[0]]} is in {csv_file} and in {judging}: nobody can be judged by what they "
            "have learned. Take it out of one of them."
        )
    return learning, other


class Batches:
    """Draws batches, each from seed, step and process alone: a resumed training goes on as it would have.

    Args:
        examples: rows to draw from.
        size: images in a batch; fewer, where there are not so many.
        negatives: share of a batch that is kept for images of other categories, with the value 0; images
            that have a row of the category are none. As in the published code, they also fill what a small
            category leaves of the batch: then they are more. With 0 there are none. One image of the category
            is there whatever the share, or there would be nothing to learn of it.
        seed: of all draws.
    """

    def __init__(self, examples: Examples, *, size: int, negatives: float, seed: int) -> None:
        self._examples = examples
        self._size = size
        self._negatives = negatives
        self._seed = seed
        numbers = range(len(examples.categories))
        self._rows = {c: rows for c in numbers if len(rows := np.flatnonzero(examples.category == c))}
        every = np.unique(examples.image)
        self._others = {c: np.setdiff1d(every, examples.image[rows]) for c, rows in self._rows.items()}

    def draw(self, step: int, process: int = 0, attempt: int = 0) -> Batch:
        """The batch of a step; another `attempt` draws another one."""
        rng = np.random.default_rng((self._seed, step, process, attempt))
        examples = self._examples
        category = int(rng.choice(list(self._rows)))
        rows, others = self._rows[category], self._others[category]
        wanted = self._size - min(round(self._negatives * self._size), len(others), self._size - 1)
        weights = examples.weight[rows]
        possible = np.count_nonzero(weights)
        chances = weights / weights.sum() if possible else None
        picked = rng.choice(rows, min(wanted, possible or len(rows)), replace=False, p=chances)
        count = min(self._size - len(picked), len(others)) if self._negatives else 0
        images = np.concatenate([examples.image[picked], rng.choice(others, count, replace=False)])
        return Batch(
            category=category,
            title=str(rng.choice(examples.titles[category])),
            images=images,
            values=np.concatenate([examples.value[picked], np.zeros(count, np.float32)]),
            mirrored=rng.random(len(images)) < 0.5,
        )


def _place(path: Path) -> Path:
    """One for all spellings of a path; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _chance(name: str) -> float:
    """A number in [0, 1) that a name decides; not by CRC, under which like names get like numbers."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column name, checked to be there and not blank."""
    try:
        if may_never_end(path):
            raise LabelsError(f"{path} cannot be read: it is not a file. Save the table as a file first.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter="\t" if "\t" in heading else ",", strict=True)
            columns = _columns([name.strip() for name in next(reader, [])])
            _check_columns(path, columns)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
                for name in COLUMNS:
                    if not row.get(name):
                        raise _wrong(path, reader.line_num, name, "there is nothing")
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise LabelsError(f"{path}: this is not text in UTF-8 ({error.reason}). Save it as UTF-8.") from error
    except csv.Error as error:
        what = why_no_csv(error, f"this is not a CSV ({error})")
        raise LabelsError(f"{path}, line {reader.line_num}: {what}.") from error
    except OSError as error:
        raise LabelsError(f"{path}: the file cannot be read: {why_not_read(error)}") from error


def _columns(names: Sequence[str]) -> list[str]:
    """Names of columns, in small letters those that are needed and not there in any other spelling."""
    needed = {*COLUMNS, WEIGHTS}.difference(names)
    return [folded if (folded := name.casefold()) in needed else name for name in names]


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise LabelsError(
            f"{path}, line 1: there is no column {', '.join(missing)}. The first line names the columns "
            f"{', '.join(COLUMNS)}, separated by commas or tabs; it reads: "
            f"{', '.join(columns)[:200] or 'nothing'}."
        )


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(path, line, column, f"“{text[:40]}” is not a number")
    if abs(value) > _LARGEST:
        raise _wrong(path, line, column, f"“{text[:40]}” is too large: at most {_LARGEST:g} is allowed")
    return value


def _wrong(path: Path, line: int, column: str, what: str) -> LabelsError:
    return LabelsError(f"{path}, line {line}, column {column}: {what}. Correct the line, or take it out.")
