"""A ranking as a file: CSV for spreadsheets and tools, JSON for programs.

CSV after RFC 4180, in UTF-8 without a byte order mark. Two rules on top of it, both undone by
`read_csv`:

- A spreadsheet must not take a file name for a formula. Where a text starts with = + - @ (after
  white space), a tab, a line break or an apostrophe, an apostrophe is put before it; likewise inside
  a text after ; tab or line break, at which spreadsheets of some countries split a line.
- A path that is no Unicode text (on Linux a name is any bytes) is written as a URI, `file://` with
  percent signs (RFC 8089); an ordinary absolute path never starts so.

JSON has the query and the model once, then the same rows; it knows the second rule only.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import quote_from_bytes, unquote_to_bytes

from imagesorter.errors import ImagesorterError
from imagesorter.events import Ranked
from imagesorter.ranking.order import arrange
from imagesorter.writing import replace_text

_PERCENTILE_DECIMALS = 4
"""Tells the places of a million images apart."""

COLUMNS = ("rank", "path", "file", "score", "percentile", "query", "model")


@dataclass(frozen=True, slots=True)
class Row:
    """One image of an exported ranking; the fields are those of `Ranked`."""

    rank: int
    path: Path
    score: float
    percentile: float
    query: str
    model: str


def export(
    ranked: Ranked, paths: Sequence[Path], destination: Path, arranged: Sequence[int] | None = None
) -> int:
    """Write a ranking as JSON where `destination` ends in .json, else as CSV.

    Args:
        ranked: the ranking.
        paths: by file id; relative ones are written as absolute ones.
        destination: replaced in one step if it exists. Where it is a link, the link stays and what
            it points to is replaced.
        arranged: the ranking's file ids in an order made by hand, to be written instead; see `arrange`.

    Returns:
        how many of the images are no longer there.

    Raises:
        ExportError: nothing was written; what was there before is untouched.
    """
    write = write_json if destination.suffix.lower() == ".json" else write_csv
    write(ranked if arranged is None else arrange(ranked, arranged), paths, destination)
    return sum(not os.path.lexists(paths[file_id]) for file_id in ranked.file_ids.tolist())


def write_csv(ranked: Ranked, paths: Sequence[Path], destination: Path) -> None:
    """`export` as CSV, with the columns `COLUMNS` and a header. Scores are the shortest decimals that
    read back as the same float32, percentiles are rounded to four."""
    query, model = _safe_cell(ranked.query), _safe_cell(ranked.model)

    def write(file: TextIO) -> None:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            (rank, _safe_cell(path), _safe_cell(name), score, percentile, query, model)
            for rank, path, name, score, percentile in _rows(ranked, paths)
        )

    replace_text(destination, write, paths)


def write_json(ranked: Ranked, paths: Sequence[Path], destination: Path) -> None:
    """`export` as JSON: an object of `query`, `model` and `images`, a list of objects with the other
    columns, one a line."""

    def encode(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    def write(file: TextIO) -> None:
        file.write(f'{{"query": {encode(ranked.query)},\n"model": {encode(ranked.model)},\n"images": [')
        separator = "\n"
        for rank, path, name, score, percentile in _rows(ranked, paths):
            row = {"rank": rank, "path": path, "file": name}
            row |= {"score": float(score), "percentile": float(percentile)}
            file.write(separator + encode(row))
            separator = ",\n"
        file.write("\n]}\n")

    replace_text(destination, write, paths)


def read_csv(path: Path) -> Iterator[Row]:
    """Read what `write_csv` wrote, also after a spreadsheet has saved it again as UTF-8.

    Raises:
        ImagesorterError: the file cannot be read, or is no such CSV; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            if tuple(next(reader, ())) != COLUMNS:
                raise ImagesorterError(f"{path}: the first line must be {','.join(COLUMNS)}.")
            for cells in reader:
                yield _row_of(cells, f"{path}, line {reader.line_num}")
    except OSError as error:
        raise ImagesorterError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImagesorterError(f"{path} is not a CSV in UTF-8. Export the ranking again.") from error


def write_rows(
    destination: Path, heading: Sequence[str], rows: Sequence[Sequence[str]], originals: Sequence[Path]
) -> None:
    """Write any CSV, in one step, never over one of `originals`; cells are written as they stand.

    Raises:
        ExportError: nothing was written; what was there before is untouched.
    """

    def write(file: TextIO) -> None:
        writer = csv.writer(file)
        writer.writerow(heading)
        writer.writerows(rows)

    replace_text(destination, write, originals)


def cell_of(path: Path) -> str:
    """An absolute path as a cell, by the module's two rules."""
    return _safe_cell(_texts_of(path.absolute())[0])


def path_of_cell(cell: str) -> Path:
    """Inverse of `cell_of`; a relative path stays one."""
    return _path_of(_unsafe_cell(cell))


def _row_of(cells: Sequence[str], place: str) -> Row:
    try:
        rank, path, _, score, percentile, query, model = cells
        return Row(
            rank=int(rank),
            path=_path_of(_unsafe_cell(path)),
            score=float(score),
            percentile=float(percentile),
            query=_unsafe_cell(query),
            model=_unsafe_cell(model),
        )
    except ValueError as error:
        raise ImagesorterError(f"{place}: this is not a line of an exported ranking.") from error


def _rows(ranked: Ranked, paths: Sequence[Path]) -> Iterator[tuple[int, str, str, str, str]]:
    """Rank, path, file name, score and percentile of each image, best first."""
    percentiles = ranked.percentiles.round(_PERCENTILE_DECIMALS).tolist()
    columns = (ranked.ranks.tolist(), ranked.file_ids.tolist(), ranked.scores, percentiles)
    for rank, file_id, score, percentile in zip(*columns, strict=True):
        path = paths[file_id].absolute()
        yield rank, *_texts_of(path), str(score), str(percentile)


def _texts_of(path: Path) -> tuple[str, str]:
    """An absolute path and its last part as Unicode texts."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        whole = path.as_posix()
        rooted = whole if whole.startswith("/") else "/" + whole  # before a Windows drive
        uri = "file://" + quote_from_bytes(os.fsencode(rooted), "/:")
        return uri, quote_from_bytes(os.fsencode(path.name))
    return str(path), path.name


def _path_of(text: str) -> Path:
    """Inverse of `_texts_of`."""
    if not text.startswith("file://"):
        return Path(text)
    decoded = os.fsdecode(unquote_to_bytes(text.removeprefix("file://")))
    drive = os.name == "nt" and re.match(r"/[A-Za-z]:", decoded)
    return Path(decoded[1:] if drive else decoded)


_BOUNDARY = r"(?:\A|(?<=[;\t\r\n]))"
_BLANK = r"[\s\0\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}]"
# full-width signs start a formula too, in East Asian spreadsheets
_SIGNS = "[-=+@＝＋－＠]"
_UNSAFE = re.compile(rf"{_BOUNDARY}(?=['\t\r\n\0]|{_BLANK}*{_SIGNS})")
_GUARDED = re.compile(rf"{_BOUNDARY}'")


def _safe_cell(text: str) -> str:
    return _UNSAFE.sub("'", text)


def _unsafe_cell(cell: str) -> str:
    """Inverse of `_safe_cell`, which leaves no apostrophe at a boundary without one before it."""
    return _GUARDED.sub("", cell)
